//! Requests about accounts: registrations, logins, tokens, passwords and profiles.

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

/// The roles that can be chosen at registration.
const OWN_ROLES: &[&str] = &["member", "patient", "doctor"];
/// A device token, as an example.
#[cfg(feature = "openapi")]
const DEVICE: &str = "tq3mM0xXo1v0u9yJm5cS7wQe8rTzLk2bVhNfGdPaXsY";

body! {
    /// A registration.
    #[derive(Clone, Serialize)]
    Registration, prepare check_registration, example {
        "email": "ana@example.com", "password": "a long walk by the sea", "name": "Ana Gómez"
    } {
        /// The e-mail address.
        email: String = required(read::parsed(EMAIL_MAX, rules::email))
            => [format("email"), min_length(1), max_length(EMAIL_MAX), example("ana@example.com")],
        /// The password: 8 to 128 characters of any kind, compared exactly. Staff and administrators need at
        /// least 15. A password that is guessed early is refused, and so is one that equals the e-mail
        /// address, the username or the name of the account, in upper or lower case.
        password: String = required(read::secret(PASSWORD_MAX))
            => [format("password"), min_length(PASSWORD_MIN), max_length(PASSWORD_MAX),
                example("a long walk by the sea")],
        /// The username, without `@` and spaces.
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
        /// A phone number with 5 to 15 digits.
        #[serde(skip_serializing_if = "Option::is_none")]
        phone: Option<String> = optional(read::parsed(PHONE_MAX, rules::phone))
            => [max_length(PHONE_MAX), example("+1 555 765 4321")],
        /// The role. The default is `member`.
        #[serde(skip_serializing_if = "Option::is_none")]
        role: Option<Role> = optional(read::parsed(20, own_role))
            => [only(OWN_ROLES), example("member")],
        /// The device token of an earlier login. A new account gets a new one.
        #[serde(skip_serializing_if = "Option::is_none")]
        device: Option<String> = optional(read::secret(TOKEN_MAX))
            => [max_length(TOKEN_MAX), example(DEVICE)],
    }
    also {
        /// The repeated password, if a form asks for it.
        password_confirm: Option<String>
            => [format("password"), min_length(1), max_length(PASSWORD_MAX)],
        /// The full name in one. The last word is the last name.
        name: Option<String> => [max_length(FULL_NAME_MAX)],
    }
}

/// Checks the password against the rules and the other members, and against its repetition.
fn check_registration(reader: &mut Reader) {
    named(reader);
    let password = reader.peek("password", read::secret(PASSWORD_MAX)).ok().flatten();
    let confirmed = reader.member("password_confirm", read::secret(PASSWORD_MAX)).into_value();
    if confirmed.is_some() && confirmed != password {
        let error = FieldError::new("not_the_same", "must match password");
        reader.errors.add("password_confirm", error);
    }
    let text = |member| reader.peek(member, read::line(EMAIL_MAX)).ok().flatten();
    let name = full_name(text("first_name").as_deref(), text("last_name").as_deref());
    let own = [text("email").unwrap_or_default(), text("username").unwrap_or_default(), name];
    let validate = |password: String| {
        check_password(&password, Role::Member, &own.each_ref().map(String::as_str)).err()
    };
    if let Some(error) = password.and_then(validate) {
        reader.errors.add("password", error);
    }
}

/// Splits a full name that was sent in one member. If its parts were sent too, they must match.
pub(super) fn named(reader: &mut Reader) {
    let part = |member| reader.peek(member, read::line(NAME_MAX));
    match (part("first_name"), part("last_name")) {
        (Ok(None), Ok(None)) => reader.split_name(),
        (first, last) => {
            let whole = reader.member("name", read::line(FULL_NAME_MAX)).into_value();
            if let (Some(whole), Ok(first), Ok(last)) = (whole, first, last)
                && whole != full_name(first.as_deref(), last.as_deref())
            {
                let message = "must match first_name and last_name, or be sent without them";
                reader.errors.add("name", FieldError::new("disagrees", message));
            }
        }
    }
}

fn own_role(text: &str) -> Result<Role, FieldError> {
    let role = text.parse().ok().filter(|role: &Role| OWN_ROLES.contains(&role.as_str()));
    role.ok_or_else(|| FieldError::not_one_of(OWN_ROLES))
}

body! {
    /// A login: `email` or `username`, either of which may contain an e-mail address or a
    /// username.
    #[derive(Clone, Serialize)]
    Login, prepare take_username, example {
        "email": "ana@example.com", "password": "a long walk by the sea"
    } {
        /// The e-mail address or username.
        #[serde(rename = "email")]
        identifier as "email": String = required(read::line(EMAIL_MAX))
            => [max_length(EMAIL_MAX), optional(), nullable(), example("ana@example.com")],
        /// The password.
        password: String = required(read::secret(PASSWORD_MAX))
            => [format("password"), min_length(1), max_length(PASSWORD_MAX),
                example("a long walk by the sea")],
        /// The device token from the last login to this account, or the one-time code with which
        /// its password was set within the last hour. Attempts with it are counted separately from
        /// all others. A token that is unknown, expired, or of another account has no effect.
        #[serde(skip_serializing_if = "Option::is_none")]
        device: Option<String> = optional(read::secret(TOKEN_MAX))
            => [max_length(TOKEN_MAX), example(DEVICE)],
    }
    also {
        /// The e-mail address or username.
        username: Option<String> => [max_length(EMAIL_MAX)],
    }
}

/// Reads a username in place of the e-mail address. If both are sent, they must match.
fn take_username(reader: &mut Reader) {
    let Some(username) = reader.member("username", read::line(EMAIL_MAX)).into_value() else {
        return;
    };
    match reader.peek("email", read::line(EMAIL_MAX)) {
        Ok(None) => reader.put("email", username),
        Ok(Some(email)) if email != username => {
            let message = "can't be combined with email";
            reader.errors.add("username", FieldError::new("not_both", message));
        }
        _ => {}
    }
}

body! {
    /// An exchange of a refresh token.
    #[derive(Clone, Serialize)]
    Refresh, example {"refresh": "the refresh token from the login"} {
        /// The refresh token.
        refresh: String = required(read::secret(TOKEN_MAX))
            => [min_length(1), max_length(TOKEN_MAX)],
    }
}

body! {
    /// A logout.
    #[derive(Clone, Serialize)]
    Logout, example {} {
        /// The refresh token, which is optional.
        #[serde(skip_serializing_if = "Option::is_none")]
        refresh: Option<String> = optional(read::secret(TOKEN_MAX)) => [max_length(TOKEN_MAX)],
    }
}

body! {
    /// A change of the caller's password.
    #[derive(Clone, Serialize)]
    PasswordChange, example {
        "current_password": "a long walk by the sea", "new_password": "a longer walk by the sea"
    } {
        /// The current password.
        current_password: String = required(read::secret(PASSWORD_MAX))
            => [format("password"), min_length(1), max_length(PASSWORD_MAX),
                example("a long walk by the sea")],
        /// The new password.
        new_password: String = required(read::secret(PASSWORD_MAX))
            => [format("password"), min_length(PASSWORD_MIN), max_length(PASSWORD_MAX),
                example("a longer walk by the sea")],
    }
}

body! {
    /// Setting a password with a one-time code.
    #[derive(Clone, Serialize)]
    PasswordReset, example {
        "token": "4JX7-2M9C-T0VQ-8KRE-W35N", "new_password": "a longer walk by the sea"
    } {
        /// The code. Case, spaces and dashes do not matter.
        token: String = required(read::secret(CODE_MAX))
            => [min_length(1), max_length(CODE_MAX), example("4JX7-2M9C-T0VQ-8KRE-W35N")],
        /// The new password.
        new_password: String = required(read::secret(PASSWORD_MAX))
            => [format("password"), min_length(PASSWORD_MIN), max_length(PASSWORD_MAX),
                example("a longer walk by the sea")],
    }
}

body! {
    /// A request for a mail with a code.
    MailRequest, example {"email": "ana@example.com"} {
        /// The e-mail address of an account.
        email: String = required(read::parsed(EMAIL_MAX, rules::email))
            => [format("email"), min_length(1), max_length(EMAIL_MAX), example("ana@example.com")],
    }
}

body! {
    /// Confirming an e-mail address with a mailed code.
    EmailVerification, example {"token": "4JX7-2M9C-T0VQ-8KRE-W35N"} {
        /// The code. Case, spaces and dashes do not matter.
        token: String = required(read::secret(CODE_MAX))
            => [min_length(1), max_length(CODE_MAX), example("0123-4567-89AB-CDEF-GH10")],
    }
}

fields! {
    /// The members that users can change in their own account, and administrators in any.
    ProfileInput prepare split_alone => ProfileFields {
        /// The e-mail address, which is unique. In one's own profile, a new one requires
        /// `current_password`. A new one that an administrator enters counts as verified.
        email: String = (read::parsed(EMAIL_MAX, rules::email))
            => [format("email"), max_length(EMAIL_MAX), example("ana@example.com")]; sent [min_length(1)],
        /// The username, without `@` and spaces.
        username: String = (read::parsed(USERNAME_MAX, username))
            => [max_length(USERNAME_MAX), example("ana")]; sent [pattern(r"^[^@\s]*$")],
        /// Given names.
        first_name: String = (read::line(NAME_MAX)) => [max_length(NAME_MAX), example("Ana")],
        /// Family names.
        last_name: String = (read::line(NAME_MAX)) => [max_length(NAME_MAX), example("Gómez")],
        /// A phone number with 5 to 15 digits.
        phone: String = (read::parsed(PHONE_MAX, rules::phone))
            => [max_length(PHONE_MAX), example("+1 555 765 4321")],
    }
    also {
        /// The full name in one. If its parts are sent too, they must match.
        name: String = (read::line(FULL_NAME_MAX)) => [max_length(FULL_NAME_MAX)],
    }
}

/// Splits a full name that was sent without its parts.
fn split_alone(reader: &mut Reader) {
    if reader.has("name") && !reader.has("first_name") && !reader.has("last_name") {
        reader.split_name();
    }
}

const COMPUTED: &[&str] = &["created_at", "updated_at", "version", "permissions"];
const FIXED: &[&str] = &["id", "role", "is_active", "is_staff", "email_verified"];

impl ProfileInput {
    /// Reads the members, and the read-only members that the client sends back.
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
    /// The replacement of a profile. Absent members are cleared.
    ProfileReplacement, sent back (COMPUTED, FIXED), example {
        "email": "ana@example.com", "first_name": "Ana", "last_name": "Gómez"
    } {
        /// The new values.
        input: ProfileInput = embedded(ProfileInput::replacement),
        /// The current password, required for a new e-mail address.
        current_password: Option<String> = optional(read::secret(PASSWORD_MAX))
            => [format("password"), min_length(1), max_length(PASSWORD_MAX)],
    }
}

body! {
    /// A change to a profile. An absent member stays, and `null` clears it.
    ProfilePatch, sent back (COMPUTED, FIXED), example {"phone": "+1 555 765 4321"} {
        /// The changed values.
        input: ProfileInput = embedded(ProfileInput::change),
        /// The current password, required for a new e-mail address.
        current_password: Option<String> = optional(read::secret(PASSWORD_MAX))
            => [format("password"), min_length(1), max_length(PASSWORD_MAX)],
    }
}
