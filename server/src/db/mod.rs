//! The database: SQLite or PostgreSQL behind one face. One SQL text serves both; a statement is run
//! on whichever connection there is. Only this file and `sql`, `sqlite`, `postgres`
//! and `migrate` know that there are two.

pub mod api_tokens;
/// How a joined user is shown to others, by the table's name in the query: username, or name, or the
/// id. The same as `User::label`.
macro_rules! shown_user {
    ($user:literal) => {
        concat!(
            "COALESCE(",
            $user,
            ".username, NULLIF(TRIM(COALESCE(",
            $user,
            ".first_name, '') \
             || ' ' || COALESCE(",
            $user,
            ".last_name, '')), ''), 'user ' || ",
            $user,
            ".id)"
        )
    };
}

pub mod assignments;
pub mod audit;
pub mod changes;
pub mod codes;
pub mod dashboard;
pub mod devices;
pub mod doctors;
pub mod explain;
pub mod idempotency;
pub mod listing;
pub mod mail;
mod migrate;
pub mod patients;
mod postgres;
pub mod search;
pub mod sessions;
mod sql;
mod sqlite;
pub mod throttle;
pub mod users;

use shared::{UserId, moment::Moment};
use sqlx::{
    PgPool, Postgres, Sqlite, SqlitePool, pool::PoolConnection, postgres::PgConnection,
    sqlite::SqliteConnection,
};

pub(crate) use sql::{Arg, Row, Sql};

use crate::{config::Database, error::Error, metrics::PoolUse};

/// Which records somebody may know of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All.
    All,
    /// Those that this user created.
    Own(UserId),
    /// Those too that are in the care of the doctor to whom this user's account belongs.
    OfDoctor(UserId),
    /// The one too to whom this user's account belongs.
    OfPatient(UserId),
}

/// Whether the archive is meant or everything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shelf {
    Current,
    Archive,
    Both,
}

impl Shelf {
    /// The condition on `archived_at`, which only one table of a query has.
    pub(crate) fn condition(self) -> &'static str {
        match self {
            Self::Current => " AND archived_at IS NULL",
            Self::Archive => " AND archived_at IS NOT NULL",
            Self::Both => "",
        }
    }
}

/// Restricts a list to what was changed from one time on and before another.
pub(crate) fn restrict_updated(
    sql: &mut Sql,
    column: &'static str,
    from: Option<Moment>,
    to: Option<Moment>,
) {
    if let Some(from) = from {
        sql.push(" AND ").push(column).push(" >= ").bind(from.0);
    }
    if let Some(to) = to {
        sql.push(" AND ").push(column).push(" < ").bind(to.0);
    }
}

/// The database. Clones share their connections.
#[derive(Clone)]
pub struct Db {
    pools: Pools,
}

#[derive(Clone)]
enum Pools {
    /// One writer; readers that can't write.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres(PgPool),
}

impl Db {
    /// Opens the database, brings its tables up to date, and checks that it is fit to keep records.
    ///
    /// Fails with one sentence for the operator.
    pub async fn open(database: &Database) -> Result<Self, String> {
        let pools = match database {
            Database::Sqlite(path) => sqlite::open(path).await?,
            Database::Postgres(url) => postgres::open(url).await?,
        };
        Ok(Self { pools })
    }

    /// Looks at a database without changing anything: whether it can be reached, has all its tables
    /// and is sound. One line for each, or a sentence about what is wrong.
    pub async fn inspect(database: &Database) -> Vec<Result<String, String>> {
        let found = match database {
            Database::Sqlite(path) => sqlite::inspect(path).await,
            Database::Postgres(url) => postgres::inspect(url).await,
        };
        found.unwrap_or_else(|sentence| vec![Err(sentence)])
    }

    /// A connection to read with.
    pub(crate) async fn read(&self) -> Result<Lent, Error> {
        Ok(match &self.pools {
            Pools::Sqlite { readers, .. } => Lent::Sqlite(readers.acquire().await.map_err(failed)?),
            Pools::Postgres(pool) => Lent::Postgres(pool.acquire().await.map_err(failed)?),
        })
    }

    /// A transaction to read in, all of whose statements see one moment.
    pub(crate) async fn snapshot(&self) -> Result<Tx, Error> {
        Ok(match &self.pools {
            Pools::Sqlite { readers, .. } => Tx::Sqlite(readers.begin().await.map_err(failed)?),
            Pools::Postgres(pool) => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                Tx::Postgres(pool.begin_with(begin).await.map_err(failed)?)
            }
        })
    }

    /// A transaction to write in. Dropping it rolls it back.
    pub(crate) async fn begin(&self) -> Result<Tx, Error> {
        Ok(match &self.pools {
            // Deferred transactions that read first and then write fail at once when another
            // connection has written in between.
            Pools::Sqlite { writer, .. } => {
                Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?)
            }
            Pools::Postgres(pool) => Tx::Postgres(pool.begin_with("BEGIN").await.map_err(failed)?),
        })
    }

    /// Whether the database answers.
    pub async fn is_reachable(&self) -> bool {
        let answer = async {
            let mut lent = self.read().await?;
            Sql::new("SELECT 1 AS one").fetch_one(&mut lent.conn()).await.map(drop)
        };
        let answer = tokio::time::timeout(std::time::Duration::from_secs(2), answer).await;
        matches!(answer, Ok(Ok(())))
    }

    /// How busy each pool of connections is.
    pub fn pools(&self) -> Vec<PoolUse> {
        fn of<D: sqlx::Database>(name: &'static str, pool: &sqlx::Pool<D>) -> PoolUse {
            let idle = pool.num_idle();
            let busy = (pool.size() as usize).saturating_sub(idle);
            PoolUse { name, busy, idle, max: pool.options().get_max_connections() as usize }
        }
        match &self.pools {
            Pools::Sqlite { writer, readers } => {
                vec![of("writer", writer), of("readers", readers)]
            }
            Pools::Postgres(pool) => vec![of("all", pool)],
        }
    }

    /// Closes all connections; SQLite's log is written into its file.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

/// A connection that was lent for reading.
pub(crate) enum Lent {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

impl Lent {
    pub(crate) fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(conn) => Conn::Sqlite(conn),
            Self::Postgres(conn) => Conn::Postgres(conn),
        }
    }
}

/// A running transaction.
pub(crate) enum Tx {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl Tx {
    pub(crate) fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(tx) => Conn::Sqlite(tx),
            Self::Postgres(tx) => Conn::Postgres(tx),
        }
    }

    /// Makes everything that was written in it lasting.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
        .map_err(failed)
    }
}

/// What queries run on.
pub(crate) enum Conn<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

impl Conn<'_> {
    /// What locks a row that is read to be written: SQLite has one writer anyway. Rows that refer to
    /// the locked one may still be written.
    pub(crate) fn for_update(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "",
            Self::Postgres(_) => " FOR NO KEY UPDATE",
        }
    }

    /// The one of two texts that this database understands, where none serves both.
    pub(crate) fn either(&self, sqlite: &'static str, postgres: &'static str) -> Sql {
        match self {
            Self::Sqlite(_) => Sql::new(sqlite),
            Self::Postgres(_) => Sql::new(postgres),
        }
    }
}

/// What a query can fail with that a rule reacts to, and everything else.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DbError {
    /// A unique index refused a row. The key is `<table>_<columns>_key` on both databases.
    #[error("not unique: {0}")]
    Unique(String),
    /// Anything else.
    #[error(transparent)]
    Other(#[from] Error),
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unique(key) => Self::internal(format!("not unique: {key}")),
            DbError::Other(error) => error,
        }
    }
}

impl DbError {
    fn from_sqlx(error: sqlx::Error) -> Self {
        let Some(refusal) = error.as_database_error().filter(|e| e.is_unique_violation()) else {
            return Self::Other(failed(error));
        };
        let key = refusal.constraint().map(str::to_owned).unwrap_or_else(|| {
            // SQLite names the columns instead: "UNIQUE constraint failed: users.email_key".
            let columns = refusal.message().rsplit(": ").next().unwrap_or_default();
            let mut key = String::new();
            for column in columns.split(", ") {
                let (table, column) = column.split_once('.').unwrap_or(("", column));
                if key.is_empty() {
                    key.push_str(table);
                }
                key.push('_');
                key.push_str(column);
            }
            key + "_key"
        });
        Self::Unique(key)
    }
}

/// What a failed query means: busy or away, or a defect.
fn failed(error: sqlx::Error) -> Error {
    let busy = match &error {
        sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(refusal) => refusal.code().is_some_and(|code| {
            // SQLite: busy, locked, a snapshot that is too old, a full disk. PostgreSQL: connection
            // trouble, no room, an operator's stop, serialisation and deadlock.
            matches!(code.as_ref(), "5" | "6" | "13" | "261" | "517" | "40001" | "40P01")
                || ["08", "53", "57"].iter().any(|class| code.starts_with(class) && code.len() == 5)
        }),
        _ => false,
    };
    if busy {
        tracing::warn!(error = %error, "the database is not available");
        return Error::Unavailable { reason: "the database is not available", after: 1 };
    }
    Error::Internal(Box::new(error))
}
