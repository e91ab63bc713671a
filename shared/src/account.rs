//! Accounts: registering, logging in, sessions and profiles (contract, section 4).

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{
    Complaint, Faults, Patch, SessionId, UserId,
    read::{self, Echo, Input, Reader},
    rules::{self, EMAIL_MAX, NAME_MAX, PHONE_MAX},
    text,
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

impl std::str::FromStr for Role {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        let found = Self::ALL.iter().find(|role| role.as_str() == text);
        found.copied().ok_or_else(|| Complaint::not_one_of(Self::TEXTS))
    }
}

/// A username: no `@`, so that it is never taken for an e-mail address.
pub fn username(text: &str) -> Result<String, Complaint> {
    if text.contains('@') || text.contains(char::is_whitespace) {
        let message = "must have neither @ nor spaces";
        return Err(Complaint::new("invalid_username", message));
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

/// Checks a password against everything but the list of well-known ones, which the server has.
///
/// `own` are the user's e-mail address, username and names: a password must not be one of them.
pub fn check_password(password: &str, role: Role, own: &[&str]) -> Result<(), Complaint> {
    let min = role.password_min();
    let length = password.chars().count();
    if length < min {
        let message = format!("must have at least {min} characters");
        return Err(Complaint::new("too_short", message).with("min", min));
    }
    if length > PASSWORD_MAX {
        return Err(Complaint::too_long(PASSWORD_MAX));
    }
    let folded = password.to_lowercase();
    if own.iter().any(|own| !own.is_empty() && own.to_lowercase() == folded) {
        let message = "must not be your own e-mail address, username or name";
        return Err(Complaint::new("own_data", message));
    }
    Ok(())
}

record! {
    /// Somebody with an account.
    User {
        /// The user's id.
        id: UserId,
        /// The username, if one was chosen.
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
    /// How others see the user: username, or e-mail address, or name.
    pub fn label(&self) -> &str {
        self.username.as_deref().or(self.email.as_deref()).unwrap_or(&self.name)
    }
}

choice! {
    /// What a session may do beyond reading what it may see.
    SessionPermission {
        /// Register patients.
        CreatePatient = "create_patient",
        /// See every patient of the clinic.
        ReadAllPatients = "read_all_patients",
        /// See archived patients.
        ReadArchivedPatients = "read_archived_patients",
        /// Erase patients for good.
        PurgePatient = "purge_patient",
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

/// What registering asks for.
#[derive(Clone, Default, Serialize)]
pub struct Registration {
    /// E-mail address, required.
    pub email: String,
    /// Password, required.
    pub password: String,
    /// Username.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Given names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Family names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Phone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// `patient` or `doctor`; member if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

impl Input for Registration {
    fn read(reader: &mut Reader) -> Self {
        let email = reader.required("email", read::parsed(EMAIL_MAX, rules::email));
        let password = reader.required("password", read::secret(PASSWORD_MAX));
        let confirmed = reader.member("password_confirm", read::secret(PASSWORD_MAX)).into_value();
        if confirmed.is_some() && confirmed != password {
            let complaint = Complaint::new("not_the_same", "must be the same as password");
            reader.faults.add("password_confirm", complaint);
        }
        let username = reader.member("username", read::parsed(USERNAME_MAX, username)).into_value();
        let name = reader.member("name", read::line(FULL_NAME_MAX)).into_value();
        let first = reader.member("first_name", read::line(NAME_MAX)).into_value();
        let last = reader.member("last_name", read::line(NAME_MAX)).into_value();
        let (first_name, last_name) = match &name {
            Some(name) if first.is_none() && last.is_none() => split_name(name),
            Some(name) if *name != crate::patient::full_name(first.as_deref(), last.as_deref()) => {
                let message = "must agree with first_name and last_name, or stand alone";
                reader.faults.add("name", Complaint::new("disagrees", message));
                (first, last)
            }
            _ => (first, last),
        };
        let phone = reader.member("phone", read::parsed(PHONE_MAX, rules::phone)).into_value();
        let role = reader.member("role", read::parsed(20, own_role)).into_value();
        Self {
            email: email.unwrap_or_default(),
            password: password.unwrap_or_default(),
            username,
            first_name,
            last_name,
            phone,
            role,
        }
    }
}

/// The roles that somebody may choose at registration.
fn own_role(text: &str) -> Result<Role, Complaint> {
    match text {
        "patient" => Ok(Role::Patient),
        "doctor" => Ok(Role::Doctor),
        "member" => Ok(Role::Member),
        _ => Err(Complaint::not_one_of(&["member", "patient", "doctor"])),
    }
}

/// Who logs in, and with what.
#[derive(Clone, Default, Serialize)]
pub struct Login {
    /// E-mail address or username.
    #[serde(rename = "email")]
    pub identifier: String,
    /// The password.
    pub password: String,
}

impl Input for Login {
    fn read(reader: &mut Reader) -> Self {
        let email = reader.member("email", read::line(EMAIL_MAX)).into_value();
        let username = reader.member("username", read::line(EMAIL_MAX)).into_value();
        let password = reader.required("password", read::secret(PASSWORD_MAX));
        let identifier = match (email, username) {
            (Some(email), Some(username)) if email != username => {
                let message = "must not be given beside email";
                reader.faults.add("username", Complaint::new("not_both", message));
                None
            }
            (Some(one), _) | (None, Some(one)) => Some(one),
            (None, None) => {
                if !reader.faults.concern("email") && !reader.faults.concern("username") {
                    reader.faults.add("email", Complaint::required());
                }
                None
            }
        };
        Self { identifier: identifier.unwrap_or_default(), password: password.unwrap_or_default() }
    }
}

/// A refresh token.
#[derive(Clone, Default, Serialize)]
pub struct Refresh {
    /// The token.
    pub refresh: String,
}

impl Input for Refresh {
    fn read(reader: &mut Reader) -> Self {
        let refresh = reader.required("refresh", read::secret(TOKEN_MAX));
        Self { refresh: refresh.unwrap_or_default() }
    }
}

/// The end of a session. The token is not needed: the session is the one that asks.
#[derive(Clone, Default, Serialize)]
pub struct Logout {
    /// The refresh token, as the earlier systems send it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh: Option<String>,
}

impl Input for Logout {
    fn read(reader: &mut Reader) -> Self {
        Self { refresh: reader.member("refresh", read::secret(TOKEN_MAX)).into_value() }
    }
}

/// A new password for oneself.
#[derive(Clone, Default, Serialize)]
pub struct PasswordChange {
    /// The password until now.
    pub current_password: String,
    /// The password from now on.
    pub new_password: String,
}

impl Input for PasswordChange {
    fn read(reader: &mut Reader) -> Self {
        let current = reader.required("current_password", read::secret(PASSWORD_MAX));
        let new = reader.required("new_password", read::secret(PASSWORD_MAX));
        Self {
            current_password: current.unwrap_or_default(),
            new_password: new.unwrap_or_default(),
        }
    }
}

/// What somebody changes of their own profile.
#[derive(Clone, Default, Serialize)]
pub struct ProfileInput {
    /// Username.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub username: Patch<String>,
    /// E-mail address; a change needs the current password.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub email: Patch<String>,
    /// Given names.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub first_name: Patch<String>,
    /// Family names.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub last_name: Patch<String>,
    /// Phone number.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub phone: Patch<String>,
    /// The current password, where the e-mail address changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_password: Option<String>,
    /// What was read and is sent back.
    #[serde(skip)]
    pub echo: Echo,
}

const COMPUTED: &[&str] = &["created_at", "updated_at", "version", "permissions"];
const FIXED: &[&str] = &["id", "role", "is_active", "is_staff", "email_verified"];

impl ProfileInput {
    fn read(reader: &mut Reader) -> Self {
        let mut input = Self {
            username: reader.member("username", read::parsed(USERNAME_MAX, username)),
            email: reader.member("email", read::parsed(EMAIL_MAX, rules::email)),
            first_name: reader.member("first_name", read::line(NAME_MAX)),
            last_name: reader.member("last_name", read::line(NAME_MAX)),
            phone: reader.member("phone", read::parsed(PHONE_MAX, rules::phone)),
            current_password: None,
            echo: Echo::default(),
        };
        // A name that was read comes back beside its parts, and then says nothing new.
        let name = reader.member("name", read::line(FULL_NAME_MAX)).into_value();
        if let Some(name) =
            name.filter(|_| input.first_name.is_absent() && input.last_name.is_absent())
        {
            let (first, last) = split_name(&name);
            (input.first_name, input.last_name) = (first.into(), last.into());
        }
        let password = reader.member("current_password", read::secret(PASSWORD_MAX));
        input.current_password = password.into_value();
        reader.ignore(COMPUTED);
        input.echo = reader.echo(FIXED);
        input
    }
}

/// A profile as it shall be: an absent member is cleared.
#[derive(Clone, Default, Serialize)]
#[serde(transparent)]
pub struct ProfileReplacement(pub ProfileInput);

impl Input for ProfileReplacement {
    fn read(reader: &mut Reader) -> Self {
        let mut input = ProfileInput::read(reader);
        input.username.clear_absent();
        input.email.clear_absent();
        input.first_name.clear_absent();
        input.last_name.clear_absent();
        input.phone.clear_absent();
        Self(input)
    }
}

/// A change to a profile: an absent member stays, `null` clears it.
#[derive(Clone, Default, Serialize)]
#[serde(transparent)]
pub struct ProfilePatch(pub ProfileInput);

impl Input for ProfilePatch {
    fn read(reader: &mut Reader) -> Self {
        Self(ProfileInput::read(reader))
    }
}

/// E-mail addresses and usernames are compared without case.
pub fn identifier_key(identifier: &str) -> String {
    text::fold_case(identifier)
}

/// The faults of a password, as a member of a request.
pub fn password_faults(field: &str, result: Result<(), Complaint>) -> Faults {
    result.err().map(|complaint| Faults::one(field, complaint)).unwrap_or_default()
}

#[cfg(feature = "openapi")]
#[path = "account_description.rs"]
mod description;

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
