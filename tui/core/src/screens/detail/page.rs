//! A record as a page: the banner, which stays, and below it sections and history, which are scrolled.

pub(super) mod history;

use ratatui_core::layout::Rect;

use super::State;
use crate::{
    paint::Painter,
    panels::{
        banner::{BannerView, below, has_rule},
        sections::{Line, Sections, lines},
    },
    resource::Section,
    sentences::LOADING,
    text::{display, paragraphs},
    world::World,
};

impl State {
    fn banner(&self) -> Option<BannerView<'_>> {
        let record = self.record.as_ref()?;
        let (namesakes, failure) = (self.namesakes.as_ref(), self.failure.as_ref());
        let failure = failure.map(|missing| missing.why.as_str());
        let (person, presence) = (self.person.as_ref(), self.presence.as_ref());
        Some(BannerView { record, person, namesakes, presence, failure })
    }
}

/// Rows above what is scrolled.
fn above(state: &State, world: &World) -> u16 {
    let rows = state.banner().map_or(1, |banner| banner.height(world, world.inside().width));
    rows.saturating_add(u16::from(has_rule(world)))
}

/// Rows that are seen below the banner.
pub(super) fn visible(state: &State, world: &World) -> usize {
    usize::from(world.body().height.saturating_sub(above(state, world)))
}

/// Rows of the page below the banner.
pub(super) fn height(state: &State, world: &World) -> usize {
    let (sections, history) = parts(state, world);
    sections.len() + history.len()
}

/// The line at which the history begins, and its lines.
pub(super) fn place_of_history(state: &State, world: &World) -> (usize, usize) {
    let (sections, history) = parts(state, world);
    (sections.len(), history.len())
}

/// Sections, and the history with an empty line above it.
fn parts(state: &State, world: &World) -> (Sections, Vec<Line>) {
    let columns = world.inside().width;
    let Some(record) = &state.record else { return (Sections::new(&[], columns), Vec::new()) };
    let mut sections: Vec<Section> = state.related_section().into_iter().collect();
    sections.extend(record.sections(world));
    (Sections::new(&sections, columns), history::lines(state, world, columns))
}

/// Draws the page of the record.
pub(super) fn draw(state: &State, world: &World, area: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let inside = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    match state.banner() {
        Some(banner) => {
            banner.draw(world, inside, painter);
        }
        None => {
            painter.text(inside.x, inside.y, inside.width, &display(&state.name), theme.title);
        }
    }
    let place = below(inside, above(state, world));
    if has_rule(world) {
        painter.rule(inside, place.y.saturating_sub(1));
    }
    if state.record.is_none() {
        let line = match &state.failure {
            Some(missing) => missing.line(),
            None => LOADING.to_owned(),
        };
        for (y, line) in (place.y..place.bottom()).zip(paragraphs(&line, place.width)) {
            painter.text(place.x, y, place.width, &line, theme.text);
        }
        return;
    }
    let (sections, history) = parts(state, world);
    let first = state.scroll.top();
    sections.draw(first, place, painter);
    let seen = u16::try_from(sections.len().saturating_sub(first)).unwrap_or(u16::MAX);
    lines(&history, first.saturating_sub(sections.len()), below(place, seen), painter);
    let edge = area.right().saturating_sub(1);
    if first + usize::from(place.height) < sections.len() + history.len() {
        painter.text(edge, place.bottom().saturating_sub(1), 1, "↓", theme.dim);
    }
    if first > 0 {
        painter.text(edge, place.y, 1, "↑", theme.dim);
    }
}
