//! How connections to the file are opened.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use deadpool::managed::{Manager, Metrics, RecycleResult};
use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::failure::SqliteError;

/// How long SQLite itself waits for another process, for example while that one restores the log.
pub(super) const BUSY_TIME: Duration = Duration::from_secs(5);
/// The same for the writer, once it is open, outside its transactions: a request that finds another
/// process reading or writing tries again later.
pub(super) const BUSY_TIME_OF_WRITER: Duration = Duration::from_millis(5);
/// The settings of every connection. Sizes of caches are in KiB, if negative. Deleted content is
/// overwritten with zeros in the file.
const SETTINGS: &str = "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; \
                        PRAGMA cache_size = -4000; PRAGMA secure_delete = ON;";
/// What a statement with several writes must be able to take back is kept in memory. It is a few
/// pages, and a temporary file would cost more than the writes of a trigger.
const JOURNALS_IN_MEMORY: &str = "PRAGMA temp_store = MEMORY";
/// The number of statements that a connection keeps prepared.
const STATEMENTS: usize = 128;

/// Opens connections to one file.
#[derive(Clone)]
pub(in crate::db) struct Opener {
    path: PathBuf,
    /// Device and inode of the file that was opened first.
    #[cfg(unix)]
    file: (u64, u64),
    is_writer: bool,
}

impl Opener {
    /// Opens connections to the file that is there now, for reading only or for writing too.
    pub(super) fn new(path: &Path, is_writer: bool) -> std::io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            #[cfg(unix)]
            file: identity(path)?,
            is_writer,
        })
    }

    /// The path of the file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens another connection to the same file. It refuses a file that has replaced the first
    /// one, because open connections would continue with the old one.
    pub(super) fn connect(&self) -> Result<Connection, SqliteError> {
        #[cfg(unix)]
        if identity(&self.path)? != self.file {
            let why = "the database's file was replaced while the server ran: restart it";
            return Err(std::io::Error::other(why).into());
        }
        // Opening never creates the file: a deleted database must not come back empty.
        let access = match self.is_writer {
            true => OpenFlags::SQLITE_OPEN_READ_WRITE,
            false => OpenFlags::SQLITE_OPEN_READ_ONLY,
        };
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(&self.path, flags)?;
        conn.busy_timeout(BUSY_TIME)?;
        // A plan does not depend on the values that are bound. Otherwise SQLite would prepare most
        // statements again whenever a value changes (sqlite.org/queryplanner-ng.html, "QPSG").
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        conn.execute_batch(SETTINGS)?;
        if self.is_writer {
            conn.execute_batch("PRAGMA journal_mode = WAL")?;
            conn.execute_batch(JOURNALS_IN_MEMORY)?;
            conn.busy_timeout(BUSY_TIME_OF_WRITER)?;
        }
        conn.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(conn)
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> std::io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

impl Manager for Opener {
    type Type = Connection;
    type Error = SqliteError;

    async fn create(&self) -> Result<Connection, SqliteError> {
        self.connect()
    }

    async fn recycle(&self, _: &mut Connection, _: &Metrics) -> RecycleResult<SqliteError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_statement_is_prepared_once_whatever_values_are_bound() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("it.sqlite");
        let first = Connection::open(&path).unwrap();
        first
            .execute_batch(
                "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT); CREATE INDEX i ON t (name); \
                 WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 999) \
                 INSERT INTO t (name) SELECT x % 9 FROM n; ANALYZE",
            )
            .unwrap();
        let conn = Opener::new(&path, false).unwrap().connect().unwrap();
        let mut statement = conn.prepare("SELECT id FROM t WHERE name > ?1 LIMIT 3").unwrap();
        for name in ["1", "3", "7"] {
            let mut rows = statement.query([name]).unwrap();
            while rows.next().unwrap().is_some() {}
        }
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
    }
}
