//! Many doctors at once, for imports.

use std::collections::HashSet;

use shared::{Complaint, Faults, doctor::DoctorFields};

use super::{Action, Actor, App, check_taken, doctors, enter, scope};
use crate::{
    db::{DbError, doctors::Known},
    domain::patients::BATCH,
    error::Error,
};

/// How often a transaction is tried in which somebody else was quicker with a licence number.
const ATTEMPTS: usize = 3;

/// By what the doctors are known that a dry run would have entered.
pub(crate) type Claimed = HashSet<Known>;

/// Enters many doctors, in transactions of a thousand. Says of each that it was entered, or why not;
/// such a one keeps none of the others out.
///
/// Fails where the database does; what was written before the transaction that failed stays.
pub(crate) async fn register_many(
    app: &App,
    actor: &Actor,
    fields: &[DoctorFields],
    action: &str,
) -> Result<Vec<Result<(), Faults>>, Error> {
    scope(actor, Action::CreateDoctor(app.settings().doctor_directory))?;
    let mut outcomes = Vec::with_capacity(fields.len());
    for batch in fields.chunks(BATCH) {
        let mut attempts = 1;
        loop {
            match register_batch(app, actor, batch, action).await {
                Ok(batch) => break outcomes.extend(batch),
                // The next attempt sees the other one's row and names it.
                Err(DbError::Unique(_)) if attempts < ATTEMPTS => attempts += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(outcomes)
}

async fn register_batch(
    app: &App,
    actor: &Actor,
    batch: &[DoctorFields],
    action: &str,
) -> Result<Vec<Result<(), Faults>>, DbError> {
    let mut tx = app.db().begin().await?;
    let mut conn = tx.conn();
    doctors::queue(&mut conn).await?;
    let keys: Vec<Known> = batch.iter().map(Known::by).collect();
    let known = doctors::known(&mut conn, &keys.iter().collect::<Vec<_>>()).await?;
    let mut outcomes = Vec::with_capacity(batch.len());
    for (fields, key) in batch.iter().zip(&keys) {
        let checked = match known.contains(key) {
            true => Err(Error::Conflict(there())),
            false => check_taken(&mut conn, fields, None).await,
        };
        match checked {
            Ok(()) => {}
            Err(Error::Conflict(faults)) => {
                outcomes.push(Err(faults));
                continue;
            }
            Err(error) => return Err(error.into()),
        }
        enter(app, &mut conn, actor, fields, action).await?;
        outcomes.push(Ok(()));
    }
    tx.commit().await?;
    Ok(outcomes)
}

/// Another import was quicker.
fn there() -> Faults {
    Faults::one("last_name", Complaint::new("not_unique", "is in the directory already"))
}

/// Says of each whether entering it would contradict what is stored or what is claimed; the good ones
/// are claimed from then on.
pub(crate) async fn find_taken(
    app: &App,
    all: &[DoctorFields],
    claimed: &mut Claimed,
) -> Result<Vec<Result<(), Faults>>, Error> {
    let mut lent = app.db().read().await?;
    let mut verdicts = Vec::with_capacity(all.len());
    for fields in all {
        let mut faults = match check_taken(&mut lent.conn(), fields, None).await {
            Ok(()) => Faults::default(),
            Err(Error::Conflict(faults)) => faults,
            Err(error) => return Err(error),
        };
        for (field, key) in Known::unique(fields) {
            if claimed.contains(&key) && !faults.concern(field) {
                faults.add(field, super::taken(field));
            }
        }
        if faults.is_empty() {
            claimed.extend(Known::all(fields));
        }
        verdicts.push(faults.into_result());
    }
    Ok(verdicts)
}

/// Says of each row whether a doctor, archived or not, is known by what it is known by, or one of
/// those who are claimed.
pub(crate) async fn already_there(
    app: &App,
    keys: &[&[Known]],
    claimed: &Claimed,
) -> Result<Vec<bool>, Error> {
    let mut lent = app.db().read().await?;
    let wanted: Vec<&Known> = keys.iter().flat_map(|keys| keys.iter()).collect();
    let known = doctors::known(&mut lent.conn(), &wanted).await?;
    let is_there = |key: &Known| known.contains(key) || claimed.contains(key);
    Ok(keys.iter().map(|keys| keys.iter().any(is_there)).collect())
}
