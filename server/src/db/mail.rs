//! The queue of outgoing mail. A process claims a row by moving its due time ahead. Until then the
//! row belongs to that process; if the process dies, the row becomes due again by itself.

use chrono::{DateTime, Utc};

use super::{Conn, DbError, Row, Sql};
use crate::error::Error;

/// A mail that this process has claimed.
pub(crate) struct Claimed {
    pub(crate) id: i64,
    /// The kind of mail, such as `verification`.
    pub(crate) letter: String,
    /// The e-mail address of the recipient.
    pub(crate) recipient: String,
    /// The `Message-ID` of the mail. It is the same in every attempt, so that a mail program can
    /// recognise a duplicate.
    pub(crate) message_id: String,
    pub(crate) created_at: DateTime<Utc>,
    /// The number of attempts, including this one.
    pub(crate) attempts: i64,
    claim: String,
}

fn from_row(row: &Row) -> Result<Claimed, Error> {
    Ok(from_columns!(
        row,
        Claimed { id, letter, recipient, message_id, created_at, attempts, claim }
    ))
}

/// Queues a mail that is due now.
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

/// Whether any mail is due.
pub(crate) async fn is_due(conn: &mut Conn<'_>, now: DateTime<Utc>) -> Result<bool, DbError> {
    let sql =
        Sql::new("SELECT id FROM outgoing_mail WHERE state = 'waiting' AND due_at <= $1 LIMIT 1");
    Ok(sql.arg(now).fetch_optional(conn).await?.is_some())
}

/// Counts the mails that wait to be sent.
pub(crate) async fn count_waiting(conn: &mut Conn<'_>) -> Result<i64, DbError> {
    let sql = Sql::new("SELECT COUNT(*) AS count FROM outgoing_mail WHERE state = 'waiting'");
    Ok(sql.fetch_one(conn).await?.get("count")?)
}

/// Claims the mail that has been due for the longest time, until the time `until`. Concurrent calls
/// claim different mails.
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

/// Postpones a claimed mail after a failed attempt.
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

/// Marks a claimed mail as sent or, where `failure` is given, as failed for good.
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

/// Removes a claimed mail that has no recipient any more.
pub(crate) async fn remove(conn: &mut Conn<'_>, mail: &Claimed) -> Result<(), DbError> {
    let sql = Sql::new("DELETE FROM outgoing_mail WHERE id = $1 AND claim = $2");
    sql.arg(mail.id).arg(mail.claim.as_str()).execute(conn).await.map(drop)
}

/// Removes sent and failed mails that ended before a time.
pub(crate) async fn tidy(conn: &mut Conn<'_>, before: DateTime<Utc>) -> Result<(), DbError> {
    let sql = Sql::new("DELETE FROM outgoing_mail WHERE state <> 'waiting' AND due_at < $1");
    sql.arg(before).execute(conn).await.map(drop)
}
