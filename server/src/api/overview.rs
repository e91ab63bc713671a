//! The first things that a desk shows: the dashboard and the quick search.

use poem_openapi::OpenApi;
use shared::{
    dashboard::Dashboard,
    lookup::{Lookup, LookupQuery},
    query::NoQuery,
};

use super::{
    Tag,
    wire::{failure::Failure, guard::Guard, params::QueryParams, reply::Reply},
};
use crate::{
    app::App,
    domain::records::{dashboard, lookup},
};

pub(super) struct OverviewApi(pub(super) App);

#[OpenApi(prefix_path = "/api", tag = "Tag::Overview")]
impl OverviewApi {
    /// Read the dashboard
    ///
    /// Current figures for the records that the caller may see.
    #[oai(path = "/dashboard", method = "get", operation_id = "get_dashboard")]
    async fn get_dashboard(
        &self,
        guard: Guard,
        _query: QueryParams<NoQuery>,
    ) -> Result<Reply<Dashboard>, Failure> {
        Ok(Reply::new(dashboard::read(&self.0, &guard).await?))
    }

    /// Look up any text
    ///
    /// Recognises the kind of text (a name, a date, a number, …) and finds matching doctors and
    /// those matching patients that the caller may see, best first. Every word must match. A
    /// medical record number with a wrong check letter gets a 400 with the code `mistyped_mrn`,
    /// unless another record matches the text. Where fewer than five are found, patients of other spelling
    /// follow, with the reason `similar`.
    ///
    /// An empty text finds the 20 patients whom the caller has opened or written last, newest first.
    /// Opening is reading the single record or its history. Writes of assignments and visits count
    /// as writes of their patients. Lookups do not count.
    #[oai(path = "/lookup", method = "get", operation_id = "look_up")]
    async fn look_up(
        &self,
        guard: Guard,
        QueryParams(query): QueryParams<LookupQuery>,
    ) -> Result<Reply<Lookup>, Failure> {
        Ok(Reply::new(lookup::look_up(&self.0, &guard, &query.q).await?))
    }
}
