//! Who may do what: the whole permission table, and who is asking.

use shared::{
    SessionId, UserId,
    account::{Role, SessionPermission, User, UserPermission},
    id::ApiTokenId,
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

/// An unattended program that acts for a user with an API token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    /// The token.
    pub token: ApiTokenId,
    /// Whether the token may be used for more than reading.
    pub may_write: bool,
}

/// Somebody who is logged in, in the request that is being served.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The user.
    pub user: User,
    /// The session; none for the command line and for programs.
    pub session: Option<SessionId>,
    /// The program that acts for the user, if it is one.
    pub program: Option<Program>,
    /// Where it comes from.
    pub origin: Origin,
}

impl Actor {
    /// A user without a session.
    pub fn new(user: User, origin: Origin) -> Self {
        Self { user, session: None, program: None, origin }
    }

    /// The user's id.
    pub fn id(&self) -> UserId {
        self.user.id
    }

    /// Whether a request of this caller may write at all.
    fn may_write(&self) -> bool {
        self.program.is_none_or(|program| program.may_write)
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
    /// See who has an account.
    ReadUsers,
    /// See whole accounts.
    ReadAccounts,
    /// Make and change accounts.
    ManageUsers,
    /// Read the audit log.
    ReadAudit,
}

/// The table. `None`: not at all.
fn scope_of(role: Role, action: Action, user: UserId) -> Option<Scope> {
    use Action::{
        CreatePatient, ListArchivedPatients, ManageUsers, PurgePatient, ReadAccounts, ReadAudit,
        ReadUsers, UsePatient,
    };
    use Role::{Admin, Doctor, Member, Patient, Staff};
    match (action, role) {
        (CreatePatient | UsePatient, Member | Patient | Doctor) => Some(Scope::Own(user)),
        (CreatePatient | UsePatient | ListArchivedPatients, Staff | Admin) => Some(Scope::All),
        (ListArchivedPatients, Member | Patient | Doctor) => None,
        (PurgePatient, Admin) => Some(Scope::All),
        (PurgePatient, Member | Patient | Doctor | Staff) => None,
        (ReadUsers, Staff | Admin) => Some(Scope::All),
        (ReadUsers, Member | Patient | Doctor) => None,
        (ReadAccounts | ManageUsers | ReadAudit, Admin) => Some(Scope::All),
        (ReadAccounts | ManageUsers | ReadAudit, Member | Patient | Doctor | Staff) => None,
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
        Action::ReadUsers => "only the front desk and administrators may see who has an account",
        Action::ReadAccounts => "only an administrator may filter by this",
        Action::ManageUsers => "only an administrator may keep accounts",
        Action::ReadAudit => "only an administrator may read the audit log",
    }))
}

/// Fails where a program asks: with a token that got into the wrong hands, nobody may make more
/// of it than it is.
pub fn in_person(actor: &Actor) -> Result<(), Error> {
    match actor.program {
        None => Ok(()),
        Some(_) => Err(Error::Forbidden("an API token can't do this: log in")),
    }
}

/// Whether the caller may do something with any record at all.
pub fn may(actor: &Actor, action: Action) -> bool {
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
    permissions.retain(|it| actor.may_write() || *it == PatientPermission::History);
    permissions
}

/// What an administrator may do with an account.
pub fn user_permissions(actor: &Actor, user: &User) -> Vec<UserPermission> {
    if !may(actor, Action::ManageUsers) || actor.program.is_some() {
        return Vec::new();
    }
    let mut permissions = vec![UserPermission::Update];
    if user.is_active {
        permissions.push(UserPermission::Deactivate);
        if user.id != actor.id() {
            permissions.push(UserPermission::IssueCode);
        }
    }
    permissions.push(UserPermission::EndSessions);
    permissions
}

/// What a session may do beyond reading what it may see.
pub fn session_permissions(actor: &Actor) -> Vec<SessionPermission> {
    let mut permissions = Vec::new();
    if may(actor, Action::CreatePatient) && actor.may_write() {
        permissions.push(SessionPermission::CreatePatient);
    }
    if scope_of(actor.user.role, Action::UsePatient, actor.id()) == Some(Scope::All) {
        permissions.push(SessionPermission::ReadAllPatients);
    }
    if may(actor, Action::ListArchivedPatients) {
        permissions.push(SessionPermission::ReadArchivedPatients);
    }
    if may(actor, Action::PurgePatient) && actor.may_write() {
        permissions.push(SessionPermission::PurgePatient);
    }
    if may(actor, Action::ReadUsers) {
        permissions.push(SessionPermission::ReadUsers);
    }
    if may(actor, Action::ManageUsers) && actor.program.is_none() {
        permissions.push(SessionPermission::ManageUsers);
    }
    if may(actor, Action::ReadAudit) {
        permissions.push(SessionPermission::ReadAudit);
    }
    permissions
}
