//! A patient's form: for registering and for editing. Nothing typed here is lost by a refusal, the
//! end of a session, or a server that is away.

pub mod fields;
mod view;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use shared::{
    Faults, Kind, Page,
    patient::{NewPatient, Patient, PatientPatch, PatientState},
};

pub use self::view::view;
use crate::{
    api::{Call, Failure, sentence},
    effect::Slot,
    form::Form,
    input::action::{Action, Context},
    layers::{
        Layer,
        conflict::{self, Merge},
        question,
    },
    step::{Event, Leave, Step},
    text::display,
    world::World,
};

/// A form with the record that was read, if there was one.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub(crate) form: Form,
    /// The record as it was read.
    pub(crate) base: Option<Box<Patient>>,
    /// Whether a save is under way.
    pub(crate) is_saving: bool,
    /// What is being saved, field by field: typing goes on meanwhile.
    sent: Vec<String>,
    /// Where to go once it is saved.
    then: Option<Leave>,
    /// Whether the answer of a save got lost: it may have been done.
    pub(crate) is_doubtful: bool,
}

/// Begins, with an empty form or a patient's.
pub fn init(base: Option<&Patient>, world: &World) -> State {
    let mut state = State {
        form: Form::new(fields::of(base)),
        base: base.cloned().map(Box::new),
        is_saving: false,
        sent: Vec::new(),
        then: None,
        is_doubtful: false,
    };
    state.judge(world.today);
    state
}

impl State {
    /// What the header calls it.
    pub fn title(&self) -> String {
        if self.base.is_some() { "Edit patient" } else { "New patient" }.to_owned()
    }

    /// Runs the rules that the server has over what is typed.
    fn judge(&mut self, today: NaiveDate) -> shared::patient::PatientInput {
        let (input, mut faults) = fields::read(&self.form, self.base.is_some(), today);
        if let Err(more) = self.stored().changed_by(&input, today) {
            for (name, complaint) in more.iter() {
                if !faults_on(&faults, name) {
                    faults.add(name, complaint.clone());
                }
            }
        }
        self.form.judge(&faults);
        fields::echo_dates(&mut self.form, today);
        input
    }

    fn stored(&self) -> PatientState {
        self.base.as_ref().map(|base| base.state()).unwrap_or_default()
    }

    /// The state that the form would make, if it breaks no rule.
    pub(crate) fn outcome(&self, today: NaiveDate) -> Option<PatientState> {
        let (input, _) = fields::read(&self.form, self.base.is_some(), today);
        self.stored().changed_by(&input, today).ok()
    }
}

fn faults_on(faults: &Faults, name: &str) -> bool {
    let stem = name.split('[').next().unwrap_or(name);
    faults.iter().any(|(known, _)| known.split('[').next() == Some(stem))
}

/// Does something.
pub fn update(state: &mut State, world: &World, event: Event) -> Vec<Step> {
    let is_moved = matches!(event, Event::Act(action) if state.form.act(action));
    state.judge(world.today);
    let Event::Act(action) = event else { return Vec::new() };
    match action {
        _ if is_moved => Vec::new(),
        Action::Save | Action::Accept => save(state, world, None),
        Action::Refresh if state.is_doubtful => vec![Step::Check],
        Action::Back => vec![Step::Leave(Leave::Back)],
        _ => Vec::new(),
    }
}

/// Saves what is typed, and then goes where it is said.
pub fn save(state: &mut State, world: &World, then: Option<Leave>) -> Vec<Step> {
    if state.is_saving {
        return vec![Step::Inform("It is being saved already.".to_owned())];
    }
    if state.is_doubtful {
        return vec![Step::Open(Box::new(Layer::Question(Box::new(question::lost()))))];
    }
    let input = state.judge(world.today);
    if state.form.insist() {
        return vec![Step::Warn("Not saved: see what is said beside the field.".to_owned())];
    }
    let call = match &state.base {
        None => Call::CreatePatient(Box::new(NewPatient(input))),
        Some(_) if !state.form.is_changed() => {
            let said = Step::Inform("Nothing was changed.".to_owned());
            return vec![said, Step::Left(then.unwrap_or(Leave::Back))];
        }
        Some(base) => Call::UpdatePatient {
            id: base.id,
            version: base.version,
            patch: Box::new(PatientPatch(input)),
        },
    };
    state.is_saving = true;
    state.sent = state.form.fields.iter().map(|field| field.value().to_owned()).collect();
    state.then = then;
    vec![Step::Write(call)]
}

/// Sends what was typed on somebody's own word although the answer of the last try got lost.
pub fn save_again(state: &mut State, world: &World) -> Vec<Step> {
    state.is_doubtful = false;
    save(state, world, None)
}

/// What is said of a record that was saved.
pub fn told(patient: &Patient, is_new: bool) -> String {
    let verb = if is_new { "Registered" } else { "Saved" };
    format!("{verb}: {}, {}", display(&patient.full_name), display(&patient.mrn))
}

/// Takes the saved record. Returns where to go, and what to say: nowhere, where more was typed
/// while it was being saved.
pub fn saved(state: &mut State, patient: &Patient, world: &World) -> (Option<Leave>, String) {
    state.is_saving = false;
    let said = told(patient, state.base.is_none());
    let then = state.then.take().unwrap_or(Leave::Back);
    let values = fields::values(patient);
    let mut is_more = false;
    for (field, sent) in state.form.fields.iter_mut().zip(&state.sent) {
        let stored = values.get(field.name).map_or("", String::as_str);
        if field.value() == sent && !field.is_open() {
            field.set(stored);
        } else {
            is_more = true;
        }
        field.reopen(stored);
    }
    state.base = Some(Box::new(patient.clone()));
    state.judge(world.today);
    match is_more && state.form.is_changed() {
        true => (None, format!("{said}. What you typed since is not saved yet.")),
        false => (Some(then), said),
    }
}

/// Takes a refusal: what was typed stays, and is told what is wrong with it.
pub fn refused(state: &mut State, failure: &Failure, world: &World) -> Vec<Step> {
    state.is_saving = false;
    state.then = None;
    match failure {
        Failure::Problem(problem) if problem.error == Kind::Stale.code() => {
            match (&state.base, conflict::theirs(problem)) {
                (Some(base), Some(theirs)) => {
                    let layer = conflict::init(&state.form, base, theirs, problem, world);
                    vec![Step::Open(Box::new(Layer::Conflict(Box::new(layer))))]
                }
                _ => vec![Step::Warn(problem.detail.clone())],
            }
        }
        Failure::Problem(problem) => {
            let mut rest = state.form.refuse(&problem.errors);
            if problem.errors.is_empty() {
                rest.push(problem.detail.clone());
            }
            if let Some(question) = question::duplicates(problem) {
                return vec![Step::Open(Box::new(Layer::Question(Box::new(question))))];
            }
            match rest.is_empty() {
                true => {
                    vec![Step::Warn("Not saved: see what is said beside the field.".to_owned())]
                }
                false => vec![Step::Warn(format!("Not saved: {}", rest.join(" · ")))],
            }
        }
        Failure::Unknown(_) | Failure::Garbled(_) => {
            state.is_doubtful = true;
            vec![
                Step::Warn(format!("{} It may have been saved or not.", sentence(failure))),
                Step::Open(Box::new(Layer::Question(Box::new(question::lost())))),
            ]
        }
        Failure::Offline(_) => {
            let why = sentence(failure);
            vec![Step::Warn(format!("Not saved. {why} The form stays; Ctrl-S tries again."))]
        }
        Failure::Expired => Vec::new(),
    }
}

/// Asks the server whether a save whose answer got lost was done.
pub fn check(state: &State) -> Vec<Step> {
    let call = match &state.base {
        Some(base) => Call::Patient { id: base.id, archived: false },
        None => {
            let name = ["first_name", "last_name", "date_of_birth"].map(|n| state.form.value(n));
            let search = name.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
            Call::Patients(shared::patient::PatientFilter {
                search: Some(search),
                ordering: Some("-created_at".to_owned()),
                page_size: Some(5),
                ..Default::default()
            })
        }
    };
    vec![Step::Read(Slot::Patient, call)]
}

/// Takes the record as it is now: does it hold what was typed?
pub fn checked(state: &mut State, patient: Patient, world: &World) -> Vec<Step> {
    let Some(base) = state.base.clone() else { return Vec::new() };
    if patient.id != base.id {
        return Vec::new();
    }
    state.is_doubtful = false;
    if patient.version == base.version {
        return vec![Step::Inform("It was not saved. Ctrl-S saves it.".to_owned())];
    }
    if state.outcome(world.today) == Some(patient.state()) {
        let said = "It was saved after all.".to_owned();
        return vec![Step::Inform(said), Step::Left(Leave::Back)];
    }
    let problem = shared::Problem::new(Kind::Stale, "");
    let layer = conflict::init(&state.form, &base, patient, &problem, world);
    vec![Step::Open(Box::new(Layer::Conflict(Box::new(layer))))]
}

/// Takes the patients of the same name: is the one that was typed among them?
pub fn checked_new(state: &mut State, page: &Page<Patient>, world: &World) -> Vec<Step> {
    if state.base.is_some() {
        return Vec::new();
    }
    state.is_doubtful = false;
    match page.results.first() {
        Some(patient) => {
            vec![Step::Open(Box::new(Layer::Question(Box::new(question::found(patient, world)))))]
        }
        None => vec![Step::Inform("It was not saved. Ctrl-S saves it.".to_owned())],
    }
}

/// Takes what was chosen over a conflict: the other's record is now the one to change.
pub fn merged(state: &mut State, merge: Merge, world: &World) -> Vec<Step> {
    let opening: BTreeMap<_, _> = fields::values(&merge.theirs);
    for field in &mut state.form.fields {
        let theirs = opening.get(field.name).cloned().unwrap_or_default();
        if merge.taken.contains(&field.name) {
            field.set(&theirs);
        }
        field.reopen(&theirs);
    }
    let id = merge.theirs.id;
    state.base = Some(merge.theirs);
    if state.form.is_changed() {
        return save(state, world, None);
    }
    let call = Call::Patient { id, archived: false };
    let said = "Nothing of yours was left to save.".to_owned();
    vec![Step::Inform(said), Step::Left(Leave::Back), Step::Read(Slot::Patient, call)]
}

/// Where its keys mean something.
pub fn contexts() -> &'static [Context] {
    &[Context::Form, Context::PatientForm, Context::Global]
}

/// Scrolls so that the focused field is seen.
pub fn settle(state: &mut State, world: &World) {
    let area = view::place(world.body());
    state.form.settle(area.width, area.height);
}
