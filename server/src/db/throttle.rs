//! Attempts to log in and to register, counted in lanes.

use chrono::{DateTime, Utc};

use super::{Conn, DbError, Sql};

/// When the next attempt of any of these lanes is looked at.
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

/// How many attempts a lane has, if there was one since a time.
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

/// Adds one attempt to a lane and says how many there are now; a count that nothing was
/// added to since `stale_before` starts anew.
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

/// Adds one attempt to a lane and says how many there are now; a count that began before
/// `stale_before` starts anew.
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

/// Puts off the next attempt of a lane.
pub(crate) async fn put_off(
    conn: &mut Conn<'_>,
    lane: &str,
    until: DateTime<Utc>,
) -> Result<(), DbError> {
    let sql = Sql::new("UPDATE login_failures SET not_before = $2 WHERE lane = $1");
    sql.arg(lane).arg(until).execute(conn).await.map(drop)
}

/// Takes one attempt of a lane back, and with it a delay that it has caused: the next may come at a
/// time that is past for everybody, also for who has looked at the clock a moment ago.
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

/// Forgets a lane.
pub(crate) async fn forget(conn: &mut Conn<'_>, lane: &str) -> Result<(), DbError> {
    Sql::new("DELETE FROM login_failures WHERE lane = $1").arg(lane).execute(conn).await.map(drop)
}

/// Forgets all lanes that nothing was added to since a time.
pub(crate) async fn tidy(conn: &mut Conn<'_>, before: DateTime<Utc>) -> Result<(), DbError> {
    Sql::new("DELETE FROM login_failures WHERE last_at < $1")
        .arg(before)
        .execute(conn)
        .await
        .map(drop)
}
