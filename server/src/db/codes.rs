//! One-time codes that are still valid or have expired; a used code is removed.

use chrono::{DateTime, Utc};
use shared::UserId;

use super::{Conn, DbError, Row, Sql};
use crate::error::Error;

/// A stored code. The code itself follows from its locator and a key.
pub(crate) struct CodeRow {
    pub(crate) id: i64,
    pub(crate) user: UserId,
    /// The first characters of the code, by which it is found.
    pub(crate) locator: String,
    /// The key from which the remaining characters are derived.
    pub(crate) key_id: String,
    /// The folded e-mail address that the code was mailed to; `None` where it was not mailed.
    pub(crate) mailed_to: Option<String>,
    /// Failed attempts so far.
    pub(crate) failures: i64,
    pub(crate) expires_at: DateTime<Utc>,
}

fn from_row(row: &Row) -> Result<CodeRow, Error> {
    Ok(CodeRow {
        id: row.get("id")?,
        user: UserId(row.get("user_id")?),
        locator: row.get("locator")?,
        key_id: row.get("key_id")?,
        mailed_to: row.get("mailed_to")?,
        failures: row.get("failures")?,
        expires_at: row.get("expires_at")?,
    })
}

/// A code to insert.
pub(crate) struct NewCode<'a> {
    pub(crate) user: UserId,
    pub(crate) purpose: &'a str,
    pub(crate) mailed_to: Option<&'a str>,
    pub(crate) locator: &'a str,
    pub(crate) key_id: &'a str,
    pub(crate) now: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

/// Inserts a code. Returns `None` where another code has the same locator.
pub(crate) async fn insert(
    conn: &mut Conn<'_>,
    new: NewCode<'_>,
) -> Result<Option<CodeRow>, DbError> {
    let sql = Sql::new(
        "INSERT INTO account_codes (user_id, purpose, mailed_to, locator, key_id, failures, \
         created_at, expires_at) VALUES ($1, $2, $3, $4, $5, 0, $6, $7) \
         ON CONFLICT (locator) DO NOTHING \
         RETURNING id, user_id, mailed_to, locator, key_id, failures, expires_at",
    );
    let sql = sql.arg(new.user.0).arg(new.purpose).arg(new.mailed_to).arg(new.locator);
    let row = sql.arg(new.key_id).arg(new.now).arg(new.expires_at).fetch_optional(conn).await?;
    Ok(row.as_ref().map(from_row).transpose()?)
}

/// The code with this locator. A mailed code is found only while the user still has that e-mail
/// address.
pub(crate) async fn find(
    conn: &mut Conn<'_>,
    purpose: &str,
    locator: &str,
) -> Result<Option<CodeRow>, DbError> {
    let sql = Sql::new(
        "SELECT c.id, c.user_id, c.mailed_to, c.locator, c.key_id, c.failures, c.expires_at \
         FROM account_codes c JOIN users u ON u.id = c.user_id \
         WHERE c.locator = $1 AND c.purpose = $2 \
         AND (c.mailed_to IS NULL OR c.mailed_to = u.email_key)",
    );
    let row = sql.arg(locator).arg(purpose).fetch_optional(conn).await?;
    Ok(row.as_ref().map(from_row).transpose()?)
}

/// Removes a code. Of several concurrent calls only one returns `true`.
pub(crate) async fn take(conn: &mut Conn<'_>, id: i64) -> Result<bool, DbError> {
    let sql = Sql::new("DELETE FROM account_codes WHERE id = $1");
    Ok(sql.arg(id).execute(conn).await? == 1)
}

/// Counts a failed attempt.
pub(crate) async fn count_failure(conn: &mut Conn<'_>, id: i64) -> Result<(), DbError> {
    let sql = Sql::new("UPDATE account_codes SET failures = failures + 1 WHERE id = $1");
    sql.arg(id).execute(conn).await.map(drop)
}

/// Removes all codes of a user for a purpose, and returns how many.
pub(crate) async fn void(conn: &mut Conn<'_>, user: UserId, purpose: &str) -> Result<u64, DbError> {
    let sql = Sql::new("DELETE FROM account_codes WHERE user_id = $1 AND purpose = $2");
    sql.arg(user.0).arg(purpose).execute(conn).await
}

/// Removes the mailed codes of a user for a purpose, and returns how many.
pub(crate) async fn void_mailed(
    conn: &mut Conn<'_>,
    user: UserId,
    purpose: &str,
) -> Result<u64, DbError> {
    let sql = Sql::new(
        "DELETE FROM account_codes WHERE user_id = $1 AND purpose = $2 AND mailed_to IS NOT NULL",
    );
    sql.arg(user.0).arg(purpose).execute(conn).await
}

/// Removes the expired codes of a user.
pub(crate) async fn tidy(
    conn: &mut Conn<'_>,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let sql = Sql::new("DELETE FROM account_codes WHERE user_id = $1 AND expires_at <= $2");
    sql.arg(user.0).arg(now).execute(conn).await.map(drop)
}
