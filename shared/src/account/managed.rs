//! Accounts as administrators manage them, and users as the front desk sees them.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{FULL_NAME_MAX, ProfileInput, Role, USERNAME_MAX, User, requests::named, username};
use crate::{
    FieldError, UserId,
    query::{self, Ordering},
    read::{self, Reader},
    rules::{self, EMAIL_MAX, NAME_MAX, PHONE_MAX, SEARCH_MAX},
};

/// The longest spelling of a one-time code that is accepted.
pub const CODE_MAX: usize = 100;

choice! {
    /// What an administrator may do with an account.
    UserPermission {
        /// Change it, including its role.
        Update = "update",
        /// Deactivate it.
        Deactivate = "deactivate",
        /// Create a one-time code for its owner.
        IssueCode = "issue_code",
        /// End all its sessions.
        EndSessions = "end_sessions",
    }
}

record! {
    /// An account as administrators see it.
    Account {
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
        /// Whether the owner has set a password.
        has_password: bool,
        /// The time at which the account was created.
        created_at: DateTime<Utc>,
        /// The time of the last change.
        updated_at: DateTime<Utc>,
        /// The version, which counts the changes from 1.
        version: i64 => [range(1, i64::MAX), example(1)],
        /// The caller's permissions for it. Only in single records.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        permissions: Option<Vec<UserPermission>> => [max_items(10), optional()],
    }
}

impl Account {
    /// The account of a user.
    pub fn of(user: User, has_password: bool) -> Self {
        Self {
            id: user.id,
            username: user.username,
            email: user.email,
            first_name: user.first_name,
            last_name: user.last_name,
            name: user.name,
            phone: user.phone,
            role: user.role,
            is_active: user.is_active,
            is_staff: user.is_staff,
            email_verified: user.email_verified,
            has_password,
            created_at: user.created_at,
            updated_at: user.updated_at,
            version: user.version,
            permissions: None,
        }
    }
}

record! {
    /// A user as the front desk sees it.
    BriefUser {
        /// The user's id.
        id: UserId,
        /// The username. It is present if there is no name.
        username: Option<String> => [max_length(USERNAME_MAX), example("ana")],
        /// The full name.
        name: String => [max_length(FULL_NAME_MAX), example("Ana Gómez")],
        /// The role.
        role: Role,
    }
}

/// A user, with the members that the caller may see.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum VisibleUser {
    /// As administrators see it.
    Account(Box<Account>),
    /// As the front desk sees it.
    Brief {
        /// The answer.
        #[serde(flatten)]
        user: BriefUser,
        /// The version, used only for the entity tag.
        #[serde(skip)]
        version: i64,
    },
}

#[cfg(feature = "openapi")]
impl crate::describe::Describe for VisibleUser {
    const NAME: Option<&'static str> = Some("VisibleUser");

    fn schema(
        registry: &mut poem_openapi::registry::Registry,
    ) -> poem_openapi::registry::MetaSchema {
        use poem_openapi::types::Type;
        Account::register(registry);
        BriefUser::register(registry);
        let doc = "A user. Administrators see the whole account; the front desk sees the id, username, name \
            and role.";
        crate::describe::any_of(vec![Account::schema_ref(), BriefUser::schema_ref()], doc)
    }
}
described!(VisibleUser);

#[cfg(feature = "openapi")]
impl crate::page::Listed for VisibleUser {
    const PAGE: &'static str = "UserPage";
}

record! {
    /// A one-time code. No other answer shows it.
    IssuedCode {
        /// The code. Case, spaces and dashes do not matter.
        code: String => [max_length(CODE_MAX), example("4JX7-2M9C-T0VQ-8KRE-W35N")],
        /// The time until which it is valid.
        expires_at: DateTime<Utc>,
    }
}

record! {
    /// A new account with its one-time code. No other answer shows the code.
    CreatedUser {
        /// The account.
        user: Account,
        /// The code with which the owner sets a password. Case, spaces and dashes do not matter.
        code: String => [max_length(CODE_MAX), example("4JX7-2M9C-T0VQ-8KRE-W35N")],
        /// The time until which the code is valid.
        expires_at: DateTime<Utc>,
    }
}

choice! {
    /// The fields by which a list of users can be ordered.
    UserOrder {
        /// The last name, then the first name.
        LastName = "last_name",
        /// The time of creation.
        CreatedAt = "created_at",
        /// The id.
        Id = "id",
    }
}

filter! {
    /// The filters and the ordering of a list of users.
    UserFilter, in pages {
        /// Words to search for, in any order, ignoring case and accents. Each must match the start
        /// of a name or of the username, or, for administrators, of the e-mail address.
        search: String = read::line(SEARCH_MAX) => [max_length(SEARCH_MAX)],
        /// The role.
        role: Role = query::parsed(20, Role::from_str),
        /// Whether the account is active. For administrators only.
        is_active: bool = query::boolean,
        /// One of last_name, created_at and id; `-` in front for descending. The default is by
        /// name.
        ordering: Ordering<UserOrder> = query::ordering,
    }
}

body! {
    /// A new account. `email` or `username` is required.
    #[derive(Clone, Debug, PartialEq)]
    NewUser, prepare check_new_user, example {
        "email": "ines@example.com", "username": "ines", "role": "staff", "name": "Inés Soto"
    } {
        /// The e-mail address.
        email: Option<String> = optional(read::parsed(EMAIL_MAX, rules::email))
            => [format("email"), min_length(1), max_length(EMAIL_MAX), example("ana@example.com")],
        /// The username, without `@` and spaces.
        username: Option<String> = optional(read::parsed(USERNAME_MAX, username))
            => [pattern(r"^[^@\s]*$"), max_length(USERNAME_MAX), example("ana")],
        /// Given names.
        first_name: Option<String> = optional(read::line(NAME_MAX))
            => [max_length(NAME_MAX), example("Ana")],
        /// Family names.
        last_name: Option<String> = optional(read::line(NAME_MAX))
            => [max_length(NAME_MAX), example("Gómez")],
        /// A phone number with 5 to 15 digits.
        phone: Option<String> = optional(read::parsed(PHONE_MAX, rules::phone))
            => [max_length(PHONE_MAX), example("+1 555 765 4321")],
        /// The role.
        role: Role = required(read::parsed(20, Role::from_str)) => [example("staff")],
    }
    also {
        /// The full name in one. The last word is the last name.
        name: Option<String> => [max_length(FULL_NAME_MAX)],
    }
}

fn check_new_user(reader: &mut Reader) {
    named(reader);
    let is_absent = |member| matches!(reader.peek(member, read::line(EMAIL_MAX)), Ok(None));
    if is_absent("email") && is_absent("username") {
        let message = "is required if there is no username";
        reader.errors.add("email", FieldError::new("required", message));
    }
}

const COMPUTED: &[&str] = &["created_at", "updated_at", "version", "permissions", "has_password"];
const FIXED: &[&str] = &["id", "is_staff", "email_verified"];

body! {
    /// A change to an account. An absent member stays, and `null` clears it.
    UserPatch, sent back (COMPUTED, FIXED), example {"phone": "+1 555 765 4321"} {
        /// The members that the owner can change too.
        profile: ProfileInput = embedded(profile),
        /// The role.
        role: Option<Role> = filled(read::parsed(20, Role::from_str)) => [example("staff")],
        /// `false` ends all sessions and API tokens and prevents further logins.
        is_active: Option<bool> = filled(read::boolean),
    }
}

fn profile(reader: &mut Reader) -> ProfileInput {
    ProfileInput::read_back(reader, COMPUTED, FIXED)
}
