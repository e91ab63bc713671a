//! Reading patients from rows, by the place of each column.

use chrono::{DateTime, NaiveDate, Utc};
use shared::{
    UserId,
    id::PatientId,
    patient::{ClinicalMember, Patient, PatientFields, PatientPermission, full_name},
};
use sqlx::{ColumnIndex, Decode, Row, Type};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT p.id, p.mrn, p.first_name, p.last_name, p.date_of_birth, p.deceased_on, p.gender, \
             p.phone_number, p.email, p.address, p.city, p.state, p.zip_code, p.blood_type, \
             p.allergies, p.medical_history, p.preferred_language, p.emergency_contact, \
             p.identifiers, p.date_of_birth_estimated, p.linked_user, p.created_by, c.username, \
             p.created_at, p.updated_at, p.version \
             FROM patients p JOIN users c ON c.id = p.created_by WHERE p.archived_at IS NULL",
            $rest
        )
    };
}

/// One patient by id.
pub(crate) const ONE: &str = select!(" AND p.id = $1");
/// The first page of the list by name.
pub(crate) const LIST: &str = select!(" ORDER BY p.sort_name, p.id LIMIT 20");
/// The first page of those whose name begins with a text.
pub(crate) const SEARCH: &str =
    select!(" AND p.sort_name >= $1 AND p.sort_name < $2 ORDER BY p.sort_name, p.id LIMIT 20");

/// A patient from a row, without the age.
pub(crate) fn patient<'r, R: Row>(row: &'r R) -> sqlx::Result<Patient>
where
    usize: ColumnIndex<R>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    &'r str: Decode<'r, R::Database> + Type<R::Database>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    bool: Decode<'r, R::Database> + Type<R::Database>,
    DateTime<Utc>: Decode<'r, R::Database> + Type<R::Database>,
{
    let fields = PatientFields {
        first_name: row.try_get(2)?,
        last_name: row.try_get(3)?,
        date_of_birth: parsed(row.try_get(4)?, shared::PartialDate::parse)?,
        deceased_on: parsed(row.try_get(5)?, shared::date::parse_day)?,
        gender: parsed(row.try_get(6)?, str::parse)?,
        phone_number: row.try_get(7)?,
        email: row.try_get(8)?,
        address: row.try_get(9)?,
        city: row.try_get(10)?,
        state: row.try_get(11)?,
        zip_code: row.try_get(12)?,
        blood_type: parsed(row.try_get(13)?, str::parse)?,
        allergies: row.try_get(14)?,
        medical_history: row.try_get(15)?,
        preferred_language: row.try_get(16)?,
        emergency_contact: row.try_get(17)?,
        identifiers: serde_json::from_str(row.try_get(18)?).map_err(decode)?,
    };
    Ok(Patient {
        id: PatientId(row.try_get(0)?),
        mrn: row.try_get(1)?,
        date_of_birth_estimated: row.try_get(19)?,
        linked_user: row.try_get::<Option<i64>, _>(20)?.map(UserId),
        created_by: UserId(row.try_get(21)?),
        created_by_username: row.try_get::<Option<String>, _>(22)?.unwrap_or_default(),
        created_at: row.try_get(23)?,
        updated_at: row.try_get(24)?,
        version: row.try_get(25)?,
        ..new(fields)
    })
}

/// A patient of these members who was not stored yet.
pub(crate) fn new(fields: PatientFields) -> Patient {
    Patient {
        id: PatientId(0),
        mrn: String::new(),
        full_name: full_name(fields.first_name.as_deref(), fields.last_name.as_deref()),
        date_of_birth_estimated: false,
        age: None,
        has_allergies: fields.allergies.is_some(),
        withheld: Vec::<ClinicalMember>::new(),
        linked_user: None,
        created_by: UserId(crate::USER),
        created_by_username: String::new(),
        created_at: DateTime::default(),
        updated_at: DateTime::default(),
        version: 1,
        archived_at: None,
        merged_into: None,
        former_names: Vec::new(),
        former_mrns: Vec::new(),
        former_name: None,
        matched: None,
        possible_duplicates: None,
        permissions: None,
        fields,
    }
}

/// The patient as it is answered alone: with permissions, those that Frontdesk grants the front desk.
pub(crate) fn alone(patient: Patient) -> Patient {
    use PatientPermission::{Archive, Assign, History, Update};
    Patient { permissions: Some(vec![Update, Archive, History, Assign]), ..patient }
}

/// The patient with the age on a day.
pub(crate) fn with_age(mut patient: Patient, today: NaiveDate) -> Patient {
    let counted_on = patient.deceased_on.unwrap_or(today);
    patient.age = patient.date_of_birth.map(|born| born.age_on(counted_on));
    patient
}

fn parsed<T, E>(
    text: Option<&str>,
    parse: impl Fn(&str) -> Result<T, E>,
) -> sqlx::Result<Option<T>> {
    let invalid = |_| decode("a value that Frontdesk does not write");
    text.map(parse).transpose().map_err(invalid)
}

fn decode(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> sqlx::Error {
    sqlx::Error::Decode(error.into())
}
