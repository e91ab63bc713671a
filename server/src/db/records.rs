//! What the tables of records have in common: each record has a version, says who changed it last, and
//! is written only in the version that was read.

use chrono::{DateTime, Utc};
use shared::{UserId, id::PatientId};

use super::{Arg, Conn, DbError, Row, Sql};
use crate::error::Error;

/// How a joined user is shown to others, by the table's name in the query: username, or name. The
/// same as `User::label`.
macro_rules! shown_user {
    ($user:literal) => {
        concat!(
            "COALESCE(",
            $user,
            ".username, TRIM(COALESCE(",
            $user,
            ".first_name, '') \
             || ' ' || COALESCE(",
            $user,
            ".last_name, '')))"
        )
    };
}

/// The columns that every record has, by the table's name in the query and that of the table that says
/// who owns the record.
macro_rules! record_columns {
    ($table:literal, $owning:literal) => {
        concat!(
            $owning,
            ".created_by AS owner, ",
            $table,
            ".id, ",
            $table,
            ".created_by, ",
            $table,
            ".changed_by, ",
            $table,
            ".created_at, ",
            $table,
            ".updated_at, ",
            $table,
            ".version, ",
            shown_user!("c"),
            " AS created_by_username, ",
            shown_user!("l"),
            " AS changed_by_username"
        )
    };
}

/// Joins the two users of every record. The joins are outer ones so that no query plan begins with
/// the users: with stale statistics, SQLite read every pair of users for every match.
macro_rules! record_users {
    ($table:literal) => {
        concat!(
            " LEFT JOIN users c ON c.id = ",
            $table,
            ".created_by LEFT JOIN users l ON l.id = ",
            $table,
            ".changed_by"
        )
    };
}

/// A record as it is kept, with what is not answered.
pub(crate) struct Kept<T> {
    pub(crate) record: T,
    pub(crate) revision: Revision,
}

/// A version of a record: which one was read, and who had written it.
#[derive(Clone, Debug)]
pub(crate) struct Revision {
    table: &'static str,
    pub(crate) id: i64,
    pub(crate) version: i64,
    /// The user who created the record, or the patient that it is about: by this user it is decided who
    /// may see and change it.
    pub(crate) owner: UserId,
    /// The user who may change the record where its kind allows that: the owner, or the doctor of a
    /// visit.
    pub(crate) editor: Option<UserId>,
    pub(crate) changed_by: UserId,
    pub(crate) changed_by_name: String,
    pub(crate) changed_at: DateTime<Utc>,
}

impl Revision {
    /// Reads it from a row with the columns that every record has.
    pub(super) fn from_row(table: &'static str, row: &Row) -> Result<Self, Error> {
        Ok(Self {
            table,
            id: row.get("id")?,
            version: row.get("version")?,
            owner: UserId(row.get("owner")?),
            editor: Some(UserId(row.get("owner")?)),
            changed_by: UserId(row.get("changed_by")?),
            changed_by_name: row.get("changed_by_username")?,
            changed_at: row.get("updated_at")?,
        })
    }
}

/// Locks a row until the transaction ends, so that it is written as it is read from now on.
pub(super) async fn lock(conn: &mut Conn<'_>, table: &'static str, id: i64) -> Result<(), DbError> {
    let mut sql = Sql::new("SELECT id FROM ");
    sql.push(table).push(" WHERE id = ").bind(id).push(conn.for_update());
    sql.fetch_optional(conn).await.map(drop)
}

/// The tables of what is about a patient and is erased with it, each after those that refer to it,
/// with the names that the kinds of records have in the audit log.
pub(crate) const ABOUT_PATIENTS: &[(&str, &str)] =
    &[("visits", "visit"), ("assignments", "assignment")];

/// The ids of the records in such a table that are about a patient.
pub(crate) async fn about(
    conn: &mut Conn<'_>,
    table: &'static str,
    patient: PatientId,
) -> Result<Vec<i64>, DbError> {
    let mut sql = Sql::new("SELECT id FROM ");
    sql.push(table).push(" WHERE patient_id = ").bind(patient.0);
    sql.fetch_ids(conn).await
}

/// The columns that every new record begins with.
pub(super) fn first_revision(owner: UserId, now: DateTime<Utc>) -> [(&'static str, Arg); 5] {
    [
        ("created_by", owner.0.into()),
        ("changed_by", owner.0.into()),
        ("created_at", now.into()),
        ("updated_at", now.into()),
        ("version", 1.into()),
    ]
}

/// Writes columns of a record, if it is still the version that was read; says whether it was.
pub(super) async fn update(
    conn: &mut Conn<'_>,
    read: &Revision,
    columns: Vec<(&'static str, Arg)>,
    changed_by: UserId,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let mut sql = Sql::new("UPDATE ");
    sql.push(read.table).push(" SET ");
    for (column, value) in columns {
        sql.push(column).push(" = ").bind(value).push(", ");
    }
    sql.push("changed_by = ").bind(changed_by.0).push(", updated_at = ").bind(now);
    sql.push(", version = version + 1 WHERE id = ").bind(read.id);
    sql.push(" AND version = ").bind(read.version);
    Ok(sql.execute(conn).await? == 1)
}

/// Puts a record into the archive, or with `None` takes it out, if it is still the version that was
/// read; says whether it was.
pub(crate) async fn set_archived(
    conn: &mut Conn<'_>,
    read: &Revision,
    archived_at: Option<DateTime<Utc>>,
    changed_by: UserId,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    update(conn, read, vec![("archived_at", archived_at.into())], changed_by, now).await
}

/// Writes which account belongs to a record, if it is still the version that was read; says whether it
/// was.
pub(crate) async fn link(
    conn: &mut Conn<'_>,
    read: &Revision,
    user: Option<UserId>,
    changed_by: UserId,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let user = user.map(|user| user.0);
    update(conn, read, vec![("linked_user", user.into())], changed_by, now).await
}
