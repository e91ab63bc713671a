//! Device tokens. Only the hash of each token is stored.

use chrono::{DateTime, Utc};
use shared::{SessionId, UserId};

use super::{Conn, DbError, Sql};

/// A stored device token.
#[derive(Clone, Debug)]
pub(crate) struct DeviceToken {
    /// Ids rise with every token that is issued.
    pub(crate) id: i64,
    /// The name of the device.
    pub(crate) device: String,
    pub(crate) user: UserId,
}

/// A device token to insert.
pub(crate) struct NewToken<'a> {
    pub(crate) device: &'a str,
    pub(crate) user: UserId,
    /// The session that began with the token's login.
    pub(crate) session: Option<SessionId>,
    pub(crate) hash: &'a str,
    pub(crate) expires_at: DateTime<Utc>,
}

/// The token with this hash, unless it has expired.
pub(crate) async fn find(
    conn: &mut Conn<'_>,
    hash: &str,
    now: DateTime<Utc>,
) -> Result<Option<DeviceToken>, DbError> {
    let sql = Sql::new(
        "SELECT id, device, user_id FROM device_tokens WHERE hash = $1 AND expires_at > $2",
    );
    let Some(row) = sql.arg(hash).arg(now).fetch_optional(conn).await? else { return Ok(None) };
    let (id, device) = (row.get("id")?, row.get("device")?);
    Ok(Some(DeviceToken { id, device, user: UserId(row.get("user_id")?) }))
}

/// Inserts a token.
pub(crate) async fn insert(conn: &mut Conn<'_>, new: NewToken<'_>) -> Result<(), DbError> {
    let sql = Sql::new(
        "INSERT INTO device_tokens (device, user_id, session_id, hash, expires_at) \
         VALUES ($1, $2, $3, $4, $5)",
    );
    let sql = sql.arg(new.device).arg(new.user.0).arg(new.session.map(|id| id.0));
    sql.arg(new.hash).arg(new.expires_at).execute(conn).await.map(drop)
}

/// Removes the tokens that the same device got before this one.
pub(crate) async fn remove_older(conn: &mut Conn<'_>, token: &DeviceToken) -> Result<(), DbError> {
    let sql = Sql::new("DELETE FROM device_tokens WHERE device = $1 AND id < $2");
    sql.arg(token.device.as_str()).arg(token.id).execute(conn).await.map(drop)
}

/// Removes the tokens of all devices of a user.
pub(crate) async fn remove_all(conn: &mut Conn<'_>, user: UserId) -> Result<(), DbError> {
    let sql = Sql::new("DELETE FROM device_tokens WHERE user_id = $1");
    sql.arg(user.0).execute(conn).await.map(drop)
}

/// Removes the tokens of a user's devices, except the device on which `session` began.
pub(crate) async fn remove_others(
    conn: &mut Conn<'_>,
    user: UserId,
    session: Option<SessionId>,
) -> Result<(), DbError> {
    let sql = Sql::new(
        "DELETE FROM device_tokens WHERE user_id = $1 AND device NOT IN \
         (SELECT device FROM device_tokens WHERE user_id = $1 AND session_id = $2)",
    );
    sql.arg(user.0).arg(session.map(|id| id.0)).execute(conn).await.map(drop)
}

/// Removes the tokens of the device on which a session began, unless the session `other` began
/// there too.
pub(crate) async fn remove_of(
    conn: &mut Conn<'_>,
    user: UserId,
    session: SessionId,
    other: Option<SessionId>,
) -> Result<(), DbError> {
    let sql = Sql::new(
        "DELETE FROM device_tokens WHERE user_id = $1 \
         AND device IN (SELECT device FROM device_tokens WHERE user_id = $1 AND session_id = $2) \
         AND device NOT IN (SELECT device FROM device_tokens WHERE user_id = $1 AND session_id = $3)",
    );
    let sql = sql.arg(user.0).arg(session.0).arg(other.map(|id| id.0));
    sql.execute(conn).await.map(drop)
}

/// Removes the expired tokens.
pub(crate) async fn remove_expired(conn: &mut Conn<'_>, now: DateTime<Utc>) -> Result<(), DbError> {
    let sql = Sql::new("DELETE FROM device_tokens WHERE expires_at <= $1");
    sql.arg(now).execute(conn).await.map(drop)
}
