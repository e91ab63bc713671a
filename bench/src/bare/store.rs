//! The connections of the bare program, with the settings of Frontdesk's.

use std::time::Duration;

use chrono::NaiveDate;
use shared::patient::{Patient, PatientFields};
use sqlx::{
    PgPool, SqlitePool,
    postgres::PgPoolOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{Outcome, create, read};

/// Connections to PostgreSQL.
const CONNECTIONS: u32 = 16;
/// Connections that read SQLite.
const READERS: u32 = 6;
/// How long a request waits for a connection.
const WAIT: Duration = Duration::from_secs(30);

/// The database.
#[derive(Clone)]
pub(crate) enum Store {
    /// One connection writes.
    Sqlite {
        readers: SqlitePool,
        writer: SqlitePool,
    },
    Postgres(PgPool),
}

/// Runs a reading statement on whichever database there is.
macro_rules! fetch {
    ($store:expr, $method:ident, $sql:expr $(, $value:expr)*) => {
        match $store {
            Self::Sqlite { readers, .. } => {
                let row = sqlx::query($sql)$(.bind($value))*.$method(readers).await?;
                row.iter().map(read::patient).collect()
            }
            Self::Postgres(pool) => {
                let row = sqlx::query($sql)$(.bind($value))*.$method(pool).await?;
                row.iter().map(read::patient).collect()
            }
        }
    };
}

impl Store {
    /// Opens a database: `sqlite` and a file, or `postgres` and a URL.
    pub(crate) async fn open(kind: &str, place: &str) -> Outcome<Self> {
        if kind == "postgres" {
            let options = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(WAIT);
            return Ok(Self::Postgres(options.test_before_acquire(false).connect(place).await?));
        }
        let options = SqliteConnectOptions::new()
            .filename(place)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .pragma("cache_size", "-4000")
            .pragma("secure_delete", "ON");
        let pool = |size| {
            let options = SqlitePoolOptions::new().max_connections(size).acquire_timeout(WAIT);
            options.test_before_acquire(false)
        };
        let writer = pool(1).connect_with(options.clone()).await?;
        let readers = pool(READERS).connect_with(options.read_only(true)).await?;
        Ok(Self::Sqlite { readers, writer })
    }

    /// One patient.
    pub(crate) async fn get(&self, id: i64, today: NaiveDate) -> sqlx::Result<Option<Patient>> {
        let found: sqlx::Result<Vec<_>> = fetch!(self, fetch_optional, read::ONE, id);
        Ok(found?.pop().map(|patient| read::with_age(patient, today)))
    }

    /// The first 20 patients by name.
    pub(crate) async fn list(&self, today: NaiveDate) -> sqlx::Result<Vec<Patient>> {
        let found: sqlx::Result<Vec<_>> = fetch!(self, fetch_all, read::LIST);
        Ok(found?.into_iter().map(|patient| read::with_age(patient, today)).collect())
    }

    /// The first 20 patients whose last name begins with a text.
    pub(crate) async fn search(&self, start: &str, today: NaiveDate) -> sqlx::Result<Vec<Patient>> {
        let end = format!("{start}\u{10FFFF}");
        let found: sqlx::Result<Vec<_>> = fetch!(self, fetch_all, read::SEARCH, start, &end);
        Ok(found?.into_iter().map(|patient| read::with_age(patient, today)).collect())
    }

    /// Creates a patient, in a transaction of its own.
    pub(crate) async fn create(&self, fields: PatientFields, today: NaiveDate) -> Outcome<Patient> {
        let now = server::clock::Clock::new(chrono_tz::Tz::UTC).now();
        let patient = match self {
            Self::Sqlite { writer, .. } => create::on_sqlite(writer, fields, now).await,
            Self::Postgres(pool) => create::on_postgres(pool, fields, now).await,
        };
        Ok(read::with_age(patient?, today))
    }
}
