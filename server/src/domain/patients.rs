//! Patients.

mod many;

use serde_json::json;
use shared::{
    Complaint, Faults, Mrn,
    history::{Change, HistoryEntry},
    id::PatientId,
    page::COUNT_MAX,
    patient::{Archiving, NewPatient, Patient, PatientFilter, PatientInput, PatientState, Purging},
    query::ListQuery,
};

use super::{
    access::{Action, Actor, Scope, patient_permissions, scope},
    audit::{self, Deed, Doer, differences},
    listing::{Asked, Window},
    precondition::{Found, Precondition, stale},
};
use crate::{
    app::App,
    db::{
        self, Conn, DbError, Tx,
        patients::{self, Key, Listing, Order, PatientRow, Shelf},
        search::Search,
    },
    error::Error,
};

pub(crate) use many::{BATCH, Claimed, already_there, find_taken, register_many};

const ENTITY: &str = "patient";

/// Registers a patient.
pub async fn register(app: &App, actor: &Actor, new: &NewPatient) -> Result<Patient, Error> {
    scope(actor, Action::CreatePatient)?;
    let today = app.clock().today();
    let state = PatientState::default().changed_by(&new.0, today)?;
    let mut tx = app.db().begin().await?;
    let id = insert(app, &mut tx.conn(), actor, &state, "patient.created").await?;
    let row = patients::get(&mut tx.conn(), id, Scope::All, Shelf::Current, today).await?;
    let patient = row.ok_or(Error::NotFound)?.patient;
    tx.commit().await?;
    Ok(with_permissions(actor, patient))
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
    let visible = scope(actor, Action::UsePatient)?;
    if filter.archived == Some(true) {
        scope(actor, Action::ListArchivedPatients)?;
    }
    let search = filter.search.as_deref().map(Search::parse).transpose();
    let (order, is_descending) = order_of(filter.ordering.as_deref(), filter.search.is_some());
    let ordering = format!("{order:?}{is_descending}");
    let asked: Result<Asked<Key>, Faults> =
        Asked::read(filter.page, filter.page_size, filter.cursor.as_deref(), &ordering);
    let (search, asked) = match (search, asked) {
        (Ok(search), Ok(asked)) => (search, asked),
        (search, asked) => {
            let mut faults = asked.err().unwrap_or_default();
            faults.extend(search.err().map(|c| Faults::one("search", c)).unwrap_or_default());
            return Err(faults.into());
        }
    };
    let today = app.clock().today();
    let search = search.as_ref();
    let listing = Listing { filter, search, scope: visible, order, is_descending, today };
    let mut lent = app.db().read().await?;
    let mut conn = lent.conn();
    let (key, backwards) = (asked.key(), asked.is_backwards());
    let rows =
        patients::list(&mut conn, &listing, key, backwards, asked.size + 1, asked.offset()).await?;
    let count = patients::count(&mut conn, &listing, COUNT_MAX + 1).await?;
    if count == 0
        && let Some(complaint) = search.and_then(|search| search.mistyped_mrn.clone())
    {
        return Err(Error::invalid("search", complaint));
    }
    let no_key = Key { rank: 0, value: String::new(), id: 0 };
    let window = asked.window(rows, count, |row| row.key.clone().unwrap_or(no_key.clone()))?;
    Ok(Window {
        count: window.count,
        is_capped: window.is_capped,
        next: window.next,
        previous: window.previous,
        rows: window.rows.into_iter().map(|row| row.patient).collect(),
    })
}

fn order_of(ordering: Option<&str>, is_search: bool) -> (Order, bool) {
    let Some(ordering) = ordering else {
        return (if is_search { Order::Rank } else { Order::Name }, false);
    };
    let order = match ordering.trim_start_matches('-') {
        "first_name" => Order::FirstName,
        "date_of_birth" => Order::Born,
        "created_at" => Order::Created,
        "updated_at" => Order::Updated,
        "id" => Order::Id,
        _ => Order::Name,
    };
    (order, ordering.starts_with('-'))
}

/// One patient. One from the archive is shown only where it is asked for.
pub async fn read(
    app: &App,
    actor: &Actor,
    id: PatientId,
    archived: bool,
) -> Result<Patient, Error> {
    let visible = scope(actor, Action::UsePatient)?;
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
    let from = if into_archive { Shelf::Current } else { Shelf::Archive };
    let row = find(app, &mut tx, actor, id, from).await?;
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
    db::audit::erase(&mut tx.conn(), ENTITY, id.0).await?;
    let mut deed = Deed::new("patient.purged", ENTITY, Some(id.0));
    (deed.version, deed.reason) = (Some(row.patient.version + 1), Some(purging.reason));
    // Before the record goes: who may know of it is read off it.
    audit::note(&mut tx.conn(), Doer::Actor(actor), now, deed).await?;
    if !patients::remove(&mut tx.conn(), &row.patient).await? {
        return Err(overtaken(app, tx, actor, id).await);
    }
    tx.commit().await
}

/// What was done with a patient, newest first.
pub async fn history(
    app: &App,
    actor: &Actor,
    id: PatientId,
    query: &ListQuery,
) -> Result<Window<HistoryEntry>, Error> {
    let visible = scope(actor, Action::UsePatient)?;
    let asked: Asked<i64> =
        Asked::read(query.page, query.page_size, query.cursor.as_deref(), "history")?;
    let mut lent = app.db().read().await?;
    let mut conn = lent.conn();
    let today = app.clock().today();
    let row = patients::get(&mut conn, id, visible, Shelf::Both, today).await?;
    row.ok_or(Error::NotFound)?;
    app.reads().note(actor, app.clock().now(), "patient.history_read", ENTITY, id.0);
    let place = asked.key().copied();
    let (limit, offset) = (asked.size + 1, asked.offset());
    let backwards = asked.is_backwards();
    let rows = db::audit::history(&mut conn, ENTITY, id.0, place, backwards, limit, offset).await?;
    let count = db::audit::count_history(&mut conn, ENTITY, id.0, COUNT_MAX + 1).await?;
    asked.window(rows, count, |entry| entry.id.0)
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
    let visible = scope(actor, Action::UsePatient)?;
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

/// The refusal for a write that somebody else was quicker than: on PostgreSQL two can read the
/// same version, and only one of them writes.
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
