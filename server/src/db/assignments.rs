//! Assignments.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use shared::{
    UserId,
    assignment::{Assignment, AssignmentFields, AssignmentFilter, AssignmentStatus},
    date::parse_day,
    id::{AssignmentId, DoctorId, PatientId},
    patient::full_name,
};

use super::{
    Arg, Conn, DbError, Row, Scope, Sql,
    listing::{self, Column, Key, Listed, Order, Span},
    patients::restrict_patient,
    restrict_updated,
    search::{Search, Terms},
};
use crate::error::Error;

/// An assignment with what is not answered.
pub(crate) struct AssignmentRow {
    pub(crate) assignment: Assignment,
    /// Who created the patient's record.
    pub(crate) patient_owner: UserId,
    /// Whether the doctor is archived.
    pub(crate) is_doctor_archived: bool,
    /// How it stood when its patient was archived, until the patient is restored.
    pub(crate) resume_status: Option<AssignmentStatus>,
    pub(crate) changed_by: UserId,
    pub(crate) changed_by_name: String,
}

const COLUMNS: &str = concat!(
    "SELECT a.id, a.patient_id, a.doctor_id, a.status, a.is_active, \
    a.resume_status, a.reason_for_visit, a.notes, a.assigned_date, a.ended_at, a.created_by, \
    a.changed_by, a.created_at, a.updated_at, a.version, p.first_name AS patient_first_name, \
    p.last_name AS patient_last_name, p.created_by AS patient_owner, \
    d.first_name AS doctor_first_name, d.last_name AS doctor_last_name, d.specialization, \
    d.archived_at AS doctor_archived_at, ",
    shown_user!("c"),
    " AS assigned_by_username, ",
    shown_user!("l"),
    " AS changed_by_username",
);

/// Every assignment has all four. The joins are outer ones so that no planner begins with the wrong
/// table.
const TABLES: &str = " FROM assignments a LEFT JOIN patients p ON p.id = a.patient_id \
    LEFT JOIN doctors d ON d.id = a.doctor_id LEFT JOIN users c ON c.id = a.created_by \
    LEFT JOIN users l ON l.id = a.changed_by";

fn from_row(row: &Row) -> Result<AssignmentRow, Error> {
    let missing = || Error::internal("an assignment without status or date");
    let name = |first, last| -> Result<String, Error> {
        let (first, last): (Option<String>, Option<String>) = (row.get(first)?, row.get(last)?);
        Ok(full_name(first.as_deref(), last.as_deref()))
    };
    let created_at = row.get("created_at")?;
    let assignment = Assignment {
        id: AssignmentId(row.get("id")?),
        patient: PatientId(row.get("patient_id")?),
        patient_name: name("patient_first_name", "patient_last_name")?,
        doctor: DoctorId(row.get("doctor_id")?),
        doctor_name: name("doctor_first_name", "doctor_last_name")?,
        specialization: row.get("specialization")?,
        fields: AssignmentFields {
            status: row.parsed("status", AssignmentStatus::from_str)?.ok_or_else(missing)?,
            reason_for_visit: row.get("reason_for_visit")?,
            notes: row.get("notes")?,
            assigned_date: row.parsed("assigned_date", parse_day)?.ok_or_else(missing)?,
        },
        is_active: row.get("is_active")?,
        assigned_at: created_at,
        assigned_by: UserId(row.get("created_by")?),
        assigned_by_username: row.get("assigned_by_username")?,
        ended_at: row.get("ended_at")?,
        created_at,
        updated_at: row.get("updated_at")?,
        version: row.get("version")?,
        permissions: None,
    };
    Ok(AssignmentRow {
        assignment,
        patient_owner: UserId(row.get("patient_owner")?),
        is_doctor_archived: row.get::<Option<DateTime<Utc>>>("doctor_archived_at")?.is_some(),
        resume_status: row.parsed("resume_status", AssignmentStatus::from_str)?,
        changed_by: UserId(row.get("changed_by")?),
        changed_by_name: row.get("changed_by_username")?,
    })
}

/// Restricts a query over `assignments a` to those of the patients that the caller may see.
pub(super) fn restrict_visible(sql: &mut Sql, scope: Scope) {
    restrict_patient(sql, scope, "a.patient_id", "a.patient_owner");
}

/// One assignment, if the caller may see its patient.
pub(crate) async fn get(
    conn: &mut Conn<'_>,
    id: AssignmentId,
    scope: Scope,
) -> Result<Option<AssignmentRow>, DbError> {
    let mut sql = Sql::new(COLUMNS);
    sql.push(TABLES).push(" WHERE p.archived_at IS NULL AND a.id = ").bind(id.0);
    restrict_visible(&mut sql, scope);
    let row = sql.fetch_optional(conn).await?;
    Ok(row.as_ref().map(from_row).transpose()?)
}

/// Locks an assignment's row until the transaction ends, so that who reads it then writes it.
pub(crate) async fn lock(conn: &mut Conn<'_>, id: AssignmentId) -> Result<(), DbError> {
    let mut sql = Sql::new("SELECT id FROM assignments WHERE id = ");
    sql.bind(id.0).push(conn.for_update());
    sql.fetch_optional(conn).await.map(drop)
}

/// The active assignment of a patient to a doctor.
pub(crate) async fn active(
    conn: &mut Conn<'_>,
    patient: PatientId,
    doctor: DoctorId,
) -> Result<Option<AssignmentRow>, DbError> {
    let mut sql = Sql::new(COLUMNS);
    sql.push(TABLES).push(" WHERE a.is_active AND a.patient_id = ").bind(patient.0);
    sql.push(" AND a.doctor_id = ").bind(doctor.0);
    let row = sql.fetch_optional(conn).await?;
    Ok(row.as_ref().map(from_row).transpose()?)
}

/// Whose assignments are meant.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Of {
    /// The active ones of a doctor.
    Doctor(DoctorId),
    /// The active ones of a patient.
    Patient(PatientId),
    /// Those that ended when this patient was archived.
    Resting(PatientId),
}

/// All assignments of a doctor or a patient, locked until the transaction ends.
pub(crate) async fn all(conn: &mut Conn<'_>, of: Of) -> Result<Vec<AssignmentRow>, DbError> {
    let (condition, id) = match of {
        Of::Doctor(doctor) => (" WHERE a.is_active AND a.doctor_id = ", doctor.0),
        Of::Patient(patient) => (" WHERE a.is_active AND a.patient_id = ", patient.0),
        Of::Resting(patient) => {
            (" WHERE a.resume_status IS NOT NULL AND a.patient_id = ", patient.0)
        }
    };
    let mut lock = Sql::new("SELECT a.id FROM assignments a");
    lock.push(condition).bind(id).push(" ORDER BY a.id").push(conn.for_update());
    lock.fetch_all(conn).await?;
    let mut sql = Sql::new(COLUMNS);
    sql.push(TABLES).push(condition).bind(id).push(" ORDER BY a.id");
    let rows = sql.fetch_all(conn).await?;
    Ok(rows.iter().map(from_row).collect::<Result<_, _>>()?)
}

/// The ids of all assignments of a patient, active or not.
pub(crate) async fn ids_of(
    conn: &mut Conn<'_>,
    patient: PatientId,
) -> Result<Vec<AssignmentId>, DbError> {
    let sql = Sql::new("SELECT id FROM assignments WHERE patient_id = $1 ORDER BY id");
    let rows = sql.arg(patient.0).fetch_all(conn).await?;
    Ok(rows.iter().map(|row| row.get("id").map(AssignmentId)).collect::<Result<_, _>>()?)
}

/// The doctors of the assignments that ended when this patient was archived, in the order in which
/// they are to be locked.
pub(crate) async fn resting_doctors(
    conn: &mut Conn<'_>,
    patient: PatientId,
) -> Result<Vec<DoctorId>, DbError> {
    let sql = Sql::new(
        "SELECT DISTINCT doctor_id FROM assignments WHERE resume_status IS NOT NULL \
         AND patient_id = $1 ORDER BY doctor_id",
    );
    let rows = sql.arg(patient.0).fetch_all(conn).await?;
    Ok(rows.iter().map(|row| row.get("doctor_id").map(DoctorId)).collect::<Result<_, _>>()?)
}

/// The doctors of a patient's active assignments, in the order in which they are to be locked.
pub(crate) async fn doctors_of(
    conn: &mut Conn<'_>,
    patient: PatientId,
) -> Result<Vec<DoctorId>, DbError> {
    let sql = Sql::new(
        "SELECT DISTINCT doctor_id FROM assignments WHERE is_active AND patient_id = $1 \
         ORDER BY doctor_id",
    );
    let rows = sql.arg(patient.0).fetch_all(conn).await?;
    Ok(rows.iter().map(|row| row.get("doctor_id").map(DoctorId)).collect::<Result<_, _>>()?)
}

/// Forgets how assignments stood when their patient was archived: the patient is back.
pub(crate) async fn forget_resting(conn: &mut Conn<'_>, patient: PatientId) -> Result<(), DbError> {
    let sql = Sql::new(
        "UPDATE assignments SET resume_status = NULL WHERE resume_status IS NOT NULL \
         AND patient_id = $1",
    );
    sql.arg(patient.0).execute(conn).await.map(drop)
}

/// How many active assignments a doctor has.
pub(crate) async fn count_active(conn: &mut Conn<'_>, doctor: DoctorId) -> Result<i64, DbError> {
    let sql =
        Sql::new("SELECT count(*) AS active FROM assignments WHERE is_active AND doctor_id = $1");
    Ok(sql.arg(doctor.0).fetch_one(conn).await?.get("active")?)
}

/// Opens an assignment and answers its id.
pub(crate) async fn insert(
    conn: &mut Conn<'_>,
    (patient, doctor): (PatientId, DoctorId),
    fields: &AssignmentFields,
    owner: UserId,
    now: DateTime<Utc>,
) -> Result<AssignmentId, DbError> {
    let status = fields.status;
    let columns: Vec<(&'static str, Arg)> = vec![
        ("patient_id", patient.0.into()),
        ("doctor_id", doctor.0.into()),
        ("status", status.as_str().into()),
        ("is_active", status.is_active().into()),
        ("reason_for_visit", fields.reason_for_visit.as_deref().into()),
        ("notes", fields.notes.as_deref().into()),
        ("assigned_date", fields.assigned_date.into()),
        ("ended_at", (!status.is_active()).then_some(now).into()),
        ("created_by", owner.0.into()),
        ("changed_by", owner.0.into()),
        ("created_at", now.into()),
        ("updated_at", now.into()),
        ("version", 1.into()),
    ];
    let mut sql = Sql::new("INSERT INTO assignments (");
    for (column, _) in &columns {
        sql.push(column).push(", ");
    }
    sql.push("patient_owner) SELECT ").bind_all(columns.into_iter().map(|(_, value)| value));
    sql.push(", p.created_by FROM patients p WHERE p.id = ").bind(patient.0);
    sql.push(" RETURNING id");
    Ok(AssignmentId(sql.fetch_one(conn).await?.get("id")?))
}

/// Writes a changed assignment, if it is still the version that was read.
pub(crate) async fn update(
    conn: &mut Conn<'_>,
    old: &Assignment,
    fields: &AssignmentFields,
    resume_status: Option<AssignmentStatus>,
    changed_by: UserId,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let status = fields.status;
    let ended_at = if status.is_active() { None } else { old.ended_at.or(Some(now)) };
    let mut sql = Sql::new("UPDATE assignments SET status = ");
    sql.bind(status.as_str()).push(", is_active = ").bind(status.is_active());
    sql.push(", resume_status = ").bind(resume_status.map(AssignmentStatus::as_str));
    sql.push(", reason_for_visit = ").bind(fields.reason_for_visit.as_deref());
    sql.push(", notes = ").bind(fields.notes.as_deref());
    sql.push(", assigned_date = ").bind(fields.assigned_date);
    sql.push(", ended_at = ").bind(ended_at).push(", changed_by = ").bind(changed_by.0);
    sql.push(", updated_at = ")
        .bind(now)
        .push(", version = version + 1 WHERE id = ")
        .bind(old.id.0);
    sql.push(" AND version = ").bind(old.version);
    Ok(sql.execute(conn).await? == 1)
}

/// A list to be read.
pub(crate) struct Listing<'a> {
    pub(crate) filter: &'a AssignmentFilter,
    pub(crate) search: Option<&'a Search>,
    pub(crate) scope: Scope,
}

const ORDERS: &[(&str, Column)] = &[
    ("assigned_date", Column::text("a.assigned_date", "assigned_date")),
    ("created_at", Column::time("a.created_at", "created_at")),
    ("updated_at", Column::time("a.updated_at", "updated_at")),
];

impl Listed for Listing<'_> {
    const COLUMNS: &'static str = COLUMNS;
    const TABLES: &'static str = TABLES;
    const COUNTED: &'static str = " FROM assignments a LEFT JOIN patients p ON p.id = a.patient_id";
    const ID: &'static str = "a.id";

    fn order(&self) -> Order {
        Order::read(self.filter.ordering.as_deref().unwrap_or("-id"), ORDERS)
    }

    fn restrict(&self, sql: &mut Sql) {
        let filter = self.filter;
        sql.push(" WHERE p.archived_at IS NULL");
        restrict_visible(sql, self.scope);
        let is_active = filter.is_active.or(filter.status.is_none().then_some(true));
        if let Some(is_active) = is_active {
            sql.push(if is_active { " AND a.is_active" } else { " AND NOT a.is_active" });
        }
        if let Some(status) = filter.status {
            sql.push(" AND a.status = ").bind(status.as_str());
        }
        if let Some(patient) = filter.patient {
            sql.push(" AND a.patient_id = ").bind(patient.0);
        }
        if let Some(doctor) = filter.doctor {
            sql.push(" AND a.doctor_id = ").bind(doctor.0);
        }
        if let Some(from) = filter.assigned_from {
            sql.push(" AND a.assigned_date >= ").bind(from);
        }
        if let Some(to) = filter.assigned_to {
            sql.push(" AND a.assigned_date <= ").bind(to);
        }
        restrict_updated(sql, "a.updated_at", filter.updated_from, filter.updated_to);
        if let Some(search) = self.search {
            let patient = (Terms::OfPatients, "a.patient_id");
            search.restrict_either(sql, patient, (Terms::NamesOfDoctors, "a.doctor_id"));
        }
    }
}

/// The assignments of a part of a list, each with its place.
pub(crate) async fn list(
    conn: &mut Conn<'_>,
    list: &Listing<'_>,
    span: &Span,
) -> Result<Vec<(Assignment, Key)>, DbError> {
    let rows = listing::rows(conn, list, span).await?.into_iter();
    rows.map(|(row, key)| Ok((from_row(&row)?.assignment, key))).collect::<Result<_, DbError>>()
}
