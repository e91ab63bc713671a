//! The order of the list.

use ratatui_core::layout::Rect;

use super::middle;
use crate::{
    cursor::{self, Cursor},
    input::action::{Action, Context},
    intent::Event,
    layers::Intent,
    paint::Painter,
    resource::{Query, RecordKind, Table},
    world::World,
};

/// What is selected.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    cursor: Cursor,
    kind: RecordKind,
    query: Query,
}

/// Begins with the order that the list has.
pub fn init(kind: RecordKind, query: &Query) -> State {
    State { cursor: Cursor::on(kind.table().place(query)), kind, query: query.clone() }
}

/// The order of a list in words.
pub fn words(table: &Table, query: &Query, is_search: bool) -> String {
    match table.orders.get(table.place(query)) {
        Some(order) if order.ordering.is_some() => order.words.to_owned(),
        Some(order) => match order.words.split_once("; a search: ") {
            Some((_, searched)) if is_search => searched.to_owned(),
            Some((plain, _)) => plain.to_owned(),
            None => order.words.to_owned(),
        },
        None => String::new(),
    }
}

/// Selects an order, and applies it.
pub fn update(state: &mut State, _: &World, event: Event) -> Vec<Intent> {
    let orders = state.kind.table().orders;
    let Event::Act(action) = event else { return Vec::new() };
    match action {
        Action::Accept => {
            let ordering = orders.get(state.cursor.at()).and_then(|order| order.ordering);
            let query = Query { ordering, ..state.query.clone() };
            vec![Intent::Close, Intent::Filtered(Box::new(query))]
        }
        Action::Back => vec![Intent::Close],
        _ => {
            state.cursor.act(action, orders.len(), orders.len());
            Vec::new()
        }
    }
}

/// The contexts in which its keys hold.
pub fn contexts() -> &'static [Context] {
    &[Context::Rows, Context::Pick, Context::Layer, Context::Global]
}

/// Draws the orders in a box.
pub fn view(state: &State, _: &World, area: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let orders = state.kind.table().orders;
    let rows = u16::try_from(orders.len()).unwrap_or_default();
    let inside = painter.frame(middle(area, 52, rows + 2), "Order");
    // Where not all of them fit, the selected one is the last that is seen.
    let at = state.cursor.at();
    let top = cursor::scrolled(0, at, orders.len(), usize::from(inside.height));
    let window = orders.iter().enumerate().skip(top);
    for (y, (row, order)) in (inside.y..inside.bottom()).zip(window) {
        let is_selected = row == at;
        let style = if is_selected { theme.selected } else { theme.text };
        if is_selected {
            let line = Rect { x: inside.x, y, width: inside.width, height: 1 };
            painter.style(line, style);
            painter.place_cursor(inside.x, y);
        }
        let sign = if is_selected { "› " } else { "  " };
        painter.pieces(inside.x, y, inside.width, &[(sign, style), (order.words, style)]);
    }
}
