//! Confirming an e-mail address, and requests for mail with a code. The answer reveals nothing
//! about accounts: a request is queued in the same way for every address and handled later.

use super::{
    account::own_values,
    codes::{self, Purpose},
    rate_limits::RateLimits,
};
use crate::{
    app::App,
    db::users,
    error::Error,
    services::{
        actor::{Actor, Origin},
        audit::{self, AuditActor, AuditEvent, differences},
        mail::{self, Letter},
    },
};

/// Requests a mail with a code for setting a new password.
pub async fn forgot(app: &App, origin: &Origin, email: &str) -> Result<(), Error> {
    request_mail(app, origin, Letter::PasswordReset, email).await
}

/// Requests another mail with a code for confirming the address.
pub async fn resend(app: &App, origin: &Origin, email: &str) -> Result<(), Error> {
    request_mail(app, origin, Letter::Verification, email).await
}

async fn request_mail(
    app: &App,
    origin: &Origin,
    letter: Letter,
    email: &str,
) -> Result<(), Error> {
    let address = origin.address.as_deref().unwrap_or_default();
    RateLimits::requesting_mail(address).attempt(app).await?;
    match RateLimits::mail_to(email).attempt(app).await {
        // Repeated requests get the same answer, but the address gets no more mail.
        Err(Error::TooManyRequests { .. }) => return Ok(()),
        attempted => attempted?,
    }
    let now = app.clock().now();
    let mut tx = app.db().begin().await?;
    mail::queue(&mut tx.conn(), letter, email, now).await?;
    let action = match letter {
        Letter::Verification => "auth.verification_asked",
        Letter::PasswordReset => "auth.password_forgotten",
    };
    // On purpose, this does not find out whether an account has the address.
    let by = AuditActor::Anonymous(origin, "nobody");
    audit::note(&mut tx.conn(), by, now, AuditEvent::of_user(action, None)).await?;
    tx.commit().await?;
    app.mail().wake();
    Ok(())
}

/// Confirms an e-mail address with the code that was mailed to it.
pub async fn verify(app: &App, origin: &Origin, code: &str) -> Result<(), Error> {
    let purpose = Purpose::VerifyEmail;
    let owner = {
        let mut read = app.db().read().await?;
        codes::owner(app, &mut read.conn(), code, purpose).await?
    };
    let Some(owner) = owner else { return refuse(app, origin, code).await };
    let now = app.clock().now();
    let mut tx = app.db().begin().await?;
    // The account is locked from here on: with another address the code would be void.
    let row = users::lock(&mut tx.conn(), owner).await?;
    let Some(mut row) = row.filter(|row| row.user.is_active) else {
        drop(tx);
        return refuse(app, origin, code).await;
    };
    match codes::redeem(app, &mut tx.conn(), code, purpose).await {
        Ok(_) => {}
        Err(Error::Invalid(_)) => {
            drop(tx);
            return refuse(app, origin, code).await;
        }
        Err(other) => return Err(other),
    }
    let before = row.user.clone();
    row.user.email_verified = true;
    let changed_by = Some(before.id);
    if !users::update(&mut tx.conn(), &row, changed_by, now).await? {
        return Err(Error::Unavailable {
            reason: "the account was changed in the meantime",
            after: 1,
        });
    }
    let actor = Actor::new(before, origin.clone());
    let mut event = AuditEvent::of_user("user.email_verified", Some(actor.id()));
    event.version = Some(actor.user.version + 1);
    event.changes = differences(&own_values(&actor.user), &own_values(&row.user))?;
    audit::note(&mut tx.conn(), AuditActor::Actor(&actor), now, event).await?;
    tx.commit().await
}

/// Counts and notes an invalid code, and returns the error.
async fn refuse(app: &App, origin: &Origin, code: &str) -> Result<(), Error> {
    codes::refuse(app, origin, code, Purpose::VerifyEmail).await?;
    Err(Error::invalid("token", codes::not_valid()))
}
