//! The order of the list.

use ratatui_core::layout::Rect;
use shared::{
    patient::{PatientFilter, PatientOrder as By},
    query::Ordering,
};

use super::middle;
use crate::{
    input::action::{Action, Context},
    step::{Event, Step},
    view::paint::Painter,
    world::World,
};

/// Each order with its words. The first is the server's own.
const ORDERS: &[(Option<Ordering<By>>, &str)] = &[
    (None, "by last name; a search: best matches first"),
    (Some(Ordering::ascending(By::LastName)), "by last name"),
    (Some(Ordering::descending(By::LastName)), "by last name, Z to A"),
    (Some(Ordering::ascending(By::FirstName)), "by first name"),
    (Some(Ordering::ascending(By::DateOfBirth)), "oldest first"),
    (Some(Ordering::descending(By::DateOfBirth)), "youngest first"),
    (Some(Ordering::descending(By::CreatedAt)), "newest record first"),
    (Some(Ordering::descending(By::UpdatedAt)), "last changed first"),
];

/// What is selected.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    at: usize,
    filter: PatientFilter,
}

/// Begins with the order that the list has.
pub fn init(filter: &PatientFilter) -> State {
    State { at: place(filter), filter: filter.clone() }
}

fn place(filter: &PatientFilter) -> usize {
    let same = |(order, _): &(_, &str)| *order == filter.ordering;
    ORDERS.iter().position(same).unwrap_or_default()
}

/// The order of a list in words.
pub fn words(filter: &PatientFilter, is_search: bool) -> String {
    match ORDERS.get(place(filter)) {
        Some((Some(_), words)) => (*words).to_owned(),
        _ if is_search => "best matches first".to_owned(),
        _ => "by last name".to_owned(),
    }
}

/// Does something.
pub fn update(state: &mut State, _: &World, event: Event) -> Vec<Step> {
    let last = ORDERS.len() - 1;
    match event {
        Event::Act(Action::RowUp) => state.at = state.at.saturating_sub(1),
        Event::Act(Action::RowDown) => state.at = (state.at + 1).min(last),
        Event::Act(Action::FirstRow | Action::PageUp) => state.at = 0,
        Event::Act(Action::LastRow | Action::PageDown) => state.at = last,
        Event::Act(Action::Accept) => {
            let ordering = ORDERS.get(state.at).and_then(|(order, _)| *order);
            let filter = PatientFilter { ordering, ..state.filter.clone() };
            return vec![Step::Close, Step::Filtered(Box::new(filter))];
        }
        Event::Act(Action::Back) => return vec![Step::Close],
        _ => {}
    }
    Vec::new()
}

/// Where its keys mean something.
pub fn contexts() -> &'static [Context] {
    &[Context::Rows, Context::Pick, Context::Layer, Context::Global]
}

/// Draws it.
pub fn view(state: &State, _: &World, area: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let rows = u16::try_from(ORDERS.len()).unwrap_or_default();
    let inside = painter.frame(middle(area, 52, rows + 2), "Order");
    // Where not all of them fit, the selected one is the last that is seen.
    let top = (state.at + 1).saturating_sub(usize::from(inside.height));
    let window = ORDERS.iter().enumerate().skip(top);
    for (y, (at, (_, words))) in (inside.y..inside.bottom()).zip(window) {
        let is_selected = at == state.at;
        let style = if is_selected { theme.selected } else { theme.text };
        if is_selected {
            let line = Rect { x: inside.x, y, width: inside.width, height: 1 };
            painter.style(line, style);
            painter.place_cursor(inside.x, y);
        }
        let sign = if is_selected { "› " } else { "  " };
        painter.pieces(inside.x, y, inside.width, &[(sign, style), (words, style)]);
    }
}
