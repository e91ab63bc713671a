//! A connection to PostgreSQL, from the moment it is taken from its pool until it is returned.
//!
//! A future can be dropped at any await, for example when a client disconnects or a deadline
//! passes. The state of a connection is therefore noted before each statement is sent, and
//! [`Session`] either returns the connection clean or closes it:
//!
//! - Between statements, outside a transaction, it is returned as it is.
//! - In a transaction that has not ended, it is returned after `ROLLBACK` is answered.
//! - During a statement (`BEGIN` and `COMMIT` included), the same applies, and the database must
//!   then answer a test query, so that a late answer is never taken for that of another statement.
//! - After a failure that was not the statement's own (see [`Fault`]),
//!   or where the steps above take longer than a second, it is closed.
//!
//! In the second and third case it is not closed outright, because a client that disconnects again
//! and again would make the server do little else than connect.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use deadpool::managed::Object;
use sqlx::{
    Arguments as _, AssertSqlSafe,
    error::BoxDynError,
    postgres::{PgArguments, PgConnection},
    raw_sql,
};
use tokio::time::timeout;

use super::{
    super::{Arg, DbError, fault::Fault, health::Health},
    Opener, Row, STATEMENT_TIME, describe,
};
use crate::error::Error;

/// The time within which a connection must be clean again.
const SETTLE_TIME: Duration = Duration::from_secs(1);
/// Counts the test queries, so that each one has another number.
static NUMBER: AtomicI64 = AtomicI64::new(0);

/// A connection in use.
pub(in crate::db) struct Session {
    /// `None` only after the connection was returned.
    link: Option<Object<Opener>>,
    health: Health,
    /// The deadline of a statement.
    deadline: Duration,
    is_in_transaction: bool,
    /// Whether a statement was sent and has not ended yet.
    is_running: bool,
    is_spoiled: bool,
    /// Whether a statement of the transaction has failed.
    has_failed: bool,
}

impl Session {
    pub(super) fn new(link: Object<Opener>, health: Health) -> Self {
        Self {
            link: Some(link),
            health,
            deadline: STATEMENT_TIME,
            is_in_transaction: false,
            is_running: false,
            is_spoiled: false,
            has_failed: false,
        }
    }

    /// Replaces the deadline of its statements.
    pub(in crate::db) fn set_deadline(&mut self, deadline: Duration) {
        self.deadline = deadline;
    }

    /// Runs a statement and returns its rows.
    pub(in crate::db) async fn fetch(
        &mut self,
        text: String,
        args: Vec<Arg>,
    ) -> Result<Vec<Row>, DbError> {
        self.fetch_bound(text, bound(args)?).await
    }

    /// Runs a statement and returns its rows. Each argument is a list of values of one type.
    pub(in crate::db) async fn fetch_with_lists(
        &mut self,
        text: String,
        lists: Vec<Vec<Arg>>,
    ) -> Result<Vec<Row>, DbError> {
        let mut bound = PgArguments::default();
        for list in lists {
            add_list(&mut bound, list).map_err(Error::Internal)?;
        }
        self.fetch_bound(text, bound).await
    }

    async fn fetch_bound(&mut self, text: String, args: PgArguments) -> Result<Vec<Row>, DbError> {
        let conn = self.link.as_mut().ok_or_else(given_back)?;
        let query = sqlx::query_with(AssertSqlSafe(text), args);
        self.is_running = true;
        let outcome = in_time(self.deadline, query.fetch_all(&mut **conn)).await;
        self.is_running = false;
        let rows = self.checked(outcome)?;
        Ok(rows.into_iter().map(Row::new).collect())
    }

    /// Runs a statement and returns the number of rows that it has changed.
    pub(in crate::db) async fn execute(
        &mut self,
        text: String,
        args: Vec<Arg>,
    ) -> Result<u64, DbError> {
        let conn = self.link.as_mut().ok_or_else(given_back)?;
        let query = sqlx::query_with(AssertSqlSafe(text), bound(args)?);
        self.is_running = true;
        let outcome = in_time(self.deadline, query.execute(&mut **conn)).await;
        self.is_running = false;
        self.checked(outcome.map(|done| done.rows_affected()))
    }

    /// Begins a transaction for reading.
    pub(in crate::db) async fn begin_snapshot(&mut self) -> Result<(), DbError> {
        self.is_in_transaction = true;
        self.control("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await
    }

    /// Begins a transaction for writing.
    pub(in crate::db) async fn begin(&mut self) -> Result<(), DbError> {
        self.is_in_transaction = true;
        self.control("BEGIN").await
    }

    /// Commits everything that was written in the transaction.
    pub(in crate::db) async fn commit(mut self) -> Result<(), DbError> {
        if self.has_failed {
            // PostgreSQL would answer this COMMIT with a rollback, which looks like success.
            return Err(Error::internal("a commit after a statement that failed").into());
        }
        self.control("COMMIT").await?;
        self.is_in_transaction = false;
        self.health.committed();
        Ok(())
    }

    /// Runs `BEGIN`, `COMMIT` and the like without preparing them.
    async fn control(&mut self, text: &'static str) -> Result<(), DbError> {
        let conn = self.link.as_mut().ok_or_else(given_back)?;
        self.is_running = true;
        let outcome = in_time(self.deadline, raw_sql(text).execute(&mut **conn)).await;
        self.is_running = false;
        self.checked(outcome.map(drop))
    }

    /// Records a failure: its class, and whether the connection may be used again.
    fn checked<T>(&mut self, outcome: Result<T, sqlx::Error>) -> Result<T, DbError> {
        let error = match outcome {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        self.has_failed = true;
        let failure = describe(&error);
        if matches!(failure.fault, Fault::Unwritable | Fault::Away)
            && let Some(pool) = self.link.as_ref().and_then(Object::pool)
        {
            // The pool's other connections lead to the same server, or through the same network.
            pool.manager().distrust_all();
        }
        self.is_spoiled |= failure.fault.spoils_connection();
        Err(failure.report(&self.health))
    }
}

fn given_back() -> Error {
    Error::internal("a statement was sent on a connection that had been returned")
}

fn bound(args: Vec<Arg>) -> Result<PgArguments, Error> {
    let mut bound = PgArguments::default();
    for arg in args {
        let added = match arg {
            Arg::Int(value) => bound.add(value),
            Arg::Text(value) => bound.add(value),
            Arg::Bool(value) => bound.add(value),
            Arg::Time(value) => bound.add(value),
        };
        added.map_err(Error::Internal)?;
    }
    Ok(bound)
}

/// Binds a list of values, whose type is that of the first one.
fn add_list(bound: &mut PgArguments, list: Vec<Arg>) -> Result<(), BoxDynError> {
    /// Binds the values of a variant. Another one among them is a defect of the caller.
    macro_rules! add {
        ($variant:ident) => {{
            let values = list.into_iter().map(|arg| match arg {
                Arg::$variant(value) => Ok(value),
                _ => Err("the values of a list are of several types"),
            });
            bound.add(values.collect::<Result<Vec<_>, _>>()?)
        }};
    }
    match list.first() {
        Some(Arg::Int(_)) => add!(Int),
        Some(Arg::Text(_)) => add!(Text),
        Some(Arg::Bool(_)) => add!(Bool),
        Some(Arg::Time(_)) => add!(Time),
        None => Err("the type of an empty list is not known".into()),
    }
}

/// The outcome of a statement. Where it has none by the deadline, the error is that of a broken
/// connection.
async fn in_time<T>(
    deadline: Duration,
    statement: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    timeout(deadline, statement).await.unwrap_or_else(|_| {
        Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "a statement was not answered")
            .into())
    })
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some(link) = self.link.take() else { return };
        if self.is_spoiled {
            return close(link);
        }
        if !self.is_running && !self.is_in_transaction {
            return drop(link);
        }
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(settle(link, self.is_in_transaction))),
            Err(_) => close(link),
        }
    }
}

/// Closes a connection by dropping it outside the pool. The server rolls back when it sees the
/// closed socket.
fn close(link: Object<Opener>) {
    drop(Object::take(link));
}

/// Returns a connection to its pool if it can be made clean in time, and closes it otherwise.
async fn settle(mut link: Object<Opener>, is_in_transaction: bool) {
    let settled = timeout(SETTLE_TIME, make_clean(&mut link, is_in_transaction)).await;
    if !matches!(settled, Ok(Ok(true))) {
        close(link);
    }
}

/// Rolls back the transaction, if one is open, and runs a test query. Returns whether the answer
/// belongs to that query and not to an earlier statement.
async fn make_clean(conn: &mut PgConnection, is_in_transaction: bool) -> Result<bool, sqlx::Error> {
    // A number that no earlier statement has asked for.
    let asked = i64::from(std::process::id()) << 32 | NUMBER.fetch_add(1, Ordering::Relaxed);
    if is_in_transaction {
        raw_sql("ROLLBACK").execute(&mut *conn).await?;
    }
    let read_only = AssertSqlSafe(format!("SELECT {asked}"));
    let answered: i64 =
        sqlx::query_scalar(read_only).persistent(false).fetch_one(&mut *conn).await?;
    Ok(answered == asked)
}
