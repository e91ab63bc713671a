//! Every path of the API, for both sides.

use crate::{
    SessionId, UserId,
    id::{ApiTokenId, AssignmentId, DoctorId, PatientId},
};

/// Liveness, readiness and what a client must know.
pub const META: &str = "/api/meta";
/// Whether the process lives.
pub const HEALTHZ: &str = "/healthz";
/// Whether it can serve: database reachable and migrated.
pub const READYZ: &str = "/readyz";
/// Swagger UI.
pub const DOCS: &str = "/docs";
/// The API description.
pub const OPENAPI_JSON: &str = "/openapi.json";
/// The same in YAML.
pub const OPENAPI_YAML: &str = "/openapi.yaml";
/// What is counted for monitoring.
pub const METRICS: &str = "/metrics";

/// Under it the limits for credentials hold.
pub const AUTH: &str = "/api/auth";
/// Registering.
pub const REGISTER: &str = "/api/auth/register";
/// Logging in.
pub const LOGIN: &str = "/api/auth/login";
/// Tokens in the form of OAuth 2.0.
pub const OAUTH_TOKEN: &str = "/api/auth/oauth/token";
/// The next pair of tokens.
pub const REFRESH: &str = "/api/auth/token/refresh";
/// Ending the session.
pub const LOGOUT: &str = "/api/auth/logout";
/// One's own account.
pub const PROFILE: &str = "/api/auth/profile";
/// A new password.
pub const PASSWORD: &str = "/api/auth/password";
/// A new password, with a one-time code.
pub const PASSWORD_RESET: &str = "/api/auth/password/reset";
/// Asking for a code with which a new password is set.
pub const PASSWORD_FORGOT: &str = "/api/auth/password/forgot";
/// Proving that an e-mail address is one's own.
pub const VERIFY_EMAIL: &str = "/api/auth/verify-email";
/// Asking for another code for that.
pub const VERIFY_EMAIL_RESEND: &str = "/api/auth/verify-email/resend";
/// One's own API tokens.
pub const TOKENS: &str = "/api/auth/tokens";
/// One's own sessions.
pub const SESSIONS: &str = "/api/auth/sessions";

/// One of one's own sessions.
pub fn session(id: SessionId) -> String {
    format!("{SESSIONS}/{id}")
}

/// Live changes.
pub const EVENTS: &str = "/api/events";

/// One of one's own API tokens.
pub fn token(id: ApiTokenId) -> String {
    format!("{TOKENS}/{id}")
}

/// Accounts.
pub const USERS: &str = "/api/users";

/// One account.
pub fn user(id: UserId) -> String {
    format!("{USERS}/{id}")
}

/// A one-time code for an account's owner.
pub fn user_code(id: UserId) -> String {
    format!("{USERS}/{id}/code")
}

/// An account's sessions.
pub fn user_sessions(id: UserId) -> String {
    format!("{USERS}/{id}/sessions")
}

/// The audit log.
pub const AUDIT: &str = "/api/audit";

/// Patients.
pub const PATIENTS: &str = "/api/patients";

/// One patient.
pub fn patient(id: PatientId) -> String {
    format!("{PATIENTS}/{id}")
}

/// Archiving a patient.
pub fn patient_archive(id: PatientId) -> String {
    format!("{PATIENTS}/{id}/archive")
}

/// Bringing a patient back from the archive.
pub fn patient_restore(id: PatientId) -> String {
    format!("{PATIENTS}/{id}/restore")
}

/// Erasing a patient for good.
pub fn patient_purge(id: PatientId) -> String {
    format!("{PATIENTS}/{id}/purge")
}

/// A patient's history.
pub fn patient_history(id: PatientId) -> String {
    format!("{PATIENTS}/{id}/history")
}

/// Doctors.
pub const DOCTORS: &str = "/api/doctors";

/// One doctor.
pub fn doctor(id: DoctorId) -> String {
    format!("{DOCTORS}/{id}")
}

/// Assignments.
pub const ASSIGNMENTS: &str = "/api/assignments";

/// One assignment.
pub fn assignment(id: AssignmentId) -> String {
    format!("{ASSIGNMENTS}/{id}")
}

/// Figures over what somebody may see.
pub const DASHBOARD: &str = "/api/dashboard";
/// Finding whatever is typed.
pub const LOOKUP: &str = "/api/lookup";

/// The page that explains a kind of problem.
pub fn problem(code: &str) -> String {
    format!("/problems/{code}")
}
