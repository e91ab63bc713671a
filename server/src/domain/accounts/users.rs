//! Users as the command line manages them. `manage` has the operations of administrators over the
//! API.

mod manage;

use shared::{
    FieldErrors,
    account::{self, Role, User},
    patient::full_name,
    read::{Input, Reader},
};

use super::{
    account::{check_for, own_values, unique},
    api_tokens, codes, devices, sessions, usernames,
};
use crate::{
    app::App,
    db::{
        Conn,
        names::Named,
        users::{self, NewUser, UserRow},
    },
    error::Error,
    services::{
        actor::{Actor, Origin},
        audit::{self, AuditActor, AuditEvent, PROGRAM, differences},
        passwords::{HashPriority, check_new},
    },
};

pub use manage::{
    create_by_admin, deactivate_by_admin, end_sessions, issue_code, list_visible, read, update,
};

const ENTITY: &str = Named::User.entity();
const LAST_ADMIN: &str = "can't be changed, because this is the last active administrator";
/// The number of accounts that get a username in one transaction.
const NAMED_AT_ONCE: i64 = 200;

/// A new account.
#[derive(Clone, Debug, Default)]
pub struct NewAccount {
    /// The e-mail address.
    pub email: Option<String>,
    /// The username.
    pub username: Option<String>,
    /// Given names.
    pub first_name: Option<String>,
    /// Family names.
    pub last_name: Option<String>,
    /// The password in plain text.
    pub password: String,
}

/// Reads an account from typed text, with the rules for registration.
///
/// Fails with every error at once.
pub fn read_account(
    email: &str,
    name: &str,
    password: String,
    role: Role,
) -> Result<NewAccount, FieldErrors> {
    let members = [("email", email), ("name", name), ("role", role.as_str())];
    let members = members.map(|(name, value)| (name.to_owned(), value.into()));
    let mut reader = Reader::from_members(members.into());
    let read = account::NewUser::read(&mut reader);
    let mut errors = reader.finish();
    if let Err(error) = check_new(&password, role, &[email, name]) {
        errors.add("password", error);
    }
    let account::NewUser { email, first_name, last_name, .. } =
        read.filter(|_| errors.is_empty()).ok_or(errors)?;
    Ok(NewAccount { email, username: None, first_name, last_name, password })
}

/// Whether there is no active administrator.
pub async fn is_setup_needed(app: &App) -> Result<bool, Error> {
    let mut read = app.db().read().await?;
    Ok(users::first_admin(&mut read.conn()).await?.is_none())
}

/// Creates an account with any role.
pub async fn create(app: &App, account: NewAccount, role: Role) -> Result<User, Error> {
    create_where(app, account, role, false).await
}

/// Creates the first administrator. Fails if there is one already.
pub async fn create_first_admin(app: &App, account: NewAccount) -> Result<User, Error> {
    create_where(app, account, Role::Admin, true).await
}

async fn create_where(
    app: &App,
    account: NewAccount,
    role: Role,
    must_be_first: bool,
) -> Result<User, Error> {
    let name = full_name(account.first_name.as_deref(), account.last_name.as_deref());
    let own = [
        account.email.as_deref().unwrap_or_default(),
        account.username.as_deref().unwrap_or_default(),
        &name,
    ];
    check_new(&account.password, role, &own).map_err(|c| Error::invalid("password", c))?;
    let hash = app.passwords().hash(&account.password, HashPriority::Known).await?;
    let now = app.clock().now();
    let mut tx = app.db().begin().await?;
    if must_be_first {
        users::lock_all(&mut tx.conn()).await?;
        if users::first_admin(&mut tx.conn()).await?.is_some() {
            return Err(Error::conflict("email", "not_first", "there already is an administrator"));
        }
    }
    let new = NewUser {
        email: account.email.as_deref(),
        username: account.username.as_deref(),
        first_name: account.first_name.as_deref(),
        last_name: account.last_name.as_deref(),
        phone: None,
        role,
        password_hash: Some(&hash),
        // The command line may set the address, so it counts as verified.
        email_verified: account.email.is_some(),
        made_by: None,
        now,
    };
    let user = usernames::insert(&mut tx.conn(), new).await?.user;
    let mut event = AuditEvent::of_user("user.created", Some(user.id));
    event.version = Some(user.version);
    let origin = Origin::default();
    audit::note(&mut tx.conn(), AuditActor::Anonymous(&origin, PROGRAM), now, event).await?;
    tx.commit().await?;
    Ok(user)
}

/// All users, oldest first.
pub async fn list(app: &App) -> Result<Vec<User>, Error> {
    let mut read = app.db().read().await?;
    let rows = users::list(&mut read.conn()).await?;
    Ok(rows.into_iter().map(|row| row.user).collect())
}

/// The user with this e-mail address or username, as an actor on the command line.
pub async fn act_as(app: &App, identifier: &str) -> Result<Actor, Error> {
    let mut read = app.db().read().await?;
    let row = users::find(&mut read.conn(), identifier).await?.ok_or(Error::NotFound)?;
    Ok(Actor::new(row.user, Origin::default()))
}

/// The oldest active administrator, as an actor on the command line.
pub async fn act_as_first_admin(app: &App) -> Result<Option<Actor>, Error> {
    let mut read = app.db().read().await?;
    let row = users::first_admin(&mut read.conn()).await?;
    Ok(row.map(|row| Actor::new(row.user, Origin::default())))
}

/// Changes a user's role. Every request reads the role, so it takes effect at once.
pub async fn set_role(app: &App, identifier: &str, role: Role) -> Result<User, Error> {
    change(app, identifier, "user.role_changed", |row| row.user.role = role).await
}

/// Sets a user's password, ends all of the user's sessions, and voids API tokens and codes.
pub async fn set_password(app: &App, identifier: &str, password: &str) -> Result<User, Error> {
    let actor = act_as(app, identifier).await?;
    check_for(password, &actor.user).map_err(|c| Error::invalid("password", c))?;
    let hash = app.passwords().hash(password, HashPriority::Known).await?;
    change(app, identifier, "user.password_set", |row| row.password_hash = Some(hash)).await
}

/// Deactivates an account, ends its sessions, and voids its API tokens and codes.
pub async fn deactivate(app: &App, identifier: &str) -> Result<User, Error> {
    change(app, identifier, "user.deactivated", |row| row.user.is_active = false).await
}

/// Gives a username to accounts of earlier versions that have no name.
pub(crate) async fn assign_usernames(app: &App) -> Result<(), Error> {
    while has_unnamed_account(app).await? {
        let mut tx = app.db().begin().await?;
        let mut conn = tx.conn();
        // No other account may take a username in the meantime.
        users::lock_all(&mut conn).await?;
        for before in users::list_unnamed(&mut conn, NAMED_AT_ONCE).await? {
            let Some(email) = before.user.email.as_deref() else { continue };
            let mut after = before.clone();
            after.user.username = Some(usernames::free(&mut conn, email).await?);
            let origin = Origin::default();
            let by = AuditActor::Anonymous(&origin, PROGRAM);
            write(app, &mut conn, by, "user.updated", &before, &after).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

async fn has_unnamed_account(app: &App) -> Result<bool, Error> {
    let mut read = app.db().read().await?;
    Ok(!users::list_unnamed(&mut read.conn(), 1).await?.is_empty())
}

async fn change(
    app: &App,
    identifier: &str,
    action: &str,
    edit: impl FnOnce(&mut UserRow),
) -> Result<User, Error> {
    let mut tx = app.db().begin().await?;
    let mut conn = tx.conn();
    users::lock_admins(&mut conn).await?;
    let found = users::find(&mut conn, identifier).await?.ok_or(Error::NotFound)?;
    let before = users::lock(&mut conn, found.user.id).await?.ok_or(Error::NotFound)?;
    let mut row = before.clone();
    edit(&mut row);
    if row.user == before.user && row.password_hash == before.password_hash {
        tx.commit().await?;
        return Ok(before.user);
    }
    let origin = Origin::default();
    let by = AuditActor::Anonymous(&origin, PROGRAM);
    let user = write(app, &mut conn, by, action, &before, &row).await?;
    tx.commit().await?;
    Ok(user)
}

/// Writes a change to another user's account, with everything that follows from it, and notes it
/// in the audit log. Every such change goes through here. The last active administrator can't be
/// removed: where the role or `is_active` may change, the caller locks the administrators before
/// it reads the row.
///
/// A user whose new role requires a longer password keeps the old one until the next change,
/// because its length is not known.
async fn write(
    app: &App,
    conn: &mut Conn<'_>,
    by: AuditActor<'_>,
    action: &str,
    before: &UserRow,
    after: &UserRow,
) -> Result<User, Error> {
    let (old, new, now) = (&before.user, &after.user, app.clock().now());
    if !is_admin(new) && is_last_admin(conn, old).await? {
        let field = if old.role == new.role { "is_active" } else { "role" };
        return Err(Error::conflict(field, "last_admin", LAST_ADMIN));
    }
    let changed_by = match by {
        AuditActor::Actor(actor) => Some(actor.id()),
        AuditActor::Anonymous(..) => None,
    };
    if !users::update(conn, after, changed_by, now).await.map_err(unique)? {
        return Err(Error::Unavailable {
            reason: "the account was changed in the meantime",
            after: 1,
        });
    }
    let has_new_password = before.password_hash != after.password_hash;
    if has_new_password || (old.is_active && !new.is_active) {
        sessions::end_all(app, conn, old.id, None).await?;
        api_tokens::revoke_all(app, conn, old.id).await?;
        codes::void_all(conn, old.id).await?;
        devices::void_all(conn, old.id).await?;
    } else if old.email != new.email {
        codes::void_all(conn, old.id).await?;
    }
    let mut event = AuditEvent::of_user(action, Some(old.id));
    event.version = Some(old.version + 1);
    event.changes = differences(&values(old), &values(new))?;
    audit::note(conn, by, now, event).await?;
    Ok(users::get(conn, old.id).await?.ok_or(Error::NotFound)?.user)
}

fn is_admin(user: &User) -> bool {
    user.role == Role::Admin && user.is_active
}

/// Whether there is no other active administrator than this user.
async fn is_last_admin(conn: &mut Conn<'_>, user: &User) -> Result<bool, Error> {
    Ok(is_admin(user) && users::other_admins(conn, user.id).await? == 0)
}

/// The members of an account that the audit log compares.
fn values(user: &User) -> serde_json::Value {
    let mut values = own_values(user);
    if let Some(members) = values.as_object_mut() {
        members.insert("role".to_owned(), user.role.as_str().into());
        members.insert("is_active".to_owned(), user.is_active.into());
    }
    values
}
