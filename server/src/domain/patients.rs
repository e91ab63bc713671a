//! Patients.

mod many;

use serde_json::json;
use shared::{
    Complaint, Faults, Mrn, UserId,
    account::Role,
    history::{Change, HistoryEntry},
    id::PatientId,
    page::COUNT_MAX,
    patient::{Archiving, NewPatient, Patient, PatientFilter, PatientInput, PatientState, Purging},
    query::ListQuery,
};

use super::{
    access::{self, Action, Scope, patient_permissions, scope},
    assignments, history, links,
    listing::{Asked, Window, read_list},
    once::{self, Once},
    precondition::{Found, Precondition, stale},
};
use crate::{
    app::App,
    db::{
        self, Conn, DbError, Shelf, Tx,
        listing::{Listed, count},
        patients::{self, Listing, PatientRow},
    },
    error::Error,
    services::{
        actor::Actor,
        audit::{self, Deed, Doer, differences},
    },
};

pub(crate) use many::{Claimed, already_there, find_taken, register_many};

const ENTITY: &str = "patient";

/// Registers a patient.
pub async fn register(
    app: &App,
    actor: &Actor,
    new: &NewPatient,
    once: Option<&Once>,
) -> Result<Patient, Error> {
    scope(actor, Action::CreatePatient)?;
    let today = app.clock().today();
    let state = PatientState::default().changed_by(&new.0, today)?;
    let mut tx = app.db().begin().await?;
    if let Some(answer) = once::claim::<Patient>(app, &mut tx.conn(), actor, once).await? {
        check_visible(app, &mut tx.conn(), actor, answer.id).await?;
        return Ok(answer);
    }
    let id = insert(app, &mut tx.conn(), actor, &state, "patient.created").await?;
    let row = patients::get(&mut tx.conn(), id, Scope::All, Shelf::Current, today).await?;
    let patient = with_permissions(actor, row.ok_or(Error::NotFound)?.patient);
    once::keep(&mut tx.conn(), actor, once, (ENTITY, id.0), &patient).await?;
    tx.commit().await?;
    Ok(patient)
}

/// Fails where the caller may not see a patient any more, of whom an answer was kept.
pub(super) async fn check_visible(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    id: PatientId,
) -> Result<(), Error> {
    let visible = scope(actor, Action::ReadPatient)?;
    let today = app.clock().today();
    let found = patients::get(conn, id, visible, Shelf::Both, today).await?;
    found.map(drop).ok_or(Error::NotFound)
}

/// Inserts a patient and notes it, in a transaction of the caller's.
pub(crate) async fn insert(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    state: &PatientState,
    action: &str,
) -> Result<PatientId, Error> {
    let now = app.clock().now();
    check_identifiers(conn, state, None).await?;
    let mrn = patients::next_mrn(conn).await?;
    let inserted = patients::insert(conn, &mrn, state, actor.id(), now).await;
    let id = inserted.map_err(taken_identifier)?;
    let mut deed = Deed::new(action, ENTITY, Some(id.0));
    deed.version = Some(1);
    deed.changes = changes(&PatientState::default(), state)?;
    deed.changes.insert(0, mrn_change(&mrn));
    audit::note(conn, Doer::Actor(actor), now, deed).await?;
    Ok(id)
}

fn mrn_change(mrn: &Mrn) -> Change {
    Change { field: "mrn".to_owned(), old: serde_json::Value::Null, new: mrn.as_str().into() }
}

/// A list of patients.
pub async fn list(
    app: &App,
    actor: &Actor,
    filter: &PatientFilter,
) -> Result<Window<Patient>, Error> {
    let visible = scope(actor, Action::ReadPatient)?;
    if filter.archived == Some(true) {
        scope(actor, Action::ListArchivedPatients)?;
    }
    let today = app.clock().today();
    let listing = Listing { filter, search: None, scope: visible, today };
    let pages = (filter.page, filter.page_size, filter.cursor.as_deref());
    let (asked, search) = read_list(pages, listing.order(), filter.search.as_deref())?;
    let listing = Listing { search: search.as_ref(), ..listing };
    let mut lent = app.db().read().await?;
    let mut conn = lent.conn();
    let rows = patients::list(&mut conn, &listing, &asked.span()).await?;
    let count = count(&mut conn, &listing, COUNT_MAX + 1).await?;
    if count == 0
        && let Some(complaint) = search.as_ref().and_then(|search| search.mistyped_mrn.clone())
    {
        return Err(Error::invalid("search", complaint));
    }
    Ok(asked.placed(rows, count)?.map(|row| row.patient))
}

/// One patient. One from the archive is shown only where it is asked for.
pub async fn read(
    app: &App,
    actor: &Actor,
    id: PatientId,
    archived: bool,
) -> Result<Patient, Error> {
    // Who may restore it still reads it.
    let action = if archived { Action::ChangePatient } else { Action::ReadPatient };
    let visible = scope(actor, action)?;
    let shelf = if archived { Shelf::Archive } else { Shelf::Current };
    let mut lent = app.db().read().await?;
    let row = patients::get(&mut lent.conn(), id, visible, shelf, app.clock().today()).await?;
    drop(lent);
    let patient = row.ok_or(Error::NotFound)?.patient;
    app.reads().note(actor, app.clock().now(), "patient.read", ENTITY, id.0);
    Ok(with_permissions(actor, patient))
}

/// Changes a patient.
pub async fn update(
    app: &App,
    actor: &Actor,
    id: PatientId,
    precondition: &Precondition,
    input: &PatientInput,
) -> Result<Patient, Error> {
    let today = app.clock().today();
    let now = app.clock().now();
    let mut tx = app.db().begin().await?;
    let row = find(app, &mut tx, actor, id, Shelf::Current).await?;
    access::check(actor, Action::ChangePatient, row.patient.created_by)?;
    row.check(app, actor, precondition)?;
    let old = row.patient.state();
    let mut faults = Faults::default();
    input.echo.compare(&json!(row.patient), &mut faults);
    let state = match old.changed_by(input, today) {
        Ok(state) => state,
        Err(more) => {
            faults.extend(more);
            return Err(faults.into());
        }
    };
    faults.into_result()?;
    let changes = changes(&old, &state)?;
    if changes.is_empty() {
        return Ok(with_permissions(actor, row.patient));
    }
    check_identifiers(&mut tx.conn(), &state, Some(id)).await?;
    let written = patients::update(&mut tx.conn(), &row.patient, &state, actor.id(), now).await;
    if !written.map_err(taken_identifier)? {
        return Err(overtaken(app, tx, actor, id).await);
    }
    let mut deed = Deed::new("patient.updated", ENTITY, Some(id.0));
    deed.changes = changes;
    finish(app, tx, actor, id, deed).await
}

fn changes(old: &PatientState, new: &PatientState) -> Result<Vec<Change>, Error> {
    let mut changes = differences(&old.fields, &new.fields)?;
    if old.date_of_birth_estimated != new.date_of_birth_estimated {
        changes.push(Change {
            field: "date_of_birth_estimated".to_owned(),
            old: old.date_of_birth_estimated.into(),
            new: new.date_of_birth_estimated.into(),
        });
    }
    Ok(changes)
}

/// Puts a patient into the archive.
pub async fn archive(
    app: &App,
    actor: &Actor,
    id: PatientId,
    precondition: &Precondition,
    archiving: Archiving,
) -> Result<Patient, Error> {
    shelve(app, actor, id, precondition, true, archiving.reason).await
}

/// Brings a patient back from the archive.
pub async fn restore(
    app: &App,
    actor: &Actor,
    id: PatientId,
    precondition: &Precondition,
    restoring: Archiving,
) -> Result<Patient, Error> {
    shelve(app, actor, id, precondition, false, restoring.reason).await
}

async fn shelve(
    app: &App,
    actor: &Actor,
    id: PatientId,
    precondition: &Precondition,
    into_archive: bool,
    reason: Option<String>,
) -> Result<Patient, Error> {
    let now = app.clock().now();
    let mut tx = app.db().begin().await?;
    // Who restores again, since an answer was lost, finds the record as it was wanted.
    let from = if into_archive { Shelf::Current } else { Shelf::Both };
    let row = find(app, &mut tx, actor, id, from).await?;
    let owner = row.patient.created_by;
    if row.patient.archived_at.is_some() && !access::may_with(actor, Action::ChangePatient, owner) {
        // What is archived is known to those alone who may restore it.
        return Err(Error::NotFound);
    }
    access::check(actor, Action::ChangePatient, owner)?;
    if !into_archive && row.patient.archived_at.is_none() {
        return Ok(with_permissions(actor, row.patient));
    }
    row.check(app, actor, precondition)?;
    if !into_archive {
        check_identifiers(&mut tx.conn(), &row.patient.state(), Some(id)).await?;
    }
    let archived_at = into_archive.then_some(now);
    let written =
        patients::shelve(&mut tx.conn(), &row.patient, archived_at, actor.id(), now).await;
    if !written.map_err(taken_identifier)? {
        return Err(overtaken(app, tx, actor, id).await);
    }
    if into_archive {
        assignments::rest(app, &mut tx, actor, id).await?;
    } else {
        assignments::resume(app, &mut tx, actor, id).await?;
    }
    let action = if into_archive { "patient.archived" } else { "patient.restored" };
    let mut deed = Deed::new(action, ENTITY, Some(id.0));
    deed.reason = reason;
    finish(app, tx, actor, id, deed).await
}

/// Erases a patient for good. The audit log keeps that it happened and not what it was.
pub async fn purge(
    app: &App,
    actor: &Actor,
    id: PatientId,
    precondition: &Precondition,
    purging: Purging,
) -> Result<(), Error> {
    let now = app.clock().now();
    let mut tx = app.db().begin().await?;
    let row = find(app, &mut tx, actor, id, Shelf::Both).await?;
    scope(actor, Action::PurgePatient)?;
    row.check(app, actor, precondition)?;
    assignments::lock_doctors_of(&mut tx.conn(), id).await?;
    assignments::erase_of(&mut tx.conn(), id).await?;
    erase(&mut tx.conn(), ENTITY, id.0).await?;
    let mut deed = Deed::new("patient.purged", ENTITY, Some(id.0));
    (deed.version, deed.reason) = (Some(row.patient.version + 1), Some(purging.reason));
    // Before the record goes: who may know of it is read off it.
    audit::note(&mut tx.conn(), Doer::Actor(actor), now, deed).await?;
    if !patients::remove(&mut tx.conn(), &row.patient).await? {
        return Err(overtaken(app, tx, actor, id).await);
    }
    tx.commit().await?;
    app.db().erase_log().await;
    Ok(())
}

/// Erases what is kept about a record beside itself: the values in the audit log, and answers that
/// were kept for requests that are sent again.
pub(crate) async fn erase(conn: &mut Conn<'_>, entity: &str, id: i64) -> Result<(), Error> {
    db::audit::erase(conn, entity, id).await?;
    Ok(db::idempotency::erase(conn, entity, id).await?)
}

/// Says which account belongs to a patient, or with `None` that none does.
pub async fn link(
    app: &App,
    actor: &Actor,
    id: PatientId,
    precondition: &Precondition,
    user: Option<UserId>,
) -> Result<Patient, Error> {
    scope(actor, Action::LinkUser)?;
    let now = app.clock().now();
    let mut tx = app.db().begin().await?;
    // From the archive an account can still be taken away, so that it can be given to another.
    let shelf = if user.is_some() { Shelf::Current } else { Shelf::Both };
    let row = find(app, &mut tx, actor, id, shelf).await?;
    row.check(app, actor, precondition)?;
    if row.patient.linked_user == user {
        return Ok(with_permissions(actor, row.patient));
    }
    links::check(&mut tx.conn(), user, Role::Patient).await?;
    let written = patients::link(&mut tx.conn(), &row.patient, user, actor.id(), now).await;
    if !written.map_err(links::taken)? {
        return Err(overtaken(app, tx, actor, id).await);
    }
    let mut deed = Deed::new("patient.linked", ENTITY, Some(id.0));
    deed.changes = vec![links::change(row.patient.linked_user, user)];
    finish(app, tx, actor, id, deed).await
}

/// What was done with a patient, newest first.
pub async fn history(
    app: &App,
    actor: &Actor,
    id: PatientId,
    query: &ListQuery,
) -> Result<Window<HistoryEntry>, Error> {
    let visible = scope(actor, Action::ReadPatient)?;
    let asked: Asked<i64> =
        Asked::read(query.page, query.page_size, query.cursor.as_deref(), "history")?;
    let mut lent = app.db().read().await?;
    let mut conn = lent.conn();
    let today = app.clock().today();
    let row = patients::get(&mut conn, id, visible, Shelf::Both, today).await?;
    let owner = row.ok_or(Error::NotFound)?.patient.created_by;
    access::check(actor, Action::ReadPatientHistory, owner)?;
    app.reads().note(actor, app.clock().now(), "patient.history_read", ENTITY, id.0);
    history::page(&mut conn, &asked, ENTITY, id.0).await
}

impl PatientRow {
    fn found(&self) -> Found<'_> {
        Found {
            version: self.patient.version,
            changed_by: self.changed_by,
            changed_by_name: &self.changed_by_name,
            changed_at: self.patient.updated_at,
        }
    }

    /// Lets a write through. A refusal shows the record, which is then noted as read.
    fn check(&self, app: &App, actor: &Actor, precondition: &Precondition) -> Result<(), Error> {
        let checked = precondition.check(actor.id(), &self.found(), || self.shown_to(actor));
        if let Err(Error::Stale(_)) = checked {
            let (now, id) = (app.clock().now(), self.patient.id.0);
            app.reads().note(actor, now, "patient.read", ENTITY, id);
        }
        checked
    }

    fn shown_to(&self, actor: &Actor) -> serde_json::Value {
        json!(with_permissions(actor, self.patient.clone()))
    }
}

fn with_permissions(actor: &Actor, patient: Patient) -> Patient {
    Patient { permissions: Some(patient_permissions(actor, &patient)), ..patient }
}

async fn find(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    id: PatientId,
    shelf: Shelf,
) -> Result<PatientRow, Error> {
    let action = match shelf {
        Shelf::Current | Shelf::Both => Action::ReadPatient,
        Shelf::Archive => Action::ChangePatient,
    };
    let visible = scope(actor, action)?;
    patients::lock(&mut tx.conn(), id).await?;
    let row = patients::get(&mut tx.conn(), id, visible, shelf, app.clock().today()).await?;
    row.ok_or(Error::NotFound)
}

/// Notes a write, commits it and answers the record as it is then.
async fn finish(
    app: &App,
    mut tx: Tx,
    actor: &Actor,
    id: PatientId,
    mut deed: Deed<'_>,
) -> Result<Patient, Error> {
    let row = find(app, &mut tx, actor, id, Shelf::Both).await?;
    deed.version = Some(row.patient.version);
    audit::note(&mut tx.conn(), Doer::Actor(actor), row.patient.updated_at, deed).await?;
    tx.commit().await?;
    Ok(with_permissions(actor, row.patient))
}

/// The refusal for a write that somebody else was quicker than. The row is locked before it is read,
/// so this is the second line of defence.
async fn overtaken(app: &App, tx: Tx, actor: &Actor, id: PatientId) -> Error {
    drop(tx);
    let read = async {
        let mut tx = app.db().begin().await?;
        find(app, &mut tx, actor, id, Shelf::Both).await
    };
    match read.await {
        Ok(row) => stale(&row.found(), row.shown_to(actor)),
        Err(error) => error,
    }
}

fn taken(place: usize) -> (String, Complaint) {
    let message = "another patient has this identifier already";
    (format!("identifiers[{place}]"), Complaint::new("not_unique", message))
}

/// Names every identifier that another patient has; the index decides between two who come at the
/// same moment.
async fn check_identifiers(
    conn: &mut Conn<'_>,
    state: &PatientState,
    own: Option<PatientId>,
) -> Result<(), Error> {
    let mut faults = Faults::default();
    for (i, identifier) in state.fields.identifiers.iter().flatten().enumerate() {
        let holder = patients::with_identifier(conn, &identifier.system, &identifier.value).await?;
        if holder.is_some() && holder != own {
            let (field, complaint) = taken(i);
            faults.add(field, complaint);
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::Conflict(faults)) }
}

fn taken_identifier(error: DbError) -> Error {
    match error {
        DbError::Unique(key) if key.starts_with("patient_identifiers_") => {
            let (_, complaint) = taken(0);
            Error::Conflict(Faults::one("identifiers", complaint))
        }
        other => other.into(),
    }
}
