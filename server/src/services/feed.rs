//! Live changes. Every subscriber receives every write of a record that it may see, whichever
//! process made it.
//!
//! Nothing that must survive is stored here. Changes are rows, written together with the records,
//! and the position of a subscriber is a number that the client remembers. The process only runs a
//! task that looks for new numbers while there are subscribers.

mod places;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use shared::{UserId, account::Role};
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    db::{Db, changes},
    error::Error,
    output::OncePerSecond,
};
use places::{Group, Places};

/// How often the task queries the database while there are subscribers.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Changes that are numbered in one transaction.
const NUMBERED_AT_ONCE: i64 = 2_000;

/// How long changes can be read again.
pub(crate) const KEPT: TimeDelta = TimeDelta::days(7);
/// How much longer the rows are stored, so that neither clock differences nor slow transactions
/// shorten this time.
const MARGIN: TimeDelta = TimeDelta::hours(1);
/// How many old changes are removed at once, and the pause between two removals.
const REMOVED_AT_ONCE: i64 = 500;
const REMOVAL_PAUSE: Duration = Duration::from_millis(50);

/// The subscribers of this process, and the task that looks for changes. Clones share them.
#[derive(Clone)]
pub struct Feed {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    /// The highest change number that was seen.
    latest: watch::Sender<i64>,
    hub: Mutex<Hub>,
    failed: OncePerSecond,
}

struct Hub {
    places: Places,
    looking: Option<JoinHandle<()>>,
}

/// The place of one subscriber. Dropping it frees the place.
pub(crate) struct Subscription {
    feed: Feed,
    user: UserId,
    group: Group,
    /// The highest change number that this process knows.
    pub(crate) latest: watch::Receiver<i64>,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.feed.hub().places.give_back(self.user, self.group);
    }
}

impl Feed {
    /// A feed without subscribers, in a process that accepts so many connections.
    pub fn new(db: Db, max_connections: u32) -> Self {
        let (latest, failed) = (watch::Sender::default(), OncePerSecond::new());
        let hub = Mutex::new(Hub { places: Places::new(max_connections), looking: None });
        Self { inner: Arc::new(Inner { db, latest, hub, failed }) }
    }

    fn hub(&self) -> MutexGuard<'_, Hub> {
        // The counts are consistent even if a thread panicked while it held the lock.
        self.inner.hub.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place for a user. The first subscriber starts the task that looks for changes.
    ///
    /// Fails where the user, the user's group of roles or the process has its maximum number of
    /// subscribers.
    pub(crate) fn subscribe(&self, user: UserId, role: Role) -> Result<Subscription, Error> {
        let mut hub = self.hub();
        let group = Group::of(role);
        hub.places.take(user, group)?;
        if hub.looking.as_ref().is_none_or(JoinHandle::is_finished) {
            hub.looking = Some(tokio::spawn(self.clone().look()));
        }
        Ok(Subscription { feed: self.clone(), user, group, latest: self.inner.latest.subscribe() })
    }

    /// Wakes the subscribers if the number is higher than the last one.
    pub(crate) fn raise(&self, last: i64) {
        self.inner.latest.send_if_modified(|latest| {
            let is_new = last > *latest;
            *latest = last.max(*latest);
            is_new
        });
    }

    /// Whether no subscriber is left. If so, the next one starts another task.
    fn has_no_subscribers(&self) -> bool {
        let mut hub = self.hub();
        let is_empty = hub.places.are_empty();
        if is_empty {
            hub.looking = None;
        }
        is_empty
    }

    /// Looks for new changes until no subscriber is left.
    async fn look(self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            if self.has_no_subscribers() {
                return;
            }
            match self.catch_up().await {
                Ok(last) => self.raise(last),
                // Subscribers get the same failure at their next check of the session, and end.
                Err(error) => {
                    if let Some(left_out) = self.inner.failed.admit() {
                        tracing::warn!(%error, left_out, "new live changes could not be read");
                    }
                }
            }
        }
    }

    /// Numbers all changes that are committed by now, and returns the last number.
    pub(crate) async fn catch_up(&self) -> Result<i64, Error> {
        let db = &self.inner.db;
        loop {
            let (last, has_waiting) = changes::latest(&mut db.read().await?.conn()).await?;
            if !has_waiting {
                return Ok(last);
            }
            let mut tx = db.begin().await?;
            changes::number(&mut tx.conn(), NUMBERED_AT_ONCE).await?;
            tx.commit().await?;
        }
    }

    /// Removes the changes that are too old to be read again. It also numbers new ones, so that the
    /// first subscriber does not wait for changes that were made while there was none.
    pub async fn tidy(&self, now: DateTime<Utc>) -> Result<(), Error> {
        self.catch_up().await?;
        loop {
            let mut tx = self.inner.db.begin().await?;
            let before = now - KEPT - MARGIN;
            let removed = changes::remove_before(&mut tx.conn(), before, REMOVED_AT_ONCE).await?;
            tx.commit().await?;
            if removed == 0 {
                return Ok(());
            }
            tokio::time::sleep(REMOVAL_PAUSE).await;
        }
    }
}
