//! The administration of accounts.

use poem_openapi::OpenApi;
use shared::{
    Page, UserId,
    account::{Account, CreatedUser, IssuedCode, NewUser, UserFilter, UserPatch, VisibleUser},
    paths,
    query::NoQuery,
};

use super::{
    Tag,
    wire::{
        Address, Body, CachePolicy, Conflicting, Created, Failure, Guard, IfMatch, NewBody,
        NoContent, Path, QueryParams, Reply, Tagged, page,
    },
};
use crate::{app::App, domain::accounts::users};

pub(super) struct UsersApi(pub(super) App);

#[OpenApi(prefix_path = "/api/users", tag = "Tag::Users")]
impl UsersApi {
    /// List users
    ///
    /// For administrators and the front desk. The front desk sees only the id, username, name and
    /// role of each user.
    #[oai(path = "/", method = "get", operation_id = "list_users")]
    async fn list_users(
        &self,
        guard: Guard,
        QueryParams(filter): QueryParams<UserFilter>,
        address: Address,
    ) -> Result<Reply<Page<VisibleUser>>, Failure> {
        Ok(page(users::list_visible(&self.0, &guard, &filter).await?, &address))
    }

    /// Create an account
    ///
    /// For administrators. Unlike other answers to POST, this one has the account under `user`,
    /// because it also contains the one-time code. The code is shown once. With it, the owner of
    /// the account sets a password within seven days. An account without a name and a username
    /// gets the part of its e-mail address before the `@` as its username, with a number if that
    /// is taken.
    #[oai(path = "/", method = "post", operation_id = "create_user")]
    async fn create_user(
        &self,
        guard: Guard,
        _query: QueryParams<NoQuery>,
        new: NewBody<NewUser>,
    ) -> Result<Created<CreatedUser>, Failure> {
        let idempotency_key = new.idempotency_key.as_ref();
        let body = users::create_by_admin(&self.0, &guard, &new.body, idempotency_key).await?;
        let (version, location) = (Some(body.user.version), paths::user(body.user.id));
        Ok(Created { body, version, location, keep: CachePolicy::Never })
    }

    /// Read a user
    ///
    /// For administrators and the front desk. The front desk sees only the id, username, name and
    /// role.
    #[oai(path = "/:id", method = "get", operation_id = "get_user")]
    async fn get_user(
        &self,
        guard: Guard,
        id: Path<UserId>,
        _query: QueryParams<NoQuery>,
    ) -> Result<Tagged<VisibleUser>, Failure> {
        Ok(Tagged(users::read(&self.0, &guard, id.0).await?))
    }

    /// Change an account
    ///
    /// For administrators. A new role takes effect at once. The user's password stays, even if the
    /// new role requires a longer one; the next password must be long enough. A new e-mail address
    /// counts as verified, because an administrator entered it, and makes the account's one-time
    /// codes invalid. The last active administrator can't lose that role.
    #[oai(path = "/:id", method = "patch", operation_id = "update_user")]
    async fn update_user(
        &self,
        guard: Guard,
        id: Path<UserId>,
        _query: QueryParams<NoQuery>,
        IfMatch(precondition): IfMatch,
        Body(change): Body<UserPatch>,
    ) -> Result<Tagged<Account>, Failure> {
        Ok(Tagged(users::update(&self.0, &guard, id.0, &precondition, &change).await?))
    }

    /// Deactivate an account
    ///
    /// For administrators. Its sessions, API tokens and one-time codes end; nothing else is lost.
    /// `is_active` activates it again. The last active administrator can't be deactivated.
    #[oai(path = "/:id", method = "delete", operation_id = "delete_user")]
    async fn delete_user(
        &self,
        guard: Guard,
        id: Path<UserId>,
        _query: QueryParams<NoQuery>,
        IfMatch(precondition): IfMatch,
    ) -> Result<NoContent, Failure> {
        users::deactivate_by_admin(&self.0, &guard, id.0, &precondition).await?;
        Ok(NoContent)
    }

    /// Create a one-time code
    ///
    /// For administrators, for the account of another user. The code is shown once and replaces
    /// earlier ones. With it, the owner of the account sets a password, within 30 minutes, or
    /// within seven days if the account has no password yet.
    #[oai(path = "/:id/code", method = "post", operation_id = "create_user_code")]
    async fn create_user_code(
        &self,
        guard: Guard,
        id: Path<UserId>,
        _query: QueryParams<NoQuery>,
    ) -> Result<Reply<IssuedCode>, Failure<Conflicting>> {
        Ok(Reply::secret(users::issue_code(&self.0, &guard, id.0).await?))
    }

    /// End all sessions of a user
    ///
    /// For administrators. API tokens stay valid.
    #[oai(path = "/:id/sessions", method = "delete", operation_id = "end_user_sessions")]
    async fn end_user_sessions(
        &self,
        guard: Guard,
        id: Path<UserId>,
        _query: QueryParams<NoQuery>,
    ) -> Result<NoContent, Failure> {
        users::end_sessions(&self.0, &guard, id.0).await?;
        Ok(NoContent)
    }
}
