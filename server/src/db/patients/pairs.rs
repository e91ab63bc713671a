//! Pairs of patients who may be one person, and those who are known to be different people.

use shared::{
    id::PatientId,
    likeness::{Grade, Likeness},
    patient::PairFilter,
};

use crate::{
    db::{
        Conn, DbError, Row, Sql,
        columns::Member,
        listing::{Column, Listed, Order},
        rows,
    },
    error::Error,
};

use super::restrict_ids;

const TABLE: &str = "likely_duplicates";
/// The number of parts into which scores are divided.
const PARTS: f64 = 100.0;

const REMOVING: [&str; 2] = [
    "DELETE FROM likely_duplicates WHERE one_id = $1",
    "DELETE FROM likely_duplicates WHERE other_id = $1",
];
const FORGETTING: [&str; 2] = [
    "DELETE FROM different_people WHERE one_id = $1",
    "DELETE FROM different_people WHERE other_id = $1",
];

/// Two patients, the one with the lower id first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Pair {
    one: PatientId,
    other: PatientId,
}

impl Pair {
    /// The pair of two different patients.
    pub(crate) fn of(one: PatientId, other: PatientId) -> Self {
        Self { one: one.min(other), other: one.max(other) }
    }

    /// Both patients.
    pub(crate) fn both(self) -> [PatientId; 2] {
        [self.one, self.other]
    }
}

/// A pair of patients who may be one person.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Alike {
    pub(crate) pair: Pair,
    pub(crate) grade: Grade,
    pub(crate) score: f64,
    pub(crate) reasons: Vec<Likeness>,
}

/// Waits for other transactions that write pairs: two of them might write the same ones in another order. On SQLite
/// there is only one writer.
async fn lock(conn: &mut Conn<'_>) -> Result<(), DbError> {
    if conn.0.is_sqlite() {
        return Ok(());
    }
    Sql::new("SELECT pg_advisory_xact_lock(2, 0)").fetch_all(conn).await.map(drop)
}

/// Writes pairs. One that is there already is written anew.
pub(crate) async fn insert(conn: &mut Conn<'_>, mut pairs: Vec<Alike>) -> Result<(), DbError> {
    if pairs.is_empty() {
        return Ok(());
    }
    if !conn.0.is_sqlite() {
        lock(conn).await?;
        let live = live_of(conn, &pairs).await?;
        pairs.retain(|it| it.pair.both().iter().all(|id| live.contains(id)));
    }
    let row = |it: &Alike| {
        let lacking = (PARTS - (it.score * PARTS).round()).clamp(0.0, PARTS);
        let [one, other] = it.pair.both();
        Ok(vec![
            ("one_id", one.0.into()),
            ("other_id", other.0.into()),
            ("grade", it.grade.as_str().into()),
            ("place", format!("{lacking:03}").into()),
            ("reasons", it.reasons.arg()?),
        ])
    };
    let new = pairs.iter().map(row).collect::<Result<Vec<_>, Error>>()?;
    let again = " ON CONFLICT (one_id, other_id) DO UPDATE SET grade = excluded.grade, \
        place = excluded.place, reasons = excluded.reasons";
    rows::insert(conn, TABLE, new, again).await.map(drop)
}

/// The patients of pairs who were neither archived nor erased since they were compared. Whoever does that waits for
/// the same lock.
async fn live_of(conn: &mut Conn<'_>, pairs: &[Alike]) -> Result<Vec<PatientId>, DbError> {
    let ids: Vec<_> = pairs.iter().flat_map(|it| it.pair.both()).collect();
    let mut sql = Sql::new("SELECT p.id FROM patients p WHERE p.archived_at IS NULL");
    restrict_ids(&mut sql, conn, &ids)?;
    sql.fetch_ids(conn).await
}

/// What is kept about a patient and others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// Whether there are pairs.
    has_pairs: bool,
    /// Those who are known to be different people.
    pub(crate) different: Vec<PatientId>,
}

fn select_known(patient: PatientId) -> Sql {
    let sql = Sql::new(
        "SELECT other_id AS id FROM different_people WHERE one_id = $1 \
         UNION ALL SELECT one_id FROM different_people WHERE other_id = $1 \
         UNION ALL SELECT id - id FROM likely_duplicates WHERE one_id = $1 \
         UNION ALL SELECT id - id FROM likely_duplicates WHERE other_id = $1",
    );
    sql.arg(patient.0)
}

/// What is kept about a patient and others.
pub(crate) async fn known(conn: &mut Conn<'_>, patient: PatientId) -> Result<Known, DbError> {
    let mut found: Vec<i64> = select_known(patient).fetch_ids(conn).await?;
    let all = found.len();
    // No patient has the id 0.
    found.retain(|id| *id != 0);
    let has_pairs = found.len() < all;
    Ok(Known { has_pairs, different: found.into_iter().map(PatientId).collect() })
}

/// The statements that read and remove what is kept about a patient and others, for tests.
pub(crate) fn statements(patient: PatientId) -> Vec<Sql> {
    let removing = REMOVING.into_iter().chain(FORGETTING);
    let removing = removing.map(|text| Sql::new(text).arg(patient.0));
    [select_known(patient)].into_iter().chain(removing).collect()
}

/// Replaces the pairs of a patient.
pub(crate) async fn replace(
    conn: &mut Conn<'_>,
    patient: PatientId,
    known: &Known,
    pairs: Vec<Alike>,
) -> Result<(), DbError> {
    if known.has_pairs {
        remove_of(conn, patient).await?;
    }
    insert(conn, pairs).await
}

/// Removes the pairs of a patient.
pub(crate) async fn remove_of(conn: &mut Conn<'_>, patient: PatientId) -> Result<(), DbError> {
    lock(conn).await?;
    for text in REMOVING {
        Sql::new(text).arg(patient.0).execute(conn).await?;
    }
    Ok(())
}

/// Removes a pair.
pub(crate) async fn remove(conn: &mut Conn<'_>, pair: Pair) -> Result<(), DbError> {
    lock(conn).await?;
    let sql = Sql::new("DELETE FROM likely_duplicates WHERE one_id = $1 AND other_id = $2");
    sql.arg(pair.one.0).arg(pair.other.0).execute(conn).await.map(drop)
}

/// Notes that two patients are different people. Returns whether that was new.
pub(crate) async fn tell_apart(conn: &mut Conn<'_>, pair: Pair) -> Result<bool, DbError> {
    remove(conn, pair).await?;
    let sql = Sql::new(
        "INSERT INTO different_people (one_id, other_id) VALUES ($1, $2) \
         ON CONFLICT (one_id, other_id) DO NOTHING",
    );
    Ok(sql.arg(pair.one.0).arg(pair.other.0).execute(conn).await? == 1)
}

/// Notes that a patient is another person than those from whom a record that is merged into the patient's is known to
/// be different. Returns those of whom that is new.
pub(crate) async fn inherit(
    conn: &mut Conn<'_>,
    patient: PatientId,
    merged: PatientId,
) -> Result<Vec<PatientId>, DbError> {
    let mut new = Vec::new();
    for other in known(conn, merged).await?.different {
        if other != patient && tell_apart(conn, Pair::of(patient, other)).await? {
            new.push(other);
        }
    }
    Ok(new)
}

/// Forgets that two patients are different people.
pub(crate) async fn forget(conn: &mut Conn<'_>, pair: Pair) -> Result<(), DbError> {
    let sql = Sql::new("DELETE FROM different_people WHERE one_id = $1 AND other_id = $2");
    sql.arg(pair.one.0).arg(pair.other.0).execute(conn).await.map(drop)
}

/// Forgets all about a patient who is being erased.
pub(super) async fn erase(conn: &mut Conn<'_>, patient: PatientId) -> Result<(), DbError> {
    remove_of(conn, patient).await?;
    for text in FORGETTING {
        Sql::new(text).arg(patient.0).execute(conn).await?;
    }
    Ok(())
}

/// Whether there are patients whose pairs were not looked for yet, because they were registered before pairs were
/// kept.
pub(crate) async fn has_to_find(conn: &mut Conn<'_>) -> Result<bool, DbError> {
    let sql = Sql::new("SELECT after_id FROM duplicates_to_find");
    Ok(sql.fetch_optional(conn).await?.is_some())
}

/// The next of these patients, up to `max`. `None` where that is done for all of them. On PostgreSQL another program
/// that asks waits.
pub(crate) async fn next_to_find(
    conn: &mut Conn<'_>,
    max: i64,
) -> Result<Option<Vec<PatientId>>, DbError> {
    let mut after = Sql::new("SELECT after_id FROM duplicates_to_find");
    after.push(conn.for_update());
    let Some(after) = after.fetch_optional(conn).await? else { return Ok(None) };
    let after: i64 = after.get("after_id")?;
    let mut sql = Sql::new("SELECT id FROM patients WHERE id > ");
    sql.bind(after).push(" ORDER BY id LIMIT ").bind(max);
    let next: Vec<PatientId> = sql.fetch_ids(conn).await?;
    match next.last() {
        Some(last) => {
            Sql::new("UPDATE duplicates_to_find SET after_id = $1")
                .arg(last.0)
                .execute(conn)
                .await?;
            Ok(Some(next))
        }
        None => {
            Sql::new("DELETE FROM duplicates_to_find").execute(conn).await?;
            Ok(None)
        }
    }
}

/// A list of pairs.
pub(crate) struct Pairs<'a> {
    pub(crate) filter: &'a PairFilter,
}

/// A pair with its id in the list.
#[derive(Clone, Debug)]
pub(crate) struct ListedPair {
    pub(crate) id: i64,
    pub(crate) alike: Alike,
}

impl Listed for Pairs<'_> {
    const COLUMNS: &'static str = "SELECT d.id, d.one_id, d.other_id, d.grade, d.reasons";
    const TABLES: &'static str = " FROM likely_duplicates d";
    const COUNTED: &'static str = Self::TABLES;
    const ID: &'static str = "d.id";

    type Record = ListedPair;

    fn read(&self, row: &Row) -> Result<ListedPair, Error> {
        let lacking: String = row.get("place")?;
        let lacking: f64 =
            lacking.parse().map_err(|_| Error::internal("a place that is no number"))?;
        let grade: Grade = Member::read(row, "grade")?;
        let pair = Pair::of(PatientId(row.get("one_id")?), PatientId(row.get("other_id")?));
        let reasons = Member::read(row, "reasons")?;
        let score = (PARTS - lacking) / PARTS;
        Ok(ListedPair { id: row.get("id")?, alike: Alike { pair, grade, score, reasons } })
    }

    fn order(&self) -> Order {
        Order::by_default(Column::text("d.place"), false)
    }

    fn restrict(&self, sql: &mut Sql) {
        sql.push(" WHERE 1 = 1");
        sql.and(" AND d.grade = ", self.filter.grade.map(Grade::as_str));
        if let Some(patient) = self.filter.patient {
            sql.push(" AND d.id IN (SELECT id FROM likely_duplicates WHERE one_id = ")
                .bind(patient.0);
            sql.push(" UNION ALL SELECT id FROM likely_duplicates WHERE other_id = ")
                .bind(patient.0);
            sql.push(")");
        }
    }
}
