//! The changes behind the live feed: one row for each write. A change gets its number after its
//! transaction has committed.

use chrono::{DateTime, Utc};

use super::{Conn, DbError, Row, Scope, Sql, patients::restrict_patient, rows::pieces};
use crate::error::Error;

/// A change to insert.
pub(crate) struct NewChange<'a> {
    pub(crate) at: DateTime<Utc>,
    pub(crate) event: String,
    pub(crate) entity: &'a str,
    pub(crate) entity_id: i64,
    pub(crate) version: i64,
    /// The patient that the record is or belongs to; `None` for a doctor.
    pub(crate) patient: Option<i64>,
    /// The doctor of an assignment or a visit. The doctor's linked account sees the change even where it ends
    /// the assignment.
    pub(crate) doctor: Option<i64>,
}

/// A change as subscribers receive it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ChangeRow {
    pub(crate) seq: i64,
    pub(crate) event: String,
    pub(crate) entity_id: i64,
    pub(crate) version: i64,
}

/// Inserts changes in the transaction that makes them.
pub(super) async fn insert(conn: &mut Conn<'_>, changes: &[NewChange<'_>]) -> Result<(), DbError> {
    for some in pieces(changes) {
        let mut sql = Sql::default();
        append(&mut sql, some);
        sql.execute(conn).await?;
    }
    Ok(())
}

/// Adds the statement that inserts changes. The patient of a change must still exist, because its
/// owner is copied from there.
pub(super) fn append(sql: &mut Sql, changes: &[NewChange<'_>]) {
    sql.push("INSERT INTO changes (event, entity, entity_id, version, at, patient_id, doctor_id, ");
    sql.push("owner_id) VALUES ");
    for (place, change) in changes.iter().enumerate() {
        sql.push(if place == 0 { "(" } else { ", (" });
        sql.bind_all([change.event.as_str(), change.entity]).push(", ");
        sql.bind_all([change.entity_id, change.version]).push(", ");
        sql.bind(change.at).push(", ").bind(change.patient).push(", ").bind(change.doctor);
        sql.push(", (SELECT created_by FROM patients WHERE id = ").bind(change.patient);
        sql.push("))");
    }
}

/// The last number that was given, and whether any change still waits for one.
pub(crate) async fn latest(conn: &mut Conn<'_>) -> Result<(i64, bool), DbError> {
    // The order is that of the index over waiting changes, so that no planner reads the whole
    // table.
    let sql = Sql::new(
        "SELECT last, (SELECT id FROM changes WHERE seq IS NULL ORDER BY id LIMIT 1) AS waiting \
         FROM feed",
    );
    let row = sql.fetch_one(conn).await?;
    Ok((row.get("last")?, row.get::<Option<i64>>("waiting")?.is_some()))
}

/// Numbers up to `max` waiting changes in the order of their ids, and returns how many. The counter
/// stays locked until the commit, so a number becomes visible only after all smaller ones.
pub(crate) async fn number(conn: &mut Conn<'_>, max: i64) -> Result<u64, DbError> {
    let mut sql = Sql::new("SELECT last FROM feed");
    sql.push(conn.for_update());
    let last: i64 = sql.fetch_one(conn).await?.get("last")?;
    // A separate statement, so that it sees everything committed before the lock was taken. Two
    // writes of one record have rising ids, because the second waits for the first.
    let sql = Sql::new(
        "UPDATE changes SET seq = numbered.seq FROM (SELECT id, $1 + row_number() OVER (ORDER BY id) \
         AS seq FROM (SELECT id FROM changes WHERE seq IS NULL ORDER BY id LIMIT $2) AS waiting) \
         AS numbered WHERE changes.id = numbered.id",
    );
    let count = sql.arg(last).arg(max).execute(conn).await?;
    let added = i64::try_from(count).unwrap_or(i64::MAX);
    Sql::new("UPDATE feed SET last = last + $1").arg(added).execute(conn).await?;
    Ok(count)
}

/// The changes after one number and up to another that a caller may see, in order: those of the
/// patients in scope, of their assignments and visits, and of all doctors.
pub(crate) async fn between(
    conn: &mut Conn<'_>,
    patients: Scope,
    after: i64,
    up_to: i64,
    limit: i64,
) -> Result<Vec<ChangeRow>, DbError> {
    let mut sql = Sql::new("SELECT c.seq, c.event, c.entity_id, c.version FROM changes c");
    sql.push(" WHERE c.seq > ").bind(after).push(" AND c.seq <= ").bind(up_to);
    sql.push(" AND (c.patient_id IS NOT NULL");
    restrict_patient(&mut sql, patients, "c.patient_id", "c.owner_id");
    if let Scope::OfDoctor(user) = patients {
        // Of a visit its own doctor hears, not every doctor of the patient.
        sql.push(" AND (c.entity <> 'visit' OR c.owner_id = ").bind(user.0);
        sql.push(") OR c.doctor_id IN (SELECT id FROM doctors WHERE linked_user = ");
        sql.bind(user.0).push(")");
    }
    sql.push(" OR c.entity = 'doctor') ORDER BY c.seq LIMIT ").bind(limit);
    let rows = sql.fetch_all(conn).await?;
    Ok(rows.iter().map(from_row).collect::<Result<_, _>>()?)
}

fn from_row(row: &Row) -> Result<ChangeRow, Error> {
    Ok(ChangeRow {
        seq: row.get("seq")?,
        event: row.get("event")?,
        entity_id: row.get("entity_id")?,
        version: row.get("version")?,
    })
}

/// The time of the change with this number, if it is still stored.
pub(crate) async fn made_at(
    conn: &mut Conn<'_>,
    seq: i64,
) -> Result<Option<DateTime<Utc>>, DbError> {
    let row =
        Sql::new("SELECT at FROM changes WHERE seq = $1").arg(seq).fetch_optional(conn).await?;
    Ok(row.map(|row| row.get("at")).transpose()?)
}

/// Removes up to `max` changes made before `time`, the oldest first, and returns how many.
pub(crate) async fn remove_before(
    conn: &mut Conn<'_>,
    time: DateTime<Utc>,
    max: i64,
) -> Result<u64, DbError> {
    let sql = Sql::new(
        "DELETE FROM changes WHERE seq <= (SELECT max(seq) FROM (SELECT seq, at FROM changes \
         WHERE seq IS NOT NULL ORDER BY seq LIMIT $2) AS oldest WHERE at < $1)",
    );
    sql.arg(time).arg(max).execute(conn).await
}
