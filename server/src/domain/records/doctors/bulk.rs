//! Bulk operations on doctors, for imports.

use std::collections::HashSet;

use shared::{FieldError, FieldErrors, doctor::DoctorFields};

use super::{Action, Actor, App, check_taken, doctors, enter, scope};
use crate::{
    db::{Conn, DbError, doctors::Known},
    domain::batches::{Pieces, Step},
    error::Error,
};

/// The identifying values of the doctors that a dry run would have added.
pub(crate) type Claimed = HashSet<Known>;

/// Adds many doctors, in pieces. Returns the outcome of each doctor; a refused
/// doctor does not affect the others.
///
/// Fails if the database does. Pieces that were committed earlier stay.
pub(crate) async fn register_many(
    pieces: &mut Pieces<'_>,
    actor: &Actor,
    fields: &[DoctorFields],
    action: &str,
) -> Result<Vec<Result<(), FieldErrors>>, Error> {
    let app = pieces.app;
    scope(actor, Action::CreateDoctor(app.settings().doctor_directory))?;
    pieces.write(fields, &Entering { app, actor, action }).await
}

/// The actor of a bulk registration, and its audit action.
struct Entering<'a> {
    app: &'a App,
    actor: &'a Actor,
    action: &'a str,
}

impl Step<DoctorFields> for Entering<'_> {
    type Outcome = Result<(), FieldErrors>;

    async fn lock(&self, conn: &mut Conn<'_>, _: &[DoctorFields]) -> Result<(), DbError> {
        doctors::queue(conn).await
    }

    async fn run(
        &self,
        conn: &mut Conn<'_>,
        step: &[DoctorFields],
    ) -> Result<Vec<Self::Outcome>, DbError> {
        let keys: Vec<Known> = step.iter().map(Known::by).collect();
        let known = doctors::known(conn, &keys.iter().collect::<Vec<_>>()).await?;
        let mut outcomes = Vec::with_capacity(step.len());
        for (fields, key) in step.iter().zip(&keys) {
            let checked = match known.contains(key) {
                true => Err(Error::Conflict(there())),
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
            enter(self.app, conn, self.actor, fields, self.action).await?;
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
    all: &[DoctorFields],
    claimed: &mut Claimed,
) -> Result<Vec<Result<(), FieldErrors>>, Error> {
    let mut read = app.db().read().await?;
    let mut verdicts = Vec::with_capacity(all.len());
    for fields in all {
        let mut errors = match check_taken(&mut read.conn(), fields, None).await {
            Ok(()) => FieldErrors::default(),
            Err(Error::Conflict(errors)) => errors,
            Err(error) => return Err(error),
        };
        for (field, key) in Known::unique(fields) {
            if claimed.contains(&key) && !errors.concern(field) {
                errors.add(field, super::taken(field));
            }
        }
        if errors.is_empty() {
            claimed.extend(Known::all(fields));
        }
        verdicts.push(errors.into_result());
    }
    Ok(verdicts)
}

/// Checks whether each row names a doctor that is stored, archived or not, or claimed.
pub(crate) async fn already_there(
    app: &App,
    keys: &[&[Known]],
    claimed: &Claimed,
) -> Result<Vec<bool>, Error> {
    let mut read = app.db().read().await?;
    let wanted: Vec<&Known> = keys.iter().flat_map(|keys| keys.iter()).collect();
    let known = doctors::known(&mut read.conn(), &wanted).await?;
    let is_there = |key: &Known| known.contains(key) || claimed.contains(key);
    Ok(keys.iter().map(|keys| keys.iter().any(is_there)).collect())
}
