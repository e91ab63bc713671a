//! The login over a session that is over: what lies below stays as it is.

use ratatui_core::layout::Rect;

use super::middle;
use crate::{
    form,
    input::action::Context,
    screens::login::{self, State},
    step::{Event, Step},
    text::paragraphs,
    view::paint::Painter,
    world::World,
};

/// Begins with the name of whoever was logged in.
pub fn init(world: &World) -> State {
    let mut state = login::init(world.user().map_or("", |user| user.login_name()), true);
    state.fill_in(world.sample.as_ref());
    state
}

/// Does something.
pub fn update(state: &mut State, world: &World, event: Event) -> Vec<Step> {
    login::update(state, world, event)
}

/// Where its keys mean something.
pub fn contexts() -> &'static [Context] {
    &[Context::Form, Context::Layer, Context::Global]
}

const WORDS: &str = "The session is over. Log in to go on; nothing that was typed is lost.";

fn place(state: &State, area: Rect) -> (Rect, u16) {
    let width = area.width.min(60);
    let inside = width.saturating_sub(4);
    let words = u16::try_from(paragraphs(WORDS, inside).len()).unwrap_or_default() + 1;
    let words = if area.height < 10 { 0 } else { words };
    (middle(area, width, state.form.height(inside).saturating_add(words + 2)), words)
}

/// Scrolls so that the focused field is seen.
pub fn settle(state: &mut State, world: &World) {
    let (area, words) = place(state, world.body());
    state.form.settle(area.width.saturating_sub(4), area.height.saturating_sub(words + 2));
}

/// Draws it.
pub fn view(state: &State, _: &World, area: Rect, painter: &mut Painter<'_>, has_focus: bool) {
    let theme = *painter.theme;
    let (place, words) = place(state, area);
    let inside = painter.frame(place, "Log in again");
    let below = Rect {
        y: inside.y.saturating_add(words),
        height: inside.height.saturating_sub(words),
        ..inside
    };
    for (y, line) in (inside.y..below.y).zip(paragraphs(WORDS, inside.width)) {
        painter.text(inside.x, y, inside.width, &line, theme.text);
    }
    form::view::draw(painter, below, &state.form, has_focus, &|_| None);
}
