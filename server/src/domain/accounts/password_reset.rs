//! Setting a password with a one-time code.

use shared::{
    FieldErrors,
    account::{PasswordReset, Role},
};

use super::{
    account::{check_for, own_values},
    api_tokens,
    codes::{self, Purpose},
    devices, rate_limits, sessions,
};
use crate::{
    app::App,
    db::users,
    error::Error,
    services::{
        actor::{Actor, Origin},
        audit::{self, AuditActor, AuditEvent, differences},
        passwords::{HashPriority, check_new},
    },
};

/// Sets a password with a one-time code. It ends all sessions and voids API tokens, devices and
/// other codes, so nobody who knew the old password keeps access. The code counts as a known
/// device for an hour.
pub async fn reset_password(
    app: &App,
    origin: &Origin,
    reset: &PasswordReset,
) -> Result<(), Error> {
    let user = {
        let mut read = app.db().read().await?;
        let mut conn = read.conn();
        match codes::owner(app, &mut conn, &reset.token, Purpose::SetPassword).await? {
            Some(id) => users::get(&mut conn, id).await?.map(|row| row.user),
            None => None,
        }
    };
    let Some(user) = user.filter(|user| user.is_active) else {
        return refuse(app, origin, reset).await;
    };
    let judged = check_for(&reset.new_password, &user);
    judged.map_err(|c| Error::invalid("new_password", c))?;
    let hash = app.passwords().hash(&reset.new_password, HashPriority::Known).await?;
    let now = app.clock().now();
    let mut tx = app.db().begin().await?;
    let mut conn = tx.conn();
    let row = users::lock(&mut conn, user.id).await?;
    let is_mailed = codes::is_mailed(app, &mut conn, &reset.token, Purpose::SetPassword).await?;
    match codes::redeem(app, &mut conn, &reset.token, Purpose::SetPassword).await {
        Ok(_) => {}
        Err(Error::Invalid(_)) => {
            drop(tx);
            return refuse(app, origin, reset).await;
        }
        Err(other) => return Err(other),
    }
    let Some(mut row) = row.filter(|row| row.user.version == user.version) else {
        // The user's role may have changed to one that requires a longer password. The code stays
        // valid.
        return Err(Error::Unavailable {
            reason: "the account was changed in the meantime",
            after: 1,
        });
    };
    row.password_hash = Some(hash);
    // Sending a mailed code back proves that the sender reads mail at the address.
    row.user.email_verified |= is_mailed;
    if !users::update(&mut conn, &row, Some(user.id), now).await? {
        return Err(Error::Unavailable {
            reason: "the account was changed in the meantime",
            after: 1,
        });
    }
    sessions::end_all(app, &mut conn, user.id, None).await?;
    api_tokens::revoke_all(app, &mut conn, user.id).await?;
    codes::void_all(&mut conn, user.id).await?;
    devices::void_all(&mut conn, user.id).await?;
    // The owner has just proved the account, so other people's guesses must not delay the next
    // login.
    devices::trust_code(app, &mut conn, user.id, &reset.token).await?;
    let address = origin.address.as_deref().unwrap_or_default();
    rate_limits::forget_place(&mut conn, &user, address).await?;
    let actor = Actor::new(row.user, origin.clone());
    let mut event = AuditEvent::of_user("user.password_reset", Some(user.id));
    event.version = Some(actor.user.version + 1);
    event.changes = differences(&own_values(&user), &own_values(&actor.user))?;
    audit::note(&mut conn, AuditActor::Actor(&actor), now, event).await?;
    tx.commit().await
}

/// Counts and notes an invalid code, and returns the error. The error includes faults of the new
/// password that can be found without knowing whose it is.
async fn refuse(app: &App, origin: &Origin, reset: &PasswordReset) -> Result<(), Error> {
    codes::refuse(app, origin, &reset.token, Purpose::SetPassword).await?;
    let mut errors = FieldErrors::one("token", codes::not_valid());
    if let Err(error) = check_new(&reset.new_password, Role::Member, &[]) {
        errors.add("new_password", error);
    }
    Err(errors.into())
}
