//! Lists: which page is meant, and where it stands among its neighbours.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use shared::{
    Complaint, Faults,
    page::{COUNT_MAX, PAGE_SIZE},
};

use crate::{
    app::App,
    db::{
        listing::{self, Key, Listed, Order, Span},
        search::Search,
    },
    error::Error,
};

/// One page of a list, with the cursors of its neighbours.
pub struct Window<T> {
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

/// What a cursor says: from which row on, in which direction, in which list.
#[derive(Serialize, Deserialize)]
struct Cursor<K> {
    /// The ordering, since a key of another ordering means nothing.
    o: String,
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
pub struct Asked<K> {
    /// Where.
    pub place: Place<K>,
    /// How many rows.
    pub size: i64,
    ordering: String,
}

impl<K: DeserializeOwned + Serialize> Asked<K> {
    /// Reads the parameters that every list has.
    pub fn read(
        page: Option<i64>,
        page_size: Option<i64>,
        cursor: Option<&str>,
        ordering: &str,
    ) -> Result<Self, Faults> {
        let size = page_size.unwrap_or(PAGE_SIZE);
        let fault = |field: &str, complaint| Err(Faults::one(field, complaint));
        let place = match (page, cursor) {
            (Some(_), Some(_)) => {
                return fault(
                    "page",
                    Complaint::new("not_both", "must not be given beside cursor"),
                );
            }
            (None, Some(cursor)) => match read_cursor::<K>(cursor, ordering) {
                Some(place) => place,
                None => {
                    let message = "is not a cursor of this list";
                    return fault("cursor", Complaint::new("invalid_cursor", message));
                }
            },
            (page, None) => {
                let offset = (page.unwrap_or(1) - 1).saturating_mul(size);
                if offset >= COUNT_MAX {
                    let message = format!("reaches to row {COUNT_MAX}; beyond it follow next");
                    return fault("page", Complaint::new("too_far", message));
                }
                Place::Offset(offset)
            }
        };
        Ok(Self { place, size, ordering: ordering.to_owned() })
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
    pub fn window<T>(
        &self,
        mut rows: Vec<T>,
        count: i64,
        key: impl Fn(&T) -> K,
    ) -> Result<Window<T>, Error> {
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
            row.map(|row| write_cursor(&Cursor { o: self.ordering.clone(), b, k: key(row) }))
        };
        let next = cursor(rows.last().filter(|_| has_next), false).transpose()?;
        let previous = cursor(rows.first().filter(|_| has_previous), true).transpose()?;
        let is_capped = count > COUNT_MAX;
        Ok(Window { count: count.min(COUNT_MAX), is_capped, next, previous, rows })
    }
}

/// Reads which page of a searched list is meant, and the search.
///
/// Fails with everything that is wrong with either.
pub(crate) fn read_list(
    (page, page_size, cursor): (Option<i64>, Option<i64>, Option<&str>),
    order: Order,
    search: Option<&str>,
) -> Result<(Asked<Key>, Option<Search>), Error> {
    read_page((page, page_size, cursor), order, search.map(Search::parse))
}

/// The same with a search that was read already, however that went.
pub(crate) fn read_page(
    (page, page_size, cursor): (Option<i64>, Option<i64>, Option<&str>),
    order: Order,
    search: Option<Result<Search, Complaint>>,
) -> Result<(Asked<Key>, Option<Search>), Error> {
    let asked = Asked::read(page, page_size, cursor, &order.name());
    match (asked, search.transpose()) {
        (Ok(asked), Ok(search)) => Ok((asked, search)),
        (asked, search) => {
            let mut faults = asked.err().unwrap_or_default();
            faults.extend(search.err().map(|c| Faults::one("search", c)).unwrap_or_default());
            Err(faults.into())
        }
    }
}

impl Asked<Key> {
    /// The rows to be read, one more than asked for.
    pub(crate) fn span(&self) -> Span {
        Span {
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
    ) -> Result<Window<L::Record>, Error> {
        let mut lent = app.db().read().await?;
        let mut conn = lent.conn();
        let rows = listing::read(&mut conn, list, &self.span()).await?;
        let count = listing::count(&mut conn, list, COUNT_MAX + 1).await?;
        Ok(self.window(rows, count, |(_, key)| key.clone())?.map(|(record, _)| record))
    }
}

impl<T> Window<T> {
    /// The same page of something else.
    pub(crate) fn map<U>(self, change: impl Fn(T) -> U) -> Window<U> {
        Window {
            count: self.count,
            is_capped: self.is_capped,
            next: self.next,
            previous: self.previous,
            rows: self.rows.into_iter().map(change).collect(),
        }
    }
}

fn read_cursor<K: DeserializeOwned>(text: &str, ordering: &str) -> Option<Place<K>> {
    let json = URL_SAFE_NO_PAD.decode(text).ok()?;
    let cursor: Cursor<K> = serde_json::from_slice(&json).ok()?;
    if cursor.o != ordering {
        return None;
    }
    Some(if cursor.b { Place::Before(cursor.k) } else { Place::After(cursor.k) })
}

fn write_cursor<K: Serialize>(cursor: &Cursor<K>) -> Result<String, Error> {
    let json = serde_json::to_vec(cursor).map_err(|e| Error::Internal(e.into()))?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}
