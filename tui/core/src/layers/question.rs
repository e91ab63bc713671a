//! Questions. The answer that changes nothing stands first, and Esc gives it. It is the default unless what
//! is asked harms nothing.

mod assigning;
mod bulk;
mod view;

use serde_json::Value;
use shared::{
    Problem,
    account::User,
    rules::REASON_MAX,
    text::{Lines, clean},
};

use super::results::{self, Job};
use crate::{
    api::{Call, Verb},
    effect::Effect,
    form::{Form, field::Field},
    input::action::{Action, Context},
    kept::Subject,
    layers::Step,
    resource::{Operation, Pick, Record, RecordKind},
    session::Session,
    step::{Event, Leave, Route},
    text::display,
    world::World,
};

pub use assigning::{Picked, hand_over, picked, remains, status, unsure};
pub use bulk::{archive_all, restore_all};
pub use view::{settle, view};

/// What an answer does.
#[derive(Clone)]
enum Answer {
    Steps(Vec<Step>),
    /// Writes, with the reason that was typed.
    Write(Call),
    /// Writes for several records under a title, with the reason that was typed.
    Bulk(String, Vec<Job>),
    /// Picks a record for these, for a reason that was given before.
    Pick(Pick, Vec<Record>, Option<String>),
}

/// A question with its answers.
#[derive(Clone)]
pub struct State {
    title: String,
    words: String,
    /// What may be said along with the answer.
    pub(crate) form: Form,
    answers: Vec<(&'static str, Answer)>,
    at: usize,
    /// The answer that is selected at first: the one that changes nothing, but for a write that harms
    /// nothing.
    first: usize,
    is_dangerous: bool,
    /// Whether it asks about leaving: another wish to leave takes its place.
    pub(crate) is_about_leaving: bool,
    /// What the reason is about, by which it is kept.
    about: Option<Subject>,
}

fn ask(title: impl Into<String>, words: String, keep: &'static str) -> State {
    State {
        title: title.into(),
        words,
        form: Form::default(),
        answers: vec![(keep, Answer::Steps(vec![Step::Close]))],
        at: 0,
        first: 0,
        is_dangerous: false,
        is_about_leaving: false,
        about: None,
    }
}

impl State {
    fn about_leaving(self) -> Self {
        Self { is_about_leaving: true, ..self }
    }

    /// Whether something was typed along with the answer.
    pub(crate) fn has_words(&self) -> bool {
        self.form.fields.iter().any(|field| !field.value().trim().is_empty())
    }

    /// The same question, with the answer that does it selected: a write that harms nothing and can be
    /// taken back.
    fn harmless(self) -> Self {
        Self { at: 1, first: 1, ..self }
    }

    /// Whether an answer saves the form below.
    pub fn saves_form(&self) -> bool {
        let is_save = |step: &Step| matches!(step, Step::SaveThen(_));
        self.answers.iter().any(|(_, answer)| match answer {
            Answer::Steps(steps) => steps.iter().any(is_save),
            _ => false,
        })
    }

    /// The same where none of these records bears a warning, such as a death.
    fn harmless_with(self, records: &[&Record]) -> Self {
        let is_warned = records.iter().any(|record| record.banner().warning.is_some());
        if is_warned { self } else { self.harmless() }
    }

    fn or(mut self, label: &'static str, steps: Vec<Step>) -> Self {
        let mut all = vec![Step::Close];
        all.extend(steps);
        self.answers.push((label, Answer::Steps(all)));
        self
    }
}

/// A form is left that is not saved, perhaps with others: `lost` has the names of all of them, first the
/// one that is shown.
pub fn discard(leave: Leave, lost: &[String]) -> State {
    let mut words = "What you have typed is not saved yet.".to_owned();
    if let Some((_, others @ [_, ..])) = lost.split_first() {
        words.push_str(&format!("\nNot saved either, and discarded too: {}.", others.join("; ")));
    }
    let question =
        ask("Leave the form?", words, "Keep editing").or("Discard", vec![Step::Left(leave)]);
    let question = match leave {
        Leave::To(_) => question.or("Park", vec![Step::ParkThen(leave)]),
        _ => question,
    };
    question.or("Save", vec![Step::SaveThen(leave)]).about_leaving()
}

/// Parked forms, or forms below the screen, would be lost.
pub fn drop_parked(leave: Leave, lost: &[String]) -> State {
    let words = format!("Not saved yet: {}.", lost.join("; "));
    ask("Leave unsaved forms?", words, "Keep them")
        .or("Discard them", vec![Step::Left(leave)])
        .about_leaving()
}

/// Something that is under way would be lost, perhaps with forms: `lost` names all of it.
pub fn drop_unfinished(leave: Leave, lost: &[String]) -> State {
    let words = format!("Not finished yet: {}.", lost.join("; "));
    ask("Leave unfinished work?", words, "Stay")
        .or("Leave", vec![Step::Left(leave)])
        .about_leaving()
}

/// A form that can't be saved is left: an account being opened.
pub fn abandon(leave: Leave) -> State {
    let words = "What you have typed is not sent yet.".to_owned();
    ask("Leave the form?", words, "Keep editing")
        .or("Discard", vec![Step::Left(leave)])
        .about_leaving()
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
    state.answers.push(answer);
    state
}

/// A record shall be archived. Where the kind has no archive, its status shall be changed.
pub fn archive(record: &Record, world: &World) -> State {
    if !record.outcomes().is_empty() {
        return status(record);
    }
    let table = record.kind().table();
    let words = format!("{}\n{}", record.named(), table.words.archive_effect);
    let state = ask(table.words.archive_title, words, "Cancel");
    let hint = "may be left empty; Enter goes on to the answer";
    let answer = ("Archive", Answer::Write(act(Verb::Archive, record, None)));
    let about = about("archive", std::slice::from_ref(record));
    State { is_dangerous: true, ..with_reason(state, about, hint, answer, world) }
}

/// A record shall be restored.
pub fn restore(record: &Record) -> State {
    let call = act(Verb::Restore, record, None);
    ask(record.kind().table().words.restore_title, record.named(), "Cancel")
        .or("Restore", vec![Step::Write(call)])
        .harmless()
}

/// The last save of a record shall be taken back.
pub fn undo(saved: &Record) -> State {
    let title = format!("Undo the last save of {}?", saved.row().name);
    let words = format!("{}\nIts values become those from before the save.", saved.named());
    ask(title, words, "Keep it").or("Undo", vec![Step::UndoSave])
}

fn act(verb: Verb, record: &Record, reason: Option<String>) -> Call {
    let (kind, id, version) = (record.kind(), record.id(), record.version());
    Call::Do { verb, kind, id, version, reason }
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
        ask(operation.title, words, "Cancel").or(operation.answer, vec![Step::Write(call)]);
    state.is_dangerous = operation.is_dangerous;
    state
}

/// The end of all listed records but the one in use.
pub fn end_others(kind: RecordKind, operation: &'static Operation, ids: Vec<i64>) -> Option<State> {
    let others = kind.table().others.as_ref()?;
    let words = format!("{} in all. {}", ids.len(), others.effect);
    let call = Call::Run { operation, kind, ids, version: None };
    let state = ask(others.title, words, "Cancel").or(others.answer, vec![Step::Write(call)]);
    Some(State { is_dangerous: true, ..state })
}

/// What was not done because a write was not sent or was refused.
fn not_done(call: &Call) -> &'static str {
    match call {
        Call::Create { kind, .. } => kind.table().words.not_created,
        Call::Change { .. } => "The change was not saved",
        Call::Run { operation, .. } => operation.not_done,
        Call::ChangePassword(_) => "The password was not changed",
        Call::Do { verb: Verb::Archive | Verb::HandOver(_), .. } => "The record was not archived",
        Call::Do { verb: Verb::SetStatus(_), .. } => "The status was not changed",
        Call::Do { verb: Verb::Transfer(_), .. } => "The patient was not transferred",
        Call::Do { verb: Verb::SetMember(..), .. } => "The record was not changed",
        Call::Do { verb: Verb::Link(_), .. } => "The account was not linked",
        Call::Assign { .. } => "The patient was not assigned",
        _ => "The record was not brought back",
    }
}

/// A write that the end of the session stopped.
pub fn resend(call: &Call, is_form: bool) -> State {
    let what = not_done(call);
    let words = format!("{what}: the session was over. Nothing was sent a second time.");
    let again = match call {
        Call::Create { .. } | Call::Change { .. } if is_form => Step::SaveAgain,
        other => Step::Write(other.clone()),
    };
    ask("Send it now?", words, "Not yet").or("Send it", vec![again])
}

/// A write of a layer, which is closed already, was not done for this reason: what was typed for it, in
/// words.
pub fn unsent_words(call: &Call, why: &str) -> String {
    let typed = call.reason().map(|reason| format!("\nTyped: “{}”", display(reason)));
    format!("{}. {why}{}", not_done(call), typed.unwrap_or_default())
}

/// The same as a question. Nothing that was typed for the write is lost.
pub fn unsent(call: &Call, why: &str) -> State {
    ask("Send it again?", unsent_words(call, why), "Leave it")
        .or("Send it again", vec![Step::Write(call.clone())])
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
        .or("Check", vec![Step::Check])
        .or("Save again", vec![Step::SaveAgain])
}

/// The record that a lost save may have created.
pub fn found(record: &Record, world: &World) -> State {
    let words_of = &record.kind().table().words;
    let (by, at) = record.creation();
    let by = by.map(|by| format!(" by {}", display(by))).unwrap_or_default();
    let words = format!(
        "{}\n{} {}{by}. Is it the one you have typed?",
        record.named(),
        words_of.created,
        world.stamp(&at)
    );
    let route = Route::Record {
        kind: record.kind(),
        id: record.id(),
        name: record.row().name,
        is_archived: false,
        to_edit: false,
    };
    let steps = vec![Step::Left(Leave::Back), Step::Go(route)];
    ask(words_of.found, words, "Keep editing").or("Yes: show it", steps)
}

fn page_of(id: i64, name: String) -> Route {
    let kind = RecordKind::Patient;
    Route::Record { kind, id, name, is_archived: false, to_edit: false }
}

/// Somebody else has logged in over a form.
pub fn other_user(before: &User, now: &Session) -> State {
    let words = format!(
        "You are {} now; {} has typed something that is not saved. It can't go on under your name.",
        display(now.user().login_name()),
        display(before.login_name())
    );
    let mut state = ask("Another user", words, "Back to the login");
    if let Some((_, answer)) = state.answers.first_mut() {
        let end = Step::Do(Effect::EndSession(now.handle()));
        *answer = Answer::Steps(vec![Step::Close, end, Step::AskAgain]);
    }
    state.or("Drop it and go on", vec![Step::TakeOver(Box::new(now.clone()))])
}

/// The refusal of a patient who is likely here already, with the candidates.
pub fn duplicates(problem: &Problem) -> Option<State> {
    let candidates = problem.extra.get("duplicates")?.as_array()?;
    let name = |candidate: &Value| {
        let patient = candidate.get("patient").unwrap_or(candidate);
        let part = |name: &str| {
            patient.get(name).and_then(Value::as_str).map(|text| display(text).into_owned())
        };
        let parts = ["full_name", "date_of_birth", "mrn"].map(part);
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    };
    let names: Vec<String> = candidates.iter().filter_map(name).collect();
    let words = format!("{}\nNothing was saved. The form stays below.", names.join("\n"));
    let first = candidates.first().and_then(|first| {
        let patient = first.get("patient").unwrap_or(first);
        let name = patient.get("full_name").and_then(Value::as_str).unwrap_or_default();
        Some((patient.get("id")?.as_i64()?, display(name).into_owned()))
    });
    let state = ask("Likely registered already", words, "Keep editing");
    let Some((id, name)) = first.filter(|_| !names.is_empty()) else {
        return (!names.is_empty()).then_some(state);
    };
    Some(state.or("Show the record", vec![Step::Go(page_of(id, name))]))
}

/// Does something.
pub fn update(state: &mut State, event: Event) -> Vec<Step> {
    let Event::Act(action) = event else {
        // Whoever types has not decided yet: Enter has to be pressed for it.
        state.at = state.first;
        return Vec::new();
    };
    let count = state.answers.len().max(1);
    match action {
        // What was typed along with an answer is meant for that answer.
        Action::Accept if state.at == 0 && state.first == 0 && state.has_words() => state.at = 1,
        // An arrow and Enter do it in every question, also where Enter alone does.
        Action::NextChoice if state.first > 0 && state.at + 1 == count => {}
        Action::NextChoice => state.at = (state.at + 1) % count,
        Action::PreviousChoice => state.at = (state.at + count - 1) % count,
        Action::Accept => return decide(state, state.at),
        Action::Back => return decide(state, 0),
        _ => {
            state.form.act(action);
        }
    }
    Vec::new()
}

/// The reason that was typed, if one was. `None` where it breaks a rule.
fn reason(state: &mut State) -> Option<Option<String>> {
    match clean(state.form.value("reason"), Lines::One, REASON_MAX) {
        Ok(reason) => Some(Some(reason).filter(|reason| !reason.is_empty())),
        Err(error) => {
            if let Some(field) = state.form.field_mut("reason") {
                field.refused = Some(error.message);
            }
            None
        }
    }
}

/// Gives an answer. What was typed along with it is kept until it has been written.
fn decide(state: &mut State, at: usize) -> Vec<Step> {
    let typed = state.form.value("reason").to_owned();
    let kept = state.about.map(|about| Step::Keep(about, typed));
    answer(state, at).into_iter().chain(kept).collect()
}

fn answer(state: &mut State, at: usize) -> Vec<Step> {
    match state.answers.get(at).cloned() {
        Some((_, Answer::Steps(steps))) => steps,
        Some((_, Answer::Pick(pick, subjects, reason))) => {
            vec![Step::Close, Step::Pick(pick, subjects, reason)]
        }
        Some((_, Answer::Bulk(title, jobs))) => {
            let Some(reason) = reason(state) else { return Vec::new() };
            let jobs = jobs.into_iter().map(|job| job.with_reason(reason.clone())).collect();
            let mut steps = vec![Step::Close];
            steps.extend(results::open(title, jobs));
            steps
        }
        Some((_, Answer::Write(call))) => {
            let Some(reason) = reason(state) else { return Vec::new() };
            vec![Step::Close, Step::Write(call.with_reason(reason))]
        }
        None => vec![Step::Close],
    }
}

/// Where its keys mean something.
pub fn contexts() -> &'static [Context] {
    &[Context::Question, Context::Layer, Context::Global]
}

/// A record in full, with what must not be overlooked.
fn in_full(record: &Record) -> String {
    let warning = record.banner().warning;
    format!("{}{}", record.named(), warning.map(|it| format!("\n! {it}")).unwrap_or_default())
}
