//! The work-list of patients who may be one person.

use std::{collections::HashMap, time::Duration};

use serde_json::json;
use shared::{
    FieldErrors,
    history::Change,
    id::PatientId,
    patient::{LikelyPair, MATCHES_MAX, PairFilter, Patient, PatientState, TellingApart},
};

use super::{AuditActor, AuditEvent, Record, audit, patients};
use crate::{
    app::App,
    db::{
        ArchiveState, Conn, Scope,
        listing::Listed,
        patients::pairs::{self, Alike, ListedPair, Pair, Pairs},
    },
    domain::{
        access::{Action, scope},
        listing::{PageSlice, read_list},
        matching::{Person, Verdict},
        records::assignments::no_such,
    },
    error::Error,
    services::actor::Actor,
};

/// The pairs of patients who may be one person, the most likely first. Like a list of patients, the answer is not
/// noted as a read of its records.
pub async fn list(
    app: &App,
    actor: &Actor,
    filter: &PairFilter,
) -> Result<PageSlice<LikelyPair>, Error> {
    scope(actor, Action::MergePatients)?;
    let listing = Pairs { filter };
    let (page, _) = read_list(app, filter.pages(), listing.order(), None)?;
    let slice = page.fetch(app, &listing).await?;
    let ids: Vec<_> = slice.rows.iter().flat_map(|it| it.alike.pair.both()).collect();
    let mut read = app.db().read().await?;
    let found = patients::get_many(&mut read.conn(), &ids, app.clock().today()).await?;
    drop(read);
    let found: HashMap<PatientId, Patient> = found.into_iter().map(|it| (it.id, it)).collect();
    // A patient may have been archived since the pairs were read.
    let shown = |it: ListedPair| {
        let both = it.alike.pair.both().map(|id| found.get(&id).cloned());
        let patients: Vec<_> = both.into_iter().flatten().map(Patient::without_clinical).collect();
        let Alike { grade, score, reasons, .. } = it.alike;
        (patients.len() == 2).then_some(LikelyPair { id: it.id, patients, grade, score, reasons })
    };
    Ok(slice.filter_map(shown))
}

/// Notes that two patients are different people, so that they are no longer in the work-list.
pub async fn dismiss(app: &App, actor: &Actor, telling: TellingApart) -> Result<(), Error> {
    scope(actor, Action::MergePatients)?;
    let [one, other] = *telling.patients.as_slice() else {
        return Err(Error::internal("a pair that is none"));
    };
    let pair = Pair::of(one, other);
    let mut tx = app.db().begin().await?;
    for id in pair.both() {
        Patient::lock(&mut tx.conn(), id).await?;
    }
    let mut errors = FieldErrors::default();
    for (place, id) in telling.patients.iter().enumerate() {
        let found = Patient::get(app, &mut tx.conn(), actor, *id, ArchiveState::Any).await?;
        if found.is_none() {
            errors.add(format!("patients[{place}]"), no_such("patient"));
        }
    }
    errors.into_result()?;
    let mut conn = tx.conn();
    if pairs::tell_apart(&mut conn, pair).await? {
        let event = |id: PatientId, other: PatientId| AuditEvent {
            reason: telling.reason.clone(),
            changes: vec![Change {
                field: "different_from".to_owned(),
                old: serde_json::Value::Null,
                new: json!(other),
            }],
            ..AuditEvent::new("patient.told_apart", Patient::ENTITY, Some(id.0))
        };
        let (by, now) = (AuditActor::Actor(actor), app.clock().now());
        audit::note_many(&mut conn, by, now, vec![event(one, other), event(other, one)]).await?;
    }
    tx.commit().await
}

/// Finds the patients who may be the same person as this one, who is not archived, and keeps them in the work-list
/// instead of those that were there. `before` is the state before a change.
pub(super) async fn find(
    app: &App,
    conn: &mut Conn<'_>,
    patient: &Patient,
    before: Option<&PatientState>,
) -> Result<(), Error> {
    let state = patient.state();
    let both: Vec<_> = before.into_iter().chain([&state]).collect();
    patients::lock_alike(conn, &both).await?;
    let known = pairs::known(conn, patient.id).await?;
    let found = patients::candidates(conn, &state, Scope::All, app.clock().today()).await?;
    let person = Person::of_patient(patient);
    let is_other = |it: &&Patient| it.id != patient.id && !known.different.contains(&it.id);
    let compared = found.iter().filter(is_other);
    let verdicts =
        compared.filter_map(|it| Some((it.id, person.compare(&Person::of_patient(it))?)));
    let alike = alike(patient.id, verdicts.collect());
    Ok(pairs::replace(conn, patient.id, &known, alike).await?)
}

/// Keeps the pairs of a new patient with those who are alike, where they are known.
pub(super) async fn keep_new(
    app: &App,
    conn: &mut Conn<'_>,
    patient: &Patient,
    others: Option<Vec<(PatientId, Verdict)>>,
) -> Result<(), Error> {
    match others {
        Some(others) => Ok(pairs::insert(conn, alike(patient.id, others)).await?),
        None => find(app, conn, patient, None).await,
    }
}

/// The pairs of a patient with those who are most like him or her.
pub(super) fn alike(patient: PatientId, mut others: Vec<(PatientId, Verdict)>) -> Vec<Alike> {
    others.sort_by(|(one, a), (other, b)| b.score.total_cmp(&a.score).then(one.cmp(other)));
    others.truncate(MATCHES_MAX);
    let alike = |(other, verdict): (PatientId, Verdict)| {
        let Verdict { grade, score, reasons } = verdict;
        Alike { pair: Pair::of(patient, other), grade, score, reasons }
    };
    others.into_iter().map(alike).collect()
}

/// Whether a change may make another person of a patient, or the same one as another patient.
pub(super) fn concerns(old: &PatientState, new: &PatientState) -> bool {
    Person::of(old) != Person::of(new)
}

/// The number of patients whose pairs are found in one transaction, and the pause after it. Nobody waits for this
/// work, so it leaves the database to others most of the time.
const STEP: i64 = 10;
const PAUSE: Duration = Duration::from_millis(40);
/// The pause after a failure.
const RETRY: Duration = Duration::from_secs(60);

/// Finds the pairs among patients who were registered before the work-list was kept, once.
pub(crate) async fn find_earlier(app: &App) {
    loop {
        match find_some(app).await {
            Ok(true) => tokio::time::sleep(PAUSE).await,
            Ok(false) => break,
            Err(error) => {
                tracing::warn!(%error, "likely duplicates among earlier patients could not be found");
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}

/// Does a step of that. Returns whether there may be another one.
async fn find_some(app: &App) -> Result<bool, Error> {
    let mut read = app.db().read().await?;
    if !pairs::has_to_find(&mut read.conn()).await? {
        return Ok(false);
    }
    drop(read);
    let mut tx = app.db().begin().await?;
    tx.run_apart();
    let mut conn = tx.conn();
    let Some(next) = pairs::next_to_find(&mut conn, STEP).await? else {
        tx.commit().await?;
        return Ok(false);
    };
    for id in &next {
        Patient::lock(&mut conn, *id).await?;
    }
    let mut all = patients::get_many(&mut conn, &next, app.clock().today()).await?;
    all.sort_by_key(|patient| patient.id);
    // Before the pairs of the first one are locked, as in a registration.
    let states: Vec<_> = all.iter().map(Patient::state).collect();
    patients::lock_alike(&mut conn, &states.iter().collect::<Vec<_>>()).await?;
    for patient in &all {
        find(app, &mut conn, patient, None).await?;
    }
    tx.commit().await?;
    Ok(true)
}
