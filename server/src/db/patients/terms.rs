//! The index of the words under which patients are found: what is written with a patient, and the terms of the
//! patients who were there before the index.

use std::sync::Arc;

use serde::Serialize;
use shared::{
    id::PatientId,
    patient::{Former, Patient, PatientFields},
};

use super::{COLUMNS, TABLES, read_members, sort_names};
use crate::{
    db::{
        Conn, DbError, Sql, rows,
        search::terms::{Entry, PatientTerms},
        sql::NewRow,
        together::Part,
    },
    error::Error,
};

const TABLE: &str = "patient_terms";
/// The number of digits with which [`insert_first`] passes how much a term shares. It is more than a name has
/// characters.
const DIGITS: usize = 3;
const SHARED_MAX: i64 = 999;
/// The number of patients whose terms are written in a transaction. Their rows are inserted in the order of the
/// index, so the more there are, the more of them share a page of it.
const STEP: i64 = 5_000;

/// The entries of a patient in the index: their terms, and the name by which they are sorted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Indexed {
    id: PatientId,
    sort_name: String,
    entries: Vec<Entry>,
}

impl Indexed {
    /// The entries of a patient, in the archive or not.
    pub(super) fn of(patient: &Patient, is_archived: bool) -> Self {
        let former = Former::of(patient);
        Self::with((patient.id, &patient.mrn), &patient.fields, &former, is_archived)
    }

    fn with(
        (id, mrn): (PatientId, &str),
        fields: &PatientFields,
        former: &Former,
        is_archived: bool,
    ) -> Self {
        let (sort_name, _) = sort_names(&fields.first_name, &fields.last_name);
        let terms = PatientTerms::of(mrn, fields).with_former(former);
        Self { id, sort_name, entries: terms.entries(is_archived) }
    }

    /// Removes these entries. Where an earlier version of the program has made others, the patient's row tells
    /// them, so it must not have changed yet.
    pub(super) async fn remove(self, conn: &mut Conn<'_>) -> Result<(), DbError> {
        let id = self.id.0;
        let (expected, removed) = (self.entries.len(), self.delete(conn).await?);
        if usize::try_from(removed).is_ok_and(|removed| removed == expected) {
            return Ok(());
        }
        let sql = Sql::new(
            "SELECT terms, sort_name, archived_at IS NOT NULL AS is_archived \
             FROM patients WHERE id = $1",
        );
        let row = sql.arg(id).fetch_one(conn).await?;
        let terms = PatientTerms::stored(row.text("terms")?.unwrap_or_default());
        let entries = terms.entries(row.get("is_archived")?);
        let stored = Self { id: PatientId(id), sort_name: row.get("sort_name")?, entries };
        stored.delete(conn).await.map(drop)
    }

    async fn delete(self, conn: &mut Conn<'_>) -> Result<u64, DbError> {
        let sql = conn.either(
            "DELETE FROM patient_terms WHERE patient_id = $1 AND sort_name = $2 \
             AND term IN (SELECT value FROM json_each($3))",
            "DELETE FROM patient_terms WHERE patient_id = $1 AND sort_name = $2 \
             AND term = ANY (ARRAY (SELECT json_array_elements_text($3::json)))",
        );
        let terms: Vec<_> = self.entries.iter().map(|entry| &entry.term).collect();
        let terms = serde_json::to_string(&terms).map_err(|e| Error::Internal(e.into()))?;
        sql.arg(self.id.0).arg(self.sort_name).arg(terms).execute(conn).await
    }

    /// Inserts these entries.
    pub(super) async fn insert(self, conn: &mut Conn<'_>) -> Result<(), DbError> {
        insert(conn, self.rows()).await
    }

    fn rows(self) -> Vec<NewRow> {
        let row = |entry| new_entry(entry, &self.sort_name, self.id.0);
        self.entries.into_iter().map(row).collect()
    }
}

/// A row of the index.
fn new_entry(entry: Entry, sort_name: &str, id: i64) -> NewRow {
    vec![
        ("term", entry.term.into()),
        ("sort_name", sort_name.into()),
        ("patient_id", id.into()),
        ("shared", entry.shared.into()),
    ]
}

/// The rows of the index for a new patient.
pub(super) fn new_rows(
    id: PatientId,
    mrn: &str,
    fields: &PatientFields,
    former: &Former,
) -> Vec<NewRow> {
    Indexed::with((id, mrn), fields, former, false).rows()
}

/// Inserts rows of the index.
pub(super) async fn insert(conn: &mut Conn<'_>, rows: Vec<NewRow>) -> Result<(), DbError> {
    rows::insert(conn, TABLE, rows, "").await.map(drop)
}

/// Completes the statement that inserts the entries of a new patient, which is the row that others refer to.
pub(super) fn insert_first(
    part: &mut Part<'_>,
    sort_name: &str,
    entries: &[Entry],
) -> Result<(), Error> {
    let with_digits = |entry: &Entry| {
        format!("{:0width$}{}", entry.shared.min(SHARED_MAX), entry.term, width = DIGITS)
    };
    let entries: Vec<_> = entries.iter().map(with_digits).collect();
    part.push(
        "INSERT INTO patient_terms (term, sort_name, patient_id, shared) SELECT substr(value, 4), ",
    );
    part.bind(sort_name).push(", ").bind_first();
    part.push(", CAST(substr(value, 1, 3) AS BIGINT) FROM ").bind_texts(&entries)
}

/// A patient with its terms, as they are written.
#[derive(Serialize)]
struct Written {
    id: i64,
    terms: String,
}

/// Writes the terms of some patients who were registered before the index was made. Returns the last of them if
/// there may be more.
pub(crate) async fn write_some(conn: &mut Conn<'_>) -> Result<Option<PatientId>, DbError> {
    // Where several programs start at once, each waits for the others here.
    let after = conn.either(
        "SELECT after_id FROM terms_to_write",
        "SELECT after_id FROM terms_to_write FOR UPDATE",
    );
    let Some(after) = after.fetch_optional(conn).await? else { return Ok(None) };
    let after: i64 = after.get("after_id")?;
    let mut sql = Sql::new(COLUMNS);
    sql.push(", p.sort_name, p.archived_at IS NOT NULL AS is_archived").push(TABLES);
    sql.push(" WHERE p.id > ").bind(after).push(" ORDER BY p.id LIMIT ").bind(STEP);
    let found = sql.fetch_all(conn).await?;
    let Some(last) = found.last() else {
        Sql::new("DELETE FROM terms_to_write").execute(conn).await?;
        return Ok(None);
    };
    let last: i64 = last.get("id")?;
    let (mut written, mut entries) = (Vec::new(), Vec::new());
    for row in &found {
        let (id, mrn): (i64, String) = (row.get("id")?, row.get("mrn")?);
        let terms = PatientTerms::of(&mrn, &read_members(row)?);
        written.push(Written { id, terms: terms.to_text() });
        let sort_name: Arc<str> = row.get::<String>("sort_name")?.into();
        let own = terms.entries(row.get("is_archived")?).into_iter();
        entries.extend(own.map(|entry| (entry.term, sort_name.clone(), id, entry.shared)));
    }
    entries.sort_unstable();
    let written = serde_json::to_string(&written).map_err(|e| Error::Internal(e.into()))?;
    let update = conn.either(
        "UPDATE patients SET terms = value ->> 'terms' FROM json_each($1) \
         WHERE patients.id = value ->> 'id'",
        "UPDATE patients SET terms = value ->> 'terms' FROM json_array_elements($1::json) \
         WHERE patients.id = CAST(value ->> 'id' AS BIGINT)",
    );
    update.arg(written).execute(conn).await?;
    let row = |(term, sort_name, id, shared): (String, Arc<str>, i64, i64)| {
        new_entry(Entry { term, shared }, &sort_name, id)
    };
    insert(conn, entries.into_iter().map(row).collect()).await?;
    let sql = Sql::new("UPDATE terms_to_write SET after_id = $1");
    sql.arg(last).execute(conn).await?;
    Ok(Some(PatientId(last)))
}
