//! Lists: what decides their order, and the part of them that is read.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::query::Ordering;

use super::{
    Arg, Conn, DbError, Row, Sql, figures,
    search::{Search, Terms},
};
use crate::error::Error;

/// The place of a row in a list: its value in the ordering column, and what decides among equal
/// values.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct SortKey {
    /// How many words match only a beginning. It is 0 outside searches.
    pub(crate) rank: i64,
    /// The value, as text.
    pub(crate) value: String,
    pub(crate) id: i64,
}

/// The value of the ordering column in a row.
const PLACE: &str = "place";
/// The rank in a row.
const RANK: &str = "rank";

/// The type of an ordering column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Time,
}

/// A column by which a list is ordered. The id decides among equal values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    /// The column with its table.
    sql: &'static str,
    kind: Kind,
}

impl Column {
    pub(crate) const fn text(sql: &'static str) -> Self {
        Self { sql, kind: Kind::Text }
    }

    pub(crate) const fn time(sql: &'static str) -> Self {
        Self { sql, kind: Kind::Time }
    }

    /// The value in a row of a list.
    fn value(self, row: &Row) -> Result<String, Error> {
        match self.kind {
            Kind::Text => row.get(PLACE),
            Kind::Time => row.get::<DateTime<Utc>>(PLACE).map(|time| time.to_rfc3339()),
        }
    }

    /// The value in the form that the database compares.
    fn arg(self, value: &str) -> Result<Arg, Error> {
        match self.kind {
            Kind::Text => Ok(value.into()),
            Kind::Time => {
                let time = DateTime::parse_from_rfc3339(value);
                Ok(time.map_err(|e| Error::Internal(e.into()))?.to_utc().into())
            }
        }
    }
}

/// The ordering of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    /// The column. Without one, the list is ordered by id.
    pub(crate) column: Option<Column>,
    /// Whether the best matches come first, before the column.
    pub(crate) is_ranked: bool,
    pub(crate) is_descending: bool,
}

impl Order {
    /// The requested ordering, by a list's table of columns. Without a column, it is by id.
    pub(crate) fn of<T>(ordering: Ordering<T>, column: fn(T) -> Option<Column>) -> Self {
        let Ordering { by, is_descending } = ordering;
        Self { column: column(by), is_ranked: false, is_descending }
    }

    /// The default ordering of a list: by this column, and in a search with the best matches
    /// first.
    pub(crate) fn by_default(column: Column, is_ranked: bool) -> Self {
        Self { column: Some(column), is_ranked, is_descending: false }
    }

    /// The name of the ordering in cursors, because a place in another ordering means nothing.
    pub(crate) fn name(self) -> String {
        // It includes the table, because a place in another list means nothing either.
        let column = self.column.map_or("id", |column| column.sql);
        format!("{column} {} {}", self.is_ranked, self.is_descending)
    }
}

/// The part of a list that is read.
#[derive(Clone, Debug)]
pub(crate) struct Seek<K = SortKey> {
    /// The row before the part, which does not belong to it.
    pub(crate) place: Option<K>,
    /// Whether the part lies before that row.
    pub(crate) is_backwards: bool,
    pub(crate) limit: i64,
    pub(crate) offset: i64,
}

/// Ends the query for a list that is ordered by id, the newest first, with the part that is read.
pub(super) fn newest_first(sql: &mut Sql, id: &'static str, seek: &Seek<i64>) {
    if let Some(place) = seek.place {
        sql.push(" AND ").push(id).push(if seek.is_backwards { " > " } else { " < " }).bind(place);
    }
    sql.push(" ORDER BY ").push(id).push(if seek.is_backwards { "" } else { " DESC" });
    sql.limit(seek.limit, seek.offset);
}

/// The rows of a part of a list, in the list's order.
pub(super) async fn fetch<K, T>(
    conn: &mut Conn<'_>,
    sql: Sql,
    seek: &Seek<K>,
    read: impl Fn(&Row) -> Result<T, Error>,
) -> Result<Vec<T>, DbError> {
    let rows = sql.fetch_all(conn).await?;
    let mut rows: Vec<T> = rows.iter().map(read).collect::<Result<_, _>>()?;
    if seek.is_backwards {
        rows.reverse();
    }
    Ok(rows)
}

/// A list that can be read.
pub(crate) trait Listed {
    /// The selected columns and the tables: `SELECT p.id FROM patients p …`, in two parts. One column is
    /// `id`. None is `place`, `rank` or `listed`, which are added.
    const COLUMNS: &'static str;
    /// From `FROM` on.
    const TABLES: &'static str;
    /// The tables on which the conditions can be checked, as few as possible.
    const COUNTED: &'static str;
    /// The id's column.
    const ID: &'static str;
    /// The conditions of lists whose length is kept, each with the names of the figures.
    const KEPT: &'static [(&'static str, &'static str)] = &[];
    /// The type of a row.
    type Record;

    /// The selected columns, if they depend on the list.
    fn columns(&self) -> &'static str {
        Self::COLUMNS
    }

    /// Reads a row.
    fn read(&self, row: &Row) -> Result<Self::Record, Error>;

    /// Adds the conditions, from `WHERE` on.
    fn restrict(&self, sql: &mut Sql);

    /// The ordering.
    fn order(&self) -> Order;

    /// Whether an index holds the rows in their order and no condition drops some of them, so that
    /// no more rows are read than the page has.
    fn is_bounded(&self) -> bool {
        false
    }

    /// The search of a list that shows the best matches first, and the terms that it looks at.
    fn ranked_by(&self) -> Option<(&Search, Terms)> {
        None
    }
}

/// Adds the rank of a row.
fn rank<L: Listed>(list: &L, sql: &mut Sql) {
    match list.ranked_by() {
        Some((search, terms)) => search.rank(sql, terms),
        None => drop(sql.push("CAST(0 AS BIGINT)")),
    }
}

/// Adds the columns that decide the order, each followed by a separator.
fn order_by<L: Listed>(list: &L, sql: &mut Sql, after: &'static str) {
    let order = list.order();
    if order.is_ranked {
        rank(list, sql);
        sql.push(after).push(", ");
    }
    if let Some(column) = order.column {
        sql.push(column.sql).push(after).push(", ");
    }
    sql.push(L::ID).push(after);
}

/// The names of the figures whose sum is the length of the list, where it is kept.
fn kept<L: Listed>(list: &L) -> Option<&'static str> {
    let mut conditions = Sql::default();
    list.restrict(&mut conditions);
    L::KEPT.iter().find(|(text, _)| conditions.reads(text)).map(|(_, figures)| *figures)
}

/// The query for the rows of a part of a list. Where the length of the list is kept and `is_counted`,
/// each row has it as `listed`.
pub(super) fn select<L: Listed>(list: &L, seek: &Seek, is_counted: bool) -> Result<Sql, DbError> {
    let order = list.order();
    let is_descending = order.is_descending != seek.is_backwards;
    let mut sql = Sql::new(list.columns());
    if let Some(column) = order.column {
        sql.push(", ").push(column.sql).push(" AS ").push(PLACE);
    }
    if order.is_ranked {
        sql.push(", ");
        rank(list, &mut sql);
        sql.push(" AS ").push(RANK);
    }
    if let Some(figures) = kept(list).filter(|_| is_counted) {
        sql.push(", ").nested(figures::total(figures, "listed")).push(" AS listed");
    }
    sql.push(L::TABLES);
    list.restrict(&mut sql);
    if let Some(key) = &seek.place {
        sql.push(" AND (");
        order_by(list, &mut sql, "");
        sql.push(if is_descending { ") < (" } else { ") > (" });
        if order.is_ranked {
            sql.bind(key.rank).push(", ");
        }
        if let Some(column) = order.column {
            sql.bind(column.arg(&key.value)?).push(", ");
        }
        sql.bind(key.id).push(")");
    }
    sql.push(" ORDER BY ");
    order_by(list, &mut sql, if is_descending { " DESC" } else { "" });
    sql.limit(seek.limit, seek.offset);
    Ok(sql)
}

/// The query for the number of rows in a list, which may stop at a limit.
pub(super) fn select_count<L: Listed>(list: &L, max: i64) -> Sql {
    if let Some(figures) = kept(list) {
        return figures::total(figures, "rows");
    }
    let mut sql = Sql::new("SELECT count(*) AS rows FROM (SELECT 1 AS one");
    sql.push(L::COUNTED);
    list.restrict(&mut sql);
    sql.push(" LIMIT ").bind(max).push(") AS listed");
    sql
}

/// A record of a list, with its place.
fn placed<L: Listed>(list: &L, row: &Row) -> Result<(L::Record, SortKey), Error> {
    let order = list.order();
    let record = list.read(row)?;
    let value = order.column.map(|column| column.value(row)).transpose()?.unwrap_or_default();
    let rank = if order.is_ranked { row.get(RANK)? } else { 0 };
    Ok((record, SortKey { rank, value, id: row.get("id")? }))
}

/// The records of a part of a list, in order, each with its place.
pub(crate) async fn read<L: Listed + Sync>(
    conn: &mut Conn<'_>,
    list: &L,
    seek: &Seek,
) -> Result<Vec<(L::Record, SortKey)>, DbError> {
    fetch(conn, select(list, seek, false)?, seek, |row| placed(list, row)).await
}

/// The same with the number of rows in the whole list, where it is kept and the part has a row.
pub(crate) async fn read_counted<L: Listed + Sync>(
    conn: &mut Conn<'_>,
    list: &L,
    seek: &Seek,
) -> Result<(Vec<(L::Record, SortKey)>, Option<i64>), DbError> {
    let is_kept = kept(list).is_some();
    let read = |row: &Row| {
        let listed = if is_kept { Some(row.get("listed")?) } else { None };
        Ok((placed(list, row)?, listed))
    };
    let rows = fetch(conn, select(list, seek, true)?, seek, read).await?;
    let listed = rows.first().and_then(|(_, listed)| *listed);
    Ok((rows.into_iter().map(|(row, _)| row).collect(), listed))
}

/// The number of rows in a list. Counting may stop at a limit.
pub(crate) async fn count<L: Listed + Sync>(
    conn: &mut Conn<'_>,
    list: &L,
    max: i64,
) -> Result<i64, DbError> {
    Ok(select_count(list, max).fetch_one(conn).await?.get("rows")?)
}
