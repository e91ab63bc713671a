//! A statement with its arguments, for either database.

use std::fmt::Write;

use sqlx::{Decode, Postgres, Type};

use super::{Conn, DbError, arg::Arg, postgres, sqlite};
use crate::error::Error;

/// The maximum number of values that are looked up in one statement.
pub(super) const ROWS: usize = 100;

/// Up to so many rows, or a round number of them with one more, are a usual number for [`Sql::limit`].
const FEW: i64 = 11;
const ROUND: i64 = 10;

/// A row to be inserted: its columns with their values.
pub(super) type NewRow = Vec<(&'static str, Arg)>;

/// A statement. Its text is assembled from literals and numbers only, so no input can become part of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sql {
    text: String,
    args: Vec<Arg>,
}

impl Sql {
    pub(crate) fn new(text: &'static str) -> Self {
        Self { text: text.to_owned(), args: Vec::new() }
    }

    /// Appends text.
    pub(crate) fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Puts text before the statement.
    pub(super) fn begin_with(&mut self, text: &'static str) -> &mut Self {
        self.text.insert_str(0, text);
        self
    }

    /// Appends a placeholder for this value.
    pub(crate) fn bind(&mut self, value: impl Into<Arg>) -> &mut Self {
        self.args.push(value.into());
        // Writing to a text does not fail.
        let _ = write!(self.text, "${}", self.args.len());
        self
    }

    /// Appends how many rows are wanted, and how many are left out before them. A usual number of rows
    /// stands in the text: PostgreSQL plans a statement anew each time if it doesn't know the number.
    /// Others are bound, so that the statements have few texts.
    pub(crate) fn limit(&mut self, rows: i64, offset: i64) -> &mut Self {
        if rows <= FEW || rows % ROUND <= 1 {
            self.text.push_str(&format!(" LIMIT {rows}"));
        } else {
            self.push(" LIMIT ").bind(rows);
        }
        match offset {
            0 => self,
            offset => self.push(" OFFSET ").bind(offset),
        }
    }

    /// Appends a query in parentheses. It has no arguments.
    pub(crate) fn nested(&mut self, query: Self) -> &mut Self {
        debug_assert!(query.args.is_empty(), "the arguments would be lost");
        self.text.push('(');
        self.text.push_str(&query.text);
        self.text.push(')');
        self
    }

    /// Appends a placeholder for each value, separated by commas.
    pub(crate) fn bind_all<T: Into<Arg>>(
        &mut self,
        values: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        for (i, value) in values.into_iter().enumerate() {
            if i > 0 {
                self.push(", ");
            }
            self.bind(value);
        }
        self
    }

    /// Appends a condition, up to its placeholder, where there is a value to compare with.
    pub(crate) fn and(&mut self, text: &'static str, value: Option<impl Into<Arg>>) -> &mut Self {
        match value {
            Some(value) => self.push(text).bind(value),
            None => self,
        }
    }

    /// The statement that inserts rows, all of which must have the same columns.
    pub(super) fn insert(table: &'static str, rows: Vec<NewRow>) -> Self {
        let mut sql = Self::new("INSERT INTO ");
        sql.push(table).push(" (");
        for (place, row) in rows.into_iter().enumerate() {
            if place == 0 {
                for (i, (column, _)) in row.iter().enumerate() {
                    sql.push(if i == 0 { "" } else { ", " }).push(column);
                }
                sql.push(") VALUES (");
            } else {
                sql.push(", (");
            }
            sql.bind_all(row.into_iter().map(|(_, value)| value)).push(")");
        }
        sql
    }

    /// Whether the text is this one.
    pub(super) fn reads(&self, text: &str) -> bool {
        self.text == text
    }

    /// Binds the next numbered placeholder of the text.
    pub(crate) fn arg(mut self, value: impl Into<Arg>) -> Self {
        self.args.push(value.into());
        self
    }

    /// Runs the statement and returns all rows.
    pub(crate) async fn fetch_all(self, conn: &mut Conn<'_>) -> Result<Vec<Row>, DbError> {
        conn.0.fetch(self.text, self.args).await
    }

    /// Runs the statement and returns the first row, if any.
    pub(crate) async fn fetch_optional(self, conn: &mut Conn<'_>) -> Result<Option<Row>, DbError> {
        Ok(self.fetch_all(conn).await?.into_iter().next())
    }

    /// Runs the statement and returns the first row. Fails where there is none.
    pub(crate) async fn fetch_one(self, conn: &mut Conn<'_>) -> Result<Row, DbError> {
        let row = self.fetch_optional(conn).await?;
        row.ok_or_else(|| {
            Error::internal("a statement that must return a row returned none").into()
        })
    }

    /// Runs the statement and returns the column `id` of all rows.
    pub(crate) async fn fetch_ids<T: From<i64>>(
        self,
        conn: &mut Conn<'_>,
    ) -> Result<Vec<T>, DbError> {
        let rows = self.fetch_all(conn).await?;
        Ok(rows.iter().map(|row| row.get("id").map(T::from)).collect::<Result<_, _>>()?)
    }

    /// The steps of the query plan. The statement itself is not run.
    pub(super) async fn explain(mut self, conn: &mut Conn<'_>) -> Result<Vec<String>, DbError> {
        let (ask, column) = match conn.0.is_sqlite() {
            true => ("EXPLAIN QUERY PLAN ", "detail"),
            false => ("EXPLAIN ", "QUERY PLAN"),
        };
        self.begin_with(ask);
        let rows = self.fetch_all(conn).await?;
        Ok(rows.iter().map(|row| row.get(column)).collect::<Result<_, _>>()?)
    }

    /// Runs the statement and returns the number of rows that it has changed.
    pub(crate) async fn execute(self, conn: &mut Conn<'_>) -> Result<u64, DbError> {
        conn.0.execute(self.text, self.args).await
    }
}

/// A row of a result.
pub(crate) enum Row {
    Sqlite(sqlite::Row),
    Postgres(postgres::Row),
}

/// A type that can be read from a column of either database.
pub(crate) trait Value:
    sqlite::FromCell + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}

impl<T> Value for T where T: sqlite::FromCell + for<'r> Decode<'r, Postgres> + Type<Postgres> {}

impl Row {
    /// The value of a column. Fails where the column is missing or has another type.
    pub(crate) fn get<T: Value>(&self, column: &str) -> Result<T, Error> {
        match self {
            Self::Sqlite(row) => row.get(column).map_err(|error| Error::Internal(error.into())),
            Self::Postgres(row) => row.get(column).map_err(|error| Error::Internal(error.into())),
        }
    }

    /// The names of a person, from two columns.
    pub(crate) fn full_name(&self, first: &str, last: &str) -> Result<String, Error> {
        let (first, last): (Option<String>, Option<String>) = (self.get(first)?, self.get(last)?);
        Ok(shared::patient::full_name(first.as_deref(), last.as_deref()))
    }

    /// The text of a column, which may be NULL. Fails where the column is missing or has another type.
    pub(crate) fn text(&self, column: &str) -> Result<Option<&str>, Error> {
        match self {
            Self::Sqlite(row) => row.text(column).map_err(|error| Error::Internal(error.into())),
            Self::Postgres(row) => row.get(column).map_err(|error| Error::Internal(error.into())),
        }
    }

    /// The value of a text column, parsed into a type such as a date or an enum. Fails where the
    /// text is not valid.
    pub(crate) fn parsed<T>(
        &self,
        column: &str,
        parse: impl Fn(&str) -> Result<T, shared::FieldError>,
    ) -> Result<Option<T>, Error> {
        let text = self.text(column)?;
        text.map(|text| {
            parse(text).map_err(|error| {
                Error::internal(format!("column {column} holds {text:?}, which {}", error.message))
            })
        })
        .transpose()
    }
}
