//! Answers to writes that no form has sent: the message, and the next question.

use shared::Problem;

use super::App;
use crate::{
    api::{self, Call, Failure, Handover, Verb, active_assignments},
    effect::{Effect, Lane, ScreenId},
    intent::Route,
    layers::{Intent, Layer, question},
    notice::Tone,
    resource::Record,
    screens::Screen,
};

/// What was done with a record, as a sentence.
pub(super) fn done(call: &Call, record: &Record) -> String {
    let (name, said) = (record.name(), record.said());
    let Call::Do { verb, .. } = call else {
        let created = record.kind().table().words.created.as_ref();
        return format!("{}: {name}", created.map_or("Done", |created| created.told));
    };
    match verb {
        Verb::Archive => format!("Archived: {said}"),
        Verb::HandOver(Handover::End) => format!("Archived: {said}. All assignments have ended."),
        Verb::HandOver(Handover::To(_)) => {
            format!("Archived: {said}. All patients were transferred.")
        }
        Verb::Restore => format!("Restored: {said}"),
        Verb::SetMember(..) => format!("Changed: {said}, {}", record.banner().line),
        Verb::SetStatus(_) => format!("Changed: {}", record.named()).replace('\n', ", "),
        Verb::Link(_) => format!("Linked to an account: {name}"),
        Verb::Transfer(_) => format!("Transferred: {said}"),
        Verb::Unmerge(_) => format!("The merge was undone: {said}"),
    }
}

/// Whether nothing was done, and the same may be done a little later.
pub(super) fn is_passing(failure: &Failure) -> bool {
    match failure {
        Failure::Offline(_) => true,
        Failure::Problem(problem) => api::is_passing(problem),
        _ => false,
    }
}

impl App {
    /// Whether the screen that asked is what somebody looks at, with nothing over it.
    pub(super) fn is_looked_at(&self, owner: ScreenId) -> bool {
        self.top() == owner && self.layers.is_empty()
    }

    /// Takes a refusal that names other records. Says whether it was one.
    pub(super) fn contradicted(
        &mut self,
        owner: ScreenId,
        call: &Call,
        problem: &Problem,
        out: &mut Vec<Effect>,
    ) -> bool {
        if self.exists_already(owner, call, problem, out) {
            return true;
        }
        let count = active_assignments(problem);
        let Call::Do { kind, id, reason, .. } = call else { return false };
        let screen = self.screens.iter().find(|opened| opened.id == owner);
        let record = screen.and_then(|opened| opened.screen.record(*kind, *id)).cloned();
        let (Some(count), Some(record)) = (count, record.filter(|_| self.is_looked_at(owner)))
        else {
            return false;
        };
        let question = question::hand_over(&record, count, reason.clone());
        self.lay(Layer::Question(Box::new(question)));
        true
    }

    /// Takes the refusal of a new record where there is one already, which the refusal names. Says whether
    /// it was one.
    pub(super) fn exists_already(
        &mut self,
        owner: ScreenId,
        call: &Call,
        problem: &Problem,
        out: &mut Vec<Effect>,
    ) -> bool {
        let existing = problem.extra.get("existing").cloned().zip(call.kind());
        let existing = existing.and_then(|(existing, kind)| kind.record_in(existing));
        let words = existing.as_ref().map(|existing| &existing.kind().table().words);
        let Some((existing, words)) = existing.zip(words) else { return false };
        let Some(said) = words.existing else { return false };
        if self.is_looked_at(owner) {
            self.apply(vec![Intent::Go(Route::Shown(existing))], out);
            self.say(Tone::Info, format!("{said} The {} is shown.", words.entity), out);
        } else {
            self.say(Tone::Error, format!("{said} {}", existing.named().replace('\n', ", ")), out);
        }
        true
    }

    /// Something may have been created or not: offers to send it again.
    pub(super) fn unsure(&mut self, call: &Call) -> bool {
        let is_keyed = matches!(call, Call::Assign { .. } | Call::Create { .. });
        if is_keyed {
            self.lay(Layer::Question(Box::new(question::unsure(call))));
        }
        is_keyed
    }

    /// Takes a write of a layer that could not be done now: the layer is closed already, and what was typed
    /// there is offered to be sent again. Says whether anything would be lost.
    pub(super) fn unsent(
        &mut self,
        owner: ScreenId,
        call: &Call,
        why: &str,
        out: &mut Vec<Effect>,
    ) -> bool {
        let is_more_than_a_key = match call {
            Call::Assign { .. } | Call::Create { .. } => true,
            other => other.reason().is_some(),
        };
        if !is_more_than_a_key {
            return false;
        }
        if self.is_looked_at(owner) {
            self.lay(Layer::Question(Box::new(question::unsent(call, why))));
        } else {
            self.say(Tone::Error, question::unsent_words(call, why), out);
        }
        true
    }

    /// Reads again what a write may have changed beside the record that it answered.
    pub(super) fn look_around(&mut self, call: &Call, out: &mut Vec<Effect>) {
        let Call::Do { verb: Verb::Transfer(_), kind, id, .. } = call else { return };
        let shows = |screen: &Screen| {
            matches!(screen, Screen::Detail(_)) && screen.record(*kind, *id).is_some()
        };
        let shown = self.screens.iter().filter(|opened| shows(&opened.screen));
        let owners: Vec<ScreenId> = shown.map(|opened| opened.id).collect();
        for owner in owners {
            let call = Call::Read { kind: *kind, id: *id, is_archived: false };
            self.apply_for(owner, vec![Intent::Read(Lane::Record, call)], out);
        }
    }
}
