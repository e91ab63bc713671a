//! The search field of a list.

use super::{Asked, State};
use crate::{
    api::Call,
    effect::Lane,
    form::field::Field,
    input::action::Action,
    intent::Leave,
    layers::{Intent, Layer},
    search::{Search, Searching},
    world::World,
};

impl Searching<Layer> for State {
    const LANE: Lane = Lane::List;

    fn search(&mut self) -> &mut Search {
        &mut self.search
    }

    fn call(&mut self, world: &World) -> Call {
        self.asked = Asked::first();
        self.call_asked(world)
    }

    fn leave_rows(&mut self) {
        self.asked.is_awaited = false;
        self.is_marking = false;
    }
}

impl State {
    /// Whether Enter in the search field goes to the rows: it opens only the one match of a text.
    pub fn leads_to_rows(&self) -> bool {
        let opens = self.rows.len() == 1 && !self.search.text().is_empty();
        self.is_searching && !self.search.is_outdated() && !self.rows.is_empty() && !opens
    }

    /// The search field, while it has the focus.
    pub fn field(&self) -> Option<&Field> {
        Some(&self.search.field).filter(|_| self.is_searching)
    }

    /// The same, to be edited.
    pub fn field_mut(&mut self) -> Option<&mut Field> {
        Some(&mut self.search.field).filter(|_| self.is_searching)
    }
}

/// Edits the text, and takes the focus to the field or away from it. `None` for other actions.
pub(super) fn update(state: &mut State, world: &World, action: Action) -> Option<Vec<Intent>> {
    if state.is_searching
        && let Some(intents) = state.act(action, world)
    {
        return Some(intents);
    }
    let is_typed = !state.search.field.value().is_empty();
    Some(match action {
        Action::Back if state.is_searching && is_typed => {
            state.act(Action::ClearField, world).unwrap_or_default()
        }
        Action::Back if state.is_searching || state.kind.table().search.is_none() => {
            vec![Intent::Leave(Leave::Back)]
        }
        Action::Results if state.is_searching => {
            state.is_searching = state.rows.is_empty();
            state.search.select();
            state.send_due(world)
        }
        Action::Search | Action::Back => {
            state.is_searching = true;
            state.search.select();
            Vec::new()
        }
        _ => return None,
    })
}

/// Whether the typed text has found anything.
pub(super) fn has_found(state: &State) -> bool {
    !state.rows.is_empty() && !state.search.is_outdated()
}

/// Takes the focus to the search field, where the next character replaces the text.
pub fn begin_search(state: &mut State) {
    if !state.is_searching {
        state.is_searching = true;
        state.search.select();
    }
}
