//! One-time codes. With a code, its owner sets a password or confirms an e-mail address.
//!
//! A code has 20 characters, which is 100 bits. The first 8 characters are random and identify the
//! row. The other 12 are derived from the row and the key, so a copy of the database contains no
//! codes. After ten failed attempts a code is void. Attempts are counted per row, and a row can't
//! be found by guessing, so nobody can void another user's code on purpose.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use chrono::{DateTime, TimeDelta, Utc};
use shared::{
    FieldError, UserId,
    account::{User, identifier_key},
};

use super::rate_limits::RateLimits;
use crate::{
    app::App,
    db::{
        Conn,
        codes::{self, CodeRow, NewCode},
    },
    error::Error,
    keys::{CODE_LIFETIME_MAX, random_bytes},
    services::{
        actor::Origin,
        audit::{self, AuditActor, AuditEvent},
    },
};

/// Digits and letters without I, L, O and U, which look or sound like others.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters that identify the row.
const LOCATOR: usize = 8;
/// Characters that are derived from the row and the key.
const PROOF: usize = 12;
/// Characters between two dashes.
const GROUP: usize = 4;
/// Failed attempts after which a code is void.
const FAILURES_MAX: i64 = 10;

/// What a code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Setting a password without knowing the current one.
    SetPassword,
    /// Confirming an e-mail address.
    VerifyEmail,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::SetPassword => "set_password",
            Self::VerifyEmail => "verify_email",
        }
    }
}

/// A new code, at the only moment at which its text exists.
pub(crate) struct Issued {
    /// The code, in groups of four.
    pub(crate) code: String,
    /// The end of its validity.
    pub(crate) expires_at: DateTime<Utc>,
}

/// Creates a code for a user, in the caller's transaction. Earlier codes stay valid unless they
/// are voided.
pub(crate) async fn issue(
    app: &App,
    conn: &mut Conn<'_>,
    user: UserId,
    purpose: Purpose,
    lifetime: TimeDelta,
) -> Result<Issued, Error> {
    make(app, conn, user, purpose, lifetime, None).await
}

/// Creates a code to be mailed to a user's address, in place of any mailed before. It is valid
/// only while the user has that address, and sending it back proves that the address is the
/// user's.
pub(crate) async fn issue_to_mail(
    app: &App,
    conn: &mut Conn<'_>,
    user: &User,
    purpose: Purpose,
    lifetime: TimeDelta,
) -> Result<Issued, Error> {
    let no_address =
        || Error::internal("a code is to be mailed to a user without an e-mail address");
    let address = identifier_key(user.email.as_deref().ok_or_else(no_address)?);
    codes::void_mailed(conn, user.id, purpose.as_str()).await?;
    make(app, conn, user.id, purpose, lifetime, Some(&address)).await
}

async fn make(
    app: &App,
    conn: &mut Conn<'_>,
    user: UserId,
    purpose: Purpose,
    lifetime: TimeDelta,
    mailed_to: Option<&str>,
) -> Result<Issued, Error> {
    let now = app.clock().now();
    codes::tidy(conn, user, now).await?;
    let locator = spelled(&random_bytes::<LOCATOR>().map_err(Error::internal)?);
    let key = app.tokens().signing_key();
    let new = NewCode {
        user,
        purpose: purpose.as_str(),
        mailed_to,
        locator: &locator,
        key_id: &key,
        now,
        expires_at: now + lifetime.min(CODE_LIFETIME_MAX),
    };
    let row = codes::insert(conn, new).await?;
    let taken =
        || Error::Unavailable { reason: "the new code collides with an existing one", after: 1 };
    let row = row.ok_or_else(taken)?;
    let proof = proof(app, &row, purpose)
        .ok_or_else(|| Error::internal("the key for a code is missing"))?;
    Ok(Issued { code: grouped(&locator, &proof), expires_at: row.expires_at })
}

fn grouped(locator: &str, proof: &str) -> String {
    let text = format!("{locator}{proof}");
    let groups: Vec<&str> = text.as_bytes().chunks(GROUP).filter_map(as_text).collect();
    groups.join("-")
}

/// The part of a code that identifies its row, and proves nothing.
pub(crate) fn beginning(code: &str) -> String {
    code.chars().filter(|c| *c != '-').take(LOCATOR).collect()
}

/// Restores an issued code from its beginning. Returns `None` if it has been used or voided since.
pub(crate) async fn recover(
    app: &App,
    conn: &mut Conn<'_>,
    beginning: &str,
    purpose: Purpose,
) -> Result<Option<String>, Error> {
    let row = codes::find(conn, purpose.as_str(), beginning).await?;
    let proved = row.and_then(|row| proof(app, &row, purpose));
    Ok(proved.map(|proof| grouped(beginning, &proof)))
}

/// The owner of a valid code. The code stays valid.
pub(crate) async fn owner(
    app: &App,
    conn: &mut Conn<'_>,
    text: &str,
    purpose: Purpose,
) -> Result<Option<UserId>, Error> {
    Ok(find(app, conn, text, purpose).await?.filter(|found| found.is_good).map(|it| it.row.user))
}

/// Whether a valid code was mailed. Sending such a code back proves the e-mail address.
pub(crate) async fn is_mailed(
    app: &App,
    conn: &mut Conn<'_>,
    text: &str,
    purpose: Purpose,
) -> Result<bool, Error> {
    let found = find(app, conn, text, purpose).await?.filter(|found| found.is_good);
    Ok(found.is_some_and(|found| found.row.mailed_to.is_some()))
}

/// Uses up a code and returns its owner, in the caller's transaction. Of several concurrent
/// requests with the same code, one succeeds. A wrong, expired or used code is an error of
/// `token`, with the same message for each.
pub(crate) async fn redeem(
    app: &App,
    conn: &mut Conn<'_>,
    text: &str,
    purpose: Purpose,
) -> Result<UserId, Error> {
    let found = find(app, conn, text, purpose).await?.filter(|found| found.is_good);
    let found = found.ok_or_else(refused)?;
    if !codes::take(conn, found.row.id).await? {
        return Err(refused());
    }
    Ok(found.row.user)
}

/// Counts a failed attempt against the code that the text identifies, and notes it in the audit
/// log. It uses its own transaction, because the one of the request ends without a write.
///
/// Only invalid codes are limited, so nobody at the same address can keep a valid code from being
/// used. This does not help guessing, because a code has 100 bits and its failed attempts are
/// counted all the same.
///
/// Fails after too many invalid codes from one address.
pub(crate) async fn refuse(
    app: &App,
    origin: &Origin,
    text: &str,
    purpose: Purpose,
) -> Result<(), Error> {
    let limits = RateLimits::bad_codes(origin.address.as_deref().unwrap_or_default());
    let attempted = limits.attempt(app).await;
    let found = {
        let mut read = app.db().read().await?;
        find(app, &mut read.conn(), text, purpose).await?
    };
    if attempted.is_err() && found.is_none() {
        // Attempts beyond the limit are refused without a write.
        return attempted;
    }
    let mut tx = app.db().begin().await?;
    let mut conn = tx.conn();
    if let Some(found) = &found {
        codes::count_failure(&mut conn, found.row.id).await?;
    }
    let event = AuditEvent::of_user("auth.code_refused", found.map(|found| found.row.user));
    audit::note(&mut conn, AuditActor::Anonymous(origin, "nobody"), app.clock().now(), event)
        .await?;
    tx.commit().await?;
    attempted
}

/// Voids all codes of a user for a purpose.
pub(crate) async fn void(conn: &mut Conn<'_>, user: UserId, purpose: Purpose) -> Result<(), Error> {
    Ok(codes::void(conn, user, purpose.as_str()).await.map(drop)?)
}

/// Voids all codes of a user, because the account is no longer the one for which they were issued.
pub(crate) async fn void_all(conn: &mut Conn<'_>, user: UserId) -> Result<(), Error> {
    void(conn, user, Purpose::SetPassword).await?;
    void(conn, user, Purpose::VerifyEmail).await
}

/// The error for an invalid code.
pub(crate) fn not_valid() -> FieldError {
    FieldError::new("not_valid", "is wrong, expired or already used: request a new one")
}

fn refused() -> Error {
    Error::invalid("token", not_valid())
}

struct Found {
    row: CodeRow,
    is_good: bool,
}

async fn find(
    app: &App,
    conn: &mut Conn<'_>,
    text: &str,
    purpose: Purpose,
) -> Result<Option<Found>, Error> {
    let Some(text) = normalised(text) else { return Ok(None) };
    let Some((locator, sent)) = text.split_at_checked(LOCATOR) else { return Ok(None) };
    let Some(row) = codes::find(conn, purpose.as_str(), locator).await? else { return Ok(None) };
    let is_right = proof(app, &row, purpose)
        .is_some_and(|proof| verify_slices_are_equal(proof.as_bytes(), sent.as_bytes()).is_ok());
    let is_alive = row.expires_at > app.clock().now() && row.failures < FAILURES_MAX;
    Ok(Some(Found { is_good: is_right && is_alive, row }))
}

/// The characters that are derived from a row, or `None` if its key no longer exists.
fn proof(app: &App, row: &CodeRow, purpose: Purpose) -> Option<String> {
    let (user, locator, kind) = (row.user, &row.locator, purpose.as_str());
    let expires = row.expires_at.timestamp_micros();
    let tag = app.tokens().code_tag(&row.key_id, &format!("{locator} {user} {kind} {expires}"))?;
    tag.as_ref().get(..PROOF).map(spelled)
}

/// Encodes the low five bits of each byte as one character.
fn spelled(bytes: &[u8]) -> String {
    let spell = |byte: &u8| ALPHABET.get(usize::from(byte & 31)).copied().map(char::from);
    bytes.iter().filter_map(spell).collect()
}

fn as_text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// The form in which codes are compared: upper case, without spaces and dashes, and with
/// look-alike characters replaced. Returns `None` for text that can't be a code.
pub(crate) fn normalised(text: &str) -> Option<String> {
    let mut code = String::with_capacity(LOCATOR + PROOF);
    for c in text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '‐' | '–')) {
        let c = match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            c => c,
        };
        let is_known = c.is_ascii() && ALPHABET.iter().any(|known| char::from(*known) == c);
        if !is_known || code.len() == LOCATOR + PROOF {
            return None;
        }
        code.push(c);
    }
    (code.len() == LOCATOR + PROOF).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_whatever_its_case_spaces_and_dashes() {
        let code = Some("0123456789ABCDEFGH10".to_owned());
        for written in [
            "0123-4567-89AB-CDEF-GH10",
            "0123456789abcdefgh10",
            "  0123 4567–89ab cdef\tghio ",
            "o123-4567-89AB-CDEF-GHLO",
        ] {
            assert_eq!(normalised(written), code, "{written}");
        }
        for wrong in ["", "0123", "0123-4567-89AB-CDEF-GH1U", "0123-4567-89AB-CDEF-GH100", "é"] {
            assert_eq!(normalised(wrong), None, "{wrong}");
        }
    }
}
