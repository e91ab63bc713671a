//! The form of a record: for creating and for editing one. Nothing typed here is lost by a refusal, the
//! end of a session, or a server that is away.

mod begin;
mod lost;
mod refused;
mod view;

use chrono::NaiveDate;
use serde_json::{Value, json};

pub use self::{
    begin::{changed, filled, on_field},
    lost::{answered, check},
    refused::refused,
    view::view,
};
use crate::{
    api::Call,
    effect::Lane,
    form::Form,
    input::action::{Action, Context},
    intent::{Event, Leave, Merge},
    key::IdempotencyKey,
    layers::{Intent, question},
    likely::Likely,
    live::Live,
    namesakes::Namesakes,
    person::Person,
    presence::Presence,
    resource::{Record, RecordKind, filled::Filled},
    sentences::{ALL_MARKED, MARKED, NOTHING_TO_UNDO, ONLY_COPIED, SAVING},
    text::display,
    world::World,
};

/// A form with the record that was read, if there was one.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub(crate) kind: RecordKind,
    pub(crate) form: Form,
    /// The record as it was read.
    pub(crate) base: Option<Record>,
    /// Others who have the record's name, where that can be known.
    pub(crate) namesakes: Option<Namesakes>,
    /// Patients who are likely to be the same person as the new one.
    pub(crate) likely: Likely,
    /// The person whom the record is about, where that is another one.
    pub(crate) person: Option<Person>,
    /// Whether the person was in the clinic when the form was opened, where that is asked.
    pub(crate) presence: Option<Presence>,
    /// Whether a save is under way.
    pub(crate) is_saving: bool,
    /// What is being saved: typing goes on meanwhile.
    sent: Attempt,
    /// The values with which a new record began.
    origin: Option<Filled>,
    /// Where to go once it is saved.
    then: Option<Leave>,
    /// Whether the answer of a save got lost: it may have been done.
    pub(crate) is_doubtful: bool,
    /// Names the record that is created here, at every try.
    key: IdempotencyKey,
    /// The tries to create it of which nobody knows whether they were done, oldest first.
    lost: Vec<Attempt>,
    /// Which of these is being sent again.
    repeats: Option<usize>,
    /// The patients who are somebody else than the one who is registered here, and why.
    others: Others,
}

/// Patients who were taken for the same person and are somebody else.
#[derive(Clone, Debug, Default, PartialEq)]
struct Others {
    ids: Vec<i64>,
    reason: Option<String>,
}

impl Others {
    /// Adds them to the members of a registration.
    fn add_to(&self, body: &mut Value) {
        let Some(members) = body.as_object_mut().filter(|_| !self.ids.is_empty()) else { return };
        members.insert("duplicates_seen".to_owned(), json!(self.ids));
        if let Some(reason) = &self.reason {
            members.insert("duplicates_reason".to_owned(), json!(reason));
        }
    }
}

/// One try to save: what was sent, and every field as it was typed then.
#[derive(Clone, Debug, Default, PartialEq)]
struct Attempt {
    body: Value,
    values: Vec<String>,
}

/// Begins, with an empty form or a record's.
pub fn init(kind: RecordKind, base: Option<Record>, world: &World) -> State {
    let mut state = State {
        kind,
        form: Form::new(kind.fields(base.as_ref())).dated(world.date_order),
        base,
        namesakes: None,
        likely: Likely::default(),
        person: None,
        presence: None,
        is_saving: false,
        sent: Attempt::default(),
        origin: None,
        then: None,
        is_doubtful: false,
        key: world.next_key(),
        lost: Vec::new(),
        repeats: None,
        others: Others::default(),
    };
    state.validate(world.today);
    state
}

impl State {
    /// What the header calls it.
    pub fn title(&self) -> String {
        let table = self.kind.table();
        let title = match &self.base {
            Some(_) => table.change.as_ref().map(|change| change.title),
            None => table.create.as_ref().map(|create| create.title),
        };
        title.unwrap_or(table.words.one).to_owned()
    }

    /// Whether a live change makes the record old over which this is typed. A save that is under way is
    /// most likely the change itself.
    pub fn is_outdated_by(&self, change: Live) -> bool {
        let outdates = |base: &Record| {
            change != Live::Missed && change.outdates(base.kind(), base.id(), base.version())
        };
        !self.is_saving && self.base.as_ref().is_some_and(outdates)
    }

    /// What the form is called among others: its title, and the name of the record, or the one that is
    /// typed. Safe to be drawn.
    pub fn heading(&self) -> String {
        let typed = ["first_name", "last_name"].map(|name| self.form.value(name).trim());
        let name = match &self.base {
            Some(record) => record.row().name,
            None => display(&typed.join(" ")).trim().to_owned(),
        };
        let gap = if name.is_empty() { "" } else { " " };
        format!("{}{gap}{name}", self.title())
    }

    /// Runs the rules that the server has over what is typed, and returns it as members of a request.
    fn validate(&mut self, today: NaiveDate) -> Value {
        self.form.echo(today);
        let (body, mut errors) = self.kind.read(&self.form, self.base.as_ref(), today);
        self.form.find_scanned(&mut errors);
        self.form.show_errors(&errors);
        body
    }

    fn create(&self, body: Value) -> Call {
        let (key, about) = (self.key.clone(), self.heading());
        Call::Create { kind: self.kind, body, key, about }
    }
}

/// Saves, leaves or checks the form; edits are validated at once.
pub fn update(state: &mut State, world: &World, event: Event) -> Vec<Intent> {
    if event == Event::Act(Action::Undo) && state.form.focused().is_some_and(|it| !it.can_undo()) {
        return vec![Intent::Inform(NOTHING_TO_UNDO.to_owned())];
    }
    let is_moved = matches!(event, Event::Act(action) if state.form.act(action));
    let body = state.validate(world.today);
    let is_left = event != Event::Edited && state.base.is_none();
    let likely = is_left.then(|| state.likely.follow(state.kind, &body)).flatten();
    let is_right = || {
        if state.form.is_faulty() {
            Vec::new()
        } else {
            vec![Intent::Retract(MARKED), Intent::Retract(ALL_MARKED)]
        }
    };
    let Event::Act(action) = event else { return is_right() };
    match action {
        _ if is_moved => is_right().into_iter().chain(likely).collect(),
        Action::Save | Action::Accept => save(state, world, None),
        Action::Refresh if state.is_doubtful => vec![Intent::Check],
        Action::Back => vec![Intent::Leave(Leave::Back)],
        _ => Vec::new(),
    }
}

/// Goes to a section as soon as what is being saved is saved. Says whether that is so: nothing is being
/// saved otherwise, or another section waits already.
pub fn leaves_once_saved(state: &mut State, leave: Leave) -> bool {
    let is_possible = state.is_saving && matches!(leave, Leave::To(_));
    let is_first = !matches!(state.then, Some(Leave::To(_)));
    if is_possible && is_first {
        state.then = Some(leave);
    }
    is_possible && is_first
}

/// Stays where it is even if it was to be left once it is saved.
pub fn stay(state: &mut State) {
    state.then = state.then.take().map(|_| Leave::Back);
}

/// Saves what is typed, and then goes where it is said.
pub fn save(state: &mut State, world: &World, then: Option<Leave>) -> Vec<Intent> {
    if state.is_saving {
        return vec![Intent::Inform(SAVING.to_owned())];
    }
    if state.is_doubtful {
        return vec![refused::ask_whether_saved(state)];
    }
    attempt(state, world, then)
}

/// Says that somebody else has changed the record in the meantime. What is typed stays.
pub fn follow(state: &State) -> Vec<Intent> {
    if state.is_saving {
        return Vec::new();
    }
    let said = "Somebody else has changed this record. Saving shows both versions.";
    vec![Intent::Inform(said.to_owned())]
}

/// Sends what is typed.
fn attempt(state: &mut State, world: &World, then: Option<Leave>) -> Vec<Intent> {
    let mut body = state.validate(world.today);
    if state.form.reveal_errors() {
        return vec![Intent::Warn(state.form.marked().to_owned())];
    }
    let call = match &state.base {
        None if state.is_only_copied() => {
            return vec![Intent::Inform(ONLY_COPIED.to_owned())];
        }
        None => {
            state.others.add_to(&mut body);
            state.create(body.clone())
        }
        Some(_) if !state.form.is_changed() => {
            let said = Intent::Inform("Nothing was changed.".to_owned());
            return vec![said, Intent::LeaveNow(then.unwrap_or(Leave::Back))];
        }
        Some(base) => Call::Change {
            kind: state.kind,
            id: base.id(),
            version: base.version(),
            body: body.clone(),
            about: question::in_one_line(base),
        },
    };
    let values = state.form.fields.iter().map(|field| field.value().to_owned()).collect();
    state.sent = Attempt { body, values };
    state.repeats = None;
    state.is_saving = true;
    state.then = then;
    vec![Intent::Write(call)]
}

/// Sends a try to register again whose answer got lost, exactly as it was: under its key it is
/// done once. What was typed since is saved afterwards.
fn repeat(state: &mut State, at: usize) -> Option<Intent> {
    let attempt = state.lost.get(at)?.clone();
    let call = state.create(attempt.body.clone());
    state.sent = attempt;
    state.repeats = Some(at);
    state.is_saving = true;
    state.then = None;
    Some(Intent::Write(call))
}

/// Sends what was typed on somebody's own word although the answer of the last try got lost.
pub fn save_again(state: &mut State, world: &World) -> Vec<Intent> {
    if state.is_saving {
        return save(state, world, None);
    }
    let newest = state.lost.len().checked_sub(1).filter(|_| state.is_doubtful);
    match newest.and_then(|at| repeat(state, at)) {
        Some(intent) => vec![intent],
        None => attempt(state, world, None),
    }
}

/// Registers what is typed as somebody else than these patients.
pub fn save_as_other(
    state: &mut State,
    world: &World,
    seen: Vec<i64>,
    reason: Option<String>,
) -> Vec<Intent> {
    for id in seen {
        if !state.others.ids.contains(&id) {
            state.others.ids.push(id);
        }
    }
    state.others.reason = reason.or(state.others.reason.take());
    save(state, world, None)
}

/// What is said of a record that was saved.
pub fn told(record: &Record, is_new: bool) -> String {
    let created = record.kind().table().words.created.as_ref().filter(|_| is_new);
    let verb = created.map_or("Saved", |created| created.told);
    format!("{verb}: {}", record.said())
}

/// Takes the saved record. Returns where to go, and what to say: nowhere, where more was typed
/// while it was being saved.
pub fn saved(state: &mut State, record: &Record, world: &World) -> (Option<Leave>, String) {
    state.is_saving = false;
    state.is_doubtful = false;
    state.lost.clear();
    let said = told(record, state.base.is_none());
    let then = state.then.take().unwrap_or(Leave::Back);
    let values = record.values();
    let mut is_more = false;
    for (field, sent) in state.form.fields.iter_mut().zip(&state.sent.values) {
        let stored = values.get(field.name).map_or("", String::as_str);
        if field.value() == sent && !field.is_open() {
            field.set(stored);
        } else {
            is_more = true;
        }
        field.reopen(stored);
    }
    state.base = Some(record.clone());
    state.validate(world.today);
    match is_more && state.form.is_changed() {
        true => (None, format!("{said}. Your later input is not saved yet.")),
        false => (Some(then), said),
    }
}

fn read(record: &Record) -> Call {
    Call::Read { kind: record.kind(), id: record.id(), is_archived: false }
}

/// Takes what was chosen over a conflict: the other's record is now the one to change.
pub fn merged(state: &mut State, merge: Merge, world: &World) -> Vec<Intent> {
    let opening = merge.theirs.values();
    for field in &mut state.form.fields {
        let theirs = opening.get(field.name).cloned().unwrap_or_default();
        if merge.taken.contains(&field.name) {
            field.set(&theirs);
        }
        field.reopen(&theirs);
    }
    let call = read(&merge.theirs);
    state.base = Some(merge.theirs);
    if state.form.is_changed() {
        return save(state, world, None);
    }
    let said = "None of your changes were left to save.".to_owned();
    vec![Intent::Inform(said), Intent::LeaveNow(Leave::Back), Intent::Read(Lane::Record, call)]
}

/// The contexts in which its keys hold.
pub fn contexts() -> &'static [Context] {
    &[Context::Form, Context::Global]
}

/// Scrolls so that the focused field is seen.
pub fn keep_focus_visible(state: &mut State, world: &World) {
    let area = view::place(state, world);
    state.form.keep_focus_visible(area.width, area.height);
}
