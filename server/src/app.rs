//! Everything a request needs, built once and cheap to clone.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::{
    clock::Clock,
    config::{Database, Settings},
    db::Db,
    domain::{audit::Reads, mail::Mail, passwords::Passwords, tokens::Tokens, users},
    keys::KeyRing,
    post::Post,
};

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
    mail: Mail,
    is_draining: AtomicBool,
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
        let keys = KeyRing::open(&settings, database)?;
        let post = Post::open(&settings, database)?;
        let db = Db::open(database).await?;
        let tokens = Tokens::new(keys, settings.access_token_minutes);
        let passwords = Passwords::new()?;
        let reads = Reads::start(db.clone());
        let mail = Mail::new(post);
        let is_draining = AtomicBool::new(false);
        let inner = Inner { settings, db, clock, tokens, passwords, reads, mail, is_draining };
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

    /// Whether the database answers.
    pub async fn is_reachable(&self) -> bool {
        self.db().is_reachable().await
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

    /// What sends mail.
    pub fn mail(&self) -> &Mail {
        &self.inner.mail
    }

    /// From now on new requests are refused.
    pub fn drain(&self) {
        self.inner.is_draining.store(true, Ordering::Relaxed);
    }

    /// Whether the server is stopping.
    pub fn is_draining(&self) -> bool {
        self.inner.is_draining.load(Ordering::Relaxed)
    }

    /// Writes what is still waiting to be written and closes the database.
    pub async fn close(&self) {
        self.inner.mail.stop().await;
        self.inner.reads.flush().await;
        self.inner.db.close().await;
    }
}
