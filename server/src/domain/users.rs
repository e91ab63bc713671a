//! Users, as the server's own command line keeps them.

use shared::{
    Faults,
    account::{Registration, Role, User},
    patient::full_name,
    read::{Input, Reader},
};

use super::{
    access::{Actor, Origin},
    accounts::unique,
    audit::{self, Deed, Doer, differences},
    passwords::check_new,
    sessions,
};
use crate::{
    app::App,
    db::users::{self, NewUser, UserRow},
    error::Error,
};

/// The name under which the command line stands in the audit log.
pub(crate) const PROGRAM: &str = "frontdesk-server";

/// An account to be made.
#[derive(Clone, Debug, Default)]
pub struct NewAccount {
    /// E-mail address.
    pub email: Option<String>,
    /// Username.
    pub username: Option<String>,
    /// Given names.
    pub first_name: Option<String>,
    /// Family names.
    pub last_name: Option<String>,
    /// Password.
    pub password: String,
}

/// Reads an account as somebody has typed it, with the rules that registering has.
///
/// Fails with everything that is wrong with it.
pub fn read_account(
    email: &str,
    name: &str,
    password: String,
    role: Role,
) -> Result<NewAccount, Faults> {
    let members = [("email", email), ("name", name), ("password", &password)];
    let members = members.map(|(name, value)| (name.to_owned(), value.into()));
    let mut reader = Reader::from_members(members.into());
    let read = Registration::read(&mut reader);
    let mut faults = reader.finish();
    let full = full_name(read.first_name.as_deref(), read.last_name.as_deref());
    if !faults.concern("password")
        && let Err(complaint) = check_new(&password, role, &[email, &full])
    {
        faults.add("password", complaint);
    }
    faults.into_result()?;
    let (first_name, last_name) = (read.first_name, read.last_name);
    Ok(NewAccount { email: Some(read.email), username: None, first_name, last_name, password })
}

/// Whether there is no active administrator.
pub async fn is_setup_needed(app: &App) -> Result<bool, Error> {
    let mut lent = app.db().read().await?;
    Ok(users::first_admin(&mut lent.conn()).await?.is_none())
}

/// Makes an account with any role.
pub async fn create(app: &App, account: NewAccount, role: Role) -> Result<User, Error> {
    create_where(app, account, role, false).await
}

/// Makes the first administrator, where there is none yet.
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
    let hash = app.passwords().hash(&account.password).await?;
    let now = app.clock().now();
    let mut tx = app.db().begin().await?;
    if must_be_first && users::first_admin(&mut tx.conn()).await?.is_some() {
        return Err(Error::conflict("email", "not_first", "there is an administrator already"));
    }
    let new = NewUser {
        email: account.email.as_deref(),
        username: account.username.as_deref(),
        first_name: account.first_name.as_deref(),
        last_name: account.last_name.as_deref(),
        phone: None,
        role,
        password_hash: Some(&hash),
        // Whoever keeps the accounts vouches for the address.
        email_verified: account.email.is_some(),
        now,
    };
    let user = users::insert(&mut tx.conn(), new).await.map_err(unique)?.user;
    let mut deed = Deed::new("user.created", "user", Some(user.id.0));
    deed.version = Some(user.version);
    let origin = Origin::default();
    audit::note(&mut tx.conn(), Doer::Stranger(&origin, PROGRAM), now, deed).await?;
    tx.commit().await?;
    Ok(user)
}

/// All users, oldest first.
pub async fn list(app: &App) -> Result<Vec<User>, Error> {
    let mut lent = app.db().read().await?;
    let rows = users::list(&mut lent.conn()).await?;
    Ok(rows.into_iter().map(|row| row.user).collect())
}

/// The user with this e-mail address or username, as somebody who acts on the command line.
pub async fn act_as(app: &App, identifier: &str) -> Result<Actor, Error> {
    let mut lent = app.db().read().await?;
    let row = users::find(&mut lent.conn(), identifier).await?.ok_or(Error::NotFound)?;
    Ok(Actor { user: row.user, session: None, origin: Origin::default() })
}

/// The administrator who has been there longest, as somebody who acts on the command line.
pub async fn act_as_first_admin(app: &App) -> Result<Option<Actor>, Error> {
    let mut lent = app.db().read().await?;
    let row = users::first_admin(&mut lent.conn()).await?;
    Ok(row.map(|row| Actor { user: row.user, session: None, origin: Origin::default() }))
}

/// Gives a user another role, which takes effect at once, since every request reads it.
pub async fn set_role(app: &App, identifier: &str, role: Role) -> Result<User, Error> {
    change(app, identifier, "user.role_changed", false, |row| row.user.role = role).await
}

/// Sets a user's password; all their sessions end.
pub async fn set_password(app: &App, identifier: &str, password: &str) -> Result<User, Error> {
    let actor = act_as(app, identifier).await?;
    let own =
        [actor.user.email.as_deref().unwrap_or_default(), actor.user.label(), &actor.user.name];
    check_new(password, actor.user.role, &own).map_err(|c| Error::invalid("password", c))?;
    let hash = app.passwords().hash(password).await?;
    change(app, identifier, "user.password_set", true, |row| row.password_hash = Some(hash)).await
}

/// Takes an account out of use; all its sessions end.
pub async fn deactivate(app: &App, identifier: &str) -> Result<User, Error> {
    change(app, identifier, "user.deactivated", true, |row| row.user.is_active = false).await
}

async fn change(
    app: &App,
    identifier: &str,
    action: &str,
    ends_sessions: bool,
    edit: impl FnOnce(&mut UserRow),
) -> Result<User, Error> {
    let now = app.clock().now();
    let mut tx = app.db().begin().await?;
    let mut row = users::find(&mut tx.conn(), identifier).await?.ok_or(Error::NotFound)?;
    let before = row.user.clone();
    edit(&mut row);
    if !ends_sessions && row.user == before {
        return Ok(before);
    }
    let was_admin = before.role == Role::Admin && before.is_active;
    let is_admin = row.user.role == Role::Admin && row.user.is_active;
    if was_admin && !is_admin && users::other_admins(&mut tx.conn(), before.id).await? == 0 {
        return Err(Error::conflict("role", "last_admin", "is the last active administrator's"));
    }
    if !users::update(&mut tx.conn(), &row, None, now).await? {
        return Err(Error::Unavailable { reason: "the account was changed meanwhile", after: 1 });
    }
    if ends_sessions {
        sessions::end_all(app, &mut tx.conn(), before.id, None).await?;
    }
    let mut deed = Deed::new(action, "user", Some(before.id.0));
    deed.version = Some(before.version + 1);
    deed.changes = differences(&before, &row.user)?;
    let origin = Origin::default();
    audit::note(&mut tx.conn(), Doer::Stranger(&origin, PROGRAM), now, deed).await?;
    tx.commit().await?;
    Ok(User { version: before.version + 1, ..row.user })
}
