//! What statements run on: a connection for reading or a transaction, of either database.

use std::time::Duration;

use super::{DbError, Sql, arg::Arg, counts::Counts, postgres, sql::Row, sqlite};
use crate::error::Error;

/// A connection in use.
pub(super) struct Session {
    /// `None` only after the connection was returned.
    link: Option<Link>,
    counts: Counts,
    /// Whether the transaction changes who may do what.
    changes_access: bool,
}

/// A connection of one of the drivers.
pub(super) enum Link {
    Sqlite(sqlite::Session),
    Postgres(postgres::Session),
}

impl Session {
    pub(super) fn new(link: Link, counts: Counts) -> Self {
        Self { link: Some(link), counts, changes_access: false }
    }

    fn link(&mut self) -> Result<&mut Link, Error> {
        self.counts.note_statement();
        self.link.as_mut().ok_or_else(|| Error::internal("a connection that was returned is used"))
    }

    /// Runs its statements where they hold up no other request, because they may take long.
    pub(super) fn run_apart(&mut self) {
        // PostgreSQL is another process.
        if let Some(Link::Sqlite(session)) = &mut self.link {
            session.run_apart();
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
        let rows: Vec<_> = match self.link()? {
            Link::Sqlite(session) => {
                session.fetch(text, args).await?.into_iter().map(Row::Sqlite).collect()
            }
            Link::Postgres(session) => {
                session.fetch(text, args).await?.into_iter().map(Row::Postgres).collect()
            }
        };
        self.counts.note_rows(rows.len());
        Ok(rows)
    }

    /// Runs a statement of PostgreSQL, which alone has lists, and returns its rows. The values of a list
    /// are of one type.
    pub(super) async fn fetch_with_lists(
        &mut self,
        text: String,
        lists: Vec<Vec<Arg>>,
    ) -> Result<Vec<Row>, DbError> {
        match self.link()? {
            Link::Sqlite(_) => Err(Error::internal("SQLite has no lists").into()),
            Link::Postgres(session) => Ok(session
                .fetch_with_lists(text, lists)
                .await?
                .into_iter()
                .map(Row::Postgres)
                .collect()),
        }
    }

    /// Runs a statement and returns the number of rows that it has changed.
    pub(super) async fn execute(&mut self, text: String, args: Vec<Arg>) -> Result<u64, DbError> {
        match self.link()? {
            Link::Sqlite(session) => session.execute(text, args).await,
            Link::Postgres(session) => session.execute(text, args).await,
        }
    }

    /// Begins a transaction for reading.
    async fn begin_snapshot(&mut self) -> Result<(), DbError> {
        match self.link()? {
            Link::Sqlite(session) => session.begin_snapshot().await,
            Link::Postgres(session) => session.begin_snapshot().await,
        }
    }

    /// Begins a transaction for writing.
    async fn begin(&mut self) -> Result<(), DbError> {
        match self.link()? {
            Link::Sqlite(session) => session.begin().await,
            Link::Postgres(session) => session.begin().await,
        }
    }

    /// Commits in a task of its own, so that what follows a commit is done even if the request is
    /// dropped meanwhile.
    async fn commit(mut self) -> Result<(), DbError> {
        self.link()?;
        let committed = tokio::spawn(async move {
            match self.link.take() {
                Some(Link::Sqlite(session)) => session.commit().await,
                Some(Link::Postgres(session)) => session.commit().await,
                None => Ok(()),
            }
        });
        committed.await.map_err(|error| Error::Internal(error.into()))?
    }

    /// The handle that statements run on.
    pub(super) fn conn(&mut self) -> Conn<'_> {
        Conn(self)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.changes_access {
            // After the commit, and before its caller knows of it.
            self.counts.note_access_change();
        }
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
        self.0.begin_snapshot().await?;
        Ok(Tx(self.0))
    }
}

/// A running transaction. Dropping it rolls it back.
///
/// A use case that succeeds commits, even where it has written nothing: on SQLite it may have read what
/// another request has written and not yet committed (`db/sqlite/writer.rs`), and must not tell of that
/// before it is on the disk.
pub(crate) struct Tx(Session);

impl Tx {
    /// Begins a transaction for writing.
    pub(super) async fn begin(mut session: Session) -> Result<Self, Error> {
        session.begin().await?;
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
        if let Some(Link::Postgres(session)) = &mut self.0.link {
            session.set_deadline(deadline);
        }
    }

    /// Commits everything that was written in the transaction.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        Ok(self.0.commit().await?)
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

    /// The number of the content of SQLite's file, which changes when another process writes to it.
    pub(crate) async fn content(&mut self) -> Result<i64, DbError> {
        Ok(Sql::new("PRAGMA data_version").fetch_one(self).await?.get("data_version")?)
    }

    /// Whether anybody waits for the end of the transaction because SQLite has one writer.
    pub(crate) fn is_awaited(&self) -> bool {
        matches!(&self.0.link, Some(Link::Sqlite(session)) if session.is_awaited())
    }

    /// Sets whether commits on this connection write SQLite's log into the file when it has 64 MiB, or 4 MiB as usual.
    pub(crate) async fn let_log_grow(&mut self, is_long: bool) -> Result<(), DbError> {
        let setting = match is_long {
            true => "PRAGMA wal_autocheckpoint = 16384",
            false => "PRAGMA wal_autocheckpoint = 1000",
        };
        Sql::new(setting).fetch_all(self).await.map(drop)
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
