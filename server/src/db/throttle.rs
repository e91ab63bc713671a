//! Attempts to log in, to register and the like. Each rate limit has its own count.

use chrono::{DateTime, Utc};

use super::{Conn, DbError, Sql};

/// The latest time before which none of these rate limits allows another attempt; `None` where an
/// attempt is allowed now.
pub(crate) async fn not_before(
    conn: &mut Conn<'_>,
    lanes: &[String],
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, DbError> {
    let mut sql = Sql::new("SELECT not_before FROM login_failures WHERE lane IN (");
    sql.bind_all(lanes.iter().map(String::as_str)).push(") AND not_before > ").bind(now);
    sql.push(" ORDER BY not_before DESC LIMIT 1");
    match sql.fetch_optional(conn).await? {
        Some(row) => Ok(Some(row.get("not_before")?)),
        None => Ok(None),
    }
}

/// The attempts of a rate limit; 0 where the last one was before `since`.
pub(crate) async fn count(
    conn: &mut Conn<'_>,
    lane: &str,
    since: DateTime<Utc>,
) -> Result<i64, DbError> {
    let sql = Sql::new("SELECT failures FROM login_failures WHERE lane = $1 AND last_at >= $2");
    match sql.arg(lane).arg(since).fetch_optional(conn).await? {
        Some(row) => Ok(row.get("failures")?),
        None => Ok(0),
    }
}

/// Adds an attempt to a rate limit and returns the new count. The count restarts where the last
/// attempt was before `stale_before`.
pub(crate) async fn add(
    conn: &mut Conn<'_>,
    lane: &str,
    now: DateTime<Utc>,
    stale_before: DateTime<Utc>,
) -> Result<i64, DbError> {
    let sql = Sql::new(
        "INSERT INTO login_failures (lane, failures, not_before, last_at, since) \
         VALUES ($1, 1, $3, $2, $2) ON CONFLICT (lane) DO UPDATE SET \
         failures = CASE WHEN login_failures.last_at < $3 THEN 1 ELSE login_failures.failures + 1 END, \
         last_at = $2 RETURNING failures",
    );
    let row = sql.arg(lane).arg(now).arg(stale_before).fetch_one(conn).await?;
    Ok(row.get("failures")?)
}

/// Adds an attempt to a rate limit and returns the new count. The count restarts where it began at
/// or before `stale_before`.
pub(crate) async fn add_in_span(
    conn: &mut Conn<'_>,
    lane: &str,
    now: DateTime<Utc>,
    stale_before: DateTime<Utc>,
) -> Result<i64, DbError> {
    let sql = Sql::new(
        "INSERT INTO login_failures (lane, failures, not_before, last_at, since) \
         VALUES ($1, 1, $3, $2, $2) ON CONFLICT (lane) DO UPDATE SET \
         failures = CASE WHEN COALESCE(login_failures.since, $3) <= $3 THEN 1 \
         ELSE login_failures.failures + 1 END, \
         since = CASE WHEN COALESCE(login_failures.since, $3) <= $3 THEN $2 \
         ELSE login_failures.since END, \
         last_at = $2 RETURNING failures",
    );
    let row = sql.arg(lane).arg(now).arg(stale_before).fetch_one(conn).await?;
    Ok(row.get("failures")?)
}

/// Sets the time before which the next attempt is refused.
pub(crate) async fn put_off(
    conn: &mut Conn<'_>,
    lane: &str,
    until: DateTime<Utc>,
) -> Result<(), DbError> {
    let sql = Sql::new("UPDATE login_failures SET not_before = $2 WHERE lane = $1");
    sql.arg(lane).arg(until).execute(conn).await.map(drop)
}

/// Subtracts one attempt and clears the delay that it caused. `past` must lie so far back that no
/// concurrent request, which may have read the clock a moment earlier, is refused.
pub(crate) async fn take_back(
    conn: &mut Conn<'_>,
    lane: &str,
    past: DateTime<Utc>,
) -> Result<(), DbError> {
    let sql = Sql::new(
        "UPDATE login_failures SET failures = failures - 1, not_before = $2 WHERE lane = $1",
    );
    sql.arg(lane).arg(past).execute(conn).await.map(drop)
}

/// Removes the count of a rate limit.
pub(crate) async fn forget(conn: &mut Conn<'_>, lane: &str) -> Result<(), DbError> {
    Sql::new("DELETE FROM login_failures WHERE lane = $1").arg(lane).execute(conn).await.map(drop)
}

/// Removes all counts without an attempt since `before`.
pub(crate) async fn tidy(conn: &mut Conn<'_>, before: DateTime<Utc>) -> Result<(), DbError> {
    Sql::new("DELETE FROM login_failures WHERE last_at < $1")
        .arg(before)
        .execute(conn)
        .await
        .map(drop)
}
