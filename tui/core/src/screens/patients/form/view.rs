//! Drawing a patient's form.

use ratatui_core::layout::Rect;

use super::State;
use crate::{
    date,
    form::{self, field::Field},
    screens::patients::born_of,
    text::display,
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
            let died = base.deceased_on.map(|day| format!(" · † died {day}")).unwrap_or_default();
            format!("{} · {}{died}", display(&base.full_name), display(&base.mrn))
        }
        None => "A new patient. A first or a last name is enough.".to_owned(),
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
    let outcome = state.outcome(world.today);
    let read_only = |field: &Field| -> Option<String> {
        let typed = field.value().trim();
        let outcome = outcome.as_ref()?;
        let age = outcome.age(world.today)?;
        match field.name {
            "date_of_birth" if date::read(typed, world.today).is_ok_and(|day| !day.is_empty()) => {
                let sign = if outcome.date_of_birth_estimated { ", estimated" } else { "" };
                Some(format!("age {age}{sign}"))
            }
            "age" if !typed.is_empty() => {
                let born = born_of(outcome.fields.date_of_birth, outcome.date_of_birth_estimated);
                Some(format!("born {born}"))
            }
            _ => None,
        }
    };
    form::view::draw(painter, place, &state.form, has_focus, &read_only);
}
