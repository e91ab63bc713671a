//! A database connection, from the moment it is taken from its pool until it is returned.
//!
//! A future can be dropped at any await, for example when a client disconnects or a deadline
//! passes. The state of a connection is therefore noted before each statement is sent, and
//! [`Session`] either returns the connection clean or closes it:
//!
//! - Between statements, outside a transaction, it is returned as it is.
//! - In a transaction that has not ended, it is returned after `ROLLBACK` is answered.
//! - During a statement (`BEGIN` and `COMMIT` included), the same applies, and the database must
//!   then answer a test query, so that a late answer is never taken for that of another statement.
//! - After a failure that was not the statement's own (see [`Fault`]), or where the steps above
//!   take longer than a second, it is closed.
//!
//! In the second and third case it is not closed outright, because a client that disconnects again
//! and again would make the server do little else than connect.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use deadpool::managed::Object;
use sqlx::{AssertSqlSafe, raw_sql};
use tokio::time::{Instant, sleep, timeout};

use super::{
    counts::Counts,
    fault::{DbError, Fault, UniqueKey},
    health::Health,
    postgres, reason,
    sql::{Arg, Row, Sql, postgres_args, sqlite_args},
    sqlite,
};
use crate::error::Error;

/// The time within which a connection must be clean again.
const SETTLE_TIME: Duration = Duration::from_secs(1);
/// Counts the test queries, so that each one has another number.
static NUMBER: AtomicI64 = AtomicI64::new(0);

/// A connection of one of the pools. Dropping it returns it to its pool.
pub(super) enum Link {
    Sqlite(Object<sqlite::Opener>),
    Postgres(Object<postgres::Opener>),
}

impl Link {
    /// Closes the connection by dropping it outside the pool. SQLite rolls back when its thread has
    /// finished the statement, PostgreSQL when it sees the closed socket.
    fn close(self) {
        match self {
            Self::Sqlite(object) => drop(Object::take(object)),
            Self::Postgres(object) => drop(Object::take(object)),
        }
    }

    /// Returns the connection to its pool if it can be made clean in time, and closes it otherwise.
    async fn settle(mut self, is_in_transaction: bool) {
        let settled = timeout(SETTLE_TIME, self.make_clean(is_in_transaction)).await;
        if !matches!(settled, Ok(Ok(true))) {
            self.close();
        }
    }

    /// Rolls back the transaction, if one is open, and runs a test query. Returns whether the
    /// answer belongs to that query and not to an earlier statement.
    async fn make_clean(&mut self, is_in_transaction: bool) -> Result<bool, sqlx::Error> {
        // A number that no earlier statement has asked for.
        let asked = i64::from(std::process::id()) << 32 | NUMBER.fetch_add(1, Ordering::Relaxed);
        let read_only = AssertSqlSafe(format!("SELECT {asked}"));
        let answered: i64 = match self {
            Self::Sqlite(conn) => {
                if is_in_transaction {
                    raw_sql("ROLLBACK").execute(&mut **conn).await?;
                }
                sqlx::query_scalar(read_only).persistent(false).fetch_one(&mut **conn).await?
            }
            Self::Postgres(conn) => {
                if is_in_transaction {
                    raw_sql("ROLLBACK").execute(&mut **conn).await?;
                }
                sqlx::query_scalar(read_only).persistent(false).fetch_one(&mut **conn).await?
            }
        };
        Ok(answered == asked)
    }

    /// The class of a failure on this connection.
    async fn fault(&self, error: &sqlx::Error) -> Fault {
        match self {
            Self::Sqlite(conn) => match Object::pool(conn) {
                Some(pool) => sqlite::fault(error, pool.manager().path()).await,
                None => Fault::Away,
            },
            Self::Postgres(conn) => {
                let fault = postgres::fault(error);
                if fault == Fault::Unwritable
                    && let Some(pool) = Object::pool(conn)
                {
                    // The pool's other connections lead to the same server, which can't be written.
                    pool.manager().distrust_all();
                }
                fault
            }
        }
    }
}

/// A connection in use.
pub(crate) struct Session {
    /// `None` only after the connection was returned.
    link: Option<Link>,
    health: Health,
    counts: Counts,
    /// The deadline of a statement; `None` for a database in this process.
    deadline: Option<Duration>,
    is_in_transaction: bool,
    /// Whether a statement was sent and has not ended yet.
    is_running: bool,
    is_spoiled: bool,
    /// Whether a statement of the transaction has failed.
    has_failed: bool,
    /// Whether the transaction changes who may do what.
    changes_access: bool,
}

impl Session {
    pub(super) fn new(link: Link, health: Health, counts: Counts) -> Self {
        let deadline = matches!(link, Link::Postgres(_)).then_some(postgres::STATEMENT_TIME);
        let (is_in_transaction, is_running) = (false, false);
        let (is_spoiled, has_failed) = (false, false);
        Self {
            link: Some(link),
            health,
            counts,
            deadline,
            is_in_transaction,
            is_running,
            is_spoiled,
            has_failed,
            changes_access: false,
        }
    }

    pub(super) fn is_sqlite(&self) -> bool {
        matches!(self.link, Some(Link::Sqlite(_)))
    }

    /// Runs a statement and returns its rows.
    pub(super) async fn fetch(
        &mut self,
        text: String,
        args: Vec<Arg>,
    ) -> Result<Vec<Row>, DbError> {
        let link = self.link.as_mut().ok_or_else(given_back)?;
        self.counts.note_statement();
        let (text, deadline) = (AssertSqlSafe(text), self.deadline);
        let outcome = match link {
            Link::Sqlite(conn) => {
                let query = sqlx::query_with(text, sqlite_args(args)?);
                self.is_running = true;
                let rows = in_time(deadline, query.fetch_all(&mut **conn)).await;
                rows.map(|rows| rows.into_iter().map(Row::Sqlite).collect())
            }
            Link::Postgres(conn) => {
                let query = sqlx::query_with(text, postgres_args(args)?);
                self.is_running = true;
                let rows = in_time(deadline, query.fetch_all(&mut **conn)).await;
                rows.map(|rows| rows.into_iter().map(Row::Postgres).collect())
            }
        };
        self.is_running = false;
        self.checked(outcome).await
    }

    /// Runs a statement and returns the number of rows that it has changed.
    pub(super) async fn execute(&mut self, text: String, args: Vec<Arg>) -> Result<u64, DbError> {
        let link = self.link.as_mut().ok_or_else(given_back)?;
        self.counts.note_statement();
        let (text, deadline) = (AssertSqlSafe(text), self.deadline);
        let outcome = match link {
            Link::Sqlite(conn) => {
                let query = sqlx::query_with(text, sqlite_args(args)?);
                self.is_running = true;
                let done = in_time(deadline, query.execute(&mut **conn)).await;
                done.map(|done| done.rows_affected())
            }
            Link::Postgres(conn) => {
                let query = sqlx::query_with(text, postgres_args(args)?);
                self.is_running = true;
                let done = in_time(deadline, query.execute(&mut **conn)).await;
                done.map(|done| done.rows_affected())
            }
        };
        self.is_running = false;
        self.checked(outcome).await
    }

    /// Runs `BEGIN`, `COMMIT` and the like without preparing them.
    async fn control(&mut self, text: &'static str) -> Result<(), sqlx::Error> {
        let Some(link) = self.link.as_mut() else { return Err(sqlx::Error::WorkerCrashed) };
        self.counts.note_statement();
        self.is_running = true;
        let outcome = match link {
            Link::Sqlite(conn) => {
                in_time(self.deadline, raw_sql(text).execute(&mut **conn)).await.map(drop)
            }
            Link::Postgres(conn) => {
                in_time(self.deadline, raw_sql(text).execute(&mut **conn)).await.map(drop)
            }
        };
        self.is_running = false;
        outcome
    }

    /// Begins a transaction. While another process is writing to the SQLite file, it tries again
    /// every few milliseconds, so that it finds even a short pause between that process's writes.
    pub(super) async fn begin(&mut self, text: &'static str) -> Result<(), Error> {
        self.is_in_transaction = true;
        let until = Instant::now() + sqlite::BUSY_TIME;
        let outcome = loop {
            match self.control(text).await {
                Err(error)
                    if self.is_sqlite() && sqlite::is_busy(&error) && Instant::now() < until =>
                {
                    sleep(sqlite::BUSY_PAUSE).await;
                }
                outcome => break outcome,
            }
        };
        Ok(self.checked(outcome).await?)
    }

    async fn commit(&mut self) -> Result<(), Error> {
        if self.has_failed && !self.is_sqlite() {
            // PostgreSQL would answer this COMMIT with a rollback, which looks like success.
            return Err(Error::internal("a commit after a statement that failed"));
        }
        let outcome = self.control("COMMIT").await;
        self.checked(outcome).await?;
        self.is_in_transaction = false;
        self.health.committed();
        Ok(())
    }

    /// The handle that statements run on.
    pub(super) fn conn(&mut self) -> Conn<'_> {
        Conn(self)
    }

    /// Records a failure: its class, and whether the connection may be used again.
    async fn checked<T>(&mut self, outcome: Result<T, sqlx::Error>) -> Result<T, DbError> {
        let error = match outcome {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        self.has_failed = true;
        let fault = match &self.link {
            Some(link) => link.fault(&error).await,
            None => Fault::Away,
        };
        self.is_spoiled |= fault.spoils_connection();
        Err(db_error(&self.health, fault, error))
    }
}

fn given_back() -> Error {
    Error::internal("a statement was sent on a connection that had been returned")
}

/// Reports a failure to the health of the database and turns it into an error.
pub(super) fn db_error(health: &Health, fault: Fault, error: sqlx::Error) -> DbError {
    let cause = reason(&error);
    health.failed(fault, &cause);
    match unique_key(&error) {
        Some(name) => match UniqueKey::named(&name) {
            Some(key) => DbError::Unique(key),
            None => Error::internal(format!("not unique: {name}")).into(),
        },
        None => fault.into_error(cause).into(),
    }
}

/// The name of the unique key that refused a row: `<table>_<columns>_key`.
fn unique_key(error: &sqlx::Error) -> Option<String> {
    let refusal = error.as_database_error().filter(|refusal| refusal.is_unique_violation())?;
    if let Some(key) = refusal.constraint() {
        return Some(key.to_owned());
    }
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
    Some(key + "_key")
}

/// The outcome of a statement. Where it has none by the deadline, the error is that of a broken
/// connection.
async fn in_time<T>(
    deadline: Option<Duration>,
    statement: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let Some(deadline) = deadline else { return statement.await };
    timeout(deadline, statement).await.unwrap_or_else(|_| {
        Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "a statement was not answered")
            .into())
    })
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.changes_access {
            // After the commit, and before its caller knows of it.
            self.counts.note_access_change();
        }
        let Some(link) = self.link.take() else { return };
        if self.is_spoiled {
            return link.close();
        }
        if !self.is_running && !self.is_in_transaction {
            return drop(link);
        }
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(link.settle(self.is_in_transaction))),
            Err(_) => link.close(),
        }
    }
}

/// A pooled connection for reading.
pub(crate) struct ReadConn(pub(super) Session);

impl ReadConn {
    pub(crate) fn conn(&mut self) -> Conn<'_> {
        Conn(&mut self.0)
    }
}

/// A running transaction. Dropping it rolls it back.
pub(crate) struct Tx(pub(super) Session);

impl Tx {
    pub(crate) fn conn(&mut self) -> Conn<'_> {
        Conn(&mut self.0)
    }

    /// Replaces the deadline of its statements.
    pub(super) fn set_deadline(&mut self, deadline: Duration) {
        self.0.deadline = Some(deadline);
    }

    /// Commits everything that was written in the transaction.
    pub(crate) async fn commit(mut self) -> Result<(), Error> {
        self.0.commit().await
    }
}

/// The connection or transaction that a statement runs on.
pub(crate) struct Conn<'c>(pub(super) &'c mut Session);

impl Conn<'_> {
    /// The clause with which a SELECT locks rows for a later write. It is empty for SQLite, which
    /// has only one writer. Other transactions may still insert rows that refer to the locked ones.
    pub(crate) fn for_update(&self) -> &'static str {
        if self.0.is_sqlite() { "" } else { " FOR NO KEY UPDATE" }
    }

    /// Notes that the transaction changes a session, an API token or what a user may do. What is
    /// known of callers is then read again after its end.
    pub(super) fn changes_access(&mut self) {
        self.0.changes_access = true;
    }

    /// Chooses the text for this database, where no text serves both.
    pub(crate) fn either(&self, sqlite: &'static str, postgres: &'static str) -> Sql {
        Sql::new(if self.0.is_sqlite() { sqlite } else { postgres })
    }
}
