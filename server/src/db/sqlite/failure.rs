//! What SQLite's codes mean.

use std::{
    io::{self, ErrorKind, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use super::super::{failure::Failure, fault::Fault};

/// The bytes that must fit on the disk for it to count as having room.
const ROOM: usize = 64 * 1024;

const INTERNAL: u8 = 2;
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
const MISUSE: u8 = 21;
const NOTADB: u8 = 26;
/// `SQLITE_IOERR_READ` and `SQLITE_IOERR_SHORT_READ`: a read failed.
const IOERR_READS: [i32; 2] = [266, 522];
/// `SQLITE_CONSTRAINT_UNIQUE` and `SQLITE_CONSTRAINT_PRIMARYKEY`.
const NOT_UNIQUE: [i32; 2] = [2067, 1555];

/// An error of SQLite, or of the file that it is about to open.
#[derive(Debug, thiserror::Error)]
pub(in crate::db) enum SqliteError {
    /// The file is not there, or it is another one.
    #[error(transparent)]
    File(#[from] io::Error),
    /// SQLite's own error.
    #[error("{}", reason(.0))]
    Sqlite(#[from] rusqlite::Error),
}

/// The database's own message, with its code.
fn reason(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(code, Some(message)) => {
            format!("{message} ({})", code.extended_code)
        }
        // Without the text of the statement.
        rusqlite::Error::SqlInputError { error, msg, .. } => {
            format!("{msg} ({})", error.extended_code)
        }
        other => other.to_string(),
    }
}

impl SqliteError {
    /// The extended result code (sqlite.org/rescode).
    fn code(&self) -> Option<i32> {
        match self {
            Self::Sqlite(error) => error.sqlite_error().map(|code| code.extended_code),
            Self::File(_) => None,
        }
    }

    /// The primary result code: the low eight bits of SQLite's code.
    fn primary_code(&self) -> Option<u8> {
        u8::try_from(self.code()? & 0xff).ok()
    }

    /// Whether another process's transaction is in the way.
    pub(super) fn is_busy(&self) -> bool {
        self.primary_code() == Some(BUSY)
    }

    /// The class of the failure; `None` where only a trial on the disk can tell it.
    fn fault(&self) -> Option<Fault> {
        if matches!(self, Self::File(_)) {
            return Some(Fault::Away);
        }
        Some(match self.primary_code() {
            Some(CONSTRAINT | TOOBIG | MISMATCH) => Fault::Refused,
            Some(FULL) => Fault::NoRoom,
            Some(IOERR) if self.code().is_some_and(|code| IOERR_READS.contains(&code)) => {
                Fault::Away
            }
            Some(IOERR) => return None,
            Some(BUSY | LOCKED | READONLY | PROTOCOL) => Fault::Unwritable,
            // Either the file is damaged or the disk returned wrong data. Only another attempt can
            // tell which.
            Some(CORRUPT | NOTADB | CANTOPEN | NOMEM | INTERRUPT) => Fault::Away,
            // The connection itself can't be trusted any more.
            Some(INTERNAL | MISUSE) => Fault::Away,
            _ => Fault::Defect,
        })
    }

    /// The name of the unique key that refused a row. SQLite names its columns: "UNIQUE constraint
    /// failed: users.email_key".
    fn unique_key(&self) -> Option<String> {
        let Self::Sqlite(rusqlite::Error::SqliteFailure(code, Some(message))) = self else {
            return None;
        };
        if !NOT_UNIQUE.contains(&code.extended_code) {
            return None;
        }
        let columns = message.rsplit(": ").next().unwrap_or_default();
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

    /// Describes the failure on the file at this path. May write to the disk.
    pub(super) fn describe(&self, path: &Path) -> Failure {
        let fault = self.fault().unwrap_or_else(|| fault_of_disk(path));
        Failure { fault, reason: self.to_string(), unique_key: self.unique_key() }
    }

    /// Describes the failure, as [`SqliteError::describe`] does, without holding up the thread.
    pub(super) async fn describe_apart(self, path: &Path) -> Failure {
        if self.fault().is_some() {
            return self.describe(path);
        }
        let path = path.to_owned();
        let described = tokio::task::spawn_blocking(move || self.describe(&path)).await;
        described.unwrap_or_else(|error| Failure::new(Fault::Unwritable, error.to_string()))
    }
}

/// What a failed write means. SQLite recognises a full disk, but not a quota or a limit on file
/// sizes.
fn fault_of_disk(path: &Path) -> Fault {
    if has_room(path) { Fault::Unwritable } else { Fault::NoRoom }
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
