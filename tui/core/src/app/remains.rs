//! What an archived record leaves open in records of another kind: the patients who still wait for a doctor
//! who has left.

use std::collections::VecDeque;

use super::App;
use crate::{
    api::{Call, Failure, Handover, Reply, Verb, active_assignments, is_away, sentence},
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
    next: Option<Record>,
}

/// What is asked about one of several records after all their writes have been answered.
#[derive(Clone)]
enum FollowUp {
    /// It was not archived because of so many active assignments. The reason was typed before.
    HandOver { owner: ScreenId, record: Record, count: i64, reason: Option<String> },
    /// It was archived.
    Remains(Left),
}

/// What is still to be asked about archived records.
#[derive(Clone, Default)]
pub(super) struct FollowUps {
    /// The record of which it is being read what it leaves open.
    read: Option<Left>,
    next: VecDeque<FollowUp>,
    /// The record that takes over what belongs to the one that is being archived.
    pub(super) successor: Option<Record>,
}

impl FollowUps {
    /// The record has been archived meanwhile: nothing has to be handed over for that any more.
    fn forget_hand_over(&mut self, archived: &Record) {
        let name = |record: &Record| (record.kind(), record.id());
        self.next.retain(|next| match next {
            FollowUp::HandOver { record, .. } => name(record) != name(archived),
            FollowUp::Remains(_) => true,
        });
    }

    /// What the archiving of a record leaves to be asked about it, if the call is one.
    fn left_by(&self, owner: ScreenId, call: &Call, record: &Record) -> Option<Left> {
        let next = match call {
            Call::Do { verb: Verb::HandOver(Handover::To(next)), .. } => {
                self.successor.clone().filter(|successor| successor.id() == *next)
            }
            Call::Do { verb: Verb::Archive | Verb::HandOver(Handover::End), .. } => None,
            _ => return None,
        };
        record.kind().table().remains.as_ref()?;
        Some(Left { owner, record: record.clone(), next })
    }
}

impl App {
    /// Remembers what has to be asked about one of several records after all their writes.
    pub(super) fn ask_later(
        &mut self,
        owner: ScreenId,
        call: &Call,
        before: &Record,
        result: &Result<Record, Failure>,
    ) {
        let next = match result {
            Ok(record) => self.follow_ups.left_by(owner, call, record).map(FollowUp::Remains),
            Err(Failure::Problem(problem)) => active_assignments(problem).map(|count| {
                let (record, reason) = (before.clone(), call.reason().map(str::to_owned));
                FollowUp::HandOver { owner, record, count, reason }
            }),
            Err(_) => None,
        };
        self.follow_ups.next.extend(next);
    }

    /// Asks the next question about one of several records, once nothing lies over the screen.
    pub(super) fn follow_up(&mut self, out: &mut Vec<Effect>) {
        let is_free = self.layers.is_empty() && self.follow_ups.read.is_none();
        if !is_free || self.slots.is_writing() {
            return;
        }
        while let Some(next) = self.follow_ups.next.pop_front() {
            match next {
                FollowUp::Remains(left) => return self.read_remains(left, out),
                FollowUp::HandOver { owner, record, count, reason } if self.top() == owner => {
                    let question = question::hand_over(&record, count, reason);
                    return self.lay(Layer::Question(Box::new(question)));
                }
                // The results have said that it was not archived.
                FollowUp::HandOver { .. } => {}
            }
        }
    }

    /// Asks what a record leaves open that was just archived.
    pub(super) fn ask_remains(
        &mut self,
        owner: ScreenId,
        call: &Call,
        record: &Record,
        out: &mut Vec<Effect>,
    ) {
        let Some(left) = self.follow_ups.left_by(owner, call, record) else { return };
        self.follow_ups.forget_hand_over(record);
        match self.follow_ups.read {
            None => self.read_remains(left, out),
            Some(_) => self.follow_ups.next.push_back(FollowUp::Remains(left)),
        }
    }

    fn read_remains(&mut self, left: Left, out: &mut Vec<Effect>) {
        let record = &left.record;
        let Some(remains) = &record.kind().table().remains else { return };
        let mut query = vec![(remains.member, record.id().to_string())];
        query.extend(remains.only.iter().map(|(name, value)| (*name, (*value).to_owned())));
        query.push(("page_size", shared::page::PAGE_SIZE_MAX.to_string()));
        self.follow_ups.read = Some(left);
        self.ask(Lane::Remains, Call::List { kind: remains.kind, query }, out);
    }

    /// Takes what an archived record leaves open, and asks what becomes of it.
    pub(super) fn remains_found(&mut self, result: Result<Reply, Failure>, out: &mut Vec<Effect>) {
        // It is asked again by itself.
        if result.as_ref().is_err_and(is_away) {
            return;
        }
        let Some(Left { owner, record, next }) = self.follow_ups.read.take() else { return };
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
        let question = question::remains(&record, remains, &found, next.as_ref());
        self.lay(Layer::Question(Box::new(question)));
    }
}
