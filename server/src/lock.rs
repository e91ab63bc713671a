//! The lock beside a SQLite file: one server at a time serves it, and says where.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// The right to serve a SQLite file. The system takes it back when the process ends, however.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// What asking for the lock has given.
#[derive(Debug)]
pub enum Asked {
    /// It is ours.
    Ours(Lock),
    /// Another process has it; its address, once it has said it.
    Taken(Option<String>),
}

/// The pause between two trials to get a lock whose holder says nothing.
const PAUSE: Duration = Duration::from_millis(50);

/// The lock's file, beside the database.
fn path_beside(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}

impl Lock {
    /// Asks for the lock without waiting.
    pub fn ask(database: &Path) -> Result<Asked, String> {
        let path = path_beside(database);
        let failed = |error: std::io::Error| format!("can't lock {}: {error}", path.display());
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {
                // Whatever stands there was said by a process that has ended.
                file.set_len(0).map_err(failed)?;
                Ok(Asked::Ours(Self { file }))
            }
            Err(TryLockError::WouldBlock) => {
                let mut said = String::new();
                file.read_to_string(&mut said).map_err(failed)?;
                let said = said.strip_suffix('\n').map(str::to_owned);
                Ok(Asked::Taken(said.filter(|address| !address.is_empty())))
            }
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// Asks for the lock; where another process has it and has not said where it serves, waits for as
    /// long as `patience`: it may be about to, or be a command that soon ends.
    pub async fn find(database: &Path, patience: Duration) -> Result<Asked, String> {
        let until = Instant::now() + patience;
        loop {
            match Self::ask(database)? {
                Asked::Taken(None) if Instant::now() < until => tokio::time::sleep(PAUSE).await,
                found => return Ok(found),
            }
        }
    }

    /// Says where this process serves.
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
    fn the_second_learns_where_the_first_serves_until_the_first_ends() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("a.sqlite");
        let Asked::Ours(mut first) = Lock::ask(&database).unwrap() else { panic!("is taken") };
        assert!(matches!(Lock::ask(&database).unwrap(), Asked::Taken(None)));
        first.announce("http://127.0.0.1:1").unwrap();
        let Asked::Taken(said) = Lock::ask(&database).unwrap() else { panic!("is free") };
        assert_eq!(said.as_deref(), Some("http://127.0.0.1:1"));
        drop(first);
        assert!(matches!(Lock::ask(&database).unwrap(), Asked::Ours(_)));
    }
}
