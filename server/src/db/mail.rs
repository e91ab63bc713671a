//! Mail that is to go out. A row is claimed by moving the time at which it is due: whoever does that
//! has it until then, and when that process has died, the row is due again by itself.

use chrono::{DateTime, Utc};

use super::{Conn, DbError, Row, Sql};
use crate::error::Error;

/// A mail that this process has claimed.
pub(crate) struct Claimed {
    pub(crate) id: i64,
    /// Which mail it is: `verification`.
    pub(crate) letter: String,
    /// The address it goes to.
    pub(crate) recipient: String,
    /// The same at every attempt, so that a mail that came twice can be known as one.
    pub(crate) message_id: String,
    pub(crate) created_at: DateTime<Utc>,
    /// Counts the attempts, this one included.
    pub(crate) attempts: i64,
    claim: String,
}

fn from_row(row: &Row) -> Result<Claimed, Error> {
    Ok(Claimed {
        id: row.get("id")?,
        letter: row.get("letter")?,
        recipient: row.get("recipient")?,
        message_id: row.get("message_id")?,
        created_at: row.get("created_at")?,
        attempts: row.get("attempts")?,
        claim: row.get("claim")?,
    })
}

/// Queues a mail.
pub(crate) async fn insert(
    conn: &mut Conn<'_>,
    letter: &str,
    recipient: &str,
    message_id: &str,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let sql = Sql::new(
        "INSERT INTO outgoing_mail (letter, recipient, message_id, state, created_at, due_at, \
         attempts) VALUES ($1, $2, $3, 'waiting', $4, $4, 0)",
    );
    sql.arg(letter).arg(recipient).arg(message_id).arg(now).execute(conn).await.map(drop)
}

/// Whether a mail is due.
pub(crate) async fn is_due(conn: &mut Conn<'_>, now: DateTime<Utc>) -> Result<bool, DbError> {
    let sql =
        Sql::new("SELECT id FROM outgoing_mail WHERE state = 'waiting' AND due_at <= $1 LIMIT 1");
    Ok(sql.arg(now).fetch_optional(conn).await?.is_some())
}

/// How many mails wait to be sent.
pub(crate) async fn count_waiting(conn: &mut Conn<'_>) -> Result<i64, DbError> {
    let sql = Sql::new("SELECT COUNT(*) AS count FROM outgoing_mail WHERE state = 'waiting'");
    Ok(sql.fetch_one(conn).await?.get("count")?)
}

/// Claims the mail that has been due longest, until a time. Of several who ask at once each gets
/// another one.
pub(crate) async fn claim(
    conn: &mut Conn<'_>,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
    claim: &str,
) -> Result<Option<Claimed>, DbError> {
    let sql = conn.either(
        "UPDATE outgoing_mail SET due_at = $2, claim = $3, attempts = attempts + 1 WHERE id = \
         (SELECT id FROM outgoing_mail WHERE state = 'waiting' AND due_at <= $1 \
         ORDER BY due_at, id LIMIT 1) \
         RETURNING id, letter, recipient, message_id, created_at, attempts, claim",
        "UPDATE outgoing_mail SET due_at = $2, claim = $3, attempts = attempts + 1 WHERE id = \
         (SELECT id FROM outgoing_mail WHERE state = 'waiting' AND due_at <= $1 \
         ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) \
         RETURNING id, letter, recipient, message_id, created_at, attempts, claim",
    );
    let row = sql.arg(now).arg(until).arg(claim).fetch_optional(conn).await?;
    Ok(row.as_ref().map(from_row).transpose()?)
}

/// Puts a claimed mail off after a failed attempt.
pub(crate) async fn put_off(
    conn: &mut Conn<'_>,
    mail: &Claimed,
    due_at: DateTime<Utc>,
    failure: &str,
) -> Result<(), DbError> {
    let sql = Sql::new(
        "UPDATE outgoing_mail SET due_at = $3, claim = NULL, failure = $4 \
         WHERE id = $1 AND claim = $2",
    );
    let sql = sql.arg(mail.id).arg(mail.claim.as_str()).arg(due_at).arg(failure);
    sql.execute(conn).await.map(drop)
}

/// Marks a claimed mail as sent, or with a failure as given up.
pub(crate) async fn finish(
    conn: &mut Conn<'_>,
    mail: &Claimed,
    now: DateTime<Utc>,
    failure: Option<&str>,
) -> Result<(), DbError> {
    let sql = Sql::new(
        "UPDATE outgoing_mail SET state = $3, due_at = $4, claim = NULL, failure = $5 \
         WHERE id = $1 AND claim = $2",
    );
    let state = if failure.is_some() { "failed" } else { "sent" };
    let sql = sql.arg(mail.id).arg(mail.claim.as_str()).arg(state).arg(now).arg(failure);
    sql.execute(conn).await.map(drop)
}

/// Removes a claimed mail that has nobody to go to.
pub(crate) async fn remove(conn: &mut Conn<'_>, mail: &Claimed) -> Result<(), DbError> {
    let sql = Sql::new("DELETE FROM outgoing_mail WHERE id = $1 AND claim = $2");
    sql.arg(mail.id).arg(mail.claim.as_str()).execute(conn).await.map(drop)
}

/// Removes what was done with before a time.
pub(crate) async fn tidy(conn: &mut Conn<'_>, before: DateTime<Utc>) -> Result<(), DbError> {
    let sql = Sql::new("DELETE FROM outgoing_mail WHERE state <> 'waiting' AND due_at < $1");
    sql.arg(before).execute(conn).await.map(drop)
}
