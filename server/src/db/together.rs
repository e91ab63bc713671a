//! A new row and the rows that refer to it.

use serde::Serialize;

use super::{Arg, Conn, DbError, Sql};
use crate::error::Error;

/// The insertion of a row and of rows that refer to it. With PostgreSQL, where every statement is a
/// round trip, they are one statement. SQLite has no such statement, and there several cost little
/// more than one.
pub(super) struct Together<'a, 'c> {
    conn: &'a mut Conn<'c>,
    first: First,
}

/// The row that the others refer to.
enum First {
    /// It was inserted and has this id.
    Inserted(i64),
    /// It is inserted by the first part of this statement.
    Planned(Sql),
}

impl<'a, 'c> Together<'a, 'c> {
    /// Begins with the row that the others refer to, `INSERT INTO …` without `RETURNING`.
    pub(super) async fn begin(conn: &'a mut Conn<'c>, mut first: Sql) -> Result<Self, DbError> {
        first.push(" RETURNING id");
        let first = if conn.0.is_sqlite() {
            First::Inserted(first.fetch_one(conn).await?.get("id")?)
        } else {
            first.begin_with("WITH first AS (").push(")");
            First::Planned(first)
        };
        Ok(Self { conn, first })
    }

    /// Adds a statement that inserts rows. Each has another name. None of them sees what the others
    /// write.
    pub(super) async fn add(
        &mut self,
        name: &'static str,
        write: impl FnOnce(&mut Part<'_>) -> Result<(), Error>,
    ) -> Result<(), DbError> {
        match &mut self.first {
            First::Inserted(id) => {
                let mut sql = Sql::default();
                write(&mut Part { sql: &mut sql, first: Some(*id) })?;
                sql.execute(self.conn).await?;
            }
            First::Planned(sql) => {
                sql.push(", ").push(name).push(" AS (");
                write(&mut Part { sql, first: None })?;
                sql.push(")");
            }
        }
        Ok(())
    }

    /// Inserts what is not inserted yet, and returns the id of the first row.
    pub(super) async fn finish(self) -> Result<i64, DbError> {
        match self.first {
            First::Inserted(id) => Ok(id),
            First::Planned(mut sql) => {
                sql.push(" SELECT id FROM first");
                Ok(sql.fetch_one(self.conn).await?.get("id")?)
            }
        }
    }
}

/// A statement that inserts rows which refer to another one.
pub(super) struct Part<'s> {
    sql: &'s mut Sql,
    /// The id of that row; `None` where it is inserted by the same statement.
    first: Option<i64>,
}

impl Part<'_> {
    /// Appends text.
    pub(super) fn push(&mut self, text: &'static str) -> &mut Self {
        self.sql.push(text);
        self
    }

    /// Appends a placeholder for this value.
    pub(super) fn bind(&mut self, value: impl Into<Arg>) -> &mut Self {
        self.sql.bind(value);
        self
    }

    /// Appends the id of the row that is referred to.
    pub(super) fn bind_first(&mut self) -> &mut Self {
        match self.first {
            Some(id) => self.sql.bind(id),
            None => self.sql.push("(SELECT id FROM first)"),
        };
        self
    }

    /// Appends a table with a row for each text. The text of the statement is the same for any number
    /// of them, so that it stays prepared.
    pub(super) fn bind_texts(&mut self, texts: &[String]) -> Result<(), Error> {
        self.bind_list("json_array_elements_text(", &texts)
    }

    /// Appends a table with a row for each object. `value ->> 'name'` is a member of it.
    pub(super) fn bind_objects(&mut self, objects: &[impl Serialize]) -> Result<(), Error> {
        self.bind_list("json_array_elements(", &objects)
    }

    fn bind_list(&mut self, postgres: &'static str, list: &impl Serialize) -> Result<(), Error> {
        let list = serde_json::to_string(list).map_err(|e| Error::Internal(e.into()))?;
        match self.first {
            Some(_) => self.sql.push("json_each(").bind(list).push(")"),
            None => self.sql.push(postgres).bind(list).push("::json)"),
        };
        Ok(())
    }

    /// The statement.
    pub(super) fn sql(&mut self) -> &mut Sql {
        self.sql
    }
}
