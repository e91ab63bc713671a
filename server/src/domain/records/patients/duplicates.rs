//! Patients who may be the same person as somebody who is to be registered.

use serde_json::json;
use shared::{
    FieldError, FieldErrors,
    id::PatientId,
    likeness::Grade,
    patient::{
        MATCHES_MAX, NewPatient, Patient, PatientMatch, PatientMatches, PatientState, PersonToMatch,
    },
};

use crate::{
    app::App,
    config::DuplicateCheck,
    db::{ArchiveState, Conn, patients},
    domain::{
        access::{Action, Scope, scope},
        matching::{Person, Verdict},
        records::assignments,
    },
    error::{Contradiction, Error},
    services::actor::Actor,
};

/// The patients whom the caller may see and who may be the same as this person, the most likely first. Like a
/// list, the answer is not noted as a read of its records.
pub async fn find_matches(
    app: &App,
    actor: &Actor,
    person: &PersonToMatch,
) -> Result<PatientMatches, Error> {
    scope(actor, Action::ReadPatient)?;
    let state = PatientState::of_person(&person.input, app.clock().today())?;
    let mut read = app.db().read_at_length().await?;
    let mut results = matches(app, &mut read.conn(), actor, &state).await?;
    results.truncate(MATCHES_MAX);
    Ok(PatientMatches { results })
}

/// What a registration was compared with.
pub(super) struct Checked {
    /// The likely duplicates that the answer names.
    pub(super) likely: Vec<PatientMatch>,
    /// All who are alike, for the work-list; `None` where the caller does not see all patients.
    pub(super) all: Option<Vec<(PatientId, Verdict)>>,
}

/// Checks a registration for likely duplicates.
///
/// Fails where a likely duplicate is not among those that the request names as seen, and where the request names
/// a patient whom the caller may not see.
pub(super) async fn check(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    state: &PatientState,
    new: &NewPatient,
) -> Result<Checked, Error> {
    let seen = new.duplicates_seen.as_deref().unwrap_or_default();
    check_seen(app, conn, actor, seen).await?;
    patients::lock_alike(conn, &[state]).await?;
    let mut likely = matches(app, conn, actor, state).await?;
    let verdict = |it: &PatientMatch| {
        let (grade, score, reasons) = (it.grade, it.score, it.reasons.clone());
        (it.patient.id, Verdict { grade, score, reasons })
    };
    let sees_all = scope(actor, Action::ReadPatient)? == Scope::All;
    let all = sees_all.then(|| likely.iter().map(verdict).collect());
    likely.retain(|it| it.grade != Grade::Possible && !seen.contains(&it.patient.id));
    let count = likely.len();
    likely.truncate(MATCHES_MAX);
    match app.settings().duplicate_check {
        DuplicateCheck::Gate if count > 0 => Err(refusal(&likely, count)),
        DuplicateCheck::Gate | DuplicateCheck::Advise => Ok(Checked { likely, all }),
    }
}

/// Checks that the caller may see the patients whom a request names, archived or not.
async fn check_seen(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    seen: &[PatientId],
) -> Result<(), Error> {
    if seen.is_empty() {
        return Ok(());
    }
    let visible = scope(actor, Action::ReadPatient)?;
    let today = app.clock().today();
    let mut errors = FieldErrors::default();
    for (place, id) in seen.iter().enumerate() {
        if patients::get(conn, *id, visible, ArchiveState::Any, today).await?.is_none() {
            errors.add(format!("duplicates_seen[{place}]"), assignments::no_such("patient"));
        }
    }
    Ok(errors.into_result()?)
}

fn refusal(likely: &[PatientMatch], count: usize) -> Error {
    let who = match count {
        1 => "1 patient who is likely to be the same person".to_owned(),
        _ => format!("{count} patients who are likely to be the same person"),
    };
    let message = format!("must name {who}, where this is somebody else");
    let error = FieldError::new("likely_duplicate", message).with("count", count);
    Error::Contradiction(Box::new(Contradiction {
        errors: FieldErrors::one("duplicates_seen", error),
        name: "duplicates",
        shown: json!(likely),
    }))
}

/// The patients whom the caller may see and who may be the same person, the most likely first.
async fn matches(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    state: &PatientState,
) -> Result<Vec<PatientMatch>, Error> {
    let visible = scope(actor, Action::ReadPatient)?;
    let candidates = patients::candidates(conn, state, visible, app.clock().today()).await?;
    let person = Person::of(state);
    let compared = |patient: Patient| {
        let verdict = person.compare(&Person::of_patient(&patient))?;
        let patient = Box::new(patient.without_clinical());
        let (grade, score, reasons) = (verdict.grade, verdict.score, verdict.reasons);
        Some(PatientMatch { patient, grade, score, reasons })
    };
    let mut all: Vec<_> = candidates.into_iter().filter_map(compared).collect();
    all.sort_by(|one, other| {
        other.score.total_cmp(&one.score).then(one.patient.id.cmp(&other.patient.id))
    });
    Ok(all)
}
