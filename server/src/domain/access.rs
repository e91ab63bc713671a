//! Who may do what: the whole permission table, and who is asking.

use shared::{
    SessionId, UserId,
    account::{Role, SessionPermission, User},
    patient::{Patient, PatientPermission},
};

pub use crate::db::Scope;
use crate::error::Error;

/// Where a request comes from.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The client's address; none for the command line.
    pub address: Option<String>,
    /// The request's id; none for the command line.
    pub request_id: Option<String>,
    /// The client program, as it calls itself.
    pub user_agent: Option<String>,
}

/// Somebody who is logged in, in the request that is being served.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The user.
    pub user: User,
    /// The session; none for the command line.
    pub session: Option<SessionId>,
    /// Where it comes from.
    pub origin: Origin,
}

impl Actor {
    /// The user's id.
    pub fn id(&self) -> UserId {
        self.user.id
    }
}

/// What can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Register a patient.
    CreatePatient,
    /// Read, change, archive and restore patients, and read their history.
    UsePatient,
    /// List the archived patients.
    ListArchivedPatients,
    /// Erase a patient for good.
    PurgePatient,
}

/// The table. `None`: not at all.
fn scope_of(role: Role, action: Action, user: UserId) -> Option<Scope> {
    use Action::{CreatePatient, ListArchivedPatients, PurgePatient, UsePatient};
    use Role::{Admin, Doctor, Member, Patient, Staff};
    match (action, role) {
        (CreatePatient | UsePatient, Member | Patient | Doctor) => Some(Scope::Own(user)),
        (CreatePatient | UsePatient | ListArchivedPatients, Staff | Admin) => Some(Scope::All),
        (ListArchivedPatients, Member | Patient | Doctor) => None,
        (PurgePatient, Admin) => Some(Scope::All),
        (PurgePatient, Member | Patient | Doctor | Staff) => None,
    }
}

/// The records with which somebody may do something.
///
/// Fails where the answer is none.
pub fn scope(actor: &Actor, action: Action) -> Result<Scope, Error> {
    scope_of(actor.user.role, action, actor.id()).ok_or(Error::Forbidden(match action {
        Action::PurgePatient => "only an administrator may purge a record",
        Action::ListArchivedPatients => "only the front desk may list the archive",
        Action::CreatePatient | Action::UsePatient => "this role has no access to patients",
    }))
}

fn may(actor: &Actor, action: Action) -> bool {
    scope_of(actor.user.role, action, actor.id()).is_some()
}

/// What the caller may do with a patient that is visible.
pub fn patient_permissions(actor: &Actor, patient: &Patient) -> Vec<PatientPermission> {
    let mut permissions = Vec::new();
    if patient.archived_at.is_none() {
        permissions.extend([PatientPermission::Update, PatientPermission::Archive]);
    } else {
        permissions.push(PatientPermission::Restore);
    }
    permissions.push(PatientPermission::History);
    if may(actor, Action::PurgePatient) {
        permissions.push(PatientPermission::Purge);
    }
    permissions
}

/// What a session may do beyond reading what it may see.
pub fn session_permissions(actor: &Actor) -> Vec<SessionPermission> {
    let mut permissions = Vec::new();
    if may(actor, Action::CreatePatient) {
        permissions.push(SessionPermission::CreatePatient);
    }
    if scope_of(actor.user.role, Action::UsePatient, actor.id()) == Some(Scope::All) {
        permissions.push(SessionPermission::ReadAllPatients);
    }
    if may(actor, Action::ListArchivedPatients) {
        permissions.push(SessionPermission::ReadArchivedPatients);
    }
    if may(actor, Action::PurgePatient) {
        permissions.push(SessionPermission::PurgePatient);
    }
    permissions
}
