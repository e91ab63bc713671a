//! Patients who may be the same person as another one.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;
use serde::Serialize;
use shared::{
    PartialDate,
    id::PatientId,
    patient::{Patient, PatientFields, PatientState},
    text::name_words,
};

use super::{
    COLUMNS_WITHHELD, TABLES, from_row, listing::ORDER_OF_OWNER, restrict_ids, restrict_scope,
};
use crate::{
    db::{
        ArchiveState, Conn, DbError, Row, Scope, Sql,
        columns::Member,
        search::{keys, lock_keys, sought_keys},
    },
    error::Error,
};

/// The number of patients up to which all patients that a caller sees are candidates.
const FEW_MAX: i64 = 100;

/// A range of the index, as it is passed to PostgreSQL.
#[derive(Serialize)]
struct Range<'a> {
    start: &'a str,
    end: String,
}

/// Ends the query for a range of the index. The number is part of the text: PostgreSQL would take a parameter
/// for a tenth of the index, and compile the plan.
macro_rules! limited {
    ($before:literal, $after:literal) => {
        concat!($before, " ORDER BY term, sort_name, patient_id LIMIT 50", $after)
    };
}

/// Waits for the other registrations of people who are alike, so that of two at once the later one finds the
/// earlier one. On SQLite there is only one writer.
pub(crate) async fn lock_alike(
    conn: &mut Conn<'_>,
    states: &[&PatientState],
) -> Result<(), DbError> {
    if conn.0.is_sqlite() {
        return Ok(());
    }
    let keys: Vec<_> = states.iter().flat_map(|state| lock_keys(state)).collect();
    let keys = serde_json::to_string(&keys).map_err(|e| Error::Internal(e.into()))?;
    // In one order, so that no two of them wait for each other.
    let sql = Sql::new(
        "SELECT pg_advisory_xact_lock(1, key) FROM (SELECT DISTINCT hashtext(value) AS key \
         FROM json_array_elements_text($1::json) ORDER BY 1) AS keys",
    );
    sql.arg(keys).execute(conn).await.map(drop)
}

/// The patients whom the caller may see and who may be the same person as one in this state, without their
/// clinical members. The index bounds their number; whether they are alike is not decided here.
pub(crate) async fn candidates(
    conn: &mut Conn<'_>,
    state: &PatientState,
    scope: Scope,
    today: NaiveDate,
) -> Result<Vec<Patient>, DbError> {
    read(conn, || keys(state), scope, today).await
}

/// The patients whom the caller may see and who may be those that are sought by words of a name and a date of
/// birth, in the same way.
pub(crate) async fn sought(
    conn: &mut Conn<'_>,
    (words, born): (&[String], Option<PartialDate>),
    scope: Scope,
    today: NaiveDate,
) -> Result<Vec<Patient>, DbError> {
    read(conn, || sought_keys(words, born), scope, today).await
}

/// A patient with what is compared of a person.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) id: PatientId,
    pub(crate) mrn: String,
    pub(crate) state: PatientState,
    pub(crate) former_names: Vec<String>,
}

/// Who may be the same person as one of several.
#[derive(Debug, Default)]
pub(crate) struct Candidates {
    pub(crate) all: Vec<Candidate>,
    /// The places in `all` of those for each of the people.
    pub(crate) of_each: Vec<Vec<usize>>,
}

/// The patients who may be the same person as one of these, whoever may see them, in the same way.
pub(crate) async fn candidates_of_many(
    conn: &mut Conn<'_>,
    states: &[&PatientState],
) -> Result<Candidates, DbError> {
    let of_each = states.iter().copied().map(keys).enumerate();
    let (places, keys): (Vec<_>, Vec<_>) =
        of_each.flat_map(|(place, keys)| keys.into_iter().map(move |key| (place, key))).unzip();
    let mut found = Vec::new();
    for row in select_indexed(conn, &keys)?.fetch_all(conn).await? {
        let key: i64 = row.get("place")?;
        let place = usize::try_from(key).ok().and_then(|key| places.get(key)).copied();
        let place = place.ok_or_else(|| Error::internal("a candidate for nobody"))?;
        let ids: Vec<PatientId> = Member::read(&row, "ids")?;
        found.extend(ids.into_iter().map(|id| (place, id)));
    }
    let ids: BTreeSet<_> = found.iter().map(|(_, id)| *id).collect();
    let mut candidates =
        Candidates { of_each: vec![Vec::new(); states.len()], ..Default::default() };
    if ids.is_empty() {
        return Ok(candidates);
    }
    let ids: Vec<_> = ids.into_iter().collect();
    let mut at = HashMap::new();
    for row in select_compared(conn, &ids)?.fetch_all(conn).await? {
        let candidate = compared(&row)?;
        at.insert(candidate.id, candidates.all.len());
        candidates.all.push(candidate);
    }
    for (place, id) in found {
        // One who is archived is not there.
        if let (Some(at), Some(of_it)) = (at.get(&id), candidates.of_each.get_mut(place))
            && !of_it.contains(at)
        {
            of_it.push(*at);
        }
    }
    Ok(candidates)
}

/// The statement for the ids of the patients whom the index has under each of these keys, by the place of the key.
fn select_indexed(conn: &Conn<'_>, keys: &[String]) -> Result<Sql, Error> {
    let keys = serde_json::to_string(keys).map_err(|e| Error::Internal(e.into()))?;
    let sql = conn.either(
        limited!(
            "SELECT key AS place, (SELECT json_group_array(patient_id) FROM (SELECT patient_id \
             FROM patient_terms WHERE term >= value AND term < value || char(1114111)",
            ")) AS ids FROM json_each($1)"
        ),
        limited!(
            "SELECT keys.place - 1 AS place, found.ids FROM json_array_elements_text($1::json) \
             WITH ORDINALITY AS keys (start, place) CROSS JOIN LATERAL (SELECT \
             CAST(json_agg(patient_id) AS TEXT) AS ids FROM (SELECT patient_id FROM patient_terms \
             WHERE term >= keys.start AND term < keys.start || chr(1114111)",
            ") AS entries) AS found WHERE found.ids IS NOT NULL"
        ),
    );
    Ok(sql.arg(keys))
}

/// The statement for what is compared of patients who are not archived.
fn select_compared(conn: &Conn<'_>, ids: &[PatientId]) -> Result<Sql, Error> {
    let mut sql = Sql::new(
        "SELECT p.id, p.mrn, p.first_name, p.last_name, p.date_of_birth, p.date_of_birth_estimated, \
         p.gender, p.email, p.phone_number, p.identifiers, p.former_names FROM patients p \
         WHERE p.archived_at IS NULL",
    );
    restrict_ids(&mut sql, conn, ids)?;
    Ok(sql)
}

fn compared(row: &Row) -> Result<Candidate, Error> {
    let fields = PatientFields {
        first_name: row.get("first_name")?,
        last_name: row.get("last_name")?,
        date_of_birth: Member::read(row, "date_of_birth")?,
        gender: Member::read(row, "gender")?,
        email: row.get("email")?,
        phone_number: row.get("phone_number")?,
        identifiers: Member::read(row, "identifiers")?,
        ..PatientFields::default()
    };
    let state =
        PatientState { fields, date_of_birth_estimated: row.get("date_of_birth_estimated")? };
    let former_names = Member::read(row, "former_names")?;
    Ok(Candidate { id: PatientId(row.get("id")?), mrn: row.get("mrn")?, state, former_names })
}

/// Those of these patients whom the caller may see.
pub(crate) async fn visible_of(
    conn: &mut Conn<'_>,
    ids: &[PatientId],
    scope: Scope,
) -> Result<HashSet<PatientId>, DbError> {
    let mut sql = Sql::new("SELECT p.id FROM patients p WHERE 1 = 1");
    restrict_scope(&mut sql, scope, ArchiveState::Current);
    restrict_ids(&mut sql, conn, ids)?;
    Ok(sql.fetch_ids(conn).await?.into_iter().collect())
}

async fn read(
    conn: &mut Conn<'_>,
    keys: impl FnOnce() -> Vec<String>,
    scope: Scope,
    today: NaiveDate,
) -> Result<Vec<Patient>, DbError> {
    let keys = if has_few(conn, scope).await? { None } else { Some(keys()) };
    let sql = select(keys.as_deref(), scope, conn.0.is_sqlite())?;
    let rows = sql.fetch_all(conn).await?;
    Ok(rows.iter().map(|row| from_row(row, today)).collect::<Result<_, Error>>()?)
}

/// The statement for the patients whom the caller may see, under these keys if there are any.
fn select(keys: Option<&[String]>, scope: Scope, is_sqlite: bool) -> Result<Sql, Error> {
    let mut sql = Sql::new(COLUMNS_WITHHELD);
    sql.push(TABLES).push(" WHERE 1 = 1");
    restrict_scope(&mut sql, scope, ArchiveState::Current);
    match keys {
        Some(keys) if is_sqlite => restrict_on_sqlite(&mut sql, keys),
        Some(keys) => restrict_on_postgres(&mut sql, keys)?,
        None => {
            let mut sql = ordered(sql, scope);
            sql.limit(FEW_MAX, 0);
            return Ok(sql);
        }
    }
    sql.push(" ORDER BY p.id");
    Ok(sql)
}

/// Every statement that looks for candidates.
///
/// Fails only where a key can't be written as JSON.
pub(crate) fn statements(
    state: &PatientState,
    scope: Scope,
    is_sqlite: bool,
) -> Result<Vec<Sql>, Error> {
    let PatientFields { first_name, last_name, date_of_birth, .. } = &state.fields;
    let names = [first_name, last_name].into_iter().flatten();
    let words: Vec<_> = names.flat_map(|name| name_words(name)).collect();
    let sought = sought_keys(&words, *date_of_birth);
    let mut statements = vec![
        select(Some(&keys(state)), scope, is_sqlite)?,
        select(Some(&sought), scope, is_sqlite)?,
    ];
    if scope != Scope::All {
        statements.push(select_beyond_few(scope));
        statements.push(select(None, scope, is_sqlite)?);
    }
    Ok(statements)
}

/// Whether the caller sees few patients.
async fn has_few(conn: &mut Conn<'_>, scope: Scope) -> Result<bool, DbError> {
    if scope == Scope::All {
        return Ok(false);
    }
    Ok(select_beyond_few(scope).fetch_optional(conn).await?.is_none())
}

/// The statement that finds a patient if there are more than a few.
fn select_beyond_few(scope: Scope) -> Sql {
    let mut sql = Sql::new("SELECT p.id FROM patients p WHERE 1 = 1");
    restrict_scope(&mut sql, scope, ArchiveState::Current);
    let mut sql = ordered(sql, scope);
    sql.limit(1, FEW_MAX);
    sql
}

/// A query for an owner's patients in the order of their index, so that no other one is taken.
fn ordered(mut sql: Sql, scope: Scope) -> Sql {
    if matches!(scope, Scope::Own(_)) {
        sql.push(ORDER_OF_OWNER);
    }
    sql
}

/// The end of the terms that begin like a key.
fn end(key: &str) -> String {
    format!("{key}\u{10ffff}")
}

/// Restricts a query to the patients whom the index has under these keys.
fn restrict_on_sqlite(sql: &mut Sql, keys: &[String]) {
    sql.push(" AND p.id IN (");
    for (place, key) in keys.iter().enumerate() {
        sql.push(if place == 0 { "" } else { " UNION ALL " });
        sql.push("SELECT id FROM (SELECT patient_id AS id FROM patient_terms WHERE term >= ");
        sql.bind(key.as_str()).push(" AND term < ").bind(end(key));
        sql.push(limited!("", ")"));
    }
    // No patient has the id 0.
    sql.push(if keys.is_empty() { "0)" } else { ")" });
}

/// The same in one statement for any number of keys.
fn restrict_on_postgres(sql: &mut Sql, keys: &[String]) -> Result<(), Error> {
    let ranges: Vec<_> = keys.iter().map(|start| Range { start, end: end(start) }).collect();
    let ranges = serde_json::to_string(&ranges).map_err(|e| Error::Internal(e.into()))?;
    sql.push(" AND p.id = ANY (ARRAY (SELECT found.patient_id FROM json_array_elements(");
    sql.bind(ranges).push(limited!(
        "::json) AS range CROSS JOIN LATERAL (SELECT patient_id FROM patient_terms \
         WHERE term >= (range ->> 'start') AND term < (range ->> 'end')",
        ") AS found))"
    ));
    Ok(())
}
