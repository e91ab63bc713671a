//! Devices from which a user has logged in before. A device token grants nothing but attempts of
//! its own while others guess the password.
//!
//! Every login gives the device a new token. The previous token works until its successor has been
//! sent, so a lost answer does no harm. All tokens of a device share its name. Only hashes are
//! stored, and the signing secrets are not involved: devices outlive `keys revoke-all`.

use chrono::TimeDelta;
use shared::{SessionId, UserId, account::DEVICE_DAYS};

use super::codes;
use crate::{
    app::App,
    db::{
        Conn,
        devices::{self, DeviceToken, NewToken},
    },
    digest::sha256,
    error::Error,
    keys::random_text,
};

/// How long a used one-time code counts as a known device.
const CODE_LIFETIME: TimeDelta = TimeDelta::hours(1);

/// Finds the device that a client names for an account. The query is the same whether or not the
/// account exists.
pub(crate) async fn find(
    app: &App,
    conn: &mut Conn<'_>,
    user: Option<UserId>,
    token: &str,
) -> Result<Option<DeviceToken>, Error> {
    let found = devices::find(conn, &hashed(token), app.clock().now()).await?;
    Ok(found.filter(|found| Some(found.user) == user))
}

/// Creates the next token for the device of a new session, in the caller's transaction. Without a
/// known device, it creates a device.
pub(crate) async fn renew(
    app: &App,
    conn: &mut Conn<'_>,
    (user, session): (UserId, SessionId),
    known: Option<&DeviceToken>,
) -> Result<String, Error> {
    let token = random_text::<32>().map_err(Error::internal)?;
    let device = match known {
        Some(known) => known.device.clone(),
        None => random_text::<16>().map_err(Error::internal)?,
    };
    let new = NewToken {
        device: &device,
        user,
        session: Some(session),
        hash: &hashed(&token),
        expires_at: app.clock().now() + TimeDelta::days(DEVICE_DAYS),
    };
    devices::insert(conn, new).await?;
    if let Some(known) = known {
        devices::remove_older(conn, known).await?;
    }
    Ok(token)
}

/// Makes a one-time code that has set a password count as a device of its user for an hour, so
/// that the user can log in while others guess from the same address.
pub(crate) async fn trust_code(
    app: &App,
    conn: &mut Conn<'_>,
    user: UserId,
    code: &str,
) -> Result<(), Error> {
    let device = random_text::<16>().map_err(Error::internal)?;
    let (hash, expires_at) = (hashed(code), app.clock().now() + CODE_LIFETIME);
    let new = NewToken { device: &device, user, session: None, hash: &hash, expires_at };
    Ok(devices::insert(conn, new).await?)
}

/// Forgets all devices of a user, because one of them may be in other hands.
pub(crate) async fn void_all(conn: &mut Conn<'_>, user: UserId) -> Result<(), Error> {
    Ok(devices::remove_all(conn, user).await?)
}

/// Forgets all devices of a user except the one at which a session began.
pub(crate) async fn void_others(
    conn: &mut Conn<'_>,
    user: UserId,
    session: Option<SessionId>,
) -> Result<(), Error> {
    Ok(devices::remove_others(conn, user, session).await?)
}

/// Forgets the device at which a session of a user began, unless the session that sends the
/// request began at the same one.
pub(crate) async fn void_of(
    conn: &mut Conn<'_>,
    user: UserId,
    session: SessionId,
    asking: Option<SessionId>,
) -> Result<(), Error> {
    Ok(devices::remove_of(conn, user, session, asking).await?)
}

/// Removes expired tokens.
pub async fn tidy(app: &App) -> Result<(), Error> {
    let mut tx = app.db().begin().await?;
    devices::remove_expired(&mut tx.conn(), app.clock().now()).await?;
    tx.commit().await
}

/// The stored form of a token. A token has enough entropy that a fast hash is sufficient. A
/// one-time code is normalised first, so that its spelling does not matter.
fn hashed(token: &str) -> String {
    let code = codes::normalised(token);
    sha256(&[code.as_deref().unwrap_or(token).as_bytes()])
}
