//! Visits as they are exported.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use shared::visit::VisitStatus;

use crate::{
    db::{
        Conn, DbError, Row, Sql,
        columns::Member,
        export::{Exported, with_ids},
        named::{DoctorNamed, PatientNamed},
    },
    error::Error,
};

/// A visit of a patient who is not archived.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ExportedVisit {
    day: NaiveDate,
    number: i64,
    #[serde(flatten)]
    patient: PatientNamed,
    #[serde(flatten)]
    doctor: DoctorNamed,
    /// The time of the assignment to which the visit belongs.
    assigned_at: Option<DateTime<Utc>>,
    reason: Option<String>,
    is_urgent: bool,
    status: VisitStatus,
    arrived_at: DateTime<Utc>,
    called_at: Option<DateTime<Utc>>,
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
}

const COLUMNS: &str = concat!(
    "SELECT v.id, v.day, v.number, a.created_at AS assigned_at, v.reason, v.is_urgent, v.status, \
     v.arrived_at, v.called_at, v.started_at, v.ended_at, ",
    named_columns!(),
);

impl ExportedVisit {
    /// The members behind those that name the patient and the doctor.
    const OTHERS: [&'static str; 8] = [
        "assigned_at",
        "reason",
        "is_urgent",
        "status",
        "arrived_at",
        "called_at",
        "started_at",
        "ended_at",
    ];

    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(from_columns!(
            row,
            Self {
                number, assigned_at, reason, is_urgent, arrived_at, called_at, started_at, ended_at,
            },
            day: Member::read(row, "day")?,
            status: Member::read(row, "status")?,
            patient: PatientNamed::from_row(row)?,
            doctor: DoctorNamed::from_row(row)?,
        ))
    }
}

impl Exported for ExportedVisit {
    fn members() -> Vec<&'static str> {
        let first: &[&str] = &["day", "number"];
        [first, &PatientNamed::MEMBERS, &DoctorNamed::MEMBERS, &Self::OTHERS].concat()
    }

    async fn after(conn: &mut Conn<'_>, id: i64, count: i64) -> Result<Vec<(i64, Self)>, DbError> {
        let mut sql = Sql::new(COLUMNS);
        sql.push(
            " FROM visits v LEFT JOIN patients p ON p.id = v.patient_id \
             LEFT JOIN doctors d ON d.id = v.doctor_id \
             LEFT JOIN assignments a ON a.id = v.assignment_id \
             WHERE p.archived_at IS NULL AND v.id > ",
        );
        sql.bind(id).push(" ORDER BY v.id").limit(count, 0);
        with_ids(&sql.fetch_all(conn).await?, Self::from_row)
    }
}
