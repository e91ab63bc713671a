//! Doctors as they are exported.

use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::doctor::{Doctor, DoctorFields};

use super::{COLUMNS, TABLES, read_members};
use crate::{
    db::{
        Conn, DbError, Row, Sql,
        export::{Exported, with_ids},
    },
    error::Error,
};

/// A doctor, archived or not, because the assignments of patients to archived doctors are exported too.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ExportedDoctor {
    #[serde(flatten)]
    fields: DoctorFields,
    created_at: DateTime<Utc>,
    archived_at: Option<DateTime<Utc>>,
}

impl ExportedDoctor {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(from_columns!(row, Self { created_at, archived_at }, fields: read_members(row)?))
    }
}

impl Exported for ExportedDoctor {
    fn members() -> Vec<&'static str> {
        Doctor::exported()
    }

    async fn after(conn: &mut Conn<'_>, id: i64, count: i64) -> Result<Vec<(i64, Self)>, DbError> {
        let mut sql = Sql::new(COLUMNS);
        sql.push(TABLES).push(" WHERE d.id > ").bind(id).push(" ORDER BY d.id").limit(count, 0);
        with_ids(&sql.fetch_all(conn).await?, Self::from_row)
    }
}
