//! Rows of PostgreSQL.

use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::{Column as _, Decode, Postgres, Row as _, Type, postgres::PgRow};

/// A row of a result.
pub(crate) struct Row {
    row: PgRow,
    /// The column behind the one that was read last. Rows are mostly read in the order of their columns,
    /// so the next name is mostly found there, and needs no search among all names.
    next: AtomicUsize,
}

impl Row {
    pub(super) fn new(row: PgRow) -> Self {
        Self { row, next: AtomicUsize::new(0) }
    }

    /// The value of a column.
    pub(in crate::db) fn get<'r, T: Decode<'r, Postgres> + Type<Postgres>>(
        &'r self,
        name: &str,
    ) -> Result<T, sqlx::Error> {
        let next = self.next.load(Ordering::Relaxed);
        let is_next = self.row.columns().get(next).is_some_and(|column| column.name() == name);
        let place = if is_next { next } else { self.row.try_column(name)?.ordinal() };
        self.next.store(place + 1, Ordering::Relaxed);
        self.row.try_get(place).map_err(|error| match error {
            sqlx::Error::ColumnDecode { source, .. } => {
                sqlx::Error::ColumnDecode { index: name.to_owned(), source }
            }
            error => error,
        })
    }
}
