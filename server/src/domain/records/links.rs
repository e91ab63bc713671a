//! Linking accounts to doctors and patients.

use serde_json::json;
use shared::{FieldError, FieldErrors, UserId, account::Role, history::Change};

use super::{Entry, find_to_change, finish};
use crate::{
    app::App,
    db::{ArchiveState, Conn, DbError, UniqueKey, records, users},
    domain::{
        access::{Action, scope},
        precondition::Precondition,
    },
    error::Error,
    services::actor::Actor,
};

/// Links an account to a record, or removes the link with `None`.
pub(crate) async fn link<R: Entry>(
    app: &App,
    actor: &Actor,
    id: R::Id,
    precondition: &Precondition,
    user: Option<UserId>,
) -> Result<R, Error> {
    scope(actor, Action::LinkUser)?;
    let now = app.clock().now();
    let mut tx = app.db().begin().await?;
    let kept = find_to_change::<R>(app, &mut tx, actor, id, ArchiveState::Any).await?;
    let old = kept.record.linked_user();
    // An archived record may lose its account, so that the account can be linked elsewhere.
    if user.is_some() && kept.record.is_archived() {
        return Err(Error::NotFound);
    }
    if old == user {
        tx.commit().await?;
        return Ok(kept.shown(app, actor));
    }
    kept.check_version(app, &mut tx, actor, precondition).await?;
    check(&mut tx.conn(), user, R::ROLE).await?;
    let written = records::link(&mut tx.conn(), &kept.revision, user, actor.id(), now).await;
    let was_written = written.map_err(taken)?;
    let action = format!("{}.linked", R::ENTITY);
    let mut event = kept.event(&action);
    event.changes =
        vec![Change { field: "linked_user".to_owned(), old: json!(old), new: json!(user) }];
    finish::<R>(app, tx, actor, (id, was_written), event).await
}

/// Checks that an account exists, is active, and has the right role.
async fn check(conn: &mut Conn<'_>, user: Option<UserId>, role: Role) -> Result<(), Error> {
    let Some(id) = user else { return Ok(()) };
    let found = users::get(conn, id).await?;
    if found.is_some_and(|row| row.user.role == role && row.user.is_active) {
        return Ok(());
    }
    let message = format!("must be an active user of the role {role}");
    Err(Error::invalid(
        "user",
        FieldError::new("no_such_user", message).with("role", role.as_str()),
    ))
}

/// Translates a violated unique index: an account belongs to at most one doctor or patient.
fn taken(error: DbError) -> Error {
    match error {
        DbError::Unique(UniqueKey::DoctorUser | UniqueKey::PatientUser) => {
            let error = FieldError::new("not_unique", "is already linked to another record");
            Error::Conflict(FieldErrors::one("user", error))
        }
        other => other.into(),
    }
}
