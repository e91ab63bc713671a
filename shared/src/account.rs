//! Accounts: registering, logging in, sessions and profiles.

mod managed;
mod oauth;
mod requests;
mod token;

use chrono::{DateTime, Utc};

use crate::{
    FieldError, FieldErrors, SessionId, UserId,
    rules::{EMAIL_MAX, NAME_MAX, PHONE_MAX},
    text,
};

pub use managed::{
    Account, BriefUser, CODE_MAX, CreatedUser, IssuedCode, NewUser, UserFilter, UserOrder,
    UserPatch, UserPermission, VisibleUser,
};
pub use oauth::{GRANT_TYPES, OAuthTokens, TokenRequest};
pub use requests::{
    EmailVerification, Login, Logout, MailRequest, PasswordChange, PasswordReset, ProfileFields,
    ProfileInput, ProfilePatch, ProfileReplacement, Refresh, Registration,
};
pub use token::{
    ApiToken, CreatedApiToken, NewApiToken, TOKEN_DAYS_MAX, TOKEN_NAME_MAX, TOKENS_MAX, TokenScope,
};

/// Longest username.
pub const USERNAME_MAX: usize = 60;
/// Fewest characters of a password.
pub const PASSWORD_MIN: usize = 8;
/// Fewest characters of a password of staff and admins.
pub const PASSWORD_MIN_STAFF: usize = 15;
/// Most characters of a password.
pub const PASSWORD_MAX: usize = 128;
/// Longest token that is looked at.
pub const TOKEN_MAX: usize = 2_000;
/// Days that a device token works.
pub const DEVICE_DAYS: i64 = 30;
/// Longest text of both names in one.
pub const FULL_NAME_MAX: usize = 2 * NAME_MAX + 1;

choice! {
    /// What an account is for. Everybody has exactly one role.
    Role {
        /// Somebody with records of their own.
        Member = "member",
        /// A patient.
        Patient = "patient",
        /// A doctor.
        Doctor = "doctor",
        /// The front desk.
        Staff = "staff",
        /// An administrator.
        Admin = "admin",
    }
}

impl Role {
    /// Whether this is the front desk or an administrator.
    pub fn is_staff(self) -> bool {
        matches!(self, Self::Staff | Self::Admin)
    }

    /// Fewest characters of a password for this role.
    pub fn password_min(self) -> usize {
        if self.is_staff() { PASSWORD_MIN_STAFF } else { PASSWORD_MIN }
    }
}

/// A username: no `@`, so that it is never taken for an e-mail address.
pub fn username(text: &str) -> Result<String, FieldError> {
    // Compared as it looks: some characters only look like an @.
    let looks = text::fold_case(text);
    let is_invisible = |c: char| c.is_whitespace() || ('\u{200B}'..='\u{200F}').contains(&c);
    if looks.contains('@') || text.contains(is_invisible) {
        let message = "must have neither @ nor spaces nor invisible characters";
        return Err(FieldError::new("invalid_username", message));
    }
    Ok(text.to_owned())
}

/// Splits a name as the earlier systems write it: the last word is the last name, a single word
/// the first name.
pub fn split_name(name: &str) -> (Option<String>, Option<String>) {
    match name.rsplit_once(char::is_whitespace) {
        Some((first, last)) => (Some(first.trim_end().to_owned()), Some(last.to_owned())),
        None => (Some(name.to_owned()).filter(|name| !name.is_empty()), None),
    }
}

/// Checks a password against every rule but how early it is guessed, which the server estimates.
///
/// `own` are the user's e-mail address, username and names: a password must not be one of them.
pub fn check_password(password: &str, role: Role, own: &[&str]) -> Result<(), FieldError> {
    let min = role.password_min();
    let length = password.chars().count();
    if length < min {
        let message = format!("must have at least {min} characters");
        return Err(FieldError::new("too_short", message).with("min", min));
    }
    if length > PASSWORD_MAX {
        return Err(FieldError::too_long(PASSWORD_MAX));
    }
    let folded = password.to_lowercase();
    if own.iter().any(|own| !own.is_empty() && own.to_lowercase() == folded) {
        let message = "must not be your own e-mail address, username or name";
        return Err(FieldError::new("own_data", message));
    }
    Ok(())
}

record! {
    /// Somebody with an account.
    User {
        /// The user's id.
        id: UserId,
        /// The username; never absent where there is no name.
        username: Option<String> => [max_length(USERNAME_MAX), example("ana")],
        /// The e-mail address.
        email: Option<String> => [max_length(EMAIL_MAX), format("email"), example("ana@example.com")],
        /// Given names.
        first_name: Option<String> => [max_length(NAME_MAX), example("Ana")],
        /// Family names.
        last_name: Option<String> => [max_length(NAME_MAX), example("Gómez")],
        /// Both names.
        name: String => [max_length(FULL_NAME_MAX), example("Ana Gómez")],
        /// Phone number.
        phone: Option<String> => [max_length(PHONE_MAX), example("+1 555 765 4321")],
        /// The one role.
        role: Role,
        /// Whether the account may be used.
        is_active: bool,
        /// Whether the role is staff or admin.
        is_staff: bool,
        /// Whether the e-mail address is known to be theirs.
        email_verified: bool,
        /// When the account was made.
        created_at: DateTime<Utc>,
        /// When it was last changed.
        updated_at: DateTime<Utc>,
        /// Counts the changes, from 1.
        version: i64 => [range(1, i64::MAX), example(1)],
        /// What this session may do; only in the profile and at login.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        permissions: Option<Vec<SessionPermission>> => [max_items(20), optional()],
    }
}

impl User {
    /// How others see the user: username, or name. Nobody's e-mail address is shown to others.
    pub fn label(&self) -> &str {
        self.username.as_deref().unwrap_or(&self.name)
    }

    /// What the user types to log in: username, or e-mail address.
    pub fn login_name(&self) -> &str {
        self.username.as_deref().or(self.email.as_deref()).unwrap_or_default()
    }
}

choice! {
    /// What a session may do beyond reading what it may see.
    SessionPermission {
        /// Register patients.
        CreatePatient = "create_patient",
        /// Enter doctors into the directory.
        CreateDoctor = "create_doctor",
        /// Enter patients who have arrived, and correct visits.
        CreateVisit = "create_visit",
        /// Say which accounts belong to doctors and patients.
        LinkUser = "link_user",
        /// See every patient of the clinic.
        ReadAllPatients = "read_all_patients",
        /// See archived patients.
        ReadArchivedPatients = "read_archived_patients",
        /// Erase patients for good.
        PurgePatient = "purge_patient",
        /// See who has an account: id, username, name and role.
        ReadUsers = "read_users",
        /// Make and change accounts.
        ManageUsers = "manage_users",
        /// Read the audit log.
        ReadAudit = "read_audit",
    }
}

record! {
    /// A pair of tokens.
    TokenPair {
        /// The access token: goes into `Authorization: Bearer …`.
        access: String => [max_length(TOKEN_MAX)],
        /// The refresh token: gets the next pair, once.
        refresh: String => [max_length(TOKEN_MAX)],
    }
}

record! {
    /// What registering and logging in answer.
    Session {
        /// What has happened, in words.
        message: String => [max_length(200), example("Login successful")],
        /// The user.
        user: User,
        /// Both tokens; the same as the members of this object.
        tokens: TokenPair,
        /// The access token: goes into `Authorization: Bearer …`.
        access: String => [max_length(TOKEN_MAX)],
        /// The refresh token: gets the next pair, once.
        refresh: String => [max_length(TOKEN_MAX)],
        /// Always `Bearer`.
        token_type: String => [max_length(10), example("Bearer")],
        /// Seconds until the access token ends.
        expires_in: i64 => [range(1, i64::MAX), example(3600)],
        /// The device token, in the place of the one that was sent: to be kept for this account and
        /// sent with its next login. It works for 30 days and grants nothing but an attempt of its own
        /// while others guess the password.
        device: String => [max_length(TOKEN_MAX), example("tq3mM0xXo1v0u9yJm5cS7wQe8rTzLk2bVhNfGdPaXsY")],
    }
}

record! {
    /// What registering answers: a session, or without tokens an account whose e-mail address has to
    /// be confirmed before anybody logs in with it.
    Registered {
        /// What has happened, in words.
        message: String => [max_length(200), example("User registered successfully")],
        /// The user.
        user: User,
        /// Both tokens; absent where the e-mail address has to be confirmed first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tokens: Option<TokenPair> => [optional()],
        /// The access token; absent where the e-mail address has to be confirmed first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        access: Option<String> => [max_length(TOKEN_MAX), optional()],
        /// The refresh token; absent where the e-mail address has to be confirmed first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refresh: Option<String> => [max_length(TOKEN_MAX), optional()],
        /// Always `Bearer`; absent where there are no tokens.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token_type: Option<String> => [max_length(10), example("Bearer"), optional()],
        /// Seconds until the access token ends; absent where there are no tokens.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_in: Option<i64> => [range(1, i64::MAX), example(3600), optional()],
        /// The device token, to be kept for this account and sent with its next login; absent where
        /// there are no tokens.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        device: Option<String> => [max_length(TOKEN_MAX), example("tq3mM0xXo1v0u9yJm5cS7wQe8rTzLk2bVhNfGdPaXsY"), optional()],
    }
}

impl Registered {
    /// An account that can't be logged in with yet.
    pub fn without_tokens(message: &str, user: User) -> Self {
        let message = message.to_owned();
        let (tokens, access, refresh) = (None, None, None);
        let (token_type, expires_in, device) = (None, None, None);
        Self { message, user, tokens, access, refresh, token_type, expires_in, device }
    }
}

impl From<Session> for Registered {
    fn from(session: Session) -> Self {
        Self {
            message: session.message,
            user: session.user,
            tokens: Some(session.tokens),
            access: Some(session.access),
            refresh: Some(session.refresh),
            token_type: Some(session.token_type),
            expires_in: Some(session.expires_in),
            device: Some(session.device),
        }
    }
}

record! {
    /// The next pair of tokens.
    Refreshed {
        /// The access token.
        access: String => [max_length(TOKEN_MAX)],
        /// The refresh token, in the place of the one that was sent.
        refresh: String => [max_length(TOKEN_MAX)],
        /// Always `Bearer`.
        token_type: String => [max_length(10), example("Bearer")],
        /// Seconds until the access token ends.
        expires_in: i64 => [range(1, i64::MAX), example(3600)],
    }
}

record! {
    /// One login and what followed from it.
    LoginSession {
        /// The session's id.
        id: SessionId,
        /// When it began.
        created_at: DateTime<Utc>,
        /// When it was last used, to the minute.
        last_used_at: DateTime<Utc>,
        /// When it ends unless it is refreshed.
        expires_at: DateTime<Utc>,
        /// The address it came from.
        address: String => [max_length(60), example("192.0.2.7")],
        /// The program it came from, as that calls itself.
        user_agent: Option<String> => [max_length(200), example("frontdesk/0.1.0")],
        /// Whether it is the one that asks.
        is_current: bool,
    }
}

#[cfg(feature = "openapi")]
impl crate::page::Listed for LoginSession {
    const PAGE: &'static str = "LoginSessionPage";
}

/// E-mail addresses and usernames are compared without case.
pub fn identifier_key(identifier: &str) -> String {
    text::fold_case(identifier)
}

/// The faults of a password, as a member of a request.
pub fn password_faults(field: &str, judged: Result<(), FieldError>) -> FieldErrors {
    judged.err().map(|complaint| FieldErrors::one(field, complaint)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_have_a_length_by_role_and_are_not_ones_own_name() {
        let code = |password: &str, role, own: &[&str]| {
            check_password(password, role, own).err().map(|c| c.code)
        };
        assert_eq!(code("1234567", Role::Member, &[]), Some("too_short"));
        assert_eq!(code("Secure@123", Role::Member, &[]), None);
        assert_eq!(code("12345678901234", Role::Staff, &[]), Some("too_short"));
        assert_eq!(code("123456789012345", Role::Admin, &[]), None);
        assert_eq!(code(&"é".repeat(129), Role::Member, &[]), Some("too_long"));
        assert_eq!(code("Ana@Example.COM", Role::Member, &["ana@example.com"]), Some("own_data"));
    }

    #[test]
    fn the_last_word_of_a_name_is_the_last_name() {
        let split = |name| {
            let (first, last) = split_name(name);
            (first.unwrap_or_default(), last.unwrap_or_default())
        };
        assert_eq!(split("Ana María Gómez"), ("Ana María".to_owned(), "Gómez".to_owned()));
        assert_eq!(split("Cher"), ("Cher".to_owned(), String::new()));
    }
}
