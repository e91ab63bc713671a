//! Lists: which page is meant, and where it stands among its neighbours.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use shared::{
    FieldError, FieldErrors,
    page::{COUNT_MAX, PAGE_SIZE, ROW_MAX},
    query::Pages,
};

use crate::{
    app::App,
    db::{
        listing::{self, Listed, Order, Seek, SortKey},
        search::Search,
    },
    error::Error,
};

/// One page of a list, with the cursors of its neighbours.
pub struct PageSlice<T> {
    /// How many rows the list has, up to the limit.
    pub count: i64,
    /// Whether there are more.
    pub is_capped: bool,
    /// The cursor of the following page.
    pub next: Option<String>,
    /// The cursor of the page before.
    pub previous: Option<String>,
    /// The rows.
    pub rows: Vec<T>,
}

/// What a cursor says: from which row on, and in which direction. It is encrypted for its list and
/// ordering, since a key of another one means nothing.
#[derive(Serialize, Deserialize)]
struct Cursor<K> {
    /// Whether the page lies before the row.
    b: bool,
    k: K,
}

/// Which page is meant.
pub enum Place<K> {
    /// The page that begins after so many rows.
    Offset(i64),
    /// The page after this row.
    After(K),
    /// The page before this row.
    Before(K),
}

/// A page that is asked for.
pub struct PageRequest<K> {
    /// Where.
    pub place: Place<K>,
    /// How many rows.
    pub size: i64,
    /// The name of the list and its ordering.
    list: String,
}

impl<K: DeserializeOwned + Serialize> PageRequest<K> {
    /// Reads the parameters that every list has.
    pub(crate) fn read(
        app: &App,
        (page, page_size, cursor): Pages<'_>,
        list: impl Into<String>,
    ) -> Result<Self, FieldErrors> {
        let (size, list) = (page_size.unwrap_or(PAGE_SIZE), list.into());
        let fault = |field: &str, complaint| Err(FieldErrors::one(field, complaint));
        let place = match (page, cursor) {
            (Some(_), Some(_)) => {
                let message = "must not be given beside cursor";
                return fault("page", FieldError::new("not_both", message));
            }
            (None, Some(cursor)) => match read_cursor::<K>(app, cursor, &list) {
                Some(place) => place,
                None => {
                    let message = "is not a cursor of this list";
                    return fault("cursor", FieldError::new("invalid_cursor", message));
                }
            },
            (page, None) => {
                let offset = (page.unwrap_or(1) - 1).saturating_mul(size);
                if offset >= ROW_MAX {
                    let message = format!("reaches to row {ROW_MAX}; beyond it follow next");
                    return fault("page", FieldError::new("too_far", message));
                }
                Place::Offset(offset)
            }
        };
        Ok(Self { place, size, list })
    }

    /// Whether rows are read backwards from a place.
    pub fn is_backwards(&self) -> bool {
        matches!(self.place, Place::Before(_))
    }

    /// The row from which the page is read.
    pub fn key(&self) -> Option<&K> {
        match &self.place {
            Place::After(key) | Place::Before(key) => Some(key),
            Place::Offset(_) => None,
        }
    }

    /// The rows that are skipped.
    pub fn offset(&self) -> i64 {
        match self.place {
            Place::Offset(offset) => offset,
            Place::After(_) | Place::Before(_) => 0,
        }
    }

    /// Makes the page from its rows, one more than asked for where there are more, and the count.
    ///
    /// Fails with "not found" for a page past the end.
    pub(crate) fn slice<T>(
        &self,
        app: &App,
        mut rows: Vec<T>,
        count: i64,
        key: impl Fn(&T) -> K,
    ) -> Result<PageSlice<T>, Error> {
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let has_more = rows.len() > size;
        if has_more {
            // The surplus row is the farthest one in the direction of reading.
            match self.is_backwards() {
                true => drop(rows.remove(0)),
                false => drop(rows.pop()),
            }
        }
        if rows.is_empty() && self.offset() > 0 {
            return Err(Error::NotFound);
        }
        let (has_next, has_previous) = match self.place {
            Place::Offset(offset) => (has_more, offset > 0),
            Place::After(_) => (has_more, true),
            Place::Before(_) => (true, has_more),
        };
        let cursor = |row: Option<&T>, b| {
            row.map(|row| write_cursor(app, &self.list, &Cursor { b, k: key(row) }))
        };
        let next = cursor(rows.last().filter(|_| has_next), false).transpose()?;
        let previous = cursor(rows.first().filter(|_| has_previous), true).transpose()?;
        let is_capped = count > COUNT_MAX;
        Ok(PageSlice { count: count.min(COUNT_MAX), is_capped, next, previous, rows })
    }
}

/// Reads which page of a searched list is meant, and the search.
///
/// Fails with everything that is wrong with either.
pub(crate) fn read_list(
    app: &App,
    pages: Pages<'_>,
    order: Order,
    search: Option<&str>,
) -> Result<(PageRequest<SortKey>, Option<Search>), Error> {
    read_page(app, pages, order, search.map(Search::parse))
}

/// The same with a search that was read already, however that went.
pub(crate) fn read_page(
    app: &App,
    pages: Pages<'_>,
    order: Order,
    search: Option<Result<Search, FieldError>>,
) -> Result<(PageRequest<SortKey>, Option<Search>), Error> {
    match (PageRequest::read(app, pages, order.name()), search.transpose()) {
        (Ok(request), Ok(search)) => Ok((request, search)),
        (request, search) => {
            let mut faults = request.err().unwrap_or_default();
            faults.extend(search.err().map(|c| FieldErrors::one("search", c)).unwrap_or_default());
            Err(faults.into())
        }
    }
}

impl PageRequest<SortKey> {
    /// The rows to be read, one more than asked for.
    pub(crate) fn seek(&self) -> Seek {
        Seek {
            place: self.key().cloned(),
            is_backwards: self.is_backwards(),
            limit: self.size + 1,
            offset: self.offset(),
        }
    }

    /// Reads the page of a list.
    pub(crate) async fn fetch<L: Listed + Sync>(
        &self,
        app: &App,
        list: &L,
    ) -> Result<PageSlice<L::Record>, Error> {
        let mut read = app.db().read().await?;
        let mut conn = read.conn();
        let rows = listing::read(&mut conn, list, &self.seek()).await?;
        let count = listing::count(&mut conn, list, COUNT_MAX + 1).await?;
        Ok(self.slice(app, rows, count, |(_, key)| key.clone())?.map(|(record, _)| record))
    }
}

impl<T> PageSlice<T> {
    /// The same page of something else.
    pub(crate) fn map<U>(self, change: impl Fn(T) -> U) -> PageSlice<U> {
        PageSlice {
            count: self.count,
            is_capped: self.is_capped,
            next: self.next,
            previous: self.previous,
            rows: self.rows.into_iter().map(change).collect(),
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
