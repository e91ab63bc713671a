//! What is sent about accounts: registrations, logins, tokens, passwords and profiles.

use serde::Serialize;

use super::{
    CODE_MAX, FULL_NAME_MAX, PASSWORD_MAX, Role, TOKEN_MAX, USERNAME_MAX, split_name, username,
};
use crate::{
    Complaint, Faults, Patch,
    account::check_password,
    read::{self, Echo, Input, Reader},
    rules::{self, EMAIL_MAX, NAME_MAX, PHONE_MAX},
};

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
    /// The device token of an earlier login. A new account has none, so it is not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
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
        let (first_name, last_name) = named(reader);
        let phone = reader.member("phone", read::parsed(PHONE_MAX, rules::phone)).into_value();
        let role = reader.member("role", read::parsed(20, own_role)).into_value();
        let device = reader.member("device", read::secret(TOKEN_MAX)).into_value();
        Self {
            email: email.unwrap_or_default(),
            password: password.unwrap_or_default(),
            username,
            first_name,
            last_name,
            phone,
            role,
            device,
        }
    }

    fn judge(&self, _: chrono::NaiveDate, faults: &mut Faults) {
        let name = crate::patient::full_name(self.first_name.as_deref(), self.last_name.as_deref());
        let own = [self.email.as_str(), self.username.as_deref().unwrap_or_default(), &name];
        let role = self.role.unwrap_or(Role::Member);
        if !faults.concern("password")
            && let Err(complaint) = check_password(&self.password, role, &own)
        {
            faults.add("password", complaint);
        }
    }
}

/// Takes both names: in parts, or in one text that is split.
pub(super) fn named(reader: &mut Reader) -> (Option<String>, Option<String>) {
    let name = reader.member("name", read::line(FULL_NAME_MAX)).into_value();
    let first = reader.member("first_name", read::line(NAME_MAX)).into_value();
    let last = reader.member("last_name", read::line(NAME_MAX)).into_value();
    match &name {
        Some(name) if first.is_none() && last.is_none() => split_checked(reader, name),
        Some(name) if *name != crate::patient::full_name(first.as_deref(), last.as_deref()) => {
            let message = "must agree with first_name and last_name, or stand alone";
            reader.faults.add("name", Complaint::new("disagrees", message));
            (first, last)
        }
        _ => (first, last),
    }
}

/// Splits a name; a part that is too long is a fault of the whole.
fn split_checked(reader: &mut Reader, name: &str) -> (Option<String>, Option<String>) {
    let (first, last) = split_name(name);
    if [&first, &last].into_iter().flatten().any(|part| part.chars().count() > NAME_MAX) {
        let message = format!("must have at most {NAME_MAX} characters in either name");
        reader.faults.add("name", Complaint::new("too_long", message).with("max", NAME_MAX));
    }
    (first, last)
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
    /// The device token that the last login with this account has answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
}

impl Input for Login {
    fn read(reader: &mut Reader) -> Self {
        let email = reader.member("email", read::line(EMAIL_MAX)).into_value();
        let username = reader.member("username", read::line(EMAIL_MAX)).into_value();
        let password = reader.required("password", read::secret(PASSWORD_MAX));
        let device = reader.member("device", read::secret(TOKEN_MAX)).into_value();
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
        Self {
            identifier: identifier.unwrap_or_default(),
            password: password.unwrap_or_default(),
            device,
        }
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

/// The address to which a code is to be mailed.
#[derive(Clone, Default, Serialize)]
pub struct MailRequest {
    /// E-mail address of an account.
    pub email: String,
}

impl Input for MailRequest {
    fn read(reader: &mut Reader) -> Self {
        let email = reader.required("email", read::parsed(EMAIL_MAX, rules::email));
        Self { email: email.unwrap_or_default() }
    }
}

/// The code that was mailed to an address.
#[derive(Clone, Default, Serialize)]
pub struct EmailVerification {
    /// The code.
    pub token: String,
}

impl Input for EmailVerification {
    fn read(reader: &mut Reader) -> Self {
        let token = reader.required("token", read::secret(CODE_MAX));
        Self { token: token.unwrap_or_default() }
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
    /// Both names in one, where it came beside its parts: it has to say the same.
    #[serde(skip)]
    pub name: Option<String>,
    /// What was read and is sent back.
    #[serde(skip)]
    pub echo: Echo,
}

const COMPUTED: &[&str] = &["created_at", "updated_at", "version", "permissions"];
const FIXED: &[&str] = &["id", "role", "is_active", "is_staff", "email_verified"];

impl ProfileInput {
    /// Takes the members that are changed, also by an administrator.
    pub(super) fn read_members(reader: &mut Reader) -> Self {
        let mut input = Self {
            username: reader.member("username", read::parsed(USERNAME_MAX, username)),
            email: reader.member("email", read::parsed(EMAIL_MAX, rules::email)),
            first_name: reader.member("first_name", read::line(NAME_MAX)),
            last_name: reader.member("last_name", read::line(NAME_MAX)),
            phone: reader.member("phone", read::parsed(PHONE_MAX, rules::phone)),
            current_password: None,
            name: None,
            echo: Echo::default(),
        };
        let name = reader.member("name", read::line(FULL_NAME_MAX)).into_value();
        match name {
            Some(name) if input.first_name.is_absent() && input.last_name.is_absent() => {
                let (first, last) = split_checked(reader, &name);
                (input.first_name, input.last_name) = (first.into(), last.into());
            }
            name => input.name = name,
        }
        input
    }

    fn read(reader: &mut Reader) -> Self {
        let mut input = Self::read_members(reader);
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

#[cfg(feature = "openapi")]
#[path = "description.rs"]
mod description;
