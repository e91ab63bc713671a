//! Proving that an e-mail address is one's own, and what somebody who has forgotten the password
//! asks for. Whoever asks learns nothing about accounts: what was asked is queued in the same way for
//! every address, and looked at later.

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

/// Asks for a mail with a code with which a new password is set.
pub async fn forgot(app: &App, origin: &Origin, email: &str) -> Result<(), Error> {
    ask_for(app, origin, Letter::PasswordReset, email).await
}

/// Asks for another mail with a code for one's address.
pub async fn resend(app: &App, origin: &Origin, email: &str) -> Result<(), Error> {
    ask_for(app, origin, Letter::Verification, email).await
}

async fn ask_for(app: &App, origin: &Origin, letter: Letter, email: &str) -> Result<(), Error> {
    let address = origin.address.as_deref().unwrap_or_default();
    RateLimits::asking_for_mail(address).attempt(app).await?;
    match RateLimits::mail_to(email).attempt(app).await {
        // Whoever asks again and again gets the same answer, and the address no more mail.
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
    // Whether it is somebody's address is not known here, on purpose.
    let by = AuditActor::Anonymous(origin, "nobody");
    audit::note(&mut tx.conn(), by, now, AuditEvent::new(action, "user", None)).await?;
    tx.commit().await?;
    app.mail().wake();
    Ok(())
}

/// Takes the code that was mailed to an address: it belongs to whoever has read it.
pub async fn verify(app: &App, origin: &Origin, code: &str) -> Result<(), Error> {
    let purpose = Purpose::VerifyEmail;
    let owner = {
        let mut read = app.db().read().await?;
        codes::owner(app, &mut read.conn(), code, purpose).await?
    };
    let Some(owner) = owner else { return refuse(app, origin, code).await };
    let now = app.clock().now();
    let mut tx = app.db().begin().await?;
    // The account stays as it is from here on: with another address the code would be void.
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
        return Err(Error::Unavailable { reason: "the account was changed meanwhile", after: 1 });
    }
    let actor = Actor::new(before, origin.clone());
    let mut event = AuditEvent::new("user.email_verified", "user", Some(actor.id().0));
    event.version = Some(actor.user.version + 1);
    event.changes = differences(&own_values(&actor.user), &own_values(&row.user))?;
    audit::note(&mut tx.conn(), AuditActor::Actor(&actor), now, event).await?;
    tx.commit().await
}

/// Counts and notes a code that is not good, and says so.
async fn refuse(app: &App, origin: &Origin, code: &str) -> Result<(), Error> {
    codes::refuse(app, origin, code, Purpose::VerifyEmail).await?;
    Err(Error::invalid("token", codes::complaint()))
}
