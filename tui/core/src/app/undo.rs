//! The last save of a change. It can be undone while nobody else has changed the record.

use serde_json::Value;
use shared::Kind;

use super::App;
use crate::{
    api::{Call, Failure, sentence},
    effect::{Effect, Lane, ScreenId, Slot},
    form::Form,
    layers::{Layer, conflict, question},
    live::Live,
    notice::Tone,
    resource::Record,
    sentences::NO_SAVE_TO_UNDO,
    world::World,
};

/// The change that takes the last save back.
#[derive(Clone)]
pub(super) struct Undo {
    /// The record as it was saved.
    saved: Record,
    /// The members as they were before, or why they can't be put back.
    body: Result<Value, String>,
    /// Whether the record was changed after the save.
    is_overtaken: bool,
}

impl Undo {
    /// Of a save that has made `saved` of `before`. `None` if nothing differs.
    pub(super) fn new(before: &Record, saved: &Record, world: &World) -> Option<Self> {
        let kind = saved.kind();
        let mut form = Form::new(kind.fields(Some(saved))).dated(world.date_order);
        for (name, value) in before.values() {
            if form.value(name) != value {
                form.set(name, &value);
            }
        }
        let (body, errors) = kind.read(&form, Some(saved), world.today);
        let fault = errors.iter().next().map(|(_, error)| error.message.clone());
        let body = fault.map_or(Ok(body), Err);
        form.is_changed().then(|| Self { saved: saved.clone(), body, is_overtaken: false })
    }

    /// Takes a live change, which may make it impossible.
    pub(super) fn follow(&mut self, change: Live) {
        let saved = &self.saved;
        self.is_overtaken |=
            change != Live::Missed && change.outdates(saved.kind(), saved.id(), saved.version());
    }

    /// Why it is impossible, if it is.
    fn refusal(&self) -> Option<String> {
        let why = match &self.body {
            _ if self.is_overtaken => "the record was changed after it",
            Ok(_) => return None,
            Err(why) => why,
        };
        Some(format!("The last save of {} can't be undone: {why}.", self.saved.row().name))
    }

    fn is_of(&self, record: &Record) -> bool {
        (self.saved.kind(), self.saved.id()) == (record.kind(), record.id())
    }
}

impl App {
    /// Whether there is a save to be taken back.
    pub(super) fn can_undo(&self) -> bool {
        self.layers.is_empty() && self.undo.as_ref().is_some_and(|undo| !undo.is_overtaken)
    }

    /// Why the last save can't be undone, if there is one.
    pub(super) fn undo_refusal(&self) -> Option<String> {
        match &self.undo {
            Some(undo) => undo.refusal(),
            None => self.has_saved.then(|| NO_SAVE_TO_UNDO.to_owned()),
        }
    }

    /// Asks whether to take the last save back, or says why that can't be done.
    pub(super) fn ask_undo(&mut self, out: &mut Vec<Effect>) {
        let Some(undo) = &self.undo else { return };
        self.notices.dismiss();
        match undo.refusal() {
            None => self.lay(Layer::Question(Box::new(question::undo(&undo.saved)))),
            Some(why) => self.say(Tone::Error, why, out),
        }
    }

    /// Sends the change that takes the last save back.
    pub(super) fn undo_save(&mut self, out: &mut Vec<Effect>) {
        let Some(Undo { saved, body: Ok(body), .. }) = self.undo.clone() else { return };
        self.notices.dismiss();
        if self.slots.is_writing() {
            return self.say(Tone::Info, crate::sentences::SAVING.to_owned(), out);
        }
        let (kind, id, version) = (saved.kind(), saved.id(), saved.version());
        let call = Call::Change { kind, id, version, body };
        self.start(Slot { owner: ScreenId::APP, lane: Lane::Save }, call, out);
    }

    /// Takes the answer to the change that takes the last save back.
    pub(super) fn undone(&mut self, result: Result<Record, Failure>, out: &mut Vec<Effect>) {
        let Some(undo) = self.undo.clone() else { return };
        let name = undo.saved.row().name;
        let said = match result {
            Ok(record) => {
                self.undo = None;
                self.learn(ScreenId::APP, &record, out);
                let said = format!("Undone: the last save of {name}.");
                return self.say(Tone::Info, said, out);
            }
            Err(Failure::Problem(problem)) if problem.error == Kind::Stale.code() => {
                self.undo = None;
                if let Some(current) = conflict::theirs(undo.saved.kind(), &problem) {
                    self.learn(ScreenId::APP, &current, out);
                }
                format!("Nothing was undone: {name} was changed after the last save.")
            }
            Err(failure @ (Failure::Unknown(_) | Failure::Garbled(_))) => {
                let why = sentence(&failure);
                format!(
                    "{why} The last save of {name} may or may not have been undone. Check the history."
                )
            }
            Err(Failure::Problem(problem)) if !problem.errors.is_empty() => {
                let all: Vec<_> = problem.errors.values().flatten().cloned().collect();
                format!("The last save of {name} was not undone: {}.", all.join("; "))
            }
            Err(failure) => {
                format!("The last save of {name} was not undone. {}", sentence(&failure))
            }
        };
        self.say(Tone::Error, said, out);
    }

    /// A record as it is now. If it is another version than the one that was saved last, that save can't
    /// be taken back any more.
    pub(super) fn check_undo(&mut self, record: &Record) {
        if let Some(undo) = self.undo.as_mut().filter(|undo| undo.is_of(record)) {
            undo.is_overtaken |= undo.saved.version() != record.version();
        }
    }
}
