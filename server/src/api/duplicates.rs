//! The work-list of patients who may be one person.

use poem_openapi::OpenApi;
use shared::{
    Page,
    patient::{LikelyPair, PairFilter, TellingApart},
    query::NoQuery,
};

use super::{
    Tag,
    wire::{Address, Body, Failure, Guard, NoContent, QueryParams, Reply, page},
};
use crate::{app::App, domain::records::patients};

pub(super) struct DuplicatesApi(pub(super) App);

#[OpenApi(prefix_path = "/api/duplicates", tag = "Tag::Patients")]
impl DuplicatesApi {
    /// List patients who may be one person
    ///
    /// For the front desk. Pairs of records, the most likely ones first. The list is kept up to date by every write.
    #[oai(path = "/", method = "get", operation_id = "list_duplicates")]
    async fn list_duplicates(
        &self,
        guard: Guard,
        QueryParams(filter): QueryParams<PairFilter>,
        address: Address,
    ) -> Result<Reply<Page<LikelyPair>>, Failure> {
        Ok(page(patients::list_pairs(&self.0, &guard, &filter).await?, &address))
    }

    /// Say that two patients are different people
    ///
    /// For the front desk. The pair leaves the list for good.
    #[oai(path = "/dismiss", method = "post", operation_id = "dismiss_duplicates")]
    async fn dismiss_duplicates(
        &self,
        guard: Guard,
        _query: QueryParams<NoQuery>,
        Body(telling): Body<TellingApart>,
    ) -> Result<NoContent, Failure> {
        patients::dismiss(&self.0, &guard, telling).await?;
        Ok(NoContent)
    }
}
