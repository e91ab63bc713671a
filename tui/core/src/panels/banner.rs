//! The banner: a record at a glance, on every screen that is about the record.

use ratatui_core::{layout::Rect, style::Style};

use crate::{
    namesakes::Namesakes,
    paint::Painter,
    person::Person,
    presence::Presence,
    resource::{Alert, Record},
    text::{self, display, paragraphs},
    theme::Theme,
    world::World,
};

/// From this many rows of the terminal on, a line separates the banner from what follows.
const RULE_MIN: u16 = 16;
/// Between two pieces of a row.
const GAP: u16 = 2;

/// A record at a glance.
pub struct BannerView<'a> {
    /// The record.
    pub record: &'a Record,
    /// The person whom the record is about, where that is another one.
    pub person: Option<&'a Person>,
    /// Others who have the record's name.
    pub namesakes: Option<&'a Namesakes>,
    /// Whether the person is in the clinic now, where that is asked.
    pub presence: Option<&'a Presence>,
    /// Why the record may be out of date.
    pub failure: Option<&'a str>,
}

#[derive(Clone, Copy, PartialEq)]
enum Role {
    Text,
    Dim,
    Warning,
}

impl Role {
    fn style(self, theme: &Theme) -> Style {
        match self {
            Self::Text => theme.text,
            Self::Dim => theme.dim,
            Self::Warning => theme.warning,
        }
    }
}

type Piece = (String, Role);

impl BannerView<'_> {
    /// The rows that the banner takes, the line below it not among them.
    pub fn height(&self, world: &World, columns: u16) -> u16 {
        u16::try_from(self.rows(world, columns).len() + 1).unwrap_or(u16::MAX)
    }

    /// The record of which the name stands at the top.
    fn head(&self) -> &Record {
        self.person.and_then(Person::record).unwrap_or(self.record)
    }

    /// The rows below the name: first about the person, then about the record.
    fn rows(&self, world: &World, columns: u16) -> Vec<Vec<Piece>> {
        let failure = self.failure.map(|why| format!("! not up to date: {}", display(why)));
        let person = self.person.and_then(Person::warning);
        let same = self.namesakes.and_then(|found| found.words(self.record));
        let own = [same, failure, person].into_iter().flatten();
        let Some(person) = self.person.and_then(Person::record) else {
            let mut rows = about(self.record, None, own.collect(), world, columns);
            let present = self.presence.and_then(|presence| presence.words(world));
            let line = present.into_iter().flat_map(|line| paragraphs(&line, columns));
            rows.extend(line.map(|line| vec![(line, Role::Text)]));
            return rows;
        };
        let mut rows = about(person, None, Vec::new(), world, columns);
        let name = self.record.banner().name;
        let name = (name != person.banner().name).then_some(name);
        rows.extend(about(self.record, name, own.collect(), world, columns));
        rows
    }

    /// Draws the banner at the top of a place. Returns what is left below.
    pub fn draw(&self, world: &World, area: Rect, painter: &mut Painter<'_>) -> Rect {
        let theme = *painter.theme;
        let banner = self.head().banner();
        let code = text::width(&banner.code);
        let room = area.width.saturating_sub(code + GAP);
        let sorted = self.head().sorted_name();
        let name = sorted.as_deref().unwrap_or(&banner.name);
        let used = painter.text(area.x, area.y, room, name, theme.title);
        let left = room.saturating_sub(used + GAP);
        // A part of the name says nothing, so the name as it is written is shown in full or not at all.
        if sorted.is_some() && text::width(&banner.name) <= left {
            painter.text(area.x + used + GAP, area.y, left, &banner.name, theme.text);
        }
        painter.text_right(area.right(), area.y, code, &banner.code, theme.title);
        let rows = self.rows(world, area.width);
        for (y, row) in (area.y + 1..area.bottom()).zip(&rows) {
            let mut x = area.x;
            for (piece, role) in row {
                let left = area.right().saturating_sub(x);
                let used = painter.text(x, y, left, piece, role.style(&theme));
                x = x.saturating_add(used).saturating_add(GAP);
            }
        }
        below(area, self.height(world, area.width))
    }
}

/// The rows about one record: its name if the row above does not have it, its line, the warnings and the
/// alert.
fn about(
    record: &Record,
    name: Option<String>,
    more: Vec<String>,
    world: &World,
    columns: u16,
) -> Vec<Vec<Piece>> {
    let banner = record.banner();
    let archived = record.archived().map(|at| format!("ARCHIVED {}", world.day(&at)));
    let warnings = [banner.warning, archived].into_iter().flatten().chain(more);
    let mut pieces: Vec<_> =
        name.into_iter().chain([banner.line]).map(|line| (line, Role::Text)).collect();
    pieces.extend(warnings.map(|warning| (warning, Role::Warning)));
    let mut rows = flow(pieces, columns);
    if let Some(Alert { text, is_warning }) = record.alert() {
        let role = if is_warning { Role::Warning } else { Role::Dim };
        let mut lines = paragraphs(&text, columns);
        // What follows keeps its room; the page has the whole text.
        let most = if has_rule(world) { 2 } else { 1 };
        if lines.len() > most {
            lines.truncate(most);
            if let Some(last) = lines.last_mut() {
                let kept = text::truncate(last, columns.saturating_sub(2)).into_owned();
                *last = format!("{} …", kept.trim_end_matches([' ', '…']));
            }
        }
        rows.extend(lines.into_iter().map(|line| vec![(line, role)]));
    }
    rows
}

/// The rows of a place below so many others.
pub fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect { y: area.y + rows, height: area.height - rows, ..area }
}

/// Whether there is room for a line below a banner.
pub fn has_rule(world: &World) -> bool {
    world.height >= RULE_MIN
}

/// Pieces in rows of at most so many columns. A piece that is wider than a row goes on in the next.
fn flow(pieces: Vec<Piece>, columns: u16) -> Vec<Vec<Piece>> {
    let mut rows: Vec<Vec<Piece>> = Vec::new();
    let mut used = 0_u16;
    for (text, role) in pieces.into_iter().filter(|(text, _)| !text.is_empty()) {
        let wide = text::width(&text);
        let needed = used.saturating_add(GAP).saturating_add(wide);
        match rows.last_mut() {
            Some(row) if needed <= columns => {
                row.push((text, role));
                used = needed;
            }
            _ => {
                for line in paragraphs(&text, columns) {
                    used = text::width(&line);
                    rows.push(vec![(line, role)]);
                }
            }
        }
    }
    rows
}
