//! The lock file beside a SQLite database. It ensures that only one process serves the database,
//! and holds that process's address.

use std::{
    fs::{File, TryLockError},
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
    time::{Duration, Instant},
};

use crate::beside;

/// The exclusive right to serve a SQLite database. The operating system releases it when the
/// process ends, even if it crashes.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// The result of asking for the lock.
#[derive(Debug)]
pub enum LockOutcome {
    /// This process holds it.
    Ours(Lock),
    /// Another process holds it. The value is the address of that process, once announced.
    Taken(Option<String>),
}

/// The pause between two attempts while the holder has not announced an address.
const PAUSE: Duration = Duration::from_millis(50);

impl Lock {
    /// Tries to take the lock without waiting.
    pub fn try_acquire(database: &Path) -> Result<LockOutcome, String> {
        let path = beside::path(database, ".lock");
        let failed = |error: std::io::Error| format!("can't lock {}: {error}", path.display());
        let mut file = beside::private().read(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {
                // Any content was written by a process that has ended.
                file.set_len(0).map_err(failed)?;
                Ok(LockOutcome::Ours(Self { file }))
            }
            Err(TryLockError::WouldBlock) => {
                let mut said = String::new();
                file.read_to_string(&mut said).map_err(failed)?;
                let said = said.strip_suffix('\n').map(str::to_owned);
                Ok(LockOutcome::Taken(said.filter(|address| !address.is_empty())))
            }
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// Tries to take the lock. Where another process holds it without an address, waits up to
    /// `patience`: that process may be about to announce one, or it is a command that ends soon.
    pub async fn acquire(database: &Path, patience: Duration) -> Result<LockOutcome, String> {
        let until = Instant::now() + patience;
        loop {
            match Self::try_acquire(database)? {
                LockOutcome::Taken(None) if Instant::now() < until => {
                    tokio::time::sleep(PAUSE).await
                }
                found => return Ok(found),
            }
        }
    }

    /// Takes the lock for a command that must be alone.
    ///
    /// Fails with a sentence where a server has it.
    pub async fn alone(database: &Path, patience: Duration) -> Result<Self, String> {
        let file = database.display();
        match Self::acquire(database, patience).await? {
            LockOutcome::Ours(lock) => Ok(lock),
            LockOutcome::Taken(Some(address)) => {
                Err(format!("a server at {address} has the database {file} open: stop it first"))
            }
            LockOutcome::Taken(None) => Err(format!(
                "another command is using the database {file}: try again when it has ended"
            )),
        }
    }

    /// Announces the address at which this process serves.
    pub fn announce(&mut self, address: &str) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("can't write the lock file: {error}");
        self.file.set_len(0).map_err(failed)?;
        self.file.seek(SeekFrom::Start(0)).map_err(failed)?;
        writeln!(self.file, "{address}").map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_process_finds_the_address_of_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("a.sqlite");
        let LockOutcome::Ours(mut first) = Lock::try_acquire(&database).unwrap() else {
            panic!("is taken")
        };
        assert!(matches!(Lock::try_acquire(&database).unwrap(), LockOutcome::Taken(None)));
        first.announce("http://127.0.0.1:1").unwrap();
        let LockOutcome::Taken(said) = Lock::try_acquire(&database).unwrap() else {
            panic!("is free")
        };
        assert_eq!(said.as_deref(), Some("http://127.0.0.1:1"));
        drop(first);
        assert!(matches!(Lock::try_acquire(&database).unwrap(), LockOutcome::Ours(_)));
    }
}
