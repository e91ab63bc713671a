//! Bulk operations on doctors, for imports.

use std::collections::HashSet;

use shared::{FieldError, FieldErrors, doctor::DoctorFields};

use super::{Action, Actor, App, DoctorTimes, check_taken, doctors, enter, scope};
use crate::{
    db::{
        Conn, DbError,
        doctors::{Known, Knowns},
    },
    domain::batches::{Pieces, Step},
    error::Error,
};

/// A doctor who is to be entered, maybe with what the record keeps of another database.
#[derive(Debug)]
pub(crate) struct ArrivingDoctor {
    pub(crate) fields: DoctorFields,
    pub(crate) times: DoctorTimes,
}

impl From<DoctorFields> for ArrivingDoctor {
    fn from(fields: DoctorFields) -> Self {
        Self { fields, times: DoctorTimes::default() }
    }
}

/// By what an import recognises a doctor who is already there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct DoctorKey {
    known: Known,
    times: DoctorTimes,
}

impl DoctorKey {
    pub(crate) fn of(doctor: &ArrivingDoctor) -> Self {
        Self { known: Known::by(&doctor.fields), times: doctor.times }
    }

    /// Whether one of these doctors is the one with this key. A doctor may have been archived and entered anew with
    /// the same licence number: where the time of the entry is known, it tells which of them it is.
    fn is_in(&self, all: &Knowns) -> bool {
        let is_current = |times: &DoctorTimes| times.archived_at.is_none();
        let is_same = |stored: &DoctorTimes| {
            self.times.created_at.is_none()
                || self.times.created_at == stored.created_at
                || (is_current(&self.times) && is_current(stored))
        };
        all.get(&self.known).is_some_and(|stored| stored.iter().any(is_same))
    }
}

/// The doctors whom a dry run would have added.
#[derive(Debug, Default)]
pub(crate) struct Claimed {
    /// All of them.
    known: Knowns,
    /// The values of those who are not archived.
    taken: HashSet<Known>,
}

impl Claimed {
    fn claim(&mut self, ArrivingDoctor { fields, times }: &ArrivingDoctor) {
        for value in Known::all(fields) {
            self.known.entry(value).or_default().push(*times);
        }
        if times.archived_at.is_none() {
            self.taken.extend(Known::unique(fields).map(|(_, value)| value));
        }
    }
}

/// Adds many doctors, in pieces. Returns the outcome of each doctor; a refused
/// doctor does not affect the others.
///
/// Fails if the database does. Pieces that were committed earlier stay.
pub(crate) async fn register_many(
    pieces: &mut Pieces<'_>,
    actor: &Actor,
    all: &[ArrivingDoctor],
    action: &str,
) -> Result<Vec<Result<(), FieldErrors>>, Error> {
    let app = pieces.app;
    scope(actor, Action::CreateDoctor(app.settings().doctor_directory))?;
    pieces.write(all, &Entering { app, actor, action }).await
}

/// The actor of a bulk registration, and its audit action.
struct Entering<'a> {
    app: &'a App,
    actor: &'a Actor,
    action: &'a str,
}

impl Step<ArrivingDoctor> for Entering<'_> {
    type Outcome = Result<(), FieldErrors>;

    async fn lock(&self, conn: &mut Conn<'_>, _: &[ArrivingDoctor]) -> Result<(), DbError> {
        doctors::queue(conn).await
    }

    async fn run(
        &self,
        conn: &mut Conn<'_>,
        step: &[ArrivingDoctor],
    ) -> Result<Vec<Self::Outcome>, DbError> {
        let keys: Vec<_> = step.iter().map(DoctorKey::of).collect();
        let wanted: Vec<_> = keys.iter().map(|key| &key.known).collect();
        let known = doctors::known(conn, &wanted).await?;
        let mut outcomes = Vec::with_capacity(step.len());
        for (ArrivingDoctor { fields, times }, key) in step.iter().zip(&keys) {
            let checked = match key.is_in(&known) {
                true => Err(Error::Conflict(there())),
                // The values of archived doctors are free.
                false if times.archived_at.is_some() => Ok(()),
                false => check_taken(conn, fields, None).await,
            };
            match checked {
                Ok(()) => {}
                Err(Error::Conflict(errors)) => {
                    outcomes.push(Err(errors));
                    continue;
                }
                Err(error) => return Err(error.into()),
            }
            enter(self.app, conn, self.actor, (fields, *times), self.action).await?;
            outcomes.push(Ok(()));
        }
        Ok(outcomes)
    }
}

/// The error for a doctor whom another import has added first.
fn there() -> FieldErrors {
    FieldErrors::one("last_name", FieldError::new("not_unique", "is already in the directory"))
}

/// Checks whether each doctor conflicts with stored or claimed ones. Doctors without a conflict
/// are claimed.
pub(crate) async fn find_taken(
    app: &App,
    all: &[ArrivingDoctor],
    claimed: &mut Claimed,
) -> Result<Vec<Result<(), FieldErrors>>, Error> {
    let mut read = app.db().read().await?;
    let mut verdicts = Vec::with_capacity(all.len());
    for doctor in all {
        let ArrivingDoctor { fields, times } = doctor;
        if times.archived_at.is_some() {
            claimed.claim(doctor);
            verdicts.push(Ok(()));
            continue;
        }
        let mut errors = match check_taken(&mut read.conn(), fields, None).await {
            Ok(()) => FieldErrors::default(),
            Err(Error::Conflict(errors)) => errors,
            Err(error) => return Err(error),
        };
        for (field, key) in Known::unique(fields) {
            if claimed.taken.contains(&key) && !errors.concern(field) {
                errors.add(field, super::taken(field));
            }
        }
        if errors.is_empty() {
            claimed.claim(doctor);
        }
        verdicts.push(errors.into_result());
    }
    Ok(verdicts)
}

/// Checks whether each row names a doctor that is stored, archived or not, or claimed.
pub(crate) async fn already_there(
    app: &App,
    keys: &[&[DoctorKey]],
    claimed: &Claimed,
) -> Result<Vec<bool>, Error> {
    let mut read = app.db().read().await?;
    let wanted: Vec<_> = keys.iter().flat_map(|keys| keys.iter()).map(|key| &key.known).collect();
    let known = doctors::known(&mut read.conn(), &wanted).await?;
    let is_there = |key: &DoctorKey| key.is_in(&known) || key.is_in(&claimed.known);
    Ok(keys.iter().map(|keys| keys.iter().any(is_there)).collect())
}
