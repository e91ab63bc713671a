//! Merged records: which record they lead to, and what undoing a merge needs.

use shared::id::PatientId;

use crate::{
    db::{Conn, DbError, Row, Sql},
    error::Error,
};

/// A merge that is not undone.
#[derive(Clone, Debug)]
pub(crate) struct Merge {
    id: i64,
    /// The record that was merged.
    pub(crate) other: PatientId,
    /// What undoing the merge needs, as JSON.
    pub(crate) content: String,
}

const INTO: &str =
    "SELECT id, other_id, content FROM merges WHERE patient_id = $1 ORDER BY id DESC";
const ERASING: [&str; 2] =
    ["DELETE FROM merges WHERE patient_id = $1", "DELETE FROM merges WHERE other_id = $1"];
const NEXT: &str = "SELECT merged_into FROM patients WHERE id = $1";
const ALL_INTO: &str = "WITH RECURSIVE merged (id) AS (SELECT id FROM patients WHERE merged_into = $1 \
     UNION ALL SELECT p.id FROM merged JOIN patients p ON p.merged_into = merged.id) \
     SELECT id FROM merged ORDER BY id";

/// The statements about a patient's merges, for tests.
pub(crate) fn statements(patient: PatientId) -> Vec<Sql> {
    let all = [INTO, NEXT, ALL_INTO].into_iter().chain(ERASING);
    all.map(|text| Sql::new(text).arg(patient.0)).collect()
}

/// Keeps a merge of another record into a patient's.
pub(crate) async fn insert(
    conn: &mut Conn<'_>,
    patient: PatientId,
    other: PatientId,
    content: String,
) -> Result<(), DbError> {
    let sql = Sql::new("INSERT INTO merges (patient_id, other_id, content) VALUES ($1, $2, $3)");
    sql.arg(patient.0).arg(other.0).arg(content).execute(conn).await.map(drop)
}

/// The merges into a patient's record, the newest first.
pub(crate) async fn into(conn: &mut Conn<'_>, patient: PatientId) -> Result<Vec<Merge>, DbError> {
    let rows = Sql::new(INTO).arg(patient.0).fetch_all(conn).await?;
    let merge = |row: &Row| {
        let (id, other) = (row.get("id")?, PatientId(row.get("other_id")?));
        Ok(Merge { id, other, content: row.get("content")? })
    };
    Ok(rows.iter().map(merge).collect::<Result<_, Error>>()?)
}

/// Forgets a merge that is undone.
pub(crate) async fn remove(conn: &mut Conn<'_>, merge: &Merge) -> Result<(), DbError> {
    Sql::new("DELETE FROM merges WHERE id = $1").arg(merge.id).execute(conn).await.map(drop)
}

/// Forgets the merges of a patient who is being erased.
pub(super) async fn erase(conn: &mut Conn<'_>, patient: PatientId) -> Result<(), DbError> {
    for text in ERASING {
        Sql::new(text).arg(patient.0).execute(conn).await?;
    }
    Ok(())
}

/// The record to which a merged one leads, after any number of merges.
pub(crate) async fn last_of(
    conn: &mut Conn<'_>,
    patient: PatientId,
) -> Result<Option<PatientId>, DbError> {
    let mut last = None;
    let mut next = Some(patient);
    while let Some(id) = next {
        let row = Sql::new(NEXT).arg(id.0).fetch_optional(conn).await?;
        next = row
            .map(|row| row.get::<Option<i64>>("merged_into"))
            .transpose()?
            .flatten()
            .map(PatientId);
        last = next.or(last);
    }
    Ok(last)
}

/// The records that were merged into a patient's, or into one of those, by rising id.
pub(crate) async fn all_into(
    conn: &mut Conn<'_>,
    patient: PatientId,
) -> Result<Vec<PatientId>, DbError> {
    Sql::new(ALL_INTO).arg(patient.0).fetch_ids(conn).await
}
