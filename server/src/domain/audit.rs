//! Reading the audit log.

use shared::{
    FieldError,
    audit::{AuditEntry, AuditFilter},
    page::COUNT_MAX,
};

use super::{
    access::{Action, scope},
    listing::{PageRequest, PageSlice},
};
use crate::{
    app::App,
    db::audit::{self, Place},
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
    let mut read = app.db().read().await?;
    let mut conn = read.conn();
    let (place, backwards) = (page.key(), page.is_backwards());
    let (limit, offset) = (page.size + 1, page.offset());
    let rows = audit::list(&mut conn, filter, place, backwards, limit, offset).await?;
    let count = audit::count(&mut conn, filter, COUNT_MAX + 1).await?;
    drop(read);
    app.reads().note(actor, app.clock().now(), "audit.read", "audit", None);
    page.slice(app, rows, count, |entry| Place { at: entry.at, id: entry.id.0 })
}
