//! Statements that tests run beside the server, directly on its database.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, Row, ValueRef as _, postgres::PgConnection, raw_sql};

/// A connection of one's own to the database of a server.
pub(crate) enum Beside {
    Sqlite(rusqlite::Connection),
    Postgres(PgConnection),
}

impl Beside {
    /// Connects to the database with this URL.
    pub(crate) async fn connect(url: &str) -> Self {
        match url.strip_prefix("sqlite:") {
            Some(path) => {
                let connection = rusqlite::Connection::open(path).unwrap();
                connection.busy_timeout(Duration::from_secs(5)).unwrap();
                connection.execute_batch("PRAGMA foreign_keys = ON").unwrap();
                Self::Sqlite(connection)
            }
            None => Self::Postgres(PgConnection::connect(url).await.unwrap()),
        }
    }

    /// Runs statements.
    pub(crate) async fn execute(&mut self, statements: &str) {
        match self {
            Self::Sqlite(connection) => connection.execute_batch(statements).unwrap(),
            Self::Postgres(connection) => {
                let statements = AssertSqlSafe(statements.to_owned());
                raw_sql(statements).execute(connection).await.unwrap();
            }
        }
    }

    /// Runs a statement and returns its rows as text; `None` for NULL.
    pub(crate) async fn rows(&mut self, statement: &str) -> Vec<Vec<Option<String>>> {
        match self {
            Self::Sqlite(connection) => sqlite_rows(connection, statement),
            Self::Postgres(connection) => {
                let statement = AssertSqlSafe(statement.to_owned());
                let rows = raw_sql(statement).fetch_all(connection).await.unwrap();
                let cell = |row: &sqlx::postgres::PgRow, i| {
                    let value = row.try_get_raw(i).unwrap();
                    (!value.is_null()).then(|| value.as_str().unwrap().to_owned())
                };
                rows.iter().map(|row| (0..row.len()).map(|i| cell(row, i)).collect()).collect()
            }
        }
    }

    /// The number that a statement selects; 0 where it selects no row.
    pub(crate) async fn number(&mut self, statement: &str) -> i64 {
        let rows = self.rows(statement).await;
        rows.first().map_or(0, |row| row[0].as_deref().unwrap().parse().unwrap())
    }
}

fn sqlite_rows(connection: &rusqlite::Connection, statement: &str) -> Vec<Vec<Option<String>>> {
    use rusqlite::types::ValueRef;
    let mut statement = connection.prepare(statement).unwrap();
    let width = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    let mut texts = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let text = |i| match row.get_ref(i).unwrap() {
            ValueRef::Null => None,
            ValueRef::Integer(int) => Some(int.to_string()),
            ValueRef::Real(real) => Some(real.to_string()),
            ValueRef::Text(text) | ValueRef::Blob(text) => {
                Some(String::from_utf8_lossy(text).into_owned())
            }
        };
        texts.push((0..width).map(text).collect());
    }
    texts
}
