//! Who may do what: the whole permission table, and who is asking.

use shared::{
    SessionId, UserId,
    account::{Role, SessionPermission, User},
    assignment::{Assignment, AssignmentPermission},
    doctor::{Doctor, DoctorPermission},
    patient::{Patient, PatientPermission},
};

pub use crate::db::Scope;
use crate::{config::Directory, error::Error};

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
    /// Read patients, and who takes care of them.
    ReadPatient,
    /// Change, archive and restore patients.
    ChangePatient,
    /// Read a patient's history, and that of the assignments.
    ReadPatientHistory,
    /// List the archived patients.
    ListArchivedPatients,
    /// Erase a patient for good.
    PurgePatient,
    /// Put patients into the care of doctors, and end it.
    AssignPatient,
    /// Enter a doctor into the directory.
    CreateDoctor(Directory),
    /// Change, archive and restore doctors.
    ChangeDoctor(Directory),
    /// Read a doctor's history.
    ReadDoctorHistory,
    /// List the archived doctors.
    ListArchivedDoctors,
    /// Say which account belongs to a doctor or a patient.
    LinkUser,
}

/// The table. `None`: not at all. Every doctor may be read by everybody who is logged in.
fn scope_of(role: Role, action: Action, user: UserId) -> Option<Scope> {
    use Action::{
        AssignPatient, ChangeDoctor, ChangePatient, CreateDoctor, CreatePatient, LinkUser,
        ListArchivedDoctors, ListArchivedPatients, PurgePatient, ReadDoctorHistory, ReadPatient,
        ReadPatientHistory,
    };
    use Role::{Admin, Doctor, Member, Patient, Staff};
    match (action, role) {
        (PurgePatient | LinkUser, Member | Patient | Doctor | Staff) => None,
        (_, Staff | Admin) => Some(Scope::All),
        (ReadPatient, Doctor) => Some(Scope::OfDoctor(user)),
        (ReadPatient, Patient) => Some(Scope::OfPatient(user)),
        (CreatePatient | ReadPatient | ChangePatient, _) => Some(Scope::Own(user)),
        (ReadPatientHistory | AssignPatient | ReadDoctorHistory, _) => Some(Scope::Own(user)),
        (ListArchivedPatients | ListArchivedDoctors, _) => None,
        (CreateDoctor(Directory::Creator) | ChangeDoctor(Directory::Creator), _) => {
            Some(Scope::Own(user))
        }
        (CreateDoctor(Directory::Staff) | ChangeDoctor(Directory::Staff), _) => None,
    }
}

/// The records with which somebody may do something.
///
/// Fails where the answer is none.
pub fn scope(actor: &Actor, action: Action) -> Result<Scope, Error> {
    scope_of(actor.user.role, action, actor.id()).ok_or(refusal(action))
}

fn refusal(action: Action) -> Error {
    Error::Forbidden(match action {
        Action::PurgePatient => "only an administrator may purge a record",
        Action::LinkUser => "only an administrator may say whose account it is",
        Action::ListArchivedPatients | Action::ListArchivedDoctors => {
            "only the front desk may list the archive"
        }
        Action::CreateDoctor(_) | Action::ChangeDoctor(Directory::Staff) => {
            "only the front desk may change the directory of doctors"
        }
        Action::ChangeDoctor(Directory::Creator) | Action::ReadDoctorHistory => {
            "only who entered this doctor, or the front desk, may do this"
        }
        Action::CreatePatient
        | Action::ReadPatient
        | Action::ChangePatient
        | Action::ReadPatientHistory
        | Action::AssignPatient => {
            "only who registered this patient, or the front desk, may do this"
        }
    })
}

/// Whether somebody may do something with a record of this owner.
pub fn may_with(actor: &Actor, action: Action, owner: UserId) -> bool {
    match scope_of(actor.user.role, action, actor.id()) {
        Some(Scope::All) => true,
        Some(Scope::Own(user) | Scope::OfDoctor(user) | Scope::OfPatient(user)) => user == owner,
        None => false,
    }
}

/// Lets somebody do something with a record of this owner, which is known to be visible.
pub fn check(actor: &Actor, action: Action, owner: UserId) -> Result<(), Error> {
    if may_with(actor, action, owner) { Ok(()) } else { Err(refusal(action)) }
}

fn may(actor: &Actor, action: Action) -> bool {
    scope_of(actor.user.role, action, actor.id()).is_some()
}

/// What the caller may do with a patient that is visible.
pub fn patient_permissions(actor: &Actor, patient: &Patient) -> Vec<PatientPermission> {
    use PatientPermission::{Archive, Assign, History, Link, Purge, Restore, Update};
    let may_with = |action| may_with(actor, action, patient.created_by);
    let (is_current, may_change) = (patient.archived_at.is_none(), may_with(Action::ChangePatient));
    permissions(&[
        (Update, is_current && may_change),
        (Archive, is_current && may_change),
        (Restore, !is_current && may_change),
        (History, may_with(Action::ReadPatientHistory)),
        (Assign, is_current && may_with(Action::AssignPatient)),
        (Link, is_current && may_with(Action::LinkUser)),
        (Purge, may_with(Action::PurgePatient)),
    ])
}

/// What the caller may do with a doctor.
pub fn doctor_permissions(
    actor: &Actor,
    directory: Directory,
    doctor: &Doctor,
) -> Vec<DoctorPermission> {
    use DoctorPermission::{Archive, History, Link, Restore, Update};
    let may_with = |action| may_with(actor, action, doctor.created_by);
    let is_current = doctor.archived_at.is_none();
    let may_change = may_with(Action::ChangeDoctor(directory));
    permissions(&[
        (Update, is_current && may_change),
        (Archive, is_current && may_change),
        (Restore, !is_current && may_change),
        (History, may_with(Action::ReadDoctorHistory)),
        (Link, is_current && may_with(Action::LinkUser)),
    ])
}

/// What the caller may do with an assignment of a patient of this owner.
pub fn assignment_permissions(
    actor: &Actor,
    assignment: &Assignment,
    owner: UserId,
) -> Vec<AssignmentPermission> {
    use AssignmentPermission::{End, History, Transfer, Update};
    let may_assign = may_with(actor, Action::AssignPatient, owner);
    permissions(&[
        (Update, may_assign),
        (End, assignment.is_active && may_assign),
        (Transfer, assignment.is_active && may_assign),
        (History, may_with(actor, Action::ReadPatientHistory, owner)),
    ])
}

fn permissions<P: Copy>(all: &[(P, bool)]) -> Vec<P> {
    all.iter().filter(|(_, is_given)| *is_given).map(|(permission, _)| *permission).collect()
}

/// What a session may do beyond reading what it may see.
pub fn session_permissions(actor: &Actor, directory: Directory) -> Vec<SessionPermission> {
    let mut permissions = Vec::new();
    if may(actor, Action::CreateDoctor(directory)) {
        permissions.push(SessionPermission::CreateDoctor);
    }
    if may(actor, Action::LinkUser) {
        permissions.push(SessionPermission::LinkUser);
    }
    if may(actor, Action::CreatePatient) {
        permissions.push(SessionPermission::CreatePatient);
    }
    if scope_of(actor.user.role, Action::ReadPatient, actor.id()) == Some(Scope::All) {
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
