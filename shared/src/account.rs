//! Accounts: registration, login, sessions and profiles.

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

/// The longest username.
pub const USERNAME_MAX: usize = 60;
/// The minimum number of characters in a password.
pub const PASSWORD_MIN: usize = 8;
/// The minimum number of characters in a password of staff and administrators.
pub const PASSWORD_MIN_STAFF: usize = 15;
/// The maximum number of characters in a password.
pub const PASSWORD_MAX: usize = 128;
/// The longest token that is accepted.
pub const TOKEN_MAX: usize = 2_000;
/// The lifetime of a device token, in days.
pub const DEVICE_DAYS: i64 = 30;
/// The longest full name: both names and a space.
pub const FULL_NAME_MAX: usize = 2 * NAME_MAX + 1;

choice! {
    /// The role of an account. Every account has exactly one.
    Role {
        /// A user who manages records of their own.
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

    /// The minimum number of characters in a password for this role.
    pub fn password_min(self) -> usize {
        if self.is_staff() { PASSWORD_MIN_STAFF } else { PASSWORD_MIN }
    }
}

/// Checks a username. It has no `@`, so it is never mistaken for an e-mail address.
pub fn username(text: &str) -> Result<String, FieldError> {
    // The check uses the folded form, because some characters only look like an @.
    let looks = text::fold_case(text);
    let is_invisible = |c: char| c.is_whitespace() || ('\u{200B}'..='\u{200F}').contains(&c);
    if looks.contains('@') || text.contains(is_invisible) {
        let message = "must not contain @, spaces or invisible characters";
        return Err(FieldError::new("invalid_username", message));
    }
    Ok(text.to_owned())
}

/// Splits a full name as the earlier systems do: the last word is the last name. A single word is
/// the first name.
pub fn split_name(name: &str) -> (Option<String>, Option<String>) {
    match name.rsplit_once(char::is_whitespace) {
        Some((first, last)) => (Some(first.trim_end().to_owned()), Some(last.to_owned())),
        None => (Some(name.to_owned()).filter(|name| !name.is_empty()), None),
    }
}

/// Checks a password against all rules except how easily it is guessed, which the server
/// estimates.
///
/// `own` contains the user's e-mail address, username and names. The password must not be one of
/// them.
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
    /// A user of Frontdesk.
    User {
        /// The user's id.
        id: UserId,
        /// The username. It is present if there is no name.
        username: Option<String> => [max_length(USERNAME_MAX), example("ana")],
        /// The e-mail address.
        email: Option<String> => [max_length(EMAIL_MAX), format("email"), example("ana@example.com")],
        /// Given names.
        first_name: Option<String> => [max_length(NAME_MAX), example("Ana")],
        /// Family names.
        last_name: Option<String> => [max_length(NAME_MAX), example("Gómez")],
        /// The full name.
        name: String => [max_length(FULL_NAME_MAX), example("Ana Gómez")],
        /// Phone number.
        phone: Option<String> => [max_length(PHONE_MAX), example("+1 555 765 4321")],
        /// The role.
        role: Role,
        /// Whether the account is active.
        is_active: bool,
        /// Whether the role is `staff` or `admin`.
        is_staff: bool,
        /// Whether the user has confirmed the e-mail address, or an administrator has entered it.
        email_verified: bool,
        /// The time at which the account was created.
        created_at: DateTime<Utc>,
        /// The time of the last change.
        updated_at: DateTime<Utc>,
        /// The version, which counts the changes from 1.
        version: i64 => [range(1, i64::MAX), example(1)],
        /// The permissions of this session. Only in the profile and at login.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        permissions: Option<Vec<SessionPermission>> => [max_items(20), optional()],
    }
}

impl User {
    /// The username, or the name if there is none, as other users see it. E-mail addresses are not
    /// shown to others.
    pub fn label(&self) -> &str {
        self.username.as_deref().unwrap_or(&self.name)
    }

    /// The name for logging in: the username, or the e-mail address.
    pub fn login_name(&self) -> &str {
        self.username.as_deref().or(self.email.as_deref()).unwrap_or_default()
    }
}

choice! {
    /// A permission of a session, beyond reading the records that it may see.
    SessionPermission {
        /// Register patients.
        CreatePatient = "create_patient",
        /// Add doctors to the directory.
        CreateDoctor = "create_doctor",
        /// Create visits, and correct their patient and doctor.
        CreateVisit = "create_visit",
        /// Link accounts to doctors and patients.
        LinkUser = "link_user",
        /// See every patient of the clinic.
        ReadAllPatients = "read_all_patients",
        /// See archived patients.
        ReadArchivedPatients = "read_archived_patients",
        /// Erase patients permanently.
        PurgePatient = "purge_patient",
        /// Merge two records of one patient, and see the list of likely duplicates.
        MergePatients = "merge_patients",
        /// See the id, username, name and role of every user.
        ReadUsers = "read_users",
        /// Create and change accounts.
        ManageUsers = "manage_users",
        /// Read the audit log.
        ReadAudit = "read_audit",
    }
}

record! {
    /// A pair of tokens.
    TokenPair {
        /// The access token, for `Authorization: Bearer …`.
        access: String => [max_length(TOKEN_MAX)],
        /// The refresh token. It can be exchanged for the next pair once.
        refresh: String => [max_length(TOKEN_MAX)],
    }
}

record! {
    /// The answer to a registration or a login.
    Session {
        /// The result in words.
        message: String => [max_length(200), example("Login successful")],
        /// The user.
        user: User,
        /// Both tokens, the same as in the members of this object.
        tokens: TokenPair,
        /// The access token, for `Authorization: Bearer …`.
        access: String => [max_length(TOKEN_MAX)],
        /// The refresh token. It can be exchanged for the next pair once.
        refresh: String => [max_length(TOKEN_MAX)],
        /// Always `Bearer`.
        token_type: String => [max_length(10), example("Bearer")],
        /// The seconds until the access token expires.
        expires_in: i64 => [range(1, i64::MAX), example(3600)],
        /// The new device token, which replaces the one that was sent. The client stores it for
        /// this account and sends it with the next login. It is valid for 30 days and grants
        /// nothing but attempts of its own while others guess the password.
        device: String => [max_length(TOKEN_MAX), example("tq3mM0xXo1v0u9yJm5cS7wQe8rTzLk2bVhNfGdPaXsY")],
    }
}

record! {
    /// The answer to a registration: a session, or, if the e-mail address must be confirmed before
    /// the first login, an account without tokens.
    Registered {
        /// The result in words.
        message: String => [max_length(200), example("User registered successfully")],
        /// The user.
        user: User,
        /// Both tokens. Absent if the e-mail address must be confirmed first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tokens: Option<TokenPair> => [optional()],
        /// The access token. Absent if the e-mail address must be confirmed first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        access: Option<String> => [max_length(TOKEN_MAX), optional()],
        /// The refresh token. Absent if the e-mail address must be confirmed first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refresh: Option<String> => [max_length(TOKEN_MAX), optional()],
        /// Always `Bearer`. Absent without tokens.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token_type: Option<String> => [max_length(10), example("Bearer"), optional()],
        /// The seconds until the access token expires. Absent without tokens.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_in: Option<i64> => [range(1, i64::MAX), example(3600), optional()],
        /// The device token, which the client stores for this account and sends with the next
        /// login. Absent without tokens.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        device: Option<String> => [max_length(TOKEN_MAX), example("tq3mM0xXo1v0u9yJm5cS7wQe8rTzLk2bVhNfGdPaXsY"), optional()],
    }
}

impl Registered {
    /// An account whose e-mail address must be confirmed before the first login.
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
        /// The new refresh token, which replaces the one that was sent.
        refresh: String => [max_length(TOKEN_MAX)],
        /// Always `Bearer`.
        token_type: String => [max_length(10), example("Bearer")],
        /// The seconds until the access token expires.
        expires_in: i64 => [range(1, i64::MAX), example(3600)],
    }
}

record! {
    /// A session, which begins with a login.
    LoginSession {
        /// The session's id.
        id: SessionId,
        /// The time of the login.
        created_at: DateTime<Utc>,
        /// The time of the last use, to the minute.
        last_used_at: DateTime<Utc>,
        /// The time at which it ends unless it is refreshed.
        expires_at: DateTime<Utc>,
        /// The network address of the login.
        address: String => [max_length(60), example("192.0.2.7")],
        /// The client program, from its `User-Agent` header.
        user_agent: Option<String> => [max_length(200), example("frontdesk/0.1.0")],
        /// Whether it is the caller's session.
        is_current: bool,
    }
}

#[cfg(feature = "openapi")]
impl crate::page::Listed for LoginSession {
    const PAGE: &'static str = "LoginSessionPage";
}

/// The form in which e-mail addresses and usernames are compared, which ignores case.
pub fn identifier_key(identifier: &str) -> String {
    text::fold_case(identifier)
}

/// The errors of a checked password, as a member of a request.
pub fn password_errors(field: &str, judged: Result<(), FieldError>) -> FieldErrors {
    judged.err().map(|error| FieldErrors::one(field, error)).unwrap_or_default()
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
