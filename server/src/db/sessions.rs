//! Sessions, one row for each login. Tokens are not stored.

use chrono::{DateTime, Utc};
use shared::{SessionId, UserId, account::User};

use super::{
    Conn, DbError, Row, Sql,
    listing::{Seek, fetch, newest_first},
    users,
};
use crate::error::Error;

/// A stored session.
#[derive(Clone, Debug)]
pub(crate) struct SessionRow {
    pub(crate) id: SessionId,
    pub(crate) user_id: UserId,
    /// The number of the current refresh token; it starts at 1 and rises with every refresh.
    pub(crate) generation: i64,
    /// The time of the last refresh.
    pub(crate) rotated_at: DateTime<Utc>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) last_used_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
    pub(crate) address: String,
    pub(crate) user_agent: Option<String>,
}

fn from_row(row: &Row) -> Result<SessionRow, Error> {
    Ok(from_columns!(
        row,
        SessionRow {
            generation, rotated_at, created_at, last_used_at, expires_at, ended_at, address,
            user_agent
        },
        id: SessionId(row.get("id")?),
        user_id: UserId(row.get("user_id")?),
    ))
}

const COLUMNS: &str = "SELECT id, user_id, generation, rotated_at, created_at, last_used_at, \
    expires_at, ended_at, address, user_agent FROM sessions ";

/// Inserts a session that begins now.
pub(crate) async fn insert(
    conn: &mut Conn<'_>,
    user: UserId,
    address: &str,
    user_agent: Option<&str>,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<SessionRow, DbError> {
    let sql = Sql::new(
        "INSERT INTO sessions (user_id, generation, rotated_at, created_at, last_used_at, \
         expires_at, address, user_agent) VALUES ($1, 1, $2, $2, $2, $3, $4, $5) \
         RETURNING id, user_id, generation, rotated_at, created_at, last_used_at, expires_at, \
         ended_at, address, user_agent",
    );
    let sql = sql.arg(user.0).arg(now).arg(expires_at).arg(address).arg(user_agent);
    Ok(from_row(&sql.fetch_one(conn).await?)?)
}

/// The session with this id.
pub(crate) async fn get(conn: &mut Conn<'_>, id: SessionId) -> Result<Option<SessionRow>, DbError> {
    let mut sql = Sql::new(COLUMNS);
    sql.push("WHERE id = ").bind(id.0);
    let row = sql.fetch_optional(conn).await?;
    Ok(row.as_ref().map(from_row).transpose()?)
}

/// A session with its user.
pub(crate) struct SessionUser {
    pub(crate) last_used_at: DateTime<Utc>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
    pub(crate) user: User,
}

/// The session with this id, and its user.
pub(crate) async fn get_with_user(
    conn: &mut Conn<'_>,
    id: SessionId,
) -> Result<Option<SessionUser>, DbError> {
    let mut sql = Sql::new(users::COLUMNS);
    sql.push(
        ", last_used_at, ended_at FROM users JOIN (SELECT user_id, last_used_at, ended_at \
         FROM sessions WHERE id = ",
    );
    sql.bind(id.0).push(") AS session ON session.user_id = users.id");
    let row = sql.fetch_optional(conn).await?;
    let read = |row: &Row| -> Result<SessionUser, Error> {
        let user = users::from_row(row)?.user;
        Ok(from_columns!(row, SessionUser { last_used_at, ended_at }, user: user))
    };
    Ok(row.as_ref().map(read).transpose()?)
}

/// The session with this id, locked until the transaction ends.
pub(crate) async fn lock(
    conn: &mut Conn<'_>,
    id: SessionId,
) -> Result<Option<SessionRow>, DbError> {
    let mut sql = Sql::new(COLUMNS);
    sql.push("WHERE id = ").bind(id.0).push(conn.for_update());
    let row = sql.fetch_optional(conn).await?;
    Ok(row.as_ref().map(from_row).transpose()?)
}

/// The running sessions of a user, the newest first.
pub(crate) async fn list(
    conn: &mut Conn<'_>,
    user: UserId,
    now: DateTime<Utc>,
    seek: &Seek<i64>,
) -> Result<Vec<SessionRow>, DbError> {
    let mut sql = Sql::new(COLUMNS);
    sql.push("WHERE user_id = ").bind(user.0);
    sql.push(" AND ended_at IS NULL AND expires_at > ").bind(now);
    newest_first(&mut sql, "id", seek);
    fetch(conn, sql, seek, from_row).await
}

/// Counts the running sessions of a user, up to `max`.
pub(crate) async fn count(
    conn: &mut Conn<'_>,
    user: UserId,
    now: DateTime<Utc>,
    max: i64,
) -> Result<i64, DbError> {
    let sql = Sql::new(
        "SELECT count(*) AS sessions FROM (SELECT 1 AS one FROM sessions WHERE user_id = $1 \
         AND ended_at IS NULL AND expires_at > $2 LIMIT $3) AS listed",
    );
    Ok(sql.arg(user.0).arg(now).arg(max).fetch_one(conn).await?.get("sessions")?)
}

/// Moves a session from `generation` to the next one. Of several concurrent calls only one returns
/// `true`.
pub(crate) async fn rotate(
    conn: &mut Conn<'_>,
    id: SessionId,
    generation: i64,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<bool, DbError> {
    let sql = Sql::new(
        "UPDATE sessions SET generation = generation + 1, rotated_at = $3, last_used_at = $3, \
         expires_at = $4 WHERE id = $1 AND generation = $2 AND ended_at IS NULL",
    );
    let sql = sql.arg(id.0).arg(generation).arg(now).arg(expires_at);
    Ok(sql.execute(conn).await? == 1)
}

/// Records that a session was used.
pub(crate) async fn touch(
    conn: &mut Conn<'_>,
    id: SessionId,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let sql = Sql::new("UPDATE sessions SET last_used_at = $2 WHERE id = $1");
    sql.arg(id.0).arg(now).execute(conn).await.map(drop)
}

/// Ends a session. Returns whether it was running.
pub(crate) async fn end(
    conn: &mut Conn<'_>,
    id: SessionId,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    conn.changes_access();
    let sql = Sql::new("UPDATE sessions SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL");
    Ok(sql.arg(id.0).arg(now).execute(conn).await? == 1)
}

/// Ends all sessions of a user except `but`, and returns how many.
pub(crate) async fn end_all(
    conn: &mut Conn<'_>,
    user: UserId,
    but: Option<SessionId>,
    now: DateTime<Utc>,
) -> Result<u64, DbError> {
    conn.changes_access();
    let sql = Sql::new(
        "UPDATE sessions SET ended_at = $3 WHERE user_id = $1 AND id <> $2 AND ended_at IS NULL",
    );
    sql.arg(user.0).arg(but.map_or(0, |id| id.0)).arg(now).execute(conn).await
}
