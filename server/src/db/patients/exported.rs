//! Patients as they are exported.

use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::patient::{Patient, PatientFields};

use super::{COLUMNS, TABLES, read_members};
use crate::{
    db::{
        Conn, DbError, Row, Sql,
        columns::Member,
        export::{Exported, with_ids},
    },
    error::Error,
};

/// A patient who is not archived, with all members.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ExportedPatient {
    mrn: String,
    #[serde(flatten)]
    fields: PatientFields,
    date_of_birth_estimated: bool,
    former_names: Vec<String>,
    former_mrns: Vec<String>,
    created_at: DateTime<Utc>,
}

impl ExportedPatient {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(from_columns!(
            row,
            Self { mrn, date_of_birth_estimated, created_at },
            fields: read_members(row)?,
            former_names: Member::read(row, "former_names")?,
            former_mrns: Member::read(row, "former_mrns")?,
        ))
    }
}

impl Exported for ExportedPatient {
    fn members() -> Vec<&'static str> {
        Patient::exported()
    }

    async fn after(conn: &mut Conn<'_>, id: i64, count: i64) -> Result<Vec<(i64, Self)>, DbError> {
        let mut sql = Sql::new(COLUMNS);
        sql.push(TABLES).push(" WHERE p.archived_at IS NULL AND p.id > ").bind(id);
        sql.push(" ORDER BY p.id").limit(count, 0);
        with_ids(&sql.fetch_all(conn).await?, Self::from_row)
    }
}
