//! Doctors.

mod exported;
mod known;
mod listing;

use chrono::{DateTime, Utc};
use shared::{
    UserId,
    account::User,
    doctor::{Doctor, DoctorFields},
    id::DoctorId,
    patient::full_name,
    text::{fold, fold_case},
};

use super::{
    ArchiveState, Arg, Conn, DbError, Row, Sql,
    patients::sort_names,
    records::{self, Kept, Revision, revision_since},
    search::{Terms, doctor_terms, insert_first_terms, replace_terms},
    together::Together,
};
use crate::error::Error;

pub(crate) use exported::ExportedDoctor;
pub(crate) use known::{Known, Knowns, known, queue};
pub(crate) use listing::{Listing, SpecializationListing};

const TABLE: &str = "doctors";

shared::doctor_fields! {
    columns! { DoctorFields of "d" }
    and "d.linked_user, d.archived_at, \
        (SELECT count(*) FROM assignments a WHERE a.is_active AND a.doctor_id = d.id) \
        AS active_patients, ",
        record_columns!("d")
}

/// What the record of a new doctor keeps of the database that it comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct DoctorTimes {
    /// When the doctor was entered.
    pub(crate) created_at: Option<DateTime<Utc>>,
    /// When the doctor was archived; `None` for one who is not.
    pub(crate) archived_at: Option<DateTime<Utc>>,
}

const REVISION: &str = revision_columns!("d", "d");
const TABLES: &str = concat!(" FROM doctors d", record_creator!("d"));

fn from_row(row: &Row) -> Result<Doctor, Error> {
    let fields = read_members(row)?;
    Ok(Doctor {
        id: DoctorId(row.get("id")?),
        full_name: full_name(fields.first_name.as_deref(), fields.last_name.as_deref()),
        fields,
        active_patients: row.get("active_patients")?,
        linked_user: row.get::<Option<i64>>("linked_user")?.map(UserId),
        created_by: UserId(row.get("created_by")?),
        created_by_username: row.get("created_by_username")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
        version: row.get("version")?,
        archived_at: row.get("archived_at")?,
        matched: None,
        permissions: None,
    })
}

fn kept(row: &Row) -> Result<Kept<Doctor>, Error> {
    Ok(Kept { record: from_row(row)?, revision: Revision::from_row(TABLE, row)? })
}

/// One doctor. Every user may see every doctor.
pub(crate) async fn get(
    conn: &mut Conn<'_>,
    id: DoctorId,
    state: ArchiveState,
) -> Result<Option<Kept<Doctor>>, DbError> {
    let mut sql = Sql::new(COLUMNS);
    sql.push(REVISION).push(TABLES).push(" WHERE d.id = ").bind(id.0).push(state.condition());
    let row = sql.fetch_optional(conn).await?;
    Ok(row.as_ref().map(kept).transpose()?)
}

/// Locks a doctor's row until the transaction ends, for reading it before a write.
pub(crate) async fn lock(conn: &mut Conn<'_>, id: DoctorId) -> Result<(), DbError> {
    records::lock(conn, TABLE, id.0).await
}

/// The form in which e-mail addresses and licence numbers are compared, which ignores case.
pub(super) fn unique_key(text: Option<&String>) -> Option<String> {
    text.map(|text| fold_case(text))
}

/// The columns that a change writes, with their values.
fn values(fields: &DoctorFields) -> Result<Vec<(&'static str, Arg)>, Error> {
    let (sort_name, sort_first_name) = sort_names(&fields.first_name, &fields.last_name);
    let mut values = member_values(fields)?;
    values.extend([
        ("sort_name", sort_name.into()),
        ("sort_first_name", sort_first_name.into()),
        ("specialization_key", fold(&fields.specialization).into()),
        ("email_key", unique_key(fields.email.as_ref()).into()),
        ("license_key", unique_key(fields.license_number.as_ref()).into()),
        ("city_key", fields.city.as_deref().map(fold).into()),
    ]);
    Ok(values)
}

/// Inserts a doctor with its search terms, and returns it.
pub(crate) async fn insert(
    conn: &mut Conn<'_>,
    (fields, times): (&DoctorFields, DoctorTimes),
    owner: &User,
    now: DateTime<Utc>,
) -> Result<Kept<Doctor>, DbError> {
    let DoctorTimes { created_at, archived_at } = times;
    let created_at = created_at.unwrap_or(now);
    let mut columns = values(fields)?;
    columns.extend(revision_since(owner.id, created_at, now));
    columns.push(("archived_at", archived_at.into()));
    let first = Sql::insert(TABLE, vec![columns]);
    let mut rows = Together::begin(conn, first).await?;
    let terms = doctor_terms(fields);
    rows.add("terms", |part| insert_first_terms(part, Terms::OfDoctors, &terms)).await?;
    let revision = Revision::first(TABLE, rows.finish().await?, owner, now);
    let doctor = Doctor {
        id: DoctorId(revision.id),
        full_name: full_name(fields.first_name.as_deref(), fields.last_name.as_deref()),
        fields: fields.clone(),
        active_patients: 0,
        linked_user: None,
        created_by: owner.id,
        created_by_username: owner.label().to_owned(),
        created_at,
        updated_at: now,
        version: revision.version,
        archived_at,
        matched: None,
        permissions: None,
    };
    Ok(Kept { record: doctor, revision })
}

/// Writes a changed doctor if it still has the version that was read, and returns whether it had.
pub(crate) async fn update(
    conn: &mut Conn<'_>,
    old: &Kept<Doctor>,
    fields: &DoctorFields,
    changed_by: UserId,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    if !records::update(conn, &old.revision, values(fields)?, changed_by, now).await? {
        return Ok(false);
    }
    let found_under = (doctor_terms(&old.record.fields), doctor_terms(fields));
    replace_terms(conn, Terms::OfDoctors, old.record.id.0, found_under).await?;
    Ok(true)
}

/// Which of a doctor's e-mail address and licence number another doctor has, without archived
/// ones.
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
