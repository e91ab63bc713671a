//! The patients whom a user has opened or written last.

use chrono::{DateTime, NaiveDate, Utc};
use shared::{UserId, lookup::FOUND_MAX, patient::Patient};

use super::{COLUMNS_WITHHELD, from_row, restrict_patient};
use crate::db::{ArchiveState, Conn, DbError, Scope, Sql};

/// The audit action of a lookup that has found a single patient by id or record number. It does not
/// open the patient.
pub(crate) const LOOKED_UP: &str = "patient.looked_up";

/// The maximum number of audit events that are read. It bounds the cost, whatever a user has done.
const EVENTS_MAX: i64 = 500;

/// A patient's id and the time at which it was read.
pub(crate) type ReadAt = (i64, DateTime<Utc>);

/// The patients whom a user has opened or written last, as far as the caller may see them.
pub(crate) struct Recent<'a> {
    pub(crate) user: UserId,
    /// Reads whose audit events are not written yet.
    pub(crate) waiting: &'a [ReadAt],
    pub(crate) scope: Scope,
}

impl Recent<'_> {
    /// The query. A write of an assignment or a visit counts as one of its patient.
    pub(in crate::db) fn select(&self) -> Sql {
        let mut sql = Sql::new(COLUMNS_WITHHELD);
        sql.push(
            " FROM (SELECT patient_id, max(at) AS last_at, max(event_id) AS last_event \
             FROM (SELECT * FROM (SELECT CASE WHEN action = ",
        );
        sql.bind(LOOKED_UP).push(
            " THEN NULL WHEN entity = 'patient' THEN entity_id \
             WHEN entity = 'assignment' \
             THEN (SELECT patient_id FROM assignments WHERE id = audit_log.entity_id) \
             WHEN entity = 'visit' \
             THEN (SELECT patient_id FROM visits WHERE id = audit_log.entity_id) \
             END AS patient_id, at, id AS event_id FROM audit_log WHERE actor_id >= ",
        );
        // A range, so that only the index by actor has this order. Where the statistics say that a user has written most
        // of the log, PostgreSQL would read all of it for a user who has written little.
        sql.bind(self.user.0).push(" AND actor_id <= ").bind(self.user.0);
        sql.push(" ORDER BY actor_id DESC, at DESC, id DESC").limit(EVENTS_MAX, 0);
        sql.push(") AS written");
        for (id, at) in self.waiting {
            sql.push(" UNION ALL SELECT ").bind(*id).push(", ").bind(*at).push(", 0");
        }
        sql.push(concat!(
            ") AS events GROUP BY patient_id) AS latest \
             JOIN patients p ON p.id = latest.patient_id",
            record_creator!("p"),
            " WHERE 1 = 1"
        ));
        sql.push(ArchiveState::Current.condition());
        // Not `restrict_scope`, which would select all patients of a linked account first.
        restrict_patient(&mut sql, self.scope, "p.id", "p.created_by");
        sql.push(" ORDER BY latest.last_at DESC, latest.last_event DESC LIMIT ").bind(FOUND_MAX);
        sql
    }

    /// Reads them without their clinical members, the newest first.
    pub(crate) async fn read(
        &self,
        conn: &mut Conn<'_>,
        today: NaiveDate,
    ) -> Result<Vec<Patient>, DbError> {
        let rows = self.select().fetch_all(conn).await?;
        let patients = rows.iter().map(|row| Ok(from_row(row, today)?.without_clinical()));
        Ok(patients.collect::<Result<_, crate::error::Error>>()?)
    }
}
