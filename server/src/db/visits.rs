//! Visits of patients to the clinic.

mod exported;

use chrono::{DateTime, NaiveDate, Utc};
use shared::{
    UserId,
    dashboard::VisitFigures,
    id::{PatientId, VisitId},
    visit::{Visit, VisitFields, VisitFilter, VisitTimes},
};

use super::{
    Arg, Conn, DbError, Row, Scope, Sql,
    columns::Member,
    listing::{Column, Listed, Order},
    records::{self, Kept, Revision, revision_since},
    restrict_updated,
};
use crate::error::Error;

pub(crate) use exported::ExportedVisit;

const TABLE: &str = "visits";

columns! {
    VisitFields of "v" {
        patient as "patient_id", doctor as "doctor_id", assignment as "assignment_id", reason,
        is_urgent, status,
    }
    and "v.number, v.day, v.arrived_at, v.called_at, v.started_at, v.ended_at, p.mrn, \
        p.first_name AS patient_first_name, p.last_name AS patient_last_name, \
        d.first_name AS doctor_first_name, d.last_name AS doctor_last_name, ",
        record_columns!("v")
}

macro_rules! joined {
    () => {
        " FROM visits v LEFT JOIN patients p ON p.id = v.patient_id \
         LEFT JOIN doctors d ON d.id = v.doctor_id"
    };
}

const REVISION: &str = concat!(revision_columns!("v", "p"), ", d.linked_user AS doctor_user");
const TABLES: &str = concat!(joined!(), record_creator!("v"));

fn from_row(row: &Row) -> Result<Visit, Error> {
    let fields = read_members(row)?;
    let doctor_name = row.full_name("doctor_first_name", "doctor_last_name")?;
    Ok(from_columns!(
        row,
        Visit {
            number, mrn, arrived_at, called_at, started_at, ended_at, created_by_username, created_at,
            updated_at, version,
        },
        id: VisitId(row.get("id")?),
        day: Member::read(row, "day")?,
        patient_name: row.full_name("patient_first_name", "patient_last_name")?,
        doctor_name: fields.doctor.map(|_| doctor_name),
        fields: fields,
        created_by: UserId(row.get("created_by")?),
        permissions: None,
    ))
}

fn kept(row: &Row) -> Result<Kept<Visit>, Error> {
    let mut revision = Revision::from_row(TABLE, row)?;
    revision.editor = row.get::<Option<i64>>("doctor_user")?.map(UserId);
    Ok(Kept { record: from_row(row)?, revision })
}

/// Restricts a query to the visits that the caller may see: those of own patients, and those of the
/// doctor or the patient that the account is linked to.
fn restrict_visible(sql: &mut Sql, scope: Scope) {
    let (user, linked) = match scope {
        Scope::All => return,
        Scope::Own(user) => (user, None),
        Scope::OfDoctor(user) => (user, Some(" OR d.linked_user = ")),
        Scope::OfPatient(user) => (user, Some(" OR p.linked_user = ")),
    };
    sql.push(" AND (p.created_by = ").bind(user.0);
    if let Some(linked) = linked {
        sql.push(linked).bind(user.0);
    }
    sql.push(")");
}

/// One visit, if the caller may see it.
pub(crate) async fn get(
    conn: &mut Conn<'_>,
    id: VisitId,
    scope: Scope,
) -> Result<Option<Kept<Visit>>, DbError> {
    let mut sql = Sql::new(COLUMNS);
    sql.push(REVISION).push(TABLES).push(" WHERE v.id = ").bind(id.0);
    restrict_visible(&mut sql, scope);
    let row = sql.fetch_optional(conn).await?;
    Ok(row.as_ref().map(kept).transpose()?)
}

/// Locks a visit's row until the transaction ends.
pub(crate) async fn lock(conn: &mut Conn<'_>, id: VisitId) -> Result<(), DbError> {
    records::lock(conn, TABLE, id.0).await
}

/// The patient of a visit.
pub(crate) async fn patient_of(
    conn: &mut Conn<'_>,
    id: VisitId,
) -> Result<Option<PatientId>, DbError> {
    let sql = Sql::new("SELECT patient_id AS id FROM visits WHERE id = $1");
    Ok(sql.arg(id.0).fetch_ids(conn).await?.pop())
}

/// The open visits of a patient, on all days or on one.
pub(crate) async fn open_of(
    conn: &mut Conn<'_>,
    patient: PatientId,
    day: Option<NaiveDate>,
) -> Result<Vec<Kept<Visit>>, DbError> {
    let mut sql = Sql::new(COLUMNS);
    sql.push(REVISION).push(TABLES).push(" WHERE v.is_open AND v.patient_id = ").bind(patient.0);
    sql.and(" AND v.day = ", day).push(" ORDER BY v.id");
    let rows = sql.fetch_all(conn).await?;
    Ok(rows.iter().map(kept).collect::<Result<_, _>>()?)
}

/// All visits of two patients, by rising id.
pub(crate) async fn all_of(
    conn: &mut Conn<'_>,
    [one, other]: [PatientId; 2],
) -> Result<Vec<Kept<Visit>>, DbError> {
    let mut sql = Sql::new(COLUMNS);
    sql.push(REVISION).push(TABLES).push(" WHERE v.patient_id IN (");
    sql.bind_all([one.0, other.0]).push(") ORDER BY v.id");
    let rows = sql.fetch_all(conn).await?;
    Ok(rows.iter().map(kept).collect::<Result<_, _>>()?)
}

/// The columns of [`VisitTimes`].
const TIMES: [&str; 3] = ["called_at", "started_at", "ended_at"];

/// The columns that a write sets, with their values.
fn values(
    fields: &VisitFields,
    times: VisitTimes,
    now: DateTime<Utc>,
) -> Result<Vec<(&'static str, Arg)>, Error> {
    let times = fields.status.stamp(times, now).map(Arg::from);
    let mut values = member_values(fields)?;
    values.extend(TIMES.into_iter().zip(times));
    Ok(values)
}

/// Inserts a visit with the next number of its day, and returns its id.
pub(crate) async fn insert(
    conn: &mut Conn<'_>,
    day: NaiveDate,
    fields: &VisitFields,
    owner: UserId,
    now: DateTime<Utc>,
) -> Result<VisitId, DbError> {
    let number = next_number(conn, day).await?;
    let columns = values(fields, [None; 3], now)?;
    put(conn, (day, number), columns, (owner, now), now).await
}

async fn next_number(conn: &mut Conn<'_>, day: NaiveDate) -> Result<i64, DbError> {
    let sql = Sql::new(
        "INSERT INTO visit_days (day, last_number) VALUES ($1, 1) ON CONFLICT (day) \
         DO UPDATE SET last_number = visit_days.last_number + 1 RETURNING last_number",
    );
    Ok(sql.arg(day).fetch_one(conn).await?.get("last_number")?)
}

/// What a new visit keeps of the database that it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct VisitOrigin {
    pub(crate) day: NaiveDate,
    /// The number on that day. The next one is given without it.
    pub(crate) number: Option<i64>,
    pub(crate) arrived_at: DateTime<Utc>,
    /// When the patient was called, the doctor began, and the visit ended.
    pub(crate) times: VisitTimes,
}

/// Inserts a visit from another database, and returns its id.
pub(crate) async fn insert_from(
    conn: &mut Conn<'_>,
    origin: VisitOrigin,
    fields: &VisitFields,
    owner: UserId,
    now: DateTime<Utc>,
) -> Result<VisitId, DbError> {
    let VisitOrigin { day, arrived_at, times, .. } = origin;
    let number = match origin.number {
        None => next_number(conn, day).await?,
        Some(number) => {
            let sql = Sql::new(
                "INSERT INTO visit_days (day, last_number) VALUES ($1, $2) ON CONFLICT (day) \
                 DO UPDATE SET last_number = CASE WHEN visit_days.last_number > $2 \
                 THEN visit_days.last_number ELSE $2 END",
            );
            sql.arg(day).arg(number).execute(conn).await?;
            number
        }
    };
    let mut columns = member_values(fields)?;
    columns.extend(TIMES.into_iter().zip(times.map(Arg::from)));
    put(conn, (day, number), columns, (owner, arrived_at), now).await
}

/// The patient and the time of arrival of the visit with a number.
pub(crate) async fn with_number(
    conn: &mut Conn<'_>,
    (day, number): (NaiveDate, i64),
) -> Result<Option<(PatientId, DateTime<Utc>)>, DbError> {
    let sql = Sql::new("SELECT patient_id, arrived_at FROM visits WHERE day = $1 AND number = $2");
    let row = sql.arg(day).arg(number).fetch_optional(conn).await?;
    let read =
        |row: Row| Ok::<_, Error>((PatientId(row.get("patient_id")?), row.get("arrived_at")?));
    Ok(row.map(read).transpose()?)
}

/// Whether a patient arrived at this time.
pub(crate) async fn is_there(
    conn: &mut Conn<'_>,
    patient: PatientId,
    (day, arrived_at): (NaiveDate, DateTime<Utc>),
) -> Result<bool, DbError> {
    let mut sql = Sql::new("SELECT id FROM visits WHERE patient_id = ");
    sql.bind(patient.0).push(" AND day = ").bind(day);
    sql.push(" AND arrived_at = ").bind(arrived_at).limit(1, 0);
    Ok(sql.fetch_optional(conn).await?.is_some())
}

async fn put(
    conn: &mut Conn<'_>,
    (day, number): (NaiveDate, i64),
    mut columns: Vec<(&'static str, Arg)>,
    (owner, arrived_at): (UserId, DateTime<Utc>),
    now: DateTime<Utc>,
) -> Result<VisitId, DbError> {
    columns.extend([
        ("day", day.into()),
        ("number", number.into()),
        ("arrived_at", arrived_at.into()),
    ]);
    columns.extend(revision_since(owner, arrived_at, now));
    let mut sql = Sql::insert(TABLE, vec![columns]);
    sql.push(" RETURNING id");
    Ok(VisitId(sql.fetch_one(conn).await?.get("id")?))
}

/// Writes a changed visit and returns `true`, unless its version has changed since it was read.
pub(crate) async fn update(
    conn: &mut Conn<'_>,
    old: &Kept<Visit>,
    fields: &VisitFields,
    changed_by: UserId,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let Visit { called_at, started_at, ended_at, .. } = old.record;
    let columns = values(fields, [called_at, started_at, ended_at], now)?;
    records::update(conn, &old.revision, columns, changed_by, now).await
}

/// The numbers of a day, of the visits that the caller may see.
pub(crate) async fn figures(
    conn: &mut Conn<'_>,
    scope: Scope,
    day: NaiveDate,
    now: DateTime<Utc>,
) -> Result<VisitFigures, DbError> {
    let mut sql = Sql::new(
        "SELECT count(*) AS arrived, count(CASE v.status WHEN 'WAITING' THEN 1 END) AS waiting, \
         count(CASE v.status WHEN 'CALLED' THEN 1 END) AS called, \
         count(CASE v.status WHEN 'IN_ROOM' THEN 1 END) AS in_room, \
         count(CASE v.status WHEN 'DONE' THEN 1 END) AS done, \
         count(CASE v.status WHEN 'LEFT' THEN 1 END) AS gone, \
         min(CASE v.status WHEN 'WAITING' THEN v.arrived_at END) AS waiting_since",
    );
    sql.push(joined!()).push(" WHERE v.day = ").bind(day);
    restrict_visible(&mut sql, scope);
    let row = sql.fetch_one(conn).await?;
    let since: Option<DateTime<Utc>> = row.get("waiting_since")?;
    Ok(VisitFigures {
        arrived: row.get("arrived")?,
        waiting: row.get("waiting")?,
        called: row.get("called")?,
        in_room: row.get("in_room")?,
        done: row.get("done")?,
        left: row.get("gone")?,
        longest_wait_minutes: since.map_or(0, |since| (now - since).num_minutes().max(0)),
    })
}

/// A list to be read.
pub(crate) struct Listing<'a> {
    pub(crate) filter: &'a VisitFilter,
    pub(crate) day: NaiveDate,
    pub(crate) scope: Scope,
}

impl Listed for Listing<'_> {
    const COLUMNS: &'static str = COLUMNS;
    const TABLES: &'static str = TABLES;
    const COUNTED: &'static str = joined!();
    const ID: &'static str = "v.id";

    type Record = Visit;

    fn read(&self, row: &Row) -> Result<Self::Record, Error> {
        from_row(row)
    }

    fn order(&self) -> Order {
        Order::by_default(Column::text("v.queue_key"), false)
    }

    fn restrict(&self, sql: &mut Sql) {
        let filter = self.filter;
        sql.push(" WHERE v.day = ").bind(self.day);
        restrict_visible(sql, self.scope);
        sql.and(" AND v.doctor_id = ", filter.doctor.map(|doctor| doctor.0));
        sql.and(" AND v.patient_id = ", filter.patient.map(|patient| patient.0));
        sql.and(" AND v.status = ", filter.status.map(|status| status.as_str()));
        sql.and(" AND v.is_open = ", filter.is_open);
        restrict_updated(sql, "v.updated_at", filter.updated_from, filter.updated_to);
    }
}
