//! Bulk operations on visits, for imports.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use shared::{
    FieldError, FieldErrors,
    id::PatientId,
    visit::{VisitFields, VisitStatus},
};

use super::{
    super::named, Action, Actor, App, AuditActor, Conn, Error, audit, made, patients, scope, visits,
};
use crate::{
    db::{
        DbError, assignments,
        named::{DoctorNamed, PatientNamed},
        visits::VisitOrigin,
    },
    domain::batches::{Pieces, Step},
};

/// A visit from another database.
#[derive(Debug)]
pub(crate) struct ArrivingVisit {
    pub(crate) patient: PatientNamed,
    pub(crate) doctor: DoctorNamed,
    /// The time of the assignment to which the visit belongs.
    pub(crate) assigned_at: Option<DateTime<Utc>>,
    pub(crate) reason: Option<String>,
    pub(crate) is_urgent: bool,
    pub(crate) status: VisitStatus,
    pub(crate) origin: VisitOrigin,
}

/// By what an import recognises a visit that is already there: the patient and the time of arrival.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct VisitKey {
    patient: PatientNamed,
    day: NaiveDate,
    arrived_at: DateTime<Utc>,
}

impl VisitKey {
    pub(crate) fn of(visit: &ArrivingVisit) -> Self {
        let VisitOrigin { day, arrived_at, .. } = visit.origin;
        Self { patient: visit.patient.clone(), day, arrived_at }
    }
}

/// What a dry run would have added: the keys of the visits, their numbers, and whose visit is open on a day.
#[derive(Debug, Default)]
pub(crate) struct ClaimedVisits {
    keys: HashSet<VisitKey>,
    numbers: HashSet<(NaiveDate, i64)>,
    open: HashSet<(NaiveDate, PatientId)>,
}

/// Adds many visits, in pieces. A refused one does not affect the others.
///
/// Fails if the database does. Pieces that were committed earlier stay.
pub(crate) async fn register_many(
    pieces: &mut Pieces<'_>,
    actor: &Actor,
    all: &[ArrivingVisit],
) -> Result<Vec<Result<(), FieldErrors>>, Error> {
    scope(actor, Action::CreateVisit)?;
    let app = pieces.app;
    pieces.write(all, &Receiving { app, actor }).await
}

struct Receiving<'a> {
    app: &'a App,
    actor: &'a Actor,
}

impl Step<ArrivingVisit> for Receiving<'_> {
    type Outcome = Result<(), FieldErrors>;

    async fn lock(&self, conn: &mut Conn<'_>, step: &[ArrivingVisit]) -> Result<(), DbError> {
        let mut of_patients = BTreeSet::new();
        for one in step {
            of_patients.extend(one.patient.find(conn).await?.map(|found| found.id));
        }
        for id in of_patients {
            patients::lock(conn, id).await?;
        }
        Ok(())
    }

    async fn run(
        &self,
        conn: &mut Conn<'_>,
        step: &[ArrivingVisit],
    ) -> Result<Vec<Self::Outcome>, DbError> {
        let now = self.app.clock().now();
        let (mut outcomes, mut events) = (Vec::with_capacity(step.len()), Vec::new());
        for one in step {
            let fields = match check(conn, self.actor, one).await? {
                Ok(fields) => fields,
                Err(errors) => {
                    outcomes.push(Err(errors));
                    continue;
                }
            };
            let owner = self.actor.id();
            let id = visits::insert_from(conn, one.origin, &fields, owner, now).await?;
            events.push(made("visit.imported", id, &fields)?);
            outcomes.push(Ok(()));
        }
        audit::note_many(conn, AuditActor::Actor(self.actor), now, events).await?;
        Ok(outcomes)
    }
}

/// The members of a visit that can be added.
async fn check(
    conn: &mut Conn<'_>,
    actor: &Actor,
    one: &ArrivingVisit,
) -> Result<Result<VisitFields, FieldErrors>, DbError> {
    let mut errors = FieldErrors::default();
    let VisitOrigin { day, number, .. } = one.origin;
    let action = Action::CreateVisit;
    let patient = named::patient(conn, actor, action, &one.patient, &mut errors).await?;
    let doctor = named::doctor(conn, &one.doctor, &mut errors).await?.map(|(id, _)| id);
    let mut assignment = None;
    if let (Some(at), Some(patient)) = (one.assigned_at, patient) {
        assignment = assignments::made_at(conn, (patient, doctor), at).await?;
        if assignment.is_none() {
            let message = "is not the time of an assignment of this patient to the doctor";
            errors.add("assigned_at", FieldError::new("no_such_record", message));
        }
    }
    if let Some(number) = number
        && visits::with_number(conn, (day, number)).await?.is_some()
    {
        errors.add("number", taken_number());
    }
    if one.status.is_open()
        && let Some(patient) = patient
        && !visits::open_of(conn, patient, Some(day)).await?.is_empty()
    {
        errors.add("status", already_open());
    }
    let Some(patient) = patient.filter(|_| errors.is_empty()) else { return Ok(Err(errors)) };
    let (reason, is_urgent, status) = (one.reason.clone(), one.is_urgent, one.status);
    Ok(Ok(VisitFields { patient, doctor, assignment, reason, is_urgent, status }))
}

fn taken_number() -> FieldError {
    FieldError::new("not_unique", "is the number of another visit on this day")
}

fn already_open() -> FieldError {
    let message = "must be DONE or LEFT: the patient has an open visit on this day already";
    FieldError::new("already_open", message)
}

/// What would become of each visit. Those without a conflict are claimed.
pub(crate) async fn check_many(
    app: &App,
    actor: &Actor,
    all: &[ArrivingVisit],
    claimed: &mut ClaimedVisits,
) -> Result<Vec<Result<(), FieldErrors>>, Error> {
    scope(actor, Action::CreateVisit)?;
    let mut read = app.db().read_at_length().await?;
    let mut outcomes = Vec::with_capacity(all.len());
    for one in all {
        let day = one.origin.day;
        let outcome = match check(&mut read.conn(), actor, one).await? {
            Err(errors) => Err(errors),
            Ok(fields) => {
                let mut errors = FieldErrors::default();
                if one.origin.number.is_some_and(|it| claimed.numbers.contains(&(day, it))) {
                    errors.add("number", taken_number());
                }
                if fields.status.is_open() && claimed.open.contains(&(day, fields.patient)) {
                    errors.add("status", already_open());
                }
                errors.into_result().map(|()| fields)
            }
        };
        if let Ok(fields) = &outcome {
            claimed.keys.insert(VisitKey::of(one));
            claimed.numbers.extend(one.origin.number.map(|number| (day, number)));
            claimed.open.extend(fields.status.is_open().then_some((day, fields.patient)));
        }
        outcomes.push(outcome.map(drop));
    }
    Ok(outcomes)
}

/// Checks whether each key is that of a visit that is stored or claimed.
pub(crate) async fn already_there(
    app: &App,
    keys: &[&[VisitKey]],
    claimed: &ClaimedVisits,
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

async fn is_stored(conn: &mut Conn<'_>, key: &VisitKey) -> Result<bool, DbError> {
    match key.patient.find(conn).await? {
        Some(patient) => visits::is_there(conn, patient.id, (key.day, key.arrived_at)).await,
        None => Ok(false),
    }
}
