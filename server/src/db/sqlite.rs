//! SQLite: one writer, readers that can't write, and a write-ahead log that is synced at every
//! commit.

use std::{
    io::{ErrorKind, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use deadpool::{
    Runtime,
    managed::{Manager, Metrics, Pool, RecycleResult},
};
use sqlx::{
    ConnectOptions, Connection, Executor, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::{Conn, Pools, Sql, fault::Fault, migrate, reason};
use crate::{error::Error, finding::Finding};

/// The number of reading connections. It exceeds the usual number of cores, because a reader also
/// waits for its thread to wake up.
const READERS: usize = 6;
/// How long a request waits for a connection, especially for the only writer.
const WAIT: Duration = Duration::from_secs(10);
/// How long a transaction waits for another process that is writing to the file.
pub(super) const BUSY_TIME: Duration = Duration::from_secs(5);
/// The pause between two attempts to begin while another process is writing.
pub(super) const BUSY_PAUSE: Duration = Duration::from_millis(2);
/// How long SQLite itself waits for another process when a transaction begins, in milliseconds. Its
/// own pauses grow to a tenth of a second, in which the other process may end a transaction and
/// begin the next.
const BUSY_TIME_OF_WRITER: &str = "PRAGMA busy_timeout = 5";
/// What a statement with several writes must be able to take back is kept in memory. It is a few
/// pages, and a temporary file would cost more than the writes of a trigger.
const JOURNALS_IN_MEMORY: &str = "PRAGMA temp_store = MEMORY";
/// The first release without the race that can corrupt a write-ahead log (sqlite.org, 3.51.3).
const VERSION_MIN: (u32, u32, u32) = (3, 51, 3);
/// The bytes that must fit on the disk for it to count as having room.
const ROOM: usize = 64 * 1024;

/// Opens the connections to one file.
pub(super) struct Opener {
    options: SqliteConnectOptions,
    path: PathBuf,
    /// Device and inode of the file that was opened first.
    #[cfg(unix)]
    file: (u64, u64),
    is_writer: bool,
}

impl Opener {
    /// The path of the file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Manager for Opener {
    type Type = SqliteConnection;
    type Error = sqlx::Error;

    /// Opens another connection to the same file. It refuses a file that has replaced the first
    /// one, because open connections would continue with the old one.
    async fn create(&self) -> Result<SqliteConnection, sqlx::Error> {
        #[cfg(unix)]
        if identity(&self.path)? != self.file {
            let why = "the database's file was replaced while the server ran: restart it";
            return Err(std::io::Error::other(why).into());
        }
        let mut conn = self.options.connect().await?;
        if self.is_writer {
            conn.execute(BUSY_TIME_OF_WRITER).await?;
            conn.execute(JOURNALS_IN_MEMORY).await?;
        }
        Ok(conn)
    }

    async fn recycle(&self, _: &mut SqliteConnection, _: &Metrics) -> RecycleResult<sqlx::Error> {
        Ok(())
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> std::io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

/// Opens the file. A missing file is created, readable by its owner only.
pub(super) async fn open(path: &Path) -> Result<Pools, String> {
    let failed = |error: &dyn std::fmt::Display| {
        format!("can't open the database {}: {error}", path.display())
    };
    survive_size_limits().map_err(|error| failed(&error))?;
    make_private(path).map_err(|error| failed(&error))?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        // Opening never creates the file: a deleted database must not come back empty.
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .pragma("cache_size", "-16000")
        // Deleted content is overwritten with zeros in the file.
        .pragma("secure_delete", "ON");
    let mut first = options.connect().await.map_err(|error| failed(&error))?;
    check(&mut first).await.map_err(|error| failed(&error))?;
    let migrated = migrate::sqlite().run_direct(None, &mut first, false).await;
    migrated.map_err(|error| migrate::explain(&error))?;
    first.close().await.map_err(|error| failed(&error))?;
    #[cfg(unix)]
    let file = identity(path).map_err(|error| failed(&error))?;
    let pool = |is_writer: bool, size: usize| {
        let options = options.clone().read_only(!is_writer);
        let path = path.to_owned();
        let opener = Opener {
            options,
            path,
            #[cfg(unix)]
            file,
            is_writer,
        };
        let builder = Pool::builder(opener).max_size(size).runtime(Runtime::Tokio1);
        builder.wait_timeout(Some(WAIT)).build().map_err(|error| failed(&error))
    };
    Ok(Pools::Sqlite { writer: pool(true, 1)?, readers: pool(false, READERS)? })
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

/// Whether another process's transaction is in the way.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    primary_code(error) == Some(BUSY)
}

/// The primary result code: the low eight bits of SQLite's code (sqlite.org/rescode).
fn primary_code(error: &sqlx::Error) -> Option<u8> {
    let code: u32 = error.as_database_error()?.code()?.parse().ok()?;
    u8::try_from(code & 0xff).ok()
}

const BUSY: u8 = 5;
const LOCKED: u8 = 6;
const NOMEM: u8 = 7;
const READONLY: u8 = 8;
const INTERRUPT: u8 = 9;
const IOERR: u8 = 10;
const FULL: u8 = 13;
const CORRUPT: u8 = 11;
const CANTOPEN: u8 = 14;
const PROTOCOL: u8 = 15;
const TOOBIG: u8 = 18;
const CONSTRAINT: u8 = 19;
const MISMATCH: u8 = 20;
const NOTADB: u8 = 26;
/// SQLITE_IOERR_READ and SQLITE_IOERR_SHORT_READ: a read failed.
const IOERR_READS: [&str; 2] = ["266", "522"];

/// The class of a failure on the file at this path.
pub(super) async fn fault(error: &sqlx::Error, path: &Path) -> Fault {
    if matches!(error, sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed) {
        return Fault::Away;
    }
    let code = error.as_database_error().and_then(|refusal| refusal.code());
    match primary_code(error) {
        Some(CONSTRAINT | TOOBIG | MISMATCH) => Fault::Refused,
        Some(FULL) => Fault::NoRoom,
        Some(IOERR) if code.is_some_and(|code| IOERR_READS.contains(&code.as_ref())) => Fault::Away,
        Some(IOERR) => {
            // SQLite recognises a full disk, but not a quota or a limit on file sizes.
            let path = path.to_owned();
            match tokio::task::spawn_blocking(move || has_room(&path)).await {
                Ok(false) => Fault::NoRoom,
                _ => Fault::Unwritable,
            }
        }
        Some(BUSY | LOCKED | READONLY | PROTOCOL) => Fault::Unwritable,
        // Either the file is damaged or the disk returned wrong data. Only another attempt can tell
        // which.
        Some(CORRUPT | NOTADB | CANTOPEN | NOMEM | INTERRUPT) => Fault::Away,
        _ => Fault::Defect,
    }
}

/// Whether a file beside the database can be written at an offset as large as its longest file.
/// Failures other than a lack of room do not count.
fn has_room(path: &Path) -> bool {
    let beside = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let length = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    let longest = length(path).max(length(&beside("-wal")));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let written = tempfile::tempfile_in(folder.unwrap_or(Path::new("."))).and_then(|mut file| {
        file.seek(SeekFrom::Start(longest))?;
        file.write_all(&vec![1; ROOM])?;
        file.sync_data()
    });
    let kind = written.err().map(|error| error.kind());
    !matches!(
        kind,
        Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
    )
}

async fn check(first: &mut SqliteConnection) -> Result<(), String> {
    let wrong = |error: sqlx::Error| reason(&error);
    let version: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(&mut *first)
        .await
        .map_err(wrong)?;
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or_default());
    let mut next = || parts.next().unwrap_or_default();
    if (next(), next(), next()) < VERSION_MIN {
        return Err(format!("SQLite {version} is too old to be safe"));
    }
    let mode: String =
        sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *first).await.map_err(wrong)?;
    let synchronous: i64 =
        sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *first).await.map_err(wrong)?;
    // 2 is FULL: a commit has reached the disk before it is acknowledged.
    if mode != "wal" || synchronous != 2 {
        return Err("it can't keep a write-ahead log that is synced at every commit".to_owned());
    }
    Ok(())
}

/// Inspects the file without changing it.
pub(super) async fn inspect(path: &Path) -> Result<Vec<Finding>, String> {
    let place = format!("the database {}", path.display());
    if path.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        let later = format!("{place} does not exist yet: serve and migrate create it");
        return Ok(vec![Finding::warning(later)]);
    }
    let failed = |error: sqlx::Error| format!("{place} can't be read: {}", reason(&error));
    let options = SqliteConnectOptions::new().filename(path).read_only(true);
    let mut file = SqliteConnection::connect_with(&options).await.map_err(failed)?;
    let applied =
        sqlx::query_scalar(migrate::APPLIED).fetch_all(&mut file).await.map_err(failed)?;
    let faults: Vec<String> =
        sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&mut file).await.map_err(failed)?;
    let orphans = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut file).await;
    let orphans = orphans.map_err(failed)?.len();
    file.close().await.map_err(failed)?;
    let sound = match (faults.as_slice(), orphans) {
        ([ok], 0) if ok == "ok" => Finding::good("integrity_check finds nothing wrong"),
        (faults, orphans) => Finding::bad(format!(
            "{place} is damaged: {} ({orphans} rows refer to nothing)",
            faults.join("; ")
        )),
    };
    let migrated = migrate::compare(&migrate::sqlite(), &applied);
    Ok(vec![Finding::good(path.display().to_string()), migrated, sound])
}

/// Creates the file before SQLite does, so that other users can't read it at any moment.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Writes the log into the database file and empties it. Returns whether that was possible, that
/// is, whether no other connection was reading or writing.
pub(super) async fn empty_log(writer: &mut Conn<'_>) -> Result<bool, Error> {
    let done = Sql::new("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(writer).await?;
    Ok(done.get::<i64>("busy")? == 0)
}

/// Updates the statistics of all indexes, each from a sample of its rows, so that writers hardly
/// wait.
pub(super) async fn analyze(writer: &mut Conn<'_>) -> Result<(), Error> {
    Sql::new("PRAGMA analysis_limit = 400").fetch_all(writer).await?;
    Sql::new("ANALYZE").execute(writer).await?;
    Ok(())
}

/// Closes the connections of a pool. The writer updates the planner's statistics first.
pub(super) async fn close(pool: &Pool<Opener>) {
    for mut conn in pool.retain(|_, _| false).removed {
        if pool.manager().is_writer
            && let Err(error) = conn.execute("PRAGMA analysis_limit = 400; PRAGMA optimize").await
        {
            tracing::debug!(%error, "the planner's statistics could not be updated");
        }
        if let Err(error) = conn.close().await {
            tracing::debug!(%error, "a connection could not be closed");
        }
    }
    pool.close();
}
