//! Listening to live changes: what one listener has heard, what it may hear, and whether it still may.

use std::time::Duration;

use shared::account::TokenScope;
use tokio::time::Instant;

use super::{
    access::{Action, scope},
    bearer,
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

/// How often it is looked whether the caller may still listen. Less than the 2 seconds within which an
/// ended session has to take effect.
const CHECK_EVERY: Duration = Duration::from_secs(1);
/// How long there is silence at most.
const SILENCE_MAX: Duration = Duration::from_secs(15);
/// How many numbers one statement looks at, and how many changes it answers at most.
const SPAN: i64 = 10_000;
const HEARD_AT_ONCE: i64 = 500;

/// Where a listener wants to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// With what comes next.
    Now,
    /// After the change with this number.
    After(i64),
    /// After something that was never a number of ours.
    Unknown,
}

/// What a listener hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// It listens from this number on.
    Begun(i64),
    /// A record was written.
    Changed {
        /// The change's number.
        seq: i64,
        /// What was done: `patient.updated`.
        event: String,
        /// The record.
        id: i64,
        /// Its version after it.
        version: i64,
    },
    /// Changes may have been missed: everything has to be read anew. It goes on from this number.
    Reset(i64),
    /// Nothing has happened for a while; everything up to this number is heard.
    Silence(i64),
}

/// Somebody who listens.
pub struct Listener {
    app: App,
    subscription: Subscription,
    actor: Actor,
    token: String,
    scope: Scope,
    /// Everything up to this number was heard, or was not for this listener.
    heard: i64,
    /// What is to be said before anything else.
    first: Option<Vec<News>>,
    checked: Instant,
    spoken: Instant,
}

/// Begins to listen. The token is looked at again and again while the listener lives.
pub async fn listen(
    app: &App,
    actor: &Actor,
    token: String,
    place: Place,
) -> Result<Listener, Error> {
    let scope = scope(actor, Action::ReadPatient)?;
    let subscription = app.feed().subscribe(actor.id(), actor.user.role)?;
    // Everything that was committed before this moment has a number now, so "what comes next" is what
    // is written after the answer has begun.
    let last = app.feed().catch_up().await?;
    let (heard, first) = match place {
        Place::Now => (last, News::Begun(last)),
        Place::After(seq) if (0..=last).contains(&seq) => (seq, News::Begun(seq)),
        Place::After(_) | Place::Unknown => (last, News::Reset(last)),
    };
    let now = Instant::now();
    let (app, first, actor) = (app.clone(), Some(vec![first]), actor.clone());
    // What was missed is read at once.
    app.feed().raise(last);
    Ok(Listener { app, subscription, actor, token, scope, heard, first, checked: now, spoken: now })
}

impl Listener {
    /// What is heard next; nothing where the listening is over.
    pub async fn next(&mut self) -> Option<Vec<News>> {
        let news = match self.first.take() {
            Some(first) => Some(first),
            None => match self.wait().await {
                Ok(news) => news,
                Err(error) => {
                    tracing::debug!(%error, "a listener is let go");
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

    /// Whether the caller is still who began to listen: the session runs, the token holds, and the
    /// role, on which it depends what is heard, is the same.
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

    /// Reads on, as far as one statement goes.
    async fn read(&mut self, app: &App, latest: i64) -> Result<Vec<News>, Error> {
        let (after, up_to) = (self.heard, latest.min(self.heard + SPAN));
        let mut lent = app.db().read().await?;
        let mut conn = lent.conn();
        let rows = changes::between(&mut conn, self.scope, after, up_to, HEARD_AT_ONCE).await?;
        // Old changes are removed from the lowest number on. So if after the reading the first one is
        // there, none was missing while it was read.
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
