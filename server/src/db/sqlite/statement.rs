//! Statements of SQLite and their rows. A statement runs on the calling thread.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};
use rusqlite::{
    Connection, Statement, ToSql,
    types::{Null, ValueRef},
};

use super::super::arg::Arg;

/// The longest text of a statement that is kept prepared, in bytes. Longer ones hold many
/// values, and seldom the same number of them.
const KEPT_LENGTH_MAX: usize = 4096;

/// Runs a statement and returns its rows.
pub(super) fn fetch(conn: &Connection, text: &str, args: &[Arg]) -> rusqlite::Result<Vec<Row>> {
    with_statement(conn, text, args, |statement| {
        let mut table = Table::new(statement);
        let width = table.names.len();
        let mut rows = statement.raw_query();
        let mut height = 0;
        while let Some(row) = rows.next()? {
            for column in 0..width {
                table.push(row.get_ref(column)?)?;
            }
            height += 1;
        }
        let table = Arc::new(table);
        Ok((0..height).map(|row| Row { table: table.clone(), first: row * width }).collect())
    })
}

/// Runs a statement to its end and returns the number of rows that it has changed.
pub(super) fn execute(conn: &Connection, text: &str, args: &[Arg]) -> rusqlite::Result<u64> {
    with_statement(conn, text, args, |statement| {
        let is_readonly = statement.readonly();
        let mut rows = statement.raw_query();
        while rows.next()?.is_some() {}
        Ok(if is_readonly { 0 } else { conn.changes() })
    })
}

/// Prepares a statement, binds its values and runs it.
fn with_statement<T>(
    conn: &Connection,
    text: &str,
    args: &[Arg],
    run: impl FnOnce(&mut Statement<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    // For SQLite `$1` is a name like any other, which it searches among the names of all values;
    // `?1` is a number.
    let text = text.replace('$', "?");
    if text.len() > KEPT_LENGTH_MAX {
        let mut statement = conn.prepare(&text)?;
        bind(&mut statement, args)?;
        return run(&mut statement);
    }
    let mut statement = conn.prepare_cached(&text)?;
    bind(&mut statement, args)?;
    run(&mut statement)
}

fn bind(statement: &mut Statement<'_>, args: &[Arg]) -> rusqlite::Result<()> {
    if statement.parameter_count() != args.len() {
        return Err(rusqlite::Error::InvalidParameterCount(
            args.len(),
            statement.parameter_count(),
        ));
    }
    fn value<T: ToSql>(
        statement: &mut Statement<'_>,
        number: usize,
        value: Option<T>,
    ) -> rusqlite::Result<()> {
        match value {
            Some(value) => statement.raw_bind_parameter(number, value),
            None => statement.raw_bind_parameter(number, Null),
        }
    }
    for (number, arg) in (1..).zip(args) {
        match arg {
            Arg::Int(int) => value(statement, number, *int),
            Arg::Text(text) => value(statement, number, text.as_deref()),
            Arg::Bool(bool) => value(statement, number, *bool),
            Arg::Time(time) => value(statement, number, time.map(stored)),
        }?;
    }
    Ok(())
}

/// A time as it is stored: text in UTC whose order is that of the times.
pub(super) fn stored(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

/// The rows of one result: their values, all texts in one piece, and the names of the columns.
struct Table {
    names: Vec<Box<str>>,
    values: Vec<Stored>,
    texts: String,
    /// The column behind the one that was read last. Rows are mostly read in the order of their
    /// columns, so the next name is mostly found there.
    next: AtomicUsize,
}

/// A value of a row. A text is a range of the table's texts.
enum Stored {
    Null,
    Int(i64),
    Text { from: usize, to: usize },
    Other,
}

impl Table {
    fn new(statement: &Statement<'_>) -> Self {
        let names = statement.column_names().into_iter().map(Box::from).collect();
        Self { names, values: Vec::new(), texts: String::new(), next: AtomicUsize::new(0) }
    }

    fn push(&mut self, value: ValueRef<'_>) -> rusqlite::Result<()> {
        let stored = match value {
            ValueRef::Null => Stored::Null,
            ValueRef::Integer(int) => Stored::Int(int),
            ValueRef::Text(_) => {
                let from = self.texts.len();
                self.texts.push_str(value.as_str()?);
                Stored::Text { from, to: self.texts.len() }
            }
            ValueRef::Real(_) | ValueRef::Blob(_) => Stored::Other,
        };
        self.values.push(stored);
        Ok(())
    }

    /// The position of a column.
    fn column(&self, name: &str) -> Option<usize> {
        let next = self.next.load(Ordering::Relaxed);
        let is_it = |at: &usize| self.names.get(*at).is_some_and(|known| **known == *name);
        let found = (next..self.names.len()).chain(0..next).find(is_it)?;
        self.next.store(found + 1, Ordering::Relaxed);
        Some(found)
    }
}

/// A row of a result.
pub(crate) struct Row {
    table: Arc<Table>,
    /// The place of its first value.
    first: usize,
}

impl Row {
    /// The value of a column.
    pub(in crate::db) fn get<T: FromCell>(&self, name: &str) -> Result<T, CellError> {
        T::from_cell(self.cell(name)?).ok_or_else(|| CellError::OtherType(name.to_owned()))
    }

    /// The text of a column, which may be NULL.
    pub(in crate::db) fn text(&self, name: &str) -> Result<Option<&str>, CellError> {
        match self.cell(name)? {
            Cell::Null => Ok(None),
            Cell::Text(text) => Ok(Some(text)),
            Cell::Int(_) | Cell::Other => Err(CellError::OtherType(name.to_owned())),
        }
    }

    fn cell(&self, name: &str) -> Result<Cell<'_>, CellError> {
        let missing = || CellError::Missing(name.to_owned());
        let column = self.table.column(name).ok_or_else(missing)?;
        Ok(match self.table.values.get(self.first + column).ok_or_else(missing)? {
            Stored::Null => Cell::Null,
            Stored::Int(int) => Cell::Int(*int),
            Stored::Text { from, to } => {
                Cell::Text(self.table.texts.get(*from..*to).unwrap_or_default())
            }
            Stored::Other => Cell::Other,
        })
    }
}

/// The reason why a value can't be read.
#[derive(Debug, thiserror::Error)]
pub(in crate::db) enum CellError {
    /// The row has no such column.
    #[error("no column {0}")]
    Missing(String),
    /// The column holds a value of another type.
    #[error("column {0} has another type")]
    OtherType(String),
}

/// A value of a row.
#[derive(Clone, Copy)]
pub(crate) enum Cell<'r> {
    Null,
    Int(i64),
    Text(&'r str),
    /// A value of a type that no column has.
    Other,
}

/// A type that can be read from a column.
pub(crate) trait FromCell: Sized {
    /// Reads the value; `None` where it is of another type.
    fn from_cell(cell: Cell<'_>) -> Option<Self>;
}

impl FromCell for i64 {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Int(int) => Some(int),
            _ => None,
        }
    }
}

impl FromCell for bool {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        i64::from_cell(cell).map(|int| int != 0)
    }
}

impl FromCell for String {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Text(text) => Some(text.to_owned()),
            _ => None,
        }
    }
}

impl FromCell for DateTime<Utc> {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        let Cell::Text(text) = cell else { return None };
        if let Ok(time) = DateTime::parse_from_rfc3339(text) {
            return Some(time.to_utc());
        }
        // As CURRENT_TIMESTAMP and datetime() write it.
        let time = NaiveDateTime::parse_from_str(text, "%F %T%.f").ok()?;
        Some(time.and_utc())
    }
}

impl<T: FromCell> FromCell for Option<T> {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Null => Some(None),
            cell => T::from_cell(cell).map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database() -> Connection {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, at TEXT, good INTEGER)",
        )
        .unwrap();
        conn
    }

    #[test]
    fn values_come_back_as_they_were_bound() {
        let conn = database();
        let at = DateTime::from_timestamp(1_790_000_000, 123_456_000).unwrap();
        let text = "INSERT INTO t (name, at, good) VALUES ($1, $2, $3), ($4, $5, $6)";
        let args: Vec<Arg> = vec![
            "Zoë 👩‍⚕️ \"'$1".into(),
            at.into(),
            true.into(),
            Option::<&str>::None.into(),
            Option::<DateTime<Utc>>::None.into(),
            Option::<bool>::None.into(),
        ];
        assert_eq!(execute(&conn, text, &args).unwrap(), 2);
        let rows = fetch(&conn, "SELECT * FROM t ORDER BY id", &[]).unwrap();
        assert_eq!(rows.len(), 2);
        // In another order than that of the columns, too.
        assert!(rows[0].get::<bool>("good").unwrap());
        assert_eq!(rows[0].get::<String>("name").unwrap(), "Zoë 👩‍⚕️ \"'$1");
        assert_eq!(rows[0].get::<DateTime<Utc>>("at").unwrap(), at);
        assert_eq!(rows[1].get::<i64>("id").unwrap(), 2);
        assert_eq!(rows[1].get::<Option<String>>("name").unwrap(), None);
        assert_eq!(rows[1].get::<Option<DateTime<Utc>>>("at").unwrap(), None);
        assert_eq!(rows[1].get::<Option<bool>>("good").unwrap(), None);
    }

    #[test]
    fn a_value_of_another_type_or_a_missing_column_is_refused() {
        let conn = database();
        let rows = fetch(&conn, "SELECT 'x' AS word, 1.5 AS part, NULL AS empty", &[]).unwrap();
        let row = &rows[0];
        assert_eq!(row.get::<i64>("word").unwrap_err().to_string(), "column word has another type");
        assert!(row.get::<i64>("part").is_err() && row.get::<String>("part").is_err());
        assert!(row.get::<String>("empty").is_err());
        assert!(row.get::<DateTime<Utc>>("word").is_err());
        assert_eq!(row.get::<i64>("other").unwrap_err().to_string(), "no column other");
    }

    #[test]
    fn a_statement_needs_as_many_values_as_it_names() {
        let conn = database();
        assert!(fetch(&conn, "SELECT $1 AS one", &[]).is_err());
        assert!(fetch(&conn, "SELECT $1 AS one", &[1.into(), 2.into()]).is_err());
        // A value may be named twice, and in any order.
        let rows = fetch(&conn, "SELECT $2 - $1 + $2 AS it", &[1.into(), 5.into()]).unwrap();
        assert_eq!(rows[0].get::<i64>("it").unwrap(), 9);
    }

    #[test]
    fn times_are_stored_in_the_order_of_time() {
        let at = |micros| DateTime::from_timestamp_micros(micros).unwrap();
        assert_eq!(stored(at(0)), "1970-01-01T00:00:00+00:00");
        assert_eq!(stored(at(1_500_000)), "1970-01-01T00:00:01.500+00:00");
        assert_eq!(stored(at(1_500_001)), "1970-01-01T00:00:01.500001+00:00");
        let written = Cell::Text("2026-11-22 08:30:00");
        assert_eq!(DateTime::from_cell(written).map(stored).unwrap(), "2026-11-22T08:30:00+00:00");
    }

    #[test]
    fn only_rows_that_were_changed_are_counted() {
        let conn = database();
        execute(&conn, "INSERT INTO t (name) VALUES ('a'), ('b')", &[]).unwrap();
        assert_eq!(execute(&conn, "SELECT id FROM t", &[]).unwrap(), 0);
        assert_eq!(execute(&conn, "UPDATE t SET name = 'c' WHERE id > 9", &[]).unwrap(), 0);
        assert_eq!(execute(&conn, "UPDATE t SET name = 'c'", &[]).unwrap(), 2);
    }
}
