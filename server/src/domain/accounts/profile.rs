//! Reading and changing one's own account.

use std::sync::Arc;

use serde_json::json;
use shared::{
    FieldError, FieldErrors,
    account::{ProfileInput, User},
};

use super::{
    account::{apply, own_values, unique},
    codes, password,
    rate_limits::RateLimits,
    sessions,
};
use crate::{
    app::App,
    db::users,
    domain::{
        access::{require_session, session_permissions},
        precondition::{LastChange, Precondition, Unmet},
    },
    error::Error,
    services::{
        actor::Actor,
        audit::{self, AuditActor, AuditEvent, differences},
        mail::{self, Letter},
    },
};

/// The caller's account as it is now, with the permissions of the session.
pub async fn read(app: &App, actor: &Actor) -> Result<User, Error> {
    let found = users::get(&mut app.db().read().await?.conn(), actor.id()).await?;
    Ok(shown(app, actor, found.ok_or(Error::NotFound)?.user))
}

fn shown(app: &App, actor: &Actor, user: User) -> User {
    let actor = Actor { user: Arc::new(user), ..actor.clone() };
    let permissions = Some(session_permissions(&actor, app.settings().doctor_directory));
    User { permissions, ..Arc::unwrap_or_clone(actor.user) }
}

/// Changes the caller's account.
pub async fn update(
    app: &App,
    actor: &Actor,
    precondition: &Precondition,
    input: &ProfileInput,
    current_password: Option<&str>,
) -> Result<User, Error> {
    require_session(actor)?;
    let is_other =
        |user: &User| !input.email.is_absent() && input.email.value() != user.email.as_ref();
    let confirmed = match is_other(&actor.user) {
        true => Some(confirm_email(app, actor, input, current_password).await?),
        false => None,
    };
    let now = app.clock().now();
    let mut tx = app.db().begin().await?;
    let mut row = sessions::lock_caller(&mut tx.conn(), actor).await?;
    let old = row.user.clone();
    let found = LastChange::from(&row);
    let checked = precondition.check(actor.id(), &found);
    let checked = checked.and_then(|()| {
        // The address or the password has changed since the password was confirmed, so the
        // confirmation no longer holds or was never required.
        let is_outdated = is_other(&old) && (confirmed.is_none() || confirmed != row.password_hash);
        if is_outdated { Err(Unmet::overtaken(actor.id(), &found)) } else { Ok(()) }
    });
    if let Err(unmet) = checked {
        let current = || json!(shown(app, actor, old));
        return Err(unmet.refuse(&mut tx.conn(), &found, current).await);
    }
    let mut errors = FieldErrors::default();
    input.read_only.compare(&json!(old), &mut errors);
    apply(input, &old, &mut row.user, &mut errors);
    errors.into_result()?;
    let changes = differences(&own_values(&old), &own_values(&row.user))?;
    if changes.is_empty() {
        tx.commit().await?;
        return Ok(shown(app, actor, old));
    }
    if !users::update(&mut tx.conn(), &row, Some(actor.id()), now).await.map_err(unique)? {
        let current = || json!(shown(app, actor, old));
        return Err(Unmet::overtaken(actor.id(), &found)
            .refuse(&mut tx.conn(), &found, current)
            .await);
    }
    if row.user.email != old.email {
        codes::void_all(&mut tx.conn(), actor.id()).await?;
    }
    let updated = users::get(&mut tx.conn(), actor.id()).await?.ok_or(Error::NotFound)?.user;
    let mut event = AuditEvent::of_user("user.updated", Some(actor.id()));
    (event.version, event.changes) = (Some(updated.version), changes);
    audit::note(&mut tx.conn(), AuditActor::Actor(actor), now, event).await?;
    if let Some(email) = updated.email.as_ref().filter(|_| updated.email != old.email) {
        mail::queue(&mut tx.conn(), Letter::Verification, email, now).await?;
    }
    tx.commit().await?;
    app.mail().wake();
    Ok(shown(app, actor, updated))
}

/// Confirms a change of the e-mail address with the password. Returns the hash that the password
/// matches.
async fn confirm_email(
    app: &App,
    actor: &Actor,
    input: &ProfileInput,
    current_password: Option<&str>,
) -> Result<String, Error> {
    let needed = || {
        let message = "is required to change the e-mail address";
        Error::invalid("current_password", FieldError::new("required", message))
    };
    let password = current_password.ok_or_else(needed)?;
    let confirmed = password::confirm(app, actor, password).await?;
    if let Some(email) = input.email.value() {
        RateLimits::mail_by(actor.id(), email).attempt(app).await?;
    }
    Ok(confirmed)
}
