//! Everything a request needs, built once and cheap to clone.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::watch;

use crate::{
    clock::Clock,
    config::{Database, Settings},
    db::Db,
    domain::{audit::Reads, feed::Feed, mail::Mail, passwords::Passwords, tokens::Tokens, users},
    keys::KeyRing,
    metrics::{Levels, Metrics},
    post::Post,
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
    reads: Reads,
    metrics: Metrics,
    feed: Feed,
    mail: Mail,
    is_leaving: AtomicBool,
    is_draining: watch::Sender<bool>,
}

impl App {
    /// Opens the database, brings it up to date and finds the keys.
    ///
    /// Fails with one sentence for the operator.
    pub async fn open(settings: Settings) -> Result<Self, String> {
        let database = settings.database()?;
        Self::open_on(settings, &database).await
    }

    /// The same, on a database that was decided elsewhere.
    pub async fn open_on(settings: Settings, database: &Database) -> Result<Self, String> {
        let clock = Clock::new(settings.zone()?);
        database.make_folder()?;
        let keys = KeyRing::open(&settings, database, &clock)?;
        let post = Post::open(&settings, database)?;
        let db = Db::open(database).await?;
        let tokens = Tokens::new(keys, settings.access_token_minutes);
        let passwords = Passwords::new()?;
        let reads = Reads::start(db.clone());
        let (feed, is_draining) = (Feed::default(), watch::Sender::new(false));
        let (metrics, mail) = (Metrics::new(clock.now()), Mail::new(post));
        let inner = Inner {
            settings,
            db,
            clock,
            tokens,
            passwords,
            reads,
            metrics,
            feed,
            mail,
            is_leaving: AtomicBool::new(false),
            is_draining,
        };
        let app = Self { inner: Arc::new(inner) };
        users::complete(&app).await.map_err(|error| error.to_string())?;
        Ok(app)
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

    /// What makes and reads tokens.
    pub fn tokens(&self) -> &Tokens {
        &self.inner.tokens
    }

    /// What hashes passwords.
    pub fn passwords(&self) -> &Passwords {
        &self.inner.passwords
    }

    /// Where reads are noted.
    pub fn reads(&self) -> &Reads {
        &self.inner.reads
    }

    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.inner.metrics
    }

    /// How busy the database's connections and the hashing of passwords are right now.
    pub fn levels(&self) -> Levels {
        let (hashing, hashes_waiting) = self.passwords().load();
        Levels { pools: self.db().pools(), hashing, hashes_waiting }
    }

    /// Those who listen for changes.
    pub(crate) fn feed(&self) -> &Feed {
        &self.inner.feed
    }

    /// What sends mail.
    pub fn mail(&self) -> &Mail {
        &self.inner.mail
    }

    /// From now on the server says that it is not ready, and serves as before.
    pub fn leave(&self) {
        self.inner.is_leaving.store(true, Ordering::Relaxed);
    }

    /// Whether the server will stop soon.
    pub fn is_leaving(&self) -> bool {
        self.inner.is_leaving.load(Ordering::Relaxed)
    }

    /// From now on new requests are refused, and what would go on for ever ends.
    pub fn drain(&self) {
        self.inner.is_draining.send_replace(true);
    }

    /// Whether the server is stopping.
    pub fn is_draining(&self) -> bool {
        *self.inner.is_draining.borrow()
    }

    /// Waits until the server is stopping.
    pub async fn drained(&self) {
        // The sender lives as long as we do, so this fails never.
        let _ = self.inner.is_draining.subscribe().wait_for(|is_draining| *is_draining).await;
    }

    /// Writes what is still waiting to be written and closes the database.
    pub async fn close(&self) {
        self.inner.mail.stop().await;
        self.inner.reads.flush().await;
        self.inner.db.close().await;
    }
}
