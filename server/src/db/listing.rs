//! Lists: what decides their order, and the part of them that is read.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::query::Ordering;

use super::{Arg, Conn, DbError, Row, Sql};
use crate::error::Error;

/// The place of a row in a list: the value it is ordered by, and what decides among equals.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct SortKey {
    /// How many words match only the beginning of something; 0 outside searches.
    pub(crate) rank: i64,
    /// The value, as text.
    pub(crate) value: String,
    pub(crate) id: i64,
}

/// What a column holds by which a list is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Time,
}

/// A column by which a list is ordered. The id decides among equals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    /// With its table, as in a condition.
    sql: &'static str,
    /// Alone, as in a row.
    name: &'static str,
    kind: Kind,
}

impl Column {
    pub(crate) const fn text(sql: &'static str, name: &'static str) -> Self {
        Self { sql, name, kind: Kind::Text }
    }

    pub(crate) const fn time(sql: &'static str, name: &'static str) -> Self {
        Self { sql, name, kind: Kind::Time }
    }

    fn value(self, row: &Row) -> Result<String, Error> {
        match self.kind {
            Kind::Text => row.get(self.name),
            Kind::Time => row.get::<DateTime<Utc>>(self.name).map(|time| time.to_rfc3339()),
        }
    }

    /// The value as the database compares it.
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

/// By what a list is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    /// Without one by the id alone.
    pub(crate) column: Option<Column>,
    /// Best matches first, before the column.
    pub(crate) is_ranked: bool,
    pub(crate) is_descending: bool,
}

impl Order {
    /// The order that is asked for, by a list's table of columns; without a column by the id.
    pub(crate) fn of<T>(ordering: Ordering<T>, column: fn(T) -> Option<Column>) -> Self {
        let Ordering { by, is_descending } = ordering;
        Self { column: column(by), is_ranked: false, is_descending }
    }

    /// The order of a list that is asked for without one: by this column, and in a search the best
    /// matches first.
    pub(crate) fn by_default(column: Column, is_ranked: bool) -> Self {
        Self { column: Some(column), is_ranked, is_descending: false }
    }

    /// Its name in cursors, since a place in another order means nothing.
    pub(crate) fn name(self) -> String {
        // With its table: a place in another list means nothing either.
        let column = self.column.map_or("id", |column| column.sql);
        format!("{column} {} {}", self.is_ranked, self.is_descending)
    }
}

/// The part of a list that is read.
#[derive(Clone, Debug)]
pub(crate) struct Seek {
    /// From this row on, which is not part of it.
    pub(crate) place: Option<SortKey>,
    /// Towards the beginning.
    pub(crate) is_backwards: bool,
    pub(crate) limit: i64,
    pub(crate) offset: i64,
}

/// A list that can be read.
pub(crate) trait Listed {
    /// The selected columns and the tables: `SELECT p.id FROM patients p …`, in two parts.
    const COLUMNS: &'static str;
    /// From `FROM` on.
    const TABLES: &'static str;
    /// The fewest tables on which the conditions can be checked.
    const COUNTED: &'static str;
    /// The id's column.
    const ID: &'static str;
    /// What a row is read as.
    type Record;

    /// The selected columns of this list, where they are not the same for all.
    fn columns(&self) -> &'static str {
        Self::COLUMNS
    }

    /// Reads a row.
    fn read(&self, row: &Row) -> Result<Self::Record, Error>;

    /// Adds the conditions, from `WHERE` on.
    fn restrict(&self, sql: &mut Sql);

    /// By what it is ordered.
    fn order(&self) -> Order;

    /// Adds the rank of a row.
    fn rank(&self, sql: &mut Sql) {
        sql.push("CAST(0 AS BIGINT)");
    }
}

/// Adds the columns that decide the order, each with what follows it.
fn order_by<L: Listed>(list: &L, sql: &mut Sql, after: &'static str) {
    let order = list.order();
    if order.is_ranked {
        list.rank(sql);
        sql.push(after).push(", ");
    }
    if let Some(column) = order.column {
        sql.push(column.sql).push(after).push(", ");
    }
    sql.push(L::ID).push(after);
}

/// The query for the rows of a part of a list.
pub(super) fn select<L: Listed>(list: &L, seek: &Seek) -> Result<Sql, DbError> {
    let order = list.order();
    let is_descending = order.is_descending != seek.is_backwards;
    let mut sql = Sql::new(list.columns());
    sql.push(", ");
    if order.is_ranked {
        list.rank(&mut sql);
    } else {
        sql.push("CAST(0 AS BIGINT)");
    }
    sql.push(" AS rank").push(L::TABLES);
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
    sql.push(" LIMIT ").bind(seek.limit).push(" OFFSET ").bind(seek.offset);
    Ok(sql)
}

/// The query for how many rows a list has, up to a number.
pub(super) fn select_count<L: Listed>(list: &L, max: i64) -> Sql {
    let mut sql = Sql::new("SELECT count(*) AS rows FROM (SELECT 1 AS one");
    sql.push(L::COUNTED);
    list.restrict(&mut sql);
    sql.push(" LIMIT ").bind(max).push(") AS listed");
    sql
}

/// The records of a part of a list, in the list's order, each with its place.
pub(crate) async fn read<L: Listed + Sync>(
    conn: &mut Conn<'_>,
    list: &L,
    seek: &Seek,
) -> Result<Vec<(L::Record, SortKey)>, DbError> {
    let order = list.order();
    let placed = |row: &Row| -> Result<(L::Record, SortKey), Error> {
        let value = order.column.map(|column| column.value(row)).transpose()?.unwrap_or_default();
        Ok((list.read(row)?, SortKey { rank: row.get("rank")?, value, id: row.get("id")? }))
    };
    let rows = select(list, seek)?.fetch_all(conn).await?;
    let mut records: Vec<_> = rows.iter().map(placed).collect::<Result<_, _>>()?;
    if seek.is_backwards {
        records.reverse();
    }
    Ok(records)
}

/// How many rows a list has, up to a number.
pub(crate) async fn count<L: Listed + Sync>(
    conn: &mut Conn<'_>,
    list: &L,
    max: i64,
) -> Result<i64, DbError> {
    Ok(select_count(list, max).fetch_one(conn).await?.get("rows")?)
}
