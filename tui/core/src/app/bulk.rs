//! Answers to the writes for several records.

use super::App;
use crate::{
    api::{Call, Failure, active_assignments, sentence},
    effect::{Effect, ScreenId},
    layers::{Layer, results},
    resource::{Record, RecordKind},
    screens::Screen,
};

impl App {
    /// The results that wait for an answer.
    pub(super) fn results_mut(&mut self) -> Option<&mut results::State> {
        let mut layers = self.layers.iter_mut().rev();
        layers.find_map(|layer| match layer {
            Layer::Results(state) if state.is_waiting() => Some(&mut **state),
            _ => None,
        })
    }

    /// Takes the answer to one of several writes. Says whether it was one.
    pub(super) fn one_of_many(
        &mut self,
        owner: ScreenId,
        call: &Call,
        result: &Result<Record, Failure>,
        out: &mut Vec<Effect>,
    ) -> bool {
        let Some(results) = self.results_mut() else { return false };
        if matches!(result, Err(Failure::Offline(_))) {
            results.halt();
            return true;
        }
        let (before, next) = results.answered(result.as_ref().map_err(why));
        let of = before.as_ref().map(|record| (record.kind(), record.id()));
        if let Some(before) = before {
            self.ask_later(owner, call, &before, result);
        }
        if let (Ok(record), Some((kind, id))) = (result, of) {
            self.unmark(kind, id);
            self.forget_reasons(call);
            self.learn(ScreenId::APP, record, out);
            self.look_around(call, out);
        }
        match (next, of) {
            (Some(intent), _) => self.apply(vec![intent], out),
            (None, Some((kind, _))) => self.refresh_list(kind, result.as_ref().ok(), out),
            (None, None) => {}
        }
        true
    }

    /// Forgets the reasons that were typed for a write, which has been done.
    pub(super) fn forget_reasons(&mut self, call: &Call) {
        for (kind, id) in call.records() {
            self.world.kept.take_away(call.questions(), kind.path(), id);
        }
    }

    /// Takes the mark of a record away, which has been dealt with.
    pub(super) fn unmark(&mut self, kind: RecordKind, id: i64) {
        for opened in &mut self.screens {
            if let Screen::List(list) = &mut opened.screen {
                list.unmark(kind, id);
            }
        }
    }
}

/// Why one of several writes was not done, or may not have been.
fn why(failure: &Failure) -> String {
    match failure {
        Failure::Unknown(_) | Failure::Garbled(_) => {
            format!("{} The change may or may not have been saved.", sentence(failure))
        }
        Failure::Problem(problem) if problem.error == shared::Kind::Stale.code() => {
            "somebody else has changed the record in the meantime".to_owned()
        }
        Failure::Problem(problem) if problem.extra.contains_key("existing") => {
            "this patient is already assigned to this doctor".to_owned()
        }
        Failure::Problem(problem) if active_assignments(problem).is_some() => {
            "has patients. What becomes of them is asked when this is closed".to_owned()
        }
        _ => sentence(failure),
    }
}
