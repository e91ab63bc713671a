//! Assignments as they are exported.

use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::assignment::AssignmentFields;

use super::read_members;
use crate::{
    db::{
        Conn, DbError, Row, Sql,
        export::{Exported, with_ids},
        named::{DoctorNamed, PatientNamed},
    },
    error::Error,
};

/// An assignment, ended or not, of a patient who is not archived.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ExportedAssignment {
    #[serde(flatten)]
    patient: PatientNamed,
    #[serde(flatten)]
    doctor: DoctorNamed,
    #[serde(flatten)]
    fields: AssignmentFields,
    assigned_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
}

macro_rules! exported_members {
    ({ $($member:ident),* }) => {
        const FIELDS: &[&str] = &[$(stringify!($member)),*];
        const COLUMNS: &str = concat!(
            "SELECT a.id, ", $("a.", stringify!($member), ", ",)*
            "a.created_at AS assigned_at, a.ended_at, ", named_columns!(),
        );
    };
}

shared::assignment_fields! { exported_members! {} }

impl ExportedAssignment {
    /// The times, which no request can set.
    pub(crate) const TIMES: [&'static str; 2] = ["assigned_at", "ended_at"];

    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(from_columns!(
            row,
            Self { assigned_at, ended_at },
            patient: PatientNamed::from_row(row)?,
            doctor: DoctorNamed::from_row(row)?,
            fields: read_members(row)?,
        ))
    }
}

impl Exported for ExportedAssignment {
    fn members() -> Vec<&'static str> {
        let patient: &[&str] = &PatientNamed::MEMBERS;
        [patient, &DoctorNamed::MEMBERS, FIELDS, &Self::TIMES].concat()
    }

    async fn after(conn: &mut Conn<'_>, id: i64, count: i64) -> Result<Vec<(i64, Self)>, DbError> {
        let mut sql = Sql::new(COLUMNS);
        sql.push(
            " FROM assignments a LEFT JOIN patients p ON p.id = a.patient_id \
             LEFT JOIN doctors d ON d.id = a.doctor_id \
             WHERE p.archived_at IS NULL AND a.id > ",
        );
        sql.bind(id).push(" ORDER BY a.id").limit(count, 0);
        with_ids(&sql.fetch_all(conn).await?, Self::from_row)
    }
}
