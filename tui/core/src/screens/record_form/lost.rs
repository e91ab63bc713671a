//! A save whose answer got lost: was it done?

use shared::Kind;

use super::{State, read};
use crate::{
    api::{Call, Failure, Reply, sentence},
    effect::Lane,
    input::keymap::with_keys,
    intent::Leave,
    layers::{Intent, Layer, conflict, question},
    resource::Record,
    world::World,
};

/// Asks the server whether a save whose answer got lost was done.
pub fn check(state: &State) -> Vec<Intent> {
    let call = match &state.base {
        Some(base) => read(base),
        None => Call::List { kind: state.kind, query: (state.kind.table().trace)(&state.form) },
    };
    vec![Intent::Read(Lane::Record, call)]
}

/// Takes the answer to the question whether a save whose answer got lost was done.
pub fn answered(state: &mut State, world: &World, answer: Result<Reply, Failure>) -> Vec<Intent> {
    if !state.is_doubtful {
        return Vec::new();
    }
    let checked = match state.base {
        Some(_) => answer.and_then(Reply::record).map(|record| checked(state, record, world)),
        None => {
            let page = answer.and_then(Reply::page);
            page.map(|page| checked_new(state, page.results.first(), world))
        }
    };
    checked.unwrap_or_else(|failure| vec![Intent::Warn(sentence(&failure))])
}

/// Takes the record as it is now: does it hold what was typed?
fn checked(state: &mut State, record: Record, world: &World) -> Vec<Intent> {
    let Some(base) = state.base.clone() else { return Vec::new() };
    if (record.kind(), record.id()) != (base.kind(), base.id()) {
        return Vec::new();
    }
    state.is_doubtful = false;
    if record.version() == base.version() {
        return vec![Intent::Inform(with_keys(NOT_SAVED))];
    }
    if record.is_saved(&state.form, &base, world.today) {
        let said = "The record was saved.".to_owned();
        return vec![Intent::Inform(said), Intent::LeaveNow(Leave::Back)];
    }
    let problem = shared::Problem::new(Kind::Stale, "");
    let layer = conflict::init(&state.form, &base, record, &problem, world);
    vec![Intent::Open(Box::new(Layer::Conflict(Box::new(layer))))]
}

/// Takes the newest record of the same name: is it the one that was typed?
fn checked_new(state: &mut State, found: Option<&Record>, world: &World) -> Vec<Intent> {
    if state.base.is_some() {
        return Vec::new();
    }
    state.is_doubtful = false;
    match found {
        Some(record) => {
            let question = question::found(record, world);
            let layer = question.map(|question| Layer::Question(Box::new(question)));
            layer.map(|layer| Intent::Open(Box::new(layer))).into_iter().collect()
        }
        None => vec![Intent::Inform(with_keys(NOT_SAVED))],
    }
}

/// The record of a save without an answer was read, and it is as before.
const NOT_SAVED: &str = "The record was not saved. {Save} saves it.";
