//! The history of a record, from its audit events.

use shared::{history::HistoryEntry, page::COUNT_MAX};

use crate::{
    app::App,
    db::{Conn, audit},
    domain::{
        listing::{PageRequest, PageSlice},
        names::{Names, mentions},
    },
    error::Error,
    services::actor::Actor,
};

/// A page of the history of a record together with others, newest audit event first.
pub(crate) async fn page(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    page: &PageRequest<i64>,
    (entity, id, others): (&str, i64, &[i64]),
) -> Result<PageSlice<HistoryEntry>, Error> {
    let records = audit::Records { entity, id, others };
    let mut rows = audit::history(conn, &records, &page.seek()).await?;
    let mentioned = |entry: &HistoryEntry| mentions(None, &entry.changes);
    let names = Names::read(conn, actor, rows.iter().flat_map(mentioned)).await?;
    for row in &mut rows {
        row.names = names.of(mentioned(row));
    }
    let counting = audit::count_history(conn, &records, COUNT_MAX + 1);
    let count = page.count(&rows, counting).await?;
    page.slice(app, rows, count, |entry| entry.id.0)
}
