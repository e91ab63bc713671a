//! Subscribing to live changes: what a subscriber has received, what it may receive, and whether it
//! is still allowed to.

use std::time::Duration;

use shared::account::TokenScope;
use tokio::time::Instant;

use super::{
    access::{Action, scope},
    accounts::bearer,
};
use crate::{
    app::App,
    db::{
        Scope,
        changes::{self, ChangeRow},
    },
    error::Error,
    services::{
        actor::Actor,
        feed::{KEPT, Subscription},
    },
};

/// How often the caller's right to listen is checked. An ended session has to take effect within 2
/// seconds.
const CHECK_EVERY: Duration = Duration::from_secs(1);
/// The longest time without any message.
const SILENCE_MAX: Duration = Duration::from_secs(15);
/// How many change numbers one query covers, and how many changes it returns at most.
const SPAN: i64 = 10_000;
const HEARD_AT_ONCE: i64 = 500;

/// The position from which a subscriber wants to receive changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Only changes from now on.
    Now,
    /// After the change with this number.
    After(i64),
    /// After a position that this server never issued.
    Unknown,
}

/// A message to a subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// The subscription begins after this number.
    Begun(i64),
    /// A record was written.
    Changed {
        /// The number of the change.
        seq: i64,
        /// The event, such as `patient.updated`.
        event: String,
        /// The id of the record.
        id: i64,
        /// The version of the record after the change.
        version: i64,
    },
    /// Changes may have been missed, so the client must read everything again. The subscription
    /// continues after this number.
    Reset(i64),
    /// Nothing has happened for a while. The subscriber has received everything up to this number.
    Silence(i64),
}

/// One subscriber to live changes.
pub struct Listener {
    app: App,
    subscription: Subscription,
    actor: Actor,
    token: String,
    scope: Scope,
    /// The number up to which changes were delivered or are invisible to this subscriber.
    heard: i64,
    /// The messages to deliver before all others.
    first: Option<Vec<News>>,
    checked: Instant,
    spoken: Instant,
}

/// Subscribes a caller. The token is checked again and again while the subscription lasts.
///
/// Fails where the caller may not read patients or has too many subscriptions.
pub async fn listen(
    app: &App,
    actor: &Actor,
    token: String,
    place: Place,
) -> Result<Listener, Error> {
    let scope = scope(actor, Action::ReadPatient)?;
    let subscription = app.feed().subscribe(actor.id(), actor.user.role)?;
    // Everything that was committed before this moment has a number now. [`Place::Now`] therefore
    // means the changes written after the answer has begun.
    let last = app.feed().catch_up().await?;
    let (heard, first) = match place {
        Place::Now => (last, News::Begun(last)),
        Place::After(seq) if (0..=last).contains(&seq) => (seq, News::Begun(seq)),
        Place::After(_) | Place::Unknown => (last, News::Reset(last)),
    };
    let now = Instant::now();
    let (app, first, actor) = (app.clone(), Some(vec![first]), actor.clone());
    // Missed changes are delivered at once.
    app.feed().raise(last);
    Ok(Listener { app, subscription, actor, token, scope, heard, first, checked: now, spoken: now })
}

impl Listener {
    /// The next messages; `None` where the subscription has ended.
    pub async fn next(&mut self) -> Option<Vec<News>> {
        let news = match self.first.take() {
            Some(first) => Some(first),
            None => match self.wait().await {
                Ok(news) => news,
                Err(error) => {
                    tracing::debug!(%error, "a subscription to live changes has ended");
                    None
                }
            },
        };
        self.spoken = Instant::now();
        news
    }

    async fn wait(&mut self) -> Result<Option<Vec<News>>, Error> {
        let app = self.app.clone();
        loop {
            if app.is_draining() || !self.may_go_on(&app).await? {
                return Ok(None);
            }
            let latest = *self.subscription.latest.borrow_and_update();
            if self.heard < latest {
                let news = self.read(&app, latest).await?;
                if !news.is_empty() {
                    return Ok(Some(news));
                }
                continue;
            }
            if self.spoken.elapsed() >= SILENCE_MAX {
                return Ok(Some(vec![News::Silence(self.heard)]));
            }
            tokio::select! {
                changed = self.subscription.latest.changed() => if changed.is_err() { return Ok(None) },
                () = app.drained() => return Ok(None),
                () = tokio::time::sleep_until(self.checked + CHECK_EVERY) => {}
                () = tokio::time::sleep_until(self.spoken + SILENCE_MAX) => {}
            }
        }
    }

    /// Whether the subscription may continue: the session is running, the token is valid, and the
    /// role, which decides what may be received, is unchanged.
    async fn may_go_on(&mut self, app: &App) -> Result<bool, Error> {
        if self.checked.elapsed() < CHECK_EVERY {
            return Ok(true);
        }
        let origin = self.actor.origin.clone();
        let actor = match bearer::authenticate(app, &self.token, TokenScope::Read, origin).await {
            Ok(actor) => actor,
            Err(Error::Unauthenticated(_)) => return Ok(false),
            Err(error) => return Err(error),
        };
        self.checked = Instant::now();
        Ok(actor.id() == self.actor.id() && actor.user.role == self.actor.user.role)
    }

    /// Reads the next changes with one query.
    async fn read(&mut self, app: &App, latest: i64) -> Result<Vec<News>, Error> {
        let (after, up_to) = (self.heard, latest.min(self.heard + SPAN));
        let mut read = app.db().read().await?;
        let mut conn = read.conn();
        let rows = changes::between(&mut conn, self.scope, after, up_to, HEARD_AT_ONCE).await?;
        // Old changes are removed from the lowest number upwards. If the first one still exists
        // after the query, none was missing while the query ran.
        let first = changes::made_at(&mut conn, after + 1).await?;
        if first.is_none_or(|at| at < app.clock().now() - KEPT) {
            self.heard = latest;
            return Ok(vec![News::Reset(latest)]);
        }
        let is_cut = i64::try_from(rows.len()).is_ok_and(|rows| rows == HEARD_AT_ONCE);
        self.heard = rows.last().filter(|_| is_cut).map_or(up_to, |row| row.seq);
        Ok(rows.into_iter().map(News::from).collect())
    }
}

impl From<ChangeRow> for News {
    fn from(row: ChangeRow) -> Self {
        Self::Changed { seq: row.seq, event: row.event, id: row.entity_id, version: row.version }
    }
}
