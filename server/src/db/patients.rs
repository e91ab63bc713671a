//! Patients.

mod many;

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use shared::{
    Mrn, PartialDate, UserId,
    date::parse_day,
    id::PatientId,
    patient::{BloodType, Gender, Patient, PatientFields, PatientFilter, PatientState, full_name},
    text::fold,
};

use super::{
    Arg, Conn, DbError, Row, Sql,
    search::{Search, terms},
};
use crate::{domain::access::Scope, error::Error};

pub(crate) use many::{identified_ever, identified_now, insert_many};

/// A patient with what is not answered.
pub(crate) struct PatientRow {
    pub(crate) patient: Patient,
    pub(crate) changed_by: UserId,
    pub(crate) changed_by_name: String,
    /// The place in a list, where it was listed.
    pub(crate) key: Option<Key>,
}

/// Whether the archive is meant or everything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shelf {
    Current,
    Archive,
    Both,
}

/// By what a list is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Best matches first, then by name.
    Rank,
    Name,
    FirstName,
    Born,
    Created,
    Updated,
    Id,
}

/// The place of a row in a list: the value it is ordered by, and what decides among equals.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Key {
    /// How many words match only the beginning of something; 0 outside searches.
    pub(crate) rank: i64,
    /// The value, as text.
    pub(crate) value: String,
    pub(crate) id: i64,
}

/// A list to be read.
pub(crate) struct Listing<'a> {
    pub(crate) filter: &'a PatientFilter,
    pub(crate) search: Option<&'a Search>,
    pub(crate) scope: Scope,
    pub(crate) order: Order,
    pub(crate) is_descending: bool,
    pub(crate) today: NaiveDate,
}

const COLUMNS: &str = "SELECT p.id, p.mrn, p.first_name, p.last_name, p.sort_name, \
    p.sort_first_name, p.date_of_birth, p.date_of_birth_estimated, p.born_from, p.deceased_on, \
    p.gender, p.email, p.phone_number, p.address, p.city, p.state, p.zip_code, p.blood_type, \
    p.allergies, p.medical_history, p.emergency_contact, p.identifiers, p.created_by, \
    p.changed_by, p.created_at, p.updated_at, p.version, p.archived_at, \
    COALESCE(c.username, c.email, '') AS created_by_username, \
    COALESCE(l.username, l.email, '') AS changed_by_username";

const TABLES: &str = " FROM patients p JOIN users c ON c.id = p.created_by \
    JOIN users l ON l.id = p.changed_by";

fn from_row(row: &Row, today: NaiveDate) -> Result<PatientRow, Error> {
    let identifiers: String = row.get("identifiers")?;
    let identifiers = serde_json::from_str(&identifiers).map_err(|e| Error::Internal(e.into()))?;
    let (first_name, last_name): (Option<String>, Option<String>) =
        (row.get("first_name")?, row.get("last_name")?);
    let mut patient = Patient {
        id: PatientId(row.get("id")?),
        mrn: row.get("mrn")?,
        full_name: full_name(first_name.as_deref(), last_name.as_deref()),
        first_name,
        last_name,
        identifiers,
        date_of_birth: row.parsed("date_of_birth", PartialDate::parse)?,
        date_of_birth_estimated: row.get("date_of_birth_estimated")?,
        age: None,
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
        key: None,
    })
}

fn restrict_scope(sql: &mut Sql, scope: Scope, shelf: Shelf) {
    match shelf {
        Shelf::Current => sql.push(" AND p.archived_at IS NULL"),
        Shelf::Archive => sql.push(" AND p.archived_at IS NOT NULL"),
        Shelf::Both => sql,
    };
    if let Scope::Own(owner) = scope {
        sql.push(" AND p.created_by = ").bind(owner.0);
    }
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

impl Order {
    /// The column that is ordered by.
    fn column(self) -> &'static str {
        match self {
            Self::Rank | Self::Name => "p.sort_name",
            Self::FirstName => "p.sort_first_name",
            Self::Born => "p.born_from",
            Self::Created => "p.created_at",
            Self::Updated => "p.updated_at",
            Self::Id => "p.id",
        }
    }

    fn value(self, row: &Row) -> Result<String, Error> {
        let time = |column| row.get::<DateTime<Utc>>(column).map(|time| time.to_rfc3339());
        match self {
            Self::Rank | Self::Name => row.get("sort_name"),
            Self::FirstName => row.get("sort_first_name"),
            Self::Born => row.get("born_from"),
            Self::Created => time("created_at"),
            Self::Updated => time("updated_at"),
            Self::Id => Ok(String::new()),
        }
    }

    /// The value as the database compares it; fails on a cursor that nobody here has made.
    fn arg(self, key: &Key) -> Result<Arg, Error> {
        Ok(match self {
            Self::Rank | Self::Name | Self::FirstName | Self::Born => key.value.as_str().into(),
            Self::Created | Self::Updated => {
                let time = DateTime::parse_from_rfc3339(&key.value);
                time.map_err(|_| foreign_cursor())?.with_timezone(&Utc).into()
            }
            Self::Id => key.id.into(),
        })
    }
}

fn foreign_cursor() -> Error {
    Error::invalid(
        "cursor",
        shared::Complaint::new("invalid_cursor", "is not a cursor of this list"),
    )
}

impl Listing<'_> {
    fn shelf(&self) -> Shelf {
        if self.filter.archived == Some(true) { Shelf::Archive } else { Shelf::Current }
    }

    fn restrict(&self, sql: &mut Sql) {
        sql.push(" WHERE 1 = 1");
        restrict_scope(sql, self.scope, self.shelf());
        let filter = self.filter;
        if let Some(gender) = filter.gender {
            sql.push(" AND p.gender = ").bind(gender.as_str());
        }
        if let Some(blood_type) = filter.blood_type {
            sql.push(" AND p.blood_type = ").bind(blood_type.as_str());
        }
        if let Some(city) = &filter.city {
            sql.push(" AND p.city_key = ").bind(fold(city));
        }
        if let Some(owner) = filter.created_by {
            sql.push(" AND p.created_by = ").bind(owner.0);
        }
        if let Some(from) = filter.born_from {
            sql.push(" AND p.born_to >= ").bind(from);
        }
        if let Some(to) = filter.born_to {
            sql.push(" AND p.born_from <> '' AND p.born_from <= ").bind(to);
        }
        if let Some(search) = self.search {
            search.restrict(sql);
        }
    }

    /// Adds the columns that decide the order, each with what follows it.
    fn order_by(&self, sql: &mut Sql, after: &'static str) {
        if self.order == Order::Rank
            && let Some(search) = self.search
        {
            search.rank(sql);
            sql.push(after).push(", ");
        }
        if self.order != Order::Id {
            sql.push(self.order.column()).push(after).push(", ");
        }
        sql.push("p.id").push(after);
    }
}

/// The rows of a list that follow a place in it, or with `backwards` those before it, in the
/// order of the list.
pub(crate) async fn list(
    conn: &mut Conn<'_>,
    listing: &Listing<'_>,
    place: Option<&Key>,
    backwards: bool,
    limit: i64,
    offset: i64,
) -> Result<Vec<PatientRow>, DbError> {
    let is_descending = listing.is_descending != backwards;
    let mut sql = Sql::new(COLUMNS);
    sql.push(", ");
    match listing.search.filter(|_| listing.order == Order::Rank) {
        Some(search) => search.rank(&mut sql),
        None => drop(sql.push("0")),
    }
    sql.push(" AS rank").push(TABLES);
    listing.restrict(&mut sql);
    if let Some(key) = place {
        sql.push(" AND (");
        listing.order_by(&mut sql, "");
        sql.push(if is_descending { ") < (" } else { ") > (" });
        if listing.order == Order::Rank && listing.search.is_some() {
            sql.bind(key.rank).push(", ");
        }
        if listing.order != Order::Id {
            sql.bind(listing.order.arg(key)?).push(", ");
        }
        sql.bind(key.id).push(")");
    }
    sql.push(" ORDER BY ");
    listing.order_by(&mut sql, if is_descending { " DESC" } else { "" });
    sql.push(" LIMIT ").bind(limit).push(" OFFSET ").bind(offset);
    let rows = sql.fetch_all(conn).await?;
    let read = |row: &Row| -> Result<PatientRow, Error> {
        let mut listed = from_row(row, listing.today)?;
        let rank = row.get::<i64>("rank").or_else(|_| row.get::<i32>("rank").map(i64::from))?;
        let value = listing.order.value(row)?;
        listed.key = Some(Key { rank, value, id: listed.patient.id.0 });
        Ok(listed)
    };
    let mut rows: Vec<PatientRow> = rows.iter().map(read).collect::<Result<_, _>>()?;
    if backwards {
        rows.reverse();
    }
    Ok(rows)
}

/// How many rows a list has, up to a number.
pub(crate) async fn count(
    conn: &mut Conn<'_>,
    listing: &Listing<'_>,
    max: i64,
) -> Result<i64, DbError> {
    let mut sql = Sql::new("SELECT count(*) AS rows FROM (SELECT 1 AS one FROM patients p");
    listing.restrict(&mut sql);
    sql.push(" LIMIT ").bind(max).push(") AS listed");
    Ok(sql.fetch_one(conn).await?.get("rows")?)
}

/// The next medical record number. It is given once: the sequence goes on also where the patient
/// is then not registered.
pub(crate) async fn next_mrn(conn: &mut Conn<'_>) -> Result<Mrn, DbError> {
    let sql = conn.either(
        "UPDATE sequences SET last = last + 1 WHERE name = 'mrn' RETURNING last",
        "SELECT nextval('mrn') AS last",
    );
    Ok(Mrn::from_sequence(sql.fetch_one(conn).await?.get("last")?))
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
        let folded = |name: &Option<String>| name.as_deref().map(fold);
        let (first, last) = (folded(&fields.first_name), folded(&fields.last_name));
        // A tab sorts before everything that can stand in a name.
        let joined = |a: &Option<String>, b: &Option<String>| {
            [a, b].into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join("\t")
        };
        let born = fields.date_of_birth;
        let identifiers = fields.identifiers.as_deref().unwrap_or_default();
        Ok(Self {
            sort_name: joined(&last, &first),
            sort_first_name: joined(&first, &last),
            born_from: born.map(|born| born.earliest().to_string()).unwrap_or_default(),
            born_to: born.map(|born| born.latest().to_string()).unwrap_or_default(),
            city_key: folded(&fields.city),
            identifiers: serde_json::to_string(identifiers)
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
    let mut sql = Sql::new("INSERT INTO patients (");
    for (i, (column, _)) in columns.iter().enumerate() {
        sql.push(if i == 0 { "" } else { ", " }).push(column);
    }
    sql.push(") VALUES (").bind_all(columns.into_iter().map(|(_, value)| value));
    sql.push(") RETURNING id");
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
    let before = old.state().fields;
    if before.identifiers != state.fields.identifiers {
        remove_identifiers(conn, old.id).await?;
        insert_identifiers(conn, old.id, &state.fields).await?;
    }
    let (stale, fresh) = (terms(&old.mrn, &before), terms(&old.mrn, &state.fields));
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
        None => insert_identifiers(conn, old.id, &old.state().fields).await?,
    }
    Ok(true)
}

/// Erases a patient, if it is still the version that was read.
pub(crate) async fn remove(conn: &mut Conn<'_>, old: &Patient) -> Result<bool, DbError> {
    remove_identifiers(conn, old.id).await?;
    remove_terms(conn, old.id).await?;
    let sql = Sql::new("DELETE FROM patients WHERE id = $1 AND version = $2");
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
    for identifier in fields.identifiers.iter().flatten() {
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
