//! The list of audit events. It is ordered by time, and every index ends in the time, so that one
//! index serves both a range of time and the order.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::{
    UserId,
    account::Role,
    audit::{AuditEntry, AuditFilter},
    id::{ApiTokenId, AuditId},
};

use super::content;
use crate::{
    db::{
        Conn, DbError, Row, Sql,
        listing::{Seek, fetch},
    },
    error::Error,
};

/// The position of an audit event in the list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) at: DateTime<Utc>,
    pub(crate) id: i64,
}

fn restrict(sql: &mut Sql, filter: &AuditFilter) {
    sql.push(" WHERE 1 = 1");
    sql.and(" AND a.actor_id = ", filter.actor.map(|actor| actor.0));
    sql.and(" AND a.action = ", filter.action.as_deref());
    sql.and(" AND a.entity = ", filter.entity.as_deref());
    sql.and(" AND a.entity_id = ", filter.entity_id);
    sql.and(" AND a.at >= ", filter.from.map(|from| from.0));
    sql.and(" AND a.at < ", filter.to.map(|to| to.0));
}

/// The audit events that match a filter, the newest first.
pub(crate) async fn list(
    conn: &mut Conn<'_>,
    filter: &AuditFilter,
    seek: &Seek<Place>,
) -> Result<Vec<AuditEntry>, DbError> {
    let mut sql = Sql::new(
        "SELECT a.id, a.at, a.actor_id, a.actor_name, a.actor_role, a.token_id, a.action, a.entity, \
         a.entity_id, a.version, a.address, a.request_id, v.content \
         FROM audit_log a LEFT JOIN audit_values v ON v.audit_id = a.id",
    );
    restrict(&mut sql, filter);
    if let Some(place) = &seek.place {
        sql.push(if seek.is_backwards { " AND (a.at, a.id) > (" } else { " AND (a.at, a.id) < (" });
        sql.bind(place.at).push(", ").bind(place.id).push(")");
    }
    sql.push(if seek.is_backwards {
        " ORDER BY a.at, a.id"
    } else {
        " ORDER BY a.at DESC, a.id DESC"
    });
    sql.limit(seek.limit, seek.offset);
    fetch(conn, sql, seek, from_row).await
}

/// Counts the audit events that match a filter, up to `max`.
pub(crate) async fn count(
    conn: &mut Conn<'_>,
    filter: &AuditFilter,
    max: i64,
) -> Result<i64, DbError> {
    let mut sql = Sql::new("SELECT count(*) AS entries FROM (SELECT 1 AS one FROM audit_log a");
    restrict(&mut sql, filter);
    sql.push(" LIMIT ").bind(max).push(") AS listed");
    Ok(sql.fetch_one(conn).await?.get("entries")?)
}

fn from_row(row: &Row) -> Result<AuditEntry, Error> {
    let content = content(row)?;
    Ok(AuditEntry {
        id: AuditId(row.get("id")?),
        at: row.get("at")?,
        actor: row.get::<Option<i64>>("actor_id")?.map(UserId),
        actor_username: row.get("actor_name")?,
        actor_role: row.parsed("actor_role", |text| text.parse::<Role>())?,
        token: row.get::<Option<i64>>("token_id")?.map(ApiTokenId),
        action: row.get("action")?,
        entity: row.get("entity")?,
        entity_id: row.get("entity_id")?,
        version: row.get("version")?,
        address: row.get("address")?,
        request_id: row.get("request_id")?,
        reason: content.reason,
        changes: content.changes,
        names: Vec::new(),
    })
}
