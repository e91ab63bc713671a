//! Bulk operations on patients. A statement for many rows costs little more than one for a single
//! row.

use std::collections::HashMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;
use shared::{
    Mrn, UserId,
    id::PatientId,
    patient::{Former, Identifier, PatientState},
};

use super::{Conn, DbError, Sql, TABLE, terms, values};
use crate::{
    db::{
        Arg,
        records::first_revision,
        rows,
        search::terms::{Entry, PatientTerms, identifier_term, in_state},
        sql::ROWS,
    },
    error::Error,
};

/// The next medical record numbers, in ascending order. No other patient gets them. PostgreSQL's
/// sequence advances even if the patients are not registered in the end; SQLite's belongs to the
/// transaction.
pub(super) async fn next_mrns(conn: &mut Conn<'_>, count: usize) -> Result<Vec<Mrn>, DbError> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let sql = conn.either(
        "UPDATE sequences SET last = last + $1 WHERE name = 'mrn' RETURNING last",
        "SELECT nextval('mrn') AS last FROM generate_series(1, $1)",
    );
    let rows = sql.arg(count).fetch_all(conn).await?;
    let mut places = rows.iter().map(|row| row.get("last")).collect::<Result<Vec<i64>, _>>()?;
    places.sort_unstable();
    // A single row is the end of a range; otherwise there is a row for each number.
    if let [last] = *places {
        places = (last - count + 1..=last).collect();
    }
    Ok(places.into_iter().map(Mrn::from_sequence).collect())
}

/// The content of a new patient's rows, for programs that write them without this one.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRows {
    /// The columns of `patients` that follow from the patient, with their values.
    pub columns: Vec<(&'static str, Value)>,
    /// The entries of `patient_terms`.
    pub terms: Vec<Entry>,
}

/// The content of the rows of a new patient. Owner, times and version are not part of it.
pub fn new_rows(mrn: &Mrn, state: &PatientState) -> Result<NewRows, Error> {
    let json = |arg: Arg| match arg {
        Arg::Int(value) => value.into(),
        Arg::Text(value) => value.into(),
        Arg::Bool(value) => value.into(),
        Arg::Time(value) => {
            value.map(|time| time.to_rfc3339_opts(SecondsFormat::Micros, true)).into()
        }
    };
    let columns = values(mrn.as_str(), state, &Former::default())?
        .into_iter()
        .chain([("mrn", mrn.as_str().into())]);
    Ok(NewRows {
        columns: columns.map(|(name, value)| (name, json(value))).collect(),
        terms: PatientTerms::of(mrn.as_str(), &state.fields).entries(false),
    })
}

/// Inserts patients with their search terms, and returns the id and the medical record number of
/// each, in the same order.
pub(crate) async fn insert_many(
    conn: &mut Conn<'_>,
    states: &[&PatientState],
    owner: UserId,
    now: DateTime<Utc>,
) -> Result<Vec<(PatientId, Mrn)>, DbError> {
    let mut inserted = Vec::with_capacity(states.len());
    if states.is_empty() {
        return Ok(inserted);
    }
    let mrns = next_mrns(conn, states.len()).await?;
    let mut ids = insert_rows(conn, &mrns, states, owner, now).await?;
    // A database may return the new rows in any order.
    for mrn in mrns {
        let id = ids.remove(mrn.as_str());
        let id = id.ok_or_else(|| Error::internal("an inserted patient has no id"))?;
        inserted.push((id, mrn));
    }
    let pairs = || inserted.iter().zip(states);
    let identifiers = pairs().flat_map(|((id, _), state)| {
        state.fields.identifiers.iter().map(move |identifier| (*id, identifier))
    });
    insert_identifiers(conn, &identifiers.collect::<Vec<_>>()).await?;
    let terms =
        pairs().flat_map(|((id, mrn), state)| terms::new_rows(*id, mrn.as_str(), &state.fields));
    terms::insert(conn, terms.collect()).await?;
    Ok(inserted)
}

/// The columns of a new patient, with their values.
pub(super) fn new_row(
    mrn: &Mrn,
    state: &PatientState,
    owner: UserId,
    now: DateTime<Utc>,
) -> Result<Vec<(&'static str, Arg)>, Error> {
    let mut columns = values(mrn.as_str(), state, &Former::default())?;
    columns.push(("mrn", mrn.as_str().into()));
    columns.extend(first_revision(owner, now));
    Ok(columns)
}

async fn insert_rows(
    conn: &mut Conn<'_>,
    mrns: &[Mrn],
    states: &[&PatientState],
    owner: UserId,
    now: DateTime<Utc>,
) -> Result<HashMap<String, PatientId>, DbError> {
    let mut rows = Vec::with_capacity(states.len());
    for (mrn, state) in mrns.iter().zip(states) {
        rows.push(new_row(mrn, state, owner, now)?);
    }
    let inserted = rows::insert(conn, TABLE, rows, " RETURNING id, mrn").await?;
    let ids = inserted.iter().map(|row| Ok((row.get("mrn")?, PatientId(row.get("id")?))));
    Ok(ids.collect::<Result<_, Error>>()?)
}

pub(super) async fn insert_identifiers(
    conn: &mut Conn<'_>,
    identifiers: &[(PatientId, &Identifier)],
) -> Result<(), DbError> {
    let row = |(id, identifier): &(PatientId, &Identifier)| {
        vec![
            ("system", identifier.system.as_str().into()),
            ("value", identifier.value.as_str().into()),
            ("patient_id", id.0.into()),
        ]
    };
    let rows: Vec<_> = identifiers.iter().map(row).collect();
    rows::insert(conn, "patient_identifiers", rows, "").await.map(drop)
}

/// The identifiers among these that a current patient has, with the patient.
pub(crate) async fn identified_now(
    conn: &mut Conn<'_>,
    identifiers: &[&Identifier],
) -> Result<Vec<(PatientId, Identifier)>, DbError> {
    let mut taken = Vec::new();
    for some in identifiers.chunks(ROWS) {
        let mut sql = Sql::new(
            "SELECT patient_id, system, value FROM patient_identifiers \
             WHERE (system, value) IN (VALUES ",
        );
        for (place, identifier) in some.iter().enumerate() {
            sql.push(if place == 0 { "(" } else { ", (" });
            sql.bind_all([identifier.system.as_str(), identifier.value.as_str()]).push(")");
        }
        sql.push(")");
        for row in sql.fetch_all(conn).await? {
            let identifier = Identifier { system: row.get("system")?, value: row.get("value")? };
            taken.push((PatientId(row.get("patient_id")?), identifier));
        }
    }
    Ok(taken)
}

/// The patients, archived or not, of whom one identifier has the value of a given one, with all
/// their identifiers.
pub(crate) async fn identified_ever(
    conn: &mut Conn<'_>,
    identifiers: &[&Identifier],
) -> Result<Vec<(PatientId, Vec<Identifier>)>, DbError> {
    let mut found = Vec::new();
    for some in identifiers.chunks(ROWS) {
        let mut sql = Sql::new(
            "SELECT id, identifiers FROM patients WHERE id IN \
             (SELECT patient_id FROM patient_terms WHERE term IN (",
        );
        let in_states = |identifier: &&Identifier| {
            let term = identifier_term(&identifier.value);
            [in_state(&term, false), in_state(&term, true)]
        };
        sql.bind_all(some.iter().flat_map(in_states)).push("))");
        for row in sql.fetch_all(conn).await? {
            let held: String = row.get("identifiers")?;
            let held = serde_json::from_str(&held).map_err(|e| Error::Internal(e.into()))?;
            found.push((PatientId(row.get("id")?), held));
        }
    }
    Ok(found)
}
