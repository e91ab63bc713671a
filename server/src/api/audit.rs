//! The audit log.

use poem_openapi::OpenApi;
use shared::{
    Page,
    audit::{AuditEntry, AuditFilter},
};

use super::{
    Tag,
    wire::{Address, Failure, Guard, QueryParams, Reply, page},
};
use crate::{app::App, domain::audit};

pub(super) struct AuditApi(pub(super) App);

#[OpenApi(prefix_path = "/api/audit", tag = "Tag::Audit")]
impl AuditApi {
    /// Read the audit log
    ///
    /// For administrators, newest first. Each request is itself noted in the log.
    #[oai(path = "/", method = "get", operation_id = "list_audit")]
    async fn list_audit(
        &self,
        guard: Guard,
        QueryParams(filter): QueryParams<AuditFilter>,
        address: Address,
    ) -> Result<Reply<Page<AuditEntry>>, Failure> {
        Ok(page(audit::list(&self.0, &guard, &filter).await?, &address))
    }
}
