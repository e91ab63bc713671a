//! All records of a kind, in the form in which they are exported: without what only this database means, such as ids.

use serde::Serialize;

use super::{Conn, DbError, Row};
use crate::error::Error;

/// A record as it is exported.
pub(crate) trait Exported: Serialize + Sized {
    /// The names of its members, in their order.
    fn members() -> Vec<&'static str>;

    /// Those that come behind an id, each with its own id. There are at most `count`.
    async fn after(conn: &mut Conn<'_>, id: i64, count: i64) -> Result<Vec<(i64, Self)>, DbError>;
}

/// The ids and the records of rows.
pub(super) fn with_ids<T>(
    rows: &[Row],
    read: impl Fn(&Row) -> Result<T, Error>,
) -> Result<Vec<(i64, T)>, DbError> {
    let read = |row: &Row| Ok((row.get("id")?, read(row)?));
    Ok(rows.iter().map(read).collect::<Result<_, Error>>()?)
}
