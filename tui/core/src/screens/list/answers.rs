//! Answers to what the list has asked for.

use shared::Kind;

use super::{Land, Offset, Shown, State, enter, marks, open};
use crate::{
    api::{Failure, Reply, missing},
    input::action::Action,
    layers::Intent,
    resource::Row,
    world::World,
};

/// Takes an answer. What is on the screen stays until then, and stays if there is none.
pub fn answered(state: &mut State, world: &World, answer: Result<Reply, Failure>) -> Vec<Intent> {
    state.is_turning = false;
    let page = match answer {
        Ok(Reply::Page(page)) => *page,
        Ok(_) => {
            let failure = Failure::unexpected();
            return failed(state, &failure);
        }
        // The page is gone: fewer rows than there were, or than were looked for.
        Err(Failure::Problem(problem))
            if problem.error == Kind::NotFound.code()
                && (state.asked.address.is_some() || state.asked.number.is_some()) =>
        {
            if let Some(intents) = state.look_on(world, None) {
                return intents;
            }
            return vec![state.ask_anew(world, Land::Same)];
        }
        Err(failure) => return failed(state, &failure),
    };
    if let Some(intents) = state.look_on(world, Some(page.next.is_some())) {
        return intents;
    }
    state.failure = None;
    state.is_refused = false;
    let waiting = state.search.answered();
    let before = state.row().map(|row| row.id);
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
        address: state.asked.address.clone(),
        number: state.asked.number,
    });
    state.has_slipped = state.asked.land == Land::Same
        && before != state.changed_here
        && before.is_some()
        && !state.rows.is_empty()
        && place_of(state, before).is_none();
    let selected = match state.asked.land {
        Land::First => 0,
        Land::Last => usize::MAX,
        Land::Same => place_of(state, before).unwrap_or(state.cursor.at()),
    };
    state.select(selected);
    // Another page, asked again later, keeps its selection.
    state.asked.land = Land::Same;
    state.is_searching |= state.rows.is_empty() && state.kind.table().is_searched;
    if state.is_marking {
        return state.mark_on();
    }
    match waiting {
        Some(Action::Open) => enter(state),
        // Among several, somebody has to choose.
        Some(Action::Edit) if state.rows.len() == 1 => open(state, true),
        Some(action) if state.rows.len() == 1 => marks::act(state, world, action),
        _ => Vec::new(),
    }
}

fn failed(state: &mut State, failure: &Failure) -> Vec<Intent> {
    state.failure = Some(refusal(failure));
    state.search.give_up();
    (state.is_marking, state.ending) = (false, None);
    state.is_refused =
        matches!(failure, Failure::Problem(problem) if problem.errors.contains_key("search"));
    if state.is_refused {
        // What is typed can't be looked for: what was found before is not its answer.
        state.rows.clear();
        state.page = None;
        state.is_searching = true;
    }
    Vec::new()
}

/// Why there is no answer; what the rules say of the search, without the member's name.
fn refusal(failure: &Failure) -> String {
    match failure {
        Failure::Problem(problem) if problem.errors.contains_key("search") => {
            let messages = problem.errors.get("search").cloned().unwrap_or_default();
            let is_mrn = problem.error_codes.iter().any(|error| error.code == "mistyped_mrn");
            let subject = if is_mrn { "The medical record number" } else { "The search" };
            format!("{subject} {}.", messages.join("; "))
        }
        other => missing(other),
    }
}

fn place_of(state: &State, id: Option<i64>) -> Option<usize> {
    state.rows.iter().position(|row| Some(row.id) == id)
}
