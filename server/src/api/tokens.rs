//! API tokens.

use poem_openapi::OpenApi;
use shared::{
    Page,
    account::{ApiToken, CreatedApiToken, NewApiToken},
    id::ApiTokenId,
    paths,
    query::{ListQuery, NoQuery},
};

use super::{
    Tag,
    wire::{
        Address, Body, CachePolicy, Conflicting, Created, Failure, Guard, NoContent, Path,
        QueryParams, Reply, page,
    },
};
use crate::{app::App, domain::accounts::api_tokens};

pub(super) struct TokensApi(pub(super) App);

#[OpenApi(prefix_path = "/api/auth/tokens", tag = "Tag::Auth")]
impl TokensApi {
    /// List your API tokens
    ///
    /// Newest first, without their secrets. Expired tokens are listed until they are revoked.
    #[oai(path = "/", method = "get", operation_id = "list_tokens")]
    async fn list_tokens(
        &self,
        guard: Guard,
        QueryParams(query): QueryParams<ListQuery>,
        address: Address,
    ) -> Result<Reply<Page<ApiToken>>, Failure> {
        Ok(page(api_tokens::list(&self.0, &guard, &query).await?, &address))
    }

    /// Read one of your API tokens
    ///
    /// Without its secret. A revoked token gets a 404.
    #[oai(path = "/:id", method = "get", operation_id = "get_token")]
    async fn get_token(
        &self,
        guard: Guard,
        id: Path<ApiTokenId>,
        _query: QueryParams<NoQuery>,
    ) -> Result<Reply<ApiToken>, Failure> {
        Ok(Reply::new(api_tokens::read(&self.0, &guard, id.0).await?))
    }

    /// Create an API token
    ///
    /// For an unattended program, with at most the rights of its user. `token` is the secret and
    /// is shown once; `id` identifies the token in URLs and in the audit log (`token` there). A
    /// token ends when it is revoked or expires, when its user sets a password with a one-time
    /// code, and when the account is deactivated. Changing the password does not end it.
    #[oai(path = "/", method = "post", operation_id = "create_token")]
    async fn create_token(
        &self,
        guard: Guard,
        _query: QueryParams<NoQuery>,
        Body(new): Body<NewApiToken>,
    ) -> Result<Created<CreatedApiToken>, Failure<Conflicting>> {
        let body = api_tokens::create(&self.0, &guard, &new).await?;
        let location = paths::token(body.id);
        Ok(Created { body, version: None, location, keep: CachePolicy::Never })
    }

    /// Revoke one of your API tokens
    ///
    /// Later requests with the token are refused. Revoking a revoked token changes nothing and has the
    /// same answer.
    #[oai(path = "/:id", method = "delete", operation_id = "revoke_token")]
    async fn revoke_token(
        &self,
        guard: Guard,
        id: Path<ApiTokenId>,
        _query: QueryParams<NoQuery>,
    ) -> Result<NoContent, Failure> {
        api_tokens::revoke(&self.0, &guard, id.0).await?;
        Ok(NoContent)
    }
}
