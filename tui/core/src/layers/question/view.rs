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

/// The rows of the answers in so many columns.
fn answer_rows(state: &State, columns: u16) -> u16 {
    u16::try_from(labels(state, columns).len()).unwrap_or(1)
}

fn place(state: &State, area: Rect) -> (Rect, u16) {
    let columns = area.width.min(64);
    let inside = columns.saturating_sub(4);
    let words = u16::try_from(paragraphs(&state.words, inside).len()).unwrap_or_default();
    let form = state.form.height(inside);
    let form = if form > 0 { form + 1 } else { 0 };
    let answers = answer_rows(state, inside);
    let height = words.saturating_add(form).saturating_add(3 + answers);
    let place = middle(area, columns, height);
    // Where there is little room, the words matter more than what is said under a field.
    let least = u16::try_from(state.form.fields.len()).unwrap_or_default();
    let room = place.height.saturating_sub(2 + answers).saturating_sub(least);
    (place, words.min(room))
}

/// Scrolls so that the focused field is seen.
pub fn keep_focus_visible(state: &mut State, world: &World) {
    let (place, _) = place(state, world.body());
    state.form.keep_focus_visible(place.width.saturating_sub(4), 2);
}

/// Draws the words, the fields and the answers in a box.
pub fn view(state: &State, _: &World, area: Rect, painter: &mut Painter<'_>, has_focus: bool) {
    let theme = *painter.theme;
    let (place, rows) = place(state, area);
    let sign = if state.is_dangerous { "! " } else { "" };
    let inside = painter.frame(place, &format!("{sign}{}", state.title));
    let end = inside.y.saturating_add(rows);
    for (y, line) in (inside.y..end).zip(paragraphs(&state.words, inside.width)) {
        painter.text(inside.x, y, inside.width, &line, theme.text);
    }
    let lines = answer_rows(state, inside.width);
    let bottom = inside.bottom().saturating_sub(lines);
    if !state.form.fields.is_empty() {
        let y = end.saturating_add(u16::from(inside.height > rows + 2 + lines));
        let height = bottom.saturating_sub(y);
        let rows = Rect { y, height, ..inside };
        form::view::draw(painter, rows, &state.form, has_focus, &|_| None);
    }
    answers(state, Rect { y: bottom, height: lines, ..inside }, painter);
}

/// An answer as it is drawn: which one, and its text.
type Label = (usize, String);

/// The answers in lines of so many columns: closer together where there is little room, and in several lines
/// where there is less.
fn labels(state: &State, columns: u16) -> Vec<Vec<Label>> {
    let sum = |more: u16| state.answers.iter().map(|(text, _)| width(text) + more).sum::<u16>();
    let is_close = sum(6) > columns + 2 && sum(2) + 2 <= columns;
    let mut lines = vec![Vec::new()];
    let mut used = 0;
    for (at, (text, _)) in state.answers.iter().enumerate() {
        // Both signs take the same room: the lines stay as they are when another answer is selected.
        let label = match (at == state.at, is_close) {
            (true, _) => format!("› {text} ‹"),
            (false, false) => format!("[ {text} ]"),
            (false, true) => text.to_string(),
        };
        let wide = width(&label);
        if used > 0 && used + wide > columns {
            lines.push(Vec::new());
            used = 0;
        }
        used += wide + 2;
        if let Some(line) = lines.last_mut() {
            line.push((at, label));
        }
    }
    lines
}

/// Draws the answers.
fn answers(state: &State, place: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    for (y, line) in (place.y..place.bottom()).zip(labels(state, place.width)) {
        let mut x = place.x;
        for (at, label) in line {
            let is_selected = at == state.at;
            let style = if is_selected { theme.selected } else { theme.text };
            let left = place.right().saturating_sub(x);
            painter.text(x, y, left, &label, style);
            if is_selected && state.form.fields.is_empty() && left > 0 {
                painter.place_cursor(x, y);
            }
            x = x.saturating_add(width(&label)).saturating_add(2);
        }
    }
}
