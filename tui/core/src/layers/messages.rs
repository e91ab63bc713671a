//! The messages until now, newest first, with the time, and after a failure with the id of the request.

use ratatui_core::layout::Rect;

use super::middle;
use crate::{
    cursor::Scroll,
    input::action::{Action, Context},
    intent::Event,
    layers::Intent,
    notice::{Notice, Notices, Tone},
    paint::Painter,
    text::paragraphs,
    world::World,
};

/// Columns of the sign and the time.
const TIME: u16 = 8;

/// The messages, and how far they are scrolled.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    messages: Vec<Notice>,
    scroll: Scroll,
}

/// Begins with what was said until now.
pub fn init(notices: &Notices) -> State {
    State { messages: notices.log().cloned().collect(), scroll: Scroll::default() }
}

/// Scrolls, or closes the layer.
pub fn update(state: &mut State, world: &World, event: Event) -> Vec<Intent> {
    match event {
        Event::Act(Action::Back) => vec![Intent::Close],
        Event::Act(action) => {
            let page = usize::from(place(world.body()).height.saturating_sub(2));
            state.scroll.act(action, page);
            Vec::new()
        }
        Event::Edited => Vec::new(),
    }
}

/// The contexts in which its keys hold.
pub fn contexts() -> &'static [Context] {
    &[Context::Rows, Context::Layer, Context::Global]
}

fn place(area: Rect) -> Rect {
    middle(area, 76, area.height)
}

/// The lines, and whether each belongs to an error.
fn lines(state: &State, world: &World, columns: u16) -> Vec<(String, bool)> {
    let room = columns.saturating_sub(TIME);
    let mut lines = Vec::new();
    for notice in &state.messages {
        let is_error = notice.tone == Tone::Error;
        let sign = if is_error { "!" } else { " " };
        let time = notice.at.map(|at| world.clock(&at)).unwrap_or_default();
        let time = time.get(..5).unwrap_or_default();
        let mut texts = paragraphs(&notice.text, room);
        let request = notice.request.iter().filter(|id| !notice.text.contains(id.as_str()));
        texts.extend(request.flat_map(|id| paragraphs(&format!("request {id}"), room)));
        for (row, line) in texts.into_iter().enumerate() {
            let head = if row == 0 { format!("{sign} {time:5} ") } else { " ".repeat(8) };
            lines.push((format!("{head}{line}"), is_error));
        }
    }
    lines
}

/// Keeps the scrolled lines within their number.
pub fn keep_focus_visible(state: &mut State, world: &World) {
    let place = place(world.body());
    let count = lines(state, world, place.width.saturating_sub(4)).len();
    let visible = usize::from(place.height.saturating_sub(2));
    state.scroll.keep_within(count, visible);
}

/// Draws the messages in a box.
pub fn view(state: &State, world: &World, area: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let inside = painter.frame(place(area), "Messages, newest first");
    let lines = lines(state, world, inside.width);
    if lines.is_empty() {
        let words = "No messages yet.";
        painter.text(inside.x, inside.y, inside.width, words, theme.dim);
    }
    let window = lines.iter().skip(state.scroll.top());
    for (y, (line, is_error)) in (inside.y..inside.bottom()).zip(window) {
        let style = if *is_error { theme.fault } else { theme.text };
        painter.text(inside.x, y, inside.width, line, style);
    }
}
