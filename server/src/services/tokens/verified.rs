//! The access tokens whose signature was verified. A client sends the same token with every request,
//! and verifying it takes longer than anything else that is done for a read.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};

use super::{Access, LEEWAY};
use crate::keys::{Key, KeyRing};

/// The maximum number of tokens.
const KNOWN_MAX: usize = 4_096;

/// What a signature vouches for.
#[derive(Clone, Copy)]
pub(super) struct Signed {
    pub(super) access: Access,
    pub(super) iat: i64,
    pub(super) nbf: i64,
    pub(super) exp: i64,
}

impl Signed {
    /// Whether the token is valid at this time, in seconds since 1970.
    pub(super) fn is_current(&self, now: i64) -> bool {
        self.exp.saturating_add(LEEWAY) > now
            && self.nbf <= now.saturating_add(LEEWAY)
            && self.iat <= now.saturating_add(LEEWAY)
    }
}

/// The SHA-256 of a token.
type Hash = [u8; SHA256_OUTPUT_LEN];

/// Verified tokens by their hashes, each with the key that has signed it.
type Known = HashMap<Hash, (Arc<Key>, Signed)>;

/// Verified tokens.
#[derive(Default)]
pub(super) struct Verified(Mutex<Known>);

impl Verified {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of a token, while the key that has signed it is in use.
    pub(super) fn get(&self, keys: &KeyRing, token: &str) -> Option<Signed> {
        let hash = hashed(token)?;
        let (key, signed) = self.lock().get(&hash).cloned()?;
        if keys.get(&key.id).is_some_and(|used| Arc::ptr_eq(&used, &key)) {
            return Some(signed);
        }
        self.lock().remove(&hash);
        None
    }

    /// Adds a token that this key has signed.
    pub(super) fn add(&self, key: Arc<Key>, token: &str, signed: Signed) {
        let Some(hash) = hashed(token) else { return };
        let mut known = self.lock();
        if known.len() >= KNOWN_MAX && !known.contains_key(&hash) {
            known.clear();
        }
        known.insert(hash, (key, signed));
    }
}

fn hashed(token: &str) -> Option<Hash> {
    digest(&SHA256, token.as_bytes()).as_ref().try_into().ok()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use shared::{SessionId, UserId};

    use super::*;
    use crate::{
        clock::Clock,
        config::{Database, Settings},
    };

    const SIGNED: Signed = Signed {
        access: Access { user: UserId(1), session: SessionId(2) },
        iat: 1_000,
        nbf: 1_000,
        exp: 2_000,
    };

    #[test]
    fn a_token_is_known_while_its_key_is_in_use_and_at_most_so_many_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sqlite");
        let clock = Clock::new(chrono_tz::Tz::UTC);
        clock.stop();
        let database = Database::Sqlite(path.clone());
        let keys = KeyRing::open(&Settings::defaults(), &database, &clock).unwrap();
        let verified = Verified::default();
        verified.add(keys.signing(), "a.b.c", SIGNED);
        assert_eq!(verified.get(&keys, "a.b.c").map(|it| it.access), Some(SIGNED.access));
        assert!(verified.get(&keys, "a.b.d").is_none());
        for number in 0..KNOWN_MAX * 2 {
            verified.add(keys.signing(), &number.to_string(), SIGNED);
            assert!(verified.lock().len() <= KNOWN_MAX);
        }
        verified.add(keys.signing(), "a.b.c", SIGNED);
        std::fs::write(path.with_file_name("a.sqlite.keys"), "q8Zr2Lk9vTn4Wc7Yp1Xs6Df3Hg5Jb0Ma\n")
            .unwrap();
        clock.advance(TimeDelta::minutes(1));
        assert!(verified.get(&keys, "a.b.c").is_none());
    }

    #[test]
    fn a_token_is_current_between_its_times() {
        for (now, expected) in [(900, false), (970, true), (2_029, true), (2_030, false)] {
            assert_eq!(SIGNED.is_current(now), expected, "{now}");
        }
    }
}
