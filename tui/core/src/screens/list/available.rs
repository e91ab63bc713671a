//! Whether an action makes sense in a list.

use super::{State, ending};
use crate::{input::action::Action, layers::arrival, world::World};

/// Whether an action makes sense and would not be refused.
pub fn is_available(state: &State, world: &World, action: Action) -> bool {
    match action {
        Action::NewFromSearch if state.search.text().is_empty() => false,
        Action::New | Action::NewFromSearch => {
            state.kind.table().may_create(world) && !state.is_archive()
        }
        // What is typed may find a record.
        Action::Open | Action::Edit if state.search.is_outdated() => true,
        Action::Open | Action::Copy | Action::Results | Action::PageDown => !state.rows.is_empty(),
        Action::Edit => {
            let may = state.kind.table().may_change(world);
            may && !state.rows.is_empty() && !state.is_archive()
        }
        Action::Archive => {
            state.kind.table().removal.is_some() && state.has_subject() && !state.is_archive()
        }
        Action::Restore => {
            state.kind.table().archive().is_some() && state.has_subject() && state.is_archive()
        }
        Action::Assign => {
            state.kind.table().pick.is_some() && state.has_subject() && !state.is_archive()
        }
        Action::Mark => state.has_verbs() && !state.rows.is_empty(),
        Action::MarkAll => state.has_verbs() && !state.rows.is_empty() && !state.is_marking,
        Action::Unmark => !state.marked.is_empty(),
        Action::Search => !state.is_searching && state.kind.table().search.is_some(),
        Action::Filter => !state.kind.table().filters.is_empty(),
        Action::Sort => state.kind.table().orders.len() > 1,
        Action::EndOthers => !ending::others(state).is_empty(),
        Action::Arrive => {
            state.subject().is_some_and(|record| arrival::label_here(record, world).is_some())
        }
        Action::ClearFilters => state.query.is_narrowed(),
        Action::ShowArchive => state.kind.table().may_see_archive(world) && !state.is_archive(),
        _ => true,
    }
}
