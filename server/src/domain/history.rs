//! The history of a record, from its audit events.

use shared::{history::HistoryEntry, page::COUNT_MAX};

use super::listing::{Asked, Window};
use crate::{
    db::{Conn, audit},
    error::Error,
};

/// A page of the history of a record, the newest audit event first.
pub(crate) async fn page(
    conn: &mut Conn<'_>,
    asked: &Asked<i64>,
    entity: &str,
    id: i64,
) -> Result<Window<HistoryEntry>, Error> {
    let (place, backwards) = (asked.key().copied(), asked.is_backwards());
    let (limit, offset) = (asked.size + 1, asked.offset());
    let rows = audit::history(conn, entity, id, place, backwards, limit, offset).await?;
    let count = audit::count_history(conn, entity, id, COUNT_MAX + 1).await?;
    asked.window(rows, count, |entry| entry.id.0)
}
