//! The help of the focused field: its present error, the accepted forms with examples, the limits.

use ratatui_core::layout::Rect;

use super::middle;
use crate::{
    cursor::Scroll,
    form::{Form, help},
    input::{
        action::{Action, Context},
        keymap::key_of,
    },
    intent::Event,
    layers::Intent,
    paint::Painter,
    text::paragraphs,
    world::World,
};

/// Columns of the box.
const COLUMNS: u16 = 66;

/// The sentences about a field, and how far they are scrolled.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    title: &'static str,
    fault: Option<String>,
    sentences: Vec<String>,
    scroll: Scroll,
}

/// Begins with the focused field of a form. `None` if there is nothing to be said about it.
pub fn init(form: &Form) -> Option<State> {
    let field = form.focused()?;
    let fault = form.fault(field).map(|fault| format!("! {fault}"));
    let mut sentences = help::about(field, form.order);
    sentences.extend(field.echo.as_ref().map(|echo| format!("Your input means: {echo}.")));
    let is_known = fault.is_some() || !sentences.is_empty();
    is_known.then_some(State { title: field.label, fault, sentences, scroll: Scroll::default() })
}

/// Scrolls, or closes.
pub fn update(state: &mut State, world: &World, event: Event) -> Vec<Intent> {
    match event {
        Event::Act(Action::Back) => vec![Intent::Close],
        Event::Act(action) => {
            let page = usize::from(world.body().height.saturating_sub(4));
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

/// The lines, and how many of them are a fault.
fn lines(state: &State, columns: u16) -> (Vec<String>, usize) {
    let fault: Vec<String> =
        state.fault.iter().flat_map(|fault| paragraphs(fault, columns)).collect();
    let faults = fault.len();
    let rest = state.sentences.iter().flat_map(|sentence| paragraphs(sentence, columns));
    (fault.into_iter().chain(rest).collect(), faults)
}

/// What follows from the keys here, in lines.
fn hint(columns: u16) -> Vec<String> {
    let key = |action| key_of(action, contexts());
    let (keys, back) = (key(Action::Help), key(Action::Back));
    paragraphs(&format!("{keys} shows the keys, {back} returns to the field."), columns)
}

fn place(state: &State, area: Rect) -> Rect {
    let columns = area.width.min(COLUMNS);
    let (lines, _) = lines(state, columns.saturating_sub(4));
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let hint = u16::try_from(hint(columns.saturating_sub(4)).len()).unwrap_or(1);
    middle(area, columns, rows.saturating_add(3 + hint))
}

/// How many lines there are, and how many of them are seen.
fn heights(state: &State, world: &World) -> (usize, usize) {
    let place = place(state, world.body());
    let (lines, _) = lines(state, place.width.saturating_sub(4));
    let hint = hint(place.width.saturating_sub(4)).len();
    (lines.len(), usize::from(place.height).saturating_sub(3 + hint))
}

/// Whether there is more than fits on one page.
pub fn has_pages(state: &State, world: &World) -> bool {
    let (lines, visible) = heights(state, world);
    lines > visible
}

/// Keeps the scrolled lines within the box.
pub fn keep_focus_visible(state: &mut State, world: &World) {
    let (lines, visible) = heights(state, world);
    state.scroll.keep_within(lines, visible);
}

/// Draws the sentences in a box.
pub fn view(state: &State, area: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let inside = painter.frame(place(state, area), state.title);
    let (lines, faults) = lines(state, inside.width);
    let hint = hint(inside.width);
    let end = inside.bottom().saturating_sub(u16::try_from(hint.len()).unwrap_or(1));
    let bottom = end.saturating_sub(1);
    let shown = lines.iter().enumerate().skip(state.scroll.top());
    for (y, (at, line)) in (inside.y..bottom).zip(shown) {
        let style = if at < faults { theme.fault } else { theme.text };
        painter.text(inside.x, y, inside.width, line, style);
    }
    for (y, line) in (end..inside.bottom()).zip(&hint) {
        painter.text(inside.x, y, inside.width, line, theme.dim);
    }
    painter.place_cursor(inside.x, inside.y);
}
