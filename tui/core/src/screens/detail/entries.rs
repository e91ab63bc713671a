//! The history of a record, page by page.

use shared::{Page, history::HistoryEntry};

use super::{State, page};
use crate::{
    api::{Failure, Missing, Reply},
    layers::Intent,
    world::World,
};

/// Asks for the next page of the history once its end is seen.
pub(super) fn more(state: &State, world: &World) -> Vec<Intent> {
    let height = page::height(state, world);
    let visible = page::visible(state, world);
    match &state.history_next {
        Some(at) if state.scroll.top().saturating_add(visible) >= height => {
            vec![state.history_at(Some(at.clone()))]
        }
        _ => Vec::new(),
    }
}

/// Takes a page of the history.
pub(super) fn answered(
    state: &mut State,
    world: &World,
    is_first: bool,
    answer: Result<Reply, Failure>,
) {
    match answer.and_then(Reply::history) {
        Ok(page) => {
            let before = page::place_of_history(state, world);
            let Page { results, next, .. } = page;
            if is_first {
                refresh(state, results, next);
            } else {
                state.history.extend(results);
                state.history_next = next;
            }
            state.history_failure = None;
            let (start, height) = page::place_of_history(state, world);
            if is_first && state.scroll.top() > start && before.1 > 0 {
                // What is being read stays where it is: newer entries come above it.
                state.scroll.follow(height.saturating_sub(before.1));
            }
        }
        Err(failure) => state.history_failure = Some(Missing::of(&failure)),
    }
}

/// Takes the newest entries of the history. Older ones that were loaded before stay, where nothing between
/// is missing.
fn refresh(state: &mut State, mut newest: Vec<HistoryEntry>, next: Option<String>) {
    let last = newest.last().map(|entry| entry.id);
    let known = state.history.iter().position(|entry| Some(entry.id) == last);
    match known {
        Some(at) if at + 1 < state.history.len() => {
            newest.extend(state.history.drain(at + 1..));
        }
        _ => state.history_next = next,
    }
    state.history = newest;
}
