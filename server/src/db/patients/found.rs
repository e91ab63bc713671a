//! The patients whom a search finds, best first, by reading a bounded number of entries of the index.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use shared::{page::COUNT_MAX, patient::Patient};

use super::{Listing, TABLES};
use crate::{
    db::{
        Conn, DbError, Row, Sql,
        listing::{Listed, Seek},
        search::{
            Ranges, Search,
            terms::{ARCHIVED, PatientTerms},
        },
    },
    error::Error,
};

/// The maximum number of entries that are read for a page. A page that is not full then goes on with the next
/// one.
const PAGE_ENTRIES_MAX: i64 = 2_000;
/// The maximum number of entries that are read to count the results of a single word among the patients whom
/// filters leave.
const COUNT_ENTRIES_MAX: i64 = 20_000;
/// The number of patients up to which a scope or a filter that has an index is read as a whole.
const FEW_MAX: i64 = 5_000;
/// At first, entries are read up to the next round number after that of the rows: a patient may have several
/// entries, and a round number has its own plan in PostgreSQL (see [`Sql::limit`]).
const ROUND: i64 = 10;
/// The number of entries in a later statement.
const CHUNK: i64 = 1_000;
/// The number of patients up to which a search of several words counts.
const COUNT_SEVERAL: i64 = 100;

/// The place of an entry among the results of a search.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Place {
    range: usize,
    /// The term without its mark of archived patients.
    term: String,
    /// The name by which entries of a term are sorted.
    name: String,
    id: i64,
}

/// A patient who was found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) patient: Patient,
    /// The number of words that match only the beginning of a term.
    pub(crate) rank: i64,
    pub(crate) place: Place,
}

/// A part of the results.
#[derive(Debug)]
pub(crate) struct Part<T = Found, K = Place> {
    /// The results, best first.
    pub(crate) rows: Vec<T>,
    /// The place at which reading has stopped before all rows were found, since enough entries were read.
    pub(crate) stopped: Option<K>,
}

/// The number of patients whom a search finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) number: i64,
    /// Whether there may be more.
    pub(crate) is_capped: bool,
}

/// A matching patient. The record is read with the entry or later.
#[derive(Debug)]
struct Hit {
    place: Place,
    rank: i64,
    patient: Option<Patient>,
}

/// A search in a list.
pub(crate) struct Finder<'a> {
    list: &'a Listing<'a>,
    ranges: Ranges,
    /// What stands before the terms of the patients in the list.
    mark: &'static str,
    /// All patients of the list, with or without the words, where they are few.
    few: Option<Vec<Hit>>,
}

impl Listing<'_> {
    /// Begins the search of the list.
    pub(crate) async fn finder<'a>(
        &'a self,
        conn: &mut Conn<'_>,
        search: &Search,
    ) -> Result<Finder<'a>, DbError> {
        let mut finder = Finder::of(self, search);
        if self.is_narrow() {
            finder.few = finder.read_few(conn).await?;
        }
        Ok(finder)
    }

    /// The statements that the search may send, for query plans.
    pub(in crate::db) fn statements(&self) -> Vec<Sql> {
        let Some(search) = self.search else { return Vec::new() };
        let (finder, place) = (Finder::of(self, search), Place::default());
        let mut all = Vec::new();
        for range in finder.ranges.starts() {
            all.push(finder.entries(range, None, false, 3 * ROUND, true));
            for is_backwards in [false, true] {
                all.push(finder.entries(range, Some(&place), is_backwards, CHUNK, false));
            }
            all.push(finder.first_count(range.1, COUNT_MAX + 1));
        }
        if self.is_narrow() {
            all.extend([finder.few_exceeded(), finder.few_read()]);
        }
        all
    }
}

impl<'a> Finder<'a> {
    fn of(list: &'a Listing<'a>, search: &Search) -> Self {
        let mark = if list.is_archived() { ARCHIVED } else { "" };
        Self { list, ranges: search.ranges(), mark, few: None }
    }

    /// Reads a part of the results, best first.
    pub(crate) async fn find(
        &self,
        conn: &mut Conn<'_>,
        seek: &Seek<Place>,
    ) -> Result<Part, DbError> {
        let part = self.hits(conn, seek, 0, PAGE_ENTRIES_MAX + seek.offset, true).await?;
        let rows = self.with_records(conn, part.rows).await?;
        Ok(Part { rows, stopped: part.stopped })
    }

    /// The matching patients of a list, in order, where the list without the search has few patients.
    async fn read_few(&self, conn: &mut Conn<'_>) -> Result<Option<Vec<Hit>>, DbError> {
        if self.few_exceeded().fetch_optional(conn).await?.is_some() {
            return Ok(None);
        }
        let mut hits = Vec::new();
        for row in self.few_read().fetch_all(conn).await? {
            let terms = terms(&row)?;
            if let Some((range, term)) = self.ranges.place(&terms) {
                let (name, id) = (row.get("found_name")?, row.get("id")?);
                let place = Place { range, term, name, id };
                hits.push(Hit { place, rank: self.ranges.rank(&terms), patient: None });
            }
        }
        hits.sort_unstable_by(|a, b| a.place.cmp(&b.place));
        Ok(Some(hits))
    }

    /// The statement that has a row if the list without the search has more than few patients.
    fn few_exceeded(&self) -> Sql {
        let mut sql = Sql::new("SELECT p.id FROM patients p WHERE 1 = 1");
        self.list.restrict_unsearched(&mut sql);
        self.list.order_by_owner(&mut sql);
        sql.limit(1, FEW_MAX);
        sql
    }

    /// The statement for all patients of the list without the search.
    fn few_read(&self) -> Sql {
        let mut sql = Sql::new(
            "SELECT p.id, p.sort_name AS found_name, p.terms AS found_terms FROM patients p WHERE 1 = 1",
        );
        self.list.restrict_unsearched(&mut sql);
        self.list.order_by_owner(&mut sql);
        sql.limit(FEW_MAX, 0);
        sql
    }

    /// The hits of a part, from a range on, by reading at most so many entries. `with_records` says whether their records are wanted: the first
    /// statement then reads them too.
    async fn hits(
        &self,
        conn: &mut Conn<'_>,
        seek: &Seek<Place>,
        first: usize,
        entries: i64,
        with_records: bool,
    ) -> Result<Part<Hit>, DbError> {
        if let Some(few) = &self.few {
            return Ok(Part { rows: among(few, seek), stopped: None });
        }
        let mut walk = Walk {
            rows: Vec::new(),
            wanted: seek.limit,
            skipped: seek.offset,
            entries,
            last: None,
            with_records,
        };
        let starts: Vec<_> = match seek.is_backwards {
            true => self.ranges.starts().rev().collect(),
            false => self.ranges.starts().collect(),
        };
        for (range, start) in starts {
            let after = match &seek.place {
                Some(place) if place.range == range => Some(place.clone()),
                Some(place) if (range < place.range) != seek.is_backwards => continue,
                _ => None,
            };
            if range >= first
                && !self
                    .read_range(conn, &mut walk, (range, start), after, seek.is_backwards)
                    .await?
            {
                break;
            }
        }
        if seek.is_backwards {
            walk.rows.reverse();
        }
        let stopped = walk.last.filter(|_| walk.wanted > 0 && walk.entries == 0);
        Ok(Part { rows: walk.rows, stopped })
    }

    /// Reads a range, after a place in it. Returns whether more are wanted.
    async fn read_range(
        &self,
        conn: &mut Conn<'_>,
        walk: &mut Walk,
        (range, start): (usize, &str),
        mut after: Option<Place>,
        is_backwards: bool,
    ) -> Result<bool, DbError> {
        let mut size = (walk.wanted.saturating_add(walk.skipped) / ROUND + 1).saturating_mul(ROUND);
        loop {
            let rows_max = size.min(CHUNK).min(walk.entries);
            let sql = self.entries(
                (range, start),
                after.as_ref(),
                is_backwards,
                rows_max,
                walk.with_records,
            );
            let rows = sql.fetch_all(conn).await?;
            let place = |row: &Row| -> Result<Place, Error> {
                let term = row.get::<String>("found_term")?.split_off(self.mark.len());
                let (name, id) = (row.get("found_name")?, row.get("found_id")?);
                Ok(Place { range, term, name, id })
            };
            walk.last = rows.last().map(place).transpose()?.or(walk.last.take());
            for row in &rows {
                walk.entries -= 1;
                if row.get::<i64>("fits")? == 0 {
                    continue;
                }
                let (terms, place) = (terms(row)?, place(row)?);
                if self.ranges.place(&terms).is_none_or(|it| it != (range, place.term.clone())) {
                    continue;
                }
                if walk.skipped > 0 {
                    walk.skipped -= 1;
                    continue;
                }
                let patient = walk.with_records.then(|| self.list.read(row)).transpose()?;
                walk.rows.push(Hit { place, rank: self.ranges.rank(&terms), patient });
                walk.wanted -= 1;
                if walk.wanted == 0 {
                    return Ok(false);
                }
            }
            let is_end = i64::try_from(rows.len()).is_ok_and(|read| read < rows_max);
            if walk.entries == 0 {
                return Ok(false);
            }
            if is_end {
                return Ok(true);
            }
            // From here on most entries are of patients who do not match, and reading may take long.
            (after, size, walk.with_records) = (walk.last.clone(), CHUNK, false);
            conn.0.run_apart();
        }
    }

    /// The statement for the entries of a range after a place. Where an entry itself says that it does not match, its
    /// patient is not read.
    fn entries(
        &self,
        (range, start): (usize, &str),
        after: Option<&Place>,
        is_backwards: bool,
        rows: i64,
        with_records: bool,
    ) -> Sql {
        let mut sql = Sql::new(if with_records { self.list.columns() } else { "SELECT p.id" });
        sql.push(", w.patient_id AS found_id, w.term AS found_term, w.sort_name AS found_name, ");
        sql.push("p.terms AS found_terms, CAST(CASE WHEN p.id IS NOT NULL");
        self.list.restrict_unsearched(&mut sql);
        // The entries are read in their order, and each patient by its id.
        sql.push(" THEN 1 ELSE 0 END AS BIGINT) AS fits FROM patient_terms w ");
        sql.push("LEFT JOIN patients p ON p.id = ");
        match self.ranges.ending(range) {
            // A condition of its own would be checked after the patient is read.
            Some(ending) => sql
                .push("CASE WHEN length(replace(w.term, ")
                .bind(ending)
                .push(", '')) < length(w.term) THEN w.patient_id END"),
            None => sql.push("w.patient_id"),
        };
        sql.push(if with_records { record_creator!("p") } else { "" }).push(" WHERE 1 = 1");
        // A place takes the part of the bound on its side: SQLite would use either of two.
        if after.is_none() || is_backwards {
            sql.push(" AND w.term >= ").bind(self.indexed(start));
        }
        if after.is_none() || !is_backwards {
            sql.push(" AND w.term < ").bind(self.end(start));
        }
        if let Some(place) = after {
            sql.push(" AND (w.term, w.sort_name, w.patient_id)");
            sql.push(if is_backwards { " < (" } else { " > (" }).bind(self.indexed(&place.term));
            sql.push(", ").bind(place.name.as_str()).push(", ").bind(place.id).push(")");
        }
        let order = match is_backwards {
            true => " ORDER BY w.term DESC, w.sort_name DESC, w.patient_id DESC",
            false => " ORDER BY w.term, w.sort_name, w.patient_id",
        };
        sql.push(order);
        sql.limit(rows, 0);
        sql
    }

    /// A term as it stands in the index.
    fn indexed(&self, term: &str) -> String {
        format!("{}{term}", self.mark)
    }

    /// The end of the terms that begin with a text.
    fn end(&self, start: &str) -> String {
        format!("{}{start}\u{10ffff}", self.mark)
    }

    /// Counts the results, up to one more than is told. Those of several words are counted less far.
    pub(crate) async fn count(&self, conn: &mut Conn<'_>) -> Result<Count, DbError> {
        if let Some(few) = &self.few {
            let number = i64::try_from(few.len()).unwrap_or(i64::MAX);
            return Ok(Count { number: number.min(COUNT_MAX), is_capped: number > COUNT_MAX });
        }
        let is_one_word = self.ranges.is_one_word();
        let (max, entries) = match is_one_word {
            true => (COUNT_MAX, COUNT_ENTRIES_MAX),
            false => (COUNT_SEVERAL, PAGE_ENTRIES_MAX),
        };
        let (mut number, mut first) = (0, 0);
        if is_one_word
            && !self.list.is_filtered()
            && let Some((_, start)) = self.ranges.starts().next()
        {
            number = self.first_count(start, max + 1).fetch_one(conn).await?.get("rows")?;
            first = 1;
        }
        if number > max {
            return Ok(Count { number: max, is_capped: true });
        }
        let seek = Seek { place: None, is_backwards: false, limit: max + 1 - number, offset: 0 };
        let further = self.hits(conn, &seek, first, entries, false).await?;
        number += i64::try_from(further.rows.len()).unwrap_or(i64::MAX);
        Ok(Count { number: number.min(max), is_capped: number > max || further.stopped.is_some() })
    }

    /// The statement that counts the patients of the first range of a single word, by the index alone.
    fn first_count(&self, start: &str, max: i64) -> Sql {
        let mut sql =
            Sql::new("SELECT count(*) AS rows FROM (SELECT 1 AS one FROM patient_terms w");
        sql.push(" WHERE w.term >= ").bind(self.indexed(start));
        sql.push(" AND w.term < ").bind(self.end(start));
        let length = start.len() + self.mark.len();
        sql.push(" AND w.shared < ").bind(i64::try_from(length).unwrap_or(i64::MAX));
        sql.push(" LIMIT ").bind(max).push(") AS found");
        sql
    }

    /// The results with their records. A patient who was erased meanwhile is left out.
    async fn with_records(
        &self,
        conn: &mut Conn<'_>,
        hits: Vec<Hit>,
    ) -> Result<Vec<Found>, DbError> {
        let missing = hits.iter().filter(|hit| hit.patient.is_none()).map(|hit| hit.place.id);
        let mut records = self.records(conn, missing.collect()).await?;
        let found = |hit: Hit| {
            let read = || {
                let at = records.iter().position(|patient| patient.id.0 == hit.place.id)?;
                Some(records.swap_remove(at))
            };
            let patient = hit.patient.or_else(read)?;
            Some(Found { patient, rank: hit.rank, place: hit.place })
        };
        Ok(hits.into_iter().filter_map(found).collect())
    }

    async fn records(&self, conn: &mut Conn<'_>, ids: Vec<i64>) -> Result<Vec<Patient>, DbError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = Sql::new(self.list.columns());
        sql.push(TABLES).push(" WHERE p.id IN (").bind_all(ids).push(")");
        let rows = sql.fetch_all(conn).await?;
        Ok(rows.iter().map(|row| self.list.read(row)).collect::<Result<_, Error>>()?)
    }
}

/// How far reading has come.
struct Walk {
    rows: Vec<Hit>,
    /// The number of rows that are still wanted.
    wanted: i64,
    /// The number of rows that are still left out.
    skipped: i64,
    /// The number of entries that may still be read.
    entries: i64,
    /// The entry that was read last.
    last: Option<Place>,
    with_records: bool,
}

/// The part of a list that is in memory.
fn among(all: &[Hit], seek: &Seek<Place>) -> Vec<Hit> {
    let lies_there = |hit: &&Hit| match &seek.place {
        Some(place) if seek.is_backwards => hit.place.cmp(place) == Ordering::Less,
        Some(place) => hit.place.cmp(place) == Ordering::Greater,
        None => true,
    };
    let copied = |hit: &Hit| Hit { place: hit.place.clone(), rank: hit.rank, patient: None };
    let count = |number: i64| usize::try_from(number).unwrap_or_default();
    let (offset, limit) = (count(seek.offset), count(seek.limit));
    if seek.is_backwards {
        let mut hits: Vec<_> =
            all.iter().rev().filter(lies_there).take(limit).map(copied).collect();
        hits.reverse();
        return hits;
    }
    all.iter().filter(lies_there).skip(offset).take(limit).map(copied).collect()
}

fn terms(row: &Row) -> Result<PatientTerms, Error> {
    let stored = row.text("found_terms")?;
    Ok(PatientTerms::stored(stored.unwrap_or_default()))
}
