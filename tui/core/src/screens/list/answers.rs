//! Answers to what the list has asked for.

use shared::{Kind, Page, Problem};

use super::{Land, Offset, Shown, State, Target, row};
use crate::{
    api::{Failure, Missing, Reply},
    layers::Intent,
    resource::{Record, Row},
    world::World,
};

/// Takes an answer. What is on the screen stays until then, and stays if there is none.
pub fn answered(state: &mut State, world: &World, answer: Result<Reply, Failure>) -> Vec<Intent> {
    state.asked.is_awaited = false;
    let page = match answer.and_then(Reply::page) {
        Ok(page) => page,
        Err(failure) if is_gone(state, &failure) => {
            let sought = state.look_on(world, None);
            return sought.unwrap_or_else(|| vec![state.ask_anew(world, Land::Same)]);
        }
        Err(failure) => return failed(state, &failure),
    };
    if let Some(intents) = state.look_on(world, Some(page.next.is_some())) {
        return intents;
    }
    state.failure = None;
    state.is_refused = false;
    let waiting = state.search.answered();
    let before = state.row().map(|row| row.id());
    show(state, world, page);
    land(state, before);
    state.is_searching |= state.rows.is_empty() && state.kind.table().search.is_some();
    if state.is_marking {
        return state.mark_on(world);
    }
    waiting.map(|action| row::go_on(state, world, action)).unwrap_or_default()
}

/// Whether the page is gone: there are fewer rows than there were, or than were looked for.
fn is_gone(state: &State, failure: &Failure) -> bool {
    let is_page = state.asked.target != Target::First;
    let is_missing = |problem: &Problem| problem.error == Kind::NotFound.code();
    is_page && matches!(failure, Failure::Problem(problem) if is_missing(problem))
}

/// Shows a page.
fn show(state: &mut State, world: &World, page: Page<Record>) {
    let length = i64::try_from(page.results.len()).unwrap_or_default();
    let offset = match state.asked.offset {
        _ if page.previous.is_none() => 0,
        Offset::At(offset) => offset,
        Offset::EndsAt(end) => (end - length).max(0),
    };
    let is_search = !state.search.text().is_empty();
    state.is_by_last_name = state.kind.table().is_by_last_name(&state.query, is_search);
    state.rows = page.results.into_iter().map(|record| Row::of(record, world)).collect();
    Row::tell_apart(&mut state.rows);
    state.refresh_marks();
    state.page = Some(Shown {
        offset,
        count: page.count,
        is_capped: page.count_capped,
        next: page.next,
        previous: page.previous,
        target: state.asked.target.clone(),
    });
}

/// Selects a row of the page. The record that was selected before stays so where the same page was asked for.
fn land(state: &mut State, before: Option<i64>) {
    let same = state.rows.iter().position(|row| Some(row.id()) == before);
    // Another page, asked again later, keeps its selection.
    let land = std::mem::replace(&mut state.asked.land, Land::Same);
    // What was done here is seen in the next rows.
    let is_own = state.changed_here.take().map(|(id, _)| id) == before;
    let has_left = before.is_some() && same.is_none() && !is_own;
    // It stays so, however often the rows are read, until a key is pressed.
    state.has_slipped =
        land == Land::Same && !state.rows.is_empty() && (state.has_slipped || has_left);
    state.select(match land {
        Land::First => 0,
        Land::Last | Land::End(_) => usize::MAX,
        Land::Same => same.unwrap_or(state.cursor.at()),
    });
}

fn failed(state: &mut State, failure: &Failure) -> Vec<Intent> {
    state.failure = Some(Missing::of(failure));
    state.is_marking = false;
    state.is_refused =
        matches!(failure, Failure::Problem(problem) if problem.errors.contains_key("search"));
    if !state.is_refused {
        state.search.failed();
    } else {
        state.search.refused();
        // What is typed can't be looked for: what was found before is not its answer.
        state.rows.clear();
        state.page = None;
        state.is_searching = true;
    }
    Vec::new()
}
