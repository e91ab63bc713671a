//! The login after a session has ended. The screens below stay as they are.

use ratatui_core::layout::Rect;

use super::middle;
use crate::{
    form,
    input::action::Context,
    intent::Event,
    layers::Intent,
    login::{self, State},
    paint::Painter,
    text::paragraphs,
    world::World,
};

/// Begins with the name of whoever was logged in.
pub fn init(world: &World) -> State {
    let mut state = login::init(world.user().map_or("", |user| user.login_name()), true);
    state.fill_in(world.sample.as_ref());
    state
}

/// The lock, for whoever is logged in. The password of a throw-away desk is filled in.
pub fn locked(world: &World) -> State {
    State { is_locked: true, ..init(world) }
}

/// Edits the form, and logs in again.
pub fn update(state: &mut State, world: &World, event: Event) -> Vec<Intent> {
    login::update(state, world, event)
}

/// The contexts in which its keys hold.
pub fn contexts() -> &'static [Context] {
    &[Context::Form, Context::Layer, Context::Global]
}

fn words(state: &State) -> &'static str {
    if state.is_locked {
        "The desk is locked. Log in to continue; no input is lost."
    } else {
        "The session has ended. Log in to continue; no input is lost."
    }
}

fn place(state: &State, area: Rect) -> (Rect, u16) {
    let width = area.width.min(60);
    let inside = width.saturating_sub(4);
    let rows = u16::try_from(paragraphs(words(state), inside).len()).unwrap_or_default() + 1;
    let rows = if area.height < 10 { 0 } else { rows };
    (middle(area, width, state.form.height(inside).saturating_add(rows + 2)), rows)
}

/// Scrolls so that the focused field is seen.
pub fn keep_focus_visible(state: &mut State, world: &World) {
    let (area, rows) = place(state, world.body());
    state
        .form
        .keep_focus_visible(area.width.saturating_sub(4), area.height.saturating_sub(rows + 2));
}

/// Draws why a login is needed, and the form.
pub fn view(state: &State, _: &World, area: Rect, painter: &mut Painter<'_>, has_focus: bool) {
    let theme = *painter.theme;
    let (place, rows) = place(state, area);
    let title = if state.is_locked { "Locked" } else { "Log in again" };
    let inside = painter.frame(place, title);
    let below = Rect {
        y: inside.y.saturating_add(rows),
        height: inside.height.saturating_sub(rows),
        ..inside
    };
    for (y, line) in (inside.y..below.y).zip(paragraphs(words(state), inside.width)) {
        painter.text(inside.x, y, inside.width, &line, theme.text);
    }
    form::view::draw(painter, below, &state.form, has_focus, &|_| None);
}
