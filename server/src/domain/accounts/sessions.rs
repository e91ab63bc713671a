//! Beginning, authenticating, refreshing and ending sessions.

use std::sync::Arc;

use chrono::TimeDelta;
use shared::{
    FieldErrors, SessionId, UserId,
    account::{LoginSession, Refreshed, Session, TokenPair, User},
    page::COUNT_MAX,
    query::ListQuery,
};

use super::devices;
use crate::{
    app::App,
    db::{
        Conn,
        devices::DeviceToken,
        sessions::{self, SessionRow},
        users::{self, UserRow},
    },
    domain::{
        access::{require_session, session_permissions},
        listing::{PageRequest, PageSlice},
    },
    error::Error,
    services::{
        actor::{Actor, Origin},
        audit::{self, AuditActor, AuditEvent},
        callers::{Bearer, Caller},
    },
};

/// How long the previous refresh token is still accepted.
const GRACE: TimeDelta = TimeDelta::seconds(10);

const REFUSED: Error = Error::Unauthenticated("the access token is not valid");
const ENDED: Error = Error::Unauthenticated("the session is over");

/// Authenticates an access token. Session and user are read again for every request, unless they
/// were read a moment ago, so that a logout, a deactivation or a change of role takes effect at once
/// in this process and within a second on every instance.
pub async fn authenticate(app: &App, token: &str, origin: Arc<Origin>) -> Result<Actor, Error> {
    let now = app.clock().now();
    let Some(access) = app.tokens().read_access(token, now) else { return Err(REFUSED) };
    let bearer = Bearer::Session(access.session);
    let caller = app.callers().get(bearer, async || read_caller(app, access.session).await).await?;
    if caller.user.id != access.user {
        return Err(ENDED);
    }
    if caller.is_to_be_touched(now) {
        // In a task of its own, so that the request does not wait for the disk.
        let app = app.clone();
        tokio::spawn(async move {
            if let Err(error) = touch(&app, access.session).await {
                tracing::debug!(%error, "the last use of a session could not be stored");
            }
        });
    }
    Ok(Actor { session: Some(access.session), ..Actor::new(caller.user.clone(), origin) })
}

/// Reads the user of a running session. Fails where it has ended.
async fn read_caller(app: &App, id: SessionId) -> Result<Caller, Error> {
    let mut read = app.db().read().await?;
    let found = sessions::get_with_user(&mut read.conn(), id).await?.ok_or(REFUSED)?;
    if found.ended_at.is_some() || !found.user.is_active {
        return Err(ENDED);
    }
    Ok(Caller::new(found.user, None, Some(found.last_used_at)))
}

async fn touch(app: &App, id: SessionId) -> Result<(), Error> {
    let mut tx = app.db().begin().await?;
    sessions::touch(&mut tx.conn(), id, app.clock().now()).await?;
    tx.commit().await
}

/// Begins a session for a user in the transaction of a login, at the named device if it is known,
/// and builds the answer.
pub(crate) async fn begin(
    app: &App,
    conn: &mut Conn<'_>,
    user: User,
    origin: &Origin,
    device: Option<&DeviceToken>,
    message: &str,
) -> Result<Session, Error> {
    let now = app.clock().now();
    let expires = now + TimeDelta::days(app.settings().refresh_token_days);
    let address = origin.address.as_deref().unwrap_or_default();
    let agent = origin.user_agent.as_deref();
    let session = sessions::insert(conn, user.id, address, agent, now, expires).await?;
    let access = app.tokens().access(&session, now)?;
    let refresh = app.tokens().refresh(&session)?;
    let device = devices::renew(app, conn, (user.id, session.id), device).await?;
    let actor = Actor { session: Some(session.id), ..Actor::new(user, origin.clone()) };
    let permissions = Some(session_permissions(&actor, app.settings().doctor_directory));
    Ok(Session {
        message: message.to_owned(),
        user: User { permissions, ..Arc::unwrap_or_clone(actor.user) },
        tokens: TokenPair { access: access.clone(), refresh: refresh.clone() },
        access,
        refresh,
        token_type: "Bearer".to_owned(),
        expires_in: app.tokens().access_seconds(),
        device,
    })
}

/// Locks the caller's account and session until the transaction ends, so that a write that depends
/// on them is made by somebody who still has the right to it.
///
/// A request is authenticated when it begins, and its changes to records may be committed a moment
/// after its session has ended. Anything that grants access for longer than that (a password, an
/// address, a token, an account) is written only under this lock.
///
/// Fails if the session is over or the account is deactivated.
pub(crate) async fn lock_caller(conn: &mut Conn<'_>, actor: &Actor) -> Result<UserRow, Error> {
    let row = users::lock(conn, actor.id()).await?.filter(|row| row.user.is_active).ok_or(ENDED)?;
    if let Some(id) = actor.session {
        let session = sessions::lock(conn, id).await?;
        session.filter(|session| session.ended_at.is_none()).ok_or(ENDED)?;
    }
    Ok(row)
}

/// Replaces a refresh token by its successor.
///
/// For ten seconds, the previous token gets the same successor, so that a lost reply or two
/// concurrent requests do no harm. Any older token was stolen or copied: the session ends.
pub async fn refresh(app: &App, token: &str, origin: &Origin) -> Result<Refreshed, Error> {
    let now = app.clock().now();
    let refused = Error::Unauthenticated("the refresh token is not valid");
    let Some(named) = app.tokens().read_refresh(token, now) else { return Err(refused) };
    let mut tx = app.db().begin().await?;
    let expires = now + TimeDelta::days(app.settings().refresh_token_days);
    let did_rotate =
        sessions::rotate(&mut tx.conn(), named.session, named.generation, now, expires).await?;
    let session = sessions::get(&mut tx.conn(), named.session).await?.ok_or(refused)?;
    let user = users::get(&mut tx.conn(), session.user_id).await?.ok_or(ENDED)?.user;
    if session.ended_at.is_some() || session.expires_at <= now || !user.is_active {
        return Err(ENDED);
    }
    let is_repeated =
        named.generation == session.generation - 1 && now - session.rotated_at <= GRACE;
    if did_rotate || is_repeated {
        tx.commit().await?;
        return Ok(Refreshed {
            access: app.tokens().access(&session, now)?,
            refresh: app.tokens().refresh(&session)?,
            token_type: "Bearer".to_owned(),
            expires_in: app.tokens().access_seconds(),
        });
    }
    sessions::end(&mut tx.conn(), session.id, now).await?;
    let event = AuditEvent::new("session.reuse_detected", "session", Some(session.id.0));
    let by = AuditActor::Anonymous(origin, user.label());
    audit::note(&mut tx.conn(), by, now, event).await?;
    tx.commit().await?;
    Err(ENDED)
}

/// Ends the caller's session. If a refresh token is sent, it must belong to this session.
pub async fn logout(app: &App, actor: &Actor, refresh: Option<&str>) -> Result<(), Error> {
    require_session(actor)?;
    let now = app.clock().now();
    let Some(own) = actor.session else { return Ok(()) };
    if let Some(token) = refresh {
        let named = app.tokens().read_refresh(token, now);
        if named.is_none_or(|named| named.session != own) {
            let error = shared::FieldError::new("not_valid", "does not belong to this session");
            return Err(FieldErrors::one("refresh", error).into());
        }
    }
    end(app, actor, own).await
}

/// Ends one of the caller's sessions.
pub async fn end(app: &App, actor: &Actor, id: SessionId) -> Result<(), Error> {
    require_session(actor)?;
    let now = app.clock().now();
    let mut tx = app.db().begin().await?;
    let session = sessions::get(&mut tx.conn(), id).await?;
    if session.is_none_or(|session| session.user_id != actor.id()) {
        return Err(Error::NotFound);
    }
    if sessions::end(&mut tx.conn(), id, now).await? {
        if actor.session != Some(id) {
            // A logout keeps the device known. A session that is ended from elsewhere may be in
            // the wrong hands, and its device with it.
            devices::void_of(&mut tx.conn(), actor.id(), id, actor.session).await?;
        }
        let event = AuditEvent::new("session.ended", "session", Some(id.0));
        audit::note(&mut tx.conn(), AuditActor::Actor(actor), now, event).await?;
    }
    tx.commit().await
}

/// The caller's running sessions, newest first.
pub async fn list(
    app: &App,
    actor: &Actor,
    query: &ListQuery,
) -> Result<PageSlice<LoginSession>, Error> {
    require_session(actor)?;
    let pages = query.pages();
    let page: PageRequest<i64> = PageRequest::read(app, pages, "sessions")?;
    let (id, now) = (actor.id(), app.clock().now());
    let mut read = app.db().read().await?;
    let mut conn = read.conn();
    let rows = sessions::list(&mut conn, id, now, &page.seek()).await?;
    let counting = sessions::count(&mut conn, id, now, COUNT_MAX + 1);
    let count = page.count(&rows, counting).await?;
    let answer = |row: SessionRow| LoginSession {
        is_current: actor.session == Some(row.id),
        id: row.id,
        created_at: row.created_at,
        last_used_at: row.last_used_at,
        expires_at: row.expires_at,
        address: row.address,
        user_agent: row.user_agent,
    };
    let rows = rows.into_iter().map(answer).collect();
    page.slice(app, rows, count, |session| session.id.0)
}

/// Ends all sessions of a user except the given one.
pub(crate) async fn end_all(
    app: &App,
    conn: &mut Conn<'_>,
    user: UserId,
    but: Option<SessionId>,
) -> Result<(), Error> {
    Ok(sessions::end_all(conn, user, but, app.clock().now()).await.map(drop)?)
}
