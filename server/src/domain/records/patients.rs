//! Patients.

mod bulk;
mod duplicates;
mod likely;
mod merging;
mod pairs;

use serde_json::json;
use shared::{
    FieldError, FieldErrors,
    history::Change,
    id::PatientId,
    patient::{
        Archiving, Former, NewPatient, Patient, PatientFilter, PatientInput, PatientState, Purging,
    },
    read::Draft,
};

use super::{
    Record, accept, assignments, check_visible, find_to_change, finish, finish_changed, finish_new,
    overtaken, visits,
};
use crate::{
    app::App,
    db::{
        self, ArchiveState, Conn, DbError, Tx, UniqueKey,
        listing::{Listed, Seek},
        patients::{self, Listing},
        records::Kept,
        search::Search,
    },
    domain::{
        access::{Action, scope},
        idempotency::{self, IdempotencyKey},
        listing::{PageSlice, read_page},
        precondition::Precondition,
    },
    error::Error,
    services::{
        actor::Actor,
        audit::{self, AuditActor, AuditEvent, differences},
    },
};

pub(crate) use crate::db::patients::Provenance;
pub(crate) use bulk::{Arriving, Claimed, PatientKey, already_there, check_many, register_many};
pub use duplicates::find_matches;
pub use likely::OnDuplicate;
pub(crate) use likely::{LikelyDuplicate, Registration};
pub(crate) use merging::merged;
pub use merging::{merge, read, unmerge};
pub(crate) use pairs::find_earlier;
pub use pairs::{dismiss, list as list_pairs};

/// Registers a patient.
pub async fn register(
    app: &App,
    actor: &Actor,
    new: &NewPatient,
    idempotency_key: Option<&IdempotencyKey>,
) -> Result<Patient, Error> {
    scope(actor, Action::CreatePatient)?;
    let today = app.clock().today();
    let state = PatientState::default().changed_by(&new.input, today)?;
    let mut tx = app.db().begin().await?;
    if let Some(answer) =
        idempotency::claim::<Patient>(app, &mut tx.conn(), actor, idempotency_key).await?
    {
        check_visible::<Patient>(app, &mut tx.conn(), actor, answer.id).await?;
        // An answer that an earlier version has stored lacks `has_allergies`.
        tx.commit().await?;
        let has_allergies = answer.has_allergies || answer.allergies.is_some();
        return Ok(answered(Patient { has_allergies, ..answer }, actor));
    }
    let mut conn = tx.conn();
    let now = app.clock().now();
    check_identifiers(&mut conn, &state, None).await?;
    let compared = duplicates::check(app, &mut conn, actor, &state, new).await?;
    let inserted = patients::insert(&mut conn, &state, &actor.user, now, today).await;
    let kept = inserted.map_err(taken_identifier)?;
    pairs::keep_new(app, &mut conn, &kept.record, compared.all).await?;
    let mut event = registered("patient.created", kept.record.id, &kept.record.mrn, &state)?;
    if let Some(seen) = new.duplicates_seen.as_ref().filter(|seen| !seen.is_empty()) {
        let (field, old) = ("duplicates_seen".to_owned(), serde_json::Value::Null);
        event.changes.push(Change { field, old, new: json!(seen) });
    }
    event.reason.clone_from(&new.duplicates_reason);
    audit::note(&mut conn, AuditActor::Actor(actor), now, event).await?;
    let patient = finish_new(app, tx, actor, idempotency_key, kept).await?;
    // The stored answer does without: whoever is purged later is not in answers about others.
    let possible_duplicates = Some(compared.likely).filter(|likely| !likely.is_empty());
    Ok(Patient { possible_duplicates, ..patient })
}

/// A patient as it is answered, without its clinical members if the request excludes them.
pub(super) fn answered(patient: Patient, actor: &Actor) -> Patient {
    if actor.withholds_clinical { patient.without_clinical() } else { patient }
}

/// The audit event for a new patient.
fn registered<'a>(
    action: &'a str,
    id: PatientId,
    mrn: &str,
    state: &PatientState,
) -> Result<AuditEvent<'a>, Error> {
    let mut changes = changes(&PatientState::default(), state)?;
    let (old, new) = (serde_json::Value::Null, mrn.into());
    changes.insert(0, Change { field: "mrn".to_owned(), old, new });
    Ok(AuditEvent {
        version: Some(1),
        changes,
        ..AuditEvent::new(action, Patient::ENTITY, Some(id.0))
    })
}

/// A list of patients.
pub async fn list(
    app: &App,
    actor: &Actor,
    filter: &PatientFilter,
) -> Result<PageSlice<Patient>, Error> {
    let visible = scope(actor, Action::ReadPatient)?;
    if filter.archived == Some(true) {
        scope(actor, Action::ListArchivedPatients)?;
    }
    let today = app.clock().today();
    let clinical = filter.clinical != Some(false);
    let listing = Listing { filter, search: None, scope: visible, today, clinical };
    let (pages, typed) = (filter.pages(), filter.search.as_deref());
    let search = typed.map(Search::parse);
    if filter.ordering.is_some() || !matches!(&search, Some(Ok(search)) if search.has_words()) {
        let (page, search) = read_page(app, pages, listing.order().name(), search)?;
        let listing = Listing { search: search.as_ref(), ..listing };
        refuse_mistyped(app, &listing).await?;
        return match listing.search.filter(|search| search.has_words()) {
            Some(search) => page.find_ordered(app, &listing, search).await,
            None => page.fetch(app, &listing).await,
        };
    }
    let (page, search) = read_page(app, pages, FOUND, search)?;
    let search = search.unwrap_or_default();
    let listing = Listing { search: Some(&search), ..listing };
    refuse_mistyped(app, &listing).await?;
    page.find(app, &listing, &search).await
}

/// The name of the list of found patients in cursors.
const FOUND: &str = "found patients";

/// Refuses a search that finds nobody and has a medical record number with a wrong check letter. The check
/// comes before a page is read: of a list without rows there is no second one.
async fn refuse_mistyped(app: &App, listing: &Listing<'_>) -> Result<(), Error> {
    let Some(search) = listing.search else { return Ok(()) };
    let Some(mistyped) = &search.mistyped_mrn else { return Ok(()) };
    let mut read = app.db().read().await?;
    let mut conn = read.conn();
    let seek = Seek { place: None, is_backwards: false, limit: 1, offset: 0 };
    let finder = listing.finder(&mut conn, search).await?;
    match finder.find(&mut conn, &seek).await?.rows.is_empty() {
        true => Err(Error::invalid("search", mistyped.clone())),
        false => Ok(()),
    }
}

/// Changes a patient.
pub async fn update(
    app: &App,
    actor: &Actor,
    id: PatientId,
    precondition: &Precondition,
    draft: Draft<PatientInput>,
) -> Result<Patient, Error> {
    let input = accept::<Patient, _>(app, actor, Some(id), draft).await?;
    let (now, today) = (app.clock().now(), app.clock().today());
    let mut tx = app.db().begin().await?;
    let row = find_to_change::<Patient>(app, &mut tx, actor, id, ArchiveState::Current).await?;
    row.check_version(app, &mut tx, actor, precondition).await?;
    let old = row.record.state();
    let state = row.check_state(&input.read_only, old.changed_by(&input, today))?;
    let changes = changes(&old, &state)?;
    if changes.is_empty() {
        tx.commit().await?;
        return Ok(row.shown(app, actor));
    }
    if state.fields.identifiers != old.fields.identifiers {
        check_identifiers(&mut tx.conn(), &state, Some(id)).await?;
    }
    let new = (&state, Former::after(&row.record, &state.fields));
    let written = patients::update(&mut tx.conn(), &row, new, &actor.user, (now, today)).await;
    let Some(new) = written.map_err(taken_identifier)? else {
        return Err(overtaken::<Patient>(app, tx, actor, id).await);
    };
    if pairs::concerns(&old, &state) {
        pairs::find(app, &mut tx.conn(), &new.record, Some(&old)).await?;
    }
    let event = AuditEvent { changes, ..row.event("patient.updated") };
    finish_changed(app, tx, actor, new, event).await
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

/// Archives a patient.
pub async fn archive(
    app: &App,
    actor: &Actor,
    id: PatientId,
    precondition: &Precondition,
    archiving: Archiving,
) -> Result<Patient, Error> {
    let mut tx = app.db().begin().await?;
    let row = find_to_change::<Patient>(app, &mut tx, actor, id, ArchiveState::Any).await?;
    if row.record.is_archived() {
        tx.commit().await?;
        return Ok(row.shown(app, actor));
    }
    row.check_version(app, &mut tx, actor, precondition).await?;
    let now = app.clock().now();
    // The assignments come first: the figures of assignments need them locked.
    assignments::suspend(app, &mut tx, actor, id).await?;
    let was_written =
        patients::set_archived(&mut tx.conn(), &row, Some(now), None, (actor.id(), now)).await?;
    visits::end_all(app, &mut tx.conn(), actor, id).await?;
    patients::pairs::remove_of(&mut tx.conn(), id).await?;
    let event = AuditEvent { reason: archiving.reason, ..row.event("patient.archived") };
    finish(app, tx, actor, (id, was_written), event).await
}

/// Restores a patient from the archive, with the assignments that archiving has ended.
pub(crate) async fn restore(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    row: &Kept<Patient>,
) -> Result<bool, Error> {
    let (id, now) = (row.record.id, app.clock().now());
    check_identifiers(&mut tx.conn(), &row.record.state(), Some(id)).await?;
    let written = patients::set_archived(&mut tx.conn(), row, None, None, (actor.id(), now)).await;
    let was_written = written.map_err(taken_identifier)?;
    assignments::reactivate(app, tx, actor, id).await?;
    pairs::find(app, &mut tx.conn(), &row.record, None).await?;
    Ok(was_written)
}

/// Erases a patient permanently, with all records that were merged with this one. The audit log keeps the fact, but
/// none of the erased data.
pub async fn purge(
    app: &App,
    actor: &Actor,
    id: PatientId,
    precondition: &Precondition,
    purging: Purging,
) -> Result<(), Error> {
    let mut tx = app.db().begin().await?;
    let all = merging::family(&mut tx.conn(), id).await?;
    for one in &all {
        Patient::lock(&mut tx.conn(), *one).await?;
    }
    // A merge may have come before the locks.
    if merging::family(&mut tx.conn(), id).await? != all {
        return Err(Error::changed_meanwhile());
    }
    let row = Patient::get(app, &mut tx.conn(), actor, id, ArchiveState::Any).await?;
    let row = row.ok_or(Error::NotFound)?;
    scope(actor, Action::PurgePatient)?;
    row.check_version(app, &mut tx, actor, precondition).await?;
    assignments::lock_doctors_of(&mut tx.conn(), &all).await?;
    for one in all {
        let row = Patient::get(app, &mut tx.conn(), actor, one, ArchiveState::Any).await?;
        let row = row.ok_or_else(Error::changed_meanwhile)?;
        if !purge_one(app, &mut tx.conn(), actor, &row, &purging.reason).await? {
            return Err(overtaken::<Patient>(app, tx, actor, one).await);
        }
    }
    tx.commit().await?;
    app.db().erase_log().await;
    Ok(())
}

/// Erases one record with what is about it. Returns whether the row still had the version that was read.
async fn purge_one(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    row: &Kept<Patient>,
    reason: &str,
) -> Result<bool, Error> {
    let id = row.record.id;
    for (table, entity) in db::records::ABOUT_PATIENTS {
        for about in db::records::about(conn, table, id).await? {
            erase(conn, entity, about).await?;
        }
    }
    erase(conn, Patient::ENTITY, id.0).await?;
    // A merge that was undone has left values in the history of the other record.
    for other in patients::pairs::known(conn, id).await?.different {
        db::audit::erase_merges(conn, other, id).await?;
    }
    db::idempotency::erase_corrected_visits(conn, id).await?;
    let mut event = row.event("patient.purged");
    (event.version, event.reason) = (Some(row.revision.version + 1), Some(reason.to_owned()));
    // Noted before the record is deleted, because the record determines who may see the event.
    audit::note(conn, AuditActor::Actor(actor), app.clock().now(), event).await?;
    Ok(patients::remove(conn, &row.record).await?)
}

/// Erases the stored values of a record elsewhere: those in the audit log, and stored answers
/// under idempotency keys.
pub(crate) async fn erase(conn: &mut Conn<'_>, entity: &str, id: i64) -> Result<(), Error> {
    db::audit::erase(conn, entity, id).await?;
    Ok(db::idempotency::erase(conn, entity, id).await?)
}

fn taken(place: usize) -> (String, FieldError) {
    let message = "another patient already has this identifier";
    (format!("identifiers[{place}]"), FieldError::new("not_unique", message))
}

/// Reports every identifier that another patient already has. Between concurrent writes, the
/// unique index decides.
async fn check_identifiers(
    conn: &mut Conn<'_>,
    state: &PatientState,
    own: Option<PatientId>,
) -> Result<(), Error> {
    let mut errors = FieldErrors::default();
    let identifiers: Vec<_> = state.fields.identifiers.iter().collect();
    let held = patients::identified_now(conn, &identifiers).await?;
    for (i, identifier) in identifiers.into_iter().enumerate() {
        if held.iter().any(|(holder, held)| held == identifier && Some(*holder) != own) {
            let (field, error) = taken(i);
            errors.add(field, error);
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Conflict(errors)) }
}

fn taken_identifier(error: DbError) -> Error {
    match error {
        DbError::Unique(UniqueKey::PatientIdentifier) => {
            let (_, error) = taken(0);
            Error::Conflict(FieldErrors::one("identifiers", error))
        }
        other => other.into(),
    }
}
