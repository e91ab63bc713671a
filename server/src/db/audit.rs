//! Audit events: the audit log and the history of a record.

mod listing;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::{
    UserId,
    history::{Change, HistoryEntry},
    id::{ApiTokenId, AuditId, PatientId},
};

use super::{
    Arg, Conn, DbError, Row, Sql,
    changes::{self, NewChange},
    listing::{Seek, fetch, newest_first},
    rows,
    together::Together,
};
use crate::error::Error;

pub(crate) use listing::{Place, count, list};

/// The reason and the changed values of an audit event. They are stored apart from the event, so
/// that they can be erased.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Content {
    /// The reason that the caller gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// The members that changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) changes: Vec<Change>,
}

/// An audit event to insert.
pub(crate) struct NewEntry<'a> {
    pub(crate) at: DateTime<Utc>,
    pub(crate) actor_id: Option<UserId>,
    pub(crate) actor_name: &'a str,
    pub(crate) actor_role: Option<&'a str>,
    pub(crate) token: Option<ApiTokenId>,
    pub(crate) action: &'a str,
    pub(crate) entity: &'a str,
    pub(crate) entity_id: Option<i64>,
    pub(crate) version: Option<i64>,
    pub(crate) address: Option<&'a str>,
    pub(crate) request_id: Option<&'a str>,
    /// Salt, content as JSON, and the hash of both.
    pub(crate) content: Option<(&'a str, &'a str, &'a str)>,
}

impl NewEntry<'_> {
    /// The columns with their values.
    fn values(&self) -> Vec<(&'static str, Arg)> {
        vec![
            ("at", self.at.into()),
            ("actor_id", self.actor_id.map(|id| id.0).into()),
            ("actor_name", self.actor_name.into()),
            ("actor_role", self.actor_role.into()),
            ("action", self.action.into()),
            ("entity", self.entity.into()),
            ("entity_id", self.entity_id.into()),
            ("version", self.version.into()),
            ("address", self.address.into()),
            ("request_id", self.request_id.into()),
            ("token_id", self.token.map(|id| id.0).into()),
            ("values_hash", self.content.map(|(_, _, hash)| hash).into()),
        ]
    }
}

const TABLE: &str = "audit_log";

/// Appends audit events that have no content, in their order.
pub(crate) async fn insert_without_content(
    conn: &mut Conn<'_>,
    entries: &[NewEntry<'_>],
) -> Result<(), DbError> {
    let rows: Vec<_> = entries.iter().map(NewEntry::values).collect();
    rows::insert(conn, TABLE, rows, "").await.map(drop)
}

/// Appends an audit event with its content, and the change that it is for subscribers.
pub(crate) async fn insert(
    conn: &mut Conn<'_>,
    entry: &NewEntry<'_>,
    change: Option<&NewChange<'_>>,
) -> Result<(), DbError> {
    let mut event = Together::begin(conn, Sql::insert(TABLE, vec![entry.values()])).await?;
    if let Some((salt, content, _)) = entry.content {
        let write = event.add("content", |part| {
            part.push("INSERT INTO audit_values (audit_id, salt, content) VALUES (").bind_first();
            part.push(", ").bind(salt).push(", ").bind(content).push(")");
            Ok(())
        });
        write.await?;
    }
    if let Some(change) = change {
        let write = event.add("change", |part| {
            changes::append(part.sql(), std::slice::from_ref(change));
            Ok(())
        });
        write.await?;
    }
    event.finish().await.map(drop)
}

/// Appends many audit events with their content, in their order, and inserts the changes that they
/// are for subscribers.
pub(crate) async fn insert_many(
    conn: &mut Conn<'_>,
    entries: &[NewEntry<'_>],
    changes: &[NewChange<'_>],
) -> Result<(), DbError> {
    let new: Vec<_> = entries.iter().map(NewEntry::values).collect();
    let appended = rows::insert(conn, TABLE, new, " RETURNING id, values_hash").await?;
    // A database may return the new rows in any order. The hashes are salted, so no two are equal.
    let ids = appended.iter().map(|row| Ok((row.get("values_hash")?, row.get("id")?)));
    let ids = ids.collect::<Result<HashMap<Option<String>, i64>, Error>>()?;
    let contents = entries.iter().filter_map(|entry| entry.content).map(|(salt, content, hash)| {
        let id = ids.get(&Some(hash.to_owned())).copied();
        let id = id.ok_or_else(|| Error::internal("an audit event was not appended"))?;
        Ok(vec![("audit_id", id.into()), ("salt", salt.into()), ("content", content.into())])
    });
    let contents = contents.collect::<Result<Vec<_>, Error>>()?;
    rows::insert(conn, "audit_values", contents, "").await?;
    changes::insert(conn, changes).await
}

/// A record and others whose history is read together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Records<'a> {
    pub(crate) entity: &'a str,
    pub(crate) id: i64,
    pub(crate) others: &'a [i64],
}

impl Records<'_> {
    /// Adds the condition on the columns of `audit_log a`.
    fn restrict(&self, sql: &mut Sql) {
        sql.push(" WHERE a.version IS NOT NULL AND a.entity = ").bind(self.entity);
        sql.push(" AND a.entity_id ");
        match self.others {
            [] => sql.push("= ").bind(self.id),
            others => {
                let all = [self.id].into_iter().chain(others.iter().copied());
                sql.push("IN (").bind_all(all).push(")")
            }
        };
    }
}

/// The history of records, the newest audit event first.
pub(crate) async fn history(
    conn: &mut Conn<'_>,
    records: &Records<'_>,
    seek: &Seek<i64>,
) -> Result<Vec<HistoryEntry>, DbError> {
    let mut sql = Sql::new(
        "SELECT a.id, a.at, a.action, a.entity_id, a.actor_id, a.actor_name, a.address, a.request_id, \
         a.version, v.content FROM audit_log a LEFT JOIN audit_values v ON v.audit_id = a.id",
    );
    records.restrict(&mut sql);
    newest_first(&mut sql, "a.id", seek);
    fetch(conn, sql, seek, |row| from_row(row, records.id)).await
}

/// Counts the audit events in the history of records, up to `max`.
pub(crate) async fn count_history(
    conn: &mut Conn<'_>,
    records: &Records<'_>,
    max: i64,
) -> Result<i64, DbError> {
    let mut sql = Sql::new("SELECT count(*) AS entries FROM (SELECT 1 AS one FROM audit_log a");
    records.restrict(&mut sql);
    sql.push(" LIMIT ").bind(max).push(") AS listed");
    Ok(sql.fetch_one(conn).await?.get("entries")?)
}

/// Erases the values of all audit events of a record.
pub(crate) async fn erase(conn: &mut Conn<'_>, entity: &str, id: i64) -> Result<(), DbError> {
    let sql = Sql::new(
        "DELETE FROM audit_values WHERE audit_id IN \
         (SELECT id FROM audit_log WHERE entity = $1 AND entity_id = $2)",
    );
    sql.arg(entity).arg(id).execute(conn).await.map(drop)
}

/// Erases the values of the audit events about the merging of two patients, and its undoing, from the history of the
/// one who stays.
pub(crate) async fn erase_merges(
    conn: &mut Conn<'_>,
    patient: PatientId,
    merged: PatientId,
) -> Result<(), DbError> {
    let sql = Sql::new(
        "SELECT a.id, v.content FROM audit_log a JOIN audit_values v ON v.audit_id = a.id \
         WHERE a.entity = 'patient' AND a.entity_id = $1 \
         AND a.action IN ('patient.merged', 'patient.unmerged')",
    );
    for row in sql.arg(patient.0).fetch_all(conn).await? {
        let is_it = |change: &Change| {
            let ids = [change.old.as_i64(), change.new.as_i64()];
            change.field == "merged" && ids.contains(&Some(merged.0))
        };
        if content(&row)?.changes.iter().any(is_it) {
            let id: i64 = row.get("id")?;
            let sql = Sql::new("DELETE FROM audit_values WHERE audit_id = $1");
            sql.arg(id).execute(conn).await?;
        }
    }
    Ok(())
}

/// The content of an audit event; empty where it has none or was erased.
fn content(row: &Row) -> Result<Content, Error> {
    match row.get::<Option<String>>("content")? {
        Some(json) => serde_json::from_str(&json).map_err(|e| Error::Internal(Box::new(e))),
        None => Ok(Content::default()),
    }
}

/// An entry in the history of the record with this id.
fn from_row(row: &Row, id: i64) -> Result<HistoryEntry, Error> {
    let content = content(row)?;
    Ok(HistoryEntry {
        id: AuditId(row.get("id")?),
        at: row.get("at")?,
        action: row.get("action")?,
        merged: row.get::<Option<i64>>("entity_id")?.filter(|of| *of != id),
        actor: row.get::<Option<i64>>("actor_id")?.map(UserId),
        actor_username: row.get("actor_name")?,
        address: row.get("address")?,
        request_id: row.get("request_id")?,
        reason: content.reason,
        version: row.get("version")?,
        changes: content.changes,
        names: Vec::new(),
    })
}
