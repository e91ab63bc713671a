//! Drawing the dashboard: the registrations across the whole width, the other blocks below in columns.

use ratatui_core::layout::Rect;

use super::{
    State,
    figures::{Role, Row, blocks, registrations},
};
use crate::{
    paint::Painter,
    sentences::LOADING,
    text::{display, paragraphs},
    world::World,
};

/// Columns between two columns of blocks.
const GAP: u16 = 2;

/// The number of columns of blocks, each with at least 34 columns of the terminal.
fn column_count(columns: u16) -> u16 {
    match columns {
        ..70 => 1,
        70..120 => 2,
        _ => 3,
    }
}

/// All rows of the page.
fn rows(state: &State, world: &World) -> Vec<Row> {
    let Some(figures) = &state.figures else { return Vec::new() };
    let columns = world.inside().width;
    let high = if world.height < 20 { 4 } else { 6 };
    let mut rows = registrations(&figures.patients, columns, high);
    rows.push(Row::new());
    let count = column_count(columns);
    let each = (columns.saturating_sub(GAP * (count - 1)) / count).max(1);
    let first = rows.len();
    let mut ends = vec![first; usize::from(count)];
    for block in blocks(figures, world, each) {
        let lowest = ends.iter().zip(0_u16..).min_by_key(|(end, _)| **end);
        let Some(column) = lowest.map(|(_, column)| column) else { continue };
        let Some(end) = ends.get_mut(usize::from(column)) else { continue };
        if *end > first {
            *end += 1;
        }
        for mut row in block {
            row.iter_mut().for_each(|piece| piece.x += column * (each + GAP));
            if rows.len() <= *end {
                rows.resize(*end + 1, Row::new());
            }
            if let Some(at) = rows.get_mut(*end) {
                at.extend(row);
            }
            *end += 1;
        }
    }
    rows
}

/// What is said above the figures, or instead of them.
fn said(state: &State, columns: u16) -> Vec<String> {
    let sentence = match (&state.failure, &state.figures) {
        (Some(missing), None) => missing.line(),
        (Some(missing), Some(_)) => {
            let advice = missing.advice().map(|advice| format!(" {advice}")).unwrap_or_default();
            format!("! Not up to date: {}{advice}", display(&missing.why))
        }
        (None, None) => LOADING.to_owned(),
        (None, Some(_)) => return Vec::new(),
    };
    paragraphs(&sentence, columns)
}

/// Rows of the whole page.
pub(super) fn height(state: &State, world: &World) -> usize {
    said(state, world.inside().width).len() + rows(state, world).len()
}

/// Draws the part of the page that is scrolled to.
pub fn view(state: &State, world: &World, area: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let inside = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let said = said(state, inside.width);
    let all = rows(state, world);
    let total = said.len() + all.len();
    let top = state.scroll.top();
    let style = if state.failure.is_some() { theme.fault } else { theme.text };
    for (y, line) in (inside.y..inside.bottom()).zip(said.iter().skip(top)) {
        painter.text(inside.x, y, inside.width, line, style);
    }
    let first = said.len().saturating_sub(top);
    let first = inside.y.saturating_add(u16::try_from(first).unwrap_or(u16::MAX));
    let window = all.iter().skip(top.saturating_sub(said.len()));
    for (y, row) in (first..inside.bottom()).zip(window) {
        for piece in row {
            let style = match piece.role {
                Role::Title => theme.title,
                Role::Label => theme.label,
                Role::Text | Role::Bar => theme.text,
                Role::Scale => theme.dim,
            };
            let columns = inside.width.saturating_sub(piece.x);
            painter.text(inside.x.saturating_add(piece.x), y, columns, &piece.text, style);
        }
    }
    let edge = area.right().saturating_sub(1);
    if top > 0 {
        painter.text(edge, area.y, 1, "↑", theme.dim);
    }
    if top + usize::from(area.height) < total {
        painter.text(edge, area.bottom().saturating_sub(1), 1, "↓", theme.dim);
    }
}
