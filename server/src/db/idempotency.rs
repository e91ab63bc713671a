//! Idempotency keys, and the answers to the first requests that used them.

use chrono::{DateTime, Utc};
use shared::{UserId, id::PatientId};

use super::{Conn, DbError, Sql};

/// The stored request and answer of a key.
pub(crate) struct Kept {
    /// The hash of the request.
    pub(crate) digest: String,
    /// The answer to the request; `None` while the request is still running in this transaction.
    pub(crate) answer: Option<String>,
}

/// Claims a key for a request. It waits while another request runs under the same key, and returns
/// what that request has stored; `None` means that the key is new. A key from before `oldest` has
/// expired.
pub(crate) async fn claim(
    conn: &mut Conn<'_>,
    user: UserId,
    key: &str,
    digest: &str,
    now: DateTime<Utc>,
    oldest: DateTime<Utc>,
) -> Result<Option<Kept>, DbError> {
    let sql = Sql::new(
        "INSERT INTO idempotency_keys (user_id, key, digest, created_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (user_id, key) DO UPDATE SET digest = excluded.digest, \
         created_at = excluded.created_at, answer = NULL, entity = NULL, entity_id = NULL \
         WHERE idempotency_keys.created_at < $5",
    );
    if sql.arg(user.0).arg(key).arg(digest).arg(now).arg(oldest).execute(conn).await? == 1 {
        return Ok(None);
    }
    let sql =
        Sql::new("SELECT digest, answer FROM idempotency_keys WHERE user_id = $1 AND key = $2");
    let row = sql.arg(user.0).arg(key).fetch_one(conn).await?;
    Ok(Some(Kept { digest: row.get("digest")?, answer: row.get("answer")? }))
}

/// Stores the answer to a request, together with the record that it is about.
pub(crate) async fn keep(
    conn: &mut Conn<'_>,
    user: UserId,
    key: &str,
    answer: &str,
    (entity, entity_id): (&str, i64),
) -> Result<(), DbError> {
    let sql = Sql::new(
        "UPDATE idempotency_keys SET answer = $3, entity = $4, entity_id = $5 \
         WHERE user_id = $1 AND key = $2",
    );
    sql.arg(user.0).arg(key).arg(answer).arg(entity).arg(entity_id).execute(conn).await.map(drop)
}

/// Removes the keys that were claimed before `oldest`, and returns how many.
pub(crate) async fn remove_before(
    conn: &mut Conn<'_>,
    oldest: DateTime<Utc>,
) -> Result<u64, DbError> {
    let sql = Sql::new("DELETE FROM idempotency_keys WHERE created_at < $1");
    sql.arg(oldest).execute(conn).await
}

/// Erases the stored answers about visits that were this patient's before they were corrected.
/// Changes are kept for longer than answers, so they name all these visits.
pub(crate) async fn erase_corrected_visits(
    conn: &mut Conn<'_>,
    patient: PatientId,
) -> Result<(), DbError> {
    let sql = Sql::new(
        "DELETE FROM idempotency_keys WHERE entity = 'visit' AND entity_id IN \
         (SELECT entity_id FROM changes WHERE entity = 'visit' AND patient_id = $1)",
    );
    sql.arg(patient.0).execute(conn).await.map(drop)
}

/// Erases the stored answers about a record.
pub(crate) async fn erase(conn: &mut Conn<'_>, entity: &str, id: i64) -> Result<(), DbError> {
    let sql = Sql::new("DELETE FROM idempotency_keys WHERE entity = $1 AND entity_id = $2");
    sql.arg(entity).arg(id).execute(conn).await.map(drop)
}
