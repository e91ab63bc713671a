//! Many rows in few statements.

use super::{Conn, DbError, Row, Sql, sql::NewRow};
use crate::error::Error;

/// The numbers of rows that [`pieces`] have. The second one is that of a step of an import. Fewer rows than
/// the last one are one piece.
const PIECES: [usize; 3] = [40, 20, 8];

/// Rows in pieces of a few sizes, so that the statements for any number of rows have few texts, which
/// stay prepared. The largest pieces come first.
pub(super) fn pieces<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let (piece, rest) = rows.split_at_checked(piece(rows.len())?)?;
        rows = rest;
        Some(piece)
    })
}

/// The number of rows in the first piece of so many; `None` where there are none.
fn piece(rows: usize) -> Option<usize> {
    let size = PIECES.into_iter().find(|size| *size <= rows);
    size.or(Some(rows)).filter(|size| *size > 0)
}

/// Inserts rows in their order, and returns what the clause `returning` says. All rows must have the same
/// columns.
///
/// PostgreSQL is sent a list of values for each column: the statement has the same text for any number of
/// rows, and few arguments. SQLite has no lists.
pub(super) async fn insert(
    conn: &mut Conn<'_>,
    table: &'static str,
    rows: Vec<NewRow>,
    returning: &'static str,
) -> Result<Vec<Row>, DbError> {
    if !conn.0.is_sqlite() {
        return insert_lists(conn, table, rows, returning).await;
    }
    let (mut returned, mut rows) = (Vec::new(), rows);
    while let Some(size) = piece(rows.len()) {
        let rest = rows.split_off(size);
        let mut sql = Sql::insert(table, std::mem::replace(&mut rows, rest));
        sql.push(returning);
        returned.extend(sql.fetch_all(conn).await?);
    }
    Ok(returned)
}

async fn insert_lists(
    conn: &mut Conn<'_>,
    table: &'static str,
    rows: Vec<NewRow>,
    returning: &'static str,
) -> Result<Vec<Row>, DbError> {
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let names: Vec<_> = first.iter().map(|(name, _)| *name).collect();
    let places: Vec<_> = (1..=names.len()).map(|place| format!("${place}")).collect();
    let (columns, places) = (names.join(", "), places.join(", "));
    let text = format!("INSERT INTO {table} ({columns}) SELECT * FROM unnest({places}){returning}");
    let mut lists: Vec<_> = names.iter().map(|_| Vec::with_capacity(rows.len())).collect();
    for row in rows {
        // PostgreSQL would complete a shorter list, and mix the values of the rows.
        if !row.iter().map(|(name, _)| *name).eq(names.iter().copied()) {
            return Err(Error::internal("rows of one table with different columns").into());
        }
        for (list, (_, value)) in lists.iter_mut().zip(row) {
            list.push(value);
        }
    }
    conn.0.fetch_with_lists(text, lists).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_rows_is_written_in_pieces_of_few_sizes() {
        let rows: Vec<usize> = (0..100).collect();
        for (count, sizes) in [
            (0, vec![]),
            (1, vec![1]),
            (7, vec![7]),
            (20, vec![20]),
            (31, vec![20, 8, 3]),
            (100, vec![40, 40, 20]),
        ] {
            let some: Vec<_> = pieces(&rows[..count]).collect();
            assert_eq!(some.iter().map(|piece| piece.len()).collect::<Vec<_>>(), sizes);
            assert_eq!(some.concat(), rows[..count]);
        }
    }
}
