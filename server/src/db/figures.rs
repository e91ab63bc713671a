//! The figures that triggers keep with the records. Reading one costs the same with any number of
//! records.
//!
//! A figure has a name and a key, and is the sum of its rows in the view `current_figures`. On
//! PostgreSQL writers only add rows to `figure_changes`, so that none waits for another; [`fold`]
//! adds them up.

use std::{fmt, time::Duration};

use chrono::{DateTime, Days, NaiveDate, Utc};
use shared::{
    assignment::AssignmentStatus,
    dashboard::{BUSIEST_MAX, BusyDoctor},
    id::DoctorId,
};

use super::{Conn, Db, DbError, Row, Sql, Tx};
use crate::{error::Error, finding::Finding};

/// The registrations of a quarter of an hour have one row.
const QUARTER: i64 = 15 * 60;
/// The maximum number of changes that are added up in one statement.
pub(super) const FOLDED_AT_ONCE: i64 = 1_000;
/// The maximum number of differences that are added on SQLite in one statement.
const ADDED_AT_ONCE: usize = 100;
/// The deadline for counting all records on PostgreSQL.
const COUNT_TIME: Duration = Duration::from_secs(10 * 60);
/// The maximum number of wrong figures that a finding names.
const NAMED_MAX: usize = 20;

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
    // A query of its own for each span reads just its range of the index, whatever the planner believes
    // about the number of figures.
    sql.push(
        ") SELECT s.begins, (SELECT CAST(COALESCE(sum(f.number), 0) AS BIGINT) FROM \
         current_figures f WHERE f.figure = 'registered' AND f.key >= s.begins \
         AND f.key < s.ends) AS number FROM spans s",
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

/// Adds changes of PostgreSQL's writers to the figures, at most [`FOLDED_AT_ONCE`], and returns how many.
pub(super) async fn fold(conn: &mut Conn<'_>) -> Result<i64, DbError> {
    let mut sql = Sql::new(
        "WITH gone AS (DELETE FROM figure_changes WHERE ctid = ANY (ARRAY(SELECT ctid FROM \
         figure_changes ",
    );
    sql.limit(FOLDED_AT_ONCE, 0).push(
        ")) RETURNING figure, key, number), \
         added AS (INSERT INTO figures (figure, key, number) \
         SELECT figure, key, sum(number) FROM gone GROUP BY figure, key ORDER BY figure, key \
         ON CONFLICT (figure, key) DO UPDATE SET number = figures.number + EXCLUDED.number) \
         SELECT count(*) AS gone FROM gone",
    );
    Ok(sql.fetch_one(conn).await?.get("gone")?)
}

/// Frees the room of changes that were added up. PostgreSQL does so itself after a minute or later; until
/// then each reader of a figure, and each addition, reads over them.
pub(super) async fn vacuum(conn: &mut Conn<'_>) -> Result<(), DbError> {
    Sql::new("VACUUM figure_changes").execute(conn).await.map(drop)
}

/// A figure that is not what counting the records gives. Its text is for the operator.
pub(super) struct WrongFigure {
    pub(super) figure: String,
    pub(super) key: i64,
    pub(super) kept: i64,
    pub(super) counted: i64,
}

impl fmt::Display for WrongFigure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { figure, key, kept, counted } = self;
        f.write_str(figure)?;
        match (figure.as_str(), self.begins(), self.day()) {
            ("registered", Some(begins), _) => write!(f, " {}", begins.format("%F %R UTC"))?,
            ("assigned", _, Some(day)) => write!(f, " {day}")?,
            ("active", ..) => write!(f, " doctor {key}")?,
            _ if *key == 0 => {}
            _ => write!(f, " key {key}")?,
        }
        write!(f, ": kept {kept}, counted {counted}")
    }
}

impl WrongFigure {
    /// The beginning of the quarter of an hour that the key means for registrations.
    fn begins(&self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(self.key.checked_mul(QUARTER)?, 0)
    }

    /// The day that the key means for assigned days.
    fn day(&self) -> Option<NaiveDate> {
        let days = Days::new(self.key.unsigned_abs());
        let first = NaiveDate::default();
        if self.key < 0 { first.checked_sub_days(days) } else { first.checked_add_days(days) }
    }
}

/// Names the first wrong figures, and says how many more there are.
fn list(wrong: &[WrongFigure]) -> String {
    let named: Vec<_> = wrong.iter().take(NAMED_MAX).map(ToString::to_string).collect();
    let more = wrong.len() - named.len();
    let more = if more == 0 { String::new() } else { format!("; and {more} more") };
    named.join("; ") + &more
}

/// The finding about the figures of a database, which names the first ones that are wrong.
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
    look().await.map_err(|error| unread(&error))
}

/// The sentence for figures that could not be compared with the records.
pub(super) fn unread(why: &dyn fmt::Display) -> String {
    format!("the kept figures can't be compared with the records: {why}")
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
    read(&Sql::new(WRONG).fetch_all(conn).await?)
}

fn read(rows: &[Row]) -> Result<Vec<WrongFigure>, DbError> {
    let wrong = rows.iter().map(|row| {
        let (figure, key) = (row.get("figure")?, row.get("key")?);
        Ok(WrongFigure { figure, key, kept: row.get("kept")?, counted: row.get("counted")? })
    });
    Ok(wrong.collect::<Result<_, Error>>()?)
}

/// Counts all figures anew and adds to each kept one what it lacks. The finding names those that were
/// wrong.
///
/// Figures are sums, and whoever writes records writes the change of their figures in the same
/// transaction. So the difference at one moment is the mistake, whatever is written beside or
/// afterwards, and adding it is exact. No record is locked: writers go on, on SQLite except for the
/// time that adding takes.
///
/// Two at the same moment would find the same mistake, and add what is lacking twice. On PostgreSQL the
/// second one waits here for the first. On SQLite the caller sees to it that there is one at a time.
pub(super) async fn recount(db: &Db) -> Result<Finding, Error> {
    let wrong = match db.is_file() {
        true => recount_file(db).await?,
        false => recount_server(db).await?,
    };
    Ok(Finding::good(match wrong.as_slice() {
        [] => "counted anew, none was wrong".to_owned(),
        wrong => format!("counted anew, and these were wrong: {}", list(wrong)),
    }))
}

/// Reads the differences at one moment, which holds up nobody, and adds them in another transaction.
async fn recount_file(db: &Db) -> Result<Vec<WrongFigure>, Error> {
    let mut snapshot = db.snapshot().await?;
    let wrong = wrong(&mut snapshot.conn()).await?;
    drop(snapshot);
    if wrong.is_empty() {
        return Ok(wrong);
    }
    let mut tx = db.begin().await?;
    tx.run_apart();
    for some in wrong.chunks(ADDED_AT_ONCE) {
        let mut sql = Sql::new("INSERT INTO figures (figure, key, number) VALUES ");
        for (place, it) in some.iter().enumerate() {
            sql.push(if place == 0 { "(" } else { ", (" }).bind(it.figure.as_str()).push(", ");
            sql.bind(it.key).push(", ").bind(it.counted - it.kept).push(")");
        }
        sql.push(" ON CONFLICT (figure, key) DO UPDATE SET number = number + excluded.number");
        sql.execute(&mut tx.conn()).await?;
    }
    tx.commit().await?;
    Ok(wrong)
}

/// Reads and adds the differences in one statement, which sees the database at one moment, beside
/// writers and [`fold`].
async fn recount_server(db: &Db) -> Result<Vec<WrongFigure>, Error> {
    let mut tx = db.begin().await?;
    allow_counting(&mut tx).await?;
    let mut conn = tx.conn();
    // In a statement of its own: the next one sees what the recount before this one has added.
    Sql::new("SELECT pg_advisory_xact_lock(7302012)").execute(&mut conn).await?;
    let mut sql = Sql::new("WITH wrong AS MATERIALIZED (");
    sql.push(WRONG).push(
        "), added AS (INSERT INTO figure_changes (figure, key, number) \
         SELECT figure, key, counted - kept FROM wrong) \
         SELECT figure, key, kept, counted FROM wrong ORDER BY figure, key",
    );
    let wrong = read(&sql.fetch_all(&mut conn).await?)?;
    tx.commit().await?;
    Ok(wrong)
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

    #[test]
    fn a_wrong_figure_is_named_by_what_its_key_means() {
        let text = |figure: &str, key| {
            WrongFigure { figure: figure.to_owned(), key, kept: -1, counted: 2 }.to_string()
        };
        assert_eq!(text("patients", 0), "patients: kept -1, counted 2");
        assert_eq!(text("registered", 5), "registered 1970-01-01 01:15 UTC: kept -1, counted 2");
        assert_eq!(
            text("registered", i64::MAX),
            format!("registered key {}: kept -1, counted 2", i64::MAX)
        );
        assert_eq!(text("assigned", -1), "assigned 1969-12-31: kept -1, counted 2");
        assert_eq!(
            text("assigned", i64::MIN),
            format!("assigned key {}: kept -1, counted 2", i64::MIN)
        );
        assert_eq!(text("active", 7), "active doctor 7: kept -1, counted 2");
    }

    #[test]
    fn a_finding_names_the_first_wrong_figures_only() {
        let wrong = |count| -> String {
            let figure = "active".to_owned();
            let one = |key| WrongFigure { figure: figure.clone(), key, kept: 0, counted: 1 };
            list(&(1..=count).map(one).collect::<Vec<_>>())
        };
        assert!(wrong(20).ends_with("active doctor 20: kept 0, counted 1"), "{}", wrong(20));
        assert!(wrong(23).ends_with("active doctor 20: kept 0, counted 1; and 3 more"));
    }
}
