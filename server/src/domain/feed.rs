//! Live changes: whoever listens hears of every write of a record that they may see, whichever
//! program has made it.
//!
//! Nothing that must not be lost lies here: changes are rows, written with what they tell of, and a
//! listener's place among them is a number that the client keeps. The process holds only a task that
//! looks for new numbers while somebody listens.

mod listener;
mod seats;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use shared::UserId;
use tokio::{sync::watch, task::JoinHandle};

use super::{audit::Deed, devices, once, throttle};
use crate::{
    app::App,
    db::changes::{self, NewChange},
    error::Error,
    output::OncePerSecond,
};
use seats::{Row, Seats};

pub use listener::{Listener, News, Place, listen};

/// How often the database is asked for new changes while somebody listens.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Changes that are numbered in one transaction.
const NUMBERED_AT_ONCE: i64 = 2_000;

/// How long changes can be read again.
const KEPT: TimeDelta = TimeDelta::days(7);
/// How much longer they lie there, so that nobody's clock or slow transaction makes it less.
const MARGIN: TimeDelta = TimeDelta::hours(1);
/// How often the old ones are removed, how many at once, and the pause between.
const TIDY_EVERY: Duration = Duration::from_secs(10 * 60);
const REMOVED_AT_ONCE: i64 = 500;
const TIDY_PAUSE: Duration = Duration::from_millis(50);

/// What a deed means to listeners: nothing unless it is a write of a record that they hear of.
///
/// Fails where it is not said whose the record is, since then nobody could be told.
pub(super) fn change<'a>(
    at: DateTime<Utc>,
    deed: &Deed<'a>,
) -> Result<Option<NewChange<'a>>, Error> {
    let (Some(entity_id), Some(version)) = (deed.entity_id, deed.version) else { return Ok(None) };
    let patient = match deed.entity {
        "patient" => Some(entity_id),
        "assignment" => match deed.patient {
            Some(patient) => Some(patient.0),
            None => return Err(Error::internal("a change of an assignment without its patient")),
        },
        "doctor" => None,
        _ => return Ok(None),
    };
    let doctor = deed.doctor.map(|doctor| doctor.0);
    // Whichever way a record came in, by an import for example, it is new.
    let event = match version {
        1 => format!("{}.created", deed.entity),
        _ => deed.action.to_owned(),
    };
    Ok(Some(NewChange { at, event, entity: deed.entity, entity_id, version, patient, doctor }))
}

/// Those who listen in this process, and the task that looks for them.
#[derive(Default)]
pub struct Feed {
    /// The highest number that was seen.
    latest: watch::Sender<i64>,
    hub: Mutex<Hub>,
    failed: OncePerSecond,
}

#[derive(Default)]
struct Hub {
    seats: Seats,
    looking: Option<JoinHandle<()>>,
}

/// The right to listen, given back when it is dropped.
struct Seat {
    app: App,
    user: UserId,
    row: Row,
    latest: watch::Receiver<i64>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.app.feed().hub().seats.leave(self.user, self.row);
    }
}

impl Feed {
    fn hub(&self) -> MutexGuard<'_, Hub> {
        // A count that somebody panicked beside is as good as any.
        self.hub.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a seat for a user. The first one makes the looking begin.
    fn sit_down(app: &App, user: UserId, row: Row) -> Result<Seat, Error> {
        let mut hub = app.feed().hub();
        hub.seats.take(user, row)?;
        if hub.looking.as_ref().is_none_or(JoinHandle::is_finished) {
            hub.looking = Some(tokio::spawn(look(app.clone())));
        }
        Ok(Seat { app: app.clone(), user, row, latest: app.feed().latest.subscribe() })
    }

    /// Wakes the listeners where there is a higher number.
    fn raise(&self, last: i64) {
        self.latest.send_if_modified(|latest| {
            let is_new = last > *latest;
            *latest = last.max(*latest);
            is_new
        });
    }

    /// Whether there is nobody left to look for; then the next listener begins anew.
    fn is_deserted(&self) -> bool {
        let mut hub = self.hub();
        let is_deserted = hub.seats.are_empty();
        if is_deserted {
            hub.looking = None;
        }
        is_deserted
    }
}

/// Looks for new changes until nobody listens any more.
async fn look(app: App) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if app.feed().is_deserted() {
            return;
        }
        match catch_up(&app).await {
            Ok(last) => app.feed().raise(last),
            // Listeners find the same at their next look at the session, and end.
            Err(error) => {
                if let Some(left_out) = app.feed().failed.admit() {
                    tracing::warn!(%error, left_out, "new changes could not be looked for");
                }
            }
        }
    }
}

/// Numbers every change that is committed by now, and answers the last number.
async fn catch_up(app: &App) -> Result<i64, Error> {
    loop {
        let (last, has_waiting) = changes::latest(&mut app.db().read().await?.conn()).await?;
        if !has_waiting {
            return Ok(last);
        }
        let mut tx = app.db().begin().await?;
        changes::number(&mut tx.conn(), NUMBERED_AT_ONCE).await?;
        tx.commit().await?;
    }
}

/// Removes old changes now and then, and numbers those for whom nobody listens, so that the first
/// listener does not wait for that.
pub async fn keep_tidy(app: App) {
    loop {
        tokio::time::sleep(TIDY_EVERY).await;
        if let Err(error) = tidy(&app).await {
            tracing::warn!(%error, "old changes could not be removed");
        }
        if let Err(error) = once::tidy(&app).await {
            tracing::warn!(%error, "answers that were kept long enough could not be removed");
        }
        if let Err(error) = throttle::tidy(&app).await {
            tracing::warn!(%error, "old counts of attempts could not be removed");
        }
        if let Err(error) = devices::tidy(&app).await {
            tracing::warn!(%error, "tokens of devices that have expired could not be removed");
        }
    }
}

/// Removes the changes that are too old to be read again.
pub async fn tidy(app: &App) -> Result<(), Error> {
    catch_up(app).await?;
    let before = app.clock().now() - KEPT - MARGIN;
    loop {
        let mut tx = app.db().begin().await?;
        let removed = changes::remove_before(&mut tx.conn(), before, REMOVED_AT_ONCE).await?;
        tx.commit().await?;
        if removed == 0 {
            return Ok(());
        }
        tokio::time::sleep(TIDY_PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use shared::id::PatientId;

    use super::*;

    #[test]
    fn writes_of_records_are_told_of_and_nothing_else_is() {
        let heard = |action, entity, version, patient: Option<i64>| {
            let mut deed = Deed::new(action, entity, Some(7));
            (deed.version, deed.patient) = (version, patient.map(PatientId));
            let change = change(DateTime::default(), &deed).ok()?;
            Some(change.map(|change| (change.event, change.patient)))
        };
        let event = |event: &str, patient| Some(Some((event.to_owned(), patient)));
        for (deed, expected) in [
            (heard("patient.updated", "patient", Some(2), None), event("patient.updated", Some(7))),
            (
                heard("patient.imported", "patient", Some(1), None),
                event("patient.created", Some(7)),
            ),
            (heard("doctor.archived", "doctor", Some(3), None), event("doctor.archived", None)),
            (
                heard("assignment.updated", "assignment", Some(2), Some(5)),
                event("assignment.updated", Some(5)),
            ),
            // Nobody could be told.
            (heard("assignment.updated", "assignment", Some(2), None), None),
            (heard("patient.read", "patient", None, None), Some(None)),
            (heard("user.created", "user", Some(1), None), Some(None)),
        ] {
            assert_eq!(deed, expected);
        }
    }
}
