//! What is sent about accounts: registrations, logins, tokens, passwords and profiles.

use serde::Serialize;

use super::{
    CODE_MAX, FULL_NAME_MAX, PASSWORD_MAX, PASSWORD_MIN, Role, TOKEN_MAX, USERNAME_MAX,
    check_password, username,
};
use crate::{
    FieldError,
    patient::full_name,
    read::{self, Reader},
    rules::{self, EMAIL_MAX, NAME_MAX, PHONE_MAX},
};

/// The roles that somebody may choose at registration.
const OWN_ROLES: &[&str] = &["member", "patient", "doctor"];
/// A device token, as an example.
#[cfg(feature = "openapi")]
const DEVICE: &str = "tq3mM0xXo1v0u9yJm5cS7wQe8rTzLk2bVhNfGdPaXsY";

body! {
    /// What registering asks for.
    #[derive(Clone, Serialize)]
    Registration, prepare check_registration, example {
        "email": "ana@example.com", "password": "a long walk by the sea", "name": "Ana Gómez"
    } {
        /// E-mail address.
        email: String = required(read::parsed(EMAIL_MAX, rules::email))
            => [format("email"), min_length(1), max_length(EMAIL_MAX), example("ana@example.com")],
        /// Password: 8 to 128 characters, any characters, compared exactly. A member of staff and an
        /// administrator need at least 15. Refused where it is guessed early, or where it equals the e-mail
        /// address, the username or the name of the account, whatever their case.
        password: String = required(read::secret(PASSWORD_MAX))
            => [format("password"), min_length(PASSWORD_MIN), max_length(PASSWORD_MAX),
                example("a long walk by the sea")],
        /// Username: no `@`, no spaces.
        #[serde(skip_serializing_if = "Option::is_none")]
        username: Option<String> = optional(read::parsed(USERNAME_MAX, username))
            => [pattern(r"^[^@\s]*$"), max_length(USERNAME_MAX), example("ana")],
        /// Given names.
        #[serde(skip_serializing_if = "Option::is_none")]
        first_name: Option<String> = optional(read::line(NAME_MAX))
            => [max_length(NAME_MAX), example("Ana")],
        /// Family names.
        #[serde(skip_serializing_if = "Option::is_none")]
        last_name: Option<String> = optional(read::line(NAME_MAX))
            => [max_length(NAME_MAX), example("Gómez")],
        /// Phone number with 5 to 15 digits.
        #[serde(skip_serializing_if = "Option::is_none")]
        phone: Option<String> = optional(read::parsed(PHONE_MAX, rules::phone))
            => [max_length(PHONE_MAX), example("+1 555 765 4321")],
        /// `member` unless it is said.
        #[serde(skip_serializing_if = "Option::is_none")]
        role: Option<Role> = optional(read::parsed(20, own_role))
            => [only(OWN_ROLES), example("member")],
        /// The device token of an earlier login; a new account gets a new one.
        #[serde(skip_serializing_if = "Option::is_none")]
        device: Option<String> = optional(read::secret(TOKEN_MAX))
            => [max_length(TOKEN_MAX), example(DEVICE)],
    }
    also {
        /// The password again, where a form asks for it.
        password_confirm: Option<String>
            => [format("password"), min_length(1), max_length(PASSWORD_MAX)],
        /// Both names in one; the last word is the last name.
        name: Option<String> => [max_length(FULL_NAME_MAX)],
    }
}

/// The password has to be the one that was typed again, and a good one for what else is sent.
fn check_registration(reader: &mut Reader) {
    named(reader);
    let password = reader.peek("password", read::secret(PASSWORD_MAX)).ok().flatten();
    let confirmed = reader.member("password_confirm", read::secret(PASSWORD_MAX)).into_value();
    if confirmed.is_some() && confirmed != password {
        let complaint = FieldError::new("not_the_same", "must be the same as password");
        reader.faults.add("password_confirm", complaint);
    }
    let text = |member| reader.peek(member, read::line(EMAIL_MAX)).ok().flatten();
    let name = full_name(text("first_name").as_deref(), text("last_name").as_deref());
    let own = [text("email").unwrap_or_default(), text("username").unwrap_or_default(), name];
    let validate = |password: String| {
        check_password(&password, Role::Member, &own.each_ref().map(String::as_str)).err()
    };
    if let Some(complaint) = password.and_then(validate) {
        reader.faults.add("password", complaint);
    }
}

/// Splits both names where they came in one text; beside its parts that has to say the same.
pub(super) fn named(reader: &mut Reader) {
    let part = |member| reader.peek(member, read::line(NAME_MAX));
    match (part("first_name"), part("last_name")) {
        (Ok(None), Ok(None)) => reader.split_name(),
        (first, last) => {
            let whole = reader.member("name", read::line(FULL_NAME_MAX)).into_value();
            if let (Some(whole), Ok(first), Ok(last)) = (whole, first, last)
                && whole != full_name(first.as_deref(), last.as_deref())
            {
                let message = "must agree with first_name and last_name, or stand alone";
                reader.faults.add("name", FieldError::new("disagrees", message));
            }
        }
    }
}

fn own_role(text: &str) -> Result<Role, FieldError> {
    let role = text.parse().ok().filter(|role: &Role| OWN_ROLES.contains(&role.as_str()));
    role.ok_or_else(|| FieldError::not_one_of(OWN_ROLES))
}

body! {
    /// Who logs in: `email` or `username`, and either may hold either.
    #[derive(Clone, Serialize)]
    Login, prepare take_username, example {
        "email": "ana@example.com", "password": "a long walk by the sea"
    } {
        /// E-mail address or username.
        #[serde(rename = "email")]
        identifier as "email": String = required(read::line(EMAIL_MAX))
            => [max_length(EMAIL_MAX), optional(), nullable(), example("ana@example.com")],
        /// The password.
        password: String = required(read::secret(PASSWORD_MAX))
            => [format("password"), min_length(1), max_length(PASSWORD_MAX),
                example("a long walk by the sea")],
        /// The device token that the last login with this account has answered, or the one-time code
        /// with which its password was set within the last hour. Attempts that carry it are counted
        /// apart from everybody else's. A token that is unknown, of another account or too old counts
        /// for nothing.
        #[serde(skip_serializing_if = "Option::is_none")]
        device: Option<String> = optional(read::secret(TOKEN_MAX))
            => [max_length(TOKEN_MAX), example(DEVICE)],
    }
    also {
        /// E-mail address or username.
        username: Option<String> => [max_length(EMAIL_MAX)],
    }
}

/// Reads a username in the place of the e-mail address; beside one it has to say the same.
fn take_username(reader: &mut Reader) {
    let Some(username) = reader.member("username", read::line(EMAIL_MAX)).into_value() else {
        return;
    };
    match reader.peek("email", read::line(EMAIL_MAX)) {
        Ok(None) => reader.put("email", username),
        Ok(Some(email)) if email != username => {
            let message = "must not be given beside email";
            reader.faults.add("username", FieldError::new("not_both", message));
        }
        _ => {}
    }
}

body! {
    /// A refresh token.
    #[derive(Clone, Serialize)]
    Refresh, example {"refresh": "the refresh token that logging in has answered"} {
        /// The token.
        refresh: String = required(read::secret(TOKEN_MAX))
            => [min_length(1), max_length(TOKEN_MAX)],
    }
}

body! {
    /// The end of this session.
    #[derive(Clone, Serialize)]
    Logout, example {} {
        /// The refresh token; not needed.
        #[serde(skip_serializing_if = "Option::is_none")]
        refresh: Option<String> = optional(read::secret(TOKEN_MAX)) => [max_length(TOKEN_MAX)],
    }
}

body! {
    /// A new password for oneself.
    PasswordChange, example {
        "current_password": "a long walk by the sea", "new_password": "a longer walk by the sea"
    } {
        /// The password until now.
        current_password: String = required(read::secret(PASSWORD_MAX))
            => [format("password"), min_length(1), max_length(PASSWORD_MAX),
                example("a long walk by the sea")],
        /// The password from now on.
        new_password: String = required(read::secret(PASSWORD_MAX))
            => [format("password"), min_length(PASSWORD_MIN), max_length(PASSWORD_MAX),
                example("a longer walk by the sea")],
    }
}

body! {
    /// A new password, with a one-time code.
    PasswordReset, example {
        "token": "4JX7-2M9C-T0VQ-8KRE-W35N", "new_password": "a longer walk by the sea"
    } {
        /// The code: case, spaces and dashes don't matter.
        token: String = required(read::secret(CODE_MAX))
            => [min_length(1), max_length(CODE_MAX), example("4JX7-2M9C-T0VQ-8KRE-W35N")],
        /// The password from now on.
        new_password: String = required(read::secret(PASSWORD_MAX))
            => [format("password"), min_length(PASSWORD_MIN), max_length(PASSWORD_MAX),
                example("a longer walk by the sea")],
    }
}

body! {
    /// The address to which a code is to be mailed.
    MailRequest, example {"email": "ana@example.com"} {
        /// E-mail address of an account.
        email: String = required(read::parsed(EMAIL_MAX, rules::email))
            => [format("email"), min_length(1), max_length(EMAIL_MAX), example("ana@example.com")],
    }
}

body! {
    /// The code that was mailed to an address.
    EmailVerification, example {"token": "4JX7-2M9C-T0VQ-8KRE-W35N"} {
        /// The code; case, spaces and dashes don't matter.
        token: String = required(read::secret(CODE_MAX))
            => [min_length(1), max_length(CODE_MAX), example("0123-4567-89AB-CDEF-GH10")],
    }
}

fields! {
    /// What somebody changes of their own account, or an administrator of another's.
    ProfileInput prepare split_alone => ProfileFields {
        /// E-mail address, unique. Another one needs `current_password` in one's own profile, and counts
        /// as verified where an administrator enters it.
        email: String = (read::parsed(EMAIL_MAX, rules::email))
            => [format("email"), max_length(EMAIL_MAX), example("ana@example.com")]; sent [min_length(1)],
        /// Username: no `@`, no spaces.
        username: String = (read::parsed(USERNAME_MAX, username))
            => [max_length(USERNAME_MAX), example("ana")]; sent [pattern(r"^[^@\s]*$")],
        /// Given names.
        first_name: String = (read::line(NAME_MAX)) => [max_length(NAME_MAX), example("Ana")],
        /// Family names.
        last_name: String = (read::line(NAME_MAX)) => [max_length(NAME_MAX), example("Gómez")],
        /// Phone number with 5 to 15 digits.
        phone: String = (read::parsed(PHONE_MAX, rules::phone))
            => [max_length(PHONE_MAX), example("+1 555 765 4321")],
    }
    also {
        /// Both names in one. Beside its parts it has to say the same as they do.
        name: String = (read::line(FULL_NAME_MAX)) => [max_length(FULL_NAME_MAX)],
    }
}

/// Splits a name that came without its parts.
fn split_alone(reader: &mut Reader) {
    if reader.has("name") && !reader.has("first_name") && !reader.has("last_name") {
        reader.split_name();
    }
}

const COMPUTED: &[&str] = &["created_at", "updated_at", "version", "permissions"];
const FIXED: &[&str] = &["id", "role", "is_active", "is_staff", "email_verified"];

impl ProfileInput {
    /// Takes the members, and those that are sent back as they were read.
    pub(super) fn read_back(
        reader: &mut Reader,
        computed: &'static [&'static str],
        fixed: &'static [&'static str],
    ) -> Self {
        let input = Self::read(reader);
        reader.ignore(computed);
        Self { read_only: reader.read_only(fixed), ..input }
    }

    fn change(reader: &mut Reader) -> Self {
        Self::read_back(reader, COMPUTED, FIXED)
    }

    fn replacement(reader: &mut Reader) -> Self {
        let mut input = Self::change(reader);
        input.clear_absent();
        input
    }
}

body! {
    /// A profile as it shall be: an absent member is cleared.
    ProfileReplacement, sent back (COMPUTED, FIXED), example {
        "email": "ana@example.com", "first_name": "Ana", "last_name": "Gómez"
    } {
        /// The members.
        input: ProfileInput = embedded(ProfileInput::replacement),
        /// The current password, where the e-mail address changes.
        current_password: Option<String> = optional(read::secret(PASSWORD_MAX))
            => [format("password"), min_length(1), max_length(PASSWORD_MAX)],
    }
}

body! {
    /// A change to a profile: an absent member stays, `null` clears it.
    ProfilePatch, sent back (COMPUTED, FIXED), example {"phone": "+1 555 765 4321"} {
        /// The members.
        input: ProfileInput = embedded(ProfileInput::change),
        /// The current password, where the e-mail address changes.
        current_password: Option<String> = optional(read::secret(PASSWORD_MAX))
            => [format("password"), min_length(1), max_length(PASSWORD_MAX)],
    }
}
