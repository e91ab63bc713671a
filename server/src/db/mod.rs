//! The database: SQLite or PostgreSQL behind one interface. One SQL text serves both, and a
//! statement runs on whichever connection is in use. Only this file, `conn`, `sql`, `rows`, `together`, `sqlite`,
//! `postgres` and `migrate` distinguish the two. `failure`, `fault` and `health`, which decide what a
//! failure means, know neither.

#[macro_use]
mod columns;
#[macro_use]
pub mod records;
#[macro_use]
pub(crate) mod named;

pub mod api_tokens;
mod arg;
pub mod assignments;
pub mod audit;
pub mod changes;
pub mod codes;
mod conn;
mod counts;
pub mod dashboard;
pub mod devices;
pub mod doctors;
pub mod explain;
pub(crate) mod export;
mod failure;
mod fault;
mod figures;
mod health;
pub mod idempotency;
pub(crate) mod image;
pub mod listing;
pub mod mail;
mod migrate;
pub mod names;
pub mod patients;
mod postgres;
mod rows;
pub mod search;
pub mod sessions;
mod sql;
mod sqlite;
mod tables;
pub mod throttle;
mod together;
mod upkeep;
pub mod users;
pub mod visits;

use std::time::Duration;

use shared::{UserId, moment::Moment};

pub(crate) use arg::Arg;
pub(crate) use conn::{Conn, ReadConn, Tx};
pub(crate) use fault::{DbError, UniqueKey};
pub use health::Outage;
pub(crate) use sql::{Row, Sql};

use crate::{
    config::Database,
    error::Error,
    finding::{Finding, State},
    metrics::PoolUse,
    output::OncePerSecond,
};
use conn::{Link, Session};
use counts::Counts;
use failure::NoConnection;
use health::Health;

/// The records that a caller may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All records.
    All,
    /// The records that this user created.
    Own(UserId),
    /// The records that this user created, and those in the care of the doctor that the user's
    /// account is linked to.
    OfDoctor(UserId),
    /// The records that this user created, and the patient that the user's account is linked to.
    OfPatient(UserId),
}

/// Whether a query covers current records, archived ones, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArchiveState {
    Current,
    Archived,
    Any,
}

impl ArchiveState {
    /// The state of a record that is archived or not.
    pub(crate) fn of(is_archived: bool) -> Self {
        if is_archived { Self::Archived } else { Self::Current }
    }

    /// The condition on `archived_at`. Only one table of a query may have that column.
    pub(crate) fn condition(self) -> &'static str {
        match self {
            Self::Current => " AND archived_at IS NULL",
            Self::Archived => " AND archived_at IS NOT NULL",
            Self::Any => "",
        }
    }
}

/// Restricts a list to records updated at or after `from` and before `to`.
pub(crate) fn restrict_updated(
    sql: &mut Sql,
    column: &'static str,
    from: Option<Moment>,
    to: Option<Moment>,
) {
    for (comparison, limit) in [(" >= ", from), (" < ", to)] {
        if let Some(limit) = limit {
            sql.push(" AND ").push(column).push(comparison).bind(limit.0);
        }
    }
}

/// The database. Clones share its connections.
#[derive(Clone)]
pub struct Db {
    pools: Pools,
    health: Health,
    counts: Counts,
}

#[derive(Clone)]
enum Pools {
    Sqlite(sqlite::File),
    Postgres(postgres::Server),
}

/// The readiness of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It can be read and written.
    Ready,
    /// It can be read, but no room is left to write.
    Full,
    /// It can't be reached or can't be written.
    Away,
}

/// The deadline of the readiness check.
const LOOK_TIME: Duration = Duration::from_secs(2);

impl Db {
    /// Opens the database, applies its migrations and checks that it is fit to store records.
    ///
    /// Fails with a sentence for the operator.
    pub async fn open(database: &Database) -> Result<Self, String> {
        let db = Self::open_alone(database).await?;
        tokio::spawn(upkeep::keep_trying(db.clone()));
        match &db.pools {
            Pools::Sqlite(_) => drop(tokio::spawn(upkeep::keep_log_short(db.clone()))),
            Pools::Postgres(_) => drop(tokio::spawn(upkeep::keep_figures_folded(db.clone()))),
        }
        Ok(db)
    }

    /// Opens the database without the tasks that keep it up.
    async fn open_alone(database: &Database) -> Result<Self, String> {
        let pools = match database {
            Database::Sqlite(path) => Pools::Sqlite(sqlite::open(path).await?),
            Database::Postgres(url) => Pools::Postgres(postgres::open(url).await?),
        };
        Ok(Self { pools, health: Health::default(), counts: Counts::default() })
    }

    /// Inspects a database without changing it: whether it can be reached, whether all migrations
    /// are applied, whether it is sound, and whether the kept figures are what counting the records
    /// gives. Each check gives one finding.
    pub async fn inspect(database: &Database) -> Vec<Finding> {
        let found = match database {
            Database::Sqlite(path) => sqlite::inspect(path).await,
            Database::Postgres(url) => Self::inspect_server(database, url).await,
        };
        found.unwrap_or_else(|sentence| vec![Finding::bad(sentence)])
    }

    async fn inspect_server(database: &Database, url: &str) -> Result<Vec<Finding>, String> {
        let (place, migrated) = postgres::inspect(url).await?;
        let is_migrated = migrated.state == State::Good;
        let mut found = vec![place, migrated];
        // Opening applies no migration then, because none is missing.
        if is_migrated {
            let figures = match Self::open_alone(database).await {
                Ok(db) => {
                    let inspected = figures::inspect(&db).await;
                    db.close().await;
                    inspected
                }
                Err(sentence) => Err(figures::unread(&sentence)),
            };
            found.push(figures.unwrap_or_else(Finding::bad));
        }
        Ok(found)
    }

    /// Counts the kept figures anew, beside any writer. The finding names those that were wrong. It is
    /// `None` where there are no tables yet. Migrations are not applied.
    ///
    /// On SQLite, the caller sees to it that nobody else does this to the same file at the same time.
    /// Otherwise both would add what a figure lacks.
    ///
    /// Fails with a sentence for the operator, also where a migration is missing.
    pub async fn recount(database: &Database) -> Result<Option<Finding>, String> {
        let migrated = match database {
            Database::Sqlite(path) => sqlite::inspect_migrations(path).await?,
            Database::Postgres(url) => postgres::inspect(url).await?.1,
        };
        match migrated.state {
            State::Good => {}
            State::Warning => return Ok(None),
            State::Bad => return Err(migrated.detail),
        }
        // Opening applies no migration, because none is missing.
        let db = Self::open_alone(database).await?;
        let recounted = figures::recount(&db).await;
        db.close().await;
        recounted.map(Some).map_err(|error| error.to_string())
    }

    /// Whether it is a file of SQLite.
    pub(crate) fn is_file(&self) -> bool {
        matches!(self.pools, Pools::Sqlite(_))
    }

    /// Takes a connection for reading.
    pub(crate) async fn read(&self) -> Result<ReadConn, Error> {
        let health = self.health.clone();
        let link = match &self.pools {
            Pools::Sqlite(file) => file.reader(health).await.map(Link::Sqlite),
            Pools::Postgres(server) => server.session(health).await.map(Link::Postgres),
        };
        Ok(ReadConn(self.session(link)?))
    }

    /// Takes a connection for reading with statements that may take long: those that no index
    /// bounds. They hold up no other request.
    pub(crate) async fn read_at_length(&self) -> Result<ReadConn, Error> {
        let mut read = self.read().await?;
        read.run_apart();
        Ok(read)
    }

    /// Begins a transaction for reading. All its statements see the database at the same moment, and
    /// may take long.
    pub(crate) async fn snapshot(&self) -> Result<Tx, Error> {
        self.read_at_length().await?.snapshot().await
    }

    /// Begins a transaction for writing. Dropping it rolls it back.
    pub(crate) async fn begin(&self) -> Result<Tx, Error> {
        let health = self.health.clone();
        let link = match &self.pools {
            Pools::Sqlite(file) => file.writer(health).await.map(Link::Sqlite),
            Pools::Postgres(server) => server.session(health).await.map(Link::Postgres),
        };
        Tx::begin(self.session(link)?).await
    }

    /// The writing connection to SQLite, outside a transaction; `None` for PostgreSQL. Its
    /// statements may take long.
    async fn file_writer(&self) -> Result<Option<Session>, Error> {
        let Pools::Sqlite(file) = &self.pools else { return Ok(None) };
        let link = file.writer_alone(self.health.clone()).await.map(Link::Sqlite);
        let mut session = self.session(link)?;
        session.run_apart();
        Ok(Some(session))
    }

    fn session(&self, link: Result<Link, NoConnection>) -> Result<Session, Error> {
        match link {
            Ok(link) => Ok(Session::new(link, self.counts.clone())),
            Err(NoConnection::Failed(failure)) => Err(failure.report(&self.health).into()),
            Err(NoConnection::Crowded(why)) => Err(crowded(why)),
        }
    }

    /// Whether the database can be read and written. Reading is tried. Writing counts as possible
    /// unless it has failed before.
    pub async fn readiness(&self) -> Readiness {
        match tokio::time::timeout(LOOK_TIME, self.look()).await {
            Ok(Ok(())) => match self.health.outage() {
                None => Readiness::Ready,
                Some(Outage::NoRoom) => Readiness::Full,
                Some(Outage::Unwritable) => Readiness::Away,
            },
            _ => Readiness::Away,
        }
    }

    async fn look(&self) -> Result<(), Error> {
        let mut read = self.read().await?;
        let mut conn = read.conn();
        // From a table, so that the file is actually read.
        let ask = conn.either(
            "SELECT 'off' AS it FROM write_trial",
            "SELECT current_setting('transaction_read_only') AS it FROM write_trial",
        );
        let read_only: String = ask.fetch_one(&mut conn).await?.get("it")?;
        if read_only == "off" { Ok(()) } else { Err(Error::internal("the server is read-only")) }
    }

    /// How busy each pool of connections is.
    pub fn pools(&self) -> Vec<PoolUse> {
        match &self.pools {
            Pools::Sqlite(file) => file.uses(),
            Pools::Postgres(server) => server.uses(),
        }
    }

    /// The number of statements that this process has sent.
    pub fn statements(&self) -> u64 {
        self.counts.statements()
    }

    /// The number of rows that the statements of this process have returned.
    pub fn rows(&self) -> u64 {
        self.counts.rows()
    }

    /// A number that rises before the end of every transaction of this process that may have changed
    /// a session, an API token or a user is known to anybody.
    pub(crate) fn access_changes(&self) -> u64 {
        self.counts.access_changes()
    }

    fn is_closed(&self) -> bool {
        match &self.pools {
            Pools::Sqlite(file) => file.is_closed(),
            Pools::Postgres(server) => server.is_closed(),
        }
    }

    /// Closes all connections. SQLite then writes its log into the database file.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite(file) => file.close().await,
            Pools::Postgres(server) => server.close().await,
        }
        self.health.closed();
    }
}

/// Reports that no connection was free in time, or that the database is being closed.
fn crowded(why: &'static str) -> Error {
    static REPORTS: OncePerSecond = OncePerSecond::new();
    if let Some(left_out) = REPORTS.admit() {
        tracing::warn!(why, left_out, "no connection to the database was free");
    }
    Error::Unavailable { reason: "the database is busy", after: 1 }
}
