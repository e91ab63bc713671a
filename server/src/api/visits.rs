//! The operations on visits.

use poem_openapi::OpenApi;
use shared::{
    Page,
    history::HistoryEntry,
    id::VisitId,
    paths,
    query::{ListQuery, NoQuery},
    visit::{NewVisit, Visit, VisitFilter, VisitPatch},
};

use super::{
    Tag,
    wire::{
        Address, CachePolicy, Created, DraftBody, Failure, Guard, IfMatch, NewDraftBody, Path,
        QueryParams, Reply, Tagged, page,
    },
};
use crate::{
    app::App,
    domain::records::{self, visits},
};

pub(super) struct VisitsApi(pub(super) App);

#[OpenApi(prefix_path = "/api/visits", tag = "Tag::Visits")]
impl VisitsApi {
    /// List the visits of a day
    ///
    /// The default is today. Urgent visits come first, then by number.
    #[oai(path = "/", method = "get", operation_id = "list_visits")]
    async fn list_visits(
        &self,
        guard: Guard,
        QueryParams(filter): QueryParams<VisitFilter>,
        address: Address,
    ) -> Result<Reply<Page<Visit>>, Failure> {
        Ok(page(visits::list(&self.0, &guard, &filter).await?, &address))
    }

    /// Create a visit
    ///
    /// A patient has at most one open visit a day. A second one is refused, and `existing` is the
    /// first one.
    #[oai(path = "/", method = "post", operation_id = "create_visit")]
    async fn create_visit(
        &self,
        guard: Guard,
        _query: QueryParams<NoQuery>,
        new: NewDraftBody<NewVisit>,
    ) -> Result<Created<Visit>, Failure> {
        let body =
            visits::register(&self.0, &guard, new.draft, new.idempotency_key.as_ref()).await?;
        let (version, location) = (Some(body.version), paths::visit(body.id));
        Ok(Created { body, version, location, keep: CachePolicy::Private })
    }

    /// Read a visit
    ///
    /// A visit that has ended, or of an earlier day, can be read too.
    #[oai(path = "/:id", method = "get", operation_id = "get_visit")]
    async fn get_visit(
        &self,
        guard: Guard,
        id: Path<VisitId>,
        _query: QueryParams<NoQuery>,
    ) -> Result<Tagged<Visit>, Failure> {
        Ok(Tagged(records::read::<Visit>(&self.0, &guard, id.0, false).await?))
    }

    /// Change a visit
    ///
    /// An absent member stays, `null` clears it. A new status gets its time, and going back clears
    /// the times of later ones. While the visit is open, the front desk may correct the patient.
    /// Another patient or doctor clears the assignment unless the body names one.
    #[oai(path = "/:id", method = "patch", operation_id = "update_visit")]
    async fn update_visit(
        &self,
        guard: Guard,
        id: Path<VisitId>,
        _query: QueryParams<NoQuery>,
        IfMatch(precondition): IfMatch,
        DraftBody(change): DraftBody<VisitPatch>,
    ) -> Result<Tagged<Visit>, Failure> {
        Ok(Tagged(
            visits::update(&self.0, &guard, id.0, &precondition, change.map(|it| it.0)).await?,
        ))
    }

    /// Read a visit's history
    ///
    /// Newest first: user, time, origin, and the old and new value of each field.
    #[oai(path = "/:id/history", method = "get", operation_id = "list_visit_history")]
    async fn list_visit_history(
        &self,
        guard: Guard,
        id: Path<VisitId>,
        QueryParams(query): QueryParams<ListQuery>,
        address: Address,
    ) -> Result<Reply<Page<HistoryEntry>>, Failure> {
        Ok(page(records::history::<Visit>(&self.0, &guard, id.0, &query).await?, &address))
    }
}
