//! Reading the audit log.

use std::collections::BTreeSet;

use shared::{
    FieldError,
    audit::{AuditEntry, AuditFilter},
    page::COUNT_MAX,
};

use super::{
    access::{Action, scope},
    listing::{PageRequest, PageSlice},
    names::{Names, mentions},
};
use crate::{
    app::App,
    db::{
        audit::{self, Place},
        names::Named,
    },
    error::Error,
    services::actor::Actor,
};

/// The audit log, newest first. Reading it is noted in the log too.
pub async fn list(
    app: &App,
    actor: &Actor,
    filter: &AuditFilter,
) -> Result<PageSlice<AuditEntry>, Error> {
    scope(actor, Action::ReadAudit)?;
    if filter.entity_id.is_some() && filter.entity.is_none() {
        let message = "is required with entity_id, because different kinds of records share ids";
        return Err(Error::invalid("entity", FieldError::new("required", message)));
    }
    let pages = filter.pages();
    let page: PageRequest<Place> = PageRequest::read(app, pages, "audit")?;
    let mut read = app.db().read_at_length().await?;
    let mut conn = read.conn();
    let mut rows = audit::list(&mut conn, filter, &page.seek()).await?;
    let names = Names::read(&mut conn, actor, rows.iter().flat_map(mentioned)).await?;
    for row in &mut rows {
        row.names = names.of(mentioned(row));
    }
    let count = page.count(&rows, audit::count(&mut conn, filter, COUNT_MAX + 1)).await?;
    drop(read);
    app.reads().note(actor, app.clock().now(), "audit.read", "audit", None);
    page.slice(app, rows, count, |entry| Place { at: entry.at, id: entry.id.0 })
}

fn mentioned(entry: &AuditEntry) -> BTreeSet<(Named, i64)> {
    mentions(entry.entity_id.map(|id| (entry.entity.as_str(), id)), &entry.changes)
}
