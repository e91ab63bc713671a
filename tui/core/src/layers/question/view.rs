//! Drawing a question.

use ratatui_core::layout::Rect;

use super::State;
use crate::{
    form,
    layers::middle,
    paint::Painter,
    text::{paragraphs, width},
    world::World,
};

fn place(state: &State, area: Rect) -> (Rect, u16) {
    let columns = area.width.min(64);
    let inside = columns.saturating_sub(4);
    let words = u16::try_from(paragraphs(&state.words, inside).len()).unwrap_or_default();
    let form = state.form.height(inside);
    let form = if form > 0 { form + 1 } else { 0 };
    let height = words.saturating_add(form).saturating_add(4);
    let place = middle(area, columns, height);
    // Where there is little room, the words matter more than what is said under a field.
    let least = u16::try_from(state.form.fields.len()).unwrap_or_default();
    let room = place.height.saturating_sub(3).saturating_sub(least);
    (place, words.min(room))
}

/// Scrolls so that the focused field is seen.
pub fn settle(state: &mut State, world: &World) {
    let (place, _) = place(state, world.body());
    state.form.settle(place.width.saturating_sub(4), 2);
}

/// Draws it.
pub fn view(state: &State, _: &World, area: Rect, painter: &mut Painter<'_>, has_focus: bool) {
    let theme = *painter.theme;
    let (place, rows) = place(state, area);
    let sign = if state.is_dangerous { "! " } else { "" };
    let inside = painter.frame(place, &format!("{sign}{}", state.title));
    let end = inside.y.saturating_add(rows);
    for (y, line) in (inside.y..end).zip(paragraphs(&state.words, inside.width)) {
        painter.text(inside.x, y, inside.width, &line, theme.text);
    }
    let bottom = inside.bottom().saturating_sub(1);
    if !state.form.fields.is_empty() {
        let y = end.saturating_add(u16::from(inside.height > rows + 3));
        let height = bottom.saturating_sub(y);
        let rows = Rect { y, height, ..inside };
        form::view::draw(painter, rows, &state.form, has_focus, &|_| None);
    }
    answers(state, Rect { y: bottom, height: 1, ..inside }, painter);
}

/// The answers in one line: closer together where there is little room, and from the selected one
/// on where there is too little.
fn answers(state: &State, place: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let labels = state.answers.iter().map(|(label, _)| width(label));
    let wide: u16 = labels.map(|wide| wide.saturating_add(6)).sum();
    let is_roomy = wide <= place.width.saturating_add(2);
    let least: u16 = wide.saturating_sub(4 * u16::try_from(state.answers.len()).unwrap_or(0));
    let first = if least.saturating_add(2) <= place.width { 0 } else { state.at };
    let mut x = place.x;
    for (at, (label, _)) in state.answers.iter().enumerate().skip(first) {
        let is_selected = at == state.at;
        let style = if is_selected { theme.selected } else { theme.text };
        let label = match (is_selected, is_roomy) {
            (true, _) => format!("› {label} ‹"),
            (false, true) => format!("[ {label} ]"),
            (false, false) => (*label).to_owned(),
        };
        let left = place.right().saturating_sub(x);
        painter.text(x, place.y, left, &label, style);
        if is_selected && state.form.fields.is_empty() && left > 0 {
            painter.place_cursor(x, place.y);
        }
        x = x.saturating_add(width(&label)).saturating_add(2);
    }
}
