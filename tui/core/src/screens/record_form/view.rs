//! Drawing the form of a record: the banner of the record above the fields.

use ratatui_core::layout::Rect;

use super::State;
use crate::{
    form::{self, field::Field},
    view::{
        banner::{BannerView, below},
        paint::Painter,
    },
    world::World,
};

impl State {
    fn banner(&self) -> Option<BannerView<'_>> {
        let record = self.base.as_ref()?;
        Some(BannerView { record, namesakes: self.namesakes.as_ref(), failure: None })
    }
}

/// The place of banner, line and fields.
fn inside(world: &World) -> Rect {
    let inside = world.inside();
    Rect { width: inside.width.min(120), ..inside }
}

/// Rows above the fields: the banner of a record with a line below it, or what a new one needs.
fn above(state: &State, world: &World) -> u16 {
    state.banner().map_or(1, |banner| banner.height(world, inside(world).width).saturating_add(1))
}

/// The place of the fields.
pub(super) fn place(state: &State, world: &World) -> Rect {
    below(inside(world), above(state, world))
}

/// Draws it.
pub fn view(state: &State, world: &World, _: Rect, painter: &mut Painter<'_>, has_focus: bool) {
    let theme = *painter.theme;
    let inside = inside(world);
    let place = place(state, world);
    let line = place.y.saturating_sub(1);
    let used = match state.banner() {
        Some(banner) => {
            banner.draw(world, inside, painter);
            painter.rule(inside, line);
            0
        }
        None => {
            let title = state.origin.as_deref().unwrap_or(state.words().intro);
            painter.text(inside.x, line, inside.width, title, theme.title)
        }
    };
    // It stands where it moves no field.
    let changed = match (state.is_doubtful, state.is_saving, state.form.is_changed()) {
        (true, ..) => " saved or not? Ctrl-R checks",
        (_, true, _) => " being saved",
        (_, _, true) => " not saved yet",
        _ => "",
    };
    let room = inside.width.saturating_sub(used);
    painter.text_right(inside.right(), line, room, changed, theme.warning);
    let follows =
        |field: &Field| state.kind.follows(&state.form, state.base.as_ref(), field, world.today);
    form::view::draw(painter, place, &state.form, has_focus, &follows);
}
