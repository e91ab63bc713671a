//! Logging in.

use std::sync::Arc;

use shared::account::{Login, Session, User};

use super::{devices, rate_limits::RateLimits, sessions};
use crate::{
    app::App,
    db::users::{self, UserRow},
    error::Error,
    services::{
        actor::{Actor, Origin},
        audit::{self, AuditActor, AuditEvent},
        passwords::{HashPriority, Verdict},
    },
};

/// Logs in. A wrong password and an unknown user get the same answer after the same work.
pub async fn log_in(app: &App, origin: &Origin, login: Login) -> Result<Session, Error> {
    let address = origin.address.as_deref().unwrap_or_default();
    let (found, device, limits) = {
        let mut read = app.db().read().await?;
        let found = users::find(&mut read.conn(), &login.identifier).await?;
        let id = found.as_ref().map(|row| row.user.id);
        let device = match &login.device {
            Some(token) => devices::find(app, &mut read.conn(), id, token).await?,
            None => None,
        };
        let (name, known) = (&login.identifier, device.as_ref());
        let limits = RateLimits::logging_in(app, &mut read.conn(), name, known, address).await?;
        (found, device, limits)
    };
    limits.attempt(app).await?;
    let stored = found.as_ref().and_then(|row| row.password_hash.as_deref());
    let verdict = app.passwords().verify(&login.password, stored, limits.rank()).await;
    let verdict = limits.withdraw(app, verdict).await?;
    let now = app.clock().now();
    let wrong = Error::Unauthenticated("e-mail, username or password is wrong");
    let verified = match (found, verdict) {
        (Some(row), Verdict::Right { is_outdated }) if row.user.is_active => {
            if is_outdated {
                let hashed = rehash(app, row, &login.password).await;
                limits.withdraw(app, hashed).await?
            } else {
                row
            }
        }
        (found, _) => {
            app.metrics().note_failed_login();
            let mut tx = app.db().begin().await?;
            let id = found.as_ref().map(|row| row.user.id);
            let event = AuditEvent::of_user("auth.login_failed", id);
            // The typed identifier is noted only if it names an account, because it may be a
            // password.
            let name = if found.is_some() { login.identifier.as_str() } else { "nobody" };
            audit::note(&mut tx.conn(), AuditActor::Anonymous(origin, name), now, event).await?;
            tx.commit().await?;
            return Err(wrong);
        }
    };
    let mut tx = app.db().begin().await?;
    // Read again and locked until the end of the transaction. If the password has changed since it
    // was verified, no session begins.
    let row = users::lock(&mut tx.conn(), verified.user.id).await?;
    let unchanged =
        |row: &UserRow| row.user.is_active && row.password_hash == verified.password_hash;
    let Some(row) = row.filter(unchanged) else { return Err(wrong) };
    limits.succeed(app, &mut tx.conn()).await?;
    let actor = Actor::new(row.user, origin.clone());
    if must_confirm(app, &actor.user) {
        let event = AuditEvent::of_user("auth.login_unconfirmed", Some(actor.id()));
        audit::note(&mut tx.conn(), AuditActor::Actor(&actor), now, event).await?;
        tx.commit().await?;
        return Err(Error::EmailUnverified);
    }
    let event = AuditEvent::of_user("auth.login", Some(actor.id()));
    audit::note(&mut tx.conn(), AuditActor::Actor(&actor), now, event).await?;
    let (device, message) = (device.as_ref(), "Login successful");
    let user = Arc::unwrap_or_clone(actor.user);
    let session = sessions::begin(app, &mut tx.conn(), user, origin, device, message).await?;
    tx.commit().await?;
    Ok(session)
}

/// Whether a user may not log in before the e-mail address is confirmed. An account without an
/// address was created by an administrator and has nothing to confirm.
fn must_confirm(app: &App, user: &User) -> bool {
    app.settings().require_verified_email && user.email.is_some() && !user.email_verified
}

/// Hashes a password again with the current parameters. Returns the user with the hash that the
/// password is known to match.
async fn rehash(app: &App, row: UserRow, password: &str) -> Result<UserRow, Error> {
    let Some(old) = &row.password_hash else { return Ok(row) };
    let new = app.passwords().hash(password, HashPriority::Known).await?;
    let mut tx = app.db().begin().await?;
    if users::rehash(&mut tx.conn(), row.user.id, old, &new).await? {
        tx.commit().await?;
        return Ok(UserRow { password_hash: Some(new), ..row });
    }
    // Another login has stored a hash with its own salt first, or the password was changed.
    let other = users::get(&mut tx.conn(), row.user.id).await?;
    drop(tx);
    let Some(other) = other else { return Ok(row) };
    let stored = other.password_hash.as_deref();
    match app.passwords().verify(password, stored, HashPriority::Known).await? {
        Verdict::Right { .. } => Ok(other),
        Verdict::Wrong => Ok(row),
    }
}
