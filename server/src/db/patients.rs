//! Patients.

mod bulk;
mod candidates;
mod found;
mod listing;
mod recent;
mod terms;

use chrono::{DateTime, NaiveDate, Utc};
use shared::{
    Mrn, UserId,
    account::User,
    id::PatientId,
    patient::{Patient, PatientFields, PatientState, full_name},
    text::fold,
};

use super::{
    ArchiveState, Arg, Conn, DbError, Row, Scope, Sql,
    records::{self, Kept, Revision},
    search::terms::PatientTerms,
    together::Together,
};
use crate::error::Error;
use terms::Indexed;

pub use bulk::{NewRows, new_rows};
pub(crate) use bulk::{identified_ever, identified_now, insert_many};
pub(crate) use candidates::{
    candidates, candidates_of_many, lock_alike, sought, statements as statements_of_candidates,
};
pub(crate) use found::{Count, Part, Place};
pub(crate) use listing::Listing;
pub(crate) use recent::{LOOKED_UP, Recent};
pub(crate) use terms::write_some as write_some_terms;

const TABLE: &str = "patients";

/// The columns that every query for patients selects in addition to the members.
macro_rules! further_columns {
    () => {
        concat!(
            "p.mrn, p.date_of_birth_estimated, \
             p.allergies IS NOT NULL AS has_allergies, p.linked_user, p.archived_at, ",
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
fn values(mrn: &str, state: &PatientState) -> Result<Vec<(&'static str, Arg)>, Error> {
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
        ("terms", PatientTerms::of(mrn, fields).to_text().into()),
    ]);
    Ok(values)
}

/// Writes a changed patient if it still has the version that was read, and returns it as [`get`] does;
/// `None` where it had another version. `today` decides its age.
pub(crate) async fn update(
    conn: &mut Conn<'_>,
    old: &Kept<Patient>,
    state: &PatientState,
    changed_by: &User,
    (now, today): (DateTime<Utc>, NaiveDate),
) -> Result<Option<Kept<Patient>>, DbError> {
    let (id, mrn, before) = (old.record.id, &old.record.mrn, &old.record.fields);
    let indexed = Indexed::of(id, mrn, before, false);
    let will_be_indexed = Indexed::of(id, mrn, &state.fields, false);
    let is_indexed_anew = indexed != will_be_indexed;
    // The row still tells what it was indexed by.
    if is_indexed_anew {
        indexed.remove(conn).await?;
    }
    let values = values(mrn, state)?;
    if !records::update(conn, &old.revision, values, changed_by.id, now).await? {
        return Ok(None);
    }
    if is_indexed_anew {
        will_be_indexed.insert(conn).await?;
    }
    if before.identifiers != state.fields.identifiers {
        remove_identifiers(conn, id).await?;
        insert_identifiers(conn, id, &state.fields).await?;
    }
    let revision = old.revision.next(changed_by, now);
    let (updated_at, version) = (now, revision.version);
    let patient = Patient { updated_at, version, ..old.record.clone() };
    Ok(Some(Kept { record: with_state(patient, state, today), revision }))
}

/// Archives a patient or restores it, if it still has the version that was read, and returns
/// whether it had.
pub(crate) async fn set_archived(
    conn: &mut Conn<'_>,
    old: &Kept<Patient>,
    archived_at: Option<DateTime<Utc>>,
    changed_by: UserId,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let Patient { id, mrn, fields, .. } = &old.record;
    let is_archived = archived_at.is_some();
    Indexed::of(*id, mrn, fields, !is_archived).remove(conn).await?;
    if !records::set_archived(conn, &old.revision, archived_at, changed_by, now).await? {
        return Ok(false);
    }
    Indexed::of(*id, mrn, fields, is_archived).insert(conn).await?;
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
    Indexed::of(old.id, &old.mrn, &old.fields, old.archived_at.is_some()).remove(conn).await?;
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
