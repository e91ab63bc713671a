//! Bulk operations on assignments, for imports.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use shared::{
    FieldError, FieldErrors,
    assignment::AssignmentFields,
    id::{DoctorId, PatientId},
};

use super::{
    super::named, Action, Actor, App, ArchiveState, AssignmentTimes, AuditActor, Conn, DbError,
    Error, assignments, audit, doctors, made, patients, scope,
};
use crate::{
    db::named::{DoctorNamed, PatientNamed},
    domain::batches::{Pieces, Step},
};

/// An assignment from another database.
#[derive(Debug)]
pub(crate) struct ArrivingAssignment {
    pub(crate) patient: PatientNamed,
    pub(crate) doctor: DoctorNamed,
    pub(crate) fields: AssignmentFields,
    pub(crate) times: AssignmentTimes,
}

/// By what an import recognises an assignment that is already there: the patient, the doctor, and the time or, without it,
/// the day.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AssignmentKey {
    patient: PatientNamed,
    doctor: DoctorNamed,
    assigned_at: Option<DateTime<Utc>>,
    assigned_date: NaiveDate,
}

impl AssignmentKey {
    pub(crate) fn of(assignment: &ArrivingAssignment) -> Self {
        Self {
            patient: assignment.patient.clone(),
            doctor: assignment.doctor.clone(),
            assigned_at: assignment.times.assigned_at,
            assigned_date: assignment.fields.assigned_date,
        }
    }
}

/// What a dry run would have added: the keys of the assignments, and the pairs of the active ones.
#[derive(Debug, Default)]
pub(crate) struct ClaimedAssignments {
    keys: HashSet<AssignmentKey>,
    active: HashSet<(PatientId, DoctorId)>,
}

/// Adds many assignments, in pieces. A refused one does not affect the others.
///
/// Fails if the database does. Pieces that were committed earlier stay.
pub(crate) async fn register_many(
    pieces: &mut Pieces<'_>,
    actor: &Actor,
    all: &[ArrivingAssignment],
) -> Result<Vec<Result<(), FieldErrors>>, Error> {
    scope(actor, Action::AssignPatient)?;
    let app = pieces.app;
    pieces.write(all, &Assigning { app, actor }).await
}

struct Assigning<'a> {
    app: &'a App,
    actor: &'a Actor,
}

impl Step<ArrivingAssignment> for Assigning<'_> {
    type Outcome = Result<(), FieldErrors>;

    async fn lock(&self, conn: &mut Conn<'_>, step: &[ArrivingAssignment]) -> Result<(), DbError> {
        let (mut of_patients, mut of_doctors) = (BTreeSet::new(), BTreeSet::new());
        for one in step {
            of_patients.extend(one.patient.find(conn).await?.map(|found| found.id));
            of_doctors.extend(one.doctor.find(conn).await?.into_iter().map(|(id, _)| id));
        }
        for id in of_patients {
            patients::lock(conn, id).await?;
        }
        for id in of_doctors {
            doctors::lock(conn, id).await?;
        }
        Ok(())
    }

    async fn run(
        &self,
        conn: &mut Conn<'_>,
        step: &[ArrivingAssignment],
    ) -> Result<Vec<Self::Outcome>, DbError> {
        let now = self.app.clock().now();
        let (mut outcomes, mut events) = (Vec::with_capacity(step.len()), Vec::new());
        for one in step {
            let both = match check(conn, self.actor, one).await? {
                Ok(both) => both,
                Err(errors) => {
                    outcomes.push(Err(errors));
                    continue;
                }
            };
            let new = (&one.fields, one.times);
            let id = assignments::insert(conn, both, new, self.actor.id(), now).await?;
            events.push(made("assignment.imported", id, both, &one.fields)?);
            outcomes.push(Ok(()));
        }
        audit::note_many(conn, AuditActor::Actor(self.actor), now, events).await?;
        Ok(outcomes)
    }
}

/// The patient and the doctor of an assignment that can be added.
async fn check(
    conn: &mut Conn<'_>,
    actor: &Actor,
    one: &ArrivingAssignment,
) -> Result<Result<(PatientId, DoctorId), FieldErrors>, DbError> {
    let mut errors = FieldErrors::default();
    let action = Action::AssignPatient;
    let patient = named::patient(conn, actor, action, &one.patient, &mut errors).await?;
    let doctor = named::doctor(conn, &one.doctor, &mut errors).await?;
    let is_active = one.fields.status.is_active();
    let both = match (patient, doctor) {
        (_, Some((_, ArchiveState::Archived))) if is_active => {
            let message = "must be COMPLETED or CANCELLED: the doctor is archived";
            errors.add("status", FieldError::new("archived", message));
            return Ok(Err(errors));
        }
        (Some(patient), Some((doctor, _))) => (patient, doctor),
        _ => return Ok(Err(errors)),
    };
    if is_active && assignments::active(conn, both.0, both.1).await?.is_some() {
        errors.add("status", already_active());
        return Ok(Err(errors));
    }
    Ok(Ok(both))
}

fn already_active() -> FieldError {
    let message = "must be COMPLETED or CANCELLED: the doctor already has this patient";
    FieldError::new("already_assigned", message)
}

/// What would become of each assignment. Those without a conflict are claimed.
pub(crate) async fn check_many(
    app: &App,
    actor: &Actor,
    all: &[ArrivingAssignment],
    claimed: &mut ClaimedAssignments,
) -> Result<Vec<Result<(), FieldErrors>>, Error> {
    scope(actor, Action::AssignPatient)?;
    let mut read = app.db().read_at_length().await?;
    let mut outcomes = Vec::with_capacity(all.len());
    for one in all {
        let mut outcome = check(&mut read.conn(), actor, one).await?;
        if let Ok(both) = outcome
            && one.fields.status.is_active()
            && !claimed.active.insert(both)
        {
            outcome = Err(FieldErrors::one("status", already_active()));
        }
        if outcome.is_ok() {
            claimed.keys.insert(AssignmentKey::of(one));
        }
        outcomes.push(outcome.map(drop));
    }
    Ok(outcomes)
}

/// Checks whether each key is that of an assignment that is stored or claimed.
pub(crate) async fn already_there(
    app: &App,
    keys: &[&[AssignmentKey]],
    claimed: &ClaimedAssignments,
) -> Result<Vec<bool>, Error> {
    let mut read = app.db().read_at_length().await?;
    let mut conn = read.conn();
    let mut all = Vec::with_capacity(keys.len());
    for key in keys.iter().flat_map(|keys| keys.iter()) {
        let is_there = claimed.keys.contains(key) || is_stored(&mut conn, key).await?;
        all.push(is_there);
    }
    Ok(all)
}

async fn is_stored(conn: &mut Conn<'_>, key: &AssignmentKey) -> Result<bool, DbError> {
    let Some(patient) = key.patient.find(conn).await? else { return Ok(false) };
    let doctors = key.doctor.find(conn).await?;
    let [(doctor, _)] = doctors.as_slice() else { return Ok(false) };
    match key.assigned_at {
        Some(at) => {
            let both = (patient.id, Some(*doctor));
            Ok(assignments::made_at(conn, both, at).await?.is_some())
        }
        None => assignments::is_there(conn, (patient.id, *doctor), key.assigned_date).await,
    }
}
