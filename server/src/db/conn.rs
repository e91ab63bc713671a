//! What statements run on: a connection for reading or a transaction, of either database.

use std::time::Duration;

use super::{DbError, Sql, arg::Arg, postgres, sql::Row, sqlite};
use crate::error::Error;

/// A connection in use.
pub(super) enum Session {
    Sqlite(sqlite::Session),
    Postgres(postgres::Session),
}

impl Session {
    /// Runs its statements where they hold up no other request, because they may take long.
    fn run_apart(&mut self) {
        // PostgreSQL is another process.
        if let Self::Sqlite(session) = self {
            session.run_apart();
        }
    }

    pub(super) fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    /// Runs a statement and returns its rows.
    pub(super) async fn fetch(
        &mut self,
        text: String,
        args: Vec<Arg>,
    ) -> Result<Vec<Row>, DbError> {
        Ok(match self {
            Self::Sqlite(session) => {
                session.fetch(text, args).await?.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(session) => {
                session.fetch(text, args).await?.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// Runs a statement and returns the number of rows that it has changed.
    pub(super) async fn execute(&mut self, text: String, args: Vec<Arg>) -> Result<u64, DbError> {
        match self {
            Self::Sqlite(session) => session.execute(text, args).await,
            Self::Postgres(session) => session.execute(text, args).await,
        }
    }

    /// The handle that statements run on.
    pub(super) fn conn(&mut self) -> Conn<'_> {
        Conn(self)
    }
}

/// A connection for reading.
pub(crate) struct ReadConn(pub(super) Session);

impl ReadConn {
    pub(crate) fn conn(&mut self) -> Conn<'_> {
        Conn(&mut self.0)
    }

    /// Runs its statements where they hold up no other request, because they may take long.
    pub(super) fn run_apart(&mut self) {
        self.0.run_apart();
    }

    /// Begins a transaction. All its statements see the database at the same moment.
    pub(super) async fn snapshot(mut self) -> Result<Tx, Error> {
        match &mut self.0 {
            Session::Sqlite(session) => session.begin_snapshot().await?,
            Session::Postgres(session) => session.begin_snapshot().await?,
        }
        Ok(Tx(self.0))
    }
}

/// A running transaction. Dropping it rolls it back.
pub(crate) struct Tx(Session);

impl Tx {
    /// Begins a transaction for writing.
    pub(super) async fn begin(mut session: Session) -> Result<Self, Error> {
        match &mut session {
            Session::Sqlite(session) => session.begin().await?,
            Session::Postgres(session) => session.begin().await?,
        }
        Ok(Self(session))
    }

    pub(crate) fn conn(&mut self) -> Conn<'_> {
        Conn(&mut self.0)
    }

    /// Runs its statements where they hold up no other request, because they may take long.
    pub(crate) fn run_apart(&mut self) {
        self.0.run_apart();
    }

    /// Replaces the deadline of its statements. SQLite has none.
    pub(super) fn set_deadline(&mut self, deadline: Duration) {
        if let Session::Postgres(session) = &mut self.0 {
            session.set_deadline(deadline);
        }
    }

    /// Commits everything that was written in the transaction.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        match self.0 {
            Session::Sqlite(session) => session.commit().await?,
            Session::Postgres(session) => session.commit().await?,
        }
        Ok(())
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

    /// Chooses the text for this database, where no text serves both.
    pub(crate) fn either(&self, sqlite: &'static str, postgres: &'static str) -> Sql {
        Sql::new(if self.0.is_sqlite() { sqlite } else { postgres })
    }
}
