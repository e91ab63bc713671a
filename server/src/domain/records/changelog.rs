//! The history of a record, from its audit events.

use shared::{history::HistoryEntry, page::COUNT_MAX};

use crate::{
    app::App,
    db::{Conn, audit},
    domain::listing::{PageRequest, PageSlice},
    error::Error,
};

/// A page of a record's history, newest audit event first.
pub(crate) async fn page(
    app: &App,
    conn: &mut Conn<'_>,
    page: &PageRequest<i64>,
    entity: &str,
    id: i64,
) -> Result<PageSlice<HistoryEntry>, Error> {
    let (place, backwards) = (page.key().copied(), page.is_backwards());
    let (limit, offset) = (page.size + 1, page.offset());
    let rows = audit::history(conn, entity, id, place, backwards, limit, offset).await?;
    let count = audit::count_history(conn, entity, id, COUNT_MAX + 1).await?;
    page.slice(app, rows, count, |entry| entry.id.0)
}
