//! The ring of secrets that sign tokens: the first signs, all verify.

use std::{io::Write, path::Path};

use aws_lc_rs::{digest, rand};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::config::{Database, Settings};

/// Fewest bytes of a secret: what HMAC-SHA-256 can use (RFC 7518, section 3.2).
const SECRET_MIN: usize = 32;

/// One secret with the name under which a token refers to it.
pub struct Key {
    /// The first bytes of its hash, so that it says nothing about the secret.
    pub id: String,
    secret: Vec<u8>,
}

impl Key {
    /// The secret.
    pub fn secret(&self) -> &[u8] {
        &self.secret
    }
}

/// The secrets; there is always one.
pub struct KeyRing {
    first: Key,
    others: Vec<Key>,
}

impl KeyRing {
    /// The secret that signs.
    pub fn signing(&self) -> &Key {
        &self.first
    }

    /// The secret with this name.
    pub fn get(&self, id: &str) -> Option<&Key> {
        std::iter::once(&self.first).chain(&self.others).find(|key| key.id == id)
    }

    /// Finds the secrets that the settings name; beside a SQLite file they are made at the first
    /// start.
    ///
    /// Fails with one sentence where there is none, or it is weak, or others can read it.
    pub fn open(settings: &Settings, database: &Database) -> Result<Self, String> {
        match (&settings.jwt_secret_file, &settings.jwt_secret, database) {
            (Some(path), ..) => Self::from_file(path),
            (None, Some(secret), _) => Self::from_text(secret, "FRONTDESK_JWT_SECRET"),
            (None, None, Database::Sqlite(file)) => {
                let mut path = file.clone().into_os_string();
                path.push(".keys");
                let path = Path::new(&path);
                make(path)?;
                Self::from_file(path)
            }
            (None, None, Database::Postgres(_)) => {
                Err("with PostgreSQL a secret has to be given, the same on every instance: \
                 say --jwt-secret-file (openssl rand -base64 48 makes one)"
                    .to_owned())
            }
        }
    }

    fn from_file(path: &Path) -> Result<Self, String> {
        let place = format!("the key file {}", path.display());
        let failed = |error: std::io::Error| format!("{place} can't be read: {error}");
        let metadata = std::fs::symlink_metadata(path).map_err(failed)?;
        if !metadata.is_file() {
            return Err(format!("{place} is not a plain file"));
        }
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
            if mode & 0o077 != 0 {
                return Err(format!("{place} can be read by others: chmod 600 it"));
            }
        }
        Self::from_text(&std::fs::read_to_string(path).map_err(failed)?, &place)
    }

    fn from_text(text: &str, place: &str) -> Result<Self, String> {
        let mut keys = Vec::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let secret = line.as_bytes().to_vec();
            let is_placeholder = ["your-secret", "django-insecure", "changeme", "secret-key"]
                .iter()
                .any(|known| line.to_lowercase().contains(known));
            let is_uniform = secret.windows(2).all(|pair| matches!(pair, [a, b] if a == b));
            if secret.len() < SECRET_MIN || is_placeholder || is_uniform {
                return Err(format!(
                    "{place} holds a weak secret: it needs at least {SECRET_MIN} random characters"
                ));
            }
            let hash = digest::digest(&digest::SHA256, &secret);
            let id = URL_SAFE_NO_PAD.encode(hash.as_ref().get(..6).unwrap_or_default());
            keys.push(Key { id, secret });
        }
        let mut keys = keys.into_iter();
        let first = keys.next().ok_or_else(|| format!("{place} holds no secret"))?;
        Ok(Self { first, others: keys.collect() })
    }
}

/// Makes the file with one secret, unless it is there: readable by its owner alone from the first
/// moment, and on the disk before anything is signed with it.
fn make(path: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("can't make {}: {error}", path.display());
    if path.symlink_metadata().is_ok() {
        return Ok(());
    }
    // Written under another name first: a crash must not leave an empty file, and of two first
    // starts at once both must end up with the same secret.
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let folder = folder.unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    writeln!(file, "{}", random_text::<48>()?).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    match file.persist_noclobber(path) {
        Ok(_) => {}
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => return Err(failed(error.error)),
    }
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

/// Random bytes as text that fits into addresses and headers.
pub fn random_text<const BYTES: usize>() -> Result<String, String> {
    random_bytes::<BYTES>().map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
}

/// Random bytes.
pub fn random_bytes<const BYTES: usize>() -> Result<[u8; BYTES], String> {
    let mut bytes = [0; BYTES];
    rand::fill(&mut bytes).map_err(|_| "the machine gives no random numbers".to_owned())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_signs_with_its_first_secret_and_knows_all() {
        let (new, old) = ("n".repeat(31) + "1", "o".repeat(31) + "2");
        let ring = KeyRing::from_text(&format!("{new}\n\n{old}\n"), "it").unwrap();
        assert_eq!(ring.signing().secret(), new.as_bytes());
        let alone = KeyRing::from_text(&old, "it").unwrap();
        assert_eq!(ring.get(&alone.signing().id).unwrap().secret(), old.as_bytes());
        assert!(ring.get("other").is_none());
    }

    #[test]
    fn weak_secrets_are_refused() {
        for weak in ["", "short", &"a".repeat(64), &format!("your-secret-key-{}", "x1".repeat(20))]
        {
            assert!(KeyRing::from_text(weak, "it").is_err(), "{weak}");
        }
    }

    #[test]
    fn a_file_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::Sqlite(folder.path().join("a.sqlite"));
        let settings = Settings::defaults();
        let first = KeyRing::open(&settings, &database).unwrap();
        let second = KeyRing::open(&settings, &database).unwrap();
        assert_eq!(first.signing().id, second.signing().id);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let path = folder.path().join("a.sqlite.keys");
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
            assert!(KeyRing::open(&settings, &database).err().unwrap().contains("others"));
        }
    }
}
