//! Self-registration.

use std::sync::Arc;

use shared::{
    account::{Registered, Registration, Role},
    patient::full_name,
};

use super::{account::check_taken, rate_limits::RateLimits, sessions, usernames};
use crate::{
    app::App,
    db::users::NewUser,
    error::Error,
    services::{
        actor::{Actor, Origin},
        audit::{self, AuditActor, AuditEvent},
        mail::{self, Letter},
        passwords::check_new,
    },
};

/// Creates an account and logs in, unless the e-mail address must be confirmed first.
pub async fn register(app: &App, origin: &Origin, new: Registration) -> Result<Registered, Error> {
    if !app.settings().is_registration_open() {
        return Err(Error::Forbidden(
            "registration is closed: ask an administrator for an account",
        ));
    }
    let limits = RateLimits::registering(origin.address.as_deref().unwrap_or_default());
    limits.attempt(app).await?;
    let role = new.role.unwrap_or(Role::Member);
    let name = full_name(new.first_name.as_deref(), new.last_name.as_deref());
    let own = [new.email.as_str(), new.username.as_deref().unwrap_or_default(), &name];
    check_new(&new.password, role, &own).map_err(|c| Error::invalid("password", c))?;
    {
        // Checked before the expensive hashing.
        let mut read = app.db().read().await?;
        check_taken(&mut read.conn(), Some(&new.email), new.username.as_deref()).await?;
    }
    let hash =
        limits.withdraw(app, app.passwords().hash(&new.password, limits.rank()).await).await?;
    let now = app.clock().now();
    let mut tx = app.db().begin().await?;
    let row = NewUser {
        email: Some(&new.email),
        username: new.username.as_deref(),
        first_name: new.first_name.as_deref(),
        last_name: new.last_name.as_deref(),
        phone: new.phone.as_deref(),
        role,
        password_hash: Some(&hash),
        email_verified: false,
        made_by: None,
        now,
    };
    check_taken(&mut tx.conn(), Some(&new.email), new.username.as_deref()).await?;
    let user = usernames::insert(&mut tx.conn(), row).await?.user;
    let actor = Actor::new(user, origin.clone());
    let mut event = AuditEvent::of_user("user.registered", Some(actor.id()));
    event.version = Some(actor.user.version);
    audit::note(&mut tx.conn(), AuditActor::Actor(&actor), now, event).await?;
    mail::queue(&mut tx.conn(), Letter::Verification, &new.email, now).await?;
    let user = Arc::unwrap_or_clone(actor.user);
    let registered = if app.settings().require_verified_email {
        let message = "User registered successfully: confirm the e-mail address to log in";
        Registered::without_tokens(message, user)
    } else {
        let message = "User registered successfully";
        sessions::begin(app, &mut tx.conn(), user, origin, None, message).await?.into()
    };
    tx.commit().await?;
    app.mail().wake();
    Ok(registered)
}
