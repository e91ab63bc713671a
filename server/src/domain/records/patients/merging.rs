//! Merging two records of one person, and undoing that.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::{
    FieldError, FieldErrors,
    history::Change,
    id::PatientId,
    patient::{
        FORMER_MRNS_MAX, Former, MergeBlocking, Merging, Patient, PatientFields, PatientState,
        Unmerging,
    },
};

use super::{
    AuditActor, AuditEvent, Kept, Precondition, Record, Tx, audit, find_to_change, finish_changed,
    overtaken, pairs, patients, taken_identifier,
};
use crate::{
    app::App,
    db::{
        ArchiveState, Conn, doctors,
        patients::{
            merges,
            pairs::{Pair, forget, inherit, tell_apart},
        },
    },
    domain::{
        access::{Action, scope},
        records::{
            self,
            assignments::{self, MovedAssignment, no_such},
            visits::{self, MovedVisit},
        },
    },
    error::{Contradiction, Error},
    services::{actor::Actor, audit::differences},
};

/// The member with which its estimation changes.
const BIRTH: &str = "date_of_birth";

/// What undoing a merge needs.
#[derive(Debug, Serialize, Deserialize)]
struct Undo {
    /// The values of the record that stays, before and after the merge.
    before: Values,
    after: Values,
    /// What moved to the record or ended.
    assignments: Vec<MovedAssignment>,
    visits: Vec<MovedVisit>,
    /// Of whom it became known by the merge that they are other people.
    #[serde(default)]
    different: Vec<PatientId>,
}

/// The values of a record that a merge may change.
#[derive(Debug, Serialize, Deserialize)]
struct Values {
    fields: PatientFields,
    date_of_birth_estimated: bool,
    former_names: Vec<String>,
    former_mrns: Vec<String>,
}

impl Values {
    fn of(patient: &Patient) -> Self {
        let Patient { fields, former_names, former_mrns, .. } = patient.clone();
        let date_of_birth_estimated = patient.date_of_birth_estimated;
        Self { fields, date_of_birth_estimated, former_names, former_mrns }
    }
}

/// Merges another record of the same person into a patient's record. What belonged to the other one moves, and that
/// record is archived.
pub async fn merge(
    app: &App,
    actor: &Actor,
    id: PatientId,
    precondition: &Precondition,
    merging: Merging,
) -> Result<Patient, Error> {
    scope(actor, Action::MergePatients)?;
    if merging.other == id {
        let error = FieldError::new("same_record", "must be another patient");
        return Err(Error::invalid("other", error));
    }
    let (now, today) = (app.clock().now(), app.clock().today());
    let mut tx = app.db().begin().await?;
    lock_both(&mut tx, id, merging.other).await?;
    let kept = find_current(app, &mut tx, actor, id).await?;
    let other = find_other(app, &mut tx, actor, merging.other).await?;
    check_mergeable(&other.record)?;
    kept.check_version(app, &mut tx, actor, precondition).await?;
    let version = Precondition::Versions(vec![merging.other_version]);
    other.check_version(app, &mut tx, actor, &version).await?;
    check_owners(actor, &kept.record, &other.record)?;
    let sources = &merging.fields;
    let state = kept.record.state().merged_with(&other.record.state(), sources, today)?;
    let former = Former::merged(&kept.record, &other.record, &state.fields);
    if former.mrns.len() > FORMER_MRNS_MAX {
        let message =
            format!("can't be merged: at most {FORMER_MRNS_MAX} records are merged into one");
        let error = FieldError::new("too_many", message).with("max", FORMER_MRNS_MAX);
        return Err(Error::invalid("other", error));
    }
    let mut conn = tx.conn();
    let moved = assignments::bring_together(app, &mut conn, actor, (&other, &kept)).await?;
    let visits = visits::bring_together(app, &mut conn, actor, (&other, &kept)).await?;
    let archived =
        patients::set_archived(&mut conn, &other, Some(now), Some(id), (actor.id(), now));
    if !archived.await? {
        return Err(overtaken::<Patient>(app, tx, actor, merging.other).await);
    }
    let new = (&state, former);
    let written = patients::update(&mut conn, &kept, new, &actor.user, (now, today)).await;
    let Some(new) = written.map_err(taken_identifier)? else {
        return Err(overtaken::<Patient>(app, tx, actor, id).await);
    };
    // Before the pairs are locked, as in a registration.
    patients::lock_alike(&mut conn, &[&kept.record.state(), &state]).await?;
    patients::pairs::remove_of(&mut conn, merging.other).await?;
    let different = inherit(&mut conn, id, merging.other).await?;
    let (before, after) = (Values::of(&kept.record), Values::of(&new.record));
    let undo = Undo { before, after, assignments: moved, visits, different };
    let undo = serde_json::to_string(&undo).map_err(|e| Error::Internal(e.into()))?;
    merges::insert(&mut conn, id, merging.other, undo).await?;
    pairs::find(app, &mut conn, &new.record, Some(&kept.record.state())).await?;
    let [event, about_other] = events((&kept, &other), &state, merging.reason, true)?;
    audit::note(&mut conn, AuditActor::Actor(actor), now, about_other).await?;
    finish_changed(app, tx, actor, new, event).await
}

/// Undoes the newest merge into a patient's record, which was that of this other record. What was taken or moved goes
/// back, and what came later stays. Both are different people from then on.
pub async fn unmerge(
    app: &App,
    actor: &Actor,
    id: PatientId,
    precondition: &Precondition,
    unmerging: Unmerging,
) -> Result<Patient, Error> {
    scope(actor, Action::MergePatients)?;
    let (now, today) = (app.clock().now(), app.clock().today());
    let mut tx = app.db().begin().await?;
    lock_both(&mut tx, id, unmerging.other).await?;
    let kept = find_current(app, &mut tx, actor, id).await?;
    let other = find_other(app, &mut tx, actor, unmerging.other).await?;
    // Without a version, what has changed since the merge decides.
    if *precondition != Precondition::None {
        kept.check_version(app, &mut tx, actor, precondition).await?;
    }
    check_owners(actor, &kept.record, &other.record)?;
    let mut conn = tx.conn();
    let mut all = merges::into(&mut conn, id).await?;
    let Some(place) = all.iter().position(|merge| merge.other == unmerging.other) else {
        let message = "was not merged into this record";
        return Err(Error::conflict("other", "not_merged", message));
    };
    let merge = all.swap_remove(place);
    let undo: Undo = serde_json::from_str(&merge.content).map_err(|e| Error::Internal(e.into()))?;
    all.truncate(place);
    // Doctors come before assignments.
    for doctor in undo.assignments.iter().map(|moved| moved.doctor).collect::<BTreeSet<_>>() {
        doctors::lock(&mut conn, doctor).await?;
    }
    let (state, former) = restored(&kept.record, &undo)?;
    let mut fields = changed_since(&kept.record, &undo)?;
    // What came later may not fit the values from before.
    let unfit = state.check(today).err().unwrap_or_default();
    fields.extend(unfit.iter().map(|(field, _)| field.to_owned()));
    let blocking = MergeBlocking {
        fields,
        assignments: assignments::changed_since(
            &mut conn,
            &undo.assignments,
            kept.record.id,
            unmerging.other,
        )
        .await?,
        merges: all.iter().map(|newer| newer.other).collect(),
    };
    if !blocking.is_empty() {
        return Err(refusal(&blocking));
    }
    let by = (actor.id(), now);
    let written =
        patients::update(&mut conn, &kept, (&state, former), &actor.user, (now, today)).await;
    let Some(new) = written.map_err(taken_identifier)? else {
        return Err(overtaken::<Patient>(app, tx, actor, id).await);
    };
    let was_restored = patients::set_archived(&mut conn, &other, None, None, by).await;
    if !was_restored.map_err(taken_identifier)? {
        return Err(overtaken::<Patient>(app, tx, actor, unmerging.other).await);
    }
    assignments::part(app, &mut conn, actor, (&other, &kept), &undo.assignments).await?;
    visits::part(app, &mut conn, actor, (&other, &kept), &undo.visits).await?;
    merges::remove(&mut conn, &merge).await?;
    // Before the pairs are locked, as in a registration.
    let states = [kept.record.state(), state.clone(), other.record.state()];
    patients::lock_alike(&mut conn, &states.each_ref()).await?;
    for other in &undo.different {
        forget(&mut conn, Pair::of(id, *other)).await?;
    }
    tell_apart(&mut conn, Pair::of(id, unmerging.other)).await?;
    pairs::find(app, &mut conn, &new.record, Some(&kept.record.state())).await?;
    pairs::find(app, &mut conn, &other.record, None).await?;
    let [event, about_other] = events((&kept, &other), &state, unmerging.reason, false)?;
    audit::note(&mut conn, AuditActor::Actor(actor), now, about_other).await?;
    finish_changed(app, tx, actor, new, event).await
}

/// The audit events of a merge, or of its undoing, about the record that stays with its new values and about the other
/// one.
fn events(
    (kept, other): (&Kept<Patient>, &Kept<Patient>),
    state: &PatientState,
    reason: Option<String>,
    is_merge: bool,
) -> Result<[AuditEvent<'static>; 2], Error> {
    let action = if is_merge { "patient.merged" } else { "patient.unmerged" };
    let link = |field, id: PatientId| match is_merge {
        true => changed(field, Value::Null, json!(id)),
        false => changed(field, json!(id), Value::Null),
    };
    let mut changes = super::changes(&kept.record.state(), state)?;
    changes.push(link("merged", other.record.id));
    let about_kept = AuditEvent { reason: reason.clone(), changes, ..kept.event(action) };
    let about_other = AuditEvent {
        version: Some(other.record.version + 1),
        reason,
        changes: vec![link("merged_into", kept.record.id)],
        ..other.event(action)
    };
    Ok([about_kept, about_other])
}

fn changed(field: &str, old: Value, new: Value) -> Change {
    Change { field: field.to_owned(), old, new }
}

/// Locks two patients by rising id.
async fn lock_both(tx: &mut Tx, one: PatientId, other: PatientId) -> Result<(), Error> {
    for id in BTreeSet::from([one, other]) {
        Patient::lock(&mut tx.conn(), id).await?;
    }
    Ok(())
}

/// The record that stays, which must not be archived.
async fn find_current(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    id: PatientId,
) -> Result<Kept<Patient>, Error> {
    let kept = find_to_change::<Patient>(app, tx, actor, id, ArchiveState::Any).await?;
    match kept.record.is_archived() {
        true => Err(Error::conflict("id", "archived", "is archived: restore the patient first")),
        false => Ok(kept),
    }
}

/// The record that a body names.
async fn find_other(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    id: PatientId,
) -> Result<Kept<Patient>, Error> {
    let found = Patient::get(app, &mut tx.conn(), actor, id, ArchiveState::Any).await?;
    found.ok_or_else(|| Error::invalid("other", no_such("patient")))
}

fn check_mergeable(other: &Patient) -> Result<(), Error> {
    if let Some(into) = other.merged_into {
        return Err(Error::Conflict(FieldErrors::one("other", merged(into))));
    }
    match other.is_archived() {
        true => Err(Error::conflict("other", "archived", "is archived: restore the patient first")),
        false => Ok(()),
    }
}

/// The error about a record that was merged into another one.
pub(crate) fn merged(into: PatientId) -> FieldError {
    let message = format!("was merged into the record {into}");
    FieldError::new("merged", message).with("merged_into", into.0)
}

/// Checks that the caller may merge records of different users or with different accounts: one of these users would
/// lose a record, or see another one.
fn check_owners(actor: &Actor, kept: &Patient, other: &Patient) -> Result<(), Error> {
    if kept.created_by != other.created_by || kept.linked_user != other.linked_user {
        scope(actor, Action::MergePatientsOfOthers)?;
    }
    Ok(())
}

/// The members that the merge has changed.
fn taken(undo: &Undo) -> Result<Vec<Change>, Error> {
    let Undo { before, after, .. } = undo;
    let mut taken = differences(&before.fields, &after.fields)?;
    // The day may be the same, and only one of them an estimate.
    let is_named = taken.iter().any(|change| change.field == BIRTH);
    if before.date_of_birth_estimated != after.date_of_birth_estimated && !is_named {
        let [old, new] = [&before.fields, &after.fields].map(|it| json!(it.date_of_birth));
        taken.push(changed(BIRTH, old, new));
    }
    Ok(taken)
}

/// The members that the merge has changed and that have another value since.
fn changed_since(now: &Patient, undo: &Undo) -> Result<Vec<String>, Error> {
    let taken = taken(undo)?;
    let since = differences(&undo.after.fields, &now.fields)?;
    let is_taken = |change: &Change| taken.iter().any(|taken| taken.field == change.field);
    Ok(since.into_iter().filter(is_taken).map(|change| change.field).collect())
}

/// The values of a record after the undoing of a merge.
fn restored(now: &Patient, undo: &Undo) -> Result<(PatientState, Former), Error> {
    let Undo { before, after, .. } = undo;
    let taken = taken(undo)?;
    let (Value::Object(mut fields), Value::Object(mut earlier)) =
        (json!(now.fields), json!(before.fields))
    else {
        return Err(Error::internal("members that are no object"));
    };
    for Change { field, .. } in &taken {
        fields.extend(earlier.remove_entry(field));
    }
    let fields = serde_json::from_value(Value::Object(fields));
    let fields: PatientFields = fields.map_err(|e| Error::Internal(e.into()))?;
    let date_of_birth_estimated = match taken.iter().any(|change| change.field == BIRTH) {
        true => before.date_of_birth_estimated,
        false => now.date_of_birth_estimated,
    };
    // What was added later stays, before what was there.
    let left = |now: &[String], before: &[String], after: &[String]| -> Vec<String> {
        let is_later = |it: &&String| !after.contains(it) && !before.contains(it);
        now.iter().filter(is_later).chain(before).cloned().collect()
    };
    let names = left(&now.former_names, &before.former_names, &after.former_names);
    let mrns = left(&now.former_mrns, &before.former_mrns, &after.former_mrns);
    let former = Former { names: Former::names(&fields, names.into_iter()), mrns };
    Ok((PatientState { fields, date_of_birth_estimated }, former))
}

fn refusal(blocking: &MergeBlocking) -> Error {
    let message = match blocking.merges.is_empty() {
        true => "can't be undone: what was taken over has changed since",
        false => "can't be undone before the newer merges into this record",
    };
    Error::Contradiction(Box::new(Contradiction {
        errors: FieldErrors::one("other", FieldError::new("changed_since", message)),
        name: "blocking",
        shown: json!(blocking),
    }))
}

/// Reads a patient. The id of a merged record leads to the record into which it was merged, unless the archive is
/// asked for.
pub async fn read(
    app: &App,
    actor: &Actor,
    id: PatientId,
    archived: bool,
) -> Result<Patient, Error> {
    let found = records::read::<Patient>(app, actor, id, archived).await;
    if archived || !matches!(found, Err(Error::NotFound)) {
        return found;
    }
    let mut read = app.db().read().await?;
    let last = merges::last_of(&mut read.conn(), id).await?.ok_or(Error::NotFound)?;
    drop(read);
    records::read(app, actor, last, archived).await
}

/// All records of a person: that to which an id leads, and all that were merged into it, by rising id.
pub(super) async fn family(
    conn: &mut Conn<'_>,
    id: PatientId,
) -> Result<BTreeSet<PatientId>, Error> {
    let last = merges::last_of(conn, id).await?.unwrap_or(id);
    let mut all: BTreeSet<_> = merges::all_into(conn, last).await?.into_iter().collect();
    all.insert(last);
    Ok(all)
}
