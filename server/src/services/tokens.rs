//! JSON Web Tokens that name a session. The database has no token, not even its hash: a refresh token is
//! derived from the session's row and a key.

mod verified;

use std::sync::Arc;

use aws_lc_rs::{
    aead::{AES_256_GCM_SIV, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    error::Unspecified,
    hmac,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use shared::{SessionId, UserId};

use crate::{
    db::sessions::SessionRow,
    error::Error,
    keys::{KEY_ID_LENGTH, Key, KeyRing},
};
use verified::{Signed, Verified};

const ISSUER: &str = "frontdesk";
/// Seconds by which clocks may differ.
const LEEWAY: i64 = 30;

/// The purpose of a key. Each purpose has its own audience and derived key, so that no token is
/// accepted for another purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Access,
    Refresh,
    /// Not a token: the derivation of one-time codes.
    Code,
    /// No token: what the cursors of lists are encrypted with.
    Cursor,
}

impl Purpose {
    fn audience(self) -> &'static str {
        match self {
            Self::Access => "frontdesk/api",
            Self::Refresh => "frontdesk/refresh",
            Self::Code => "frontdesk/code",
            Self::Cursor => "frontdesk/cursor",
        }
    }
}

/// The claims of an access token.
#[derive(Debug, Serialize, Deserialize)]
struct AccessClaims {
    iss: String,
    aud: String,
    sub: String,
    sid: i64,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// The claims of a refresh token.
#[derive(Debug, Serialize, Deserialize)]
struct RefreshClaims {
    iss: String,
    aud: String,
    sub: String,
    sid: i64,
    generation: i64,
    iat: i64,
    exp: i64,
}

/// The content of a valid access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// The user.
    pub user: UserId,
    /// The session in which it was issued.
    pub session: SessionId,
}

/// The content of a valid refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// The session.
    pub session: SessionId,
    /// The generation of the session in which the token was issued; it starts at 1.
    pub generation: i64,
}

/// Issues and verifies tokens.
pub struct Tokens {
    keys: KeyRing,
    access_minutes: i64,
    verified: Verified,
}

impl Tokens {
    /// Tokens are signed with the first key of the ring. Access tokens are valid for
    /// `access_minutes`.
    pub fn new(keys: KeyRing, access_minutes: i64) -> Self {
        Self { keys, access_minutes, verified: Verified::default() }
    }

    /// The lifetime of access tokens in seconds.
    pub fn access_seconds(&self) -> i64 {
        self.access_minutes * 60
    }

    /// A new access token for a session.
    pub(crate) fn access(&self, session: &SessionRow, now: DateTime<Utc>) -> Result<String, Error> {
        let now = now.timestamp();
        self.sign(
            Purpose::Access,
            &AccessClaims {
                iss: ISSUER.to_owned(),
                aud: Purpose::Access.audience().to_owned(),
                sub: session.user_id.to_string(),
                sid: session.id.0,
                iat: now,
                nbf: now,
                exp: now + self.access_seconds(),
            },
        )
    }

    /// The refresh token of the session's current generation. Every call returns the same token.
    pub(crate) fn refresh(&self, session: &SessionRow) -> Result<String, Error> {
        self.sign(
            Purpose::Refresh,
            &RefreshClaims {
                iss: ISSUER.to_owned(),
                aud: Purpose::Refresh.audience().to_owned(),
                sub: session.user_id.to_string(),
                sid: session.id.0,
                generation: session.generation,
                iat: session.rotated_at.timestamp(),
                exp: session.expires_at.timestamp(),
            },
        )
    }

    /// Verifies an access token; `None` where it is invalid or has expired.
    pub fn read_access(&self, token: &str, now: DateTime<Utc>) -> Option<Access> {
        let signed = match self.verified.get(&self.keys, token) {
            Some(signed) => signed,
            None => self.verify_access(token)?,
        };
        signed.is_current(now.timestamp()).then_some(signed.access)
    }

    fn verify_access(&self, token: &str) -> Option<Signed> {
        let (claims, key): (AccessClaims, _) = self.verify(Purpose::Access, token)?;
        let user = claims.sub.parse().ok()?;
        let access = Access { user, session: SessionId(claims.sid) };
        let signed = Signed { access, iat: claims.iat, nbf: claims.nbf, exp: claims.exp };
        self.verified.add(key, token, signed);
        Some(signed)
    }

    /// Verifies a refresh token; `None` where it is invalid or has expired.
    pub fn read_refresh(&self, token: &str, now: DateTime<Utc>) -> Option<Refresh> {
        let (claims, _): (RefreshClaims, _) = self.verify(Purpose::Refresh, token)?;
        let is_current = claims.exp.saturating_add(LEEWAY) > now.timestamp();
        is_current
            .then_some(Refresh { session: SessionId(claims.sid), generation: claims.generation })
    }

    /// The id of the key that signs now.
    pub(crate) fn signing_key(&self) -> String {
        self.keys.signing().id.clone()
    }

    /// The tag from which a one-time code is derived; `None` where the key is gone.
    pub(crate) fn code_tag(&self, key_id: &str, row: &str) -> Option<hmac::Tag> {
        let secret = derived(self.keys.get(key_id)?.secret(), Purpose::Code);
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_ref());
        Some(hmac::sign(&key, row.as_bytes()))
    }

    /// Encrypts the cursor of a list. Every instance can open it, and nobody else can read it or make
    /// one.
    pub(crate) fn seal_cursor(&self, list: &str, mut cursor: Vec<u8>) -> Result<String, Error> {
        let key = self.keys.signing();
        let sealed = cursor_cipher(key.secret())
            .and_then(|it| it.seal_in_place_append_tag(Aad::from(list), &mut cursor));
        let nonce = sealed.map_err(|e| Error::Internal(e.into()))?;
        let sealed = [nonce.as_ref().as_slice(), &cursor].concat();
        Ok(format!("{}{}", key.id, URL_SAFE_NO_PAD.encode(sealed)))
    }

    /// Decrypts the cursor of a list; nothing where it is not one of this list, or its key is gone.
    pub(crate) fn open_cursor(&self, list: &str, sealed: &str) -> Option<Vec<u8>> {
        let (key_id, sealed) = sealed.split_at_checked(KEY_ID_LENGTH)?;
        let mut sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, cursor) = sealed.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let cipher = cursor_cipher(self.keys.get(key_id)?.secret()).ok()?;
        cipher.open_in_place(nonce, Aad::from(list), cursor).ok().map(|cursor| cursor.to_vec())
    }

    fn sign<C: Serialize>(&self, purpose: Purpose, claims: &C) -> Result<String, Error> {
        let key = self.keys.signing();
        let header = Header { kid: Some(key.id.clone()), ..Header::new(Algorithm::HS256) };
        let secret = derived(key.secret(), purpose);
        jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(secret.as_ref()))
            .map_err(|e| Error::Internal(Box::new(e)))
    }

    /// The claims of a token, and the key that has signed it.
    fn verify<C: DeserializeOwned>(&self, purpose: Purpose, token: &str) -> Option<(C, Arc<Key>)> {
        let kid = jsonwebtoken::decode_header(token).ok()?.kid?;
        let signing = self.keys.get(&kid)?;
        let secret = derived(signing.secret(), purpose);
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[purpose.audience()]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The callers compare the times with the server's own clock.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let key = DecodingKey::from_secret(secret.as_ref());
        let decoded = jsonwebtoken::decode::<C>(token, &key, &validation).ok()?;
        Some((decoded.claims, signing))
    }
}

/// What cursors are encrypted with. Two with one random nonce would say that they are alike, and
/// nothing else (RFC 8452).
fn cursor_cipher(secret: &[u8]) -> Result<RandomizedNonceKey, Unspecified> {
    RandomizedNonceKey::new(&AES_256_GCM_SIV, derived(secret, Purpose::Cursor).as_ref())
}

/// Derives the key for one purpose from a secret.
fn derived(secret: &[u8], purpose: Purpose) -> hmac::Tag {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    hmac::sign(&key, purpose.audience().as_bytes())
}
