//! What the tables of all records share: each record has a version and the user of the last
//! change, and is written only if it still has the version that was read.

use chrono::{DateTime, Utc};
use shared::{UserId, account::User, id::PatientId};

use super::{Arg, Conn, DbError, Row, Sql};
use crate::error::Error;

/// The name of a joined user for others, by the table's name in the query: the username, or the
/// name. The same as `User::label`.
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

/// The columns of every record that answers contain, by the table's name in the query.
macro_rules! record_columns {
    ($table:literal) => {
        concat!(
            $table,
            ".id, ",
            $table,
            ".created_by, ",
            $table,
            ".created_at, ",
            $table,
            ".updated_at, ",
            $table,
            ".version, ",
            shown_user!("c"),
            " AS created_by_username"
        )
    };
}

/// The further columns of a [`Kept`] record, by the table's name in the query, and by the name of the
/// table with the record's owner.
macro_rules! revision_columns {
    ($table:literal, $owning:literal) => {
        concat!(", ", $owning, ".created_by AS owner, ", $table, ".changed_by")
    };
}

/// Joins the user who created a record. The join is an outer one so that no query plan begins with the
/// users: with stale statistics, SQLite read every user for every match.
macro_rules! record_creator {
    ($table:literal) => {
        concat!(" LEFT JOIN users c ON c.id = ", $table, ".created_by")
    };
}

/// A stored record with its revision, which answers do not contain.
pub(crate) struct Kept<T> {
    pub(crate) record: T,
    pub(crate) revision: Revision,
}

/// The version of a record that was read, and the user who wrote it.
#[derive(Clone, Debug)]
pub(crate) struct Revision {
    table: &'static str,
    pub(crate) id: i64,
    pub(crate) version: i64,
    /// The user who created the record, or the patient of an assignment. It decides who may see
    /// and change the record.
    pub(crate) owner: UserId,
    /// The user who may change the record where its kind allows that: the owner, or the doctor of a
    /// visit.
    pub(crate) editor: Option<UserId>,
    pub(crate) changed_by: UserId,
    pub(crate) changed_at: DateTime<Utc>,
}

impl Revision {
    /// The revision of a record that its owner has just created.
    pub(super) fn first(table: &'static str, id: i64, owner: &User, now: DateTime<Utc>) -> Self {
        Self {
            table,
            id,
            version: FIRST_VERSION,
            owner: owner.id,
            editor: Some(owner.id),
            changed_by: owner.id,
            changed_at: now,
        }
    }

    /// The revision that a write makes of this one.
    pub(super) fn next(&self, changed_by: &User, now: DateTime<Utc>) -> Self {
        Self {
            version: self.version + 1,
            changed_by: changed_by.id,
            changed_at: now,
            ..self.clone()
        }
    }

    /// Reads the revision from a row with `record_columns!` and `revision_columns!`.
    pub(super) fn from_row(table: &'static str, row: &Row) -> Result<Self, Error> {
        Ok(Self {
            table,
            id: row.get("id")?,
            version: row.get("version")?,
            owner: UserId(row.get("owner")?),
            editor: Some(UserId(row.get("owner")?)),
            changed_by: UserId(row.get("changed_by")?),
            changed_at: row.get("updated_at")?,
        })
    }
}

/// Locks a row until the transaction ends, for reading it before a write. That is a statement of its
/// own: PostgreSQL reads a locked row anew after waiting for another writer, but not the rows that a
/// query joins to it. On SQLite there is nothing to lock.
pub(super) async fn lock(conn: &mut Conn<'_>, table: &'static str, id: i64) -> Result<(), DbError> {
    if conn.for_update().is_empty() {
        return Ok(());
    }
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

/// The version of a new record.
pub(super) const FIRST_VERSION: i64 = 1;

/// The columns that every new record begins with. One from another database was created before.
pub(super) fn revision_since(
    owner: UserId,
    created_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> [(&'static str, Arg); 5] {
    [
        ("created_by", owner.0.into()),
        ("changed_by", owner.0.into()),
        ("created_at", created_at.into()),
        ("updated_at", now.into()),
        ("version", FIRST_VERSION.into()),
    ]
}

/// Writes columns of a record if it still has the version that was read, and returns whether it
/// had.
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

/// Archives a record, or restores it with `None`, if it still has the version that was read, and
/// returns whether it had.
pub(crate) async fn set_archived(
    conn: &mut Conn<'_>,
    read: &Revision,
    archived_at: Option<DateTime<Utc>>,
    changed_by: UserId,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    update(conn, read, vec![("archived_at", archived_at.into())], changed_by, now).await
}

/// Writes the linked account of a record if it still has the version that was read, and returns
/// whether it had.
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
