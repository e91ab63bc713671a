//! Rules and lookups that are shared by everything that creates or changes accounts.

use serde_json::json;
use shared::{
    FieldError, FieldErrors,
    account::{ProfileInput, User},
    patient::full_name,
};

use crate::{
    db::{Conn, DbError, UniqueKey, users},
    error::Error,
    services::passwords::check_new,
};

/// Looks up the e-mail address and the username before a write, so that the error names both if
/// both are taken. Between concurrent writes, the unique index decides.
pub(super) async fn check_taken(
    conn: &mut Conn<'_>,
    email: Option<&str>,
    username: Option<&str>,
) -> Result<(), Error> {
    let mut taken = FieldErrors::default();
    for (field, value) in [("email", email), ("username", username)] {
        let Some(value) = value else { continue };
        if users::find(conn, value).await?.is_some() {
            taken.extend(is_taken(field));
        }
    }
    if taken.is_empty() { Ok(()) } else { Err(Error::Conflict(taken)) }
}

/// The errors for an e-mail address or a username that another account has.
pub(super) fn is_taken(field: &str) -> FieldErrors {
    let what = if field == "email" { "e-mail address" } else { "username" };
    let message = format!("already belongs to another account: choose another {what}");
    FieldErrors::one(field, FieldError::new("not_unique", message))
}

/// Translates a violated unique index into a conflict that names the field.
pub(crate) fn unique(error: DbError) -> Error {
    match error {
        DbError::Unique(UniqueKey::UserEmail) => Error::Conflict(is_taken("email")),
        DbError::Unique(UniqueKey::Username) => Error::Conflict(is_taken("username")),
        other => other.into(),
    }
}

/// Applies a change to an account, the caller's own or another one. A new e-mail address is
/// unverified; an administrator who sets it may mark it as verified afterwards.
pub(super) fn apply(input: &ProfileInput, old: &User, user: &mut User, errors: &mut FieldErrors) {
    input.username.apply(&mut user.username);
    input.email.apply(&mut user.email);
    input.first_name.apply(&mut user.first_name);
    input.last_name.apply(&mut user.last_name);
    input.phone.apply(&mut user.phone);
    user.name = full_name(user.first_name.as_deref(), user.last_name.as_deref());
    if user.email.is_none() && user.username.is_none() {
        errors.add("email", FieldError::new("required", "is required if there is no username"));
    } else if user.username.is_none() && user.name.is_empty() {
        // An account always keeps a name or a username by which it is shown.
        errors.add("username", FieldError::new("required", "is required if there is no name"));
    }
    // A client may send back the name that it has read, even if its parts have changed. Any other
    // name would be lost.
    if input.name.value().is_some_and(|name| *name != user.name && *name != old.name) {
        let message = "must match first_name and last_name, or be sent without them";
        errors.add("name", FieldError::new("disagrees", message));
    }
    if user.email != old.email {
        user.email_verified = false;
    }
}

/// The members of a user that the history compares.
pub(super) fn own_values(user: &User) -> serde_json::Value {
    json!({
        "username": user.username, "email": user.email, "first_name": user.first_name,
        "last_name": user.last_name, "phone": user.phone, "email_verified": user.email_verified,
    })
}

/// Checks a new password against the rules for the user's role and against the user's own names.
pub(super) fn check_for(password: &str, user: &User) -> Result<(), FieldError> {
    let own = [
        user.email.as_deref().unwrap_or_default(),
        user.username.as_deref().unwrap_or_default(),
        &user.name,
    ];
    check_new(password, user.role, &own)
}
