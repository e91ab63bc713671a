//! A connection to the file in use. Its statements run on the calling thread: a short one takes less
//! time than waking another thread. What may run for long runs apart.

use deadpool::managed::Object;
use rusqlite::Connection;
use tokio::task::spawn_blocking;

use super::{
    super::{Arg, DbError, failure::Failure, fault::Fault, health::Health},
    failure::SqliteError,
    opener::Opener,
    statement::{self, Row},
    writer::Turn,
};
use crate::error::Error;

/// A connection in use. Dropping what it holds rolls back what was not committed.
pub(in crate::db) struct Session {
    /// `None` only while a statement runs apart, and for good where its request was dropped then.
    held: Option<Held>,
    health: Health,
    is_apart: bool,
}

enum Held {
    Reader(Reader),
    Writer(Turn),
}

/// A connection that can't write. It returns to its pool without an open transaction, which would keep
/// the log from being emptied.
struct Reader(Option<Object<Opener>>);

impl Drop for Reader {
    fn drop(&mut self) {
        let Some(conn) = self.0.take() else { return };
        if !conn.is_autocommit()
            && let Err(error) = conn.execute_batch("ROLLBACK")
        {
            tracing::debug!(%error, "a transaction could not be ended");
            drop(Object::take(conn));
        }
    }
}

impl Held {
    fn connection(&self) -> Option<&Connection> {
        match self {
            Self::Reader(conn) => conn.0.as_deref(),
            Self::Writer(turn) => turn.connection(),
        }
    }

    fn run<T>(
        &self,
        run: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, SqliteError> {
        let lost = || std::io::Error::other("the connection was lost earlier");
        Ok(run(self.connection().ok_or_else(lost)?)?)
    }
}

impl Session {
    /// A connection that can't write.
    pub(super) fn reader(conn: Object<Opener>, health: Health) -> Self {
        Self { held: Some(Held::Reader(Reader(Some(conn)))), health, is_apart: false }
    }

    /// The connection that writes.
    pub(super) fn writer(turn: Turn, health: Health) -> Self {
        Self { held: Some(Held::Writer(turn)), health, is_apart: false }
    }

    /// Runs further statements on a thread of their own, because they may take long.
    pub(in crate::db) fn run_apart(&mut self) {
        self.is_apart = true;
    }

    /// Runs a statement and returns its rows.
    pub(in crate::db) async fn fetch(
        &mut self,
        text: String,
        args: Vec<Arg>,
    ) -> Result<Vec<Row>, DbError> {
        self.run(move |conn| statement::fetch(conn, &text, &args)).await
    }

    /// Runs a statement and returns the number of rows that it has changed.
    pub(in crate::db) async fn execute(
        &mut self,
        text: String,
        args: Vec<Arg>,
    ) -> Result<u64, DbError> {
        self.run(move |conn| statement::execute(conn, &text, &args)).await
    }

    /// Begins a transaction for reading.
    pub(in crate::db) async fn begin_snapshot(&mut self) -> Result<(), DbError> {
        self.run(|conn| conn.execute_batch("BEGIN")).await
    }

    /// Begins a transaction for writing.
    pub(in crate::db) async fn begin(&mut self) -> Result<(), DbError> {
        let begun = match self.held.as_mut() {
            Some(Held::Writer(turn)) => turn.begin().await,
            _ => return Err(Error::internal("a reading connection can't write").into()),
        };
        match begun {
            Ok(()) => Ok(()),
            Err(error) => Err(self.failed(error).await),
        }
    }

    /// Whether anybody waits for the end of the transaction.
    pub(in crate::db) fn is_awaited(&self) -> bool {
        match &self.held {
            Some(Held::Writer(turn)) => turn.is_awaited(),
            _ => false,
        }
    }

    /// Commits everything that was written in the transaction.
    pub(in crate::db) async fn commit(mut self) -> Result<(), DbError> {
        match self.held.take() {
            Some(Held::Writer(turn)) => {
                turn.commit().await.map_err(|failure| failure.report(&self.health))?;
                self.health.committed();
                Ok(())
            }
            // Nothing was written.
            Some(Held::Reader(_)) => Ok(()),
            None => Err(Error::internal("a commit on a connection that was lost").into()),
        }
    }

    async fn run<T: Send + 'static>(
        &mut self,
        run: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, DbError> {
        let gone = || Error::internal("a statement was sent on a connection that was lost");
        let outcome = if self.is_apart {
            let held = self.held.take().ok_or_else(gone)?;
            let ran = spawn_blocking(move || {
                let outcome = held.run(run);
                (held, outcome)
            });
            let (held, outcome) = ran.await.map_err(|error| Error::Internal(error.into()))?;
            self.held = Some(held);
            outcome
        } else {
            self.held.as_ref().ok_or_else(gone)?.run(run)
        };
        match outcome {
            Ok(value) => Ok(value),
            Err(error) => Err(self.failed(error).await),
        }
    }

    /// Describes a failure, and closes a connection that can't be trusted after it.
    async fn failed(&mut self, error: SqliteError) -> DbError {
        let path = match &self.held {
            Some(Held::Writer(turn)) => Some(turn.path()),
            Some(Held::Reader(conn)) => {
                let pool = conn.0.as_ref().and_then(Object::pool);
                pool.map(|pool| pool.manager().path().to_owned())
            }
            None => None,
        };
        let failure = match path {
            Some(path) => error.describe_apart(&path).await,
            None => Failure::new(Fault::Away, error.to_string()),
        };
        match self.held.as_mut() {
            Some(Held::Writer(turn)) => turn.failed(&failure),
            Some(Held::Reader(_)) if failure.fault.spoils_connection() => {
                if let Some(Held::Reader(mut conn)) = self.held.take() {
                    drop(conn.0.take().map(Object::take));
                }
            }
            _ => {}
        }
        failure.report(&self.health)
    }
}
