//! Changes to assignments when their patient or their doctor is archived, restored or erased.

use std::collections::BTreeSet;

use shared::{
    assignment::{Assignment, AssignmentFields, AssignmentStatus},
    id::{DoctorId, PatientId},
};

use super::{not_single, open};
use crate::{
    app::App,
    db::{
        Conn, Tx,
        assignments::{self, Of},
        doctors,
        records::Kept,
    },
    domain::access::{self, Action},
    error::Error,
    services::{
        actor::Actor,
        audit::{self, AuditActor, differences},
    },
};

/// Writes a changed assignment and notes it. Returns whether the row still had the version that
/// was read.
pub(crate) async fn put(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    row: &Kept<Assignment>,
    fields: &AssignmentFields,
    resume_status: Option<AssignmentStatus>,
    action: &str,
) -> Result<bool, Error> {
    let now = app.clock().now();
    let written = assignments::update(conn, row, fields, resume_status, actor.id(), now).await;
    if !written.map_err(not_single)? {
        return Ok(false);
    }
    let mut event = row.event(action);
    event.version = Some(row.record.version + 1);
    event.changes = differences(&row.record.fields, fields)?;
    audit::note(conn, AuditActor::Actor(actor), now, event).await?;
    Ok(true)
}

/// Like [`put`], for a locked row that nobody else can have changed.
async fn put_locked(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    row: &Kept<Assignment>,
    (status, resume_status): (AssignmentStatus, Option<AssignmentStatus>),
    action: &str,
) -> Result<(), Error> {
    let fields = AssignmentFields { status, ..row.record.fields.clone() };
    match put(app, conn, actor, row, &fields, resume_status, action).await? {
        true => Ok(()),
        false => Err(Error::changed_meanwhile()),
    }
}

/// Suspends the active assignments of a patient who is being archived: they end, and restoring the
/// patient makes them active again.
pub(crate) async fn suspend(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    patient: PatientId,
) -> Result<(), Error> {
    let mut conn = tx.conn();
    for row in assignments::all_active(&mut conn, Of::Patient(patient)).await? {
        let ends = (AssignmentStatus::Cancelled, Some(row.record.status));
        put_locked(app, &mut conn, actor, &row, ends, "assignment.ended").await?;
    }
    Ok(())
}

/// Makes the suspended assignments of a restored patient active again, except those to doctors who
/// are archived.
pub(crate) async fn reactivate(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    patient: PatientId,
) -> Result<(), Error> {
    let mut conn = tx.conn();
    // Locked, so that none of them is archived in the meantime.
    for doctor in assignments::doctors_of_suspended(&mut conn, patient).await? {
        doctors::lock(&mut conn, doctor).await?;
    }
    for (row, status) in assignments::all_suspended(&mut conn, patient).await? {
        put_locked(app, &mut conn, actor, &row, (status, None), "assignment.reopened").await?;
    }
    // Assignments that stay ended because their doctor is archived are not restored later either.
    Ok(assignments::forget_suspended(&mut conn, patient).await?)
}

/// What happens to the patients of a doctor who is being archived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handover {
    /// Their assignments end.
    End,
    /// Another doctor takes them over.
    To(DoctorId),
}

/// Ends or reassigns the active assignments of a doctor whose row is locked.
///
/// Fails if the caller may not change the assignments of one of the patients.
pub(crate) async fn hand_over(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    doctor: DoctorId,
    handover: Handover,
) -> Result<(), Error> {
    let mut conn = tx.conn();
    let rows = assignments::all_active(&mut conn, Of::Doctor(doctor)).await?;
    if !rows.iter().all(|row| access::may_with(actor, Action::AssignPatient, row.revision.owner)) {
        return Err(Error::Forbidden(
            "this doctor has patients of other users: only the front desk may change their assignments",
        ));
    }
    for row in rows {
        let assignment = &row.record;
        let Handover::To(next) = handover else {
            let ends = (AssignmentStatus::Cancelled, None);
            put_locked(app, &mut conn, actor, &row, ends, "assignment.ended").await?;
            continue;
        };
        let ends = (AssignmentStatus::Completed, None);
        put_locked(app, &mut conn, actor, &row, ends, "assignment.transferred").await?;
        // A patient whom the other doctor already has simply stays there.
        if assignments::active(&mut conn, assignment.patient, next).await?.is_none() {
            let fields = AssignmentFields {
                assigned_date: app.clock().today(),
                ..assignment.fields.clone()
            };
            open(app, &mut conn, actor, (assignment.patient, next), &fields).await?;
        }
    }
    Ok(())
}

/// Locks the doctors of the active assignments of patients, in the lock order of doctors.
pub(crate) async fn lock_doctors_of(
    conn: &mut Conn<'_>,
    patients: &BTreeSet<PatientId>,
) -> Result<(), Error> {
    let mut all = BTreeSet::new();
    for patient in patients {
        all.extend(assignments::doctors_of(conn, *patient).await?);
    }
    for doctor in all {
        doctors::lock(conn, doctor).await?;
    }
    Ok(())
}
