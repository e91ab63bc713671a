//! Operations that work the same for every kind of record: patients, doctors,
//! assignments and visits.
//!
//! Repeating an operation that is already done (archiving, restoring, ending, linking) gives the
//! first answer again and changes nothing, whatever version it names. A client that repeats a
//! request because its answer was lost finds the record in the requested state.

pub mod assignments;
mod changelog;
pub mod dashboard;
pub mod doctors;
mod kinds;
pub(crate) mod links;
pub mod lookup;
mod named;
pub mod patients;
pub mod visits;

use std::future::ready;

use serde::Serialize;
use serde_json::json;
use shared::{
    FieldError, FieldErrors, UserId,
    account::Role,
    history::HistoryEntry,
    id::{DoctorId, PatientId},
    patient::Archiving,
    query::ListQuery,
    read::{Draft, SentMembers},
};

use super::{
    access::{self, Action},
    idempotency::{self, IdempotencyKey},
    listing::{PageRequest, PageSlice},
    precondition::{LastChange, Precondition, Unmet},
};
use crate::{
    app::App,
    db::{ArchiveState, Conn, Tx, records::Kept},
    error::{Contradiction, Error},
    services::{
        actor::Actor,
        audit::{self, AuditActor, AuditEvent},
    },
};

/// A kind of record. The trait has everything in which the kinds differ; the functions below are
/// the same for all.
pub(crate) trait Record: Serialize + Sized + Send + Sync {
    /// The name of the kind in the audit log and in events.
    const ENTITY: &'static str;
    /// The audit action for reading a record, if reads are noted.
    const READ: Option<&'static str> = None;
    /// The audit action for reading a record's history, if reads are noted.
    const HISTORY_READ: Option<&'static str> = None;
    /// The action that permits reading its history.
    const READ_HISTORY: Action;

    type Id: Copy + Send + Sync;

    /// The action that permits changing it.
    fn change(app: &App) -> Action;

    /// Locks the record until the transaction ends, after the rows that come first in the lock
    /// order.
    fn lock(conn: &mut Conn<'_>, id: Self::Id) -> impl Future<Output = Result<(), Error>> + Send;

    /// Reads the record, if it is in this state and the caller may see it.
    fn get(
        app: &App,
        conn: &mut Conn<'_>,
        actor: &Actor,
        id: Self::Id,
        state: ArchiveState,
    ) -> impl Future<Output = Result<Option<Kept<Self>>, Error>> + Send;

    /// The record as it is answered, with the caller's permissions.
    fn shown(kept: &Kept<Self>, app: &App, actor: &Actor) -> Self;

    /// Whether the record is archived. Some kinds of record have no archive.
    fn is_archived(&self) -> bool {
        false
    }

    /// Fails where the record was merged into another one, and is not changed on its own.
    fn check_unmerged(&self) -> Result<(), Error> {
        Ok(())
    }

    /// The ids of the records whose history is shown together with that of this one, by rising id.
    fn with_history_of(
        &self,
        _conn: &mut Conn<'_>,
    ) -> impl Future<Output = Result<Vec<i64>, Error>> + Send {
        ready(Ok(Vec::new()))
    }

    /// Adds an error for each record that a body with other errors names, and that does not exist.
    /// `old` is the record that the request would change.
    fn check_named(
        _app: &App,
        _conn: &mut Conn<'_>,
        _actor: &Actor,
        _old: Option<&Self>,
        _named: &SentMembers,
        _errors: &mut FieldErrors,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        ready(Ok(()))
    }

    /// The patient and the doctor of an assignment or a visit.
    fn concerned(&self) -> (Option<PatientId>, Option<DoctorId>) {
        (None, None)
    }
}

/// A record that can be archived and linked to an account: a patient or a doctor.
pub(crate) trait Entry: Record {
    /// The role that a linked account must have.
    const ROLE: Role;

    /// The linked account.
    fn linked_user(&self) -> Option<UserId>;

    /// Restores the record from the archive, unless that contradicts other records. Returns
    /// whether the row still had the version that was read.
    fn restore(
        app: &App,
        tx: &mut Tx,
        actor: &Actor,
        kept: &Kept<Self>,
    ) -> impl Future<Output = Result<bool, Error>> + Send;
}

impl<R: Record> Kept<R> {
    /// The record as it is answered, with the caller's permissions.
    pub(super) fn shown(&self, app: &App, actor: &Actor) -> R {
        R::shown(self, app, actor)
    }

    /// An audit event about this record.
    pub(super) fn event<'a>(&self, action: &'a str) -> AuditEvent<'a> {
        let (patient, doctor) = self.record.concerned();
        AuditEvent { patient, doctor, ..AuditEvent::new(action, R::ENTITY, Some(self.revision.id)) }
    }

    /// Checks the precondition of a write. A refusal that contains the record is noted as a read.
    pub(super) async fn check_version(
        &self,
        app: &App,
        tx: &mut Tx,
        actor: &Actor,
        precondition: &Precondition,
    ) -> Result<(), Error> {
        let found = LastChange::from(&self.revision);
        let Err(unmet) = precondition.check(actor.id(), &found) else { return Ok(()) };
        let refusal = unmet.refuse(&mut tx.conn(), &found, || json!(self.shown(app, actor))).await;
        if let Error::Stale(_) = refusal {
            self.note_read(app, actor, R::READ);
        }
        Err(refusal)
    }

    /// Validates a changed state. Fails with every error at once: read-only members that differ
    /// from the record, and all rules that the new state breaks.
    pub(super) fn check_state<T>(
        &self,
        read_only: &SentMembers,
        state: Result<T, FieldErrors>,
    ) -> Result<T, Error> {
        let mut errors = FieldErrors::default();
        read_only.compare(&json!(self.record), &mut errors);
        match state {
            Ok(state) => Ok(errors.into_result().map(|()| state)?),
            Err(more) => {
                errors.extend(more);
                Err(errors.into())
            }
        }
    }

    /// Fails with "not found" if the record is archived and the caller may not restore it, because
    /// other users can't see it.
    fn check_known(&self, app: &App, actor: &Actor) -> Result<(), Error> {
        let is_known = !self.record.is_archived()
            || access::may_with(actor, R::change(app), self.revision.owner);
        if is_known { Ok(()) } else { Err(Error::NotFound) }
    }

    /// The refusal of what contradicts this record, which the answer shows.
    pub(super) fn contradicts(
        &self,
        app: &App,
        actor: &Actor,
        field: &str,
        error: FieldError,
    ) -> Error {
        Error::Contradiction(Box::new(Contradiction {
            errors: FieldErrors::one(field, error),
            name: "existing",
            shown: json!(self.shown(app, actor)),
        }))
    }

    fn note_read(&self, app: &App, actor: &Actor, action: Option<&'static str>) {
        if let Some(action) = action {
            app.reads().note(actor, app.clock().now(), action, R::ENTITY, self.revision.id);
        }
    }
}

/// Fails if the caller can no longer see the record that a stored answer contains.
pub(super) async fn check_visible<R: Record>(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    id: R::Id,
) -> Result<(), Error> {
    R::get(app, conn, actor, id, ArchiveState::Any).await?.map(drop).ok_or(Error::NotFound)
}

/// Reads one record. An archived record is returned only on request, and only to users who may
/// restore it.
pub(crate) async fn read<R: Record>(
    app: &App,
    actor: &Actor,
    id: R::Id,
    archived: bool,
) -> Result<R, Error> {
    let mut read = app.db().read().await?;
    let state = ArchiveState::of(archived);
    let kept = R::get(app, &mut read.conn(), actor, id, state).await?.ok_or(Error::NotFound)?;
    drop(read);
    kept.check_known(app, actor)?;
    kept.note_read(app, actor, R::READ);
    Ok(kept.shown(app, actor))
}

/// Reads a record that the caller may change, and locks it until the transaction ends.
pub(super) async fn find_to_change<R: Record>(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    id: R::Id,
    state: ArchiveState,
) -> Result<Kept<R>, Error> {
    let mut conn = tx.conn();
    R::lock(&mut conn, id).await?;
    let kept = R::get(app, &mut conn, actor, id, ArchiveState::Any).await?;
    let kept = kept.ok_or(Error::NotFound)?;
    kept.check_known(app, actor)?;
    kept.record.check_unmerged()?;
    if kept.record.is_archived() && state == ArchiveState::Current {
        return Err(Error::NotFound);
    }
    access::check(actor, R::change(app), kept.revision.editor)?;
    Ok(kept)
}

/// The body of a request that creates a record, or changes the one with this id.
///
/// Fails if the body has errors. They include the named records that do not exist, and the read-only
/// members that differ from the record. Nothing is compared with a record that the caller may not see.
pub(super) async fn accept<R: Record, T>(
    app: &App,
    actor: &Actor,
    id: Option<R::Id>,
    draft: Draft<T>,
) -> Result<T, Error> {
    let mut errors = match draft.body {
        Ok(body) => return Ok(body),
        Err(errors) => errors,
    };
    let mut read = app.db().read().await?;
    let mut conn = read.conn();
    let mut old = None;
    if let Some(id) = id {
        let kept = R::get(app, &mut conn, actor, id, ArchiveState::Current).await?;
        let Some(kept) = kept else { return Err(errors.into()) };
        draft.read_only.compare(&json!(kept.record), &mut errors);
        old = Some(kept.record);
    }
    R::check_named(app, &mut conn, actor, old.as_ref(), &draft.references, &mut errors).await?;
    Err(errors.into())
}

/// Restores a record from the archive.
pub(crate) async fn restore<R: Entry>(
    app: &App,
    actor: &Actor,
    id: R::Id,
    precondition: &Precondition,
    restoring: Archiving,
) -> Result<R, Error> {
    let mut tx = app.db().begin().await?;
    let kept = find_to_change::<R>(app, &mut tx, actor, id, ArchiveState::Any).await?;
    if !kept.record.is_archived() {
        tx.commit().await?;
        return Ok(kept.shown(app, actor));
    }
    kept.check_version(app, &mut tx, actor, precondition).await?;
    let was_written = R::restore(app, &mut tx, actor, &kept).await?;
    let action = format!("{}.restored", R::ENTITY);
    let event = AuditEvent { reason: restoring.reason, ..kept.event(&action) };
    finish(app, tx, actor, (id, was_written), event).await
}

/// A record that was created in this transaction.
pub(super) async fn created<R: Record>(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    id: R::Id,
) -> Result<Kept<R>, Error> {
    let kept = R::get(app, &mut tx.conn(), actor, id, ArchiveState::Current).await?;
    kept.ok_or(Error::NotFound)
}

/// Completes a creation: stores the answer under the idempotency key, commits, and returns the
/// record.
pub(super) async fn finish_new<R: Record>(
    app: &App,
    mut tx: Tx,
    actor: &Actor,
    idempotency_key: Option<&IdempotencyKey>,
    new: Kept<R>,
) -> Result<R, Error> {
    let (shown, record) = (new.shown(app, actor), (R::ENTITY, new.revision.id));
    idempotency::keep(&mut tx.conn(), actor, idempotency_key, record, &shown).await?;
    tx.commit().await?;
    Ok(shown)
}

/// Completes a change: notes it, commits, and returns the new record. `was_written` tells whether
/// the row still had the version that was read.
pub(super) async fn finish<R: Record>(
    app: &App,
    mut tx: Tx,
    actor: &Actor,
    (id, was_written): (R::Id, bool),
    event: AuditEvent<'_>,
) -> Result<R, Error> {
    if !was_written {
        return Err(overtaken::<R>(app, tx, actor, id).await);
    }
    let new = R::get(app, &mut tx.conn(), actor, id, ArchiveState::Any).await?;
    finish_changed(app, tx, actor, new.ok_or(Error::NotFound)?, event).await
}

/// Completes a change whose new record is known: notes it, commits, and returns the record.
pub(super) async fn finish_changed<R: Record>(
    app: &App,
    mut tx: Tx,
    actor: &Actor,
    new: Kept<R>,
    mut event: AuditEvent<'_>,
) -> Result<R, Error> {
    event.version = Some(new.revision.version);
    let (by, at) = (AuditActor::Actor(actor), new.revision.changed_at);
    audit::note(&mut tx.conn(), by, at, event).await?;
    tx.commit().await?;
    Ok(new.shown(app, actor))
}

/// The error for a write that another write has overtaken. The row is locked before it is read, so
/// this is the second line of defence.
pub(super) async fn overtaken<R: Record>(app: &App, tx: Tx, actor: &Actor, id: R::Id) -> Error {
    drop(tx);
    let refused = async {
        let mut read = app.db().read().await?;
        let mut conn = read.conn();
        let kept = R::get(app, &mut conn, actor, id, ArchiveState::Any).await?;
        let kept = kept.ok_or(Error::NotFound)?;
        let found = LastChange::from(&kept.revision);
        let unmet = Unmet::overtaken(actor.id(), &found);
        let refusal = unmet.refuse(&mut conn, &found, || json!(kept.shown(app, actor))).await;
        if let Error::Stale(_) = refusal {
            kept.note_read(app, actor, R::READ);
        }
        Ok(refusal)
    };
    refused.await.unwrap_or_else(|error| error)
}

/// A page of a record's history, newest first.
pub(crate) async fn history<R: Record>(
    app: &App,
    actor: &Actor,
    id: R::Id,
    query: &ListQuery,
) -> Result<PageSlice<HistoryEntry>, Error> {
    let pages = query.pages();
    let page: PageRequest<i64> = PageRequest::read(app, pages, "history")?;
    let mut read = app.db().read().await?;
    let mut conn = read.conn();
    let kept = R::get(app, &mut conn, actor, id, ArchiveState::Any).await?;
    let kept = kept.ok_or(Error::NotFound)?;
    kept.check_known(app, actor)?;
    access::check(actor, R::READ_HISTORY, kept.revision.owner)?;
    kept.note_read(app, actor, R::HISTORY_READ);
    let others = kept.record.with_history_of(&mut conn).await?;
    changelog::page(app, &mut conn, actor, &page, (R::ENTITY, kept.revision.id, &others)).await
}
