//! Assignments.

use poem_openapi::OpenApi;
use shared::{
    Page,
    assignment::{
        Assignment, AssignmentFilter, AssignmentPatch, AssignmentReplacement, NewAssignment,
        Transfer,
    },
    history::HistoryEntry,
    id::AssignmentId,
    paths,
    query::{ListQuery, NoQuery},
};

use super::{
    Tag,
    wire::{
        Address, Body, CachePolicy, Created, Failure, Guard, IfMatch, NewBody, NoContent, Path,
        QueryParams, Reply, Tagged, page,
    },
};
use crate::{
    app::App,
    domain::records::{self, assignments},
};

pub(super) struct AssignmentsApi(pub(super) App);

fn created(body: Assignment) -> Created<Assignment> {
    let (version, location) = (Some(body.version), paths::assignment(body.id));
    Created { body, version, location, keep: CachePolicy::Private }
}

#[OpenApi(prefix_path = "/api/assignments", tag = "Tag::Assignments")]
impl AssignmentsApi {
    /// List assignments
    ///
    /// By default the active ones; `status` or `is_active` selects others. Newest first.
    #[oai(path = "/", method = "get", operation_id = "list_assignments")]
    async fn list_assignments(
        &self,
        guard: Guard,
        QueryParams(filter): QueryParams<AssignmentFilter>,
        address: Address,
    ) -> Result<Reply<Page<Assignment>>, Failure> {
        Ok(page(assignments::list(&self.0, &guard, &filter).await?, &address))
    }

    /// Assign a patient to a doctor
    ///
    /// A patient has at most one active assignment to each doctor. A second one is refused, and
    /// the answer shows the first in `existing`.
    #[oai(path = "/", method = "post", operation_id = "create_assignment")]
    async fn create_assignment(
        &self,
        guard: Guard,
        _query: QueryParams<NoQuery>,
        new: NewBody<NewAssignment>,
    ) -> Result<Created<Assignment>, Failure> {
        Ok(created(
            assignments::assign(&self.0, &guard, &new.body, new.idempotency_key.as_ref()).await?,
        ))
    }

    /// Read an assignment
    ///
    /// An assignment that has ended can be read too.
    #[oai(path = "/:id", method = "get", operation_id = "get_assignment")]
    async fn get_assignment(
        &self,
        guard: Guard,
        id: Path<AssignmentId>,
        _query: QueryParams<NoQuery>,
    ) -> Result<Tagged<Assignment>, Failure> {
        Ok(Tagged(records::read::<Assignment>(&self.0, &guard, id.0, false).await?))
    }

    /// Replace an assignment
    ///
    /// Absent members are cleared, except `status` and `assigned_date`, which stay. The patient
    /// and the doctor can't be changed.
    #[oai(path = "/:id", method = "put", operation_id = "replace_assignment")]
    async fn replace_assignment(
        &self,
        guard: Guard,
        id: Path<AssignmentId>,
        _query: QueryParams<NoQuery>,
        IfMatch(precondition): IfMatch,
        Body(new): Body<AssignmentReplacement>,
    ) -> Result<Tagged<Assignment>, Failure> {
        Ok(Tagged(assignments::update(&self.0, &guard, id.0, &precondition, &new.0).await?))
    }

    /// Change an assignment
    ///
    /// Absent members stay, and `null` clears a member. An active `status` reactivates an
    /// assignment that has ended.
    #[oai(path = "/:id", method = "patch", operation_id = "update_assignment")]
    async fn update_assignment(
        &self,
        guard: Guard,
        id: Path<AssignmentId>,
        _query: QueryParams<NoQuery>,
        IfMatch(precondition): IfMatch,
        Body(change): Body<AssignmentPatch>,
    ) -> Result<Tagged<Assignment>, Failure> {
        Ok(Tagged(assignments::update(&self.0, &guard, id.0, &precondition, &change.0).await?))
    }

    /// End an assignment
    ///
    /// The assignment becomes `cancelled` and stays in the history.
    #[oai(path = "/:id", method = "delete", operation_id = "delete_assignment")]
    async fn delete_assignment(
        &self,
        guard: Guard,
        id: Path<AssignmentId>,
        _query: QueryParams<NoQuery>,
        IfMatch(precondition): IfMatch,
    ) -> Result<NoContent, Failure> {
        assignments::end(&self.0, &guard, id.0, &precondition).await?;
        Ok(NoContent)
    }

    /// Transfer a patient to another doctor
    ///
    /// Completes this assignment and creates one to the other doctor, in one step.
    #[oai(path = "/:id/transfer", method = "post", operation_id = "transfer_assignment")]
    async fn transfer_assignment(
        &self,
        guard: Guard,
        id: Path<AssignmentId>,
        _query: QueryParams<NoQuery>,
        IfMatch(precondition): IfMatch,
        transfer: NewBody<Transfer>,
    ) -> Result<Created<Assignment>, Failure> {
        let (app, idempotency_key) = (&self.0, transfer.idempotency_key.as_ref());
        let opened = assignments::transfer(
            app,
            &guard,
            id.0,
            &precondition,
            &transfer.body,
            idempotency_key,
        )
        .await?;
        Ok(created(opened))
    }

    /// Read an assignment's history
    ///
    /// Newest first. Each entry has the user, the time, the origin, and the old and new value of
    /// each changed field.
    #[oai(path = "/:id/history", method = "get", operation_id = "list_assignment_history")]
    async fn list_assignment_history(
        &self,
        guard: Guard,
        id: Path<AssignmentId>,
        QueryParams(query): QueryParams<ListQuery>,
        address: Address,
    ) -> Result<Reply<Page<HistoryEntry>>, Failure> {
        Ok(page(records::history::<Assignment>(&self.0, &guard, id.0, &query).await?, &address))
    }
}
