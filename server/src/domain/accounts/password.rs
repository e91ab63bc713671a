//! Confirming and changing one's own password.

use shared::{FieldError, account::PasswordChange};

use super::{
    account::check_for,
    codes::{self, Purpose},
    devices,
    rate_limits::RateLimits,
    sessions,
};
use crate::{
    app::App,
    db::users,
    domain::access::require_session,
    error::Error,
    services::{
        actor::Actor,
        audit::{self, AuditActor, AuditEvent},
        passwords::{HashPriority, Verdict},
    },
};

/// How often a change is tried if the stored hash changes in the meantime.
const TRIES: usize = 3;

/// Confirms that the user of the session is present, by asking for the password. Attempts are
/// counted per session, so that nobody outside it can block the user. Returns the hash that the
/// password matches. A write that relies on the confirmation must check that the account still has
/// this hash.
pub(crate) async fn confirm(app: &App, actor: &Actor, password: &str) -> Result<String, Error> {
    let limits = RateLimits::confirming(actor);
    limits.attempt(app).await?;
    let row = {
        let mut read = app.db().read().await?;
        users::get(&mut read.conn(), actor.id()).await?.ok_or(Error::NotFound)?
    };
    let stored = row.password_hash.as_deref();
    let verdict = app.passwords().verify(password, stored, limits.rank()).await;
    let verdict = limits.withdraw(app, verdict).await?;
    let mut tx = app.db().begin().await?;
    if let (Verdict::Right { .. }, Some(hash)) = (verdict, row.password_hash) {
        limits.succeed(app, &mut tx.conn()).await?;
        tx.commit().await?;
        return Ok(hash);
    }
    let event = AuditEvent::of_user("auth.confirmation_failed", Some(actor.id()));
    audit::note(&mut tx.conn(), AuditActor::Actor(actor), app.clock().now(), event).await?;
    tx.commit().await?;
    let error = FieldError::new("wrong_password", "is not your password");
    Err(Error::invalid("current_password", error))
}

/// Sets a new password for the caller and ends all other sessions. Of several concurrent changes
/// with the same current password, one succeeds. For the others, the password no longer matches or
/// the session is over.
pub async fn change_password(
    app: &App,
    actor: &Actor,
    change: PasswordChange,
) -> Result<(), Error> {
    require_session(actor)?;
    let invalid = |error| Error::invalid("new_password", error);
    check_for(&change.new_password, &actor.user).map_err(invalid)?;
    let mut hash = None;
    for _ in 0..TRIES {
        let confirmed = confirm(app, actor, &change.current_password).await?;
        let hash = match &hash {
            Some(hash) => hash,
            None => {
                hash.insert(app.passwords().hash(&change.new_password, HashPriority::Known).await?)
            }
        };
        if replace(app, actor, &change, &confirmed, hash).await? {
            return Ok(());
        }
        // A login may have rehashed the same password in the meantime.
    }
    Err(Error::Unavailable { reason: "the account was changed in the meantime", after: 1 })
}

/// Replaces the hash of the caller's password, unless it is no longer the confirmed one. Returns
/// whether it has replaced it.
async fn replace(
    app: &App,
    actor: &Actor,
    change: &PasswordChange,
    confirmed: &str,
    hash: &str,
) -> Result<bool, Error> {
    let now = app.clock().now();
    let mut tx = app.db().begin().await?;
    let mut conn = tx.conn();
    let mut row = sessions::lock_caller(&mut conn, actor).await?;
    if row.password_hash.as_deref() != Some(confirmed) {
        return Ok(false);
    }
    // The user's role may have changed to one that requires a longer password.
    let judged = check_for(&change.new_password, &row.user);
    judged.map_err(|error| Error::invalid("new_password", error))?;
    row.password_hash = Some(hash.to_owned());
    if !users::update(&mut conn, &row, Some(actor.id()), now).await? {
        return Ok(false);
    }
    sessions::end_all(app, &mut conn, actor.id(), actor.session).await?;
    devices::void_others(&mut conn, actor.id(), actor.session).await?;
    codes::void(&mut conn, actor.id(), Purpose::SetPassword).await?;
    let mut event = AuditEvent::of_user("user.password_changed", Some(actor.id()));
    event.version = Some(row.user.version + 1);
    audit::note(&mut conn, AuditActor::Actor(actor), now, event).await?;
    tx.commit().await?;
    Ok(true)
}
