//! The figures that triggers keep with the records. Reading one costs the same with any number of
//! records.
//!
//! A figure has a name and a key, and is the sum of its rows in the view `current_figures`. On
//! PostgreSQL writers only add rows to `figure_changes`, so that none waits for another; [`fold`]
//! adds them up.

use std::{
    fmt,
    time::{Duration, Instant},
};

use chrono::{DateTime, NaiveDate, Utc};
use shared::{
    assignment::AssignmentStatus,
    dashboard::{BUSIEST_MAX, BusyDoctor},
    id::DoctorId,
};
use tokio::time::sleep;

use super::{Conn, Db, DbError, Sql, Tx};
use crate::{error::Error, finding::Finding};

/// The registrations of a quarter of an hour have one row.
const QUARTER: i64 = 15 * 60;
/// The maximum number of changes that are added up in one statement.
const FOLDED_AT_ONCE: i64 = 5_000;
/// The deadline for counting all records on PostgreSQL.
const COUNT_TIME: Duration = Duration::from_secs(10 * 60);
/// How long other writers may be in the way of counting, and the pause before the next attempt.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(100);

/// The figures that are not what counting the records gives. One statement sees the database at one
/// moment.
pub(super) const WRONG: &str = "SELECT figure, key, CAST(sum(kept) AS BIGINT) AS kept, \
     CAST(sum(counted) AS BIGINT) AS counted FROM (\
     SELECT figure, key, number AS kept, 0 AS counted FROM current_figures \
     UNION ALL SELECT figure, key, 0, number FROM counted_figures) AS both_ways \
     GROUP BY figure, key HAVING sum(kept) <> sum(counted) ORDER BY figure, key";

/// Whether the registrations since a moment are known. Every time zone has its midnights at such a
/// moment.
pub(super) fn begins_quarter(moment: &DateTime<Utc>) -> bool {
    moment.timestamp_subsec_nanos() == 0 && moment.timestamp() % QUARTER == 0
}

/// The number of patients registered from each of these moments to the next one, and since the last
/// one, without archived ones. Each moment begins a quarter of an hour.
pub(super) async fn registered(
    conn: &mut Conn<'_>,
    moments: &[DateTime<Utc>],
) -> Result<Vec<i64>, DbError> {
    let quarters: Vec<_> = moments.iter().map(|moment| moment.timestamp() / QUARTER).collect();
    let ends = quarters.iter().skip(1).copied().chain([i64::MAX]);
    let mut sql = Sql::new("WITH spans (begins, ends) AS (VALUES ");
    for (place, (begins, ends)) in quarters.iter().zip(ends).enumerate() {
        sql.push(if place == 0 { "(" } else { ", (" });
        sql.bind(*begins).push(", ").bind(ends).push(")");
    }
    // From the spans to the figures, which are many more.
    sql.push(
        ") SELECT s.begins, CAST(sum(f.number) AS BIGINT) AS number FROM spans s \
         CROSS JOIN current_figures f WHERE f.figure = 'registered' AND f.key >= s.begins \
         AND f.key < s.ends GROUP BY s.begins",
    );
    let mut counts = vec![0; moments.len()];
    for row in sql.fetch_all(conn).await? {
        let begins = row.get("begins")?;
        let place = quarters.partition_point(|quarter| *quarter < begins);
        let number = row.get("number")?;
        counts.get_mut(place).into_iter().for_each(|count| *count = number);
    }
    Ok(counts)
}

/// The number of patients, without archived ones.
pub(super) async fn patients(conn: &mut Conn<'_>) -> Result<i64, DbError> {
    Ok(total("'patients'", "number").fetch_one(conn).await?.get("number")?)
}

/// The query for the sum of figures without a key, as a column with this name.
pub(super) fn total(figures: &'static str, column: &'static str) -> Sql {
    let mut sql = Sql::new("SELECT CAST(COALESCE(sum(number), 0) AS BIGINT) AS ");
    sql.push(column).push(" FROM current_figures WHERE key = 0 AND figure IN (");
    sql.push(figures).push(")");
    sql
}

/// The number of assignments by status, and of those assigned on one day, without those of archived
/// patients.
pub(super) async fn assignments(
    conn: &mut Conn<'_>,
    day: NaiveDate,
) -> Result<(Vec<(AssignmentStatus, i64)>, i64), DbError> {
    let day = day.signed_duration_since(NaiveDate::default()).num_days();
    let mut sql = Sql::new(
        "SELECT figure, key, CAST(sum(number) AS BIGINT) AS number FROM current_figures \
         WHERE figure IN ('assigned', 'assignments.ACTIVE', 'assignments.ON_HOLD', \
         'assignments.COMPLETED', 'assignments.CANCELLED') AND key IN (0, ",
    );
    sql.bind(day).push(") GROUP BY figure, key");
    let (mut by_status, mut on_day) = (Vec::new(), 0);
    for row in sql.fetch_all(conn).await? {
        let (figure, key): (String, i64) = (row.get("figure")?, row.get("key")?);
        let number = row.get("number")?;
        match figure.strip_prefix("assignments.").map(str::parse) {
            Some(Ok(status)) => by_status.push((status, number)),
            Some(Err(_)) => return Err(Error::internal(format!("no status: {figure}")).into()),
            None if key == day => on_day = number,
            None => {}
        }
    }
    Ok((by_status, on_day))
}

/// The doctors with the most active assignments, the busiest first.
pub(super) async fn busiest(conn: &mut Conn<'_>) -> Result<Vec<BusyDoctor>, DbError> {
    let mut sql = Sql::new(
        "SELECT d.id, d.first_name, d.last_name, CAST(busy.active AS BIGINT) AS active FROM \
         (SELECT key AS doctor_id, sum(number) AS active FROM current_figures \
         WHERE figure = 'active' GROUP BY key HAVING sum(number) > 0 \
         ORDER BY sum(number) DESC, key LIMIT ",
    );
    sql.bind(BUSIEST_MAX).push(
        ") AS busy LEFT JOIN doctors d ON d.id = busy.doctor_id ORDER BY busy.active DESC, d.id",
    );
    let rows = sql.fetch_all(conn).await?;
    let busy = rows.iter().map(|row| {
        Ok(BusyDoctor {
            doctor: DoctorId(row.get("id")?),
            doctor_name: row.full_name("first_name", "last_name")?,
            active: row.get("active")?,
        })
    });
    Ok(busy.collect::<Result<_, Error>>()?)
}

/// Adds some changes of PostgreSQL's writers to the figures, and returns whether there may be more.
pub(super) async fn fold(conn: &mut Conn<'_>) -> Result<bool, DbError> {
    let mut sql = Sql::new(
        "WITH gone AS (DELETE FROM figure_changes WHERE ctid = ANY (ARRAY(SELECT ctid FROM \
         figure_changes LIMIT ",
    );
    sql.bind(FOLDED_AT_ONCE).push(
        ")) RETURNING figure, key, number), \
         added AS (INSERT INTO figures (figure, key, number) \
         SELECT figure, key, sum(number) FROM gone GROUP BY figure, key ORDER BY figure, key \
         ON CONFLICT (figure, key) DO UPDATE SET number = figures.number + EXCLUDED.number) \
         SELECT count(*) AS gone FROM gone",
    );
    Ok(sql.fetch_one(conn).await?.get::<i64>("gone")? == FOLDED_AT_ONCE)
}

/// A figure that is not what counting the records gives.
pub(super) struct WrongFigure {
    pub(super) figure: String,
    pub(super) key: i64,
    pub(super) kept: i64,
    pub(super) counted: i64,
}

impl fmt::Display for WrongFigure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { figure, key, kept, counted } = self;
        write!(f, "{figure}, key {key}: kept {kept}, counted {counted}")
    }
}

fn list(wrong: &[WrongFigure]) -> String {
    wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// The finding about the figures of a database, which names all that are wrong.
pub(super) fn finding(wrong: &[WrongFigure]) -> Finding {
    match wrong {
        [] => Finding::good("the kept figures are what counting the records gives"),
        wrong => Finding::bad(format!(
            "kept figures are wrong, and check --recount counts them anew: {}",
            list(wrong)
        )),
    }
}

/// Inspects the figures without changing them.
///
/// Fails with a sentence for the operator.
pub(super) async fn inspect(db: &Db) -> Result<Finding, String> {
    let look = async || -> Result<Finding, Error> {
        let mut tx = db.snapshot().await?;
        allow_counting(&mut tx).await?;
        Ok(finding(&wrong(&mut tx.conn()).await?))
    };
    look().await.map_err(|error| format!("the kept figures can't be read: {error}"))
}

/// Gives the statements of a transaction the time to count all records.
async fn allow_counting(tx: &mut Tx) -> Result<(), Error> {
    tx.run_apart();
    tx.set_deadline(COUNT_TIME);
    let mut conn = tx.conn();
    let allow = conn.either("SELECT 1", "SET LOCAL statement_timeout = '10min'");
    allow.execute(&mut conn).await?;
    Ok(())
}

async fn wrong(conn: &mut Conn<'_>) -> Result<Vec<WrongFigure>, DbError> {
    let rows = Sql::new(WRONG).fetch_all(conn).await?;
    let wrong = rows.iter().map(|row| {
        let (figure, key) = (row.get("figure")?, row.get("key")?);
        Ok(WrongFigure { figure, key, kept: row.get("kept")?, counted: row.get("counted")? })
    });
    Ok(wrong.collect::<Result<_, Error>>()?)
}

impl Db {
    /// Counts all figures anew, in one transaction during which nobody writes a patient or an
    /// assignment. The finding names those that were wrong.
    pub(crate) async fn recount_figures(&self) -> Result<Finding, Error> {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.try_to_recount().await {
                Err(Error::Unavailable { .. }) if Instant::now() < until => sleep(PAUSE).await,
                outcome => return outcome,
            }
        }
    }

    async fn try_to_recount(&self) -> Result<Finding, Error> {
        let mut tx = self.begin().await?;
        allow_counting(&mut tx).await?;
        let mut conn = tx.conn();
        // A writer may hold one of the tables and wait for the other. This gives way to it, before
        // PostgreSQL finds that the two wait for each other and ends one of them. On SQLite there is
        // one writer: this one.
        for hold in [
            "SET LOCAL lock_timeout = '300ms'",
            "LOCK TABLE patients, assignments IN SHARE ROW EXCLUSIVE MODE",
        ] {
            conn.either("SELECT 1", hold).execute(&mut conn).await?;
        }
        let wrong = wrong(&mut conn).await?;
        // In the order of `fold`, so that neither waits for the other.
        conn.either("SELECT 1", "DELETE FROM figure_changes").execute(&mut conn).await?;
        Sql::new("DELETE FROM figures").execute(&mut conn).await?;
        Sql::new(
            "INSERT INTO figures (figure, key, number) \
             SELECT figure, key, number FROM counted_figures",
        )
        .execute(&mut conn)
        .await?;
        tx.commit().await?;
        Ok(Finding::good(match wrong.as_slice() {
            [] => "counted anew, none was wrong".to_owned(),
            wrong => format!("counted anew, and these were wrong: {}", list(wrong)),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn every_day_of_every_time_zone_begins_with_a_quarter_of_an_hour() {
        let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        for zone in chrono_tz::TZ_VARIANTS {
            let clock = Clock::new(zone);
            for day in first.iter_days().take(366) {
                let start = clock.start_of(day);
                assert!(begins_quarter(&start), "{zone} {day} {start}");
            }
        }
        let start = first.and_time(chrono::NaiveTime::MIN).and_utc();
        assert!(!begins_quarter(&(start + chrono::TimeDelta::minutes(1))));
        assert!(!begins_quarter(&(start + chrono::TimeDelta::milliseconds(1))));
    }
}
