//! Bulk operations on patients. A statement for many rows costs little more than one for a single
//! row.

use std::collections::HashMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;
use shared::{
    Mrn, PartialDate, UserId,
    id::PatientId,
    patient::{Former, Identifier, PatientState},
};

use super::{Conn, DbError, Sql, TABLE, terms, values};
use crate::{
    db::{
        Arg,
        columns::Member,
        records::revision_since,
        rows,
        search::terms::{Entry, PatientTerms, identifier_term, in_state, mrn_term},
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

/// Makes sure that no patient gets a medical record number up to this place in the sequence.
pub(super) async fn pass_mrn(conn: &mut Conn<'_>, place: i64) -> Result<(), DbError> {
    if conn.0.is_sqlite() {
        let sql = "UPDATE sequences SET last = $1 WHERE name = 'mrn' AND last < $1";
        return Sql::new(sql).arg(place).execute(conn).await.map(drop);
    }
    let is_behind = "SELECT 1 AS one FROM mrn WHERE last_value < $1 OR NOT is_called";
    if Sql::new(is_behind).arg(place).fetch_optional(conn).await?.is_none() {
        return Ok(());
    }
    // While it is altered nobody else takes a number of it, which going ahead could give out again.
    Sql::new("ALTER SEQUENCE mrn CACHE 1").execute(conn).await?;
    let go_ahead = "SELECT setval('mrn', GREATEST($1, last_value)) AS last FROM mrn";
    Sql::new(go_ahead).arg(place).fetch_one(conn).await.map(drop)
}

/// What the record of a new patient keeps of the database that it comes from.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Provenance {
    /// The medical record number. A new one is given without it.
    pub(crate) mrn: Option<Mrn>,
    /// Former names, and the numbers of records that were merged into it.
    pub(crate) former: Former,
    /// When the patient was registered.
    pub(crate) created_at: Option<DateTime<Utc>>,
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
    new: &[(&PatientState, &Provenance)],
    owner: UserId,
    now: DateTime<Utc>,
) -> Result<Vec<(PatientId, Mrn)>, DbError> {
    let mut inserted = Vec::with_capacity(new.len());
    if new.is_empty() {
        return Ok(inserted);
    }
    let mrns = mrns_of(conn, new).await?;
    let mut rows = Vec::with_capacity(new.len());
    for (mrn, (state, provenance)) in mrns.iter().zip(new) {
        rows.push(row_from(mrn, state, provenance, owner, now)?);
    }
    let ids = rows::insert(conn, TABLE, rows, " RETURNING id, mrn").await?;
    let ids = ids.iter().map(|row| Ok((row.get("mrn")?, PatientId(row.get("id")?))));
    let mut ids: HashMap<String, PatientId> = ids.collect::<Result<_, Error>>()?;
    // A database may return the new rows in any order.
    for mrn in mrns {
        let id = ids.remove(mrn.as_str());
        let id = id.ok_or_else(|| Error::internal("an inserted patient has no id"))?;
        inserted.push((id, mrn));
    }
    let pairs = || inserted.iter().zip(new);
    let identifiers = pairs().flat_map(|((id, _), (state, _))| {
        state.fields.identifiers.iter().map(move |identifier| (*id, identifier))
    });
    insert_identifiers(conn, &identifiers.collect::<Vec<_>>()).await?;
    let terms = pairs().flat_map(|((id, mrn), (state, provenance))| {
        terms::new_rows(*id, mrn.as_str(), &state.fields, &provenance.former)
    });
    terms::insert(conn, terms.collect()).await?;
    Ok(inserted)
}

/// The medical record numbers of new patients: their own ones and the next ones.
async fn mrns_of(
    conn: &mut Conn<'_>,
    new: &[(&PatientState, &Provenance)],
) -> Result<Vec<Mrn>, DbError> {
    let own = |(_, provenance): &(&PatientState, &Provenance)| provenance.mrn.clone();
    let former = |(_, provenance): &(&PatientState, &Provenance)| {
        let all = provenance.former.mrns.iter().filter_map(|mrn| Mrn::parse(mrn).ok());
        all.map(|mrn| mrn.place()).max()
    };
    let given = new.iter().filter_map(own).map(|mrn| mrn.place());
    if let Some(highest) = given.chain(new.iter().filter_map(former)).max() {
        pass_mrn(conn, highest).await?;
    }
    let missing = new.iter().filter(|it| own(it).is_none()).count();
    if missing == 0 {
        return Ok(new.iter().filter_map(own).collect());
    }
    let mut next = next_mrns(conn, missing).await?.into_iter();
    let all = new.iter().map(|it| own(it).or_else(|| next.next()));
    let all = all.collect::<Option<Vec<_>>>();
    Ok(all.ok_or_else(|| Error::internal("there is no next medical record number"))?)
}

/// The columns of a new patient, with their values.
pub(super) fn new_row(
    mrn: &Mrn,
    state: &PatientState,
    owner: UserId,
    now: DateTime<Utc>,
) -> Result<Vec<(&'static str, Arg)>, Error> {
    row_from(mrn, state, &Provenance::default(), owner, now)
}

fn row_from(
    mrn: &Mrn,
    state: &PatientState,
    provenance: &Provenance,
    owner: UserId,
    now: DateTime<Utc>,
) -> Result<Vec<(&'static str, Arg)>, Error> {
    let mut columns = values(mrn.as_str(), state, &provenance.former)?;
    columns.push(("mrn", mrn.as_str().into()));
    columns.extend(revision_since(owner, provenance.created_at.unwrap_or(now), now));
    Ok(columns)
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

/// A patient who has a medical record number, now or from a record that was merged.
#[derive(Clone, Debug)]
pub(crate) struct Numbered {
    /// The number and former ones.
    pub(crate) mrns: Vec<String>,
    pub(crate) full_name: String,
    pub(crate) former_names: Vec<String>,
    pub(crate) date_of_birth: Option<PartialDate>,
}

/// The patients, archived or not, who have one of these medical record numbers.
pub(crate) async fn numbered(conn: &mut Conn<'_>, mrns: &[&str]) -> Result<Vec<Numbered>, DbError> {
    let mut found = Vec::new();
    for some in mrns.chunks(ROWS) {
        let mut sql = Sql::new(
            "SELECT mrn, former_mrns, first_name, last_name, former_names, date_of_birth \
             FROM patients WHERE id IN (SELECT patient_id FROM patient_terms WHERE term IN (",
        );
        let in_states = |mrn: &&str| {
            let term = mrn_term(mrn);
            [in_state(&term, false), in_state(&term, true)]
        };
        sql.bind_all(some.iter().flat_map(in_states)).push("))");
        for row in sql.fetch_all(conn).await? {
            let mut mrns: Vec<String> = Member::read(&row, "former_mrns")?;
            mrns.push(row.get("mrn")?);
            found.push(Numbered {
                mrns,
                full_name: row.full_name("first_name", "last_name")?,
                former_names: Member::read(&row, "former_names")?,
                date_of_birth: Member::read(&row, "date_of_birth")?,
            });
        }
    }
    Ok(found)
}
