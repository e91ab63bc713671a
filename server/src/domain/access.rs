//! The permission table: which actions each role may take, and on which records.

use shared::{
    UserId,
    account::{Role, SessionPermission, User, UserPermission},
    assignment::{Assignment, AssignmentPermission},
    doctor::{Doctor, DoctorPermission},
    patient::{Patient, PatientPermission},
    visit::{Visit, VisitPermission},
};

pub use crate::db::Scope;
use crate::{config::Directory, db::records::Revision, error::Error, services::actor::Actor};

/// An action that needs a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Register a patient.
    CreatePatient,
    /// Read patients and the doctors assigned to them.
    ReadPatient,
    /// Change, archive and restore patients.
    ChangePatient,
    /// Read the history of a patient and of the patient's assignments.
    ReadPatientHistory,
    /// List the archived patients.
    ListArchivedPatients,
    /// Erase a patient for good.
    PurgePatient,
    /// Merge two records of one person, undo that, and say who are different people.
    MergePatients,
    /// The same where the records are of different users, or have different linked accounts.
    MergePatientsOfOthers,
    /// Assign patients to doctors, and end assignments.
    AssignPatient,
    /// Create visits, and correct their patient and doctor.
    CreateVisit,
    /// Change a visit.
    ChangeVisit,
    /// Add a doctor to the directory.
    CreateDoctor(Directory),
    /// Change, archive and restore doctors.
    ChangeDoctor(Directory),
    /// Read a doctor's history.
    ReadDoctorHistory,
    /// List the archived doctors.
    ListArchivedDoctors,
    /// Link an account to a doctor or a patient.
    LinkUser,
    /// See the users' names and roles.
    ReadUsers,
    /// See whole accounts.
    ReadAccounts,
    /// Create and change accounts.
    ManageUsers,
    /// Read the audit log.
    ReadAudit,
}

/// The table. `None` means no record at all. Every user may read every doctor.
fn scope_of(role: Role, action: Action, user: UserId) -> Option<Scope> {
    use Action::{
        AssignPatient, ChangeDoctor, ChangePatient, ChangeVisit, CreateDoctor, CreatePatient,
        CreateVisit, LinkUser, ListArchivedDoctors, ListArchivedPatients, ManageUsers,
        MergePatients, MergePatientsOfOthers, PurgePatient, ReadAccounts, ReadAudit,
        ReadDoctorHistory, ReadPatient, ReadPatientHistory, ReadUsers,
    };
    use Role::{Admin, Doctor, Member, Patient, Staff};
    match (action, role) {
        (
            PurgePatient
            | MergePatientsOfOthers
            | LinkUser
            | ReadAccounts
            | ManageUsers
            | ReadAudit,
            Member | Patient | Doctor | Staff,
        ) => None,
        (_, Staff | Admin) => Some(Scope::All),
        (ReadPatient | ChangeVisit, Doctor) => Some(Scope::OfDoctor(user)),
        (ReadPatient, Patient) => Some(Scope::OfPatient(user)),
        (CreatePatient | ReadPatient | ChangePatient, _) => Some(Scope::Own(user)),
        (ReadPatientHistory | AssignPatient | ReadDoctorHistory, _) => Some(Scope::Own(user)),
        (ListArchivedPatients | ListArchivedDoctors | ReadUsers | MergePatients, _) => None,
        (CreateVisit | ChangeVisit, _) => None,
        (CreateDoctor(Directory::Creator) | ChangeDoctor(Directory::Creator), _) => {
            Some(Scope::Own(user))
        }
        (CreateDoctor(Directory::Staff) | ChangeDoctor(Directory::Staff), _) => None,
    }
}

/// The records on which the caller may take an action.
///
/// Fails if there are none.
pub fn scope(actor: &Actor, action: Action) -> Result<Scope, Error> {
    scope_of(actor.user.role, action, actor.id()).ok_or(refusal(action))
}

fn refusal(action: Action) -> Error {
    Error::Forbidden(match action {
        Action::PurgePatient => "only an administrator may purge a record",
        Action::MergePatients => "only the front desk may compare and merge records",
        Action::MergePatientsOfOthers => {
            "only an administrator may merge records of different users, or one with a linked account"
        }
        Action::LinkUser => "only an administrator may link an account",
        Action::ListArchivedPatients | Action::ListArchivedDoctors => {
            "only the front desk may list the archive"
        }
        Action::CreateDoctor(_) | Action::ChangeDoctor(Directory::Staff) => {
            "only the front desk may change the directory of doctors"
        }
        Action::ChangeDoctor(Directory::Creator) | Action::ReadDoctorHistory => {
            "only the front desk or the user who added this doctor may do this"
        }
        Action::CreatePatient
        | Action::ReadPatient
        | Action::ChangePatient
        | Action::ReadPatientHistory
        | Action::AssignPatient => {
            "only the front desk or the user who registered this patient may do this"
        }
        Action::CreateVisit => "only the front desk may create visits and say whom they are for",
        Action::ChangeVisit => "only the front desk and the doctor of this visit may change it",
        Action::ReadUsers => "only the front desk and administrators may see users",
        Action::ReadAccounts => "only an administrator may filter by this",
        Action::ManageUsers => "only an administrator may manage accounts",
        Action::ReadAudit => "only an administrator may read the audit log",
    })
}

/// Whether the caller may take an action on a record of this owner.
pub fn may_with(actor: &Actor, action: Action, owner: impl Into<Option<UserId>>) -> bool {
    match scope_of(actor.user.role, action, actor.id()) {
        Some(Scope::All) => true,
        Some(Scope::Own(user) | Scope::OfDoctor(user) | Scope::OfPatient(user)) => {
            Some(user) == owner.into()
        }
        None => false,
    }
}

/// Checks that the caller may take an action on a record of this owner, which the caller is known
/// to see.
pub fn check(actor: &Actor, action: Action, owner: impl Into<Option<UserId>>) -> Result<(), Error> {
    if may_with(actor, action, owner) { Ok(()) } else { Err(refusal(action)) }
}

/// Fails for an API token, so that a stolen token can't grant more than it already does.
pub fn require_session(actor: &Actor) -> Result<(), Error> {
    match actor.program {
        None => Ok(()),
        Some(_) => Err(Error::Forbidden("an API token can't do this: log in")),
    }
}

/// Whether the caller may take an action on any record at all.
pub fn may(actor: &Actor, action: Action) -> bool {
    scope_of(actor.user.role, action, actor.id()).is_some()
}

/// The caller's permissions for a visible patient.
pub fn patient_permissions(actor: &Actor, patient: &Patient) -> Vec<PatientPermission> {
    use PatientPermission::{Archive, Assign, History, Link, Merge, Purge, Restore, Update};
    let may_with = |action| may_with(actor, action, patient.created_by);
    let (is_current, may_change) = (patient.archived_at.is_none(), may_with(Action::ChangePatient));
    let is_linked = patient.linked_user.is_some() && patient.merged_into.is_none();
    let all = [
        (Update, is_current && may_change),
        (Archive, is_current && may_change),
        (Restore, !is_current && patient.merged_into.is_none() && may_change),
        (History, may_with(Action::ReadPatientHistory)),
        (Assign, is_current && may_with(Action::AssignPatient)),
        (Link, (is_current || is_linked) && may_with(Action::LinkUser)),
        (Purge, may_with(Action::PurgePatient)),
        (Merge, is_current && may_with(Action::MergePatients)),
    ];
    permissions(actor, History, &all)
}

/// The caller's permissions for a doctor.
pub fn doctor_permissions(
    actor: &Actor,
    directory: Directory,
    doctor: &Doctor,
) -> Vec<DoctorPermission> {
    use DoctorPermission::{Archive, History, Link, Restore, Update};
    let may_with = |action| may_with(actor, action, doctor.created_by);
    let is_current = doctor.archived_at.is_none();
    let may_change = may_with(Action::ChangeDoctor(directory));
    let all = [
        (Update, is_current && may_change),
        (Archive, is_current && may_change),
        (Restore, !is_current && may_change),
        (History, may_with(Action::ReadDoctorHistory)),
        (Link, (is_current || doctor.linked_user.is_some()) && may_with(Action::LinkUser)),
    ];
    permissions(actor, History, &all)
}

/// The caller's permissions for an assignment whose patient has this owner.
pub fn assignment_permissions(
    actor: &Actor,
    assignment: &Assignment,
    owner: UserId,
) -> Vec<AssignmentPermission> {
    use AssignmentPermission::{End, History, Transfer, Update};
    let may_assign = may_with(actor, Action::AssignPatient, owner);
    let all = [
        (Update, may_assign),
        (End, assignment.is_active && may_assign),
        (Transfer, assignment.is_active && may_assign),
        (History, may_with(actor, Action::ReadPatientHistory, owner)),
    ];
    permissions(actor, History, &all)
}

/// What the caller may do with a visit.
pub(crate) fn visit_permissions(
    actor: &Actor,
    visit: &Visit,
    revision: &Revision,
) -> Vec<VisitPermission> {
    use VisitPermission::{CorrectPatient, History, Update};
    let all = [
        (Update, may_with(actor, Action::ChangeVisit, revision.editor)),
        (CorrectPatient, visit.status.is_open() && may(actor, Action::CreateVisit)),
        (History, may_with(actor, Action::ReadPatientHistory, revision.owner)),
    ];
    permissions(actor, History, &all)
}

/// The granted permissions. An API token without the scope to write gets at most the permission to
/// read.
fn permissions<P: Copy + PartialEq>(actor: &Actor, reading: P, all: &[(P, bool)]) -> Vec<P> {
    let is_given = |(permission, is_given): &&(P, bool)| {
        *is_given && (actor.may_write() || *permission == reading)
    };
    all.iter().filter(is_given).map(|(permission, _)| *permission).collect()
}

/// The caller's permissions for an account. The last active administrator can't be deactivated.
pub fn user_permissions(actor: &Actor, user: &User, is_last_admin: bool) -> Vec<UserPermission> {
    if !may(actor, Action::ManageUsers) || actor.program.is_some() {
        return Vec::new();
    }
    let mut permissions = vec![UserPermission::Update];
    if user.is_active && !is_last_admin {
        permissions.push(UserPermission::Deactivate);
    }
    if user.is_active && user.id != actor.id() {
        permissions.push(UserPermission::IssueCode);
    }
    permissions.push(UserPermission::EndSessions);
    permissions
}

/// The permissions of a session beyond reading what it may see.
pub fn session_permissions(actor: &Actor, directory: Directory) -> Vec<SessionPermission> {
    use SessionPermission::{
        CreateDoctor, CreatePatient, CreateVisit, LinkUser, ManageUsers, MergePatients,
        PurgePatient, ReadAllPatients, ReadArchivedPatients, ReadAudit, ReadUsers,
    };
    let may_read = |action| may(actor, action);
    let may_write = |action| may(actor, action) && actor.may_write();
    let patients = scope_of(actor.user.role, Action::ReadPatient, actor.id());
    let all = [
        (CreateDoctor, may_write(Action::CreateDoctor(directory))),
        (LinkUser, may_write(Action::LinkUser)),
        (CreatePatient, may_write(Action::CreatePatient)),
        (CreateVisit, may_write(Action::CreateVisit)),
        (ReadAllPatients, patients == Some(Scope::All)),
        (ReadArchivedPatients, may_read(Action::ListArchivedPatients)),
        (PurgePatient, may_write(Action::PurgePatient)),
        (MergePatients, may_write(Action::MergePatients)),
        (ReadUsers, may_read(Action::ReadUsers)),
        (ManageUsers, may_read(Action::ManageUsers) && actor.program.is_none()),
        (ReadAudit, may_read(Action::ReadAudit)),
    ];
    all.into_iter().filter(|(_, is_given)| *is_given).map(|(permission, _)| permission).collect()
}
