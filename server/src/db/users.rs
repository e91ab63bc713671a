//! Users.

pub(crate) mod listing;

use shared::{
    UserId,
    account::{Role, User, identifier_key},
    patient::full_name,
};

use super::{Conn, DbError, Row, Sql};
use crate::error::Error;

/// A stored user with the values that answers do not contain.
#[derive(Clone)]
pub(crate) struct UserRow {
    pub(crate) user: User,
    pub(crate) password_hash: Option<String>,
    /// The user who made the last change: the user itself, unless the command line or another user
    /// did. An account without a change counts as changed by its user.
    pub(crate) changed_by: UserId,
}

/// A user to insert.
#[derive(Clone, Copy)]
pub(crate) struct NewUser<'a> {
    pub(crate) email: Option<&'a str>,
    pub(crate) username: Option<&'a str>,
    pub(crate) first_name: Option<&'a str>,
    pub(crate) last_name: Option<&'a str>,
    pub(crate) phone: Option<&'a str>,
    pub(crate) role: Role,
    pub(crate) password_hash: Option<&'a str>,
    pub(crate) email_verified: bool,
    /// The user who created the account, or `None` if its user or the command line did.
    pub(crate) made_by: Option<UserId>,
    pub(crate) now: chrono::DateTime<chrono::Utc>,
}

pub(super) const COLUMNS: &str = "SELECT id, email, username, first_name, last_name, phone, role, \
    password_hash, is_active, email_verified, created_at, updated_at, version, changed_by";
const TABLES: &str = " FROM users ";

fn select() -> Sql {
    let mut sql = Sql::new(COLUMNS);
    sql.push(TABLES);
    sql
}

pub(super) fn from_row(row: &Row) -> Result<UserRow, Error> {
    let (first_name, last_name): (Option<String>, Option<String>) =
        (row.get("first_name")?, row.get("last_name")?);
    let role = row.parsed("role", |text| text.parse::<Role>())?;
    let role = role.ok_or_else(|| Error::internal("a user without a role"))?;
    let id = UserId(row.get("id")?);
    let changed_by = match row.get::<Option<i64>>("changed_by")? {
        Some(other) => UserId(other),
        None if row.get::<i64>("version")? == 1 => id,
        None => UserId(0),
    };
    Ok(UserRow {
        changed_by,
        user: User {
            id,
            username: row.get("username")?,
            email: row.get("email")?,
            name: full_name(first_name.as_deref(), last_name.as_deref()),
            first_name,
            last_name,
            phone: row.get("phone")?,
            role,
            is_active: row.get("is_active")?,
            is_staff: role.is_staff(),
            email_verified: row.get("email_verified")?,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
            version: row.get("version")?,
            permissions: None,
        },
        password_hash: row.get("password_hash")?,
    })
}

/// The user with this id.
pub(crate) async fn get(conn: &mut Conn<'_>, id: UserId) -> Result<Option<UserRow>, DbError> {
    let mut sql = select();
    sql.push("WHERE id = ").bind(id.0);
    let row = sql.fetch_optional(conn).await?;
    Ok(row.as_ref().map(from_row).transpose()?)
}

/// The user with this id, locked until the transaction ends.
pub(crate) async fn lock(conn: &mut Conn<'_>, id: UserId) -> Result<Option<UserRow>, DbError> {
    let mut sql = select();
    sql.push("WHERE id = ").bind(id.0).push(conn.for_update());
    let row = sql.fetch_optional(conn).await?;
    Ok(row.as_ref().map(from_row).transpose()?)
}

/// The user with this e-mail address or username, ignoring case. A username has no `@`, so no text
/// is both.
pub(crate) async fn find(
    conn: &mut Conn<'_>,
    identifier: &str,
) -> Result<Option<UserRow>, DbError> {
    let mut sql = select();
    sql.push(if identifier.contains('@') { "WHERE email_key = " } else { "WHERE username_key = " });
    sql.bind(identifier_key(identifier));
    let row = sql.fetch_optional(conn).await?;
    Ok(row.as_ref().map(from_row).transpose()?)
}

/// Some users with an e-mail address who have neither a name nor a username.
pub(crate) async fn list_unnamed(conn: &mut Conn<'_>, limit: i64) -> Result<Vec<UserRow>, DbError> {
    let mut sql = select();
    sql.push("WHERE email IS NOT NULL AND username IS NULL AND first_name IS NULL");
    sql.push(" AND last_name IS NULL ORDER BY id LIMIT ").bind(limit);
    let rows = sql.fetch_all(conn).await?;
    Ok(rows.iter().map(from_row).collect::<Result<_, _>>()?)
}

/// All users, oldest first.
pub(crate) async fn list(conn: &mut Conn<'_>) -> Result<Vec<UserRow>, DbError> {
    let mut sql = select();
    sql.push("ORDER BY id");
    let rows = sql.fetch_all(conn).await?;
    Ok(rows.iter().map(from_row).collect::<Result<_, _>>()?)
}

/// The oldest active administrator.
pub(crate) async fn first_admin(conn: &mut Conn<'_>) -> Result<Option<UserRow>, DbError> {
    let mut sql = select();
    sql.push("WHERE role = ").bind(Role::Admin.as_str()).push(" AND is_active = ").bind(true);
    sql.push(" ORDER BY id LIMIT 1");
    let row = sql.fetch_optional(conn).await?;
    Ok(row.as_ref().map(from_row).transpose()?)
}

/// Keeps other transactions from writing accounts until this one ends, for writes that depend on a
/// missing row. It must come first in a transaction.
pub(crate) async fn lock_all(conn: &mut Conn<'_>) -> Result<(), DbError> {
    // On SQLite there is only one writer anyway.
    let sql = conn.either("SELECT 1", "LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE");
    sql.execute(conn).await.map(drop)
}

/// Locks the rows of the active administrators until the transaction ends, so that of two
/// administrators who demote each other only one succeeds. The rows are locked in the order of
/// their ids, and before any other user's row, so that no transactions wait for each other.
pub(crate) async fn lock_admins(conn: &mut Conn<'_>) -> Result<(), DbError> {
    let mut sql = Sql::new("SELECT id FROM users WHERE role = ");
    sql.bind(Role::Admin.as_str()).push(" AND is_active = ").bind(true);
    sql.push(" ORDER BY id").push(conn.for_update());
    sql.fetch_all(conn).await.map(drop)
}

/// The number of other active administrators.
pub(crate) async fn other_admins(conn: &mut Conn<'_>, id: UserId) -> Result<i64, DbError> {
    let mut sql = Sql::new("SELECT count(*) AS others FROM users WHERE role = ");
    sql.bind(Role::Admin.as_str()).push(" AND is_active = ").bind(true);
    sql.push(" AND id <> ").bind(id.0);
    Ok(sql.fetch_one(conn).await?.get("others")?)
}

/// Inserts a user, unless another one has the username.
pub(crate) async fn insert(
    conn: &mut Conn<'_>,
    new: NewUser<'_>,
) -> Result<Option<UserRow>, DbError> {
    let mut sql = Sql::new(
        "INSERT INTO users (email, email_key, username, username_key, first_name, last_name, \
         phone, role, password_hash, is_active, email_verified, created_at, updated_at, version, \
         changed_by, sort_name) VALUES (",
    );
    sql.bind(new.email).push(", ").bind(new.email.map(identifier_key)).push(", ");
    sql.bind(new.username).push(", ").bind(new.username.map(identifier_key)).push(", ");
    sql.bind_all([new.first_name, new.last_name, new.phone]).push(", ");
    sql.bind(new.role.as_str()).push(", ").bind(new.password_hash).push(", ");
    sql.bind(true)
        .push(", ")
        .bind(new.email_verified)
        .push(", ")
        .bind(new.now)
        .push(", ")
        .bind(new.now);
    let named = listing::Named {
        first_name: new.first_name,
        last_name: new.last_name,
        username: new.username,
        email: new.email,
    };
    sql.push(", 1, ").bind(new.made_by.map(|id| id.0)).push(", ").bind(named.sort_name());
    sql.push(
        ") ON CONFLICT (username_key) DO NOTHING RETURNING id, email, username, first_name, last_name, phone, role, \
         password_hash, is_active, email_verified, created_at, updated_at, version, changed_by",
    );
    let Some(row) = sql.fetch_optional(conn).await? else { return Ok(None) };
    let row = from_row(&row)?;
    listing::insert_terms(conn, row.user.id, &named).await?;
    Ok(Some(row))
}

/// Writes a user if it still has the version that was read.
pub(crate) async fn update(
    conn: &mut Conn<'_>,
    row: &UserRow,
    changed_by: Option<UserId>,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<bool, DbError> {
    conn.changes_access();
    let user = &row.user;
    let mut sql = Sql::new("UPDATE users SET email = ");
    sql.bind(user.email.as_deref()).push(", email_key = ");
    sql.bind(user.email.as_deref().map(identifier_key)).push(", username = ");
    sql.bind(user.username.as_deref()).push(", username_key = ");
    sql.bind(user.username.as_deref().map(identifier_key)).push(", first_name = ");
    sql.bind(user.first_name.as_deref()).push(", last_name = ").bind(user.last_name.as_deref());
    sql.push(", phone = ").bind(user.phone.as_deref()).push(", role = ").bind(user.role.as_str());
    sql.push(", is_active = ").bind(user.is_active);
    sql.push(", email_verified = ").bind(user.email_verified);
    sql.push(", password_hash = ").bind(row.password_hash.as_deref());
    sql.push(", updated_at = ").bind(now).push(", changed_by = ").bind(changed_by.map(|id| id.0));
    let named = listing::Named::of(user);
    sql.push(", sort_name = ").bind(named.sort_name());
    sql.push(", version = version + 1 WHERE id = ").bind(user.id.0);
    sql.push(" AND version = ").bind(user.version);
    if sql.execute(conn).await? != 1 {
        return Ok(false);
    }
    listing::remove_terms(conn, user.id).await?;
    listing::insert_terms(conn, user.id, &named).await?;
    Ok(true)
}

/// Replaces the hash of a password by one with stronger parameters, unless it has changed since,
/// and returns whether it has replaced it. It does not count as a change of the user.
pub(crate) async fn rehash(
    conn: &mut Conn<'_>,
    id: UserId,
    old: &str,
    new: &str,
) -> Result<bool, DbError> {
    let sql = Sql::new("UPDATE users SET password_hash = $1 WHERE id = $2 AND password_hash = $3");
    Ok(sql.arg(new).arg(id.0).arg(old).execute(conn).await? == 1)
}
