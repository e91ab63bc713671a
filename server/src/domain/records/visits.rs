//! Visits of patients to the clinic.
//!
//! Rows are always locked in the same order: patients by rising id, then the visit. A write that opens
//! a visit holds its patient, so no other one is opened between the check and the write.

mod bulk;
mod merging;

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde_json::json;
use shared::{
    FieldError, FieldErrors,
    id::{AssignmentId, DoctorId, PatientId, VisitId},
    read::Draft,
    visit::{NewVisit, Visit, VisitFields, VisitFilter, VisitInput, VisitStatus},
};

use super::{
    Action, Actor, App, ArchiveState, AuditActor, AuditEvent, Conn, Error, IdempotencyKey, Kept,
    PageSlice, Precondition, Record, accept,
    access::scope,
    assignments::{find_named, no_such},
    audit, check_visible, created, find_to_change, finish, finish_new, idempotency,
};
use crate::{
    db::{
        assignments,
        listing::Listed,
        patients,
        visits::{self, Listing},
    },
    domain::listing::read_list,
    services::audit::differences,
};

pub(crate) use bulk::{
    ArrivingVisit, ClaimedVisits, VisitKey, already_there, check_many, register_many,
};
pub(crate) use merging::{MovedVisit, bring_together, part};

/// Creates a visit of a patient who has arrived.
pub async fn register(
    app: &App,
    actor: &Actor,
    draft: Draft<NewVisit>,
    key: Option<&IdempotencyKey>,
) -> Result<Visit, Error> {
    scope(actor, Action::CreateVisit)?;
    let NewVisit(input) = accept::<Visit, _>(app, actor, None, draft).await?;
    let mut fields = input.create()?;
    let mut tx = app.db().begin().await?;
    let mut conn = tx.conn();
    if let Some(answer) = idempotency::claim::<Visit>(app, &mut conn, actor, key).await? {
        check_visible::<Visit>(app, &mut conn, actor, answer.id).await?;
        tx.commit().await?;
        return Ok(answer);
    }
    patients::lock(&mut conn, fields.patient).await?;
    let (day, now) = (app.clock().today(), app.clock().now());
    check(app, &mut conn, actor, &input, (None, day), &mut fields).await?;
    let id = visits::insert(&mut conn, day, &fields, actor.id(), now).await?;
    let event = made("visit.created", id, &fields)?;
    audit::note(&mut conn, AuditActor::Actor(actor), now, event).await?;
    let new = created(app, &mut tx, actor, id).await?;
    finish_new(app, tx, actor, key, new).await
}

/// The audit event of a new visit.
fn made<'a>(action: &'a str, id: VisitId, fields: &VisitFields) -> Result<AuditEvent<'a>, Error> {
    Ok(AuditEvent {
        version: Some(1),
        changes: differences(&json!({}), &json!(fields))?,
        patient: Some(fields.patient),
        doctor: fields.doctor,
        ..AuditEvent::new(action, Visit::ENTITY, Some(id.0))
    })
}

/// Completes the new values of a visit of this day, and checks them against the old ones.
async fn check(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    input: &VisitInput,
    (old, day): (Option<&VisitFields>, NaiveDate),
    fields: &mut VisitFields,
) -> Result<(), Error> {
    let is_other_patient = old.is_none_or(|old| old.patient != fields.patient);
    let is_other_doctor = old.is_none_or(|old| old.doctor != fields.doctor);
    // The assignment of another patient or to another doctor no longer fits.
    if input.assignment.value().is_none() && (is_other_patient || is_other_doctor) {
        fields.assignment = None;
    }
    if is_other_patient
        || is_other_doctor
        || old.map(|old| old.assignment) != Some(fields.assignment)
    {
        scope(actor, Action::CreateVisit)?;
    }
    let was_open = old.is_some_and(|old| old.status.is_open());
    if is_other_patient && old.is_some() && !was_open {
        return Err(Error::conflict("patient", "ended", "can't be corrected: the visit has ended"));
    }
    let opens = fields.status.is_open() && (is_other_patient || !was_open);
    let mut errors = FieldErrors::default();
    if let Some(assignment) = input.assignment.value() {
        let patient = Some(fields.patient);
        match check_assignment(conn, *assignment, patient, &mut errors).await? {
            Some(doctor) if input.doctor.is_absent() => fields.doctor = Some(doctor),
            Some(doctor) if fields.doctor != Some(doctor) => {
                let message = "must be the doctor of the assignment, or be left out";
                errors.add("doctor", FieldError::new("disagrees", message));
            }
            _ => {}
        }
    }
    let patient = (is_other_patient || opens).then_some(fields.patient);
    let doctor = fields.doctor.filter(|it| old.is_none_or(|old| old.doctor != Some(*it)));
    find_named(app, conn, actor, (patient, doctor), &mut errors).await?;
    errors.into_result()?;
    if opens && let Some(existing) = visits::open_of(conn, fields.patient, Some(day)).await?.pop() {
        let error = FieldError::new("already_open", "has an open visit on this day already");
        return Err(existing.contradicts(app, actor, "patient", error));
    }
    Ok(())
}

/// The doctor of an assignment. Adds an error if the patient has no such assignment.
pub(super) async fn check_assignment(
    conn: &mut Conn<'_>,
    assignment: AssignmentId,
    patient: Option<PatientId>,
    errors: &mut FieldErrors,
) -> Result<Option<DoctorId>, Error> {
    let found = assignments::between(conn, assignment).await?;
    let found = found.filter(|(of, _)| patient.is_none_or(|patient| patient == *of));
    if found.is_none() {
        errors.add("assignment", no_such("assignment of this patient"));
    }
    Ok(found.map(|(_, doctor)| doctor))
}

/// The visits of a day that the caller may see.
pub async fn list(
    app: &App,
    actor: &Actor,
    filter: &VisitFilter,
) -> Result<PageSlice<Visit>, Error> {
    let day = filter.day.unwrap_or_else(|| app.clock().today());
    let listing = Listing { filter, day, scope: scope(actor, Action::ReadPatient)? };
    let (request, _) = read_list(app, filter.pages(), listing.order(), None)?;
    request.fetch(app, &listing).await
}

/// Changes a visit.
pub async fn update(
    app: &App,
    actor: &Actor,
    id: VisitId,
    precondition: &Precondition,
    draft: Draft<VisitInput>,
) -> Result<Visit, Error> {
    let input = accept::<Visit, _>(app, actor, Some(id), draft).await?;
    let mut tx = app.db().begin().await?;
    lock_with(&mut tx.conn(), id, input.patient.value().copied()).await?;
    let row = find_to_change::<Visit>(app, &mut tx, actor, id, ArchiveState::Any).await?;
    row.check_version(app, &mut tx, actor, precondition).await?;
    let old = &row.record.fields;
    let mut fields = old.clone();
    let applied = input.apply(&mut fields).into_result();
    row.check_state(&input.read_only, applied)?;
    let mut conn = tx.conn();
    check(app, &mut conn, actor, &input, (Some(old), row.record.day), &mut fields).await?;
    if fields == *old {
        tx.commit().await?;
        return Ok(row.shown(app, actor));
    }
    let was_written =
        visits::update(&mut conn, &row, &fields, actor.id(), app.clock().now()).await?;
    finish(app, tx, actor, (id, was_written), changed(&row, &fields)?).await
}

/// The audit event of a change. The users who may see the changed visit receive it.
fn changed<'a>(row: &Kept<Visit>, fields: &VisitFields) -> Result<AuditEvent<'a>, Error> {
    let action = match fields.patient == row.record.patient {
        true => "visit.updated",
        false => "visit.patient_corrected",
    };
    Ok(AuditEvent {
        version: Some(row.record.version + 1),
        changes: differences(&row.record.fields, fields)?,
        patient: Some(fields.patient),
        doctor: fields.doctor,
        ..row.event(action)
    })
}

/// Ends the open visits of a patient who is being archived and is locked, with the status `LEFT`.
pub(crate) async fn end_all(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    patient: PatientId,
) -> Result<(), Error> {
    let now = app.clock().now();
    for row in visits::open_of(conn, patient, None).await? {
        let fields = VisitFields { status: VisitStatus::Left, ..row.record.fields.clone() };
        if !visits::update(conn, &row, &fields, actor.id(), now).await? {
            return Err(Error::changed_meanwhile());
        }
        audit::note(conn, AuditActor::Actor(actor), now, changed(&row, &fields)?).await?;
    }
    Ok(())
}

/// Locks a visit, and before it the patient and the other patient, if one is given.
pub(crate) async fn lock_with(
    conn: &mut Conn<'_>,
    id: VisitId,
    other: Option<PatientId>,
) -> Result<(), Error> {
    let patient = visits::patient_of(conn, id).await?.ok_or(Error::NotFound)?;
    for patient in BTreeSet::from([patient, other.unwrap_or(patient)]) {
        patients::lock(conn, patient).await?;
    }
    visits::lock(conn, id).await?;
    // The patient may have been corrected before the locks were taken.
    match visits::patient_of(conn, id).await?.ok_or(Error::NotFound)? == patient {
        true => Ok(()),
        false => Err(Error::changed_meanwhile()),
    }
}
