//! Patients.

mod listing;
mod many;

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use shared::{
    Mrn, PartialDate, UserId,
    date::parse_day,
    id::PatientId,
    patient::{BloodType, Gender, Patient, PatientFields, PatientState, full_name},
    text::fold,
};

use super::{Arg, Conn, DbError, Row, Scope, Shelf, Sql, search::terms};
use crate::error::Error;

pub(crate) use listing::{Listing, list};
pub(crate) use many::{identified_ever, identified_now, insert_many};

/// A patient with what is not answered.
pub(crate) struct PatientRow {
    pub(crate) patient: Patient,
    pub(crate) changed_by: UserId,
    pub(crate) changed_by_name: String,
}

const COLUMNS: &str = concat!(
    "SELECT p.id, p.mrn, p.first_name, p.last_name, p.sort_name, \
    p.sort_first_name, p.date_of_birth, p.date_of_birth_estimated, p.born_from, p.deceased_on, \
    p.gender, p.email, p.phone_number, p.address, p.city, p.state, p.zip_code, p.blood_type, \
    p.allergies, p.medical_history, p.emergency_contact, p.identifiers, p.created_by, \
    p.changed_by, p.created_at, p.updated_at, p.version, p.archived_at, p.linked_user, ",
    shown_user!("c"),
    " AS created_by_username, ",
    shown_user!("l"),
    " AS changed_by_username",
);

/// Every patient has both users. The joins are outer ones so that no planner begins with the users:
/// with stale statistics SQLite took every pair of them for every hit.
const TABLES: &str = " FROM patients p LEFT JOIN users c ON c.id = p.created_by \
    LEFT JOIN users l ON l.id = p.changed_by";

fn from_row(row: &Row, today: NaiveDate) -> Result<PatientRow, Error> {
    let identifiers: String = row.get("identifiers")?;
    let identifiers = serde_json::from_str(&identifiers).map_err(|e| Error::Internal(e.into()))?;
    let (first_name, last_name): (Option<String>, Option<String>) =
        (row.get("first_name")?, row.get("last_name")?);
    let mut patient = Patient {
        id: PatientId(row.get("id")?),
        mrn: row.get("mrn")?,
        full_name: full_name(first_name.as_deref(), last_name.as_deref()),
        fields: PatientFields {
            first_name,
            last_name,
            identifiers,
            date_of_birth: row.parsed("date_of_birth", PartialDate::parse)?,
            deceased_on: row.parsed("deceased_on", parse_day)?,
            gender: row.parsed("gender", Gender::from_str)?,
            email: row.get("email")?,
            phone_number: row.get("phone_number")?,
            address: row.get("address")?,
            city: row.get("city")?,
            state: row.get("state")?,
            zip_code: row.get("zip_code")?,
            blood_type: row.parsed("blood_type", BloodType::from_str)?,
            allergies: row.get("allergies")?,
            medical_history: row.get("medical_history")?,
            emergency_contact: row.get("emergency_contact")?,
        },
        date_of_birth_estimated: row.get("date_of_birth_estimated")?,
        age: None,
        linked_user: row.get::<Option<i64>>("linked_user")?.map(UserId),
        created_by: UserId(row.get("created_by")?),
        created_by_username: row.get("created_by_username")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
        version: row.get("version")?,
        archived_at: row.get("archived_at")?,
        permissions: None,
    };
    patient.age =
        patient.date_of_birth.map(|born| born.age_on(patient.deceased_on.unwrap_or(today)));
    Ok(PatientRow {
        patient,
        changed_by: UserId(row.get("changed_by")?),
        changed_by_name: row.get("changed_by_username")?,
    })
}

pub(super) fn restrict_scope(sql: &mut Sql, scope: Scope, shelf: Shelf) {
    sql.push(shelf.condition());
    match scope {
        Scope::All => {}
        Scope::Own(owner) => drop(sql.push(" AND p.created_by = ").bind(owner.0)),
        Scope::OfDoctor(_) | Scope::OfPatient(_) => restrict_visible(sql, scope, "p.id"),
    }
}

/// The patients that somebody sees beside those that are their own, from their account's id on.
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

/// Restricts to what is about the patients that somebody may know of, by the columns that hold a
/// patient's id and its owner: all that a row about a patient needs, also where the record is gone.
pub(super) fn restrict_patient(sql: &mut Sql, scope: Scope, id: &'static str, owner: &'static str) {
    let (Scope::Own(user) | Scope::OfDoctor(user) | Scope::OfPatient(user)) = scope else { return };
    sql.push(" AND (").push(owner).push(" = ").bind(user.0);
    if let Some(linked) = linked(scope) {
        sql.push(" OR ").push(id).push(" IN (").push(linked).bind(user.0).push(")");
    }
    sql.push(")");
}

/// Restricts a query over patients to those whom a linked account may see. Their ids are gathered first:
/// they are few, and lie scattered in every order of a list.
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
    shelf: Shelf,
    today: NaiveDate,
) -> Result<Option<PatientRow>, DbError> {
    let mut sql = Sql::new(COLUMNS);
    sql.push(TABLES).push(" WHERE p.id = ").bind(id.0);
    restrict_scope(&mut sql, scope, shelf);
    let row = sql.fetch_optional(conn).await?;
    Ok(row.map(|row| from_row(&row, today)).transpose()?)
}

/// Locks a patient's row until the transaction ends, so that who reads it then writes it.
pub(crate) async fn lock(conn: &mut Conn<'_>, id: PatientId) -> Result<(), DbError> {
    let mut sql = Sql::new("SELECT id FROM patients WHERE id = ");
    sql.bind(id.0).push(conn.for_update());
    sql.fetch_optional(conn).await.map(drop)
}

/// The next medical record number. No other patient gets it: PostgreSQL's sequence goes on also where
/// the patient is then not registered, SQLite's belongs to the transaction.
pub(crate) async fn next_mrn(conn: &mut Conn<'_>) -> Result<Mrn, DbError> {
    let sql = conn.either(
        "UPDATE sequences SET last = last + 1 WHERE name = 'mrn' RETURNING last",
        "SELECT nextval('mrn') AS last",
    );
    Ok(Mrn::from_sequence(sql.fetch_one(conn).await?.get("last")?))
}

/// The names as they are sorted: by last name, and by first name.
pub(super) fn sort_names(first: &Option<String>, last: &Option<String>) -> (String, String) {
    let (first, last) = (first.as_deref().map(fold), last.as_deref().map(fold));
    // A tab sorts before everything that can stand in a name.
    let joined = |a: &Option<String>, b: &Option<String>| {
        [a, b].into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join("\t")
    };
    (joined(&last, &first), joined(&first, &last))
}

/// The columns that are computed from the fields.
struct Derived {
    sort_name: String,
    sort_first_name: String,
    born_from: String,
    born_to: String,
    city_key: Option<String>,
    identifiers: String,
}

impl Derived {
    fn of(fields: &PatientFields) -> Result<Self, Error> {
        let (sort_name, sort_first_name) = sort_names(&fields.first_name, &fields.last_name);
        let born = fields.date_of_birth;
        Ok(Self {
            sort_name,
            sort_first_name,
            born_from: born.map(|born| born.earliest().to_string()).unwrap_or_default(),
            born_to: born.map(|born| born.latest().to_string()).unwrap_or_default(),
            city_key: fields.city.as_deref().map(fold),
            identifiers: serde_json::to_string(&fields.identifiers)
                .map_err(|e| Error::Internal(e.into()))?,
        })
    }
}

/// The columns that a change writes, with their values.
fn values(state: &PatientState) -> Result<Vec<(&'static str, Arg)>, Error> {
    let fields = &state.fields;
    let derived = Derived::of(fields)?;
    Ok(vec![
        ("first_name", fields.first_name.as_deref().into()),
        ("last_name", fields.last_name.as_deref().into()),
        ("sort_name", derived.sort_name.into()),
        ("sort_first_name", derived.sort_first_name.into()),
        ("date_of_birth", fields.date_of_birth.map(|date| date.to_string()).into()),
        ("date_of_birth_estimated", state.date_of_birth_estimated.into()),
        ("born_from", derived.born_from.into()),
        ("born_to", derived.born_to.into()),
        ("deceased_on", fields.deceased_on.into()),
        ("gender", fields.gender.map(Gender::as_str).into()),
        ("email", fields.email.as_deref().into()),
        ("phone_number", fields.phone_number.as_deref().into()),
        ("address", fields.address.as_deref().into()),
        ("city", fields.city.as_deref().into()),
        ("city_key", derived.city_key.into()),
        ("state", fields.state.as_deref().into()),
        ("zip_code", fields.zip_code.as_deref().into()),
        ("blood_type", fields.blood_type.map(BloodType::as_str).into()),
        ("allergies", fields.allergies.as_deref().into()),
        ("medical_history", fields.medical_history.as_deref().into()),
        ("emergency_contact", fields.emergency_contact.as_deref().into()),
        ("identifiers", derived.identifiers.into()),
    ])
}

/// Inserts a patient with everything under which it is found, and answers its id.
pub(crate) async fn insert(
    conn: &mut Conn<'_>,
    mrn: &Mrn,
    state: &PatientState,
    owner: UserId,
    now: DateTime<Utc>,
) -> Result<PatientId, DbError> {
    let mut columns = values(state)?;
    columns.extend([
        ("mrn", mrn.as_str().into()),
        ("created_by", owner.0.into()),
        ("changed_by", owner.0.into()),
        ("created_at", now.into()),
        ("updated_at", now.into()),
        ("version", 1.into()),
    ]);
    let sql = Sql::insert("INSERT INTO patients (", columns);
    let id = PatientId(sql.fetch_one(conn).await?.get("id")?);
    insert_identifiers(conn, id, &state.fields).await?;
    insert_terms(conn, id, &terms(mrn.as_str(), &state.fields)).await?;
    Ok(id)
}

/// Writes a changed patient, if it is still the version that was read.
pub(crate) async fn update(
    conn: &mut Conn<'_>,
    old: &Patient,
    state: &PatientState,
    changed_by: UserId,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let mut sql = Sql::new("UPDATE patients SET ");
    for (column, value) in values(state)? {
        sql.push(column).push(" = ").bind(value).push(", ");
    }
    sql.push("changed_by = ").bind(changed_by.0).push(", updated_at = ").bind(now);
    sql.push(", version = version + 1 WHERE id = ").bind(old.id.0);
    sql.push(" AND archived_at IS NULL AND version = ").bind(old.version);
    if sql.execute(conn).await? != 1 {
        return Ok(false);
    }
    let before = &old.fields;
    if before.identifiers != state.fields.identifiers {
        remove_identifiers(conn, old.id).await?;
        insert_identifiers(conn, old.id, &state.fields).await?;
    }
    let (stale, fresh) = (terms(&old.mrn, before), terms(&old.mrn, &state.fields));
    if stale != fresh {
        remove_terms(conn, old.id).await?;
        insert_terms(conn, old.id, &fresh).await?;
    }
    Ok(true)
}

/// Puts a patient into the archive or takes it out, if it is still the version that was read.
pub(crate) async fn shelve(
    conn: &mut Conn<'_>,
    old: &Patient,
    archived_at: Option<DateTime<Utc>>,
    changed_by: UserId,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let sql = Sql::new(
        "UPDATE patients SET archived_at = $1, changed_by = $2, updated_at = $3, \
         version = version + 1 WHERE id = $4 AND version = $5",
    );
    let sql = sql.arg(archived_at).arg(changed_by.0).arg(now).arg(old.id.0).arg(old.version);
    if sql.execute(conn).await? != 1 {
        return Ok(false);
    }
    // A pair of system and value is unique among the records that are not archived.
    match archived_at {
        Some(_) => remove_identifiers(conn, old.id).await?,
        None => insert_identifiers(conn, old.id, &old.fields).await?,
    }
    Ok(true)
}

/// Erases a patient, if it is still the version that was read.
pub(crate) async fn remove(conn: &mut Conn<'_>, old: &Patient) -> Result<bool, DbError> {
    remove_identifiers(conn, old.id).await?;
    remove_terms(conn, old.id).await?;
    let sql = Sql::new("DELETE FROM assignments WHERE patient_id = $1");
    sql.arg(old.id.0).execute(conn).await?;
    let sql = Sql::new("DELETE FROM patients WHERE id = $1 AND version = $2");
    Ok(sql.arg(old.id.0).arg(old.version).execute(conn).await? == 1)
}

/// Says which account belongs to a patient, if it is still the version that was read.
pub(crate) async fn link(
    conn: &mut Conn<'_>,
    old: &Patient,
    user: Option<UserId>,
    changed_by: UserId,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let sql = Sql::new(
        "UPDATE patients SET linked_user = $1, changed_by = $2, updated_at = $3, \
         version = version + 1 WHERE id = $4 AND version = $5",
    );
    let sql = sql.arg(user.map(|user| user.0)).arg(changed_by.0).arg(now);
    Ok(sql.arg(old.id.0).arg(old.version).execute(conn).await? == 1)
}

/// The patient that has an identifier now.
pub(crate) async fn with_identifier(
    conn: &mut Conn<'_>,
    system: &str,
    value: &str,
) -> Result<Option<PatientId>, DbError> {
    let sql =
        Sql::new("SELECT patient_id FROM patient_identifiers WHERE system = $1 AND value = $2");
    match sql.arg(system).arg(value).fetch_optional(conn).await? {
        Some(row) => Ok(Some(PatientId(row.get("patient_id")?))),
        None => Ok(None),
    }
}

async fn insert_identifiers(
    conn: &mut Conn<'_>,
    id: PatientId,
    fields: &PatientFields,
) -> Result<(), DbError> {
    for identifier in &fields.identifiers {
        let sql = Sql::new(
            "INSERT INTO patient_identifiers (system, value, patient_id) VALUES ($1, $2, $3)",
        );
        let sql = sql.arg(identifier.system.as_str()).arg(identifier.value.as_str()).arg(id.0);
        sql.execute(conn).await?;
    }
    Ok(())
}

async fn remove_identifiers(conn: &mut Conn<'_>, id: PatientId) -> Result<(), DbError> {
    let sql = Sql::new("DELETE FROM patient_identifiers WHERE patient_id = $1");
    sql.arg(id.0).execute(conn).await.map(drop)
}

async fn insert_terms(conn: &mut Conn<'_>, id: PatientId, terms: &[String]) -> Result<(), DbError> {
    let mut sql = Sql::new("INSERT INTO patient_terms (term, patient_id) VALUES ");
    for (i, term) in terms.iter().enumerate() {
        sql.push(if i == 0 { "(" } else { ", (" }).bind(term.as_str()).push(", ");
        sql.bind(id.0).push(")");
    }
    sql.execute(conn).await.map(drop)
}

async fn remove_terms(conn: &mut Conn<'_>, id: PatientId) -> Result<(), DbError> {
    let sql = Sql::new("DELETE FROM patient_terms WHERE patient_id = $1");
    sql.arg(id.0).execute(conn).await.map(drop)
}
