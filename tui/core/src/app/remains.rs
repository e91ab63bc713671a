//! What an archived record leaves open in records of another kind: the patients who still wait for a doctor
//! who has left.

use super::App;
use crate::{
    api::{Call, Failure, Handover, Reply, Verb, sentence},
    effect::{Effect, Lane, ScreenId},
    layers::{Layer, question},
    notice::Tone,
    resource::Record,
};

/// An archived record, of which it is asked what it leaves open.
#[derive(Clone)]
pub(super) struct Left {
    /// The screen from which it was archived.
    owner: ScreenId,
    record: Record,
    /// The record that has taken over the rest.
    next: Option<i64>,
}

impl App {
    /// Asks what a record leaves open that was just archived.
    pub(super) fn ask_remains(
        &mut self,
        owner: ScreenId,
        call: &Call,
        record: &Record,
        out: &mut Vec<Effect>,
    ) {
        let next = match call {
            Call::Do { verb: Verb::HandOver(Handover::To(next)), .. } => Some(*next),
            Call::Do { verb: Verb::Archive | Verb::HandOver(Handover::End), .. } => None,
            _ => return,
        };
        let Some(remains) = &record.kind().table().remains else { return };
        let mut query = vec![(remains.member, record.id().to_string())];
        query.extend(remains.only.iter().map(|(name, value)| (*name, (*value).to_owned())));
        query.push(("page_size", shared::page::PAGE_SIZE_MAX.to_string()));
        self.left = Some(Left { owner, record: record.clone(), next });
        self.ask(Lane::Remains, Call::List { kind: remains.kind, query }, out);
    }

    /// Takes what an archived record leaves open, and asks what becomes of it.
    pub(super) fn remains_found(&mut self, result: Result<Reply, Failure>, out: &mut Vec<Effect>) {
        // It is asked again by itself.
        if matches!(result, Err(Failure::Offline(_) | Failure::Unknown(_))) {
            return;
        }
        let Some(Left { owner, record, next }) = self.left.take() else { return };
        let Some(remains) = &record.kind().table().remains else { return };
        let name = record.name();
        let found = match result.and_then(Reply::page) {
            Ok(page) => page.results,
            Err(failure) => {
                let why = sentence(&failure);
                let said = format!("{}, {name}: not known. {why}", remains.title);
                return self.say(Tone::Error, said, out);
            }
        };
        if found.is_empty() {
            return;
        }
        if !self.is_looked_at(owner) {
            let said = format!("{}, {name}: {}.", remains.title, found.len());
            return self.say(Tone::Error, said, out);
        }
        let question = question::remains(&record, remains, &found, next);
        self.layers.push(Layer::Question(Box::new(question)));
    }
}
