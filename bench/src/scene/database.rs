//! The file of the database, while no server has it open.

use std::{collections::BTreeSet, path::Path};

use fastrand::Rng;
use sqlx::{
    Connection, Row, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteRow},
};
use tokio::runtime::{Builder, Runtime};

use super::ledger::Person;
use crate::Outcome;

/// Patients who can be found by name and date of birth, and can arrive. `?` is where the search begins.
const PEOPLE: &str = "SELECT id, mrn, first_name || ' ' || last_name AS name, date_of_birth, \
                      phone_number, version FROM patients WHERE id >= ? AND archived_at IS NULL \
                      AND deceased_on IS NULL AND first_name IS NOT NULL AND last_name IS NOT NULL \
                      AND length(date_of_birth) = 10 ORDER BY id LIMIT 1";
/// Each counts what is there half, above the id that was the last one of a patient before the scene.
const HALVES: [(&str, &str); 4] = [
    (
        "patients have not an entry of the audit log for each version",
        "SELECT COUNT(*) FROM patients p WHERE p.id > ? AND p.version <> (SELECT COUNT(*) \
         FROM audit_log a WHERE a.entity = 'patient' AND a.entity_id = p.id AND a.version IS NOT \
         NULL)",
    ),
    (
        "patients have not a change for each version",
        "SELECT COUNT(*) FROM patients p LEFT JOIN (SELECT entity_id, COUNT(*) AS changes \
         FROM changes WHERE entity = 'patient' GROUP BY entity_id) c ON c.entity_id = p.id \
         WHERE p.id > ? AND p.version IS NOT c.changes",
    ),
    (
        "patients are found by no word",
        "SELECT COUNT(*) FROM patients p WHERE p.id > ? AND NOT EXISTS (SELECT 1 \
         FROM patient_terms t WHERE t.term = 'm' || lower(p.mrn) AND t.patient_id = p.id)",
    ),
    (
        "words are those of patients who are not there",
        "SELECT COUNT(*) FROM patient_terms t WHERE t.patient_id > ? AND NOT EXISTS (SELECT 1 \
         FROM patients p WHERE p.id = t.patient_id)",
    ),
];
/// Counts the visits that are there half. The filled database has none.
const HALF_VISITS: &str = "SELECT COUNT(*) FROM visits v WHERE v.id > ? AND (v.version <> (SELECT \
                           COUNT(*) FROM audit_log a WHERE a.entity = 'visit' AND a.entity_id = v.id) \
                           OR v.version <> (SELECT COUNT(*) FROM changes c WHERE c.entity = 'visit' \
                           AND c.entity_id = v.id))";

/// An open file.
pub(super) struct Database {
    runtime: Runtime,
    connection: SqliteConnection,
}

impl Database {
    /// Opens a file.
    pub(super) fn open(file: &Path) -> Outcome<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(false);
        let connection = runtime.block_on(SqliteConnection::connect_with(&options))?;
        Ok(Self { runtime, connection })
    }

    /// The highest id of a patient.
    pub(super) fn last_patient(&mut self) -> Outcome<i64> {
        self.number("SELECT COALESCE(MAX(id), 0) FROM patients WHERE id > ?", 0)
    }

    /// How many patients there are above an id.
    pub(super) fn patients_above(&mut self, id: i64) -> Outcome<i64> {
        self.number("SELECT COUNT(*) FROM patients WHERE id > ?", id)
    }

    /// So many different patients, by lot.
    pub(super) fn people(&mut self, count: usize, lot: &mut Rng) -> Outcome<Vec<Person>> {
        let last = self.last_patient()?;
        let (mut people, mut ids) = (Vec::new(), BTreeSet::new());
        for _ in 0..count * 4 {
            let from = lot.i64(1..=last.max(1));
            let query = sqlx::query(PEOPLE).bind(from).fetch_optional(&mut self.connection);
            let Some(row) = self.runtime.block_on(query)? else { continue };
            if ids.insert(row.try_get::<i64, _>("id")?) {
                people.push(person(&row)?);
            }
            if people.len() == count {
                return Ok(people);
            }
        }
        Err(format!("the database has not {count} people for the scene").into())
    }

    /// Everything that is wrong in the file: what SQLite finds, and what is there half.
    pub(super) fn faults(&mut self, last_patient: i64) -> Outcome<Vec<String>> {
        let mut faults = Vec::new();
        let check = sqlx::query("PRAGMA integrity_check").fetch_all(&mut self.connection);
        for row in self.runtime.block_on(check)? {
            let said: String = row.try_get(0)?;
            faults.extend((said != "ok").then(|| format!("integrity_check: {said}")));
        }
        let keys = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut self.connection);
        for row in self.runtime.block_on(keys)? {
            let table: String = row.try_get(0)?;
            faults.push(format!("a row of {table} refers to nothing"));
        }
        for (what, sql) in HALVES {
            let count = self.number(sql, last_patient)?;
            faults.extend((count > 0).then(|| format!("{count} {what}")));
        }
        let visits = self.number(HALF_VISITS, 0)?;
        faults.extend((visits > 0).then(|| format!("{visits} visits are there half")));
        Ok(faults)
    }

    fn number(&mut self, sql: &'static str, argument: i64) -> Outcome<i64> {
        let query = sqlx::query(sql).bind(argument).fetch_one(&mut self.connection);
        Ok(self.runtime.block_on(query)?.try_get(0)?)
    }
}

fn person(row: &SqliteRow) -> Outcome<Person> {
    Ok(Person {
        mrn: row.try_get("mrn")?,
        name: row.try_get("name")?,
        born: row.try_get("date_of_birth")?,
        phone: row.try_get("phone_number")?,
        version: row.try_get("version")?,
    })
}
