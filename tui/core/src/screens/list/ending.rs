//! The end of all listed records but the one in use.

use super::State;
use crate::{
    input::action::Action,
    layers::{Intent, Layer, question},
    resource::Operation,
};

/// The operation that ends one of the records, where it makes sense to end all but the one in use.
fn ending(state: &State) -> Option<&'static Operation> {
    let table = state.kind.table();
    table.others.as_ref().and_then(|_| table.operation(Action::Archive))
}

/// The records that can be ended here: all but the one in use.
pub(super) fn others(state: &State) -> Vec<i64> {
    let Some(operation) = ending(state) else { return Vec::new() };
    let others = state.rows.iter().filter(|row| row.record.permits(operation.deed));
    others.map(|row| row.id()).collect()
}

/// Asks whether to end them.
pub(super) fn end_others(state: &State) -> Vec<Intent> {
    let Some(operation) = ending(state) else { return Vec::new() };
    let question = question::end_others(state.kind, operation, others(state));
    question
        .map(|question| Intent::Open(Box::new(Layer::Question(Box::new(question)))))
        .into_iter()
        .collect()
}
