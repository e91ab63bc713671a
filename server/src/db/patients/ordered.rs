//! The patients whom a search finds, in another order than that of the search.

use shared::{page::COUNT_MAX, patient::Patient};

use super::{
    Listing,
    found::{Count, Finder, Part, terms},
};
use crate::{
    db::{
        Conn, DbError, Row, Sql,
        listing::{self, Listed, Order, Seek, SortKey},
        search::terms::PatientTerms,
    },
    error::Error,
};

/// The numbers of ids in a statement, so that statements have few texts. The last one is the number of patients up to
/// which all who match are sorted.
const SIZES: [usize; 4] = [10, 100, 300, 1_000];
/// The number of patients who are read at once in the order of the list, and for a page at most. A page that is not full
/// then goes on with the next one.
const CHUNK: i64 = 1_000;
const SCANNED_MAX: i64 = 5_000;

/// Some patients of a list.
struct Chosen<'a> {
    list: &'a Listing<'a>,
    ids: Vec<i64>,
}

impl<'a> Chosen<'a> {
    fn new(list: &'a Listing<'a>, mut ids: Vec<i64>) -> Self {
        let size = SIZES.into_iter().find(|size| *size >= ids.len()).unwrap_or(ids.len());
        // No patient has the id 0.
        ids.resize(size, 0);
        Self { list, ids }
    }
}

impl Listed for Chosen<'_> {
    const COLUMNS: &'static str = <Listing<'_> as Listed>::COLUMNS;
    const TABLES: &'static str = <Listing<'_> as Listed>::TABLES;
    const COUNTED: &'static str = <Listing<'_> as Listed>::COUNTED;
    const ID: &'static str = <Listing<'_> as Listed>::ID;

    type Record = Patient;

    fn columns(&self) -> &'static str {
        self.list.columns()
    }

    fn read(&self, row: &Row) -> Result<Patient, Error> {
        self.list.read(row)
    }

    fn restrict(&self, sql: &mut Sql) {
        self.list.restrict(sql);
        sql.push(" AND p.id IN (").bind_all(self.ids.iter().copied()).push(")");
    }

    fn order(&self) -> Order {
        self.list.order()
    }
}

/// The ids and terms of a list.
struct Scanned<'a>(&'a Listing<'a>);

impl Listed for Scanned<'_> {
    const COLUMNS: &'static str = "SELECT p.id, p.terms AS found_terms";
    const TABLES: &'static str = " FROM patients p";
    const COUNTED: &'static str = Self::TABLES;
    const ID: &'static str = "p.id";

    type Record = PatientTerms;

    fn read(&self, row: &Row) -> Result<PatientTerms, Error> {
        terms(row)
    }

    fn restrict(&self, sql: &mut Sql) {
        self.0.restrict(sql);
    }

    fn order(&self) -> Order {
        self.0.order()
    }
}

/// The statements that a search with the order of the list may send in addition, for query plans: for a few chosen
/// patients, and for all in the order of the list.
pub(in crate::db) fn statements(list: &Listing<'_>) -> Result<[Sql; 2], DbError> {
    let seek = Seek { place: None, is_backwards: false, limit: 21, offset: 0 };
    let chunk = Seek { limit: CHUNK, ..seek.clone() };
    let chosen = listing::select(&Chosen::new(list, vec![1]), &seek, false)?;
    Ok([chosen, listing::select(&Scanned(list), &chunk, false)?])
}

impl Finder<'_> {
    /// Reads a part of the results in the order of the list. Few are sorted. Of many, the next one is near in any order,
    /// so the list is read in its order.
    pub(crate) async fn ordered(
        &self,
        conn: &mut Conn<'_>,
        seek: &Seek,
    ) -> Result<(Part<(Patient, SortKey), SortKey>, Count), DbError> {
        let (ids, is_all) = self.matching(conn, COUNT_MAX).await?;
        let number = i64::try_from(ids.len()).unwrap_or(i64::MAX).min(COUNT_MAX);
        let count = Count { number, is_capped: !is_all };
        if is_all {
            let rows = listing::read(conn, &Chosen::new(self.list(), ids), seek).await?;
            return Ok((Part { rows, stopped: None }, count));
        }
        Ok((self.scan(conn, seek).await?, count))
    }

    /// Reads the list in its order and keeps those who match.
    async fn scan(
        &self,
        conn: &mut Conn<'_>,
        seek: &Seek,
    ) -> Result<Part<(Patient, SortKey), SortKey>, DbError> {
        let (mut place, mut left, mut skipped) = (seek.place.clone(), SCANNED_MAX, seek.offset);
        let mut hits: Vec<SortKey> = Vec::new();
        let is_full = |hits: &[SortKey]| i64::try_from(hits.len()).is_ok_and(|it| it >= seek.limit);
        let mut is_end = false;
        while left > 0 && !is_end && !is_full(&hits) {
            let chunk = Seek { place: place.take(), limit: CHUNK, offset: 0, ..seek.clone() };
            let mut some = listing::read(conn, &Scanned(self.list()), &chunk).await?;
            if seek.is_backwards {
                some.reverse();
            }
            is_end = i64::try_from(some.len()).is_ok_and(|read| read < CHUNK);
            left -= CHUNK;
            for (terms, key) in some {
                place = Some(key.clone());
                match self.matches(&terms) {
                    true if skipped > 0 => skipped -= 1,
                    true => hits.push(key),
                    false => {}
                }
                if is_full(&hits) {
                    break;
                }
            }
        }
        let stopped = place.filter(|_| !is_full(&hits) && !is_end);
        let ids = hits.iter().map(|key| key.id).collect();
        let mut records = self.records(conn, ids).await?;
        let found = |key: SortKey| {
            let at = records.iter().position(|patient| patient.id.0 == key.id)?;
            Some((records.swap_remove(at), key))
        };
        let mut rows: Vec<_> = hits.into_iter().filter_map(found).collect();
        if seek.is_backwards {
            rows.reverse();
        }
        Ok(Part { rows, stopped })
    }
}
