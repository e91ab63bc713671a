//! The callers of the last moment: what is known about a Bearer token, so that the requests of a
//! busy client don't all read the same session and user.
//!
//! What is known is forgotten after half a second, so that a change by another process soon takes
//! effect, and at once when this process ends a transaction that may have changed a session, an API
//! token or a user (`Db::access_changes`). That number is read before the database: what was read
//! before such a transaction ended is therefore never taken for what holds after it.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use shared::{
    SessionId,
    account::{ApiToken, User},
};

use crate::{db::Db, error::Error};

/// How long a caller is known. The contract gives a change two seconds to reach other instances.
const KEPT: Duration = Duration::from_millis(500);
/// The maximum number of callers that are known.
const KNOWN_MAX: usize = 4_096;
/// The precision with which the last use of a session or an API token is stored.
const TOUCH_EVERY: TimeDelta = TimeDelta::seconds(60);

/// What a caller is known by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Bearer {
    /// The access token of a session.
    Session(SessionId),
    /// An API token, by its hash.
    ApiToken(String),
}

/// An active user with a running session or an API token that is not revoked.
pub(crate) struct Caller {
    pub(crate) user: Arc<User>,
    /// The API token, which may have expired.
    pub(crate) token: Option<ApiToken>,
    last_used_at: Option<DateTime<Utc>>,
    /// Whether a use since then is being stored.
    is_touched: AtomicBool,
}

impl Caller {
    /// A caller whose session or API token was last used at this time.
    pub(crate) fn new(
        user: User,
        token: Option<ApiToken>,
        last_used_at: Option<DateTime<Utc>>,
    ) -> Self {
        let user = Arc::new(user);
        Self { user, token, last_used_at, is_touched: AtomicBool::new(false) }
    }

    /// Whether a use at this time is to be stored. Of several uses at about the same time, that is
    /// one.
    pub(crate) fn is_to_be_touched(&self, now: DateTime<Utc>) -> bool {
        self.last_used_at.is_none_or(|last| now - last > TOUCH_EVERY)
            && !self.is_touched.swap(true, Ordering::Relaxed)
    }
}

/// A caller, and since when it is known.
struct Known {
    caller: Arc<Caller>,
    /// When the caller was read, by [`Db::access_changes`] and by the clock of the machine.
    changes: u64,
    since: Instant,
}

impl Known {
    fn holds(&self, changes: u64) -> bool {
        self.changes == changes && self.since.elapsed() < KEPT
    }
}

/// The callers that are known.
pub(crate) struct Callers {
    db: Db,
    known: Mutex<HashMap<Bearer, Known>>,
}

impl Callers {
    /// Nobody is known yet.
    pub(crate) fn new(db: Db) -> Self {
        Self { db, known: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Bearer, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The caller who is known by this, or else the one that is read. A failure is not kept.
    pub(crate) async fn get(
        &self,
        bearer: Bearer,
        read: impl AsyncFnOnce() -> Result<Caller, Error>,
    ) -> Result<Arc<Caller>, Error> {
        // Both before reading, so that neither can be newer than what is read.
        let (changes, since) = (self.db.access_changes(), Instant::now());
        if let Some(known) = self.lock().get(&bearer).filter(|known| known.holds(changes)) {
            return Ok(known.caller.clone());
        }
        let caller = Arc::new(read().await?);
        let mut known = self.lock();
        if known.len() >= KNOWN_MAX && !known.contains_key(&bearer) {
            known.clear();
        }
        known.insert(bearer, Known { caller: caller.clone(), changes, since });
        Ok(caller)
    }
}

#[cfg(test)]
mod tests {
    use shared::account::Role;

    use super::*;
    use crate::{
        clock::Clock,
        config::Database,
        db::{sessions, users},
    };

    async fn opened(folder: &tempfile::TempDir) -> Db {
        Db::open(&Database::Sqlite(folder.path().join("desk.sqlite"))).await.unwrap()
    }

    async fn user(db: &Db) -> User {
        let new = users::NewUser {
            email: Some("ana@example.com"),
            username: None,
            first_name: Some("Ana"),
            last_name: None,
            phone: None,
            role: Role::Member,
            password_hash: None,
            email_verified: true,
            made_by: None,
            now: Clock::new(chrono_tz::UTC).now(),
        };
        let mut tx = db.begin().await.unwrap();
        let row = users::insert(&mut tx.conn(), new).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        row.user
    }

    const BEARER: Bearer = Bearer::Session(SessionId(1));

    /// Ends all sessions of a user.
    async fn end(db: &Db, user: &User) {
        let mut tx = db.begin().await.unwrap();
        let now = user.created_at;
        sessions::end_all(&mut tx.conn(), user.id, None, now).await.unwrap();
        tx.commit().await.unwrap();
    }

    #[tokio::test]
    async fn what_was_read_before_a_change_ended_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let db = opened(&folder).await;
        let (user, callers) = (user(&db).await, Callers::new(db.clone()));
        let read = async || Ok(Caller::new(user.clone(), None, None));
        let overtaken = async || {
            let caller = read().await;
            end(&db, &user).await;
            caller
        };
        let first = callers.get(BEARER, overtaken).await.unwrap();
        let second = callers.get(BEARER, read).await.unwrap();
        assert!(!Arc::ptr_eq(&first, &second));
        let refused = async || Err(Error::Unauthenticated("nobody should ask"));
        let third = callers.get(BEARER, refused).await.unwrap();
        assert!(Arc::ptr_eq(&second, &third));
        end(&db, &user).await;
        assert!(callers.get(BEARER, refused).await.is_err());
    }

    #[tokio::test]
    async fn a_transaction_that_is_given_up_keeps_nobody_known() {
        let folder = tempfile::tempdir().unwrap();
        let db = opened(&folder).await;
        let user = user(&db).await;
        let before = db.access_changes();
        let mut tx = db.begin().await.unwrap();
        sessions::end_all(&mut tx.conn(), user.id, None, user.created_at).await.unwrap();
        drop(tx);
        assert_eq!(db.access_changes(), before + 1);
    }

    #[tokio::test]
    async fn the_number_of_known_callers_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let db = opened(&folder).await;
        let (user, callers) = (user(&db).await, Callers::new(db.clone()));
        for id in 0..i64::try_from(KNOWN_MAX).unwrap() * 2 {
            let read = async || Ok(Caller::new(user.clone(), None, None));
            callers.get(Bearer::Session(SessionId(id)), read).await.unwrap();
            assert!(callers.lock().len() <= KNOWN_MAX);
        }
    }

    #[tokio::test]
    async fn one_of_several_uses_is_stored() {
        let folder = tempfile::tempdir().unwrap();
        let user = user(&opened(&folder).await).await;
        let now = user.created_at;
        let long_ago = Some(now - TOUCH_EVERY * 2);
        let uses = |last| {
            let caller = Caller::new(user.clone(), None, last);
            [caller.is_to_be_touched(now), caller.is_to_be_touched(now)]
        };
        assert_eq!(uses(long_ago), [true, false]);
        assert_eq!(uses(None), [true, false]);
        assert_eq!(uses(Some(now)), [false, false]);
    }
}
