//! Every path of the API, for both sides.

use crate::{
    SessionId,
    id::{AssignmentId, DoctorId, PatientId},
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

/// Under it the limits for credentials hold.
pub const AUTH: &str = "/api/auth";
/// Registering.
pub const REGISTER: &str = "/api/auth/register";
/// Logging in.
pub const LOGIN: &str = "/api/auth/login";
/// The next pair of tokens.
pub const REFRESH: &str = "/api/auth/token/refresh";
/// Ending the session.
pub const LOGOUT: &str = "/api/auth/logout";
/// One's own account.
pub const PROFILE: &str = "/api/auth/profile";
/// A new password.
pub const PASSWORD: &str = "/api/auth/password";
/// One's own sessions.
pub const SESSIONS: &str = "/api/auth/sessions";

/// One of one's own sessions.
pub fn session(id: SessionId) -> String {
    format!("{SESSIONS}/{id}")
}

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
