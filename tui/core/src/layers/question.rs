//! Questions. The answer that changes nothing stands first, and Esc gives it. It is the default unless what
//! is asked harms nothing.

mod again;
mod assigning;
mod bulk;
mod duplicates;
mod leaving;
mod pairs;
pub mod reason;
mod view;

use std::borrow::Cow;

use shared::account::User;

use super::results::{self, Job};
use crate::{
    api::{Call, Verb},
    effect::Effect,
    form::{Form, field::Field},
    input::action::{Action, Context},
    intent::{Event, Leave, Route},
    kept::Subject,
    key::IdempotencyKey,
    layers::Intent,
    resource::{Errand, Operation, Pick, Record, RecordKind, Removal},
    session::Session,
    text::display,
    world::World,
};

pub use again::{resend, undone, unsent, unsent_words, unsure};
use assigning::status;
pub use assigning::{hand_over, hand_over_to, link, picked, remains};
pub use bulk::{archive_all, restore_all};
pub use duplicates::duplicates;
pub use leaving::{abandon, discard, drop_parked, drop_unfinished};
pub use pairs::{merge, tell_apart, unmerge};
pub use view::{keep_focus_visible, view};

/// What an answer does.
#[derive(Clone)]
enum Answer {
    Steps(Vec<Intent>),
    /// Writes, with the reason that was typed.
    Write(Call),
    /// Writes for several records under a title, with the reason that was typed.
    Bulk(String, Vec<Job>),
    /// Picks a record for others.
    Pick(Pick, Errand),
    /// Registers what is typed as somebody else than these, for the reason that was typed.
    SomebodyElse(Vec<i64>),
}

impl Answer {
    /// Whether it uses the reason that was typed.
    fn takes_reason(&self) -> bool {
        matches!(self, Self::Write(_) | Self::Bulk(..) | Self::SomebodyElse(_))
    }
}

/// A question with its answers.
#[derive(Clone)]
pub struct State {
    title: String,
    words: String,
    /// What may be said along with the answer.
    pub(crate) form: Form,
    answers: Vec<(Cow<'static, str>, Answer)>,
    at: usize,
    /// The answer that is selected at first: the one that changes nothing, but for a write that harms
    /// nothing.
    first: usize,
    /// Whether an answer was chosen after the last character was typed.
    is_chosen: bool,
    is_dangerous: bool,
    /// Whether it asks about leaving: another wish to leave takes its place.
    pub(crate) is_about_leaving: bool,
    /// What the reason is about, by which it is kept.
    about: Option<Subject>,
    /// What would be lost with the question itself, in a few words.
    unfinished: Option<String>,
}

fn ask(title: impl Into<String>, words: String, keep: &'static str) -> State {
    State {
        title: title.into(),
        words,
        form: Form::default(),
        answers: vec![(keep.into(), Answer::Steps(vec![Intent::Close]))],
        at: 0,
        first: 0,
        is_chosen: false,
        is_dangerous: false,
        is_about_leaving: false,
        about: None,
        unfinished: None,
    }
}

impl State {
    fn about_leaving(self) -> Self {
        Self { is_about_leaving: true, ..self }
    }

    /// What would be lost if everything ended now, in a few words.
    pub fn unfinished(&self) -> Option<String> {
        let reason = self.has_words().then(|| "the typed reason".to_owned());
        reason.or_else(|| self.unfinished.clone())
    }

    /// Whether something was typed along with the answer.
    fn has_words(&self) -> bool {
        self.form.fields.iter().any(|field| !field.value().trim().is_empty())
    }

    /// The session of another user who was asked whether to go on in it.
    pub fn newcomer(&self) -> Option<&Session> {
        self.answers.iter().find_map(|(_, answer)| match answer {
            Answer::Steps(intents) => intents.iter().find_map(|intent| match intent {
                Intent::TakeOver(session) => Some(&**session),
                _ => None,
            }),
            _ => None,
        })
    }

    /// The same question, with the answer that does it selected: a write that harms nothing and can be
    /// taken back.
    fn harmless(self) -> Self {
        Self { at: 1, first: 1, ..self }
    }

    /// Whether an answer saves the form below.
    pub fn saves_form(&self) -> bool {
        let is_save = |intent: &Intent| matches!(intent, Intent::SaveThen(_));
        self.answers.iter().any(|(_, answer)| match answer {
            Answer::Steps(intents) => intents.iter().any(is_save),
            _ => false,
        })
    }

    /// The same where none of these records bears a warning, such as a death.
    fn harmless_with(self, records: &[&Record]) -> Self {
        let is_warned = records.iter().any(|record| warning(record).is_some());
        if is_warned { self } else { self.harmless() }
    }

    /// The same question, with this done where the answer changes nothing.
    fn or_else(mut self, intents: Vec<Intent>) -> Self {
        if let Some((_, answer)) = self.answers.first_mut() {
            *answer = Answer::Steps(std::iter::once(Intent::Close).chain(intents).collect());
        }
        self
    }

    fn or(mut self, label: impl Into<Cow<'static, str>>, intents: Vec<Intent>) -> Self {
        let mut all = vec![Intent::Close];
        all.extend(intents);
        self.offer(label, Answer::Steps(all));
        self
    }

    /// Adds an answer.
    fn offer(&mut self, label: impl Into<Cow<'static, str>>, answer: Answer) {
        self.answers.push((label.into(), answer));
    }
}

/// What the field says for the reason of a transfer.
const SAME_REASON: &str = "empty: the reason stays as it was";

/// What a reason is about that is typed beside a question about these records.
pub fn about(question: &'static str, records: &[Record]) -> Subject {
    let first = records.first().map(|record| (record.kind().path(), record.id()));
    let (kind, id) = first.unwrap_or_default();
    Subject { question, kind, id, is_of_several: records.len() > 1 }
}

/// The same question with a field for a reason, and the answer that uses it. A reason that was typed here
/// before and not used yet is there again.
fn with_reason(
    mut state: State,
    about: Subject,
    hint: &'static str,
    answer: (&'static str, Answer),
    world: &World,
) -> State {
    let reason = Field::text("reason", "Reason", world.kept.get(about)).hint(hint);
    state.form = Form::new(vec![reason]);
    state.about = Some(about);
    state.offer(answer.0, answer.1);
    state
}

/// A record shall be archived. Where the kind has no archive, its status shall be changed. None where
/// it has neither.
pub fn archive(record: &Record, world: &World) -> Option<State> {
    let archive = match record.kind().table().removal.as_ref()? {
        Removal::Archive(archive) => archive,
        Removal::Status(words) => return Some(status(record, words)),
    };
    let words = format!("{}\n{}", record.named(), archive.effect);
    let state = ask(archive.title, words, "Cancel");
    let hint = "may be left empty";
    let answer = ("Archive", Answer::Write(act(Verb::Archive, record, None)));
    let about = about("archive", std::slice::from_ref(record));
    Some(State { is_dangerous: true, ..with_reason(state, about, hint, answer, world) })
}

/// A record shall be restored. None where its kind has no archive.
pub fn restore(record: &Record) -> Option<State> {
    let archive = record.kind().table().archive()?;
    let call = act(Verb::Restore, record, None);
    let state = ask(archive.restore, record.named(), "Cancel");
    Some(state.or("Restore", vec![Intent::Write(call)]).harmless())
}

/// The last save of a record shall be taken back.
pub fn undo(saved: &Record) -> State {
    let title = format!("Undo the last save of {}?", saved.row().name);
    let words = format!("{}\nIts values become those from before the save.", saved.named());
    ask(title, words, "Keep it").or("Undo", vec![Intent::UndoSave(Box::new(saved.clone()))])
}

fn act(verb: Verb, record: &Record, reason: Option<String>) -> Call {
    let (kind, id, version) = (record.kind(), record.id(), record.version());
    Call::Do { verb, kind, id, version, reason, about: in_one_line(record) }
}

/// The call that assigns a patient to a doctor.
fn assignment(patient: &Record, doctor: &Record, key: IdempotencyKey) -> Call {
    let about = format!("{} to {}", in_one_line(patient), in_one_line(doctor));
    Call::Assign { patient: patient.id(), doctor: doctor.id(), reason: None, key, about }
}

/// An operation on a record.
pub fn operation(record: &Record, operation: &'static Operation) -> State {
    let call = Call::Run {
        operation,
        kind: record.kind(),
        ids: vec![record.id()],
        version: operation.request.is_versioned.then(|| record.version()),
    };
    let words = format!("{}\n{}", record.named(), operation.effect);
    let mut state =
        ask(operation.title, words, "Cancel").or(operation.answer, vec![Intent::Write(call)]);
    state.is_dangerous = operation.is_dangerous;
    state
}

/// The end of all listed records but the one in use.
pub fn end_others(kind: RecordKind, operation: &'static Operation, ids: Vec<i64>) -> Option<State> {
    let others = kind.table().others.as_ref()?;
    let words = format!("{} in all. {}", ids.len(), others.effect);
    let call = Call::Run { operation, kind, ids, version: None };
    let state = ask(others.title, words, "Cancel").or(others.answer, vec![Intent::Write(call)]);
    Some(State { is_dangerous: true, ..state })
}

/// The answer of a save got lost.
pub fn lost(is_new: bool) -> State {
    let mut words =
        "The answer of the server got lost: what you typed may have been saved or not. \
                     Checking reads and changes nothing."
            .to_owned();
    if is_new {
        words.push_str(" Saving again registers nobody twice.");
    }
    ask("Was it saved?", words, "Keep editing")
        .or("Check", vec![Intent::Check])
        .or("Save again", vec![Intent::SaveAgain])
}

/// The record that a lost save may have created. None where its kind has no form for new records.
pub fn found(record: &Record, world: &World) -> Option<State> {
    let table = record.kind().table();
    let created = table.words.created.as_ref().map_or("created", |created| created.history);
    let (by, at) = record.creation();
    let by = by.map(|by| format!(" by {}", display(by))).unwrap_or_default();
    let words = format!(
        "{}\n{created} {}{by}. Is it the one you have typed?",
        record.named(),
        world.stamp(&at)
    );
    let intents = vec![Intent::LeaveNow(Leave::Back), Intent::Go(Route::of(record))];
    let state = ask(table.create.as_ref()?.found, words, "Keep editing");
    Some(state.or("Yes: show it", intents))
}

/// Somebody else has logged in over unsaved work.
pub fn other_user(before: &User, now: &Session) -> State {
    let words = format!(
        "You are {} now; {} has unsaved work. It can't go on under your name.",
        display(now.user().login_name()),
        display(before.login_name())
    );
    ask("Another user", words, "Back to the login")
        .or_else(vec![Intent::Do(Effect::EndSession(now.handle())), Intent::AskAgain])
        .or("Drop it and go on", vec![Intent::TakeOver(Box::new(now.clone()))])
}

/// Moves among the answers, edits the reason, and takes an answer.
pub fn update(state: &mut State, event: Event) -> Vec<Intent> {
    let Event::Act(action) = event else {
        // Whoever types has not decided yet: Enter has to be pressed for it.
        state.at = state.first;
        state.is_chosen = false;
        return Vec::new();
    };
    let count = state.answers.len().max(1);
    state.is_chosen |= matches!(action, Action::NextChoice | Action::PreviousChoice);
    match action {
        // What was typed along with an answer is meant for that answer.
        Action::Accept
            if state.at == 0 && state.first == 0 && !state.is_chosen && state.has_words() =>
        {
            let meant = state.answers.iter().position(|(_, answer)| answer.takes_reason());
            let is_accepted = reason::accepted(&mut state.form).is_some();
            state.at = meant.filter(|_| is_accepted).unwrap_or_default();
        }
        // An arrow and Enter do it in every question, also where Enter alone does.
        Action::NextChoice if state.first > 0 && state.at + 1 == count => {}
        Action::NextChoice => state.at = (state.at + 1) % count,
        // Whoever goes back within a typed reason gets to the answer that changes nothing, and stays there.
        Action::PreviousChoice if state.has_words() => state.at = state.at.saturating_sub(1),
        Action::PreviousChoice => state.at = (state.at + count - 1) % count,
        Action::Accept => return decide(state, state.at),
        Action::Back => return decide(state, 0),
        _ => {
            state.form.act(action);
        }
    }
    Vec::new()
}

/// Selects the answer that changes nothing. Says whether another one was selected.
pub fn hesitate(state: &mut State) -> bool {
    std::mem::replace(&mut state.at, 0) != 0
}

/// Gives an answer. What was typed along with it is kept until it has been written.
fn decide(state: &mut State, at: usize) -> Vec<Intent> {
    let kept = state.about.map(|about| Intent::Keep(about, reason::kept(&state.form)));
    answer(state, at).into_iter().chain(kept).collect()
}

fn answer(state: &mut State, at: usize) -> Vec<Intent> {
    match state.answers.get(at).cloned() {
        Some((_, Answer::Steps(intents))) => intents,
        Some((_, Answer::Pick(pick, errand))) => vec![Intent::Close, Intent::Pick(pick, errand)],
        Some((_, Answer::Bulk(title, jobs))) => {
            let Some(reason) = reason::accepted(&mut state.form) else { return Vec::new() };
            let jobs = jobs.into_iter().map(|job| job.with_reason(reason.clone())).collect();
            let mut intents = vec![Intent::Close];
            intents.extend(results::open(title, jobs));
            intents
        }
        Some((_, Answer::Write(call))) => {
            let Some(reason) = reason::accepted(&mut state.form) else { return Vec::new() };
            vec![Intent::Close, Intent::Write(call.with_reason(reason))]
        }
        Some((_, Answer::SomebodyElse(seen))) => {
            let Some(reason) = reason::accepted(&mut state.form) else { return Vec::new() };
            vec![Intent::Close, Intent::SaveAsOther { seen, reason }]
        }
        None => vec![Intent::Close],
    }
}

/// The contexts in which its keys hold.
pub fn contexts() -> &'static [Context] {
    &[Context::Question, Context::Layer, Context::Global]
}

/// A record in one line.
pub fn in_one_line(record: &Record) -> String {
    record.named().replace('\n', ", ")
}

/// A record in full, with what must not be overlooked.
fn in_full(record: &Record) -> String {
    let warning = warning(record).map(|it| format!("\n{it}"));
    format!("{}{}", record.named(), warning.unwrap_or_default())
}

/// What must not be overlooked about a record, such as a death.
fn warning(record: &Record) -> Option<String> {
    record.banner().warning.map(|warning| format!("! {warning}"))
}
