//! Assignments.

mod exported;

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use shared::{
    UserId,
    assignment::{
        Assignment, AssignmentFields, AssignmentFilter, AssignmentOrder, AssignmentStatus,
    },
    id::{AssignmentId, DoctorId, PatientId},
    query::Ordering,
};

use super::{
    Arg, Conn, DbError, Row, Scope, Sql,
    listing::{Column, Listed, Order},
    patients::restrict_patient,
    records::{self, Kept, Revision, revision_since},
    restrict_updated,
    search::{Search, Terms},
};
use crate::error::Error;

pub(crate) use exported::ExportedAssignment;

const TABLE: &str = "assignments";

shared::assignment_fields! {
    columns! { AssignmentFields of "a" }
    and "a.patient_id, a.doctor_id, a.is_active, a.ended_at, p.mrn, \
        p.first_name AS patient_first_name, p.last_name AS patient_last_name, \
        d.first_name AS doctor_first_name, d.last_name AS doctor_last_name, d.specialization, ",
        record_columns!("a")
}

const REVISION: &str = concat!(revision_columns!("a", "p"), ", a.resume_status");

/// Every assignment has a patient and a doctor. The joins are outer ones so that no query plan
/// begins with the wrong table.
const TABLES: &str = concat!(
    " FROM assignments a LEFT JOIN patients p ON p.id = a.patient_id \
    LEFT JOIN doctors d ON d.id = a.doctor_id",
    record_creator!("a"),
);

fn from_row(row: &Row) -> Result<Assignment, Error> {
    let created_at = row.get("created_at")?;
    Ok(Assignment {
        id: AssignmentId(row.get("id")?),
        patient: PatientId(row.get("patient_id")?),
        patient_name: row.full_name("patient_first_name", "patient_last_name")?,
        mrn: row.get("mrn")?,
        doctor: DoctorId(row.get("doctor_id")?),
        doctor_name: row.full_name("doctor_first_name", "doctor_last_name")?,
        specialization: row.get("specialization")?,
        fields: read_members(row)?,
        is_active: row.get("is_active")?,
        assigned_at: created_at,
        assigned_by: UserId(row.get("created_by")?),
        assigned_by_username: row.get("created_by_username")?,
        ended_at: row.get("ended_at")?,
        created_at,
        updated_at: row.get("updated_at")?,
        version: row.get("version")?,
        permissions: None,
    })
}

fn kept(row: &Row) -> Result<Kept<Assignment>, Error> {
    Ok(Kept { record: from_row(row)?, revision: Revision::from_row(TABLE, row)? })
}

/// Restricts a query over `assignments a` to those whose patients the caller may see.
pub(super) fn restrict_visible(sql: &mut Sql, scope: Scope) {
    restrict_patient(sql, scope, "a.patient_id", "a.patient_owner");
}

/// One assignment, if the caller may see its patient.
pub(crate) async fn get(
    conn: &mut Conn<'_>,
    id: AssignmentId,
    scope: Scope,
) -> Result<Option<Kept<Assignment>>, DbError> {
    let mut sql = Sql::new(COLUMNS);
    sql.push(REVISION).push(TABLES).push(" WHERE p.archived_at IS NULL AND a.id = ").bind(id.0);
    restrict_visible(&mut sql, scope);
    let row = sql.fetch_optional(conn).await?;
    Ok(row.as_ref().map(kept).transpose()?)
}

/// Locks an assignment's row until the transaction ends, for reading it before a write.
pub(crate) async fn lock(conn: &mut Conn<'_>, id: AssignmentId) -> Result<(), DbError> {
    records::lock(conn, TABLE, id.0).await
}

/// The patient and the doctor of an assignment. The doctor never changes, the patient only where records are merged.
pub(crate) async fn between(
    conn: &mut Conn<'_>,
    id: AssignmentId,
) -> Result<Option<(PatientId, DoctorId)>, DbError> {
    let sql = Sql::new("SELECT patient_id, doctor_id FROM assignments WHERE id = $1");
    let row = sql.arg(id.0).fetch_optional(conn).await?;
    let both = |row: Row| Ok((PatientId(row.get("patient_id")?), DoctorId(row.get("doctor_id")?)));
    row.map(both).transpose()
}

/// The active assignment of a patient to a doctor.
pub(crate) async fn active(
    conn: &mut Conn<'_>,
    patient: PatientId,
    doctor: DoctorId,
) -> Result<Option<Kept<Assignment>>, DbError> {
    let mut sql = Sql::new(COLUMNS);
    sql.push(REVISION).push(TABLES).push(" WHERE a.is_active AND a.patient_id = ").bind(patient.0);
    sql.push(" AND a.doctor_id = ").bind(doctor.0);
    let row = sql.fetch_optional(conn).await?;
    Ok(row.as_ref().map(kept).transpose()?)
}

/// Selects active assignments by doctor or by patient.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Of {
    Doctor(DoctorId),
    Patient(PatientId),
}

/// The active assignments of a doctor or a patient, locked until the transaction ends.
pub(crate) async fn all_active(
    conn: &mut Conn<'_>,
    of: Of,
) -> Result<Vec<Kept<Assignment>>, DbError> {
    let rows = match of {
        Of::Doctor(id) => locked(conn, " WHERE a.is_active AND a.doctor_id = ", id.0).await?,
        Of::Patient(id) => locked(conn, " WHERE a.is_active AND a.patient_id = ", id.0).await?,
    };
    Ok(rows.iter().map(kept).collect::<Result<_, _>>()?)
}

/// The assignments that ended when this patient was archived, without those to archived doctors,
/// each with its status before. They are locked until the transaction ends.
pub(crate) async fn all_suspended(
    conn: &mut Conn<'_>,
    patient: PatientId,
) -> Result<Vec<(Kept<Assignment>, AssignmentStatus)>, DbError> {
    let condition = " WHERE a.resume_status IS NOT NULL AND EXISTS (SELECT 1 FROM doctors d \
        WHERE d.id = a.doctor_id AND d.archived_at IS NULL) AND a.patient_id = ";
    let mut resting = Vec::new();
    for row in locked(conn, condition, patient.0).await? {
        if let Some(status) = row.parsed("resume_status", AssignmentStatus::from_str)? {
            resting.push((kept(&row)?, status));
        }
    }
    Ok(resting)
}

/// All assignments of two patients by rising id, locked until the transaction ends.
pub(crate) async fn all_of(
    conn: &mut Conn<'_>,
    [one, other]: [PatientId; 2],
) -> Result<Vec<Kept<Assignment>>, DbError> {
    let mut condition = Sql::new(" WHERE a.patient_id IN (");
    condition.bind_all([one.0, other.0]).push(")");
    Ok(locked_by(conn, &condition).await?.iter().map(kept).collect::<Result<_, _>>()?)
}

async fn locked(
    conn: &mut Conn<'_>,
    condition: &'static str,
    id: i64,
) -> Result<Vec<Row>, DbError> {
    let mut by_id = Sql::new(condition);
    by_id.bind(id);
    locked_by(conn, &by_id).await
}

async fn locked_by(conn: &mut Conn<'_>, condition: &Sql) -> Result<Vec<Row>, DbError> {
    let mut lock = condition.clone();
    lock.begin_with("SELECT a.id FROM assignments a").push(" ORDER BY a.id");
    lock.push(conn.for_update());
    lock.fetch_all(conn).await?;
    let mut sql = condition.clone();
    sql.begin_with(TABLES).begin_with(REVISION).begin_with(COLUMNS).push(" ORDER BY a.id");
    sql.fetch_all(conn).await
}

/// The doctors of the assignments that ended when this patient was archived, in the lock order.
pub(crate) async fn doctors_of_suspended(
    conn: &mut Conn<'_>,
    patient: PatientId,
) -> Result<Vec<DoctorId>, DbError> {
    let sql = Sql::new(
        "SELECT DISTINCT doctor_id AS id FROM assignments WHERE resume_status IS NOT NULL \
         AND patient_id = $1 ORDER BY id",
    );
    sql.arg(patient.0).fetch_ids(conn).await
}

/// The doctors of a patient's active assignments, in the lock order.
pub(crate) async fn doctors_of(
    conn: &mut Conn<'_>,
    patient: PatientId,
) -> Result<Vec<DoctorId>, DbError> {
    let sql = Sql::new(
        "SELECT DISTINCT doctor_id AS id FROM assignments WHERE is_active AND patient_id = $1 \
         ORDER BY id",
    );
    sql.arg(patient.0).fetch_ids(conn).await
}

/// Forgets the earlier statuses of assignments, after their patient has been restored.
pub(crate) async fn forget_suspended(
    conn: &mut Conn<'_>,
    patient: PatientId,
) -> Result<(), DbError> {
    let sql = Sql::new(
        "UPDATE assignments SET resume_status = NULL WHERE resume_status IS NOT NULL \
         AND patient_id = $1",
    );
    sql.arg(patient.0).execute(conn).await.map(drop)
}

/// The number of active assignments of a doctor.
pub(crate) async fn count_active(conn: &mut Conn<'_>, doctor: DoctorId) -> Result<i64, DbError> {
    let sql =
        Sql::new("SELECT count(*) AS active FROM assignments WHERE is_active AND doctor_id = $1");
    Ok(sql.arg(doctor.0).fetch_one(conn).await?.get("active")?)
}

/// What a new assignment keeps of the database that it comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct AssignmentTimes {
    /// When the patient was assigned.
    pub(crate) assigned_at: Option<DateTime<Utc>>,
    /// When it ended; only of one that has.
    pub(crate) ended_at: Option<DateTime<Utc>>,
}

/// The assignment of a patient to a doctor that was made at this time.
pub(crate) async fn made_at(
    conn: &mut Conn<'_>,
    (patient, doctor): (PatientId, Option<DoctorId>),
    assigned_at: DateTime<Utc>,
) -> Result<Option<AssignmentId>, DbError> {
    let mut sql = Sql::new("SELECT id FROM assignments WHERE patient_id = ");
    sql.bind(patient.0).push(" AND created_at = ").bind(assigned_at);
    sql.and(" AND doctor_id = ", doctor.map(|doctor| doctor.0)).push(" ORDER BY id");
    sql.limit(1, 0);
    Ok(sql.fetch_ids(conn).await?.pop())
}

/// Whether a patient was assigned to a doctor on this day.
pub(crate) async fn is_there(
    conn: &mut Conn<'_>,
    (patient, doctor): (PatientId, DoctorId),
    assigned_date: NaiveDate,
) -> Result<bool, DbError> {
    let mut sql = Sql::new("SELECT id FROM assignments WHERE patient_id = ");
    sql.bind(patient.0).push(" AND doctor_id = ").bind(doctor.0);
    sql.push(" AND assigned_date = ").bind(assigned_date).limit(1, 0);
    Ok(sql.fetch_optional(conn).await?.is_some())
}

/// Inserts an assignment and returns its id.
pub(crate) async fn insert(
    conn: &mut Conn<'_>,
    (patient, doctor): (PatientId, DoctorId),
    (fields, times): (&AssignmentFields, AssignmentTimes),
    owner: UserId,
    now: DateTime<Utc>,
) -> Result<AssignmentId, DbError> {
    let assigned_at = times.assigned_at.unwrap_or(now);
    let mut columns = member_values(fields)?;
    columns.extend([
        ("patient_id", patient.0.into()),
        ("doctor_id", doctor.0.into()),
        ("is_active", fields.status.is_active().into()),
        ("ended_at", (!fields.status.is_active()).then_some(times.ended_at.unwrap_or(now)).into()),
    ]);
    columns.extend(revision_since(owner, assigned_at, now));
    let mut sql = Sql::new("INSERT INTO assignments (");
    for (column, _) in &columns {
        sql.push(column).push(", ");
    }
    sql.push("patient_owner) SELECT ").bind_all(columns.into_iter().map(|(_, value)| value));
    sql.push(", p.created_by FROM patients p WHERE p.id = ").bind(patient.0);
    sql.push(" RETURNING id");
    Ok(AssignmentId(sql.fetch_one(conn).await?.get("id")?))
}

/// Writes a changed assignment if it still has the version that was read, and returns whether it
/// had.
pub(crate) async fn update(
    conn: &mut Conn<'_>,
    old: &Kept<Assignment>,
    fields: &AssignmentFields,
    resume_status: Option<AssignmentStatus>,
    changed_by: UserId,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let mut columns = values(old, fields, now)?;
    columns.push(("resume_status", resume_status.map(AssignmentStatus::as_str).into()));
    records::update(conn, &old.revision, columns, changed_by, now).await
}

/// Writes a changed assignment that is of another patient from now on, who has this owner, in the same way.
pub(crate) async fn move_to(
    conn: &mut Conn<'_>,
    old: &Kept<Assignment>,
    fields: &AssignmentFields,
    (patient, owner): (PatientId, UserId),
    (changed_by, now): (UserId, DateTime<Utc>),
) -> Result<bool, DbError> {
    let mut columns = values(old, fields, now)?;
    columns.extend([("patient_id", patient.0.into()), ("patient_owner", owner.0.into())]);
    records::update(conn, &old.revision, columns, changed_by, now).await
}

/// The columns that a change writes, with their values.
fn values(
    old: &Kept<Assignment>,
    fields: &AssignmentFields,
    now: DateTime<Utc>,
) -> Result<Vec<(&'static str, Arg)>, Error> {
    let status = fields.status;
    let ended_at = if status.is_active() { None } else { old.record.ended_at.or(Some(now)) };
    let mut columns = member_values(fields)?;
    columns.extend([("is_active", status.is_active().into()), ("ended_at", ended_at.into())]);
    Ok(columns)
}

/// A list to be read.
pub(crate) struct Listing<'a> {
    pub(crate) filter: &'a AssignmentFilter,
    pub(crate) search: Option<&'a Search>,
    pub(crate) scope: Scope,
}

/// The column of each order; the id has none.
fn column(by: AssignmentOrder) -> Option<Column> {
    match by {
        AssignmentOrder::AssignedDate => Some(Column::text("a.assigned_date")),
        AssignmentOrder::CreatedAt => Some(Column::time("a.created_at")),
        AssignmentOrder::UpdatedAt => Some(Column::time("a.updated_at")),
        AssignmentOrder::Id => None,
    }
}

impl Listed for Listing<'_> {
    const COLUMNS: &'static str = COLUMNS;
    const TABLES: &'static str = TABLES;
    const COUNTED: &'static str = " FROM assignments a LEFT JOIN patients p ON p.id = a.patient_id";
    const ID: &'static str = "a.id";
    const KEPT: &'static [(&'static str, &'static str)] = &[
        (
            " WHERE p.archived_at IS NULL AND a.is_active",
            "'assignments.ACTIVE', 'assignments.ON_HOLD'",
        ),
        (
            " WHERE p.archived_at IS NULL AND NOT a.is_active",
            "'assignments.COMPLETED', 'assignments.CANCELLED'",
        ),
    ];

    type Record = Assignment;

    fn read(&self, row: &Row) -> Result<Self::Record, Error> {
        from_row(row)
    }

    fn order(&self) -> Order {
        let newest_first = Ordering::descending(AssignmentOrder::Id);
        Order::of(self.filter.ordering.unwrap_or(newest_first), column)
    }

    fn restrict(&self, sql: &mut Sql) {
        let filter = self.filter;
        sql.push(" WHERE p.archived_at IS NULL");
        restrict_visible(sql, self.scope);
        let is_active = filter.is_active.or(filter.status.is_none().then_some(true));
        if let Some(is_active) = is_active {
            sql.push(if is_active { " AND a.is_active" } else { " AND NOT a.is_active" });
        }
        sql.and(" AND a.status = ", filter.status.map(|status| status.as_str()));
        sql.and(" AND a.patient_id = ", filter.patient.map(|patient| patient.0));
        sql.and(" AND a.doctor_id = ", filter.doctor.map(|doctor| doctor.0));
        sql.and(" AND a.assigned_date >= ", filter.assigned_from);
        sql.and(" AND a.assigned_date <= ", filter.assigned_to);
        restrict_updated(sql, "a.updated_at", filter.updated_from, filter.updated_to);
        if let Some(search) = self.search {
            let patient = (Terms::OfPatients, "a.patient_id");
            search.restrict_either(sql, patient, (Terms::NamesOfDoctors, "a.doctor_id"));
        }
    }
}
