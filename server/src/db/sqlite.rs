//! SQLite: one writer, readers that can't write, and a write-ahead log that is synced at every
//! commit.

mod failure;
pub(super) mod image;
mod migrations;
mod opener;
mod session;
mod statement;
mod waiting;
mod writer;

use std::{io::ErrorKind, path::Path, time::Duration};

use deadpool::{
    Runtime,
    managed::{Pool, PoolError, QueueMode, TimeoutType},
};
use rusqlite::{Connection, OpenFlags};
use tokio::task::spawn_blocking;

use super::{
    Conn, Sql,
    failure::NoConnection,
    figures::{self, WrongFigure},
    health::Health,
    migrate,
};
use crate::{
    beside,
    error::Error,
    finding::{Finding, State},
    metrics::PoolUse,
};
use failure::SqliteError;
use opener::{BUSY_TIME, Opener};
pub(super) use session::Session;
pub(crate) use statement::{FromCell, Row};
use writer::{NoTurn, Writer};

/// The number of reading connections. More requests than there are cores hold one while they wait
/// for something else.
const READERS: usize = 6;
/// How long a request waits for a connection, especially for the only writer.
const WAIT: Duration = Duration::from_secs(10);
/// The first release without the race that can corrupt a write-ahead log (sqlite.org, 3.51.3).
const VERSION_MIN: (u32, u32, u32) = (3, 51, 3);

/// The connections to one file. Clones share them.
#[derive(Clone)]
pub(super) struct File {
    writer: Writer,
    readers: Pool<Opener>,
}

impl File {
    /// Takes a connection for reading.
    pub(super) async fn reader(&self, health: Health) -> Result<Session, NoConnection> {
        match self.readers.get().await {
            Ok(conn) => Ok(Session::reader(conn, health)),
            Err(PoolError::Backend(error)) => Err(self.not_opened(error).await),
            Err(PoolError::Timeout(TimeoutType::Wait)) => {
                Err(NoConnection::Crowded("no reader was free"))
            }
            Err(_) => Err(NoConnection::Crowded("the readers are closed")),
        }
    }

    /// Takes the connection for writing.
    pub(super) async fn writer(&self, health: Health) -> Result<Session, NoConnection> {
        self.has_turn(self.writer.turn(WAIT).await, health).await
    }

    /// Takes the connection for writing, outside any transaction.
    pub(super) async fn writer_alone(&self, health: Health) -> Result<Session, NoConnection> {
        self.has_turn(self.writer.turn_alone(WAIT).await, health).await
    }

    async fn has_turn(
        &self,
        turn: Result<writer::Turn, NoTurn>,
        health: Health,
    ) -> Result<Session, NoConnection> {
        match turn {
            Ok(turn) => Ok(Session::writer(turn, health)),
            Err(NoTurn::Failed(error)) => Err(self.not_opened(error).await),
            Err(NoTurn::TooLate) => Err(NoConnection::Crowded("the writer was not free")),
            Err(NoTurn::Closed) => Err(NoConnection::Crowded("the writer is closed")),
        }
    }

    async fn not_opened(&self, error: SqliteError) -> NoConnection {
        NoConnection::Failed(error.describe_apart(self.readers.manager().path()).await)
    }

    /// How busy the connections are.
    pub(super) fn uses(&self) -> Vec<PoolUse> {
        let readers = self.readers.status();
        let busy = readers.size.saturating_sub(readers.available);
        let is_writing = usize::from(self.writer.is_busy());
        vec![
            PoolUse { name: "writer", busy: is_writing, idle: 1 - is_writing, max: 1 },
            PoolUse { name: "readers", busy, idle: readers.available, max: readers.max_size },
        ]
    }

    pub(super) fn is_closed(&self) -> bool {
        self.writer.is_closed()
    }

    /// Closes all connections. SQLite then writes its log into the database file.
    pub(super) async fn close(&self) {
        self.readers.close();
        drop(self.readers.retain(|_, _| false));
        self.writer.close().await;
    }
}

/// Opens the file. A missing file is created, readable by its owner only.
pub(super) async fn open(path: &Path) -> Result<File, String> {
    let failed = |error: &dyn std::fmt::Display| {
        format!("can't open the database {}: {error}", path.display())
    };
    survive_size_limits().map_err(|error| failed(&error))?;
    make_private(path).map_err(|error| failed(&error))?;
    let writer = Opener::new(path, true).map_err(|error| failed(&error))?;
    let readers = Opener::new(path, false).map_err(|error| failed(&error))?;
    let opener = writer.clone();
    let prepared = spawn_blocking(move || {
        let first = opener.connect().map_err(|error| error.to_string())?;
        first.busy_timeout(BUSY_TIME).map_err(|error| error.to_string())?;
        // A migration may sort millions of rows, which need not fit into the memory.
        first.execute_batch("PRAGMA temp_store = FILE").map_err(|error| error.to_string())?;
        check(&first).map(|()| first)
    });
    let opened = prepared.await.map_err(|error| failed(&error))?;
    let mut first = opened.map_err(|error| failed(&error))?;
    let migrated = spawn_blocking(move || migrations::run(&mut first)).await;
    migrated.map_err(|error| failed(&error))??;
    let readers = Pool::builder(readers)
        .max_size(READERS)
        // The connection that was used last has the wanted pages in its cache.
        .queue_mode(QueueMode::Lifo)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(WAIT))
        .build()
        .map_err(|error| failed(&error))?;
    Ok(File { writer: Writer::new(writer), readers })
}

/// Ignores SIGXFSZ, so that a write beyond a limit on file sizes fails like one on a full disk. The
/// signal would otherwise end the process.
fn survive_size_limits() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        // From here on the signal no longer has its default effect, even if no task waits for it.
        signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw())).map(drop)
    }
    #[cfg(not(unix))]
    Ok(())
}

fn check(first: &Connection) -> Result<(), String> {
    let wrong = |error: rusqlite::Error| SqliteError::from(error).to_string();
    let mut parts = rusqlite::version().split('.').map(|part| part.parse().unwrap_or_default());
    let mut next = || parts.next().unwrap_or_default();
    if (next(), next(), next()) < VERSION_MIN {
        return Err(format!("SQLite {} is too old to be safe", rusqlite::version()));
    }
    let mode: String =
        first.query_row("PRAGMA journal_mode", [], |row| row.get(0)).map_err(wrong)?;
    let synchronous: i64 =
        first.query_row("PRAGMA synchronous", [], |row| row.get(0)).map_err(wrong)?;
    // 2 is FULL: a commit has reached the disk before it is acknowledged.
    if mode != "wal" || synchronous != 2 {
        return Err("it can't keep a write-ahead log that is synced at every commit".to_owned());
    }
    Ok(())
}

/// Inspects the file without changing it.
pub(super) async fn inspect(path: &Path) -> Result<Vec<Finding>, String> {
    let path = path.to_owned();
    let inspected = spawn_blocking(move || inspect_file(&path)).await;
    inspected.map_err(|error| error.to_string())?
}

/// Inspects the migrations of the file without changing it. The finding is a warning where the file does
/// not exist yet.
pub(super) async fn inspect_migrations(path: &Path) -> Result<Finding, String> {
    let path = path.to_owned();
    let inspected = spawn_blocking(move || {
        if let Some(missing) = missing(&path) {
            return Ok(missing);
        }
        let applied = open_to_inspect(&path).and_then(|file| applied(&file));
        let applied = applied.map_err(|error| unreadable(&path, error))?;
        Ok(migrate::compare(&migrate::sqlite(), &applied))
    });
    inspected.await.map_err(|error| error.to_string())?
}

/// The finding where the file does not exist yet.
fn missing(path: &Path) -> Option<Finding> {
    let is_missing =
        path.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound);
    let path = path.display();
    let later = format!("the database {path} does not exist yet: serve and migrate create it");
    is_missing.then(|| Finding::warning(later))
}

fn unreadable(path: &Path, error: rusqlite::Error) -> String {
    format!("the database {} can't be read: {}", path.display(), SqliteError::from(error))
}

fn applied(file: &Connection) -> rusqlite::Result<Vec<i64>> {
    file.prepare(migrate::APPLIED)?.query_map([], |row| row.get(0))?.collect()
}

fn inspect_file(path: &Path) -> Result<Vec<Finding>, String> {
    if let Some(missing) = missing(path) {
        return Ok(vec![missing]);
    }
    let read = || -> rusqlite::Result<_> {
        let file = open_to_inspect(path)?;
        let all = |text: &str| -> rusqlite::Result<Vec<rusqlite::types::Value>> {
            file.prepare(text)?.query_map([], |row| row.get(0))?.collect()
        };
        let applied = applied(&file)?;
        let faults = file
            .prepare("PRAGMA integrity_check")?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<Vec<String>>>()?;
        Ok((applied, faults, all("PRAGMA foreign_key_check")?.len()))
    };
    let (applied, faults, orphans) = read().map_err(|error| unreadable(path, error))?;
    let sound = match (faults.as_slice(), orphans) {
        ([ok], 0) if ok == "ok" => Finding::good("integrity_check finds nothing wrong"),
        (faults, orphans) => Finding::bad(format!(
            "the database {} is damaged: {} ({orphans} rows refer to nothing)",
            path.display(),
            faults.join("; ")
        )),
    };
    let migrated = migrate::compare(&migrate::sqlite(), &applied);
    let mut found = vec![Finding::good(path.display().to_string()), migrated, sound];
    if found.iter().all(|found| found.state == State::Good) {
        found.push(match wrong_figures(path) {
            Ok(wrong) => figures::finding(&wrong),
            Err(error) => Finding::bad(figures::unread(&SqliteError::from(error))),
        });
    }
    Ok(found)
}

fn open_to_inspect(path: &Path) -> rusqlite::Result<Connection> {
    let file = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    file.busy_timeout(Duration::from_secs(5))?;
    Ok(file)
}

fn wrong_figures(path: &Path) -> rusqlite::Result<Vec<WrongFigure>> {
    let file = open_to_inspect(path)?;
    let mut ask = file.prepare(figures::WRONG)?;
    let wrong = ask.query_map([], |row| {
        let (figure, key) = (row.get("figure")?, row.get("key")?);
        Ok(WrongFigure { figure, key, kept: row.get("kept")?, counted: row.get("counted")? })
    });
    wrong?.collect()
}

/// Creates the file before SQLite does, so that other users can't read it at any moment.
fn make_private(path: &Path) -> std::io::Result<()> {
    beside::private().open(path).map(drop)
}

/// Writes the log into the database file and empties it. Returns whether that was possible, that
/// is, whether no other connection was reading or writing.
pub(super) async fn empty_log(writer: &mut Conn<'_>) -> Result<bool, Error> {
    let done = Sql::new("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(writer).await?;
    Ok(done.get::<i64>("busy")? == 0)
}

/// Takes a cache of 64 MiB.
pub(super) async fn expect_many_writes(writer: &mut Conn<'_>) -> Result<(), Error> {
    Sql::new("PRAGMA cache_size = -65536").fetch_all(writer).await?;
    Ok(())
}

/// Updates the statistics of all indexes, each from a sample of its rows, so that writers hardly
/// wait.
pub(super) async fn analyze(writer: &mut Conn<'_>) -> Result<(), Error> {
    Sql::new("PRAGMA analysis_limit = 400").fetch_all(writer).await?;
    Sql::new("ANALYZE").execute(writer).await?;
    Ok(())
}
