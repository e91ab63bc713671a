//! Visits of two records that are merged, and of a record whose merge is undone.

use serde::{Deserialize, Serialize};
use shared::{
    id::{PatientId, VisitId},
    patient::Patient,
    visit::{Visit, VisitFields, VisitStatus},
};

use super::changed;
use crate::{
    app::App,
    db::{Conn, assignments, records::Kept, visits},
    error::Error,
    services::{
        actor::Actor,
        audit::{self, AuditActor},
    },
};

/// A visit that a merge has moved or ended, as it was before.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct MovedVisit {
    id: VisitId,
    patient: PatientId,
    status: VisitStatus,
}

/// Moves all visits of a patient to another one. Of two open ones on one day the older one stays open, and the other
/// ends. Returns what was changed.
pub(crate) async fn bring_together(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    (from, to): (&Kept<Patient>, &Kept<Patient>),
) -> Result<Vec<MovedVisit>, Error> {
    let all = visits::all_of(conn, [from.record.id, to.record.id]).await?;
    let is_later = |row: &Kept<Visit>| {
        let is_before = |it: &Kept<Visit>| {
            it.record.status.is_open()
                && it.record.day == row.record.day
                && it.record.id < row.record.id
        };
        row.record.status.is_open() && all.iter().any(is_before)
    };
    let mut moved = Vec::new();
    // Those that end come first: the others may not join an open one.
    let (ending, staying): (Vec<_>, Vec<_>) = all.iter().partition(|row| is_later(row));
    let ending = ending.into_iter().map(|row| (row, true));
    for (row, ends) in ending.chain(staying.into_iter().map(|row| (row, false))) {
        let Visit { id, fields, .. } = &row.record;
        if !ends && fields.patient == to.record.id {
            continue;
        }
        let status = if ends { VisitStatus::Left } else { fields.status };
        put(app, conn, actor, row, VisitFields { status, patient: to.record.id, ..fields.clone() })
            .await?;
        moved.push(MovedVisit { id: *id, patient: fields.patient, status: fields.status });
    }
    Ok(moved)
}

/// Gives visits back to the patient from whom they have moved, whose assignments are there already. One that was
/// ended is open again, unless it has another status since or the patient has another open one.
pub(crate) async fn part(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    (from, to): (&Kept<Patient>, &Kept<Patient>),
    moved: &[MovedVisit],
) -> Result<(), Error> {
    let both = [from.record.id, to.record.id];
    for row in visits::all_of(conn, both).await? {
        let fields = &row.record.fields;
        let before = moved.iter().find(|it| it.id == row.record.id);
        let patient = before.map_or(fields.patient, |before| before.patient);
        let mut fields = VisitFields { patient, ..fields.clone() };
        // An assignment may be on the other side.
        if let Some(assignment) = fields.assignment {
            let of = assignments::between(conn, assignment).await?.map(|(of, _)| of);
            fields.assignment = fields.assignment.filter(|_| of == Some(patient));
        }
        if fields != row.record.fields {
            put(app, conn, actor, &row, fields).await?;
        }
    }
    for row in visits::all_of(conn, both).await? {
        let Visit { id, fields, day, .. } = &row.record;
        let was_ended = |it: &&MovedVisit| it.id == *id && it.status != fields.status;
        let before = moved.iter().find(was_ended).filter(|_| fields.status == VisitStatus::Left);
        if let Some(before) = before
            && visits::open_of(conn, fields.patient, Some(*day)).await?.is_empty()
        {
            let fields = VisitFields { status: before.status, ..fields.clone() };
            put(app, conn, actor, &row, fields).await?;
        }
    }
    Ok(())
}

/// Writes a visit with another status or another patient, and notes it.
async fn put(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    row: &Kept<Visit>,
    fields: VisitFields,
) -> Result<(), Error> {
    let now = app.clock().now();
    if !visits::update(conn, row, &fields, actor.id(), now).await? {
        return Err(Error::changed_meanwhile());
    }
    audit::note(conn, AuditActor::Actor(actor), now, changed(row, &fields)?).await
}
