//! The patients whom a search finds, best first, by reading a bounded number of entries of the index.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use shared::{page::COUNT_MAX, patient::Patient};

use super::{Listing, TABLES};
use crate::{
    db::{
        Arg, Conn, DbError, Row, Sql,
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
/// The maximum number of entries of each range that are read together with those of others.
const TOGETHER: i64 = 110;
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
    is_sqlite: bool,
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
        let mut finder = Finder::of(self, search, conn.0.is_sqlite());
        if self.is_narrow() {
            finder.few = finder.read_few(conn).await?;
        }
        Ok(finder)
    }

    /// The statements that the search may send, for query plans.
    pub(in crate::db) fn statements(&self, is_sqlite: bool) -> Vec<Sql> {
        let Some(search) = self.search else { return Vec::new() };
        let (finder, place) = (Finder::of(self, search, is_sqlite), Place::default());
        let mut all = Vec::new();
        for range in finder.ranges.starts() {
            all.push(finder.entries(range, None, false, 3 * ROUND, true));
            for is_backwards in [false, true] {
                all.push(finder.entries(range, Some(&place), is_backwards, CHUNK, false));
            }
            all.push(finder.first_count(range.1, COUNT_MAX + 1));
        }
        if !is_sqlite {
            let ranges: Vec<_> = finder.ranges.starts().collect();
            for is_backwards in [false, true] {
                all.extend(finder.entries_of_all(&ranges, is_backwards, 3 * ROUND, true));
            }
        }
        if self.is_narrow() {
            all.extend([finder.few_exceeded(), finder.few_read()]);
        }
        all
    }
}

impl<'a> Finder<'a> {
    fn of(list: &'a Listing<'a>, search: &Search, is_sqlite: bool) -> Self {
        let mark = if list.is_archived() { ARCHIVED } else { "" };
        Self { list, ranges: search.ranges(), mark, is_sqlite, few: None }
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
            is_backwards: seek.is_backwards,
        };
        let mut ranges: Vec<_> = self.ranges.starts().skip(first).collect();
        if seek.is_backwards {
            ranges.reverse();
        }
        if let Some(place) = &seek.place {
            ranges.retain(|(range, _)| match seek.is_backwards {
                true => *range <= place.range,
                false => *range >= place.range,
            });
        }
        let mut rest = ranges.as_slice();
        while let Some((one, _)) = rest.split_first() {
            let after = seek.place.clone().filter(|place| place.range == one.0);
            let together = if after.is_some() { 1 } else { self.together(rest) };
            let (next, others) = rest.split_at(together);
            if !self.read_ranges(conn, &mut walk, next, after).await? {
                break;
            }
            rest = others;
        }
        if seek.is_backwards {
            walk.rows.reverse();
        }
        let stopped = walk.last.filter(|_| walk.wanted > 0 && walk.entries == 0);
        let stopped = stopped.map(|entry| self.place(&entry)).transpose()?;
        Ok(Part { rows: walk.rows, stopped })
    }

    /// How many of the ranges are read with one statement. Statements take time on their way to PostgreSQL. The first
    /// range of a single word mostly fills the page.
    fn together(&self, ranges: &[(usize, &str)]) -> usize {
        match ranges {
            [(0, _), ..] if self.ranges.is_one_word() => 1,
            _ if self.is_sqlite => 1,
            _ => ranges.len(),
        }
    }

    /// Reads ranges, one after another. Of a single one a place may be given after which it is read. Returns whether more
    /// hits are wanted.
    async fn read_ranges(
        &self,
        conn: &mut Conn<'_>,
        walk: &mut Walk,
        ranges: &[(usize, &str)],
        after: Option<Place>,
    ) -> Result<bool, DbError> {
        let wanted = walk.wanted.saturating_add(walk.skipped);
        let most = if ranges.len() > 1 { TOGETHER } else { CHUNK };
        let size = (wanted / ROUND + 1).saturating_mul(ROUND).min(most).min(walk.entries);
        let with_records = walk.with_records;
        let mut all: Vec<Vec<Entry>> = ranges.iter().map(|_| Vec::new()).collect();
        let sql = match ranges {
            [one] => self.entries(*one, after.as_ref(), walk.is_backwards, size, with_records),
            _ => self.entries_of_all(ranges, walk.is_backwards, size, with_records)?,
        };
        for row in sql.fetch_all(conn).await? {
            let range = if let [(range, _)] = ranges { *range } else { range_of(&row)? };
            let place = ranges.iter().position(|(one, _)| *one == range);
            let of_range = place.and_then(|place| all.get_mut(place));
            let of_range = of_range.ok_or_else(|| Error::internal("an entry of no range"))?;
            of_range.push(Entry { range, row });
        }
        for (range, mut entries) in ranges.iter().zip(all) {
            if ranges.len() > 1 {
                // PostgreSQL may join the ranges with their entries in any order.
                entries = self.sorted(entries, walk.is_backwards)?;
            }
            if !self.read_range(conn, walk, *range, (entries, size, with_records)).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads a range, of which so many entries were read and so many asked for. Returns whether more hits are wanted.
    async fn read_range(
        &self,
        conn: &mut Conn<'_>,
        walk: &mut Walk,
        range: (usize, &str),
        (mut entries, mut size, mut with_records): (Vec<Entry>, i64, bool),
    ) -> Result<bool, DbError> {
        loop {
            let is_end = i64::try_from(entries.len()).is_ok_and(|read| read < size);
            for entry in entries {
                if walk.entries == 0 {
                    return Ok(false);
                }
                walk.entries -= 1;
                self.take(walk, &entry, with_records)?;
                walk.last = Some(entry);
                if walk.wanted == 0 {
                    return Ok(false);
                }
            }
            if walk.entries == 0 {
                return Ok(false);
            }
            if is_end {
                return Ok(true);
            }
            // From here on most entries are of patients who do not match, and reading may take long.
            (size, with_records, walk.with_records) = (CHUNK.min(walk.entries), false, false);
            conn.0.run_apart();
            let after = walk.last.as_ref().map(|entry| self.place(entry)).transpose()?;
            let sql = self.entries(range, after.as_ref(), walk.is_backwards, size, false);
            let rows = sql.fetch_all(conn).await?;
            entries = rows.into_iter().map(|row| Entry { range: range.0, row }).collect();
        }
    }

    /// Takes an entry, if it is the first one of a patient who matches.
    fn take(&self, walk: &mut Walk, entry: &Entry, with_records: bool) -> Result<(), Error> {
        if entry.row.get::<i64>("fits")? == 0 {
            return Ok(());
        }
        let (terms, place) = (terms(&entry.row)?, self.place(entry)?);
        if self.ranges.place(&terms).is_none_or(|it| it != (place.range, place.term.clone())) {
            return Ok(());
        }
        if walk.skipped > 0 {
            walk.skipped -= 1;
            return Ok(());
        }
        let patient = with_records.then(|| self.list.read(&entry.row)).transpose()?;
        walk.rows.push(Hit { place, rank: self.ranges.rank(&terms), patient });
        walk.wanted -= 1;
        Ok(())
    }

    /// The entries of a range in the order of the index.
    fn sorted(&self, entries: Vec<Entry>, is_backwards: bool) -> Result<Vec<Entry>, Error> {
        let placed = entries.into_iter().map(|entry| Ok((self.place(&entry)?, entry)));
        let mut placed = placed.collect::<Result<Vec<_>, Error>>()?;
        placed.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        if is_backwards {
            placed.reverse();
        }
        Ok(placed.into_iter().map(|(_, entry)| entry).collect())
    }

    fn place(&self, entry: &Entry) -> Result<Place, Error> {
        let Entry { range, row } = entry;
        let term = row.get::<String>("found_term")?.split_off(self.mark.len());
        Ok(Place { range: *range, term, name: row.get("found_name")?, id: row.get("found_id")? })
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
        let mut sql = self.selected(with_records);
        sql.push(" FROM patient_terms w LEFT JOIN patients p ON p.id = ");
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
            self.bound(sql.push(" AND w.term >= "), self.indexed(start));
        }
        if after.is_none() || !is_backwards {
            self.bound(sql.push(" AND w.term < "), self.end(start));
        }
        if let Some(place) = after {
            sql.push(" AND (w.term, w.sort_name, w.patient_id)");
            sql.push(if is_backwards { " < (" } else { " > (" });
            self.bound(&mut sql, self.indexed(&place.term));
            self.bound(sql.push(", "), place.name.as_str());
            self.bound(sql.push(", "), place.id);
            sql.push(")");
        }
        sql.push(order(is_backwards));
        sql.limit(rows, 0);
        sql
    }

    /// The statement of PostgreSQL for the first entries of each of these ranges.
    fn entries_of_all(
        &self,
        ranges: &[(usize, &str)],
        is_backwards: bool,
        rows: i64,
        with_records: bool,
    ) -> Result<Sql, Error> {
        let range = |(range, start): &(usize, &str)| TermRange {
            range: *range,
            start: self.indexed(start),
            end: self.end(start),
            ending: self.ranges.ending(*range),
        };
        let ranges: Vec<_> = ranges.iter().map(range).collect();
        let ranges = serde_json::to_string(&ranges).map_err(|e| Error::Internal(e.into()))?;
        let mut sql = self.selected(with_records);
        sql.push(", CAST(r ->> 'range' AS BIGINT) AS found_range FROM json_array_elements(");
        sql.bind(ranges).push(
            "::json) AS r CROSS JOIN LATERAL (SELECT term, sort_name, patient_id \
             FROM patient_terms w WHERE w.term >= (r ->> 'start') AND w.term < (r ->> 'end')",
        );
        sql.push(order(is_backwards));
        sql.limit(rows, 0).push(
            // The limits keep PostgreSQL from reading all patients or users to join them.
            ") AS w LEFT JOIN LATERAL (SELECT * FROM patients WHERE id = w.patient_id \
             AND (r ->> 'ending' IS NULL OR strpos(w.term, r ->> 'ending') > 0) LIMIT 1) AS p ON TRUE",
        );
        sql.push(match with_records {
            true => " LEFT JOIN LATERAL (SELECT * FROM users WHERE id = p.created_by LIMIT 1) AS c ON TRUE",
            false => "",
        });
        Ok(sql)
    }

    /// The columns of an entry `w` with its patient `p`.
    fn selected(&self, with_records: bool) -> Sql {
        let mut sql = Sql::new(if with_records { self.list.columns() } else { "SELECT p.id" });
        sql.push(", w.patient_id AS found_id, w.term AS found_term, w.sort_name AS found_name, ");
        sql.push("p.terms AS found_terms, CAST(CASE WHEN p.id IS NOT NULL");
        self.list.restrict_unsearched(&mut sql);
        // The entries are read in their order, and each patient by its id.
        sql.push(" THEN 1 ELSE 0 END AS BIGINT) AS fits");
        sql
    }

    /// Appends a placeholder for a bound of a range. PostgreSQL would estimate from each value how many entries there
    /// are, and plan the statement anew each time, which takes longer than reading them. It does not look into a query
    /// of its own, and keeps the plan.
    fn bound(&self, sql: &mut Sql, value: impl Into<Arg>) {
        match self.is_sqlite {
            true => sql.bind(value),
            false => sql.push("(SELECT ").bind(value).push(")"),
        };
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
        self.bound(sql.push(" WHERE w.term >= "), self.indexed(start));
        self.bound(sql.push(" AND w.term < "), self.end(start));
        let length = start.len() + self.mark.len();
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        self.bound(sql.push(" AND w.shared < "), length);
        sql.limit(max, 0).push(") AS found");
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

    /// The list.
    pub(super) fn list(&self) -> &Listing<'a> {
        self.list
    }

    /// Whether somebody with these terms is found.
    pub(super) fn matches(&self, terms: &PatientTerms) -> bool {
        self.ranges.place(terms).is_some()
    }

    /// The ids of those who are found, up to one more than `max`, and whether these are all. Not more entries are read
    /// than are counted.
    pub(super) async fn matching(
        &self,
        conn: &mut Conn<'_>,
        max: i64,
    ) -> Result<(Vec<i64>, bool), DbError> {
        let seek = Seek { place: None, is_backwards: false, limit: max + 1, offset: 0 };
        let found = self.hits(conn, &seek, 0, COUNT_ENTRIES_MAX, false).await?;
        let ids: Vec<_> = found.rows.iter().map(|hit| hit.place.id).collect();
        let is_all =
            found.stopped.is_none() && i64::try_from(ids.len()).is_ok_and(|found| found <= max);
        Ok((ids, is_all))
    }

    pub(super) async fn records(
        &self,
        conn: &mut Conn<'_>,
        ids: Vec<i64>,
    ) -> Result<Vec<Patient>, DbError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = Sql::new(self.list.columns());
        sql.push(TABLES).push(" WHERE p.id IN (").bind_all(ids).push(")");
        let rows = sql.fetch_all(conn).await?;
        Ok(rows.iter().map(|row| self.list.read(row)).collect::<Result<_, Error>>()?)
    }
}

/// An entry of the index with its patient.
struct Entry {
    /// The range in which it was read.
    range: usize,
    row: Row,
}

/// A range of the index, as it is passed to PostgreSQL.
#[derive(Serialize)]
struct TermRange {
    range: usize,
    start: String,
    end: String,
    /// What the terms of patients who match have somewhere.
    ending: Option<String>,
}

fn range_of(row: &Row) -> Result<usize, Error> {
    let range: i64 = row.get("found_range")?;
    usize::try_from(range).map_err(|e| Error::Internal(e.into()))
}

/// The order of the index.
fn order(is_backwards: bool) -> &'static str {
    match is_backwards {
        true => " ORDER BY w.term DESC, w.sort_name DESC, w.patient_id DESC",
        false => " ORDER BY w.term, w.sort_name, w.patient_id",
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
    /// The entry that was taken or left out last.
    last: Option<Entry>,
    with_records: bool,
    is_backwards: bool,
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

pub(super) fn terms(row: &Row) -> Result<PatientTerms, Error> {
    let stored = row.text("found_terms")?;
    Ok(PatientTerms::stored(stored.unwrap_or_default()))
}
