//! Lists of patients: filters, orderings, and places among the rows.

use chrono::{DateTime, NaiveDate, Utc};
use shared::{patient::PatientFilter, text::fold};

use super::{COLUMNS, PatientRow, Shelf, TABLES, from_row, restrict_scope};
use crate::{
    db::{Arg, Conn, DbError, Row, Scope, Sql, restrict_updated, search::Search},
    error::Error,
};

/// By what a list is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Best matches first, then by name.
    Rank,
    Name,
    FirstName,
    Born,
    Created,
    Updated,
    Id,
}

/// The place of a row in a list: the value it is ordered by, and what decides among equals.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Key {
    /// How many words match only the beginning of something; 0 outside searches.
    pub(crate) rank: i64,
    /// The value, as text.
    pub(crate) value: String,
    pub(crate) id: i64,
}

/// A list to be read.
pub(crate) struct Listing<'a> {
    pub(crate) filter: &'a PatientFilter,
    pub(crate) search: Option<&'a Search>,
    pub(crate) scope: Scope,
    pub(crate) order: Order,
    pub(crate) is_descending: bool,
    pub(crate) today: NaiveDate,
}

impl Order {
    /// The column that is ordered by.
    fn column(self) -> &'static str {
        match self {
            Self::Rank | Self::Name => "p.sort_name",
            Self::FirstName => "p.sort_first_name",
            Self::Born => "p.born_from",
            Self::Created => "p.created_at",
            Self::Updated => "p.updated_at",
            Self::Id => "p.id",
        }
    }

    fn value(self, row: &Row) -> Result<String, Error> {
        let time = |column| row.get::<DateTime<Utc>>(column).map(|time| time.to_rfc3339());
        match self {
            Self::Rank | Self::Name => row.get("sort_name"),
            Self::FirstName => row.get("sort_first_name"),
            Self::Born => row.get("born_from"),
            Self::Created => time("created_at"),
            Self::Updated => time("updated_at"),
            Self::Id => Ok(String::new()),
        }
    }

    /// The value as the database compares it; fails on a cursor that nobody here has made.
    fn arg(self, key: &Key) -> Result<Arg, Error> {
        if key.value.contains('\0') {
            return Err(foreign_cursor());
        }
        Ok(match self {
            Self::Rank | Self::Name | Self::FirstName | Self::Born => key.value.as_str().into(),
            Self::Created | Self::Updated => {
                let time = DateTime::parse_from_rfc3339(&key.value);
                time.map_err(|_| foreign_cursor())?.with_timezone(&Utc).into()
            }
            Self::Id => key.id.into(),
        })
    }
}

fn foreign_cursor() -> Error {
    Error::invalid(
        "cursor",
        shared::Complaint::new("invalid_cursor", "is not a cursor of this list"),
    )
}

impl Listing<'_> {
    fn shelf(&self) -> Shelf {
        if self.filter.archived == Some(true) { Shelf::Archive } else { Shelf::Current }
    }

    fn restrict(&self, sql: &mut Sql) {
        sql.push(" WHERE 1 = 1");
        restrict_scope(sql, self.scope, self.shelf());
        let filter = self.filter;
        if let Some(gender) = filter.gender {
            sql.push(" AND p.gender = ").bind(gender.as_str());
        }
        if let Some(blood_type) = filter.blood_type {
            sql.push(" AND p.blood_type = ").bind(blood_type.as_str());
        }
        if let Some(city) = &filter.city {
            sql.push(" AND p.city_key = ").bind(fold(city));
        }
        if let Some(owner) = filter.created_by {
            sql.push(" AND p.created_by = ").bind(owner.0);
        }
        if let Some(from) = filter.born_from {
            sql.push(" AND p.born_to >= ").bind(from);
        }
        if let Some(to) = filter.born_to {
            sql.push(" AND p.born_from <> '' AND p.born_from <= ").bind(to);
        }
        restrict_updated(sql, "p.updated_at", filter.updated_from, filter.updated_to);
        if let Some(search) = self.search {
            search.restrict(sql);
        }
    }

    /// Adds the columns that decide the order, each with what follows it.
    fn order_by(&self, sql: &mut Sql, after: &'static str) {
        if self.order == Order::Rank
            && let Some(search) = self.search
        {
            search.rank(sql);
            sql.push(after).push(", ");
        }
        if self.order != Order::Id {
            sql.push(self.order.column()).push(after).push(", ");
        }
        sql.push("p.id").push(after);
    }
}

/// The rows of a list that follow a place in it, or with `backwards` those before it, in the
/// order of the list.
pub(crate) async fn list(
    conn: &mut Conn<'_>,
    listing: &Listing<'_>,
    place: Option<&Key>,
    backwards: bool,
    limit: i64,
    offset: i64,
) -> Result<Vec<PatientRow>, DbError> {
    let is_descending = listing.is_descending != backwards;
    let mut sql = Sql::new(COLUMNS);
    sql.push(", ");
    match listing.search.filter(|_| listing.order == Order::Rank) {
        Some(search) => search.rank(&mut sql),
        None => drop(sql.push("CAST(0 AS BIGINT)")),
    }
    sql.push(" AS rank").push(TABLES);
    listing.restrict(&mut sql);
    if let Some(key) = place {
        sql.push(" AND (");
        listing.order_by(&mut sql, "");
        sql.push(if is_descending { ") < (" } else { ") > (" });
        if listing.order == Order::Rank && listing.search.is_some() {
            sql.bind(key.rank).push(", ");
        }
        if listing.order != Order::Id {
            sql.bind(listing.order.arg(key)?).push(", ");
        }
        sql.bind(key.id).push(")");
    }
    sql.push(" ORDER BY ");
    listing.order_by(&mut sql, if is_descending { " DESC" } else { "" });
    sql.push(" LIMIT ").bind(limit).push(" OFFSET ").bind(offset);
    let rows = sql.fetch_all(conn).await?;
    let read = |row: &Row| -> Result<PatientRow, Error> {
        let mut listed = from_row(row, listing.today)?;
        let rank = row.get::<i64>("rank")?;
        let value = listing.order.value(row)?;
        listed.key = Some(Key { rank, value, id: listed.patient.id.0 });
        Ok(listed)
    };
    let mut rows: Vec<PatientRow> = rows.iter().map(read).collect::<Result<_, _>>()?;
    if backwards {
        rows.reverse();
    }
    Ok(rows)
}

/// How many rows a list has, up to a number.
pub(crate) async fn count(
    conn: &mut Conn<'_>,
    listing: &Listing<'_>,
    max: i64,
) -> Result<i64, DbError> {
    let mut sql = Sql::new("SELECT count(*) AS rows FROM (SELECT 1 AS one FROM patients p");
    listing.restrict(&mut sql);
    sql.push(" LIMIT ").bind(max).push(") AS listed");
    Ok(sql.fetch_one(conn).await?.get("rows")?)
}
