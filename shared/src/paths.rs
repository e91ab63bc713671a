//! The paths of the API, for server and client.

use crate::{
    SessionId, UserId,
    id::{ApiTokenId, AssignmentId, DoctorId, PatientId, VisitId},
};

/// GET: the version of the server, and limits that a client must know.
pub const META: &str = "/api/meta";
/// GET: whether the process is alive.
pub const HEALTHZ: &str = "/healthz";
/// GET: whether the server can serve requests, that is, the database is reachable and migrated.
pub const READYZ: &str = "/readyz";
/// GET: Swagger UI.
pub const DOCS: &str = "/docs";
/// GET: the API description in JSON.
pub const OPENAPI_JSON: &str = "/openapi.json";
/// GET: the API description in YAML.
pub const OPENAPI_YAML: &str = "/openapi.yaml";
/// GET: metrics in the text format of OpenMetrics.
pub const METRICS: &str = "/metrics";

/// The prefix under which the limits for credentials apply.
pub const AUTH: &str = "/api/auth";
/// POST: register an account.
pub const REGISTER: &str = "/api/auth/register";
/// POST: log in.
pub const LOGIN: &str = "/api/auth/login";
/// POST: log in or refresh in the form of OAuth 2.0.
pub const OAUTH_TOKEN: &str = "/api/auth/oauth/token";
/// POST: exchange a refresh token for the next pair of tokens.
pub const REFRESH: &str = "/api/auth/token/refresh";
/// POST: end the session.
pub const LOGOUT: &str = "/api/auth/logout";
/// The caller's own account.
pub const PROFILE: &str = "/api/auth/profile";
/// POST: change the password.
pub const PASSWORD: &str = "/api/auth/password";
/// POST: set a new password with a one-time code.
pub const PASSWORD_RESET: &str = "/api/auth/password/reset";
/// POST: request a one-time code for setting a new password.
pub const PASSWORD_FORGOT: &str = "/api/auth/password/forgot";
/// POST: prove the ownership of an e-mail address with a one-time code.
pub const VERIFY_EMAIL: &str = "/api/auth/verify-email";
/// POST: request another code for verifying the e-mail address.
pub const VERIFY_EMAIL_RESEND: &str = "/api/auth/verify-email/resend";
/// The caller's own API tokens.
pub const TOKENS: &str = "/api/auth/tokens";
/// The caller's own sessions.
pub const SESSIONS: &str = "/api/auth/sessions";

/// One of the caller's own sessions.
pub fn session(id: SessionId) -> String {
    format!("{SESSIONS}/{id}")
}

/// GET: the stream of live changes.
pub const EVENTS: &str = "/api/events";

/// One of the caller's own API tokens.
pub fn token(id: ApiTokenId) -> String {
    format!("{TOKENS}/{id}")
}

/// All accounts.
pub const USERS: &str = "/api/users";

/// One account.
pub fn user(id: UserId) -> String {
    format!("{USERS}/{id}")
}

/// POST: issue a one-time code for the owner of an account.
pub fn user_code(id: UserId) -> String {
    format!("{USERS}/{id}/code")
}

/// The sessions of an account.
pub fn user_sessions(id: UserId) -> String {
    format!("{USERS}/{id}/sessions")
}

/// GET: the audit log.
pub const AUDIT: &str = "/api/audit";

/// All patients.
pub const PATIENTS: &str = "/api/patients";

/// One patient.
pub fn patient(id: PatientId) -> String {
    format!("{PATIENTS}/{id}")
}

/// POST: archive a patient.
pub fn patient_archive(id: PatientId) -> String {
    format!("{PATIENTS}/{id}/archive")
}

/// POST: restore a patient from the archive.
pub fn patient_restore(id: PatientId) -> String {
    format!("{PATIENTS}/{id}/restore")
}

/// POST: erase a patient for good.
pub fn patient_purge(id: PatientId) -> String {
    format!("{PATIENTS}/{id}/purge")
}

/// POST: merge another record of the same person into a patient's.
pub fn patient_merge(id: PatientId) -> String {
    format!("{PATIENTS}/{id}/merge")
}

/// POST: undo a merge.
pub fn patient_unmerge(id: PatientId) -> String {
    format!("{PATIENTS}/{id}/unmerge")
}

/// GET: the history of a patient.
pub fn patient_history(id: PatientId) -> String {
    format!("{PATIENTS}/{id}/history")
}

/// All doctors.
pub const DOCTORS: &str = "/api/doctors";

/// One doctor.
pub fn doctor(id: DoctorId) -> String {
    format!("{DOCTORS}/{id}")
}

/// All assignments.
pub const ASSIGNMENTS: &str = "/api/assignments";

/// One assignment.
pub fn assignment(id: AssignmentId) -> String {
    format!("{ASSIGNMENTS}/{id}")
}

/// All visits.
pub const VISITS: &str = "/api/visits";

/// One visit.
pub fn visit(id: VisitId) -> String {
    format!("{VISITS}/{id}")
}

/// GET: figures over the records that the caller may see.
pub const DASHBOARD: &str = "/api/dashboard";
/// GET: find patients and doctors by anything that was typed.
pub const LOOKUP: &str = "/api/lookup";
/// The path under which patients are found who may be the same person.
pub const PATIENT_MATCH: &str = "/api/patients/match";

/// The page that explains a kind of problem.
pub fn problem(code: &str) -> String {
    format!("/problems/{code}")
}

/// The patients who may be one person, in pairs.
pub const DUPLICATES: &str = "/api/duplicates";

/// POST: say that two patients are different people.
pub const DUPLICATES_DISMISS: &str = "/api/duplicates/dismiss";
