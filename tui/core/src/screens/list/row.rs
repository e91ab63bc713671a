//! What is done with the selected row.

use shared::Mrn;

use super::{State, is_available, marks};
use crate::{
    input::action::Action,
    intent::Route,
    layers::{Intent, Layer, compare, find},
    resource::Record,
    search::Searching,
    world::World,
};

/// Whether an action was meant for a record that has left its place since it was last seen.
pub(super) fn has_slipped(state: &mut State, action: Action) -> bool {
    let is_for_row = matches!(
        action,
        Action::Edit | Action::Archive | Action::Restore | Action::Assign | Action::Arrive
    );
    std::mem::take(&mut state.has_slipped) && is_for_row && state.marked.is_empty()
}

/// Opens, edits or copies the row. `None` for other actions. Rows that belong to
/// an earlier search are never used: a name and Enter, typed quickly, must not open the patient who stood
/// there before.
pub(super) fn update(state: &mut State, world: &World, action: Action) -> Option<Vec<Intent>> {
    Some(match action {
        Action::Open
        | Action::Edit
        | Action::Archive
        | Action::Restore
        | Action::Assign
        | Action::Arrive
            if state.search.is_outdated() =>
        {
            state.wait(action, world)
        }
        Action::Open if state.is_searching => {
            state.search.select();
            enter(state, world)
        }
        Action::Open | Action::Edit | Action::Copy if !is_available(state, world, action) => {
            Vec::new()
        }
        Action::Open => open(state, false),
        Action::Edit => open(state, true),
        Action::Copy => copy(state),
        _ => return None,
    })
}

/// Does what has waited for the answer to the typed text. Among several rows, somebody has to choose.
pub(super) fn go_on(state: &mut State, world: &World, action: Action) -> Vec<Intent> {
    match action {
        Action::Open => enter(state, world),
        _ if state.rows.len() != 1 => Vec::new(),
        Action::Edit => open(state, true),
        action => marks::act(state, world, action),
    }
}

/// Does what Enter means in the search field, once the answer to the typed text is there: opens a single
/// hit, or goes to the rows. A medical record number that finds nothing here is looked for everywhere: a card
/// was read.
fn enter(state: &mut State, world: &World) -> Vec<Intent> {
    if state.rows.is_empty() && Mrn::looks_like(state.search.text()) {
        return find::sought(state.search.text(), world);
    }
    if state.rows.len() == 1 && !state.search.text().is_empty() {
        return open(state, false);
    }
    state.is_searching = state.rows.is_empty();
    Vec::new()
}

/// Opens the selected record, or reads it and goes on to its form.
fn open(state: &mut State, to_edit: bool) -> Vec<Intent> {
    let Some(record) = state.row().map(|row| &row.record) else { return Vec::new() };
    if let Record::LikelyPair(pair) = record {
        let (layer, mut intents) = compare::init((**pair).clone());
        intents.insert(0, Intent::Open(Box::new(Layer::Compare(Box::new(layer)))));
        return intents;
    }
    let route = Route::of(record);
    state.search.serve();
    vec![Intent::Go(if to_edit { route.to_edit() } else { route })]
}

fn copy(state: &State) -> Vec<Intent> {
    let Some(row) = state.row() else { return Vec::new() };
    let code = row.record.row().code;
    Intent::copy(code.clone(), &code)
}
