//! Doctors.

mod known;
mod listing;

use chrono::{DateTime, Utc};
use shared::{
    Money, UserId,
    doctor::{Doctor, DoctorFields},
    id::DoctorId,
    patient::full_name,
    text::{fold, fold_case},
};

use super::{Arg, Conn, DbError, Row, Shelf, Sql, patients::sort_names, search::doctor_terms};
use crate::error::Error;

pub(crate) use known::{Known, known, queue};
pub(crate) use listing::{Listing, SpecializationListing, list, specializations};

/// A doctor with what is not answered.
pub(crate) struct DoctorRow {
    pub(crate) doctor: Doctor,
    pub(crate) changed_by: UserId,
    pub(crate) changed_by_name: String,
}

const COLUMNS: &str = concat!(
    "SELECT d.id, d.first_name, d.last_name, d.sort_name, d.sort_first_name, \
    d.specialization, d.specialization_key, d.email, d.phone_number, d.license_number, \
    d.years_of_experience, d.qualification, d.clinic_name, d.clinic_address, d.city, d.state, \
    d.zip_code, d.consultation_fee, d.is_available, d.availability, d.linked_user, d.created_by, \
    d.changed_by, d.created_at, d.updated_at, d.version, d.archived_at, \
    (SELECT count(*) FROM assignments a WHERE a.is_active AND a.doctor_id = d.id) AS active_patients, ",
    shown_user!("c"),
    " AS created_by_username, ",
    shown_user!("l"),
    " AS changed_by_username",
);

/// Outer joins, for the same reason as for patients.
const TABLES: &str = " FROM doctors d LEFT JOIN users c ON c.id = d.created_by \
    LEFT JOIN users l ON l.id = d.changed_by";

fn from_row(row: &Row) -> Result<DoctorRow, Error> {
    let (first_name, last_name): (Option<String>, Option<String>) =
        (row.get("first_name")?, row.get("last_name")?);
    let fee: Option<i64> = row.get("consultation_fee")?;
    let doctor = Doctor {
        id: DoctorId(row.get("id")?),
        full_name: full_name(first_name.as_deref(), last_name.as_deref()),
        fields: DoctorFields {
            first_name,
            last_name,
            specialization: row.get("specialization")?,
            email: row.get("email")?,
            phone_number: row.get("phone_number")?,
            license_number: row.get("license_number")?,
            years_of_experience: row.get("years_of_experience")?,
            qualification: row.get("qualification")?,
            clinic_name: row.get("clinic_name")?,
            clinic_address: row.get("clinic_address")?,
            city: row.get("city")?,
            state: row.get("state")?,
            zip_code: row.get("zip_code")?,
            consultation_fee: fee.map(Money::from_hundredths),
            is_available: row.get("is_available")?,
            availability: row.get("availability")?,
        },
        active_patients: row.get("active_patients")?,
        linked_user: row.get::<Option<i64>>("linked_user")?.map(UserId),
        created_by: UserId(row.get("created_by")?),
        created_by_username: row.get("created_by_username")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
        version: row.get("version")?,
        archived_at: row.get("archived_at")?,
        permissions: None,
    };
    Ok(DoctorRow {
        doctor,
        changed_by: UserId(row.get("changed_by")?),
        changed_by_name: row.get("changed_by_username")?,
    })
}

/// One doctor. Everybody may see every one of them.
pub(crate) async fn get(
    conn: &mut Conn<'_>,
    id: DoctorId,
    shelf: Shelf,
) -> Result<Option<DoctorRow>, DbError> {
    let mut sql = Sql::new(COLUMNS);
    sql.push(TABLES).push(" WHERE d.id = ").bind(id.0).push(shelf.condition());
    let row = sql.fetch_optional(conn).await?;
    Ok(row.as_ref().map(from_row).transpose()?)
}

/// Locks a doctor's row until the transaction ends, so that who reads it then writes it.
pub(crate) async fn lock(conn: &mut Conn<'_>, id: DoctorId) -> Result<(), DbError> {
    let mut sql = Sql::new("SELECT id FROM doctors WHERE id = ");
    sql.bind(id.0).push(conn.for_update());
    sql.fetch_optional(conn).await.map(drop)
}

/// E-mail addresses are compared without case, and licence numbers too.
fn unique_key(text: Option<&String>) -> Option<String> {
    text.map(|text| fold_case(text))
}

/// The columns that a change writes, with their values.
fn values(fields: &DoctorFields) -> Vec<(&'static str, Arg)> {
    let (sort_name, sort_first_name) = sort_names(&fields.first_name, &fields.last_name);
    vec![
        ("first_name", fields.first_name.as_deref().into()),
        ("last_name", fields.last_name.as_deref().into()),
        ("sort_name", sort_name.into()),
        ("sort_first_name", sort_first_name.into()),
        ("specialization", fields.specialization.as_str().into()),
        ("specialization_key", fold(&fields.specialization).into()),
        ("email", fields.email.as_deref().into()),
        ("email_key", unique_key(fields.email.as_ref()).into()),
        ("phone_number", fields.phone_number.as_deref().into()),
        ("license_number", fields.license_number.as_deref().into()),
        ("license_key", unique_key(fields.license_number.as_ref()).into()),
        ("years_of_experience", fields.years_of_experience.into()),
        ("qualification", fields.qualification.as_deref().into()),
        ("clinic_name", fields.clinic_name.as_deref().into()),
        ("clinic_address", fields.clinic_address.as_deref().into()),
        ("city", fields.city.as_deref().into()),
        ("city_key", fields.city.as_deref().map(fold).into()),
        ("state", fields.state.as_deref().into()),
        ("zip_code", fields.zip_code.as_deref().into()),
        ("consultation_fee", fields.consultation_fee.map(Money::hundredths).into()),
        ("is_available", fields.is_available.into()),
        ("availability", fields.availability.as_deref().into()),
    ]
}

/// Inserts a doctor with everything under which it is found, and answers its id.
pub(crate) async fn insert(
    conn: &mut Conn<'_>,
    fields: &DoctorFields,
    owner: UserId,
    now: DateTime<Utc>,
) -> Result<DoctorId, DbError> {
    let mut columns = values(fields);
    columns.extend([
        ("created_by", owner.0.into()),
        ("changed_by", owner.0.into()),
        ("created_at", now.into()),
        ("updated_at", now.into()),
        ("version", 1.into()),
    ]);
    let sql = Sql::insert("INSERT INTO doctors (", columns);
    let id = DoctorId(sql.fetch_one(conn).await?.get("id")?);
    insert_terms(conn, id, &doctor_terms(fields)).await?;
    Ok(id)
}

/// Writes a changed doctor, if it is still the version that was read.
pub(crate) async fn update(
    conn: &mut Conn<'_>,
    old: &Doctor,
    fields: &DoctorFields,
    changed_by: UserId,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let mut sql = Sql::new("UPDATE doctors SET ");
    for (column, value) in values(fields) {
        sql.push(column).push(" = ").bind(value).push(", ");
    }
    sql.push("changed_by = ").bind(changed_by.0).push(", updated_at = ").bind(now);
    sql.push(", version = version + 1 WHERE id = ").bind(old.id.0);
    sql.push(" AND archived_at IS NULL AND version = ").bind(old.version);
    if sql.execute(conn).await? != 1 {
        return Ok(false);
    }
    let (stale, fresh) = (doctor_terms(&old.fields), doctor_terms(fields));
    if stale != fresh {
        let sql = Sql::new("DELETE FROM doctor_terms WHERE doctor_id = $1");
        sql.arg(old.id.0).execute(conn).await?;
        insert_terms(conn, old.id, &fresh).await?;
    }
    Ok(true)
}

/// Puts a doctor into the archive or takes it out, if it is still the version that was read.
pub(crate) async fn shelve(
    conn: &mut Conn<'_>,
    old: &Doctor,
    archived_at: Option<DateTime<Utc>>,
    changed_by: UserId,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let sql = Sql::new(
        "UPDATE doctors SET archived_at = $1, changed_by = $2, updated_at = $3, \
         version = version + 1 WHERE id = $4 AND version = $5",
    );
    let sql = sql.arg(archived_at).arg(changed_by.0).arg(now).arg(old.id.0).arg(old.version);
    Ok(sql.execute(conn).await? == 1)
}

/// Says which account belongs to a doctor, if it is still the version that was read.
pub(crate) async fn link(
    conn: &mut Conn<'_>,
    old: &Doctor,
    user: Option<UserId>,
    changed_by: UserId,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let sql = Sql::new(
        "UPDATE doctors SET linked_user = $1, changed_by = $2, updated_at = $3, \
         version = version + 1 WHERE id = $4 AND version = $5",
    );
    let sql = sql.arg(user.map(|user| user.0)).arg(changed_by.0).arg(now);
    Ok(sql.arg(old.id.0).arg(old.version).execute(conn).await? == 1)
}

/// Which of a doctor's e-mail address and licence number another doctor has, of those that are not
/// archived.
pub(crate) async fn taken(
    conn: &mut Conn<'_>,
    fields: &DoctorFields,
    own: Option<DoctorId>,
) -> Result<Vec<&'static str>, DbError> {
    let own = own.map_or(0, |id| id.0);
    let mut taken = Vec::new();
    for (field, key, text) in [
        ("email", unique_key(fields.email.as_ref()), "SELECT id FROM doctors WHERE email_key = $1"),
        (
            "license_number",
            unique_key(fields.license_number.as_ref()),
            "SELECT id FROM doctors WHERE license_key = $1",
        ),
    ] {
        let Some(key) = key else { continue };
        let mut sql = Sql::new(text);
        sql.push(" AND archived_at IS NULL AND id <> $2");
        if sql.arg(key).arg(own).fetch_optional(conn).await?.is_some() {
            taken.push(field);
        }
    }
    Ok(taken)
}

async fn insert_terms(conn: &mut Conn<'_>, id: DoctorId, terms: &[String]) -> Result<(), DbError> {
    let mut sql = Sql::new("INSERT INTO doctor_terms (term, doctor_id) VALUES ");
    for (i, term) in terms.iter().enumerate() {
        sql.push(if i == 0 { "(" } else { ", (" }).bind(term.as_str()).push(", ");
        sql.bind(id.0).push(")");
    }
    sql.execute(conn).await.map(drop)
}
