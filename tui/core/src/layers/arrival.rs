//! A patient has arrived: for whom, and why. The doctor of the active assignment is proposed. Where the
//! patient or the picked doctor bears a warning, such as a death, the first choice registers nothing.

mod view;

use serde_json::{Map, Value};
use shared::account::SessionPermission;

use super::{
    Layer,
    question::{self, reason},
};
use crate::{
    api::{Call, Failure, Reply, Verb, missing},
    cursor::Cursor,
    effect::Lane,
    form::{Form, field::Field},
    input::{
        action::{Action, Context},
        keymap::key_of,
    },
    intent::Event,
    kept::Subject,
    key::IdempotencyKey,
    layers::Intent,
    resource::{Errand, Pick, Record, RecordKind, next_step, status_word},
    world::World,
};

pub use view::{keep_focus_visible, view};

/// For whom a patient can have come.
#[derive(Clone, Debug, PartialEq)]
enum Host {
    /// The arrival is not registered.
    Unregistered,
    /// The doctor of an active assignment.
    Assigned {
        assignment: i64,
        name: String,
    },
    /// A doctor who was picked.
    Doctor(Record),
    Nobody,
    /// A doctor who is to be picked.
    Other,
}

/// A patient who has arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    patient: Record,
    /// What must not be overlooked about the patient, and about a doctor who was picked.
    warnings: Vec<String>,
    hosts: Vec<Host>,
    cursor: Cursor,
    pub(crate) form: Form,
    is_urgent: bool,
    /// Whether the active assignments are still on their way. Enter waits for them.
    is_loading: bool,
    is_accepted: bool,
    failure: Option<String>,
    key: IdempotencyKey,
}

impl State {
    /// Whether Enter waits for the doctors to whom the patient is assigned.
    pub(crate) fn is_accepted(&self) -> bool {
        self.is_accepted
    }

    /// What Enter does, in a word or two.
    pub(crate) fn answer(&self) -> &'static str {
        match self.hosts.get(self.cursor.at()) {
            Some(Host::Other) => "choose the doctor",
            Some(Host::Unregistered) if self.is_begun() => "next choice",
            Some(Host::Unregistered) => "don't register",
            _ => "arrived",
        }
    }

    /// Enter does not wait any more.
    pub(crate) fn give_up(&mut self) {
        self.is_accepted = false;
    }

    /// Whose arrival it is, once something was typed or chosen for it.
    pub fn unfinished(&self) -> Option<String> {
        self.is_begun().then(|| format!("the arrival of {}", self.patient.row().name))
    }

    fn is_begun(&self) -> bool {
        self.is_urgent || !self.form.value("reason").trim().is_empty()
    }
}

/// What is known of an arrival before it is sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    /// The doctor who was picked.
    pub doctor: Option<Record>,
    /// The reason.
    pub reason: Option<String>,
    /// Whether it is urgent.
    pub is_urgent: bool,
}

/// What the key for arrivals does with a record: a patient has arrived, or a visit is taken its next
/// step. None where it does nothing.
pub fn label_here(record: &Record, world: &World) -> Option<&'static str> {
    match record {
        Record::Visit(visit) => next_step(visit.status).map(|(_, word)| word),
        Record::Patient(_) if record.archived().is_some() => None,
        Record::Patient(_) => world.may(SessionPermission::CreateVisit).then_some("arrived"),
        _ => None,
    }
}

/// Why the key for arrivals does nothing with a record, where there is a reason to tell.
pub fn refusal(record: &Record, label: &str) -> Option<String> {
    match record {
        Record::Visit(visit) if next_step(visit.status).is_none() => {
            let key = key_of(Action::Archive, &[Context::Record]);
            let status = status_word(visit.status);
            Some(format!("The visit has ended: {status}. {key} gives it another status."))
        }
        Record::Patient(_) if record.archived().is_some() => {
            Some("The patient is archived.".to_owned())
        }
        Record::Patient(_) => Some(format!("Your account may not do this: {label}.")),
        _ => None,
    }
}

/// Does what the key for arrivals does with a record.
pub fn act(record: &Record, world: &World) -> Vec<Intent> {
    match record {
        Record::Visit(visit) => {
            let Some((status, _)) = next_step(visit.status) else { return Vec::new() };
            let (kind, id, version) = (record.kind(), record.id(), record.version());
            let verb = Verb::SetStatus(status.as_str());
            let about = question::in_one_line(record);
            vec![Intent::Write(Call::Do { verb, kind, id, version, reason: None, about })]
        }
        Record::Patient(_) => open(record.clone(), Draft::default(), world),
        _ => Vec::new(),
    }
}

/// Opens the layer for a patient, and asks to whom the patient is assigned.
pub fn open(patient: Record, draft: Draft, world: &World) -> Vec<Intent> {
    let query = vec![
        ("patient", patient.id().to_string()),
        ("is_active", true.to_string()),
        ("page_size", 5.to_string()),
    ];
    let warnings: Vec<String> = std::iter::once(&patient)
        .chain(&draft.doctor)
        .filter_map(|record| Some((record, record.banner().warning?)))
        .map(|(record, warning)| format!("! {}: {warning}", record.row().name))
        .collect();
    let mut hosts: Vec<Host> = Vec::new();
    hosts.extend((!warnings.is_empty()).then_some(Host::Unregistered));
    hosts.extend(draft.doctor.map(Host::Doctor));
    hosts.extend([Host::Nobody, Host::Other]);
    let kept = || world.kept.get(subject(&patient)).to_owned();
    let reason = draft.reason.unwrap_or_else(kept);
    let is_urgent = draft.is_urgent || !world.kept.get(urgency(&patient)).is_empty();
    let state = State {
        patient,
        warnings,
        hosts,
        cursor: Cursor::default(),
        form: Form::new(vec![Field::text("reason", "Reason", &reason).hint("may be left empty")]),
        is_urgent,
        is_loading: true,
        is_accepted: false,
        failure: None,
        key: world.next_key(),
    };
    let call = Call::List { kind: RecordKind::Assignment, query };
    vec![Intent::Open(Box::new(Layer::Arrival(Box::new(state)))), Intent::Read(Lane::Pick, call)]
}

/// Chooses the doctor and the reason, and creates the visit.
pub fn update(state: &mut State, event: Event) -> Vec<Intent> {
    let Event::Act(action) = event else {
        state.is_accepted = false;
        return Vec::new();
    };
    state.is_accepted = false;
    match action {
        Action::Mark => state.is_urgent = !state.is_urgent,
        Action::Accept => return accept(state),
        Action::Back => return leave(state),
        _ if state.cursor.act(action, state.hosts.len(), state.hosts.len()) => {}
        _ => {
            state.form.act(action);
        }
    }
    Vec::new()
}

/// Keeps the reason, and that it is urgent, until the arrival has been written.
fn keep(state: &State) -> [Intent; 2] {
    let urgent = if state.is_urgent { "urgent" } else { "" };
    [
        Intent::Keep(subject(&state.patient), reason::kept(&state.form)),
        Intent::Keep(urgency(&state.patient), urgent.to_owned()),
    ]
}

/// What the reason of an arrival is about.
fn subject(patient: &Record) -> Subject {
    question::about("arrival", std::slice::from_ref(patient))
}

/// Registers nothing.
fn leave(state: &State) -> Vec<Intent> {
    close().into_iter().chain(keep(state)).collect()
}

/// What is kept where an arrival is urgent is about this.
fn urgency(patient: &Record) -> Subject {
    question::about("urgent arrival", std::slice::from_ref(patient))
}

fn close() -> Vec<Intent> {
    vec![Intent::Cancel(Lane::Pick), Intent::Close]
}

/// Sends the arrival, once it is known to whom the patient is assigned.
fn accept(state: &mut State) -> Vec<Intent> {
    let Some(reason) = reason::accepted(&mut state.form) else { return Vec::new() };
    let is_unregistered = state.hosts.get(state.cursor.at()) == Some(&Host::Unregistered);
    if is_unregistered && !state.is_begun() {
        return leave(state);
    }
    if state.is_loading {
        state.is_accepted = true;
        return Vec::new();
    }
    if is_unregistered {
        // What was typed is meant for an arrival. Enter has to be pressed again for it.
        state.cursor.select(1, state.hosts.len());
        return Vec::new();
    }
    let mut body = Map::new();
    body.insert("patient".to_owned(), state.patient.id().into());
    body.insert("is_urgent".to_owned(), state.is_urgent.into());
    body.extend(reason.clone().map(|reason| ("reason".to_owned(), reason.into())));
    match state.hosts.get(state.cursor.at()) {
        Some(Host::Other) => {
            let pick = Pick { kind: RecordKind::Doctor, title: "For which doctor?", only: &[] };
            let (patient, is_urgent) = (state.patient.clone(), state.is_urgent);
            let doctor = state.hosts.iter().find_map(|host| match host {
                Host::Doctor(doctor) => Some(doctor.clone()),
                _ => None,
            });
            let mut intents = close();
            intents.extend(keep(state));
            let errand = Errand::Arrival { patient, doctor, reason, is_urgent };
            intents.push(Intent::Pick(pick, errand));
            return intents;
        }
        Some(Host::Assigned { assignment, .. }) => {
            body.insert("assignment".to_owned(), (*assignment).into());
        }
        Some(Host::Doctor(doctor)) => {
            body.insert("doctor".to_owned(), doctor.id().into());
        }
        Some(Host::Nobody | Host::Unregistered) | None => {}
    }
    let body = Value::Object(body);
    let (key, about) = (state.key.clone(), question::in_one_line(&state.patient));
    let call = Call::Create { kind: RecordKind::Visit, body, key, about };
    let mut intents = close();
    intents.extend(keep(state));
    intents.push(Intent::Write(call));
    intents
}

/// Takes the active assignments of the patient.
pub fn answered(state: &mut State, answer: Result<Reply, Failure>, is_top: bool) -> Vec<Intent> {
    state.is_loading = false;
    // What Enter has begun is not gone on with under another layer.
    state.is_accepted &= is_top;
    match answer.and_then(Reply::page) {
        Ok(page) => {
            let assigned = page.results.iter().filter_map(|record| match record {
                Record::Assignment(it) => {
                    Some(Host::Assigned { assignment: it.id.0, name: it.doctor_name.clone() })
                }
                _ => None,
            });
            // A doctor who was picked stays before them.
            let is_first = |host: &&Host| matches!(host, Host::Unregistered | Host::Doctor(_));
            let place = state.hosts.iter().take_while(is_first).count();
            let at = state.cursor.at();
            let selected = state.hosts.get(at).cloned().filter(|_| at > 0);
            state.hosts.splice(place..place, assigned);
            let is_same = |host: &Host| Some(host) == selected.as_ref();
            let at = state.hosts.iter().position(is_same).unwrap_or_default();
            state.cursor = Cursor::on(at);
        }
        Err(failure) => {
            state.failure = Some(missing(&failure));
            // The proposal is missing: somebody has to look before it is sent.
            state.is_accepted = false;
        }
    }
    if std::mem::take(&mut state.is_accepted) { accept(state) } else { Vec::new() }
}

/// The contexts in which its keys hold.
pub fn contexts() -> &'static [Context] {
    &[Context::Pick, Context::Layer, Context::Global]
}
