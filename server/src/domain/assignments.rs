//! Assignments: patients in the care of doctors.
//!
//! Rows are locked in one order everywhere: patient, doctor, assignment.

mod many;

use std::collections::BTreeSet;

use serde_json::json;
use shared::{
    Complaint, Faults,
    assignment::{
        Assignment, AssignmentFields, AssignmentFilter, AssignmentInput, AssignmentPatch,
        AssignmentStatus, NewAssignment, Transfer,
    },
    history::HistoryEntry,
    id::{AssignmentId, DoctorId, PatientId},
    page::COUNT_MAX,
    query::ListQuery,
};

use super::{
    access::{self, Action, Scope, assignment_permissions, scope},
    history,
    listing::{Asked, Window, read_page},
    once::{self, Once},
    precondition::{Found, Precondition, stale},
};
use crate::{
    app::App,
    db::{
        Conn, DbError, Shelf, Tx,
        assignments::{self, AssignmentRow, Listing},
        doctors,
        listing::{Listed, count},
        patients,
        search::Search,
    },
    error::{Contradiction, Error},
    services::{
        actor::Actor,
        audit::{self, Deed, Doer, differences},
    },
};

pub(super) use many::{Leaving, erase_of, leave, lock_doctors_of, rest, resume};

const ENTITY: &str = "assignment";

/// Puts a patient into the care of a doctor.
pub async fn assign(
    app: &App,
    actor: &Actor,
    new: &NewAssignment,
    once: Option<&Once>,
) -> Result<Assignment, Error> {
    let (Some(patient), Some(doctor)) = (new.patient, new.doctor) else {
        return Err(Error::internal("an assignment without patient or doctor"));
    };
    let fields = AssignmentFields::default().changed_by(&new.input, app.clock().today())?;
    let mut tx = app.db().begin().await?;
    if let Some(answer) = once::claim::<Assignment>(app, &mut tx.conn(), actor, once).await? {
        super::patients::check_visible(app, &mut tx.conn(), actor, answer.patient).await?;
        return Ok(answer);
    }
    check_both(app, &mut tx, actor, patient, doctor).await?;
    let row = open(app, &mut tx.conn(), actor, (patient, doctor), &fields).await?;
    let answer = with_permissions(actor, row);
    once::keep(&mut tx.conn(), actor, once, (ENTITY, answer.id.0), &answer).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Looks up patient and doctor and locks them, and names both where neither is there. A patient whom
/// the caller may not see is the same as one who is not there.
async fn check_both(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    patient: PatientId,
    doctor: DoctorId,
) -> Result<(), Error> {
    let visible = scope(actor, Action::ReadPatient)?;
    let mut conn = tx.conn();
    patients::lock(&mut conn, patient).await?;
    doctors::lock(&mut conn, doctor).await?;
    let today = app.clock().today();
    let found = patients::get(&mut conn, patient, visible, Shelf::Current, today).await?;
    let mut faults = Faults::default();
    if found.is_none() {
        faults.add("patient", no_such("patient"));
    }
    if doctors::get(&mut conn, doctor, Shelf::Current).await?.is_none() {
        faults.add("doctor", no_such("doctor"));
    }
    faults.into_result()?;
    let owner = found.map(|row| row.patient.created_by).ok_or(Error::NotFound)?;
    access::check(actor, Action::AssignPatient, owner)
}

fn no_such(what: &str) -> Complaint {
    Complaint::new(
        "no_such_record",
        format!("must be the id of a {what}; there is none with this one"),
    )
}

/// Opens an assignment in a transaction of the caller's, which has locked patient and doctor.
async fn open(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    (patient, doctor): (PatientId, DoctorId),
    fields: &AssignmentFields,
) -> Result<AssignmentRow, Error> {
    let now = app.clock().now();
    let is_active = fields.status.is_none_or(AssignmentStatus::is_active);
    if is_active {
        check_single(conn, actor, patient, doctor).await?;
    }
    let inserted = assignments::insert(conn, (patient, doctor), fields, actor.id(), now).await;
    let id = inserted.map_err(not_single)?;
    let row = assignments::get(conn, id, Scope::All).await?.ok_or(Error::NotFound)?;
    let mut deed = Deed::new("assignment.created", ENTITY, Some(id.0));
    (deed.version, deed.patient, deed.doctor) = (Some(1), Some(patient), Some(doctor));
    deed.changes = differences(&AssignmentFields::default(), fields)?;
    let whom = json!({"patient": patient, "doctor": doctor});
    deed.changes.splice(0..0, differences(&json!({}), &whom)?);
    audit::note(conn, Doer::Actor(actor), now, deed).await?;
    Ok(row)
}

/// Refuses a second active assignment of a patient to a doctor, and shows the first.
async fn check_single(
    conn: &mut Conn<'_>,
    actor: &Actor,
    patient: PatientId,
    doctor: DoctorId,
) -> Result<(), Error> {
    let Some(existing) = assignments::active(conn, patient, doctor).await? else { return Ok(()) };
    Err(Error::Contradiction(Box::new(Contradiction {
        faults: Faults::one("doctor", already_assigned()),
        name: "existing",
        shown: json!(with_permissions(actor, existing)),
    })))
}

fn already_assigned() -> Complaint {
    Complaint::new("already_assigned", "has this patient in care already")
}

/// What a refused unique index means: somebody else was quicker by a moment.
fn not_single(error: DbError) -> Error {
    match error {
        DbError::Unique(key) if key == "assignments_patient_id_doctor_id_key" => {
            Error::Conflict(Faults::one("doctor", already_assigned()))
        }
        other => other.into(),
    }
}

/// A list of assignments; with a patient of that patient alone, who has to be visible.
pub async fn list(
    app: &App,
    actor: &Actor,
    filter: &AssignmentFilter,
) -> Result<Window<Assignment>, Error> {
    let listing = Listing { filter, search: None, scope: scope(actor, Action::ReadPatient)? };
    let pages = (filter.page, filter.page_size, filter.cursor.as_deref());
    let names = filter.search.as_deref().map(Search::names);
    let (asked, search) = read_page(pages, listing.order(), names)?;
    let listing = Listing { search: search.as_ref(), ..listing };
    let mut lent = app.db().read().await?;
    let mut conn = lent.conn();
    let rows = assignments::list(&mut conn, &listing, &asked.span()).await?;
    let count = count(&mut conn, &listing, COUNT_MAX + 1).await?;
    asked.placed(rows, count)
}

/// The assignments of one patient.
pub async fn of_patient(
    app: &App,
    actor: &Actor,
    patient: PatientId,
    filter: AssignmentFilter,
) -> Result<Window<Assignment>, Error> {
    if filter.patient.is_some_and(|asked| asked != patient) {
        return Err(Error::invalid("patient", other_address()));
    }
    let visible = scope(actor, Action::ReadPatient)?;
    let mut lent = app.db().read().await?;
    let today = app.clock().today();
    let found = patients::get(&mut lent.conn(), patient, visible, Shelf::Current, today).await?;
    found.ok_or(Error::NotFound)?;
    drop(lent);
    list(app, actor, &AssignmentFilter { patient: Some(patient), ..filter }).await
}

fn other_address() -> Complaint {
    Complaint::new("disagrees", "must be the one in the address, or be left out")
}

/// The assignments of one doctor, of those that the caller may see.
pub async fn of_doctor(
    app: &App,
    actor: &Actor,
    doctor: DoctorId,
    filter: AssignmentFilter,
) -> Result<Window<Assignment>, Error> {
    if filter.doctor.is_some_and(|asked| asked != doctor) {
        return Err(Error::invalid("doctor", other_address()));
    }
    let mut lent = app.db().read().await?;
    doctors::get(&mut lent.conn(), doctor, Shelf::Current).await?.ok_or(Error::NotFound)?;
    drop(lent);
    list(app, actor, &AssignmentFilter { doctor: Some(doctor), ..filter }).await
}

/// One assignment.
pub async fn read(app: &App, actor: &Actor, id: AssignmentId) -> Result<Assignment, Error> {
    let visible = scope(actor, Action::ReadPatient)?;
    let mut lent = app.db().read().await?;
    let row = assignments::get(&mut lent.conn(), id, visible).await?;
    Ok(with_permissions(actor, row.ok_or(Error::NotFound)?))
}

/// Replaces or changes an assignment.
pub async fn update(
    app: &App,
    actor: &Actor,
    id: AssignmentId,
    precondition: &Precondition,
    input: &AssignmentInput,
) -> Result<Assignment, Error> {
    let mut tx = app.db().begin().await?;
    let row = find(&mut tx, actor, id).await?;
    row.check(actor, precondition)?;
    let old = row.assignment.fields();
    let mut faults = Faults::default();
    input.echo.compare(&json!(row.assignment), &mut faults);
    let fields = match old.changed_by(input, app.clock().today()) {
        Ok(fields) => fields,
        Err(more) => {
            faults.extend(more);
            return Err(faults.into());
        }
    };
    faults.into_result()?;
    if fields == old {
        return Ok(with_permissions(actor, row));
    }
    let opens = fields.status.is_some_and(AssignmentStatus::is_active) && !row.assignment.is_active;
    if opens {
        check_reopening(&mut tx.conn(), actor, &row).await?;
    }
    let action = if opens { "assignment.reopened" } else { "assignment.updated" };
    write(app, tx, actor, row, &fields, action).await
}

/// An assignment that is opened again needs its doctor, and must be the only one of both.
async fn check_reopening(
    conn: &mut Conn<'_>,
    actor: &Actor,
    row: &AssignmentRow,
) -> Result<(), Error> {
    if row.is_doctor_archived {
        return Err(Error::conflict("doctor", "archived", "is archived: restore the doctor first"));
    }
    check_single(conn, actor, row.assignment.patient, row.assignment.doctor).await
}

/// Ends an assignment. One that has ended already stays as it is.
pub async fn end(
    app: &App,
    actor: &Actor,
    id: AssignmentId,
    precondition: &Precondition,
) -> Result<(), Error> {
    let mut tx = app.db().begin().await?;
    let row = find(&mut tx, actor, id).await?;
    row.check(actor, precondition)?;
    if !row.assignment.is_active {
        return Ok(());
    }
    let cancelled = AssignmentPatch(AssignmentInput {
        status: Some(AssignmentStatus::Cancelled).into(),
        ..AssignmentInput::default()
    });
    let fields = row.assignment.fields().changed_by(&cancelled.0, app.clock().today())?;
    write(app, tx, actor, row, &fields, "assignment.ended").await.map(drop)
}

/// Ends an assignment as completed and opens one of the same patient to another doctor.
pub async fn transfer(
    app: &App,
    actor: &Actor,
    id: AssignmentId,
    precondition: &Precondition,
    transfer: &Transfer,
    once: Option<&Once>,
) -> Result<Assignment, Error> {
    let doctor = transfer.doctor.ok_or_else(|| Error::internal("a transfer without a doctor"))?;
    let mut tx = app.db().begin().await?;
    if let Some(answer) = once::claim::<Assignment>(app, &mut tx.conn(), actor, once).await? {
        super::patients::check_visible(app, &mut tx.conn(), actor, answer.patient).await?;
        return Ok(answer);
    }
    let row = find_with(&mut tx, actor, id, Some(doctor)).await?;
    row.check(actor, precondition)?;
    if !row.assignment.is_active {
        let message = "has ended: only an active assignment can be transferred";
        return Err(Error::conflict("status", "ended", message));
    }
    if doctor == row.assignment.doctor {
        let complaint = Complaint::new("same_doctor", "is the doctor of this assignment already");
        return Err(Error::invalid("doctor", complaint));
    }
    if doctors::get(&mut tx.conn(), doctor, Shelf::Current).await?.is_none() {
        return Err(Error::invalid("doctor", no_such("doctor")));
    }
    let mut reason = row.assignment.reason_for_visit.clone();
    transfer.reason_for_visit.apply(&mut reason);
    let fields = AssignmentFields {
        status: Some(AssignmentStatus::Active),
        reason_for_visit: reason,
        notes: None,
        assigned_date: Some(app.clock().today()),
    };
    let patient = row.assignment.patient;
    let ended =
        AssignmentFields { status: Some(AssignmentStatus::Completed), ..row.assignment.fields() };
    if !many::put(app, &mut tx.conn(), actor, &row, &ended, None, "assignment.transferred").await? {
        return Err(overtaken(app, tx, actor, id).await);
    }
    let opened = open(app, &mut tx.conn(), actor, (patient, doctor), &fields).await?;
    let answer = with_permissions(actor, opened);
    once::keep(&mut tx.conn(), actor, once, (ENTITY, answer.id.0), &answer).await?;
    tx.commit().await?;
    Ok(answer)
}

/// What was done with an assignment, newest first.
pub async fn history(
    app: &App,
    actor: &Actor,
    id: AssignmentId,
    query: &ListQuery,
) -> Result<Window<HistoryEntry>, Error> {
    let visible = scope(actor, Action::ReadPatient)?;
    let asked: Asked<i64> =
        Asked::read(query.page, query.page_size, query.cursor.as_deref(), "history")?;
    let mut lent = app.db().read().await?;
    let mut conn = lent.conn();
    let row = assignments::get(&mut conn, id, visible).await?.ok_or(Error::NotFound)?;
    access::check(actor, Action::ReadPatientHistory, row.patient_owner)?;
    history::page(&mut conn, &asked, ENTITY, id.0).await
}

impl AssignmentRow {
    fn found(&self) -> Found<'_> {
        Found {
            version: self.assignment.version,
            changed_by: self.changed_by,
            changed_by_name: &self.changed_by_name,
            changed_at: self.assignment.updated_at,
        }
    }

    fn check(&self, actor: &Actor, precondition: &Precondition) -> Result<(), Error> {
        let current = || json!(assignment_with_permissions(actor, self));
        precondition.check(actor.id(), &self.found(), current)
    }
}

fn assignment_with_permissions(actor: &Actor, row: &AssignmentRow) -> Assignment {
    let permissions = assignment_permissions(actor, &row.assignment, row.patient_owner);
    Assignment { permissions: Some(permissions), ..row.assignment.clone() }
}

fn with_permissions(actor: &Actor, row: AssignmentRow) -> Assignment {
    assignment_with_permissions(actor, &row)
}

/// Finds an assignment that the caller may change, and locks it with its patient and doctor.
async fn find(tx: &mut Tx, actor: &Actor, id: AssignmentId) -> Result<AssignmentRow, Error> {
    find_with(tx, actor, id, None).await
}

/// The same, and locks another doctor too.
async fn find_with(
    tx: &mut Tx,
    actor: &Actor,
    id: AssignmentId,
    other: Option<DoctorId>,
) -> Result<AssignmentRow, Error> {
    let visible = scope(actor, Action::ReadPatient)?;
    let mut conn = tx.conn();
    let row = assignments::get(&mut conn, id, visible).await?.ok_or(Error::NotFound)?;
    patients::lock(&mut conn, row.assignment.patient).await?;
    let (doctor, other) = (row.assignment.doctor, other.unwrap_or(row.assignment.doctor));
    for doctor in BTreeSet::from([doctor, other]) {
        doctors::lock(&mut conn, doctor).await?;
    }
    assignments::lock(&mut conn, id).await?;
    let row = assignments::get(&mut conn, id, visible).await?.ok_or(Error::NotFound)?;
    access::check(actor, Action::AssignPatient, row.patient_owner)?;
    Ok(row)
}

/// Writes a change, commits it and answers the record as it is then.
async fn write(
    app: &App,
    mut tx: Tx,
    actor: &Actor,
    row: AssignmentRow,
    fields: &AssignmentFields,
    action: &str,
) -> Result<Assignment, Error> {
    let id = row.assignment.id;
    if !many::put(app, &mut tx.conn(), actor, &row, fields, None, action).await? {
        return Err(overtaken(app, tx, actor, id).await);
    }
    let row = assignments::get(&mut tx.conn(), id, Scope::All).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok(with_permissions(actor, row))
}

/// The refusal for a write that somebody else was quicker than.
async fn overtaken(app: &App, tx: Tx, actor: &Actor, id: AssignmentId) -> Error {
    drop(tx);
    let read = async {
        let mut tx = app.db().begin().await?;
        find(&mut tx, actor, id).await
    };
    match read.await {
        Ok(row) => stale(&row.found(), json!(assignment_with_permissions(actor, &row))),
        Err(error) => error,
    }
}
