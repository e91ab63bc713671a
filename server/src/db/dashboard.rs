//! The counts of the dashboard. Those of all records are kept as figures. Those of a caller's own
//! records are counted, each in an index alone and in a single pass.

use chrono::{DateTime, NaiveDate, Utc};
use shared::{
    assignment::AssignmentStatus,
    dashboard::{BUSIEST_MAX, BusyDoctor, DoctorFigures, SPECIALIZATIONS_MAX, StatusCounts},
    doctor::SpecializationCount,
    id::DoctorId,
};

use super::{
    ArchiveState, Conn, DbError, Scope, Sql, assignments::restrict_visible, figures,
    patients::restrict_scope,
};
use crate::error::Error;

/// The number of patients in all, and of those registered from each of these moments to the next one
/// and since the last one.
pub(crate) async fn registered(
    conn: &mut Conn<'_>,
    scope: Scope,
    moments: &[DateTime<Utc>],
) -> Result<(i64, Vec<i64>), DbError> {
    if scope == Scope::All && moments.iter().all(figures::begins_quarter) {
        return Ok((figures::patients(conn).await?, figures::registered(conn, moments).await?));
    }
    let mut counts = counted(conn, scope, moments).await?;
    let total = counts.iter().sum();
    Ok((total, counts.split_off(1)))
}

/// Counts the patients registered before the first of these moments, between each two of them, and
/// since the last one.
async fn counted(
    conn: &mut Conn<'_>,
    scope: Scope,
    moments: &[DateTime<Utc>],
) -> Result<Vec<i64>, DbError> {
    let mut counts = vec![0; moments.len() + 1];
    if let Scope::OfDoctor(_) | Scope::OfPatient(_) = scope {
        // The patients that the caller may see are scattered over the index, so each one is read.
        let mut sql = Sql::new("SELECT p.created_at FROM patients p WHERE 1 = 1");
        restrict_scope(&mut sql, scope, ArchiveState::Current);
        for row in sql.fetch_all(conn).await? {
            let at: DateTime<Utc> = row.get("created_at")?;
            let place = moments.partition_point(|moment| *moment <= at);
            counts.get_mut(place).into_iter().for_each(|count| *count += 1);
        }
        return Ok(counts);
    }
    // One count for each interval, which compares only the ends of the interval. Grouping by day
    // costs several times as much.
    let mut sql = Sql::default();
    for place in 0..counts.len() {
        sql.push(if place == 0 { "SELECT " } else { " UNION ALL SELECT " });
        sql.push("CAST(").bind(i64::try_from(place).unwrap_or_default());
        sql.push(" AS BIGINT) AS place, count(*) AS patients FROM patients p WHERE 1 = 1");
        restrict_scope(&mut sql, scope, ArchiveState::Current);
        if let Some(from) = place.checked_sub(1).and_then(|before| moments.get(before)) {
            sql.push(" AND p.created_at >= ").bind(*from);
        }
        if let Some(to) = moments.get(place) {
            sql.push(" AND p.created_at < ").bind(*to);
        }
    }
    for row in sql.fetch_all(conn).await? {
        let place = usize::try_from(row.get::<i64>("place")?).unwrap_or_default();
        let counted = row.get("patients")?;
        counts.get_mut(place).into_iter().for_each(|count| *count = counted);
    }
    Ok(counts)
}

/// The figures of doctors: how many exist, how many are available, and the most frequent
/// specializations.
pub(crate) async fn doctors(conn: &mut Conn<'_>) -> Result<DoctorFigures, DbError> {
    // One pass over an index that holds these columns.
    let sql = Sql::new(
        "SELECT max(specialization) AS specialization, count(*) AS doctors, \
         CAST(sum(count(*)) OVER () AS BIGINT) AS total, \
         CAST(sum(sum(CASE WHEN is_available THEN 1 ELSE 0 END)) OVER () AS BIGINT) AS available \
         FROM doctors WHERE archived_at IS NULL GROUP BY specialization_key \
         ORDER BY count(*) DESC, specialization_key LIMIT $1",
    );
    let rows = sql.arg(SPECIALIZATIONS_MAX).fetch_all(conn).await?;
    let of_all = |column| rows.first().map_or(Ok(0), |row| row.get(column));
    let by_specialization = rows.iter().map(|row| {
        let specialization = row.get("specialization")?;
        Ok(SpecializationCount { specialization, count: row.get("doctors")? })
    });
    Ok(DoctorFigures {
        total: of_all("total")?,
        available: of_all("available")?,
        by_specialization: by_specialization.collect::<Result<_, Error>>()?,
    })
}

/// The number of assignments by status, and of those assigned on one day.
#[derive(Default)]
pub(crate) struct Standing {
    pub(crate) by_status: StatusCounts,
    pub(crate) on_day: i64,
}

impl Standing {
    fn add(&mut self, status: AssignmentStatus, count: i64) {
        *match status {
            AssignmentStatus::Active => &mut self.by_status.active,
            AssignmentStatus::OnHold => &mut self.by_status.on_hold,
            AssignmentStatus::Completed => &mut self.by_status.completed,
            AssignmentStatus::Cancelled => &mut self.by_status.cancelled,
        } += count;
    }
}

/// Counts the assignments that the caller may see, without those of archived patients. `active` is
/// the number of active ones, known from counting by doctor; it includes those on hold. It is not
/// needed for [`Scope::All`].
pub(crate) async fn standing(
    conn: &mut Conn<'_>,
    scope: Scope,
    day: NaiveDate,
    active: i64,
) -> Result<Standing, DbError> {
    let mut standing = Standing::default();
    if scope == Scope::All {
        let (by_status, on_day) = figures::assignments(conn, day).await?;
        by_status.into_iter().for_each(|(status, count)| standing.add(status, count));
        standing.on_day = on_day;
        return Ok(standing);
    }
    if let Scope::OfDoctor(_) | Scope::OfPatient(_) = scope {
        let mut sql = Sql::new("SELECT a.status, count(*) AS assignments, ");
        count_on_day(&mut sql, day);
        sql.push(
            " FROM assignments a LEFT JOIN patients p ON p.id = a.patient_id \
             WHERE p.archived_at IS NULL",
        );
        restrict_visible(&mut sql, scope);
        sql.push(" GROUP BY a.status");
        add_rows(&mut standing, sql, conn, 1).await?;
        return Ok(standing);
    }
    // The caller's assignments are counted in the index; then those of archived patients, which are few, are
    // subtracted.
    standing.by_status.active = active;
    for status in AssignmentStatus::ALL.iter().filter(|it| **it != AssignmentStatus::Active) {
        let mut sql =
            Sql::new("SELECT count(*) AS assignments FROM assignments a WHERE a.status = ");
        sql.bind(status.as_str());
        restrict_visible(&mut sql, scope);
        let count = sql.fetch_one(conn).await?.get("assignments")?;
        standing.add(*status, count);
        if status.is_active() {
            standing.by_status.active -= count;
        }
    }
    let mut sql =
        Sql::new("SELECT count(*) AS assignments FROM assignments a WHERE a.assigned_date = ");
    sql.bind(day);
    restrict_visible(&mut sql, scope);
    standing.on_day = sql.fetch_one(conn).await?.get("assignments")?;
    add_rows(&mut standing, archived(scope, day), conn, -1).await?;
    Ok(standing)
}

/// The assignments of archived patients, by status.
fn archived(scope: Scope, day: NaiveDate) -> Sql {
    let mut sql = Sql::new("SELECT a.status, count(*) AS assignments, ");
    count_on_day(&mut sql, day);
    // The order matters: from the archive, which is small, to the assignments.
    sql.push(
        " FROM (SELECT a.id, a.status, a.assigned_date FROM patients p \
         CROSS JOIN assignments a WHERE a.patient_id = p.id",
    );
    restrict_scope(&mut sql, scope, ArchiveState::Any);
    sql.push(" AND p.archived_at IS NOT NULL) AS a GROUP BY a.status");
    sql
}

fn count_on_day(sql: &mut Sql, day: NaiveDate) {
    sql.push("CAST(sum(CASE a.assigned_date WHEN ").bind(day);
    sql.push(" THEN 1 ELSE 0 END) AS BIGINT) AS on_day");
}

async fn add_rows(
    standing: &mut Standing,
    sql: Sql,
    conn: &mut Conn<'_>,
    sign: i64,
) -> Result<(), DbError> {
    for row in sql.fetch_all(conn).await? {
        let status = row.parsed("status", str::parse)?;
        let status = status.ok_or_else(|| Error::internal("an assignment without a status"))?;
        standing.add(status, sign * row.get::<i64>("assignments")?);
        standing.on_day += sign * row.get::<i64>("on_day")?;
    }
    Ok(())
}

/// The doctors with the most active assignments that the caller may see, the busiest first, and the
/// number of active assignments of all doctors. Archived doctors have none.
pub(crate) async fn busiest(
    conn: &mut Conn<'_>,
    scope: Scope,
) -> Result<(Vec<BusyDoctor>, i64), DbError> {
    if scope == Scope::All {
        return Ok((figures::busiest(conn).await?, 0));
    }
    let mut sql = Sql::new(
        "SELECT d.id, d.first_name, d.last_name, busy.active, busy.of_all FROM (SELECT a.doctor_id, \
         count(*) AS active, CAST(sum(count(*)) OVER () AS BIGINT) AS of_all FROM assignments a \
         WHERE a.is_active",
    );
    restrict_visible(&mut sql, scope);
    sql.push(" GROUP BY a.doctor_id ORDER BY count(*) DESC, a.doctor_id LIMIT ").bind(BUSIEST_MAX);
    sql.push(
        ") AS busy LEFT JOIN doctors d ON d.id = busy.doctor_id ORDER BY busy.active DESC, d.id",
    );
    let rows = sql.fetch_all(conn).await?;
    let of_all = rows.first().map(|row| row.get("of_all")).transpose()?.unwrap_or_default();
    let busy = rows.iter().map(|row| {
        Ok(BusyDoctor {
            doctor: DoctorId(row.get("id")?),
            doctor_name: row.full_name("first_name", "last_name")?,
            active: row.get("active")?,
        })
    });
    Ok((busy.collect::<Result<_, Error>>()?, of_all))
}
