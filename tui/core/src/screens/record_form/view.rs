//! Drawing the form of a record: the banner of the record above the fields.

use ratatui_core::layout::Rect;

use super::State;
use crate::{
    form::{self, field::Field},
    input::keymap::with_keys,
    paint::Painter,
    panels::banner::{BannerView, below},
    text::{paragraphs, width},
    world::World,
};

impl State {
    fn banner(&self) -> Option<BannerView<'_>> {
        let record = self.base.as_ref()?;
        let (person, namesakes) = (self.person.as_ref(), self.namesakes.as_ref());
        let presence = self.presence.as_ref();
        Some(BannerView { record, person, namesakes, presence, failure: None })
    }
}

/// The place of banner, line and fields.
fn inside(world: &World) -> Rect {
    let inside = world.inside();
    Rect { width: inside.width.min(120), ..inside }
}

/// What stands above the fields of a new record: what it needs, or where its values come from. It leaves
/// most of the screen to the fields.
fn intro(state: &State, world: &World) -> Vec<String> {
    let most = usize::from(world.body().height / 3).max(1);
    match &state.origin {
        Some(it) => paragraphs(&it.origin, inside(world).width).into_iter().take(most).collect(),
        None => {
            let create = state.kind.table().create.as_ref();
            create.map(|create| create.intro.to_owned()).into_iter().collect()
        }
    }
}

/// Rows above the fields: the banner of a record with a line below it, or the intro of a new one.
fn above(state: &State, world: &World) -> u16 {
    match state.banner() {
        Some(banner) => banner.height(world, inside(world).width).saturating_add(1),
        None => u16::try_from(intro(state, world).len()).unwrap_or(u16::MAX),
    }
}

/// The place of the fields.
pub(super) fn place(state: &State, world: &World) -> Rect {
    below(inside(world), above(state, world))
}

/// Draws the banner or the introduction, and the fields.
pub fn view(state: &State, world: &World, _: Rect, painter: &mut Painter<'_>, has_focus: bool) {
    let theme = *painter.theme;
    let inside = inside(world);
    let place = place(state, world);
    let line = place.y.saturating_sub(1);
    // It stands where it moves no field.
    let changed = match (state.is_doubtful, state.is_saving, state.form.is_changed()) {
        (true, ..) => &with_keys(" saved or not? {Refresh} checks"),
        (_, true, _) => " being saved",
        (_, _, true) => " not saved yet",
        _ => "",
    };
    let used = match state.banner() {
        Some(banner) => {
            banner.draw(world, inside, painter);
            painter.rule(inside, line);
            0
        }
        None => {
            let mut used = 0;
            // Whoever is here already stands in the last line, where it moves no field.
            let likely = state.likely.words();
            for (y, text) in (inside.y..=line).zip(intro(state, world)) {
                let taken = if y == line { width(changed) } else { 0 };
                let columns = inside.width.saturating_sub(taken);
                let (text, style) = match likely.as_deref().filter(|_| y == line) {
                    Some(likely) => (likely, theme.warning),
                    None => (text.as_str(), theme.title),
                };
                used = painter.text(inside.x, y, columns, text, style);
            }
            used
        }
    };
    let room = inside.width.saturating_sub(used);
    painter.text_right(inside.right(), line, room, changed, theme.warning);
    let follows =
        |field: &Field| state.kind.follows(&state.form, state.base.as_ref(), field, world.today);
    form::view::draw(painter, place, &state.form, has_focus, &follows);
}
