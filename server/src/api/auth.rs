//! Accounts and sessions.

use poem_openapi::OpenApi;
use shared::{
    Page, SessionId,
    account::{
        EmailVerification, Login, LoginSession, Logout, MailRequest, PasswordChange, PasswordReset,
        ProfilePatch, ProfileReplacement, Refresh, Refreshed, Registered, Registration, Session,
        User,
    },
    paths,
    query::{ListQuery, NoQuery},
};

use super::{
    Tag,
    wire::{
        address::Address,
        body::{Body, OptionalBody},
        failure::{Failure, Limited, LoggingIn, Refreshing, Registering},
        guard::{ClientOrigin, Guard},
        params::{IfMatch, Path, QueryParams},
        reply::{Accepted, CachePolicy, Created, NoContent, Reply, Tagged, page},
    },
};
use crate::{
    app::App,
    domain::accounts::{
        login, password, password_reset, profile, registration, sessions, verification,
    },
};

pub(super) struct AuthApi(pub(super) App);

#[OpenApi(prefix_path = "/api/auth", tag = "Tag::Auth")]
impl AuthApi {
    /// Register
    ///
    /// Opens an account and logs in with it, where registration is open. A code is mailed with which
    /// the e-mail address is confirmed; where that is required for logging in, there are no tokens.
    /// A password that is guessed early is refused.
    /// An account without a name and a username gets the part of its e-mail address before the `@` as
    /// its username, with a number where that is taken.
    #[oai(path = "/register", method = "post", operation_id = "register")]
    async fn register(
        &self,
        ClientOrigin(origin): ClientOrigin,
        _query: QueryParams<NoQuery>,
        Body(new): Body<Registration>,
    ) -> Result<Created<Registered>, Failure<Registering>> {
        let body = registration::register(&self.0, &origin, new).await?;
        let location = paths::PROFILE.to_owned();
        Ok(Created { body, version: None, location, keep: CachePolicy::Never })
    }

    /// Log in
    ///
    /// With e-mail address or username. A wrong password and an unknown user answer alike. Too many
    /// attempts get 429; they are counted by account and `device`, without a known one by account and
    /// address.
    #[oai(path = "/login", method = "post", operation_id = "log_in")]
    async fn log_in(
        &self,
        ClientOrigin(origin): ClientOrigin,
        _query: QueryParams<NoQuery>,
        Body(login): Body<Login>,
    ) -> Result<Reply<Session>, Failure<LoggingIn>> {
        Ok(Reply::secret(login::log_in(&self.0, &origin, login).await?))
    }

    /// Get the next tokens
    ///
    /// The refresh token is replaced; the one that was sent works for ten seconds more.
    #[oai(path = "/token/refresh", method = "post", operation_id = "refresh_tokens")]
    async fn refresh_tokens(
        &self,
        ClientOrigin(origin): ClientOrigin,
        _query: QueryParams<NoQuery>,
        Body(sent): Body<Refresh>,
    ) -> Result<Reply<Refreshed>, Failure<Refreshing>> {
        Ok(Reply::secret(sessions::refresh(&self.0, &sent.refresh, &origin).await?))
    }

    /// Log out
    ///
    /// Ends the session that asks; both its tokens are worthless from then on.
    #[oai(path = "/logout", method = "post", operation_id = "log_out")]
    async fn log_out(
        &self,
        guard: Guard,
        _query: QueryParams<NoQuery>,
        OptionalBody(sent): OptionalBody<Logout>,
    ) -> Result<NoContent, Failure> {
        sessions::logout(&self.0, &guard, sent.refresh.as_deref()).await?;
        Ok(NoContent)
    }

    /// Read one's own account
    ///
    /// The account of the user who is logged in, or to whom the API token belongs. `permissions` says
    /// what this user may create, list and read.
    #[oai(path = "/profile", method = "get", operation_id = "get_profile")]
    async fn get_profile(
        &self,
        guard: Guard,
        _query: QueryParams<NoQuery>,
    ) -> Result<Tagged<User>, Failure> {
        Ok(Tagged(profile::read(&self.0, &guard)))
    }

    /// Replace one's own account
    ///
    /// What is absent is cleared, but not name and username together. Role and flags can't be changed
    /// here.
    #[oai(path = "/profile", method = "put", operation_id = "replace_profile")]
    async fn replace_profile(
        &self,
        guard: Guard,
        _query: QueryParams<NoQuery>,
        IfMatch(precondition): IfMatch,
        Body(new): Body<ProfileReplacement>,
    ) -> Result<Tagged<User>, Failure<Limited>> {
        let (app, password) = (&self.0, new.current_password.as_deref());
        let profile = profile::update(app, &guard, &precondition, &new.input, password);
        Ok(Tagged(profile.await?))
    }

    /// Change one's own account
    ///
    /// What is absent stays. Name and username can't both be cleared. Role and flags can't be changed
    /// here.
    #[oai(path = "/profile", method = "patch", operation_id = "update_profile")]
    async fn update_profile(
        &self,
        guard: Guard,
        _query: QueryParams<NoQuery>,
        IfMatch(precondition): IfMatch,
        Body(change): Body<ProfilePatch>,
    ) -> Result<Tagged<User>, Failure<Limited>> {
        let (app, password) = (&self.0, change.current_password.as_deref());
        let profile = profile::update(app, &guard, &precondition, &change.input, password);
        Ok(Tagged(profile.await?))
    }

    /// Set a new password
    ///
    /// All other sessions end, and other devices are no longer known. Of several requests at once with
    /// the same current password one succeeds.
    #[oai(path = "/password", method = "post", operation_id = "change_password")]
    async fn change_password(
        &self,
        guard: Guard,
        _query: QueryParams<NoQuery>,
        Body(change): Body<PasswordChange>,
    ) -> Result<NoContent, Failure<Limited>> {
        password::change_password(&self.0, &guard, change).await?;
        Ok(NoContent)
    }

    /// Set a password with a one-time code
    ///
    /// The code works once. All sessions end, and API tokens, devices and other codes are worthless.
    /// For an hour the code may be sent as `device` at login. A wrong, an expired and a used code
    /// answer alike.
    #[oai(path = "/password/reset", method = "post", operation_id = "reset_password")]
    async fn reset_password(
        &self,
        ClientOrigin(origin): ClientOrigin,
        _query: QueryParams<NoQuery>,
        Body(reset): Body<PasswordReset>,
    ) -> Result<NoContent, Failure<Limited>> {
        password_reset::reset_password(&self.0, &origin, &reset).await?;
        Ok(NoContent)
    }

    /// Ask for a new password
    ///
    /// Mails a code with which a new password is set, where an active account has the address. The
    /// answer is the same where none has.
    #[oai(path = "/password/forgot", method = "post", operation_id = "forget_password")]
    async fn forget_password(
        &self,
        ClientOrigin(origin): ClientOrigin,
        _query: QueryParams<NoQuery>,
        Body(asked): Body<MailRequest>,
    ) -> Result<Accepted, Failure<Limited>> {
        verification::forgot(&self.0, &origin, &asked.email).await?;
        Ok(Accepted)
    }

    /// Confirm an e-mail address
    ///
    /// With the code that was mailed to it. The code works once, and only while the account has that
    /// address.
    #[oai(path = "/verify-email", method = "post", operation_id = "verify_email")]
    async fn verify_email(
        &self,
        ClientOrigin(origin): ClientOrigin,
        _query: QueryParams<NoQuery>,
        Body(sent): Body<EmailVerification>,
    ) -> Result<NoContent, Failure<Limited>> {
        verification::verify(&self.0, &origin, &sent.token).await?;
        Ok(NoContent)
    }

    /// Ask for another code for an e-mail address
    ///
    /// Mails one where an active account has the address and it is not confirmed. The answer is the
    /// same where none has.
    #[oai(path = "/verify-email/resend", method = "post", operation_id = "resend_verification")]
    async fn resend_verification(
        &self,
        ClientOrigin(origin): ClientOrigin,
        _query: QueryParams<NoQuery>,
        Body(asked): Body<MailRequest>,
    ) -> Result<Accepted, Failure<Limited>> {
        verification::resend(&self.0, &origin, &asked.email).await?;
        Ok(Accepted)
    }

    /// List one's own sessions
    ///
    /// When they began, where from, and when they were last used.
    #[oai(path = "/sessions", method = "get", operation_id = "list_sessions")]
    async fn list_sessions(
        &self,
        guard: Guard,
        QueryParams(query): QueryParams<ListQuery>,
        address: Address,
    ) -> Result<Reply<Page<LoginSession>>, Failure> {
        Ok(page(sessions::list(&self.0, &guard, &query).await?, &address))
    }

    /// End one of one's own sessions
    ///
    /// Its device is no longer known, unless it is the one that asks.
    #[oai(path = "/sessions/:id", method = "delete", operation_id = "end_session")]
    async fn end_session(
        &self,
        guard: Guard,
        id: Path<SessionId>,
        _query: QueryParams<NoQuery>,
    ) -> Result<NoContent, Failure> {
        sessions::end(&self.0, &guard, id.0).await?;
        Ok(NoContent)
    }
}
