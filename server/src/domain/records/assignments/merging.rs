//! Assignments of two records that are merged, and of a record whose merge is undone.

use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    assignment::{Assignment, AssignmentFields, AssignmentStatus},
    history::Change,
    id::{AssignmentId, DoctorId, PatientId},
    patient::Patient,
};

use super::not_single;
use crate::{
    app::App,
    db::{ArchiveState, Conn, assignments, doctors, records::Kept},
    error::Error,
    services::{
        actor::Actor,
        audit::{self, AuditActor, differences},
    },
};

/// An assignment that a merge has moved or ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct MovedAssignment {
    id: AssignmentId,
    /// The doctor, who stays the same.
    pub(crate) doctor: DoctorId,
    /// The patient and the status before.
    patient: PatientId,
    status: AssignmentStatus,
    /// The values after the merge.
    after: AssignmentFields,
}

/// Moves all assignments of a patient to another one. Of two active ones to the same doctor the older one stays, and
/// the other ends. Returns what was changed.
pub(crate) async fn bring_together(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    (from, to): (&Kept<Patient>, &Kept<Patient>),
) -> Result<Vec<MovedAssignment>, Error> {
    let all = assignments::all_of(conn, [from.record.id, to.record.id]).await?;
    let is_later = |row: &Kept<Assignment>| {
        let is_before = |it: &Kept<Assignment>| {
            it.record.is_active
                && it.record.doctor == row.record.doctor
                && it.record.id < row.record.id
        };
        row.record.is_active && all.iter().any(is_before)
    };
    let mut moved = Vec::new();
    // Those that end come first: the others may not join an active one.
    let (ending, staying): (Vec<_>, Vec<_>) = all.iter().partition(|row| is_later(row));
    for (row, ends) in
        ending.into_iter().map(|row| (row, true)).chain(staying.into_iter().map(|row| (row, false)))
    {
        let Assignment { id, patient, doctor, fields, .. } = &row.record;
        if !ends && *patient == to.record.id {
            continue;
        }
        let status = if ends { AssignmentStatus::Cancelled } else { fields.status };
        put(app, conn, actor, row, status, to).await?;
        let after = AssignmentFields { status, ..fields.clone() };
        let (id, doctor, patient, status) = (*id, *doctor, *patient, fields.status);
        moved.push(MovedAssignment { id, doctor, patient, status, after });
    }
    Ok(moved)
}

/// The assignments that a merge has moved or ended and that were changed since.
pub(crate) async fn changed_since(
    conn: &mut Conn<'_>,
    moved: &[MovedAssignment],
    kept: PatientId,
    other: PatientId,
) -> Result<Vec<AssignmentId>, Error> {
    let all = assignments::all_of(conn, [kept, other]).await?;
    let is_changed = |moved: &&MovedAssignment| {
        let is_it = |row: &&Kept<Assignment>| {
            let Assignment { id, patient, fields, .. } = &row.record;
            *id == moved.id && *patient == kept && *fields == moved.after
        };
        !all.iter().any(|row| is_it(&row))
    };
    Ok(moved.iter().filter(is_changed).map(|moved| moved.id).collect())
}

/// Gives assignments back to the patient from whom they have moved, and reopens those that were ended, unless their
/// doctor is archived. The doctors are locked.
pub(crate) async fn part(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    (from, to): (&Kept<Patient>, &Kept<Patient>),
    moved: &[MovedAssignment],
) -> Result<(), Error> {
    let all = assignments::all_of(conn, [from.record.id, to.record.id]).await?;
    // Those that go come first: the others may not join an active one.
    let (going, staying): (Vec<&MovedAssignment>, Vec<_>) =
        moved.iter().partition(|it| it.patient == from.record.id);
    for moved in going.into_iter().chain(staying) {
        let row = all.iter().find(|row| row.record.id == moved.id);
        let row = row.ok_or_else(Error::changed_meanwhile)?;
        let patient = if moved.patient == from.record.id { from } else { to };
        let opens = moved.status.is_active() && !row.record.is_active;
        let is_there =
            !opens || doctors::get(conn, row.record.doctor, ArchiveState::Current).await?.is_some();
        let status = if is_there { moved.status } else { row.record.fields.status };
        if status != row.record.fields.status || patient.record.id != row.record.patient {
            put(app, conn, actor, row, status, patient).await?;
        }
    }
    Ok(())
}

/// Writes an assignment with another status or another patient, and notes it.
async fn put(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    row: &Kept<Assignment>,
    status: AssignmentStatus,
    patient: &Kept<Patient>,
) -> Result<(), Error> {
    let now = app.clock().now();
    let fields = AssignmentFields { status, ..row.record.fields.clone() };
    let (id, owner) = (patient.record.id, patient.record.created_by);
    let written = assignments::move_to(conn, row, &fields, (id, owner), (actor.id(), now)).await;
    if !written.map_err(not_single)? {
        return Err(Error::changed_meanwhile());
    }
    let action = match (row.record.is_active, status.is_active()) {
        (true, false) => "assignment.ended",
        (false, true) => "assignment.reopened",
        _ => "assignment.updated",
    };
    let mut event = row.event(action);
    event.version = Some(row.record.version + 1);
    event.patient = Some(id);
    event.changes = differences(&row.record.fields, &fields)?;
    if row.record.patient != id {
        let (field, old, new) = ("patient".to_owned(), json!(row.record.patient), json!(id));
        event.changes.push(Change { field, old, new });
    }
    audit::note(conn, AuditActor::Actor(actor), now, event).await
}
