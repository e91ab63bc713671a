//! Who waits for another process that is writing to the file. SQLite tells nobody of them, so a process that writes much
//! would not know for how long it may go on.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
};

use crate::beside;

/// The file beside the database that is locked by those who wait. The operating system releases the lock of a process
/// that has ended.
#[derive(Clone, Debug)]
pub(super) struct WaitingRoom(PathBuf);

/// Somebody who waits, until it is dropped.
#[derive(Debug)]
pub(super) struct Waiting {
    _locked: File,
}

impl WaitingRoom {
    /// That of a database.
    pub(super) fn of(database: &Path) -> Self {
        Self(beside::path(database, ".waiting"))
    }

    /// Lets the process that is writing know that this one waits. Where that is not possible, this one waits as long as
    /// the other one likes.
    pub(super) fn enter(&self) -> Option<Waiting> {
        let locked = beside::private()
            .read(true)
            .open(&self.0)
            .and_then(|file| file.lock_shared().map(|()| file));
        match locked {
            Ok(file) => Some(Waiting { _locked: file }),
            Err(error) => {
                tracing::debug!(%error, "nobody can be told of the wait for the database");
                None
            }
        }
    }

    /// Whether anybody waits.
    pub(super) fn is_occupied(&self) -> bool {
        // Without a file, nobody has ever waited.
        let locked = File::open(&self.0).map(|file| file.try_lock());
        matches!(locked, Ok(Err(TryLockError::WouldBlock)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_wait_are_noticed_until_they_have_gone() {
        let folder = tempfile::tempdir().unwrap();
        let room = WaitingRoom::of(&folder.path().join("it.sqlite"));
        assert!(!room.is_occupied());
        let (first, second) = (room.enter().unwrap(), room.enter().unwrap());
        assert!(room.is_occupied());
        drop(first);
        assert!(room.is_occupied());
        drop(second);
        assert!(!room.is_occupied());
    }
}
