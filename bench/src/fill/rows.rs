//! Writing rows in bulk: a batch is one JSON text, which the database takes apart.

use chrono::{DateTime, SecondsFormat, TimeDelta};
use serde_json::{Map, Value, json};
use server::db::{patients::new_rows, search::terms::Entry};
use shared::{
    Mrn,
    patient::{PatientFields, PatientState},
};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row, SqliteConnection};

use super::DOCTORS;
use crate::Outcome;

/// Patients who are written with one statement.
const BATCH: u64 = 500;
/// Statements between two commits.
const BATCHES: u64 = 40;
/// 2026-09-01. The patients were registered in the 60 days after it.
const FIRST_AT: i64 = 1_788_220_800;
const LAST_AT: i64 = FIRST_AT + 60 * 24 * 60 * 60;

/// A connection that writes rows in bulk.
pub(super) enum Filler {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

type Rows = Vec<Map<String, Value>>;

impl Filler {
    /// Writes patients with their terms and identifiers, and assignments. The indexes are dropped first
    /// and made at the end, and the terms are written in their order, because every other way takes
    /// hours for ten millions.
    pub(super) async fn fill(
        &mut self,
        patients: u64,
        person: fn(u64) -> PatientFields,
    ) -> Outcome<()> {
        let indexes = self.indexes().await?;
        for (name, _) in &indexes {
            self.tell(&format!("DROP INDEX {name}")).await?;
        }
        let collation = self.either("", " COLLATE \"C\"");
        let staging = format!(
            "CREATE TEMP TABLE staging (term TEXT{collation}, sort_name TEXT{collation}, \
             patient_id BIGINT, shared BIGINT)"
        );
        self.tell(&staging).await?;
        let mut next = 1;
        while next <= patients {
            self.tell("BEGIN").await?;
            for _ in 0..BATCHES {
                let end = (next + BATCH).min(patients + 1);
                if next < end {
                    self.write_patients(next..end, patients, person).await?;
                }
                next = end;
            }
            self.tell("COMMIT").await?;
        }
        self.tell(
            "INSERT INTO patient_terms (term, sort_name, patient_id, shared) \
             SELECT term, sort_name, patient_id, shared FROM staging \
             ORDER BY term, sort_name, patient_id",
        )
        .await?;
        self.tell("DROP TABLE staging").await?;
        for (_, definition) in &indexes {
            self.tell(definition).await?;
        }
        let sequences = self.either(
            "UPDATE sequences SET last = (SELECT max(id) FROM patients) WHERE name = 'mrn'",
            "SELECT setval('mrn', max(id)), setval(pg_get_serial_sequence('patients', 'id'), max(id)) \
             FROM patients",
        );
        self.tell(sequences).await?;
        self.assign().await
    }

    /// Assigns every fifth patient to a doctor.
    async fn assign(&mut self) -> Outcome<()> {
        self.tell(&format!(
            "INSERT INTO assignments (patient_id, doctor_id, patient_owner, status, is_active, \
             assigned_date, created_by, changed_by, created_at, updated_at, version) \
             SELECT id, 1 + id / 5 % {DOCTORS}, created_by, 'ACTIVE', TRUE, '2026-11-01', created_by, \
             created_by, created_at, updated_at, 1 FROM patients WHERE id % 5 = 0"
        ))
        .await
    }

    async fn write_patients(
        &mut self,
        numbers: std::ops::Range<u64>,
        all: u64,
        person: fn(u64) -> PatientFields,
    ) -> Outcome<()> {
        let (mut patients, mut terms, mut identifiers) = (Rows::new(), Rows::new(), Rows::new());
        for number in numbers {
            let id = i64::try_from(number)?;
            let state = PatientState { fields: person(number), date_of_birth_estimated: false };
            let rows = new_rows(&Mrn::from_sequence(id), &state)?;
            let at = FIRST_AT + (LAST_AT - FIRST_AT) * id / i64::try_from(all)?;
            let at = (DateTime::UNIX_EPOCH + TimeDelta::seconds(at))
                .to_rfc3339_opts(SecondsFormat::AutoSi, false);
            let own = [
                ("id", json!(id)),
                ("created_by", json!(1)),
                ("changed_by", json!(1)),
                ("created_at", json!(at)),
                ("updated_at", json!(at)),
                ("version", json!(1)),
            ];
            let name = rows.columns.iter().find(|(column, _)| *column == "sort_name");
            let name = name.map(|(_, name)| name.clone()).unwrap_or_default();
            let entry = |entry: Entry| {
                let (term, shared) = (json!(entry.term), json!(entry.shared));
                let key = [("term", term), ("sort_name", name.clone()), ("patient_id", json!(id))];
                object(key.into_iter().chain([("shared", shared)]))
            };
            terms.extend(rows.terms.into_iter().map(entry));
            patients.push(object(rows.columns.into_iter().chain(own)));
            for it in state.fields.identifiers {
                let (system, value) = (json!(it.system), json!(it.value));
                let row = [("system", system), ("value", value), ("patient_id", json!(id))];
                identifiers.push(object(row));
            }
        }
        self.insert("patients", &patients).await?;
        self.insert("staging", &terms).await?;
        self.insert("patient_identifiers", &identifiers).await
    }

    /// Inserts rows, all of which have the same columns.
    async fn insert(&mut self, table: &str, rows: &Rows) -> Outcome<()> {
        let Some(first) = rows.first() else { return Ok(()) };
        let columns: Vec<&str> = first.keys().map(String::as_str).collect();
        let names = columns.join(", ");
        let values = match self {
            Self::Sqlite(_) => {
                let values: Vec<_> = columns.iter().map(|it| format!("value->>'{it}'")).collect();
                format!("{} FROM json_each($1)", values.join(", "))
            }
            Self::Postgres(_) => {
                format!("{names} FROM json_populate_recordset(NULL::{table}, $1::json)")
            }
        };
        let sql = AssertSqlSafe(format!("INSERT INTO {table} ({names}) SELECT {values}"));
        let rows = serde_json::to_string(rows)?;
        match self {
            Self::Sqlite(conn) => sqlx::query(sql).bind(rows).execute(conn).await?.rows_affected(),
            Self::Postgres(conn) => {
                sqlx::query(sql).bind(rows).execute(conn).await?.rows_affected()
            }
        };
        Ok(())
    }

    /// The indexes of the tables that are filled: the name and the statement that makes each.
    async fn indexes(&mut self) -> Outcome<Vec<(String, String)>> {
        let sql = self.either(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL \
             AND tbl_name IN ('patients', 'patient_terms', 'patient_identifiers')",
            "SELECT indexname::text, indexdef FROM pg_indexes WHERE schemaname = 'public' \
             AND tablename IN ('patients', 'patient_terms', 'patient_identifiers') \
             AND indexname NOT IN (SELECT conname FROM pg_constraint)",
        );
        let indexes: Result<Vec<_>, _> = match self {
            Self::Sqlite(conn) => {
                let rows = conn.fetch_all(sql).await?;
                rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
            }
            Self::Postgres(conn) => {
                let rows = conn.fetch_all(sql).await?;
                rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
            }
        };
        Ok(indexes.map_err(|error: sqlx::Error| error)?)
    }

    /// One of two texts, for SQLite and for PostgreSQL.
    fn either(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match self {
            Self::Sqlite(_) => sqlite,
            Self::Postgres(_) => postgres,
        }
    }

    /// Runs a statement.
    pub(super) async fn tell(&mut self, statement: &str) -> Outcome<()> {
        let sql = AssertSqlSafe(statement.to_owned());
        match self {
            Self::Sqlite(conn) => conn.execute(sql).await?.rows_affected(),
            Self::Postgres(conn) => conn.execute(sql).await?.rows_affected(),
        };
        Ok(())
    }

    /// Closes the connection.
    pub(super) async fn close(self) -> Outcome<()> {
        match self {
            Self::Sqlite(conn) => conn.close().await?,
            Self::Postgres(conn) => conn.close().await?,
        }
        Ok(())
    }
}

fn object(members: impl IntoIterator<Item = (&'static str, Value)>) -> Map<String, Value> {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
