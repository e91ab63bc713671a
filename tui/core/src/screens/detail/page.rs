//! A record as lines of a page.

mod history;

use super::State;
use crate::{
    resource::{Banner, Deed, Section},
    text::{self, display, paragraphs},
    theme::Theme,
    view::paint::Painter,
    world::World,
};
use ratatui_core::{layout::Rect, style::Style};

/// From this many columns on, the history has a column of its own.
const SIDE_BY_SIDE: u16 = 100;
/// Rows of the banner with the line under it.
const BANNER: u16 = 3;
/// Columns of the names of fields.
const LABEL: u16 = 18;

/// A line of the page.
struct Line {
    label: &'static str,
    text: String,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Title,
    Value,
    Dim,
    /// Begins at the left edge.
    Entry,
    /// The same, and an entry begins with it.
    Head,
}

impl Line {
    fn title(text: &'static str) -> Self {
        Self { label: "", text: text.to_owned(), kind: Kind::Title }
    }

    fn style(&self, theme: &Theme) -> Style {
        match self.kind {
            Kind::Title => theme.title,
            Kind::Value | Kind::Entry => theme.text,
            Kind::Head => theme.label,
            Kind::Dim => theme.dim,
        }
    }
}

/// Rows that are seen below the banner.
pub(super) fn visible(world: &World) -> u16 {
    world.body().height.saturating_sub(BANNER)
}

fn widths(world: &World) -> (u16, u16) {
    let columns = world.inside().width;
    if world.width < SIDE_BY_SIDE {
        return (columns, 0);
    }
    let left = columns * 11 / 20;
    (left, columns.saturating_sub(left).saturating_sub(2))
}

/// Rows of the page below the banner.
pub(super) fn height(state: &State, world: &World) -> u16 {
    let (left, right) = sides(state, world);
    u16::try_from(left.len().max(right.len())).unwrap_or(u16::MAX)
}

fn sides(state: &State, world: &World) -> (Vec<Line>, Vec<Line>) {
    let (left_columns, right_columns) = widths(world);
    let Some(record) = &state.record else { return (Vec::new(), Vec::new()) };
    let mut page = Page { lines: Vec::new(), columns: left_columns };
    for section in record.sections(world) {
        page.section(section);
    }
    let mut left = page.lines;
    if !state.allows(Deed::History) {
        return (left, Vec::new());
    }
    if right_columns > 0 {
        return (left, history::lines(state, world, right_columns));
    }
    left.push(Line { label: "", text: String::new(), kind: Kind::Value });
    left.extend(history::lines(state, world, left_columns));
    (left, Vec::new())
}

/// Draws it.
pub(super) fn draw(state: &State, world: &World, area: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let inside = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    banner(state, world, inside, painter);
    let below =
        Rect { y: inside.y + BANNER, height: inside.height.saturating_sub(BANNER), ..inside };
    if state.record.is_none() {
        let line = match &state.failure {
            Some(failure) => format!("! {} Ctrl-R tries again.", display(failure)),
            None => "Loading …".to_owned(),
        };
        for (y, line) in (below.y..below.bottom()).zip(paragraphs(&line, below.width)) {
            painter.text(below.x, y, below.width, &line, theme.text);
        }
        return;
    }
    let (left, right) = sides(state, world);
    let (left_columns, right_columns) = widths(world);
    column(&left, state.scroll, Rect { width: left_columns, ..below }, painter);
    let x = below.x.saturating_add(left_columns).saturating_add(2);
    column(&right, state.scroll, Rect { x, width: right_columns, ..below }, painter);
    let total = height(state, world);
    if state.scroll.saturating_add(below.height) < total {
        painter.text(area.right().saturating_sub(1), below.bottom() - 1, 1, "↓", theme.dim);
    }
    if state.scroll > 0 {
        painter.text(area.right().saturating_sub(1), below.y, 1, "↑", theme.dim);
    }
}

fn column(lines: &[Line], scroll: u16, area: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let window = lines.iter().skip(usize::from(scroll));
    for (y, line) in (area.y..area.bottom()).zip(window) {
        let mut x = area.x;
        if matches!(line.kind, Kind::Value | Kind::Dim) {
            let label = LABEL.min(area.width / 3);
            painter.text(x, y, label.saturating_sub(1), line.label, theme.label);
            x = x.saturating_add(label);
        }
        let columns = area.right().saturating_sub(x);
        painter.text(x, y, columns, &line.text, line.style(&theme));
    }
}

/// Whom or what the page is about; what must not be overlooked, and the archive, in words.
fn banner(state: &State, world: &World, area: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let bold = theme.title;
    let Some(record) = &state.record else {
        painter.text(area.x, area.y, area.width, &display(&state.name), bold);
        painter.rule(area, area.y + 2);
        return;
    };
    let Banner { name, code, line, warning } = record.banner();
    let right = text::width(&code);
    let room = area.width.saturating_sub(right + 2);
    painter.text(area.x, area.y, room, &name, bold);
    painter.text_right(area.right(), area.y, right, &code, bold);
    let archived = record.archived().map(|at| format!("ARCHIVED {}", world.day(&at)));
    let failure = state.failure.as_ref();
    let failure = failure.map(|why| format!("! not up to date: {}", display(why)));
    let warnings: Vec<_> = [warning, archived, failure].into_iter().flatten().collect();
    let used = painter.text(area.x, area.y + 1, area.width, &line, theme.text);
    let x = area.x.saturating_add(used).saturating_add(2);
    let left = area.right().saturating_sub(x);
    painter.text(x, area.y + 1, left, &warnings.join(" · "), theme.warning);
    painter.rule(area, area.y + 2);
}

/// A page being written.
struct Page {
    lines: Vec<Line>,
    columns: u16,
}

impl Page {
    fn section(&mut self, Section { title, fields }: Section) {
        if !self.lines.is_empty() {
            self.lines.push(Line { label: "", text: String::new(), kind: Kind::Value });
        }
        self.lines.push(Line::title(title));
        for (label, value) in fields {
            if value.is_empty() {
                self.lines.push(Line { label, text: "–".to_owned(), kind: Kind::Dim });
                continue;
            }
            let room = self.columns.saturating_sub(LABEL.min(self.columns / 3));
            for (row, line) in paragraphs(&value, room).into_iter().enumerate() {
                let label = if row == 0 { label } else { "" };
                self.lines.push(Line { label, text: line, kind: Kind::Value });
            }
        }
    }
}
