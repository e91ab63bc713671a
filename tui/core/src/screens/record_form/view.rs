//! Drawing the form of a record.

use ratatui_core::layout::Rect;

use super::State;
use crate::{
    form::{self, field::Field},
    view::paint::Painter,
    world::World,
};

/// The place of the fields.
pub(super) fn place(body: Rect) -> Rect {
    let width = body.width.saturating_sub(2).min(120);
    Rect { x: 1, y: body.y + 1, width, height: body.height.saturating_sub(1) }
}

/// Draws it.
pub fn view(state: &State, world: &World, area: Rect, painter: &mut Painter<'_>, has_focus: bool) {
    let theme = *painter.theme;
    let place = place(area);
    let title = match &state.base {
        Some(base) => {
            let head = base.row();
            let note = head.notes.first().map(|note| format!(" · {note}")).unwrap_or_default();
            format!("{} · {}{note}", head.name, head.code)
        }
        None => state.words().intro.to_owned(),
    };
    let used = painter.text(place.x, area.y, place.width, &title, theme.title);
    let changed = match (state.is_doubtful, state.is_saving, state.form.is_changed()) {
        (true, ..) => "saved or not? Ctrl-R checks",
        (_, true, _) => "being saved",
        (_, _, true) => "not saved yet",
        _ => "",
    };
    let room = place.width.saturating_sub(used + 2);
    painter.text_right(place.right(), area.y, room, changed, theme.warning);
    let follows =
        |field: &Field| state.kind.follows(&state.form, state.base.as_ref(), field, world.today);
    form::view::draw(painter, place, &state.form, has_focus, &follows);
}
