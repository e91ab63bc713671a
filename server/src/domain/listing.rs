//! Pagination: reading the requested page, and building it with the cursors of its neighbours.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use shared::{
    FieldError, FieldErrors,
    page::{COUNT_MAX, PAGE_SIZE, ROW_MAX},
    patient::Patient,
    query::Pages,
};

use crate::{
    app::App,
    db::{
        DbError,
        listing::{self, Listed, Order, Seek, SortKey},
        patients::{self, Count, Part},
        search::Search,
    },
    error::Error,
};

/// The number of rows that are skipped in no time worth mentioning.
const OFFSET_SHORT: i64 = 500;

/// One page of a list, with the cursors of its neighbours.
pub struct PageSlice<T> {
    /// The number of rows in the list, up to the limit.
    pub count: i64,
    /// Whether there are more rows than counted.
    pub is_capped: bool,
    /// The cursor of the next page.
    pub next: Option<String>,
    /// The cursor of the previous page.
    pub previous: Option<String>,
    /// The rows.
    pub rows: Vec<T>,
}

/// The content of a cursor: a row, and the direction in which the page lies. It is encrypted for
/// its list and ordering, because the key of another list or ordering means nothing.
#[derive(Serialize, Deserialize)]
struct Cursor<K> {
    /// Whether the page comes before the row.
    b: bool,
    k: K,
}

/// The position of a page.
pub enum Place<K> {
    /// The page after skipping this many rows.
    Offset(i64),
    /// The page after this row.
    After(K),
    /// The page before this row.
    Before(K),
}

/// A requested page.
pub struct PageRequest<K> {
    /// The position of the page.
    pub place: Place<K>,
    /// The number of rows.
    pub size: i64,
    /// The name of the list and its ordering.
    list: String,
}

impl<K: Clone + DeserializeOwned + Serialize> PageRequest<K> {
    /// Reads the parameters of every list.
    pub(crate) fn read(
        app: &App,
        (page, page_size, cursor): Pages<'_>,
        list: impl Into<String>,
    ) -> Result<Self, FieldErrors> {
        let (size, list) = (page_size.unwrap_or(PAGE_SIZE), list.into());
        let fault = |field: &str, error| Err(FieldErrors::one(field, error));
        let place = match (page, cursor) {
            (Some(_), Some(_)) => {
                let message = "can't be combined with cursor";
                return fault("page", FieldError::new("not_both", message));
            }
            (None, Some(cursor)) => match read_cursor::<K>(app, cursor, &list) {
                Some(place) => place,
                None => {
                    let message = "is not a cursor for this list and ordering";
                    return fault("cursor", FieldError::new("invalid_cursor", message));
                }
            },
            (page, None) => {
                let offset = (page.unwrap_or(1) - 1).saturating_mul(size);
                if offset >= ROW_MAX {
                    let message = format!("reaches only to row {ROW_MAX}: follow next to read on");
                    return fault("page", FieldError::new("too_far", message));
                }
                Place::Offset(offset)
            }
        };
        Ok(Self { place, size, list })
    }

    /// The rows to read, one more than requested.
    pub(crate) fn seek(&self) -> Seek<K> {
        let (place, is_backwards, offset) = match &self.place {
            Place::Offset(offset) => (None, false, *offset),
            Place::After(key) => (Some(key.clone()), false, 0),
            Place::Before(key) => (Some(key.clone()), true, 0),
        };
        Seek { place, is_backwards, limit: self.size + 1, offset }
    }

    /// The number of rows in the list. They are counted only where the rows of the page, with the one
    /// more that was asked for, don't show it.
    pub(crate) async fn count<T>(
        &self,
        rows: &[T],
        counting: impl Future<Output = Result<i64, DbError>>,
    ) -> Result<i64, Error> {
        match self.shown_count(rows.len()) {
            Some(count) => Ok(count),
            None => Ok(counting.await?),
        }
    }

    /// The number of rows in the list where this page is not read from a cursor and no row follows
    /// it.
    fn shown_count(&self, rows: usize) -> Option<i64> {
        let rows = i64::try_from(rows).ok().filter(|rows| *rows <= self.size)?;
        match self.place {
            Place::Offset(0) => Some(rows),
            Place::Offset(offset) if rows > 0 => Some(offset + rows),
            _ => None,
        }
    }

    /// Builds the page from its rows and the count. The rows include one more than requested if
    /// there are more.
    ///
    /// Fails with "not found" for a page past the end.
    pub(crate) fn slice<T>(
        &self,
        app: &App,
        rows: Vec<T>,
        count: i64,
        key: impl Fn(&T) -> K,
    ) -> Result<PageSlice<T>, Error> {
        let count = Count { number: count.min(COUNT_MAX), is_capped: count > COUNT_MAX };
        self.slice_part(app, Part { rows, stopped: None }, count, key)
    }

    /// Like [`Self::slice`], for a part that may have stopped early.
    fn slice_part<T>(
        &self,
        app: &App,
        part: Part<T, K>,
        count: Count,
        key: impl Fn(&T) -> K,
    ) -> Result<PageSlice<T>, Error> {
        let Part { mut rows, stopped } = part;
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let has_more = rows.len() > size;
        if has_more {
            // The extra row is the farthest one in the direction of reading.
            match matches!(self.place, Place::Before(_)) {
                true => drop(rows.remove(0)),
                false => drop(rows.pop()),
            }
        }
        if rows.is_empty() && stopped.is_none() && matches!(self.place, Place::Offset(1..)) {
            return Err(Error::NotFound);
        }
        let (has_next, has_previous) = match self.place {
            Place::Offset(offset) => (has_more, offset > 0),
            Place::After(_) => (has_more, true),
            Place::Before(_) => (true, has_more),
        };
        let cursor = |key: Option<K>, b| {
            key.map(|k| write_cursor(app, &self.list, &Cursor { b, k })).transpose()
        };
        let (mut next, mut previous) = (
            rows.last().filter(|_| has_next).map(&key),
            rows.first().filter(|_| has_previous).map(&key),
        );
        if let Some(place) = stopped {
            match self.place {
                Place::Before(_) => previous = Some(place),
                Place::Offset(_) | Place::After(_) => next = Some(place),
            }
        }
        let (next, previous) = (cursor(next, false)?, cursor(previous, true)?);
        let Count { number, is_capped } = count;
        Ok(PageSlice { count: number, is_capped, next, previous, rows })
    }
}

/// Reads the requested page of a searchable list, and the search.
///
/// Fails with the errors of both.
pub(crate) fn read_list(
    app: &App,
    pages: Pages<'_>,
    order: Order,
    search: Option<&str>,
) -> Result<(PageRequest<SortKey>, Option<Search>), Error> {
    read_page(app, pages, order.name(), search.map(Search::parse))
}

/// Like [`read_list`], with a search that was read before, successfully or not.
pub(crate) fn read_page<K: Clone + DeserializeOwned + Serialize>(
    app: &App,
    pages: Pages<'_>,
    list: impl Into<String>,
    search: Option<Result<Search, FieldError>>,
) -> Result<(PageRequest<K>, Option<Search>), Error> {
    match (PageRequest::read(app, pages, list), search.transpose()) {
        (Ok(request), Ok(search)) => Ok((request, search)),
        (request, search) => {
            let mut errors = request.err().unwrap_or_default();
            errors.extend(search.err().map(|c| FieldErrors::one("search", c)).unwrap_or_default());
            Err(errors.into())
        }
    }
}

impl PageRequest<SortKey> {
    /// Reads the page of a list.
    pub(crate) async fn fetch<L: Listed + Sync>(
        &self,
        app: &App,
        list: &L,
    ) -> Result<PageSlice<L::Record>, Error> {
        let seek = self.seek();
        let mut read = match list.is_bounded() && seek.offset <= OFFSET_SHORT {
            true => app.db().read().await?,
            false => app.db().read_at_length().await?,
        };
        let mut conn = read.conn();
        let (rows, kept) = listing::read_counted(&mut conn, list, &seek).await?;
        let counting = async {
            match kept {
                Some(count) => Ok(count),
                None => listing::count(&mut conn, list, COUNT_MAX + 1).await,
            }
        };
        let count = self.count(&rows, counting).await?;
        Ok(self.slice(app, rows, count, |(_, key)| key.clone())?.map(|(record, _)| record))
    }

    /// Reads the page of the patients whom a search finds, in the order of the list.
    pub(crate) async fn find_ordered(
        &self,
        app: &App,
        list: &patients::Listing<'_>,
        search: &Search,
    ) -> Result<PageSlice<Patient>, Error> {
        let mut read = app.db().read_at_length().await?;
        let mut conn = read.conn();
        let finder = list.finder(&mut conn, search).await?;
        let (part, count) = finder.ordered(&mut conn, &self.seek()).await?;
        let page = self.slice_part(app, part, count, |(_, key)| key.clone())?;
        Ok(page.map(|(patient, _)| patient))
    }
}

impl PageRequest<patients::Place> {
    /// Reads the page of the patients whom a search finds, best first.
    pub(crate) async fn find(
        &self,
        app: &App,
        list: &patients::Listing<'_>,
        search: &Search,
    ) -> Result<PageSlice<Patient>, Error> {
        let seek = self.seek();
        let mut read = app.db().read().await?;
        let mut conn = read.conn();
        let finder = list.finder(&mut conn, search).await?;
        let part = finder.find(&mut conn, &seek).await?;
        let shown = self.shown_count(part.rows.len()).filter(|_| part.stopped.is_none());
        let count = match shown {
            Some(number) => Count { number, is_capped: false },
            None => finder.count(&mut conn).await?,
        };
        let page = self.slice_part(app, part, count, |found| found.place.clone())?;
        Ok(page.map(|found| found.patient))
    }
}

impl<T> PageSlice<T> {
    /// The same page with other rows.
    pub(crate) fn map<U>(self, change: impl Fn(T) -> U) -> PageSlice<U> {
        self.filter_map(|row| Some(change(row)))
    }

    /// The same page with other rows, or none, in the places of these.
    pub(crate) fn filter_map<U>(self, change: impl Fn(T) -> Option<U>) -> PageSlice<U> {
        PageSlice {
            count: self.count,
            is_capped: self.is_capped,
            next: self.next,
            previous: self.previous,
            rows: self.rows.into_iter().filter_map(change).collect(),
        }
    }
}

fn read_cursor<K: DeserializeOwned>(app: &App, sealed: &str, list: &str) -> Option<Place<K>> {
    let cursor = app.tokens().open_cursor(list, sealed)?;
    let cursor: Cursor<K> = serde_json::from_slice(&cursor).ok()?;
    Some(if cursor.b { Place::Before(cursor.k) } else { Place::After(cursor.k) })
}

fn write_cursor<K: Serialize>(app: &App, list: &str, cursor: &Cursor<K>) -> Result<String, Error> {
    let json = serde_json::to_vec(cursor).map_err(|e| Error::Internal(e.into()))?;
    app.tokens().seal_cursor(list, json)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(place: Place<i64>, rows: usize) -> Option<i64> {
        PageRequest { place, size: 20, list: String::new() }.shown_count(rows)
    }

    #[test]
    fn a_page_that_ends_the_list_shows_the_count() {
        assert_eq!(shown(Place::Offset(0), 0), Some(0));
        assert_eq!(shown(Place::Offset(0), 20), Some(20));
        assert_eq!(shown(Place::Offset(0), 21), None, "another row follows");
        assert_eq!(shown(Place::Offset(40), 7), Some(47));
        assert_eq!(shown(Place::Offset(40), 0), None, "the page may lie past the end");
        assert_eq!(shown(Place::After(7), 3), None, "it is not known how many rows came before");
        assert_eq!(shown(Place::Before(7), 3), None);
    }
}
