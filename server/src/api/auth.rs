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
    /// Creates an account and logs in, if registration is open. A code for confirming the e-mail
    /// address is mailed. If logging in requires a confirmed address, the answer has no tokens. A
    /// password that is easy to guess is refused. An account without a name and a username gets
    /// the part of its e-mail address before the `@` as its username, with a number if that is
    /// taken.
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
    /// With an e-mail address or a username. A wrong password and an unknown user get the same
    /// answer. Too many attempts get a 429. They are counted by account and `device`, or by
    /// account and address if the device is unknown.
    #[oai(path = "/login", method = "post", operation_id = "log_in")]
    async fn log_in(
        &self,
        ClientOrigin(origin): ClientOrigin,
        _query: QueryParams<NoQuery>,
        Body(login): Body<Login>,
    ) -> Result<Reply<Session>, Failure<LoggingIn>> {
        Ok(Reply::secret(login::log_in(&self.0, &origin, login).await?))
    }

    /// Refresh the tokens
    ///
    /// Returns a new pair of tokens. The refresh token that was sent stays valid for ten more
    /// seconds.
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
    /// Ends the current session. Both of its tokens become invalid.
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

    /// Read your own account
    ///
    /// The account of the session or of the API token. `permissions` lists what this user may create,
    /// list and read.
    #[oai(path = "/profile", method = "get", operation_id = "get_profile")]
    async fn get_profile(
        &self,
        guard: Guard,
        _query: QueryParams<NoQuery>,
    ) -> Result<Tagged<User>, Failure> {
        Ok(Tagged(profile::read(&self.0, &guard).await?))
    }

    /// Replace your own account
    ///
    /// Absent members are cleared, but an account can't lose both its name and its username. The
    /// role and the flags can't be changed here.
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

    /// Change your own account
    ///
    /// Absent members stay. The name and the username can't both be cleared. The role and the
    /// flags can't be changed here.
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

    /// Change your password
    ///
    /// All other sessions end, and other devices become unknown. Of several concurrent requests
    /// with the same current password, one succeeds.
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
    /// A code works once. All sessions end, and API tokens, devices and other codes become
    /// invalid. For an hour, the code may be sent as `device` at login. Wrong, expired and used
    /// codes get the same answer.
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

    /// Request a code for a new password
    ///
    /// Mails the code if an active account has the address. The answer is the same if none has.
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
    /// With the code that was mailed to it. A code works once, and only while the account has that
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

    /// Request another code for an e-mail address
    ///
    /// Mails a code if an active account has the address and it is not confirmed yet. Otherwise
    /// the answer is the same.
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

    /// List your sessions
    ///
    /// With the time and origin of the login and the time of the last use.
    #[oai(path = "/sessions", method = "get", operation_id = "list_sessions")]
    async fn list_sessions(
        &self,
        guard: Guard,
        QueryParams(query): QueryParams<ListQuery>,
        address: Address,
    ) -> Result<Reply<Page<LoginSession>>, Failure> {
        Ok(page(sessions::list(&self.0, &guard, &query).await?, &address))
    }

    /// End one of your sessions
    ///
    /// Its device becomes unknown, unless it is the device of the current session.
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
