//! One's own account: registering, logging in, profile and password.

use serde_json::json;
use shared::{
    Complaint, Faults,
    account::{Login, ProfileInput, Registered, Registration, Role, Session, User},
    patient::full_name,
};

use super::{
    access::{in_person, session_permissions},
    codes, devices, own_password,
    precondition::{Found, Precondition, overtaken},
    sessions,
    throttle::Lanes,
    usernames,
    users::changer,
};
use crate::{
    app::App,
    db::{
        Conn, DbError, UniqueKey,
        users::{self, NewUser, UserRow},
    },
    error::Error,
    services::{
        actor::{Actor, Origin},
        audit::{self, Deed, Doer, differences},
        mail::{self, Letter},
        passwords::{Rank, Verdict, check_new},
    },
};

/// Opens an account and logs in with it, unless its e-mail address has to be confirmed first.
pub async fn register(app: &App, origin: &Origin, new: Registration) -> Result<Registered, Error> {
    if !app.settings().is_registration_open() {
        return Err(Error::Forbidden(
            "registration is closed: ask an administrator for an account",
        ));
    }
    let lanes = Lanes::registering(origin.address.as_deref().unwrap_or_default());
    lanes.attempt(app).await?;
    let role = new.role.unwrap_or(Role::Member);
    let name = full_name(new.first_name.as_deref(), new.last_name.as_deref());
    let own = [new.email.as_str(), new.username.as_deref().unwrap_or_default(), &name];
    check_new(&new.password, role, &own).map_err(|c| Error::invalid("password", c))?;
    {
        // Before the work of hashing.
        let mut lent = app.db().read().await?;
        check_taken(&mut lent.conn(), Some(&new.email), new.username.as_deref()).await?;
    }
    let hash = lanes.withdraw(app, app.passwords().hash(&new.password, lanes.rank()).await).await?;
    let now = app.clock().now();
    let mut tx = app.db().begin().await?;
    let row = NewUser {
        email: Some(&new.email),
        username: new.username.as_deref(),
        first_name: new.first_name.as_deref(),
        last_name: new.last_name.as_deref(),
        phone: new.phone.as_deref(),
        role,
        password_hash: Some(&hash),
        email_verified: false,
        made_by: None,
        now,
    };
    check_taken(&mut tx.conn(), Some(&new.email), new.username.as_deref()).await?;
    let user = usernames::insert(&mut tx.conn(), row).await?.user;
    let actor = Actor::new(user, origin.clone());
    let mut deed = Deed::new("user.registered", "user", Some(actor.id().0));
    deed.version = Some(actor.user.version);
    audit::note(&mut tx.conn(), Doer::Actor(&actor), now, deed).await?;
    mail::queue(&mut tx.conn(), Letter::Verification, &new.email, now).await?;
    let registered = if app.settings().require_verified_email {
        let message = "User registered successfully: confirm the e-mail address to log in";
        Registered::without_tokens(message, actor.user)
    } else {
        let message = "User registered successfully";
        sessions::begin(app, &mut tx.conn(), actor.user, origin, None, message).await?.into()
    };
    tx.commit().await?;
    app.mail().wake();
    Ok(registered)
}

/// Looks up address and username, so that both are named where both are taken; the index decides
/// between two who come at the same moment.
pub(super) async fn check_taken(
    conn: &mut Conn<'_>,
    email: Option<&str>,
    username: Option<&str>,
) -> Result<(), Error> {
    let mut taken = Faults::default();
    for (field, value) in [("email", email), ("username", username)] {
        let Some(value) = value else { continue };
        if users::find(conn, value).await?.is_some() {
            taken.extend(is_taken(field));
        }
    }
    if taken.is_empty() { Ok(()) } else { Err(Error::Conflict(taken)) }
}

/// The fault of an address or a username that another account has.
pub(super) fn is_taken(field: &str) -> Faults {
    let what = if field == "email" { "e-mail address" } else { "username" };
    let message = format!("belongs to another account already: choose another {what}");
    Faults::one(field, Complaint::new("not_unique", message))
}

/// What a refused unique index means to the caller.
pub(crate) fn unique(error: DbError) -> Error {
    match error {
        DbError::Unique(UniqueKey::UserEmail) => Error::Conflict(is_taken("email")),
        DbError::Unique(UniqueKey::Username) => Error::Conflict(is_taken("username")),
        other => other.into(),
    }
}

/// Logs in. A wrong password and an unknown user answer alike, after the same work.
pub async fn login(app: &App, origin: &Origin, login: Login) -> Result<Session, Error> {
    let address = origin.address.as_deref().unwrap_or_default();
    let (found, device, lanes) = {
        let mut lent = app.db().read().await?;
        let found = users::find(&mut lent.conn(), &login.identifier).await?;
        let id = found.as_ref().map(|row| row.user.id);
        let device = match &login.device {
            Some(token) => devices::find(app, &mut lent.conn(), id, token).await?,
            None => None,
        };
        let (name, known) = (&login.identifier, device.as_ref());
        let lanes = Lanes::logging_in(app, &mut lent.conn(), name, known, address).await?;
        (found, device, lanes)
    };
    lanes.attempt(app).await?;
    let stored = found.as_ref().and_then(|row| row.password_hash.as_deref());
    let verdict = app.passwords().verify(&login.password, stored, lanes.rank()).await;
    let verdict = lanes.withdraw(app, verdict).await?;
    let now = app.clock().now();
    let wrong = Error::Unauthenticated("e-mail, username or password is wrong");
    let verified = match (found, verdict) {
        (Some(row), Verdict::Right { is_outdated }) if row.user.is_active => {
            if is_outdated {
                let hashed = rehash(app, row, &login.password).await;
                lanes.withdraw(app, hashed).await?
            } else {
                row
            }
        }
        (found, _) => {
            app.metrics().note_failed_login();
            let mut tx = app.db().begin().await?;
            let id = found.as_ref().map(|row| row.user.id.0);
            let deed = Deed::new("auth.login_failed", "user", id);
            // What was typed is kept only where it names an account: it may be a password.
            let name = if found.is_some() { login.identifier.as_str() } else { "nobody" };
            audit::note(&mut tx.conn(), Doer::Stranger(origin, name), now, deed).await?;
            tx.commit().await?;
            return Err(wrong);
        }
    };
    let mut tx = app.db().begin().await?;
    // Read again and kept until the end: the password may have been changed while this one was
    // verified, and then no session may begin with it.
    let row = users::lock(&mut tx.conn(), verified.user.id).await?;
    let unchanged =
        |row: &UserRow| row.user.is_active && row.password_hash == verified.password_hash;
    let Some(row) = row.filter(unchanged) else { return Err(wrong) };
    lanes.succeed(app, &mut tx.conn()).await?;
    let actor = Actor::new(row.user, origin.clone());
    if must_confirm(app, &actor.user) {
        let deed = Deed::new("auth.login_unconfirmed", "user", Some(actor.id().0));
        audit::note(&mut tx.conn(), Doer::Actor(&actor), now, deed).await?;
        tx.commit().await?;
        return Err(Error::EmailUnverified);
    }
    let deed = Deed::new("auth.login", "user", Some(actor.id().0));
    audit::note(&mut tx.conn(), Doer::Actor(&actor), now, deed).await?;
    let (device, message) = (device.as_ref(), "Login successful");
    let session = sessions::begin(app, &mut tx.conn(), actor.user, origin, device, message).await?;
    tx.commit().await?;
    Ok(session)
}

/// Whether somebody may not log in before the e-mail address is confirmed. An account without an
/// address was made by an administrator, and there is nothing to confirm.
fn must_confirm(app: &App, user: &User) -> bool {
    app.settings().require_verified_email && user.email.is_some() && !user.email_verified
}

/// Hashes a password anew, since hashes have become stronger. Answers the user with the hash with
/// which the password is known to agree.
async fn rehash(app: &App, row: UserRow, password: &str) -> Result<UserRow, Error> {
    let Some(old) = &row.password_hash else { return Ok(row) };
    let new = app.passwords().hash(password, Rank::Known).await?;
    let mut tx = app.db().begin().await?;
    if users::rehash(&mut tx.conn(), row.user.id, old, &new).await? {
        tx.commit().await?;
        return Ok(UserRow { password_hash: Some(new), ..row });
    }
    // Another login was faster, and its hash has a salt of its own; or the password was changed.
    let other = users::get(&mut tx.conn(), row.user.id).await?;
    drop(tx);
    let Some(other) = other else { return Ok(row) };
    let stored = other.password_hash.as_deref();
    match app.passwords().verify(password, stored, Rank::Known).await? {
        Verdict::Right { .. } => Ok(other),
        Verdict::Wrong => Ok(row),
    }
}

/// One's own account, with what the session may do.
pub fn profile(app: &App, actor: &Actor) -> User {
    User {
        permissions: Some(session_permissions(actor, app.settings().doctor_directory)),
        ..actor.user.clone()
    }
}

/// Changes one's own account.
pub async fn update_profile(
    app: &App,
    actor: &Actor,
    precondition: &Precondition,
    input: &ProfileInput,
    current_password: Option<&str>,
) -> Result<User, Error> {
    in_person(actor)?;
    let is_other =
        |user: &User| !input.email.is_absent() && input.email.value() != user.email.as_ref();
    let confirmed = match is_other(&actor.user) {
        true => Some(confirm_email(app, actor, input, current_password).await?),
        false => None,
    };
    let now = app.clock().now();
    let mut tx = app.db().begin().await?;
    let mut row = sessions::hold(&mut tx.conn(), actor).await?;
    let old = row.user.clone();
    let changed_by_name = changer(&mut tx.conn(), &row).await?;
    let found = Found {
        version: old.version,
        changed_by: row.changed_by,
        changed_by_name: &changed_by_name,
        changed_at: old.updated_at,
    };
    let current = || json!(profile(app, &Actor { user: old.clone(), ..actor.clone() }));
    precondition.check(actor.id(), &found, current)?;
    if is_other(&old) && (confirmed.is_none() || confirmed != row.password_hash) {
        // Address or password was changed since the password was looked at: what it has proved, if
        // it was asked for at all, holds no longer.
        return Err(overtaken(actor.id(), &found, current()));
    }
    let mut faults = Faults::default();
    input.echo.compare(&json!(old), &mut faults);
    apply(input, &old, &mut row.user, &mut faults);
    faults.into_result()?;
    let changes = differences(&own_values(&old), &own_values(&row.user))?;
    if changes.is_empty() {
        return Ok(profile(app, actor));
    }
    if !users::update(&mut tx.conn(), &row, Some(actor.id()), now).await.map_err(unique)? {
        return Err(overtaken(actor.id(), &found, current()));
    }
    if row.user.email != old.email {
        codes::void_all(&mut tx.conn(), actor.id()).await?;
    }
    let updated = users::get(&mut tx.conn(), actor.id()).await?.ok_or(Error::NotFound)?.user;
    let mut deed = Deed::new("user.updated", "user", Some(actor.id().0));
    (deed.version, deed.changes) = (Some(updated.version), changes);
    audit::note(&mut tx.conn(), Doer::Actor(actor), now, deed).await?;
    if let Some(email) = updated.email.as_ref().filter(|_| updated.email != old.email) {
        mail::queue(&mut tx.conn(), Letter::Verification, email, now).await?;
    }
    tx.commit().await?;
    app.mail().wake();
    Ok(profile(app, &Actor { user: updated, ..actor.clone() }))
}

/// Proves with the password that somebody may change the e-mail address to the one that is sent.
/// Answers the hash with which the password agrees.
async fn confirm_email(
    app: &App,
    actor: &Actor,
    input: &ProfileInput,
    current_password: Option<&str>,
) -> Result<String, Error> {
    let needed = || {
        let message = "is required to change the e-mail address";
        Error::invalid("current_password", Complaint::new("required", message))
    };
    let password = current_password.ok_or_else(needed)?;
    let confirmed = own_password::confirm(app, actor, password).await?;
    if let Some(email) = input.email.value() {
        Lanes::mail_by(actor.id(), email).attempt(app).await?;
    }
    Ok(confirmed)
}

/// Lays what somebody changes of an account, their own or another's, over it. Another e-mail address
/// is unverified, unless who keeps the accounts vouches for it afterwards.
pub(super) fn apply(input: &ProfileInput, old: &User, user: &mut User, faults: &mut Faults) {
    input.username.apply(&mut user.username);
    input.email.apply(&mut user.email);
    input.first_name.apply(&mut user.first_name);
    input.last_name.apply(&mut user.last_name);
    input.phone.apply(&mut user.phone);
    user.name = full_name(user.first_name.as_deref(), user.last_name.as_deref());
    if user.email.is_none() && user.username.is_none() {
        faults.add("email", Complaint::new("required", "is required where there is no username"));
    } else if user.username.is_none() && user.name.is_empty() {
        // An account never loses the last thing that it is called by.
        faults.add("username", Complaint::new("required", "is required where there is no name"));
    }
    // A name that was read comes back beside its parts, changed or not; another one would be lost.
    if input.name.value().is_some_and(|name| *name != user.name && *name != old.name) {
        let message = "must agree with first_name and last_name, or stand alone";
        faults.add("name", Complaint::new("disagrees", message));
    }
    if user.email != old.email {
        user.email_verified = false;
    }
}

/// What of a user is compared for the history.
pub(super) fn own_values(user: &User) -> serde_json::Value {
    json!({
        "username": user.username, "email": user.email, "first_name": user.first_name,
        "last_name": user.last_name, "phone": user.phone, "email_verified": user.email_verified,
    })
}

/// Checks a new password of a user.
pub(super) fn check_for(password: &str, user: &User) -> Result<(), Complaint> {
    let own = [
        user.email.as_deref().unwrap_or_default(),
        user.username.as_deref().unwrap_or_default(),
        &user.name,
    ];
    check_new(password, user.role, &own)
}
