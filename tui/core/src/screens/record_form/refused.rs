//! A save that was not done, or of which nobody knows whether it was.

use shared::{Kind, Problem};

use super::{State, repeat};
use crate::{
    api::{Failure, is_passing, refusal, sentence},
    input::{action::Action, keymap::key},
    layers::{Intent, Layer, conflict, question},
    world::World,
};

/// Takes a refusal: what was typed stays, and is told what is wrong with it.
pub fn refused(state: &mut State, failure: &Failure, world: &World) -> Vec<Intent> {
    state.is_saving = false;
    state.then = None;
    let repeated = state.repeats.take();
    match failure {
        Failure::Problem(problem) if problem.error == Kind::KeyReused.code() => {
            already_created(state, repeated)
        }
        Failure::Problem(problem) if problem.error == Kind::Stale.code() => {
            overtaken(state, problem, world)
        }
        Failure::Problem(problem) => faulty(state, problem),
        Failure::Unknown(_) | Failure::Garbled(_) => {
            state.is_doubtful = true;
            if state.base.is_none() && repeated.is_none() && !state.lost.contains(&state.sent) {
                state.lost.push(state.sent.clone());
            }
            let why = sentence(failure);
            let said = format!("{why} The record may or may not have been saved.");
            vec![Intent::Warn(said), ask_whether_saved(state)]
        }
        Failure::Offline(_) if state.is_doubtful => {
            let why = sentence(failure);
            vec![Intent::Warn(format!("Not sent again. {why} The form stays open."))]
        }
        Failure::Offline(_) => {
            let (why, key) = (sentence(failure), key(Action::Save));
            let said = format!("Not saved. {why} The form stays open; {key} tries again.");
            vec![Intent::Warn(said)]
        }
        Failure::Expired => Vec::new(),
    }
}

/// Somebody else has saved the record since it was read: both versions are shown.
fn overtaken(state: &State, problem: &Problem, world: &World) -> Vec<Intent> {
    match (&state.base, conflict::theirs(state.kind, problem)) {
        (Some(base), Some(theirs)) => {
            let layer = conflict::init(&state.form, base, theirs, problem, world);
            vec![Intent::Open(Box::new(Layer::Conflict(Box::new(layer))))]
        }
        _ => vec![Intent::Warn(refusal(problem))],
    }
}

/// The server finds fault with the values: each fault is shown at its field. A record that may be the same is
/// asked about.
fn faulty(state: &mut State, problem: &Problem) -> Vec<Intent> {
    // A server that can't do it now says nothing about the try before.
    state.is_doubtful &= is_passing(problem);
    let mut rest = state.form.refuse(&problem.errors);
    if problem.errors.is_empty() {
        rest.push(refusal(problem));
    }
    if let Some(question) = question::duplicates(state.kind, problem, &state.form) {
        return vec![Intent::Open(Box::new(Layer::Question(Box::new(question))))];
    }
    let said = match rest.is_empty() {
        true => state.form.marked().to_owned(),
        false => format!("Not saved: {}", rest.join(" · ")),
    };
    vec![Intent::Warn(said)]
}

/// Takes the refusal of a key under which something else was registered: a try whose answer got
/// lost was done after all. Sent again as it was, it is answered with the patient.
fn already_created(state: &mut State, repeated: Option<usize>) -> Vec<Intent> {
    let older = repeated.unwrap_or(state.lost.len()).checked_sub(1);
    match older.and_then(|at| repeat(state, at)) {
        Some(intent) => vec![intent],
        None => {
            let said = "An earlier attempt was saved. Find the record in the list.";
            vec![Intent::Warn(said.to_owned())]
        }
    }
}

pub(super) fn ask_whether_saved(state: &State) -> Intent {
    Intent::Open(Box::new(Layer::Question(Box::new(question::lost(state.base.is_none())))))
}
