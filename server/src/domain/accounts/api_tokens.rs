//! API tokens for unattended programs. A token has at most the rights of its user. It can't create
//! other tokens or change its user's password, address or sessions, so revoking a stolen token
//! ends the theft.

use std::sync::Arc;

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
    },
    digest::sha256,
    domain::{
        access::require_session,
        listing::{PageRequest, PageSlice},
    },
    error::Error,
    keys::random_text,
    services::{
        actor::{Actor, Origin, Program},
        audit::{self, AuditActor, AuditEvent},
        callers::{Bearer, Caller},
    },
};

/// The prefix of every token, by which people and secret scanners recognise one.
const PREFIX: &str = "fdt_";
const ENTITY: &str = "api_token";

const REFUSED: Error = Error::Unauthenticated("the API token is not valid");

/// Whether a Bearer token is an API token.
pub fn is_one(token: &str) -> bool {
    token.starts_with(PREFIX)
}

/// Authenticates an API token. The token and its user are read again for every request, unless they
/// were read a moment ago, so that revocation and deactivation take effect at once in this process
/// and within a second on every instance.
pub async fn authenticate(
    app: &App,
    token: &str,
    needed: TokenScope,
    origin: Arc<Origin>,
) -> Result<Actor, Error> {
    let now = app.clock().now();
    let hash = hashed(token);
    let bearer = Bearer::ApiToken(hash.clone());
    let caller = app.callers().get(bearer, async || read_caller(app, &hash).await).await?;
    let Some(found) = &caller.token else { return Err(REFUSED) };
    if found.expires_at.is_some_and(|expires| expires <= now) {
        return Err(Error::Unauthenticated("the API token has expired"));
    }
    if !found.scopes.contains(&needed) {
        return Err(Error::InsufficientScope(needed.as_str()));
    }
    if caller.is_to_be_touched(now) {
        // In a task of its own, so that the request does not wait for the disk.
        let (app, id) = (app.clone(), found.id);
        tokio::spawn(async move {
            if let Err(error) = touch(&app, id, now).await {
                tracing::warn!(%error, "the last use of an API token could not be stored");
            }
        });
    }
    let program = Program { token: found.id, may_write: found.scopes.contains(&TokenScope::Write) };
    Ok(Actor { program: Some(program), ..Actor::new(caller.user.clone(), origin) })
}

/// Reads a token that is not revoked, with its active user. Fails where there is none.
async fn read_caller(app: &App, hash: &str) -> Result<Caller, Error> {
    let mut read = app.db().read().await?;
    let found = api_tokens::find_with_user(&mut read.conn(), hash).await?;
    let (token, user) = found.filter(|(_, user)| user.is_active).ok_or(REFUSED)?;
    let last_used_at = token.last_used_at;
    Ok(Caller::new(user, Some(token), last_used_at))
}

async fn touch(app: &App, id: ApiTokenId, now: DateTime<Utc>) -> Result<(), Error> {
    let mut tx = app.db().begin().await?;
    api_tokens::touch(&mut tx.conn(), id, now).await?;
    tx.commit().await
}

/// Creates a token for the caller.
pub async fn create(app: &App, actor: &Actor, new: &NewApiToken) -> Result<CreatedApiToken, Error> {
    require_session(actor)?;
    let now = app.clock().now();
    if let Some(expires) = new.expires_at {
        if expires <= now {
            let error = FieldError::new("in_the_past", "must be later than now");
            return Err(Error::invalid("expires_at", error));
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
    // Concurrent requests take turns, so that none of them exceeds the limit.
    sessions::lock_caller(&mut conn, actor).await?;
    if api_tokens::count(&mut conn, actor.id()).await? >= TOKENS_MAX {
        let message = format!(
            "can't be added, because you already have {TOKENS_MAX} tokens: revoke one first"
        );
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

/// The caller's tokens, newest first.
pub async fn list(
    app: &App,
    actor: &Actor,
    query: &ListQuery,
) -> Result<PageSlice<ApiToken>, Error> {
    require_session(actor)?;
    let pages = query.pages();
    let page: PageRequest<i64> = PageRequest::read(app, pages, "api_tokens")?;
    let mut read = app.db().read().await?;
    let mut conn = read.conn();
    let id = actor.id();
    let rows = api_tokens::list(&mut conn, id, &page.seek()).await?;
    let count = page.count(&rows, api_tokens::count(&mut conn, id)).await?.min(COUNT_MAX);
    page.slice(app, rows, count, |token| token.id.0)
}

/// One of the caller's tokens.
pub async fn read(app: &App, actor: &Actor, id: ApiTokenId) -> Result<ApiToken, Error> {
    require_session(actor)?;
    let mut read = app.db().read().await?;
    let row = api_tokens::get(&mut read.conn(), id).await?;
    let row = row.filter(|row| row.user == actor.id()).ok_or(Error::NotFound)?;
    Ok(row.token)
}

/// Revokes one of the caller's tokens. Revoking it again changes nothing.
pub async fn revoke(app: &App, actor: &Actor, id: ApiTokenId) -> Result<(), Error> {
    require_session(actor)?;
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

/// The stored form of a token. A token has enough entropy that a fast hash is sufficient.
fn hashed(token: &str) -> String {
    sha256(&[token.as_bytes()])
}
