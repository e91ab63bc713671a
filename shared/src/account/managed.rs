//! Accounts as administrators keep them, and what the front desk sees of them.

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

/// Longest spelling of a one-time code that is looked at.
pub const CODE_MAX: usize = 100;

choice! {
    /// What an administrator may do with an account.
    UserPermission {
        /// Change it, its role too.
        Update = "update",
        /// Take it out of use.
        Deactivate = "deactivate",
        /// Make a one-time code for its owner.
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
        /// Whether its owner has set a password yet.
        has_password: bool,
        /// When the account was made.
        created_at: DateTime<Utc>,
        /// When it was last changed.
        updated_at: DateTime<Utc>,
        /// Counts the changes, from 1.
        version: i64 => [range(1, i64::MAX), example(1)],
        /// What the caller may do with it; only in single records.
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
    /// A user as the front desk sees one.
    BriefUser {
        /// The user's id.
        id: UserId,
        /// The username; never absent where there is no name.
        username: Option<String> => [max_length(USERNAME_MAX), example("ana")],
        /// Both names.
        name: String => [max_length(FULL_NAME_MAX), example("Ana Gómez")],
        /// The one role.
        role: Role,
    }
}

/// A user as the caller may see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum VisibleUser {
    /// By an administrator.
    Account(Box<Account>),
    /// By the front desk.
    Brief {
        /// What is answered.
        #[serde(flatten)]
        user: BriefUser,
        /// The version, for the entity tag alone.
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
        let doc = "A user: the whole account for administrators; id, username, name and role for \
            the front desk.";
        crate::describe::any_of(vec![Account::schema_ref(), BriefUser::schema_ref()], doc)
    }
}
described!(VisibleUser);

#[cfg(feature = "openapi")]
impl crate::page::Listed for VisibleUser {
    const PAGE: &'static str = "UserPage";
}

record! {
    /// A one-time code, in the only answer that shows it.
    IssuedCode {
        /// The code, to be read or handed to the user: case, spaces and dashes don't matter.
        code: String => [max_length(CODE_MAX), example("4JX7-2M9C-T0VQ-8KRE-W35N")],
        /// Until when it works.
        expires_at: DateTime<Utc>,
    }
}

record! {
    /// A new account, with the one-time code in the only answer that shows it.
    CreatedUser {
        /// The account.
        user: Account,
        /// The code with which its owner sets a password: case, spaces and dashes don't matter.
        code: String => [max_length(CODE_MAX), example("4JX7-2M9C-T0VQ-8KRE-W35N")],
        /// Until when the code works.
        expires_at: DateTime<Utc>,
    }
}

choice! {
    /// The fields by which a list of users can be ordered.
    UserOrder {
        /// The last name, then the first name.
        LastName = "last_name",
        /// When the record was created.
        CreatedAt = "created_at",
        /// The id.
        Id = "id",
    }
}

filter! {
    /// Which users a list shows, and in which order.
    UserFilter, in pages {
        /// Words, each of which must match, in any order, without case or accents: the start of a
        /// name or of the username, for administrators also of the e-mail address.
        search: String = read::line(SEARCH_MAX) => [max_length(SEARCH_MAX)],
        /// The role.
        role: Role = query::parsed(20, Role::from_str),
        /// Whether the account may be used; for administrators.
        is_active: bool = query::boolean,
        /// One of last_name, created_at and id; `-` in front for descending. Without it: by name.
        ordering: Ordering<UserOrder> = query::ordering,
    }
}

body! {
    /// An account to be made: `email` or `username` is required.
    #[derive(Clone, Debug, PartialEq)]
    NewUser, prepare check_new_user, example {
        "email": "ines@example.com", "username": "ines", "role": "staff", "name": "Inés Soto"
    } {
        /// E-mail address.
        email: Option<String> = optional(read::parsed(EMAIL_MAX, rules::email))
            => [format("email"), min_length(1), max_length(EMAIL_MAX), example("ana@example.com")],
        /// Username: no `@`, no spaces.
        username: Option<String> = optional(read::parsed(USERNAME_MAX, username))
            => [pattern(r"^[^@\s]*$"), max_length(USERNAME_MAX), example("ana")],
        /// Given names.
        first_name: Option<String> = optional(read::line(NAME_MAX))
            => [max_length(NAME_MAX), example("Ana")],
        /// Family names.
        last_name: Option<String> = optional(read::line(NAME_MAX))
            => [max_length(NAME_MAX), example("Gómez")],
        /// Phone number with 5 to 15 digits.
        phone: Option<String> = optional(read::parsed(PHONE_MAX, rules::phone))
            => [max_length(PHONE_MAX), example("+1 555 765 4321")],
        /// The role.
        role: Role = required(read::parsed(20, Role::from_str)) => [example("staff")],
    }
    also {
        /// Both names in one; the last word is the last name.
        name: Option<String> => [max_length(FULL_NAME_MAX)],
    }
}

fn check_new_user(reader: &mut Reader) {
    named(reader);
    let is_absent = |member| matches!(reader.peek(member, read::line(EMAIL_MAX)), Ok(None));
    if is_absent("email") && is_absent("username") {
        let message = "is required where there is no username";
        reader.faults.add("email", FieldError::new("required", message));
    }
}

const COMPUTED: &[&str] = &["created_at", "updated_at", "version", "permissions", "has_password"];
const FIXED: &[&str] = &["id", "is_staff", "email_verified"];

body! {
    /// A change to an account: an absent member stays, `null` clears it.
    UserPatch, sent back (COMPUTED, FIXED), example {"phone": "+1 555 765 4321"} {
        /// What its owner may change too.
        profile: ProfileInput = embedded(profile),
        /// The role.
        role: Option<Role> = filled(read::parsed(20, Role::from_str)) => [example("staff")],
        /// `false` ends all sessions and API tokens and lets nobody log in.
        is_active: Option<bool> = filled(read::boolean),
    }
}

fn profile(reader: &mut Reader) -> ProfileInput {
    ProfileInput::read_back(reader, COMPUTED, FIXED)
}
