//! What was said until now, newest first.

use ratatui_core::layout::Rect;

use super::middle;
use crate::{
    input::action::{Action, Context},
    notice::{Notices, Tone},
    step::{Event, Step},
    text::paragraphs,
    view::paint::Painter,
    world::World,
};

/// How far it is scrolled.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    scroll: usize,
}

/// Begins.
pub fn init() -> State {
    State::default()
}

/// Does something.
pub fn update(state: &mut State, _: &World, event: Event) -> Vec<Step> {
    const FAR: usize = 10_000;
    match event {
        Event::Act(Action::RowUp) => state.scroll = state.scroll.saturating_sub(1),
        Event::Act(Action::RowDown) => state.scroll = (state.scroll + 1).min(FAR),
        Event::Act(Action::PageUp) => state.scroll = state.scroll.saturating_sub(10),
        Event::Act(Action::PageDown) => state.scroll = (state.scroll + 10).min(FAR),
        Event::Act(Action::FirstRow) => state.scroll = 0,
        Event::Act(Action::LastRow) => state.scroll = FAR,
        Event::Act(Action::Back) => return vec![Step::Close],
        _ => {}
    }
    Vec::new()
}

/// Where its keys mean something.
pub fn contexts() -> &'static [Context] {
    &[Context::Rows, Context::Layer, Context::Global]
}

/// Draws it.
pub fn view(state: &State, notices: &Notices, area: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let inside = painter.frame(middle(area, 76, area.height), "Messages, newest first");
    let mut lines = Vec::new();
    for notice in notices.log() {
        let is_error = notice.tone == Tone::Error;
        let sign = if is_error { "! " } else { "  " };
        for (row, line) in
            paragraphs(&notice.text, inside.width.saturating_sub(2)).into_iter().enumerate()
        {
            let sign = if row == 0 { sign } else { "  " };
            lines.push((format!("{sign}{line}"), if is_error { theme.fault } else { theme.text }));
        }
    }
    if lines.is_empty() {
        lines.push(("Nothing was said yet.".to_owned(), theme.dim));
    }
    let scroll = state.scroll.min(lines.len().saturating_sub(usize::from(inside.height)));
    for (y, (line, style)) in (inside.y..inside.bottom()).zip(lines.iter().skip(scroll)) {
        painter.text(inside.x, y, inside.width, line, *style);
    }
}
