//! Likely duplicates among many patients who are to be registered.

use serde::Serialize;
use shared::{
    FieldErrors,
    likeness::{Grade, Likeness},
    patient::PatientState,
};

use super::patients;
use crate::{
    app::App,
    db::{Conn, DbError},
    domain::{
        access::{Action, scope},
        matching::{Person, Verdict},
    },
    services::actor::Actor,
};

/// What becomes of a patient who is likely to be registered already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum OnDuplicate {
    /// Leave the patient out.
    Skip,
    /// Register the patient all the same.
    Create,
    /// Stop there.
    Stop,
}

/// What became of a patient who was to be registered.
#[derive(Debug)]
pub(crate) enum Registration {
    /// Registered. A patient is likely to be the same person, if one is named.
    Done(Option<LikelyDuplicate>),
    /// Left out: a patient is likely to be the same person.
    LeftOut(LikelyDuplicate),
    /// The last one: a patient is likely to be the same person, and nobody behind is registered.
    Stopped(LikelyDuplicate),
    /// Refused for its conflicts.
    Refused(FieldErrors),
}

/// Who is likely to be the same person as a patient who is to be registered.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LikelyDuplicate {
    /// The medical record number; `None` for another one who was to be registered and was not.
    pub(crate) mrn: Option<String>,
    /// How likely it is.
    pub(crate) grade: Grade,
    /// What agrees.
    pub(crate) reasons: Vec<Likeness>,
    /// The place among those who are registered together.
    #[serde(skip)]
    place: Option<usize>,
}

impl LikelyDuplicate {
    /// Takes the medical record numbers of those who were registered together, by their places.
    pub(super) fn resolve(&mut self, mrns: &[Option<&str>]) {
        if let Some(place) = self.place {
            self.mrn = mrns.get(place).copied().flatten().map(str::to_owned);
        }
    }
}

/// What a comparison says about one of many patients.
#[derive(Debug)]
pub(super) struct Graded {
    pub(super) is_registered: bool,
    pub(super) likely: Option<LikelyDuplicate>,
    is_last: bool,
}

impl Graded {
    /// Somebody who is like nobody.
    pub(super) fn new() -> Self {
        Self { is_registered: true, likely: None, is_last: false }
    }

    /// What becomes of the patient.
    pub(super) fn outcome(self, conflict: Result<(), FieldErrors>) -> Registration {
        match (conflict, self.likely) {
            (Err(errors), _) => Registration::Refused(errors),
            (Ok(()), Some(likely)) if self.is_last => Registration::Stopped(likely),
            (Ok(()), Some(likely)) if !self.is_registered => Registration::LeftOut(likely),
            (Ok(()), likely) => Registration::Done(likely),
        }
    }
}

/// Compares patients with those whom the caller may see, and with those before them who are registered too.
/// `verdicts` says who has no conflict; nobody else is compared. Ends with the one at whom the registration stops.
pub(super) async fn grade(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    (states, verdicts): (&[PatientState], &[bool]),
    on_duplicate: OnDuplicate,
) -> Result<Vec<Graded>, DbError> {
    let visible = scope(actor, Action::ReadPatient)?;
    let today = app.clock().today();
    let found = patients::candidates_of_many(conn, states, visible, today).await?;
    let found: Vec<_> = found.iter().map(|it| (it.mrn.as_str(), Person::of(&it.state()))).collect();
    let mut before: Vec<(usize, Person)> = Vec::with_capacity(states.len());
    let mut all = Vec::with_capacity(states.len());
    for (place, (state, is_free)) in states.iter().zip(verdicts).enumerate() {
        if !is_free {
            all.push(Graded { is_registered: false, ..Graded::new() });
            continue;
        }
        let person = Person::of(state);
        let stored = found.iter().filter_map(|(mrn, other)| {
            Some((likely(person.compare(other)?)?, Some((*mrn).to_owned()), None))
        });
        let earlier = before
            .iter()
            .filter_map(|(at, other)| Some((likely(person.compare(other)?)?, None, Some(*at))));
        let best = stored
            .chain(earlier)
            .max_by(|(one, ..), (other, ..)| one.score.total_cmp(&other.score));
        let likely = best.map(|(verdict, mrn, place)| {
            let (grade, reasons) = (verdict.grade, verdict.reasons);
            LikelyDuplicate { mrn, grade, reasons, place }
        });
        let is_registered = likely.is_none() || on_duplicate == OnDuplicate::Create;
        let is_last = likely.is_some() && on_duplicate == OnDuplicate::Stop;
        if is_registered {
            before.push((place, person));
        }
        all.push(Graded { is_registered, likely, is_last });
        if is_last {
            break;
        }
    }
    Ok(all)
}

/// A verdict that is more than a possibility.
fn likely(verdict: Verdict) -> Option<Verdict> {
    Some(verdict).filter(|verdict| verdict.grade != Grade::Possible)
}
