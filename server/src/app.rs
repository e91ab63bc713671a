//! The state of the server, built once and cheap to clone.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use argon2::Params;
use tokio::sync::watch;

use crate::{
    clock::Clock,
    config::{Database, Settings},
    db::{Db, users},
    keys::KeyRing,
    metrics::{Levels, Metrics},
    services::{
        callers::Callers, feed::Feed, mail::Mail, mailer::Mailer, passwords::Passwords,
        reads::ReadLog, tokens::Tokens,
    },
};

pub use crate::db::Readiness;

/// The server's state. Clones share it.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    db: Db,
    clock: Clock,
    tokens: Tokens,
    passwords: Passwords,
    reads: ReadLog,
    callers: Callers,
    metrics: Metrics,
    feed: Feed,
    mail: Mail,
    is_stop_announced: AtomicBool,
    is_draining: watch::Sender<bool>,
}

impl App {
    /// Opens a database, applies its migrations and loads the keys. `domain::upgrade::open` does
    /// this and also completes the accounts of an earlier version.
    ///
    /// Fails with a sentence for the operator.
    pub(crate) async fn open(
        settings: Settings,
        database: &Database,
        cost: Params,
    ) -> Result<Self, String> {
        let clock = Clock::new(settings.zone()?);
        database.make_folder()?;
        let keys = KeyRing::open(&settings, database, &clock)?;
        let mailer = Mailer::open(&settings, database)?;
        let db = Db::open(database).await?;
        let tokens = Tokens::new(keys, settings.access_token_minutes);
        let passwords = Passwords::new(cost)?;
        let (reads, callers) = (ReadLog::start(db.clone()), Callers::new(db.clone()));
        users::listing::complete(&db).await.map_err(|error| error.to_string())?;
        let feed = Feed::new(db.clone(), settings.max_connections);
        let is_draining = watch::Sender::new(false);
        let (metrics, mail) = (Metrics::new(clock.now()), Mail::new(mailer));
        let inner = Inner {
            settings,
            db,
            clock,
            tokens,
            passwords,
            reads,
            callers,
            metrics,
            feed,
            mail,
            is_stop_announced: AtomicBool::new(false),
            is_draining,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.inner.db
    }

    /// Whether the database can be read and written.
    pub async fn readiness(&self) -> Readiness {
        self.db().readiness().await
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// The service that issues and verifies tokens.
    pub fn tokens(&self) -> &Tokens {
        &self.inner.tokens
    }

    /// The service that hashes passwords.
    pub fn passwords(&self) -> &Passwords {
        &self.inner.passwords
    }

    /// The queue of audit events for reads.
    pub fn reads(&self) -> &ReadLog {
        &self.inner.reads
    }

    /// The callers of the last moment.
    pub(crate) fn callers(&self) -> &Callers {
        &self.inner.callers
    }

    /// The metrics.
    pub fn metrics(&self) -> &Metrics {
        &self.inner.metrics
    }

    /// How busy the database's connections and the hashing of passwords are right now.
    pub fn levels(&self) -> Levels {
        let (hashing, hashes_waiting) = self.passwords().load();
        let (pools, statements) = (self.db().pools(), self.db().statements());
        Levels { pools, statements, hashing, hashes_waiting }
    }

    /// The feed of live changes and its subscribers.
    pub fn feed(&self) -> &Feed {
        &self.inner.feed
    }

    /// The service that sends mail.
    pub fn mail(&self) -> &Mail {
        &self.inner.mail
    }

    /// Makes `/readyz` report that the server will stop soon. Requests are still served.
    pub fn announce_stop(&self) {
        self.inner.is_stop_announced.store(true, Ordering::Relaxed);
    }

    /// Whether [`App::announce_stop`] was called: the server will stop soon.
    pub fn is_stop_announced(&self) -> bool {
        self.inner.is_stop_announced.load(Ordering::Relaxed)
    }

    /// Begins to stop: new requests are refused, and streams of events end.
    pub fn drain(&self) {
        self.inner.is_draining.send_replace(true);
    }

    /// Whether the server is stopping.
    pub fn is_draining(&self) -> bool {
        *self.inner.is_draining.borrow()
    }

    /// Waits until the server is stopping.
    pub async fn drained(&self) {
        // The sender lives as long as `self`, so this never fails.
        let _ = self.inner.is_draining.subscribe().wait_for(|is_draining| *is_draining).await;
    }

    /// Stops sending mail, writes the waiting audit events of reads and closes the database.
    pub async fn close(&self) {
        self.inner.mail.stop().await;
        self.inner.reads.flush().await;
        self.inner.db.close().await;
    }
}
