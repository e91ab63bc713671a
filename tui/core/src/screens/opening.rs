//! The first frame, before anything is known.

use ratatui_core::layout::Rect;

use crate::{
    input::action::Context, intent::Event, layers::Intent, paint::Painter, text::paragraphs,
    world::World,
};

/// What there is to say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Why the desk can't be opened.
    pub failure: Option<String>,
}

/// Waits for the desk to open.
pub fn init() -> State {
    State::default()
}

/// Nothing can be done here.
pub fn update(_: &mut State, _: &World, _: Event) -> Vec<Intent> {
    Vec::new()
}

/// The contexts in which its keys hold.
pub fn contexts() -> &'static [Context] {
    &[Context::Global]
}

/// Draws that the desk is being opened, or why it cannot be.
pub fn view(state: &State, _: &World, area: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let (x, y) = (area.x + 1, area.y + area.height / 3);
    let columns = area.width.saturating_sub(2);
    painter.text(x, y, columns, "Frontdesk", theme.title);
    let Some(failure) = &state.failure else {
        painter.text(x, y + 2, columns, "Opening the desk …", theme.text);
        return;
    };
    painter.text(x, y + 2, columns, "! The desk can't be opened.", theme.fault);
    for (row, line) in (y + 4..area.bottom()).zip(paragraphs(failure, columns)) {
        painter.text(x, row, columns, &line, theme.text);
    }
}
