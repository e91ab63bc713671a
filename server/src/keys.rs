//! The ring of secrets for signing tokens: the first one signs, all of them verify. A change of the
//! key file is noticed while the server runs.

mod file;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use aws_lc_rs::{digest, rand};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    clock::Clock,
    config::{Database, Settings},
};

pub use file::{KeysCommand, check, check_given, replace_all, run};
use file::{Stamp, make, path, read, shared_with_group};

/// The minimum length of a secret in bytes, as HMAC-SHA-256 requires (RFC 7518, section 3.2).
const SECRET_MIN: usize = 32;
/// The longest lifetime of a one-time code. The secret that it is derived from must verify for as
/// long.
pub(crate) const CODE_LIFETIME_MAX: TimeDelta = TimeDelta::days(7);
/// How long the secrets are used before the key file is checked again.
const CHECK_AFTER: TimeDelta = TimeDelta::seconds(2);
/// The separator between a retired secret and the time at which it was retired.
const RETIRED: &str = " retired ";
/// How much longer a retired secret verifies than what it has signed may live. Other instances may
/// have signed with it a moment longer, and clocks differ.
const SLACK: TimeDelta = TimeDelta::minutes(2);

/// Characters of the name of a secret.
pub const KEY_ID_LENGTH: usize = 8;

/// A secret, with the id by which tokens refer to it.
pub struct Key {
    /// The first six bytes of the secret's SHA-256, in Base64. They reveal nothing about the
    /// secret.
    pub id: String,
    secret: Vec<u8>,
    retired_at: Option<DateTime<Utc>>,
}

impl Key {
    /// The secret.
    pub fn secret(&self) -> &[u8] {
        &self.secret
    }

    /// Whether a token or code that this secret has signed can still be valid.
    fn is_needed(&self, lifetime: TimeDelta, now: DateTime<Utc>) -> bool {
        self.retired_at.is_none_or(|retired_at| retired_at + lifetime + SLACK > now)
    }
}

/// The secrets; there is always at least one.
pub struct KeyRing {
    source: Option<PathBuf>,
    clock: Clock,
    /// The longest lifetime of tokens and codes.
    lifetime: TimeDelta,
    held: RwLock<Held>,
    /// Held while the key file is read.
    reading: Mutex<()>,
}

struct Held {
    keys: Keys,
    stamp: Option<Stamp>,
    looked_at: DateTime<Utc>,
}

struct Keys {
    first: Arc<Key>,
    others: Vec<Arc<Key>>,
}

impl Keys {
    fn all(&self) -> impl Iterator<Item = &Arc<Key>> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

/// The longest lifetime of what a secret has signed: refresh tokens and one-time codes.
fn lifetime(settings: &Settings) -> TimeDelta {
    TimeDelta::days(settings.refresh_token_days).max(CODE_LIFETIME_MAX)
}

impl KeyRing {
    /// The secret that signs.
    pub fn signing(&self) -> Arc<Key> {
        self.look(CHECK_AFTER);
        Arc::clone(&self.held().keys.first)
    }

    /// The secret with this id, while a token that it has signed can be valid.
    pub fn get(&self, id: &str) -> Option<Arc<Key>> {
        self.look(CHECK_AFTER);
        self.find(id).or_else(|| {
            // Another instance may have created it a moment ago and signed with it.
            self.look(TimeDelta::zero());
            self.find(id)
        })
    }

    fn find(&self, id: &str) -> Option<Arc<Key>> {
        let now = self.clock.now();
        let held = self.held();
        let key = held.keys.all().find(|key| key.id == id)?;
        key.is_needed(self.lifetime, now).then(|| Arc::clone(key))
    }

    fn held(&self) -> RwLockReadGuard<'_, Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn held_mut(&self) -> RwLockWriteGuard<'_, Held> {
        self.held.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the key file again if it has changed. If the new file can't be used, the secrets in
    /// use stay, and the log says why, once.
    ///
    /// Anyone can send tokens with unknown key ids. Each costs one look at the file's metadata, and
    /// no other request waits for it: the secrets are locked only while they are replaced.
    fn look(&self, after: TimeDelta) {
        let Some(path) = &self.source else { return };
        let now = self.clock.now();
        if (now - self.held().looked_at).abs() < after {
            return;
        }
        if Stamp::of(path).ok() == self.held().stamp {
            if !after.is_zero() {
                self.held_mut().looked_at = now;
            }
            return;
        }
        let _turn = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = Stamp::of(path).ok();
        if stamp == self.held().stamp {
            return;
        }
        let read = read(path);
        let mut held = self.held_mut();
        (held.looked_at, held.stamp) = (now, stamp);
        match read {
            Ok(keys) => {
                held.keys = keys;
                tracing::info!("the key file was reloaded");
            }
            Err(sentence) => {
                tracing::error!("the key file was not reloaded, the keys in use stay: {sentence}")
            }
        }
    }

    /// Loads the secrets that the settings name. For a SQLite database without such a setting, a
    /// key file is created beside it at the first start.
    ///
    /// Fails with a sentence for the operator where no secret is found, a secret is weak, or the
    /// file's permissions are too open.
    pub fn open(settings: &Settings, database: &Database, clock: &Clock) -> Result<Self, String> {
        let (keys, source) = match (&settings.jwt_secret_file, &settings.jwt_secret) {
            (None, Some(secret)) => (parse(secret, "FRONTDESK_JWT_SECRET")?, None),
            (given, _) => {
                let path = path(settings, database)?;
                if given.is_none() {
                    make(&path)?;
                }
                let keys = read(&path)?;
                if let Some(sentence) = shared_with_group(&path) {
                    tracing::warn!("{sentence}");
                }
                (keys, Some(path))
            }
        };
        let stamp = source.as_deref().and_then(|path| Stamp::of(path).ok());
        let held = Held { keys, stamp, looked_at: clock.now() };
        Ok(Self {
            source,
            clock: clock.clone(),
            lifetime: lifetime(settings),
            held: RwLock::new(held),
            reading: Mutex::default(),
        })
    }
}

/// Parses secrets, one per line.
fn parse(text: &str, place: &str) -> Result<Keys, String> {
    let mut keys = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let marked = line.rsplit_once(RETIRED).and_then(|(secret, time)| {
            let time = DateTime::parse_from_rfc3339(time).ok()?;
            Some((secret, Some(time.to_utc())))
        });
        let (secret, retired_at) = marked.unwrap_or((line, None));
        let is_placeholder = ["your-secret", "django-insecure", "changeme", "secret-key"]
            .iter()
            .any(|known| secret.to_lowercase().contains(known));
        let secret = secret.as_bytes().to_vec();
        let is_uniform = secret.windows(2).all(|pair| matches!(pair, [a, b] if a == b));
        if secret.len() < SECRET_MIN || is_placeholder || is_uniform {
            return Err(format!(
                "{place} holds a weak secret: it needs at least {SECRET_MIN} random characters"
            ));
        }
        let hash = digest::digest(&digest::SHA256, &secret);
        let id = URL_SAFE_NO_PAD.encode(hash.as_ref().get(..6).unwrap_or_default());
        keys.push(Arc::new(Key { id, secret, retired_at }));
    }
    let mut keys = keys.into_iter();
    let first = keys.next().ok_or_else(|| format!("{place} holds no secret"))?;
    Ok(Keys { first, others: keys.collect() })
}

/// Random bytes as text that is safe in URLs and headers.
pub fn random_text<const BYTES: usize>() -> Result<String, String> {
    random_bytes::<BYTES>().map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
}

/// Random bytes from the system's generator.
pub fn random_bytes<const BYTES: usize>() -> Result<[u8; BYTES], String> {
    let mut bytes = [0; BYTES];
    rand::fill(&mut bytes).map_err(|_| "the system's random number generator failed".to_owned())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_ring_signs_with_its_first_secret_and_verifies_with_all() {
        let (new, old) = ("n".repeat(31) + "1", "o".repeat(31) + "2");
        let settings =
            |secret: String| Settings { jwt_secret: Some(secret), ..Settings::defaults() };
        let ring = |secret: String| {
            let nowhere = Database::Sqlite(PathBuf::from("a.sqlite"));
            KeyRing::open(&settings(secret), &nowhere, &Clock::new(chrono_tz::Tz::UTC)).unwrap()
        };
        let both = ring(format!("{new}\n\n{old}\n"));
        assert_eq!(both.signing().secret(), new.as_bytes());
        let alone = ring(old.clone());
        assert_eq!(both.get(&alone.signing().id).unwrap().secret(), old.as_bytes());
        assert!(both.get("other").is_none());
    }

    #[test]
    fn a_retired_secret_verifies_as_long_as_its_tokens_live() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::Sqlite(folder.path().join("a.sqlite"));
        let (settings, clock) = (Settings::defaults(), Clock::new(chrono_tz::Tz::UTC));
        clock.stop();
        let ring = KeyRing::open(&settings, &database, &clock).unwrap();
        let old = ring.signing().id.clone();
        let path = path(&settings, &database).unwrap();
        file::rotate(&path, ring.lifetime, clock.now()).unwrap();
        assert_eq!(ring.signing().id, old, "the file is looked at too often");
        clock.advance(CHECK_AFTER);
        let new = ring.signing().id.clone();
        assert!(new != old && ring.get(&old).is_some());
        clock.advance(ring.lifetime + SLACK);
        assert!(ring.get(&old).is_none() && ring.get(&new).is_some());
        assert_eq!(file::rotate(&path, ring.lifetime, clock.now()).unwrap(), 1);
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 2, "the dead one was kept: {text}");
    }

    #[test]
    fn logins_with_unknown_names_delay_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::Sqlite(folder.path().join("a.sqlite"));
        let (settings, clock) = (Settings::defaults(), Clock::new(chrono_tz::Tz::UTC));
        clock.stop();
        let ring = Arc::new(KeyRing::open(&settings, &database, &clock).unwrap());
        // A reader holds the lock, so a writer could not take it.
        let _verifying = ring.held();
        let (done, wait) = std::sync::mpsc::channel();
        let stranger = Arc::clone(&ring);
        std::thread::spawn(move || done.send(stranger.get("other").is_none()));
        assert_eq!(wait.recv_timeout(std::time::Duration::from_secs(60)), Ok(true));
    }

    #[test]
    fn weak_secrets_are_refused() {
        for weak in ["", "short", &"a".repeat(64), &format!("your-secret-key-{}", "x1".repeat(20))]
        {
            assert!(parse(weak, "it").is_err(), "{weak}");
        }
    }

    #[test]
    fn a_file_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::Sqlite(folder.path().join("a.sqlite"));
        let settings = Settings::defaults();
        let clock = Clock::new(chrono_tz::Tz::UTC);
        let first = KeyRing::open(&settings, &database, &clock).unwrap();
        let second = KeyRing::open(&settings, &database, &clock).unwrap();
        assert_eq!(first.signing().id, second.signing().id);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let path = folder.path().join("a.sqlite.keys");
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            let open = |mode| {
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
                KeyRing::open(&settings, &database, &clock)
            };
            assert!(open(0o640).is_ok());
            for mode in [0o660, 0o604, 0o644] {
                assert!(open(mode).err().unwrap().contains("others"), "{mode:o}");
            }
        }
    }
}
