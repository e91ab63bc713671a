//! Devices from which somebody has logged in before. A device token grants nothing but an attempt of
//! its own while others guess the password.
//!
//! Every login gives the device a new token. The one that was sent works on until its successor has
//! been sent, so that a lost answer does no harm; all of them have the device's one name. Only hashes
//! are stored, and the secrets that sign have no part in it: devices outlive `keys revoke-all`.

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

/// How long a one-time code stands for a device after it was used.
const CODE_LIFETIME: TimeDelta = TimeDelta::hours(1);

/// Finds the device that a client names for an account. The same is asked of the database whether
/// there is such an account or not.
pub(crate) async fn find(
    app: &App,
    conn: &mut Conn<'_>,
    user: Option<UserId>,
    token: &str,
) -> Result<Option<DeviceToken>, Error> {
    let found = devices::find(conn, &hashed(token), app.clock().now()).await?;
    Ok(found.filter(|found| Some(found.user) == user))
}

/// Gives the device of a new session its next token, in the caller's transaction. Without a known
/// device this is a new one.
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

/// Lets a one-time code stand for a device of its user for an hour, once it has set the password:
/// whoever has it gets in beside those who guess at the same address.
pub(crate) async fn know_code(
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

/// Makes all devices of a user unknown: somebody else may have one.
pub(crate) async fn void_all(conn: &mut Conn<'_>, user: UserId) -> Result<(), Error> {
    Ok(devices::remove_all(conn, user).await?)
}

/// Makes all devices of a user unknown but the one at which a session began.
pub(crate) async fn void_others(
    conn: &mut Conn<'_>,
    user: UserId,
    session: Option<SessionId>,
) -> Result<(), Error> {
    Ok(devices::remove_others(conn, user, session).await?)
}

/// Makes the device unknown at which a session of a user began, unless it is the one of the session
/// that asks.
pub(crate) async fn void_of(
    conn: &mut Conn<'_>,
    user: UserId,
    session: SessionId,
    asking: Option<SessionId>,
) -> Result<(), Error> {
    Ok(devices::remove_of(conn, user, session, asking).await?)
}

/// Removes the tokens that have expired.
pub async fn tidy(app: &App) -> Result<(), Error> {
    let mut tx = app.db().begin().await?;
    devices::remove_expired(&mut tx.conn(), app.clock().now()).await?;
    tx.commit().await
}

/// What is stored of a token. It is random enough that nothing slower than a hash is needed. A
/// one-time code is hashed as it is compared, whatever its spelling.
fn hashed(token: &str) -> String {
    let code = codes::normalised(token);
    sha256(&[code.as_deref().unwrap_or(token).as_bytes()])
}
