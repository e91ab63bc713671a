//! Patients.

mod bulk;
mod candidates;
mod exported;
mod found;
mod listing;
pub(crate) mod merges;
mod ordered;
pub(crate) mod pairs;
mod recent;
mod terms;

use chrono::{DateTime, NaiveDate, Utc};
use shared::{
    Mrn, UserId,
    account::User,
    id::PatientId,
    patient::{Former, Patient, PatientFields, PatientState, full_name},
    text::fold,
};

use super::{
    ArchiveState, Arg, Conn, DbError, Row, Scope, Sql,
    columns::Member,
    records::{self, Kept, Revision},
    search::terms::PatientTerms,
    together::Together,
};
use crate::error::Error;
use terms::Indexed;

pub use bulk::{NewRows, new_rows};
pub(crate) use bulk::{
    Numbered, Provenance, identified_ever, identified_now, insert_many, numbered,
};
pub(crate) use candidates::{
    Candidate, candidates, candidates_of_many, lock_alike, sought,
    statements as statements_of_candidates, visible_of,
};
pub(crate) use exported::ExportedPatient;
pub(crate) use found::{Count, Part, Place};
pub(crate) use listing::Listing;
pub(in crate::db) use ordered::statements as statements_in_order;
pub(crate) use recent::{LOOKED_UP, Recent};
pub(crate) use terms::write_some as write_some_terms;

const TABLE: &str = "patients";

/// The columns that every query for patients selects in addition to the members.
macro_rules! further_columns {
    () => {
        concat!(
            "p.mrn, p.date_of_birth_estimated, \
             p.allergies IS NOT NULL AS has_allergies, p.linked_user, p.archived_at, \
             p.merged_into, p.former_names, p.former_mrns, ",
            record_columns!("p")
        )
    };
}

/// Declares the columns to select without the clinical members.
macro_rules! columns_withheld {
    ({ $($column:ident),* }) => {
        const COLUMNS_WITHHELD: &str =
            concat!("SELECT ", $(column_withheld!($column),)* further_columns!());
    };
}

macro_rules! column_withheld {
    (allergies) => {
        "NULL AS allergies, "
    };
    (medical_history) => {
        "NULL AS medical_history, "
    };
    ($column:ident) => {
        concat!("p.", stringify!($column), ", ")
    };
}

shared::patient_fields! { columns! { PatientFields of "p" } and further_columns!() }
shared::patient_fields! { columns_withheld! {} }

const REVISION: &str = revision_columns!("p", "p");
const TABLES: &str = concat!(" FROM patients p", record_creator!("p"));

fn from_row(row: &Row, today: NaiveDate) -> Result<Patient, Error> {
    let fields = read_members(row)?;
    Ok(Patient {
        id: PatientId(row.get("id")?),
        mrn: row.get("mrn")?,
        full_name: full_name(fields.first_name.as_deref(), fields.last_name.as_deref()),
        age: age(&fields, today),
        fields,
        date_of_birth_estimated: row.get("date_of_birth_estimated")?,
        has_allergies: row.get("has_allergies")?,
        withheld: Vec::new(),
        linked_user: row.get::<Option<i64>>("linked_user")?.map(UserId),
        created_by: UserId(row.get("created_by")?),
        created_by_username: row.get("created_by_username")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
        version: row.get("version")?,
        archived_at: row.get("archived_at")?,
        merged_into: Member::read(row, "merged_into")?,
        former_names: Member::read(row, "former_names")?,
        former_mrns: Member::read(row, "former_mrns")?,
        former_name: None,
        matched: None,
        possible_duplicates: None,
        permissions: None,
    })
}

fn kept(row: &Row, today: NaiveDate) -> Result<Kept<Patient>, Error> {
    Ok(Kept { record: from_row(row, today)?, revision: Revision::from_row(TABLE, row)? })
}

fn age(fields: &PatientFields, today: NaiveDate) -> Option<i64> {
    fields.date_of_birth.map(|born| born.age_on(fields.deceased_on.unwrap_or(today)))
}

/// A patient whom the owner has just registered, as [`get`] returns it.
fn registered(
    (id, mrn): (i64, &Mrn),
    state: &PatientState,
    owner: &User,
    (now, today): (DateTime<Utc>, NaiveDate),
) -> Kept<Patient> {
    let revision = Revision::first(TABLE, id, owner, now);
    let patient = Patient {
        id: PatientId(id),
        mrn: mrn.as_str().to_owned(),
        full_name: String::new(),
        fields: PatientFields::default(),
        date_of_birth_estimated: false,
        age: None,
        has_allergies: false,
        withheld: Vec::new(),
        linked_user: None,
        created_by: owner.id,
        created_by_username: owner.label().to_owned(),
        created_at: now,
        updated_at: now,
        version: revision.version,
        archived_at: None,
        merged_into: None,
        former_names: Vec::new(),
        former_mrns: Vec::new(),
        former_name: None,
        matched: None,
        possible_duplicates: None,
        permissions: None,
    };
    Kept { record: with_state(patient, state, today), revision }
}

/// A patient in another state.
fn with_state(patient: Patient, state: &PatientState, today: NaiveDate) -> Patient {
    let fields = state.fields.clone();
    Patient {
        full_name: full_name(fields.first_name.as_deref(), fields.last_name.as_deref()),
        age: age(&fields, today),
        has_allergies: fields.allergies.is_some(),
        date_of_birth_estimated: state.date_of_birth_estimated,
        fields,
        ..patient
    }
}

/// Registers a patient with identifiers and search terms, and returns it. `today` decides its age.
pub(crate) async fn insert(
    conn: &mut Conn<'_>,
    state: &PatientState,
    owner: &User,
    now: DateTime<Utc>,
    today: NaiveDate,
) -> Result<Kept<Patient>, DbError> {
    let mrn = bulk::next_mrns(conn, 1).await?.pop();
    let mrn = mrn.ok_or_else(|| Error::internal("there is no next medical record number"))?;
    let row = bulk::new_row(&mrn, state, owner.id, now)?;
    let mut rows = Together::begin(conn, Sql::insert(TABLE, vec![row])).await?;
    let identifiers = &state.fields.identifiers;
    if !identifiers.is_empty() {
        let write = rows.add("identifiers", |part| {
            part.push("INSERT INTO patient_identifiers (system, value, patient_id) ");
            part.push("SELECT value ->> 'system', value ->> 'value', ").bind_first();
            part.push(" FROM ").bind_objects(identifiers)
        });
        write.await?;
    }
    let (sort_name, _) = sort_names(&state.fields.first_name, &state.fields.last_name);
    let entries = PatientTerms::of(mrn.as_str(), &state.fields).entries(false);
    rows.add("terms", |part| terms::insert_first(part, &sort_name, &entries)).await?;
    Ok(registered((rows.finish().await?, &mrn), state, owner, (now, today)))
}

pub(super) fn restrict_scope(sql: &mut Sql, scope: Scope, state: ArchiveState) {
    sql.push(state.condition());
    match scope {
        Scope::All => {}
        Scope::Own(owner) => drop(sql.push(" AND p.created_by = ").bind(owner.0)),
        Scope::OfDoctor(_) | Scope::OfPatient(_) => restrict_visible(sql, scope, "p.id"),
    }
}

/// The patients that a linked account sees in addition to its own, from the account's id on.
fn linked(scope: Scope) -> Option<&'static str> {
    match scope {
        Scope::All | Scope::Own(_) => None,
        Scope::OfDoctor(_) => Some(
            "SELECT a.patient_id FROM doctors d JOIN assignments a ON a.doctor_id = d.id \
             WHERE a.is_active AND d.linked_user = ",
        ),
        Scope::OfPatient(_) => Some("SELECT id FROM patients WHERE linked_user = "),
    }
}

/// Restricts a query to rows about patients that the caller may know of, by the columns with a
/// patient's id and owner. The rows contain both, so this works even if the patient has been
/// erased.
pub(super) fn restrict_patient(sql: &mut Sql, scope: Scope, id: &'static str, owner: &'static str) {
    let (Scope::Own(user) | Scope::OfDoctor(user) | Scope::OfPatient(user)) = scope else { return };
    sql.push(" AND (").push(owner).push(" = ").bind(user.0);
    if let Some(linked) = linked(scope) {
        sql.push(" OR ").push(id).push(" IN (").push(linked).bind(user.0).push(")");
    }
    sql.push(")");
}

/// Restricts a query over patients to those that a linked account may see. The ids are selected
/// first, because they are few and scattered over every ordering of a list.
fn restrict_visible(sql: &mut Sql, scope: Scope, id: &'static str) {
    let (Scope::Own(user) | Scope::OfDoctor(user) | Scope::OfPatient(user)) = scope else { return };
    sql.push(" AND ")
        .push(id)
        .push(" IN (SELECT id FROM patients WHERE created_by = ")
        .bind(user.0);
    if let Some(linked) = linked(scope) {
        sql.push(" UNION ").push(linked).bind(user.0);
    }
    sql.push(")");
}

/// One patient, if the caller may see it.
pub(crate) async fn get(
    conn: &mut Conn<'_>,
    id: PatientId,
    scope: Scope,
    state: ArchiveState,
    today: NaiveDate,
) -> Result<Option<Kept<Patient>>, DbError> {
    let mut sql = Sql::new(COLUMNS);
    sql.push(REVISION).push(TABLES).push(" WHERE p.id = ").bind(id.0);
    restrict_scope(&mut sql, scope, state);
    let row = sql.fetch_optional(conn).await?;
    Ok(row.map(|row| kept(&row, today)).transpose()?)
}

/// The patients with these ids who are not archived, without their clinical members, in any order.
pub(crate) async fn get_many(
    conn: &mut Conn<'_>,
    ids: &[PatientId],
    today: NaiveDate,
) -> Result<Vec<Patient>, DbError> {
    let mut sql = Sql::new(COLUMNS_WITHHELD);
    sql.push(TABLES).push(" WHERE p.archived_at IS NULL");
    restrict_ids(&mut sql, conn, ids)?;
    let rows = sql.fetch_all(conn).await?;
    Ok(rows.iter().map(|row| from_row(row, today)).collect::<Result<_, Error>>()?)
}

/// Leaves the patients with these ids, which are one argument.
fn restrict_ids(sql: &mut Sql, conn: &Conn<'_>, ids: &[PatientId]) -> Result<(), Error> {
    let ids = serde_json::to_string(ids).map_err(|e| Error::Internal(e.into()))?;
    let (open, close) = match conn.0.is_sqlite() {
        true => ("SELECT value FROM json_each(", "))"),
        false => ("SELECT CAST(value AS BIGINT) FROM json_array_elements_text(", "::json))"),
    };
    sql.push(" AND p.id IN (").push(open).bind(ids).push(close);
    Ok(())
}

/// Locks a patient's row until the transaction ends, for reading it before a write.
pub(crate) async fn lock(conn: &mut Conn<'_>, id: PatientId) -> Result<(), DbError> {
    records::lock(conn, TABLE, id.0).await
}

/// The sort keys of a name: by last name, and by first name.
pub(super) fn sort_names(first: &Option<String>, last: &Option<String>) -> (String, String) {
    let (first, last) = (first.as_deref().map(fold), last.as_deref().map(fold));
    // A tab sorts before every character of a name.
    let joined = |a: &Option<String>, b: &Option<String>| {
        [a, b].into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join("\t")
    };
    (joined(&last, &first), joined(&first, &last))
}

/// The columns that a change writes, with their values.
fn values(
    mrn: &str,
    state: &PatientState,
    former: &Former,
) -> Result<Vec<(&'static str, Arg)>, Error> {
    let fields = &state.fields;
    let (sort_name, sort_first_name) = sort_names(&fields.first_name, &fields.last_name);
    let (born, day) = (fields.date_of_birth, |day: NaiveDate| day.to_string());
    let mut values = member_values(fields)?;
    values.extend([
        ("date_of_birth_estimated", state.date_of_birth_estimated.into()),
        ("sort_name", sort_name.into()),
        ("sort_first_name", sort_first_name.into()),
        ("born_from", born.map(|born| day(born.earliest())).unwrap_or_default().into()),
        ("born_to", born.map(|born| day(born.latest())).unwrap_or_default().into()),
        ("city_key", fields.city.as_deref().map(fold).into()),
        ("terms", PatientTerms::of(mrn, fields).with_former(former).to_text().into()),
        ("former_names", former.names.arg()?),
        ("former_mrns", former.mrns.arg()?),
    ]);
    Ok(values)
}

/// Writes a changed patient if it still has the version that was read, and returns it as [`get`] does;
/// `None` where it had another version. `today` decides its age.
pub(crate) async fn update(
    conn: &mut Conn<'_>,
    old: &Kept<Patient>,
    (state, former): (&PatientState, Former),
    changed_by: &User,
    (now, today): (DateTime<Utc>, NaiveDate),
) -> Result<Option<Kept<Patient>>, DbError> {
    let revision = old.revision.next(changed_by, now);
    let values = values(&old.record.mrn, state, &former)?;
    let Former { names: former_names, mrns: former_mrns } = former;
    let (updated_at, version) = (now, revision.version);
    let patient = Patient { updated_at, version, former_names, former_mrns, ..old.record.clone() };
    let patient = with_state(patient, state, today);
    let (indexed, will_be_indexed) =
        (Indexed::of(&old.record, false), Indexed::of(&patient, false));
    let is_indexed_anew = indexed != will_be_indexed;
    // The row still tells what it was indexed by.
    if is_indexed_anew {
        indexed.remove(conn).await?;
    }
    if !records::update(conn, &old.revision, values, changed_by.id, now).await? {
        return Ok(None);
    }
    if is_indexed_anew {
        will_be_indexed.insert(conn).await?;
    }
    if old.record.identifiers != patient.identifiers {
        remove_identifiers(conn, patient.id).await?;
        insert_identifiers(conn, patient.id, &patient.fields).await?;
    }
    Ok(Some(Kept { record: patient, revision }))
}

/// Archives a patient or restores it, if it still has the version that was read, and returns
/// whether it had. A patient who is archived because the record was merged has the id `merged_into`.
pub(crate) async fn set_archived(
    conn: &mut Conn<'_>,
    old: &Kept<Patient>,
    archived_at: Option<DateTime<Utc>>,
    merged_into: Option<PatientId>,
    (changed_by, now): (UserId, DateTime<Utc>),
) -> Result<bool, DbError> {
    let is_archived = archived_at.is_some();
    Indexed::of(&old.record, !is_archived).remove(conn).await?;
    let merged_into = merged_into.map(|id| id.0);
    let columns = vec![("archived_at", archived_at.into()), ("merged_into", merged_into.into())];
    if !records::update(conn, &old.revision, columns, changed_by, now).await? {
        return Ok(false);
    }
    Indexed::of(&old.record, is_archived).insert(conn).await?;
    // A pair of system and value is unique among patients who are not archived.
    match archived_at {
        Some(_) => remove_identifiers(conn, old.record.id).await?,
        None => insert_identifiers(conn, old.record.id, &old.record.fields).await?,
    }
    Ok(true)
}

/// Erases a patient if it still has the version that was read.
pub(crate) async fn remove(conn: &mut Conn<'_>, old: &Patient) -> Result<bool, DbError> {
    remove_identifiers(conn, old.id).await?;
    pairs::erase(conn, old.id).await?;
    merges::erase(conn, old.id).await?;
    Indexed::of(old, old.archived_at.is_some()).remove(conn).await?;
    for (table, _) in records::ABOUT_PATIENTS {
        let mut sql = Sql::new("DELETE FROM ");
        sql.push(table).push(" WHERE patient_id = ").bind(old.id.0);
        sql.execute(conn).await?;
    }
    let sql = Sql::new("DELETE FROM patients WHERE id = $1 AND version = $2");
    Ok(sql.arg(old.id.0).arg(old.version).execute(conn).await? == 1)
}

async fn insert_identifiers(
    conn: &mut Conn<'_>,
    id: PatientId,
    fields: &PatientFields,
) -> Result<(), DbError> {
    let own = fields.identifiers.iter().map(|identifier| (id, identifier));
    bulk::insert_identifiers(conn, &own.collect::<Vec<_>>()).await
}

async fn remove_identifiers(conn: &mut Conn<'_>, id: PatientId) -> Result<(), DbError> {
    let sql = Sql::new("DELETE FROM patient_identifiers WHERE patient_id = $1");
    sql.arg(id.0).execute(conn).await.map(drop)
}
