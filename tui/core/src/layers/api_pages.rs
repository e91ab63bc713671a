//! The addresses of the API and of its pages.

use ratatui_core::layout::Rect;
use shared::paths;

use super::middle;
use crate::{
    cursor::Cursor,
    input::action::{Action, Context},
    intent::Event,
    layers::Intent,
    paint::Painter,
    text::{display, paragraphs},
    world::World,
};

/// The pages, each with its path.
const PAGES: &[(&str, &str)] = &[
    ("Address", ""),
    ("Pages to read and try", paths::DOCS),
    ("Description (JSON)", paths::OPENAPI_JSON),
    ("Description (YAML)", paths::OPENAPI_YAML),
];
const WORDS: &str = "A program uses the API with a token: “API tokens” in the list of actions.";

/// The selected address.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct State {
    cursor: Cursor,
}

/// Lists the addresses of this server.
pub fn init() -> State {
    State::default()
}

/// Selects an address and copies it.
pub fn update(state: &mut State, world: &World, event: Event) -> Vec<Intent> {
    let Event::Act(action) = event else { return Vec::new() };
    match action {
        Action::Copy => {
            let Some((_, path)) = PAGES.get(state.cursor.at()) else { return Vec::new() };
            let address = format!("{}{path}", world.address);
            Intent::copy(address.clone(), &address)
        }
        Action::Back => vec![Intent::Close],
        _ => {
            state.cursor.act(action, PAGES.len(), PAGES.len());
            Vec::new()
        }
    }
}

/// The contexts in which its keys hold.
pub fn contexts() -> &'static [Context] {
    &[Context::Copying, Context::Rows, Context::Layer, Context::Global]
}

/// Draws the addresses in a box.
pub fn view(state: &State, world: &World, area: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let columns = area.width.min(72);
    let words = paragraphs(WORDS, columns.saturating_sub(4));
    // Where there is little room, the label has a line of its own.
    let is_wide = columns >= 60;
    let rows = if is_wide { PAGES.len() } else { 2 * PAGES.len() };
    let height = u16::try_from(rows + words.len() + 3).unwrap_or(u16::MAX);
    let inside = painter.frame(middle(area, columns, height), "The API of this server");
    let mut y = inside.y;
    for (at, (label, path)) in PAGES.iter().enumerate() {
        let is_selected = at == state.cursor.at();
        let style = if is_selected { theme.selected } else { theme.text };
        let sign = if is_selected { "› " } else { "  " };
        painter.text(inside.x, y, inside.width, label, theme.label);
        let (x, row) = if is_wide { (inside.x + 23, y) } else { (inside.x, y + 1) };
        let address = format!("{sign}{}{path}", display(&world.address));
        if row < inside.bottom() {
            painter.text(x, row, inside.right().saturating_sub(x), &address, style);
        }
        if is_selected {
            painter.place_cursor(x, row);
        }
        y = row + 1;
    }
    for (y, line) in (y + 1..inside.bottom()).zip(&words) {
        painter.text(inside.x, y, inside.width, line, theme.dim);
    }
}
