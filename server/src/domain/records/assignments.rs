//! Assignments of patients to doctors.
//!
//! Rows are always locked in the same order: patient, doctor, assignment.

mod bulk;
mod cascade;
mod merging;

use std::collections::BTreeSet;

use serde_json::json;
use shared::{
    FieldError, FieldErrors,
    assignment::{
        Assignment, AssignmentFields, AssignmentFilter, AssignmentInput, AssignmentStatus,
        NewAssignment, Transfer,
    },
    id::{AssignmentId, DoctorId, PatientId},
    patient::Patient,
    read::Draft,
};

use super::{
    Record, accept, check_visible, created, find_to_change, finish, finish_new, overtaken,
};
use crate::{
    app::App,
    db::{
        ArchiveState, Conn, DbError, Tx, UniqueKey,
        assignments::{self, AssignmentTimes, Listing},
        doctors,
        listing::Listed,
        patients,
        records::Kept,
        search::Search,
    },
    domain::{
        access::{self, Action, scope},
        idempotency::{self, IdempotencyKey},
        listing::{PageSlice, read_page},
        precondition::Precondition,
    },
    error::Error,
    services::{
        actor::Actor,
        audit::{self, AuditActor, AuditEvent, differences},
    },
};

pub(crate) use bulk::{
    ArrivingAssignment, AssignmentKey, ClaimedAssignments, already_there, check_many, register_many,
};
pub(crate) use cascade::{Handover, hand_over, lock_doctors_of, reactivate, suspend};
pub(crate) use merging::{MovedAssignment, bring_together, changed_since, part};

/// Assigns a patient to a doctor.
pub async fn assign(
    app: &App,
    actor: &Actor,
    draft: Draft<NewAssignment>,
    idempotency_key: Option<&IdempotencyKey>,
) -> Result<Assignment, Error> {
    let today = app.clock().today();
    let body = draft.body.and_then(|new| Ok((AssignmentFields::new(&new.input, today)?, new)));
    let draft = Draft { body, references: draft.references, read_only: draft.read_only };
    let (fields, new) = accept::<Assignment, _>(app, actor, None, draft).await?;
    let NewAssignment { patient, doctor, .. } = new;
    let mut tx = app.db().begin().await?;
    if let Some(answer) =
        idempotency::claim::<Assignment>(app, &mut tx.conn(), actor, idempotency_key).await?
    {
        check_visible::<Patient>(app, &mut tx.conn(), actor, answer.patient).await?;
        tx.commit().await?;
        return Ok(answer);
    }
    check_both(app, &mut tx, actor, patient, doctor).await?;
    let id = open(app, &mut tx.conn(), actor, (patient, doctor), &fields).await?;
    let new = created(app, &mut tx, actor, id).await?;
    finish_new(app, tx, actor, idempotency_key, new).await
}

/// Locks the patient and the doctor, and checks that the caller may assign the one to the other.
async fn check_both(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    patient: PatientId,
    doctor: DoctorId,
) -> Result<(), Error> {
    let mut conn = tx.conn();
    patients::lock(&mut conn, patient).await?;
    doctors::lock(&mut conn, doctor).await?;
    let mut errors = FieldErrors::default();
    let named = (Some(patient), Some(doctor));
    let found = find_named(app, &mut conn, actor, named, &mut errors).await?;
    errors.into_result()?;
    let owner = found.map(|row| row.record.created_by).ok_or(Error::NotFound)?;
    access::check(actor, Action::AssignPatient, owner)
}

/// Reads the patient and the doctor that a body names, and adds an error for each that does not exist
/// or is archived. A patient whom the caller may not see counts as not existing.
pub(super) async fn find_named(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    (patient, doctor): (Option<PatientId>, Option<DoctorId>),
    errors: &mut FieldErrors,
) -> Result<Option<Kept<Patient>>, Error> {
    let mut found = None;
    if let Some(patient) = patient {
        found = Patient::get(app, conn, actor, patient, ArchiveState::Current).await?;
        if found.is_none() {
            errors.add("patient", no_such("patient"));
        }
    }
    if let Some(doctor) = doctor
        && doctors::get(conn, doctor, ArchiveState::Current).await?.is_none()
    {
        errors.add("doctor", no_such("doctor"));
    }
    Ok(found)
}

pub(super) fn no_such(what: &str) -> FieldError {
    FieldError::new("no_such_record", format!("is not the id of an existing {what}"))
}

/// Creates an assignment in the caller's transaction, which has locked the patient and the doctor.
async fn open(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    (patient, doctor): (PatientId, DoctorId),
    fields: &AssignmentFields,
) -> Result<AssignmentId, Error> {
    let now = app.clock().now();
    if fields.status.is_active() {
        check_single(app, conn, actor, patient, doctor).await?;
    }
    let new = (fields, AssignmentTimes::default());
    let inserted = assignments::insert(conn, (patient, doctor), new, actor.id(), now).await;
    let id = inserted.map_err(not_single)?;
    let event = made("assignment.created", id, (patient, doctor), fields)?;
    audit::note(conn, AuditActor::Actor(actor), now, event).await?;
    Ok(id)
}

/// The audit event of a new assignment.
fn made<'a>(
    action: &'a str,
    id: AssignmentId,
    (patient, doctor): (PatientId, DoctorId),
    fields: &AssignmentFields,
) -> Result<AuditEvent<'a>, Error> {
    let mut event = AuditEvent::new(action, Assignment::ENTITY, Some(id.0));
    (event.version, event.patient, event.doctor) = (Some(1), Some(patient), Some(doctor));
    let whom = json!({"patient": patient, "doctor": doctor});
    event.changes = differences(&json!({}), &whom)?;
    event.changes.extend(differences(&json!({}), &json!(fields))?);
    Ok(event)
}

/// Refuses a second active assignment of a patient to the same doctor. The error contains the
/// first one.
async fn check_single(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    patient: PatientId,
    doctor: DoctorId,
) -> Result<(), Error> {
    match assignments::active(conn, patient, doctor).await? {
        Some(existing) => Err(existing.contradicts(app, actor, "doctor", already_assigned())),
        None => Ok(()),
    }
}

fn already_assigned() -> FieldError {
    FieldError::new("already_assigned", "already has this patient")
}

/// Translates a violated unique index: a concurrent request has created the assignment first.
fn not_single(error: DbError) -> Error {
    match error {
        DbError::Unique(UniqueKey::ActiveAssignment) => {
            Error::Conflict(FieldErrors::one("doctor", already_assigned()))
        }
        other => other.into(),
    }
}

/// A list of assignments, or those of one patient, whom the caller must be able to see.
pub async fn list(
    app: &App,
    actor: &Actor,
    filter: &AssignmentFilter,
) -> Result<PageSlice<Assignment>, Error> {
    let listing = Listing { filter, search: None, scope: scope(actor, Action::ReadPatient)? };
    let pages = filter.pages();
    let names = filter.search.as_deref().map(Search::names);
    let (page, search) = read_page(app, pages, listing.order().name(), names)?;
    let listing = Listing { search: search.as_ref(), ..listing };
    page.fetch(app, &listing).await
}

/// The assignments of one patient.
pub async fn of_patient(
    app: &App,
    actor: &Actor,
    patient: PatientId,
    filter: AssignmentFilter,
) -> Result<PageSlice<Assignment>, Error> {
    if filter.patient.is_some_and(|named| named != patient) {
        return Err(Error::invalid("patient", other_address()));
    }
    let visible = scope(actor, Action::ReadPatient)?;
    let mut read = app.db().read().await?;
    let today = app.clock().today();
    let found =
        patients::get(&mut read.conn(), patient, visible, ArchiveState::Current, today).await?;
    found.ok_or(Error::NotFound)?;
    drop(read);
    list(app, actor, &AssignmentFilter { patient: Some(patient), ..filter }).await
}

fn other_address() -> FieldError {
    FieldError::new("disagrees", "must be the one in the URL, or be left out")
}

/// The assignments of one doctor that the caller may see.
pub async fn of_doctor(
    app: &App,
    actor: &Actor,
    doctor: DoctorId,
    filter: AssignmentFilter,
) -> Result<PageSlice<Assignment>, Error> {
    if filter.doctor.is_some_and(|named| named != doctor) {
        return Err(Error::invalid("doctor", other_address()));
    }
    let mut read = app.db().read().await?;
    doctors::get(&mut read.conn(), doctor, ArchiveState::Current).await?.ok_or(Error::NotFound)?;
    drop(read);
    list(app, actor, &AssignmentFilter { doctor: Some(doctor), ..filter }).await
}

/// Replaces or changes an assignment.
pub async fn update(
    app: &App,
    actor: &Actor,
    id: AssignmentId,
    precondition: &Precondition,
    draft: Draft<AssignmentInput>,
) -> Result<Assignment, Error> {
    let input = accept::<Assignment, _>(app, actor, Some(id), draft).await?;
    let mut tx = app.db().begin().await?;
    let row = find_to_change::<Assignment>(app, &mut tx, actor, id, ArchiveState::Any).await?;
    row.check_version(app, &mut tx, actor, precondition).await?;
    let old = &row.record.fields;
    let fields = row.check_state(&input.read_only, old.changed_by(&input))?;
    if fields == *old {
        tx.commit().await?;
        return Ok(row.shown(app, actor));
    }
    let opens = fields.status.is_active() && !row.record.is_active;
    if opens {
        check_reopening(app, &mut tx.conn(), actor, &row).await?;
    }
    let action = if opens { "assignment.reopened" } else { "assignment.updated" };
    write(app, tx, actor, &row, &fields, action).await
}

/// Checks that an ended assignment may become active: its doctor must not be archived, and the
/// patient must have no other active assignment to that doctor.
async fn check_reopening(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    row: &Kept<Assignment>,
) -> Result<(), Error> {
    let doctor = row.record.doctor;
    if doctors::get(conn, doctor, ArchiveState::Current).await?.is_none() {
        return Err(Error::conflict("doctor", "archived", "is archived: restore the doctor first"));
    }
    check_single(app, conn, actor, row.record.patient, doctor).await
}

/// Ends an assignment. Ending it again changes nothing.
pub async fn end(
    app: &App,
    actor: &Actor,
    id: AssignmentId,
    precondition: &Precondition,
) -> Result<(), Error> {
    let mut tx = app.db().begin().await?;
    let row = find_to_change::<Assignment>(app, &mut tx, actor, id, ArchiveState::Any).await?;
    if !row.record.is_active {
        tx.commit().await?;
        return Ok(());
    }
    row.check_version(app, &mut tx, actor, precondition).await?;
    let status = AssignmentStatus::Cancelled;
    let fields = AssignmentFields { status, ..row.record.fields.clone() };
    write(app, tx, actor, &row, &fields, "assignment.ended").await.map(drop)
}

/// Completes an assignment and creates one of the same patient to another doctor.
pub async fn transfer(
    app: &App,
    actor: &Actor,
    id: AssignmentId,
    precondition: &Precondition,
    draft: Draft<Transfer>,
    idempotency_key: Option<&IdempotencyKey>,
) -> Result<Assignment, Error> {
    let transfer = accept::<Assignment, _>(app, actor, None, draft).await?;
    let doctor = transfer.doctor;
    let mut tx = app.db().begin().await?;
    if let Some(answer) =
        idempotency::claim::<Assignment>(app, &mut tx.conn(), actor, idempotency_key).await?
    {
        check_visible::<Patient>(app, &mut tx.conn(), actor, answer.patient).await?;
        tx.commit().await?;
        return Ok(answer);
    }
    lock_with(&mut tx.conn(), id, Some(doctor)).await?;
    let row = find_to_change::<Assignment>(app, &mut tx, actor, id, ArchiveState::Any).await?;
    row.check_version(app, &mut tx, actor, precondition).await?;
    if !row.record.is_active {
        let message = "has ended: only an active assignment can be transferred";
        return Err(Error::conflict("status", "ended", message));
    }
    if doctor == row.record.doctor {
        let error = FieldError::new("same_doctor", "is already the doctor of this assignment");
        return Err(Error::invalid("doctor", error));
    }
    if doctors::get(&mut tx.conn(), doctor, ArchiveState::Current).await?.is_none() {
        return Err(Error::invalid("doctor", no_such("doctor")));
    }
    let mut reason = row.record.reason_for_visit.clone();
    transfer.reason_for_visit.apply(&mut reason);
    let fields = AssignmentFields {
        status: AssignmentStatus::Active,
        reason_for_visit: reason,
        notes: None,
        assigned_date: app.clock().today(),
    };
    let patient = row.record.patient;
    let status = AssignmentStatus::Completed;
    let ended = AssignmentFields { status, ..row.record.fields.clone() };
    if !cascade::put(app, &mut tx.conn(), actor, &row, &ended, None, "assignment.transferred")
        .await?
    {
        return Err(overtaken::<Assignment>(app, tx, actor, id).await);
    }
    let opened = open(app, &mut tx.conn(), actor, (patient, doctor), &fields).await?;
    let new = created(app, &mut tx, actor, opened).await?;
    finish_new(app, tx, actor, idempotency_key, new).await
}

/// Locks an assignment with its patient and its doctor, and optionally with another doctor.
pub(crate) async fn lock_with(
    conn: &mut Conn<'_>,
    id: AssignmentId,
    other: Option<DoctorId>,
) -> Result<(), Error> {
    let (patient, doctor) = assignments::between(conn, id).await?.ok_or(Error::NotFound)?;
    patients::lock(conn, patient).await?;
    for doctor in BTreeSet::from([doctor, other.unwrap_or(doctor)]) {
        doctors::lock(conn, doctor).await?;
    }
    assignments::lock(conn, id).await?;
    // The patient may have been merged into another one before the locks were taken.
    match assignments::between(conn, id).await?.ok_or(Error::NotFound)?.0 == patient {
        true => Ok(()),
        false => Err(Error::changed_meanwhile()),
    }
}

/// Writes a change, commits it, and returns the new record.
async fn write(
    app: &App,
    mut tx: Tx,
    actor: &Actor,
    row: &Kept<Assignment>,
    fields: &AssignmentFields,
    action: &str,
) -> Result<Assignment, Error> {
    let now = app.clock().now();
    let written = assignments::update(&mut tx.conn(), row, fields, None, actor.id(), now).await;
    let was_written = written.map_err(not_single)?;
    let changes = differences(&row.record.fields, fields)?;
    let event = AuditEvent { changes, ..row.event(action) };
    finish(app, tx, actor, (row.record.id, was_written), event).await
}
