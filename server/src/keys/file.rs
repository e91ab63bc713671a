//! The key file: locating, creating, reading and rotating it.

use std::{
    io::Write,
    path::{Path, PathBuf},
    time::SystemTime,
};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use clap::Subcommand;

use super::{Key, Keys, RETIRED, lifetime, parse, random_text};
use crate::{
    beside,
    clock::Clock,
    config::{Database, Settings},
    finding::Finding,
    output::print_line,
};

/// Change the secrets that sign logins. A running server notices the change.
#[derive(Subcommand)]
pub enum KeysCommand {
    /// Sign with a new secret from now on. All logins stay valid: the old secrets verify until
    /// their tokens and one-time codes have expired.
    Rotate,
    /// Sign with a new secret and remove all others, which ends every login at once.
    RevokeAll,
}

/// Runs the command `keys`. Fails with a sentence for the operator.
pub fn run(settings: &Settings, command: &KeysCommand) -> Result<(), String> {
    let database = settings.database()?;
    if settings.jwt_secret_file.is_none() && settings.jwt_secret.is_some() {
        return Err("the secret comes from FRONTDESK_JWT_SECRET and must be changed there: \
             only a key file can be rotated"
            .to_owned());
    }
    let path = path(settings, &database)?;
    let now = Clock::new(settings.zone()?).now();
    let place = path.display();
    match command {
        KeysCommand::Rotate => {
            let lifetime = lifetime(settings);
            let kept = rotate(&path, lifetime, now)?;
            let until = (now + lifetime).format("%Y-%m-%d");
            print_line(&format!(
                "{place} has a new signing secret. Older secrets that still verify: {kept}, the last \
                 until {until}."
            ));
        }
        KeysCommand::RevokeAll => {
            let revoked = replace(&path, |_| Ok(Vec::new()))?;
            print_line(&format!("{place} now has only a new secret; secrets revoked: {revoked}."));
        }
    }
    Ok(())
}

/// Replaces all secrets by a new one, where they are in a file that exists.
///
/// Fails with a sentence for the operator.
pub fn replace_all(settings: &Settings, database: &Database) -> Result<(), String> {
    let is_in_file = settings.jwt_secret_file.is_some() || settings.jwt_secret.is_none();
    match path(settings, database) {
        Ok(path) if is_in_file && path.exists() => replace(&path, |_| Ok(Vec::new())).map(drop),
        _ => Ok(()),
    }
}

/// Checks the secrets and returns their location.
///
/// Fails with a sentence for the operator.
pub fn check(settings: &Settings, database: &Database) -> Result<Finding, String> {
    if let (None, Some(secret)) = (&settings.jwt_secret_file, &settings.jwt_secret) {
        parse(secret, "FRONTDESK_JWT_SECRET")?;
        return Ok(Finding::good("FRONTDESK_JWT_SECRET"));
    }
    let path = path(settings, database)?;
    let place = path.display();
    if settings.jwt_secret_file.is_none() && path.symlink_metadata().is_err() {
        return Ok(match database {
            Database::Sqlite(file) if file.exists() => Finding::warning(format!(
                "{place} is missing: the next start creates another one, which ends every login"
            )),
            _ => Finding::good(format!("{place} does not exist yet: the first start creates it")),
        });
    }
    read(&path)?;
    Ok(match shared_with_group(&path) {
        Some(sentence) => Finding::warning(sentence),
        None => Finding::good(place.to_string()),
    })
}

/// Checks that the settings name the secrets where they must.
///
/// Fails with a sentence for the operator.
pub fn check_given(settings: &Settings, database: &Database) -> Result<(), String> {
    match settings.jwt_secret {
        Some(_) => Ok(()),
        None => path(settings, database).map(drop),
    }
}

/// The path of the key file: the one in the settings, or the one beside a SQLite file.
pub(super) fn path(settings: &Settings, database: &Database) -> Result<PathBuf, String> {
    match (&settings.jwt_secret_file, database) {
        (Some(path), _) => Ok(path.clone()),
        (None, Database::Sqlite(file)) => Ok(beside::path(file, ".keys")),
        (None, Database::Postgres(_)) => {
            Err("PostgreSQL needs a signing secret that is the same on every instance: \
             use --jwt-secret-file (openssl rand -base64 48 makes one)"
                .to_owned())
        }
    }
}

/// The metadata by which a change of the file is noticed.
#[derive(Debug, PartialEq)]
pub(super) struct Stamp {
    length: u64,
    changed_at: Option<SystemTime>,
    /// The inode. A file that has replaced another one has a different inode.
    number: u64,
}

impl Stamp {
    pub(super) fn of(path: &Path) -> std::io::Result<Self> {
        Ok(Self::new(&std::fs::metadata(path)?))
    }

    fn new(metadata: &std::fs::Metadata) -> Self {
        #[cfg(unix)]
        let number = std::os::unix::fs::MetadataExt::ino(metadata);
        #[cfg(not(unix))]
        let number = 0;
        Self { length: metadata.len(), changed_at: metadata.modified().ok(), number }
    }
}

/// Reads the secrets. A symbolic link is followed: container platforms mount secrets as such.
pub(super) fn read(path: &Path) -> Result<Keys, String> {
    let place = format!("the key file {}", path.display());
    let failed = |error: std::io::Error| format!("{place} can't be read: {error}");
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(format!("{place} is not a plain file"));
    }
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
        if mode & 0o027 != 0 {
            return Err(format!(
                "{place} can be read by others or changed by its group: run chmod 600 on it"
            ));
        }
    }
    parse(&std::fs::read_to_string(path).map_err(failed)?, &place)
}

/// A warning for the operator where the file's group may read the secrets. Container platforms mount
/// a secret in this way for a server that does not run as root.
pub(super) fn shared_with_group(path: &Path) -> Option<String> {
    #[cfg(unix)]
    {
        let metadata = std::fs::metadata(path).ok()?;
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
        (mode & 0o040 != 0)
            .then(|| format!("the key file {} can be read by its whole group", path.display()))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// Adds a new signing secret, marks the previous one as retired, and removes the secrets whose
/// tokens and codes have all expired. Returns the number of older secrets that still verify.
pub(super) fn rotate(
    path: &Path,
    lifetime: TimeDelta,
    now: DateTime<Utc>,
) -> Result<usize, String> {
    let mut kept = 0;
    replace(path, |keys| {
        let needed = keys.all().filter(|key| key.is_needed(lifetime, now));
        let lines: Result<Vec<String>, String> = needed.map(|key| line(key, now)).collect();
        kept = lines.as_ref().map_or(0, Vec::len);
        lines
    })?;
    Ok(kept)
}

/// The line of a secret that no longer signs.
fn line(key: &Key, now: DateTime<Utc>) -> Result<String, String> {
    let secret = std::str::from_utf8(key.secret()).map_err(|error| error.to_string())?;
    let retired_at = key.retired_at.unwrap_or(now).to_rfc3339_opts(SecondsFormat::Secs, true);
    Ok(format!("{secret}{RETIRED}{retired_at}"))
}

/// Atomically replaces the file by one with a new secret and the lines that `keep` chooses. Returns
/// the number of secrets that the old file had.
fn replace(
    path: &Path,
    keep: impl FnOnce(&Keys) -> Result<Vec<String>, String>,
) -> Result<usize, String> {
    let failed = |error: std::io::Error| format!("can't replace {}: {error}", path.display());
    // A link stays, and the file that it leads to is replaced.
    let path = &path.canonicalize().map_err(failed)?;
    // Of two concurrent calls, the second one must see the file that the first one wrote.
    let _turn = turn(path).map_err(failed)?;
    let keys = read(path)?;
    let lines = keep(&keys)?;
    let mut file = tempfile::NamedTempFile::new_in(beside::folder(path)).map_err(failed)?;
    // The user who runs this command may be another one than the server's.
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        let (old, new) =
            (path.metadata().map_err(failed)?, file.as_file().metadata().map_err(failed)?);
        if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
            fchown(file.as_file(), Some(old.uid()), Some(old.gid())).map_err(failed)?;
        }
    }
    writeln!(file, "{}", random_text::<48>()?).map_err(failed)?;
    for line in lines {
        writeln!(file, "{line}").map_err(failed)?;
    }
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    beside::sync_folder(path).map_err(failed)?;
    Ok(keys.all().count())
}

/// Waits for the exclusive right to replace the file. Dropping the returned file ends it.
fn turn(path: &Path) -> std::io::Result<std::fs::File> {
    loop {
        let file = std::fs::File::open(path)?;
        file.lock()?;
        // The file, and with it the lock, may have been replaced while this call waited.
        if Stamp::of(path)? == Stamp::new(&file.metadata()?) {
            return Ok(file);
        }
    }
}

/// Creates the file with one secret, unless it exists. Only its owner can read it from the first
/// moment, and it is on the disk before anything is signed with it.
pub(super) fn make(path: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("can't create {}: {error}", path.display());
    if path.symlink_metadata().is_ok() {
        return Ok(());
    }
    // It is written under another name first: a crash must not leave an empty file, and two
    // concurrent first starts must end up with the same secret.
    let mut file = tempfile::NamedTempFile::new_in(beside::folder(path)).map_err(failed)?;
    writeln!(file, "{}", random_text::<48>()?).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    match file.persist_noclobber(path) {
        Ok(_) => {}
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => return Err(failed(error.error)),
    }
    beside::sync_folder(path).map_err(failed)
}
