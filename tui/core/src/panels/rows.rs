//! Drawing the rows of a list or a picker.

use ratatui_core::layout::Rect;

use crate::{
    paint::Painter,
    resource::{Head, Row, fitting},
    text,
};

/// Rows above the records: search, filters, heads.
pub const ABOVE: u16 = 3;

/// How all rows are shown.
#[derive(Clone, Copy)]
pub struct Look {
    /// Whether names begin with the last name.
    pub is_by_last_name: bool,
    /// Whether the rows are no answer to what is typed.
    pub is_old: bool,
}

/// Draws the heads of the columns in the last of the rows above the records.
pub fn heads(all: &[Head], columns: &[(usize, u16)], area: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let y = area.y + ABOVE - 1;
    let mut x = area.x;
    for (at, width) in columns {
        let head = all.get(*at).map_or("", |head| head.text);
        painter.text(x, y, *width, head, theme.title);
        x = x.saturating_add(*width).saturating_add(2);
    }
}

/// Draws one record. The sign before the name shows which row is selected.
pub fn draw_row(
    row: &Row,
    (all, columns): (&[Head], &[(usize, u16)]),
    place: Rect,
    painter: &mut Painter<'_>,
    (is_selected, is_active): (bool, bool),
    look: Look,
) {
    let theme = *painter.theme;
    let style = match (is_selected, is_active) {
        _ if look.is_old => theme.dim,
        (true, true) => theme.selected,
        (true, false) => theme.selected_away,
        _ => theme.text,
    };
    let line = Rect { x: place.x.saturating_sub(1), width: place.width + 2, ..place };
    if is_selected {
        painter.style(line, style);
        // While the text has the focus, another sign stands at the row that is meant.
        painter.text(line.x, place.y, 1, if is_active { "›" } else { "·" }, style);
    }
    let mut x = place.x;
    for (at, width) in columns {
        let is_right = all.get(*at).is_some_and(|head| head.is_right);
        let value = row.cells.get(*at).map_or("", String::as_str);
        match (*at, is_right) {
            (0, _) => {
                let sorted = row.sorted_name.as_ref().filter(|_| look.is_by_last_name);
                let shown = sorted.map_or(value, String::as_str);
                name((shown, &notes(row, columns)), x, place.y, *width, painter, style);
            }
            (_, true) => painter.text_right(x + width, place.y, *width, value, style),
            (_, false) => {
                painter.text(x, place.y, *width, value, style);
            }
        }
        x = x.saturating_add(*width).saturating_add(2);
    }
}

/// What stands behind the name, from the longest form to the shortest: first the code of a person who has
/// the name of another one in the list, where no column shows it.
fn notes(row: &Row, columns: &[(usize, u16)]) -> Vec<String> {
    let notes = row.notes.clone();
    if !row.has_namesake {
        return notes;
    }
    let code = row.record.row().code;
    if columns.iter().any(|(at, _)| row.cells.get(*at) == Some(&code)) {
        return notes;
    }
    match notes.is_empty() {
        true => vec![code],
        false => notes.iter().map(|note| format!("{code} {note}")).collect(),
    }
}

/// The name, with a note behind it: as much of it as leaves the name its room.
fn name(
    (name, notes): (&str, &[String]),
    x: u16,
    y: u16,
    width: u16,
    painter: &mut Painter<'_>,
    style: ratatui_core::style::Style,
) {
    let Some(note) = fitting(notes, text::width(name), width) else {
        painter.text(x, y, width, name, style);
        return;
    };
    let room = width.saturating_sub(text::width(note).saturating_add(1));
    let used = painter.text(x, y, room, name, style);
    painter.text(x + used + 1, y, width.saturating_sub(used + 1), note, style);
}
