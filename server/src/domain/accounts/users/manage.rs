//! Accounts as administrators manage them over the API, and the list of users for the front desk.

use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::json;
use shared::{
    FieldError, FieldErrors, UserId,
    account::{
        Account, BriefUser, CreatedUser, IssuedCode, NewUser, User, UserFilter, UserPatch,
        VisibleUser, identifier_key,
    },
};

use super::{ENTITY, is_last_admin, values, write};
use crate::{
    app::App,
    db::{
        Conn, Tx,
        listing::Listed,
        search::Search,
        users::{self, UserRow, listing::Listing},
    },
    domain::{
        access::{Action, may, require_session, scope, user_permissions},
        accounts::{
            account::{apply, check_taken},
            codes::{self, Issued, Purpose},
            devices, sessions, usernames,
        },
        idempotency::{self, IdempotencyKey},
        listing::{PageSlice, read_page},
        precondition::{LastChange, Precondition},
    },
    error::Error,
    keys::CODE_LIFETIME_MAX,
    services::{
        actor::Actor,
        audit::{self, AuditActor, AuditEvent, differences},
    },
};

/// The validity of a code for an account without a password, whose owner may not be there until
/// next week.
const FIRST_CODE: TimeDelta = CODE_LIFETIME_MAX;
/// The validity of a code for a forgotten password, whose owner is on the phone or at the desk.
const NEXT_CODE: TimeDelta = TimeDelta::minutes(30);

/// Requires an administrator with a session of their own, not an API token.
fn check(actor: &Actor) -> Result<(), Error> {
    scope(actor, Action::ManageUsers)?;
    require_session(actor)
}

/// Lets administrators write one at a time. An account or a code outlasts its author, so the
/// author must still be an administrator. All active administrators are locked until the
/// transaction ends, before any other account.
async fn lock_as_admin(conn: &mut Conn<'_>, actor: &Actor) -> Result<(), Error> {
    users::lock_admins(conn).await?;
    let user = sessions::lock_caller(conn, actor).await?.user;
    check(&Actor { user: Arc::new(user), ..actor.clone() })
}

/// The members of a user that the caller may see.
fn visible(actor: &Actor, row: UserRow) -> VisibleUser {
    let has_password = row.password_hash.is_some();
    let user = row.user;
    if may(actor, Action::ReadAccounts) {
        return VisibleUser::Account(Box::new(Account::of(user, has_password)));
    }
    let User { id, username, name, role, version, .. } = user;
    VisibleUser::Brief { user: BriefUser { id, username, name, role }, version }
}

/// The whole account, with the caller's permissions for it.
async fn account(conn: &mut Conn<'_>, actor: &Actor, row: &UserRow) -> Result<Account, Error> {
    let is_last_admin = is_last_admin(conn, &row.user).await?;
    let permissions = Some(user_permissions(actor, &row.user, is_last_admin));
    Ok(Account { permissions, ..Account::of(row.user.clone(), row.password_hash.is_some()) })
}

/// A list of users.
pub async fn list_visible(
    app: &App,
    actor: &Actor,
    filter: &UserFilter,
) -> Result<PageSlice<VisibleUser>, Error> {
    scope(actor, Action::ReadUsers)?;
    if filter.is_active.is_some() {
        scope(actor, Action::ReadAccounts)?;
    }
    let listing = Listing { filter, search: None };
    let pages = filter.pages();
    let sees_emails = may(actor, Action::ReadAccounts);
    let search = filter.search.as_deref().map(|text| Search::of_users(text, sees_emails));
    let (page, search) = read_page(app, pages, listing.order().name(), search)?;
    let listing = Listing { search: search.as_ref(), ..listing };
    Ok(page.fetch(app, &listing).await?.map(|row| visible(actor, row)))
}

/// One user.
pub async fn read(app: &App, actor: &Actor, id: UserId) -> Result<VisibleUser, Error> {
    scope(actor, Action::ReadUsers)?;
    let mut read = app.db().read().await?;
    let mut conn = read.conn();
    let row = users::get(&mut conn, id).await?.ok_or(Error::NotFound)?;
    if may(actor, Action::ReadAccounts) {
        return Ok(VisibleUser::Account(Box::new(account(&mut conn, actor, &row).await?)));
    }
    Ok(visible(actor, row))
}

/// Creates an account, and the code with which its owner sets a password.
pub async fn create_by_admin(
    app: &App,
    actor: &Actor,
    new: &NewUser,
    idempotency_key: Option<&IdempotencyKey>,
) -> Result<CreatedUser, Error> {
    check(actor)?;
    let now = app.clock().now();
    let (email, username) = (new.email.as_deref(), new.username.as_deref());
    let mut tx = app.db().begin().await?;
    let mut conn = tx.conn();
    if let Some(kept) = idempotency::claim(app, &mut conn, actor, idempotency_key).await? {
        let replayed = replay(app, &mut conn, kept).await?;
        tx.commit().await?;
        return Ok(replayed);
    }
    lock_as_admin(&mut conn, actor).await?;
    check_taken(&mut conn, email, username).await?;
    let row = users::NewUser {
        email,
        username,
        first_name: new.first_name.as_deref(),
        last_name: new.last_name.as_deref(),
        phone: new.phone.as_deref(),
        role: new.role,
        password_hash: None,
        // An administrator has entered the address, so it counts as verified.
        email_verified: email.is_some(),
        made_by: Some(actor.id()),
        now,
    };
    let row = usernames::insert(&mut conn, row).await?;
    let mut event = AuditEvent::of_user("user.created", Some(row.user.id));
    event.version = Some(row.user.version);
    event.changes = differences(&json!({}), &values(&row.user))?;
    audit::note(&mut conn, AuditActor::Actor(actor), now, event).await?;
    let issued = code(app, &mut conn, actor, &row).await?;
    let (user, expires_at) = (account(&mut conn, actor, &row).await?, issued.expires_at);
    let made = CreatedUser { user, code: issued.code, expires_at };
    // Codes are not stored: the kept answer has only the beginning, which identifies the code.
    let kept = CreatedUser { code: codes::beginning(&made.code), ..made.clone() };
    idempotency::keep(&mut conn, actor, idempotency_key, (ENTITY, row.user.id.0), &kept).await?;
    tx.commit().await?;
    Ok(made)
}

/// Replays the first answer, with its code if that is still valid.
async fn replay(app: &App, conn: &mut Conn<'_>, kept: CreatedUser) -> Result<CreatedUser, Error> {
    match codes::recover(app, conn, &kept.code, Purpose::SetPassword).await? {
        Some(code) => Ok(CreatedUser { code, ..kept }),
        None => {
            let message =
                "has been used or replaced since the account was created: issue another one";
            Err(Error::conflict("code", "void", message))
        }
    }
}

/// Creates a code in place of earlier ones, and notes the fact without the code.
async fn code(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    row: &UserRow,
) -> Result<Issued, Error> {
    let lifetime = if row.password_hash.is_none() { FIRST_CODE } else { NEXT_CODE };
    codes::void(conn, row.user.id, Purpose::SetPassword).await?;
    let issued = codes::issue(app, conn, row.user.id, Purpose::SetPassword, lifetime).await?;
    let event = AuditEvent::of_user("user.code_issued", Some(row.user.id));
    audit::note(conn, AuditActor::Actor(actor), app.clock().now(), event).await?;
    Ok(issued)
}

/// Creates a code with which a user sets a password, and voids earlier ones.
pub async fn issue_code(app: &App, actor: &Actor, id: UserId) -> Result<IssuedCode, Error> {
    check(actor)?;
    if id == actor.id() {
        // Otherwise, anybody at an unlocked desk could take over the account.
        return Err(Error::Forbidden("change your own password with the current one"));
    }
    let mut tx = app.db().begin().await?;
    lock_as_admin(&mut tx.conn(), actor).await?;
    let row = users::lock(&mut tx.conn(), id).await?.ok_or(Error::NotFound)?;
    if !row.user.is_active {
        let message = "is false: activate the account first";
        return Err(Error::conflict("is_active", "deactivated", message));
    }
    let Issued { code, expires_at } = code(app, &mut tx.conn(), actor, &row).await?;
    tx.commit().await?;
    Ok(IssuedCode { code, expires_at })
}

/// Ends all sessions of a user and forgets the user's devices. API tokens stay valid, because they
/// are not logins.
pub async fn end_sessions(app: &App, actor: &Actor, id: UserId) -> Result<(), Error> {
    check(actor)?;
    let mut tx = app.db().begin().await?;
    lock_as_admin(&mut tx.conn(), actor).await?;
    users::lock(&mut tx.conn(), id).await?.ok_or(Error::NotFound)?;
    sessions::end_all(app, &mut tx.conn(), id, None).await?;
    devices::void_all(&mut tx.conn(), id).await?;
    let event = AuditEvent::of_user("user.sessions_ended", Some(id));
    audit::note(&mut tx.conn(), AuditActor::Actor(actor), app.clock().now(), event).await?;
    tx.commit().await
}

/// Changes an account.
pub async fn update(
    app: &App,
    actor: &Actor,
    id: UserId,
    precondition: &Precondition,
    input: &UserPatch,
) -> Result<Account, Error> {
    check(actor)?;
    let mut tx = app.db().begin().await?;
    lock_as_admin(&mut tx.conn(), actor).await?;
    let before = find(&mut tx, actor, id, precondition).await?;
    let mut errors = FieldErrors::default();
    input.profile.read_only.compare(&json!(before.user), &mut errors);
    let mut after = before.clone();
    apply(&input.profile, &before.user, &mut after.user, &mut errors);
    if id == actor.id() && after.user.email != before.user.email {
        let message =
            "can't be changed here, because the account is your own: change it in your profile";
        errors.add("email", FieldError::new("own_account", message));
    }
    errors.into_result()?;
    if after.user.email != before.user.email {
        // The same rule as for a new account.
        after.user.email_verified = after.user.email.is_some();
    }
    let other = |new: &Option<String>, old: &Option<String>| {
        new.clone().filter(|it| Some(identifier_key(it)) != old.as_deref().map(identifier_key))
    };
    let email = other(&after.user.email, &before.user.email);
    let username = other(&after.user.username, &before.user.username);
    check_taken(&mut tx.conn(), email.as_deref(), username.as_deref()).await?;
    after.user.role = input.role.unwrap_or(after.user.role);
    after.user.is_staff = after.user.role.is_staff();
    after.user.is_active = input.is_active.unwrap_or(after.user.is_active);
    if after.user == before.user {
        let account = account(&mut tx.conn(), actor, &before).await?;
        tx.commit().await?;
        return Ok(account);
    }
    write(app, &mut tx.conn(), AuditActor::Actor(actor), event(&before, &after), &before, &after)
        .await?;
    let row = users::get(&mut tx.conn(), id).await?.ok_or(Error::NotFound)?;
    let account = account(&mut tx.conn(), actor, &row).await?;
    tx.commit().await?;
    Ok(account)
}

/// Deactivates an account. Deactivating it again changes nothing.
pub async fn deactivate_by_admin(
    app: &App,
    actor: &Actor,
    id: UserId,
    precondition: &Precondition,
) -> Result<(), Error> {
    check(actor)?;
    let mut tx = app.db().begin().await?;
    lock_as_admin(&mut tx.conn(), actor).await?;
    let row = users::lock(&mut tx.conn(), id).await?.ok_or(Error::NotFound)?;
    if !row.user.is_active {
        // Nothing to do, whichever version the client has read.
        return tx.commit().await;
    }
    let before = find(&mut tx, actor, id, precondition).await?;
    let mut after = before.clone();
    after.user.is_active = false;
    let by = AuditActor::Actor(actor);
    write(app, &mut tx.conn(), by, event(&before, &after), &before, &after).await?;
    tx.commit().await
}

/// The audit action for a change, named after its most important part.
fn event(before: &UserRow, after: &UserRow) -> &'static str {
    match (before.user.is_active, after.user.is_active) {
        (true, false) => "user.deactivated",
        (false, true) => "user.activated",
        _ if before.user.role != after.user.role => "user.role_changed",
        _ => "user.updated",
    }
}

/// Locks the account for a write until the transaction ends, and checks that it has the version
/// that the client has read.
async fn find(
    tx: &mut Tx,
    actor: &Actor,
    id: UserId,
    precondition: &Precondition,
) -> Result<UserRow, Error> {
    let mut conn = tx.conn();
    let row = users::lock(&mut conn, id).await?.ok_or(Error::NotFound)?;
    let found = LastChange::from(&row);
    let Err(unmet) = precondition.check(actor.id(), &found) else { return Ok(row) };
    let account = account(&mut conn, actor, &row).await?;
    Err(unmet.refuse(&mut conn, &found, || json!(account)).await)
}
