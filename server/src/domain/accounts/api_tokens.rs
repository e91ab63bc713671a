//! API tokens: for unattended programs, with no more rights than their user. A token can neither
//! make another nor change its user's password, address or sessions, so that one that got into the
//! wrong hands ends where it is revoked.

use chrono::{DateTime, TimeDelta, Utc};
use shared::{
    FieldError, UserId,
    account::{ApiToken, CreatedApiToken, NewApiToken, TOKEN_DAYS_MAX, TOKENS_MAX, TokenScope},
    id::ApiTokenId,
    page::COUNT_MAX,
    query::ListQuery,
};

use super::sessions;
use crate::{
    app::App,
    db::{
        Conn,
        api_tokens::{self, NewToken},
        users,
    },
    digest::sha256,
    domain::{
        access::in_person,
        listing::{PageRequest, PageSlice},
    },
    error::Error,
    keys::random_text,
    services::{
        actor::{Actor, Origin, Program},
        audit::{self, AuditActor, AuditEvent},
    },
};

/// How every token begins, so that one that lies about is recognised as what it is.
const PREFIX: &str = "fdt_";
/// How exactly the last use of a token is kept.
const TOUCH_EVERY: TimeDelta = TimeDelta::seconds(60);
const ENTITY: &str = "api_token";

/// Whether a Bearer token is an API token.
pub fn is_one(token: &str) -> bool {
    token.starts_with(PREFIX)
}

/// Finds out whose program sends an API token. Token and user are read anew each time, so that
/// revoking and deactivating take effect at once.
pub async fn authenticate(
    app: &App,
    token: &str,
    needed: TokenScope,
    origin: Origin,
) -> Result<Actor, Error> {
    let now = app.clock().now();
    let refused = Error::Unauthenticated("the API token is not valid");
    let mut read = app.db().read().await?;
    let mut conn = read.conn();
    let Some(row) = api_tokens::find(&mut conn, &hashed(token)).await? else {
        return Err(refused);
    };
    let found = row.token;
    let user = users::get(&mut conn, row.user).await?.map(|row| row.user);
    drop(read);
    let Some(user) = user.filter(|user| user.is_active) else { return Err(refused) };
    if found.expires_at.is_some_and(|expires| expires <= now) {
        return Err(Error::Unauthenticated("the API token has expired"));
    }
    if !found.scopes.contains(&needed) {
        return Err(Error::InsufficientScope(needed.as_str()));
    }
    if found.last_used_at.is_none_or(|last| now - last > TOUCH_EVERY) {
        // Beside the request: nobody has to wait for the disk because of it.
        let app = app.clone();
        tokio::spawn(async move {
            if let Err(error) = touch(&app, found.id, now).await {
                tracing::warn!(%error, "the last use of an API token could not be noted");
            }
        });
    }
    let program = Program { token: found.id, may_write: found.scopes.contains(&TokenScope::Write) };
    Ok(Actor { program: Some(program), ..Actor::new(user, origin) })
}

async fn touch(app: &App, id: ApiTokenId, now: DateTime<Utc>) -> Result<(), Error> {
    let mut tx = app.db().begin().await?;
    api_tokens::touch(&mut tx.conn(), id, now).await?;
    tx.commit().await
}

/// Makes a token for oneself.
pub async fn create(app: &App, actor: &Actor, new: &NewApiToken) -> Result<CreatedApiToken, Error> {
    in_person(actor)?;
    let now = app.clock().now();
    if let Some(expires) = new.expires_at {
        if expires <= now {
            let complaint = FieldError::new("in_the_past", "must be later than now");
            return Err(Error::invalid("expires_at", complaint));
        }
        if expires > now + TimeDelta::days(TOKEN_DAYS_MAX) {
            let message = format!("must be within {TOKEN_DAYS_MAX} days");
            return Err(Error::invalid("expires_at", FieldError::new("too_late", message)));
        }
    }
    let secret = random_text::<32>().map_err(Error::internal)?;
    let token = format!("{PREFIX}{secret}");
    let mut tx = app.db().begin().await?;
    let mut conn = tx.conn();
    // Several at once take turns, so that none of them gets past the limit.
    sessions::hold(&mut conn, actor).await?;
    if api_tokens::count(&mut conn, actor.id()).await? >= TOKENS_MAX {
        let message =
            format!("can't be added, because there are {TOKENS_MAX} tokens: revoke one first");
        return Err(Error::conflict("name", "too_many", &message));
    }
    let row = NewToken {
        user: actor.id(),
        name: &new.name,
        hash: &hashed(&token),
        scopes: &new.scopes,
        expires_at: new.expires_at,
        now,
    };
    let made = api_tokens::insert(&mut conn, row).await?;
    let mut event = AuditEvent::new("api_token.created", ENTITY, Some(made.id.0));
    event.changes = audit::differences(
        &serde_json::json!({}),
        &serde_json::json!({
            "name": made.name, "scopes": made.scopes, "expires_at": made.expires_at,
        }),
    )?;
    audit::note(&mut conn, AuditActor::Actor(actor), now, event).await?;
    tx.commit().await?;
    Ok(CreatedApiToken {
        id: made.id,
        name: made.name,
        scopes: made.scopes,
        created_at: made.created_at,
        last_used_at: made.last_used_at,
        expires_at: made.expires_at,
        token,
    })
}

/// One's own tokens, newest first.
pub async fn list(
    app: &App,
    actor: &Actor,
    query: &ListQuery,
) -> Result<PageSlice<ApiToken>, Error> {
    in_person(actor)?;
    let pages = query.pages();
    let asked: PageRequest<i64> = PageRequest::read(app, pages, "api_tokens")?;
    let (place, backwards) = (asked.key().copied(), asked.is_backwards());
    let (limit, offset) = (asked.size + 1, asked.offset());
    let mut read = app.db().read().await?;
    let mut conn = read.conn();
    let id = actor.id();
    let rows = api_tokens::list(&mut conn, id, place, backwards, limit, offset).await?;
    let count = api_tokens::count(&mut conn, id).await?.min(COUNT_MAX);
    asked.slice(app, rows, count, |token| token.id.0)
}

/// One of one's own tokens.
pub async fn read(app: &App, actor: &Actor, id: ApiTokenId) -> Result<ApiToken, Error> {
    in_person(actor)?;
    let mut read = app.db().read().await?;
    let row = api_tokens::get(&mut read.conn(), id).await?;
    let row = row.filter(|row| row.user == actor.id()).ok_or(Error::NotFound)?;
    Ok(row.token)
}

/// Revokes one of one's own tokens; one that was revoked already stays so.
pub async fn revoke(app: &App, actor: &Actor, id: ApiTokenId) -> Result<(), Error> {
    in_person(actor)?;
    let now = app.clock().now();
    let mut tx = app.db().begin().await?;
    if api_tokens::owner(&mut tx.conn(), id).await? != Some(actor.id()) {
        return Err(Error::NotFound);
    }
    if api_tokens::revoke(&mut tx.conn(), id, now).await? {
        let event = AuditEvent::new("api_token.revoked", ENTITY, Some(id.0));
        audit::note(&mut tx.conn(), AuditActor::Actor(actor), now, event).await?;
    }
    tx.commit().await
}

/// Revokes all tokens of a user, in the caller's transaction.
pub(crate) async fn revoke_all(app: &App, conn: &mut Conn<'_>, user: UserId) -> Result<(), Error> {
    Ok(api_tokens::revoke_all(conn, user, app.clock().now()).await.map(drop)?)
}

/// What is stored of a token. It is random enough that nothing slower than a hash is needed.
fn hashed(token: &str) -> String {
    sha256(&[token.as_bytes()])
}
