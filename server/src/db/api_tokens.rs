//! API tokens. Only the hash of each token is stored.

use chrono::{DateTime, Utc};
use shared::{
    UserId,
    account::{ApiToken, TokenScope, User},
    id::ApiTokenId,
};

use super::{
    Conn, DbError, Row, Sql,
    listing::{Seek, fetch, newest_first},
    users,
};
use crate::error::Error;

/// A stored token.
pub(crate) struct TokenRow {
    pub(crate) user: UserId,
    pub(crate) token: ApiToken,
}

/// A token to insert.
pub(crate) struct NewToken<'a> {
    pub(crate) user: UserId,
    pub(crate) name: &'a str,
    pub(crate) hash: &'a str,
    pub(crate) scopes: &'a [TokenScope],
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) now: DateTime<Utc>,
}

const COLUMNS: &str = "SELECT id, user_id, name, can_read, can_write, created_at, last_used_at, \
    expires_at FROM api_tokens ";

fn from_row(row: &Row) -> Result<TokenRow, Error> {
    Ok(TokenRow {
        user: UserId(row.get("user_id")?),
        token: ApiToken {
            id: ApiTokenId(row.get("id")?),
            name: row.get("name")?,
            scopes: scopes(row)?,
            created_at: row.get("created_at")?,
            last_used_at: row.get("last_used_at")?,
            expires_at: row.get("expires_at")?,
        },
    })
}

fn scopes(row: &Row) -> Result<Vec<TokenScope>, Error> {
    let mut scopes = Vec::new();
    for (column, scope) in [("can_read", TokenScope::Read), ("can_write", TokenScope::Write)] {
        if row.get(column)? {
            scopes.push(scope);
        }
    }
    Ok(scopes)
}

/// Inserts a token.
pub(crate) async fn insert(conn: &mut Conn<'_>, new: NewToken<'_>) -> Result<ApiToken, DbError> {
    let sql = Sql::new(
        "INSERT INTO api_tokens (user_id, name, hash, can_read, can_write, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) \
         RETURNING id, user_id, name, can_read, can_write, created_at, last_used_at, expires_at",
    );
    let sql = sql.arg(new.user.0).arg(new.name).arg(new.hash);
    let sql = sql.arg(new.scopes.contains(&TokenScope::Read));
    let sql = sql.arg(new.scopes.contains(&TokenScope::Write));
    let row = sql.arg(new.now).arg(new.expires_at).fetch_one(conn).await?;
    Ok(from_row(&row)?.token)
}

/// The token with this id, unless it has been revoked.
pub(crate) async fn get(conn: &mut Conn<'_>, id: ApiTokenId) -> Result<Option<TokenRow>, DbError> {
    let mut sql = Sql::new(COLUMNS);
    sql.push("WHERE id = ").bind(id.0).push(" AND revoked_at IS NULL");
    let row = sql.fetch_optional(conn).await?;
    Ok(row.as_ref().map(from_row).transpose()?)
}

/// The token with this hash, unless it has been revoked, and its user.
pub(crate) async fn find_with_user(
    conn: &mut Conn<'_>,
    hash: &str,
) -> Result<Option<(ApiToken, User)>, DbError> {
    let mut sql = Sql::new(users::COLUMNS);
    sql.push(
        ", token_id, token_name, can_read, can_write, token_created_at, last_used_at, expires_at \
         FROM users JOIN (SELECT id AS token_id, user_id, name AS token_name, can_read, can_write, \
         created_at AS token_created_at, last_used_at, expires_at FROM api_tokens WHERE hash = ",
    );
    sql.bind(hash).push(" AND revoked_at IS NULL) AS token ON token.user_id = users.id");
    let row = sql.fetch_optional(conn).await?;
    let read = |row: &Row| -> Result<(ApiToken, User), Error> {
        let token = ApiToken {
            id: ApiTokenId(row.get("token_id")?),
            name: row.get("token_name")?,
            scopes: scopes(row)?,
            created_at: row.get("token_created_at")?,
            last_used_at: row.get("last_used_at")?,
            expires_at: row.get("expires_at")?,
        };
        Ok((token, users::from_row(row)?.user))
    };
    Ok(row.as_ref().map(read).transpose()?)
}

/// The owner of a token, even if it has been revoked.
pub(crate) async fn owner(conn: &mut Conn<'_>, id: ApiTokenId) -> Result<Option<UserId>, DbError> {
    let sql = Sql::new("SELECT user_id FROM api_tokens WHERE id = $1").arg(id.0);
    match sql.fetch_optional(conn).await? {
        Some(row) => Ok(Some(UserId(row.get("user_id")?))),
        None => Ok(None),
    }
}

/// The tokens of a user that have not been revoked, newest first.
pub(crate) async fn list(
    conn: &mut Conn<'_>,
    user: UserId,
    seek: &Seek<i64>,
) -> Result<Vec<ApiToken>, DbError> {
    let mut sql = Sql::new(COLUMNS);
    sql.push("WHERE user_id = ").bind(user.0).push(" AND revoked_at IS NULL");
    newest_first(&mut sql, "id", seek);
    fetch(conn, sql, seek, |row| from_row(row).map(|row| row.token)).await
}

/// The number of a user's tokens that have not been revoked.
pub(crate) async fn count(conn: &mut Conn<'_>, user: UserId) -> Result<i64, DbError> {
    let sql = Sql::new(
        "SELECT count(*) AS tokens FROM api_tokens WHERE user_id = $1 AND revoked_at IS NULL",
    );
    Ok(sql.arg(user.0).fetch_one(conn).await?.get("tokens")?)
}

/// Stores the last use of a token.
pub(crate) async fn touch(
    conn: &mut Conn<'_>,
    id: ApiTokenId,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let sql = Sql::new("UPDATE api_tokens SET last_used_at = $2 WHERE id = $1");
    sql.arg(id.0).arg(now).execute(conn).await.map(drop)
}

/// Revokes a token. Returns whether it was valid.
pub(crate) async fn revoke(
    conn: &mut Conn<'_>,
    id: ApiTokenId,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    conn.changes_access();
    let sql =
        Sql::new("UPDATE api_tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL");
    Ok(sql.arg(id.0).arg(now).execute(conn).await? == 1)
}

/// Revokes all tokens of a user.
pub(crate) async fn revoke_all(
    conn: &mut Conn<'_>,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<u64, DbError> {
    conn.changes_access();
    let sql =
        Sql::new("UPDATE api_tokens SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL");
    sql.arg(user.0).arg(now).execute(conn).await
}
