//! Likely duplicates among many patients who are to be registered.

use std::{
    collections::{BTreeSet, HashMap, HashSet, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
};

use serde::Serialize;
use shared::{
    FieldErrors,
    id::PatientId,
    likeness::{Grade, Likeness},
    patient::PatientState,
};

use super::patients;
use crate::{
    db::{Conn, DbError, patients::Candidate, search::lock_keys},
    domain::{
        access::{Action, Scope, scope},
        matching::{Person, Verdict},
    },
    services::actor::Actor,
};

/// What becomes of a patient who is likely to be registered already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum OnDuplicate {
    /// Leave the patient out, unless the row has a medical record number, which tells people apart already.
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

/// One of many patients who are to be registered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Newcomer<'a> {
    pub(super) state: &'a PatientState,
    /// Whether nothing else keeps the patient from being registered. Nobody else is compared.
    pub(super) is_free: bool,
    /// Whether the record brings a medical record number.
    pub(super) is_numbered: bool,
}

/// What a comparison says about one of many patients.
#[derive(Debug)]
pub(super) struct Graded {
    pub(super) is_registered: bool,
    pub(super) likely: Option<LikelyDuplicate>,
    /// Who is alike, for the work-list.
    pub(super) alike: Vec<(Compared, Verdict)>,
    is_last: bool,
}

/// Somebody with whom a patient was compared.
#[derive(Clone, Copy, Debug)]
pub(super) enum Compared {
    /// A stored patient.
    Stored(PatientId),
    /// One who is registered together with the patient, by the place among them.
    Together(usize),
    /// One whom a dry run would have registered before.
    Earlier,
}

/// The number of people before one with whom a dry run compares that one.
const EARLIER_MAX: usize = 100_000;

/// The people whom a dry run would have registered last. They are found by what those have in common who may be the
/// same: the name, the date of birth or a way to reach them.
#[derive(Debug, Default)]
pub(crate) struct Earlier {
    people: VecDeque<(Vec<u64>, Person)>,
    /// How many were there before the first of them.
    forgotten: usize,
    /// The numbers of those who have something, by its hash.
    by_key: HashMap<u64, VecDeque<usize>>,
}

impl Earlier {
    fn keys(state: &PatientState) -> Vec<u64> {
        let hash = |key: String| {
            let mut hasher = DefaultHasher::new();
            key.hash(&mut hasher);
            hasher.finish()
        };
        lock_keys(state).into_iter().map(hash).collect()
    }

    /// Those who have something in common with a person.
    fn alike(&self, state: &PatientState) -> impl Iterator<Item = &Person> {
        let keys = Self::keys(state);
        let numbers = keys.iter().filter_map(|key| self.by_key.get(key)).flatten().copied();
        let numbers: BTreeSet<usize> = numbers.collect();
        let at = move |number: usize| Some(&self.people.get(number - self.forgotten)?.1);
        numbers.into_iter().filter_map(at)
    }

    fn add(&mut self, state: &PatientState, person: Person) {
        let (keys, number) = (Self::keys(state), self.forgotten + self.people.len());
        for key in &keys {
            self.by_key.entry(*key).or_default().push_back(number);
        }
        self.people.push_back((keys, person));
        if self.people.len() > EARLIER_MAX {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        let Some((keys, _)) = self.people.pop_front() else { return };
        for key in keys {
            if let Some(numbers) = self.by_key.get_mut(&key) {
                numbers.retain(|number| *number != self.forgotten);
                if numbers.is_empty() {
                    self.by_key.remove(&key);
                }
            }
        }
        self.forgotten += 1;
    }
}

impl Graded {
    /// Somebody who is like nobody.
    pub(super) fn new() -> Self {
        Self { is_registered: true, likely: None, alike: Vec::new(), is_last: false }
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

/// Compares patients with those whom the caller may see, and with those before them who are registered too. A dry run
/// tells who would have been registered `earlier`.
/// Ends with the one at whom the registration stops.
pub(super) async fn grade(
    conn: &mut Conn<'_>,
    actor: &Actor,
    newcomers: &[Newcomer<'_>],
    on_duplicate: OnDuplicate,
    mut earlier: Option<&mut Earlier>,
) -> Result<Vec<Graded>, DbError> {
    let visible = scope(actor, Action::ReadPatient)?;
    let states: Vec<_> = newcomers.iter().map(|it| it.state).collect();
    let found = patients::candidates_of_many(conn, &states).await?;
    // The work-list has those whom the caller does not see, too; nothing else tells of them.
    let seen: Option<HashSet<PatientId>> = match visible {
        Scope::All => None,
        visible => {
            let ids: Vec<_> = found.all.iter().map(|patient| patient.id).collect();
            Some(patients::visible_of(conn, &ids, visible).await?)
        }
    };
    let is_seen = |with: &Compared| match with {
        Compared::Stored(id) => seen.as_ref().is_none_or(|seen| seen.contains(id)),
        Compared::Together(_) | Compared::Earlier => true,
    };
    let person = |it: &Candidate| Person::of(&it.state).formerly(&it.former_names);
    let stored: Vec<_> = found.all.iter().map(|it| (it, person(it))).collect();
    let mut before: Vec<(usize, Person)> = Vec::with_capacity(newcomers.len());
    let mut all = Vec::with_capacity(newcomers.len());
    for (place, Newcomer { state, is_free, is_numbered }) in newcomers.iter().enumerate() {
        if !is_free {
            all.push(Graded { is_registered: false, ..Graded::new() });
            continue;
        }
        let person = Person::of(state);
        let of_it = found.of_each.get(place).into_iter().flatten();
        let of_stored = of_it.filter_map(|at| stored.get(*at)).filter_map(|(patient, other)| {
            Some((Compared::Stored(patient.id), person.compare(other)?))
        });
        let of_step = before
            .iter()
            .filter_map(|(at, other)| Some((Compared::Together(*at), person.compare(other)?)));
        let of_earlier = earlier.as_deref().into_iter().flat_map(|earlier| earlier.alike(state));
        let of_earlier =
            of_earlier.filter_map(|other| Some((Compared::Earlier, person.compare(other)?)));
        let alike: Vec<_> = of_stored.chain(of_step).chain(of_earlier).collect();
        let is_likely = |(with, verdict): &&(Compared, Verdict)| {
            is_seen(with) && verdict.grade != Grade::Possible
        };
        let likely = alike.iter().filter(is_likely);
        let best = likely.max_by(|(_, one), (_, other)| one.score.total_cmp(&other.score));
        let likely = best.map(|(with, verdict)| {
            let (grade, reasons) = (verdict.grade, verdict.reasons.clone());
            let (mrn, place) = match *with {
                Compared::Stored(id) => {
                    let known = stored.iter().find(|(patient, _)| patient.id == id);
                    (known.map(|(patient, _)| patient.mrn.clone()), None)
                }
                Compared::Together(place) => (None, Some(place)),
                Compared::Earlier => (None, None),
            };
            LikelyDuplicate { mrn, grade, reasons, place }
        });
        let is_kept = match on_duplicate {
            OnDuplicate::Skip => *is_numbered,
            OnDuplicate::Create => true,
            OnDuplicate::Stop => false,
        };
        let is_registered = likely.is_none() || is_kept;
        let is_last = likely.is_some() && on_duplicate == OnDuplicate::Stop;
        if is_registered {
            before.push((place, person));
        }
        all.push(Graded { is_registered, likely, alike, is_last });
        if is_last {
            break;
        }
    }
    if let Some(earlier) = &mut earlier {
        for (place, person) in before {
            if let Some(state) = states.get(place) {
                earlier.add(state, person);
            }
        }
    }
    Ok(all)
}
