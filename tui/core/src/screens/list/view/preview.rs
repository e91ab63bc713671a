//! The selected record beside the list, as far as its row has it: nothing is asked for.

use ratatui_core::layout::Rect;

use crate::{
    paint::Painter,
    panels::{banner::BannerView, sections},
    resource::Record,
    world::World,
};

/// From this many columns of the terminal on, the preview stands beside the list.
const WIDE: u16 = 100;
/// Columns between list and preview: a line with a space at each side.
const GAP: u16 = 3;

/// Whether there is room for a preview.
pub(super) fn is_wide(world: &World) -> bool {
    world.width >= WIDE
}

/// The places of list and preview.
pub(super) fn split(area: Rect) -> (Rect, Rect) {
    let right = (area.width / 3).clamp(38, 60);
    let left = area.width.saturating_sub(right + GAP);
    (
        Rect { width: left, ..area },
        Rect { x: area.x + left + GAP, width: area.width.saturating_sub(left + GAP), ..area },
    )
}

/// Draws a record at a glance.
pub(super) fn draw(record: &Record, world: &World, area: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    for y in area.y..area.bottom() {
        painter.text(area.x.saturating_sub(2), y, 1, "│", theme.border);
    }
    let banner =
        BannerView { record, person: None, namesakes: None, presence: None, failure: None };
    let below = banner.draw(world, area, painter);
    let place = Rect { y: below.y + 1, height: below.height.saturating_sub(1), ..below };
    let lines = sections::stacked(&record.sections(world), place.width);
    sections::lines(&lines, 0, place, painter);
    if lines.len() > usize::from(place.height) && place.height > 0 {
        let last = place.bottom() - 1;
        painter.text(place.right(), last, 1, "↓", theme.dim);
    }
}
