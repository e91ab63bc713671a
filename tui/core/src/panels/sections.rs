//! Sections of a record as lines: labels with values, side by side where there is room.

use ratatui_core::{layout::Rect, style::Style};

use crate::{
    paint::Painter,
    resource::Section,
    text::{self, paragraphs},
    theme::Theme,
};

/// From this many columns on, sections stand side by side.
const SIDE_BY_SIDE: u16 = 76;
/// Columns between two columns of sections.
const GAP: u16 = 2;

/// The meaning of a line, which decides its style and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The title of a section.
    Title,
    /// A value behind its label.
    Value,
    /// A remark behind the place of the labels.
    Remark,
    /// A text from the left edge on.
    Entry,
    /// The same, and an entry begins with it.
    Head,
}

/// A line of a record's page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The label; empty for most.
    pub label: &'static str,
    /// The text, safe to be drawn.
    pub text: String,
    /// What it is.
    pub kind: Kind,
    /// The columns of the labels.
    pub indent: u16,
}

impl Line {
    /// A line without a label.
    pub fn new(text: impl Into<String>, kind: Kind) -> Self {
        Self { label: "", text: text.into(), kind, indent: 0 }
    }

    fn style(&self, theme: &Theme) -> Style {
        match self.kind {
            Kind::Title => theme.title,
            Kind::Value | Kind::Entry => theme.text,
            Kind::Head => theme.label,
            Kind::Remark => theme.dim,
        }
    }
}

/// A section in so many columns: what is recorded, or that nothing is.
fn section(Section { title, fields }: &Section, columns: u16) -> Vec<Line> {
    let mut lines = vec![Line::new(*title, Kind::Title)];
    let filled: Vec<_> = fields.iter().filter(|(_, value)| !value.trim().is_empty()).collect();
    if filled.is_empty() {
        lines.push(Line::new("nothing recorded", Kind::Remark));
    }
    let widest = fields.iter().map(|(label, _)| text::width(label)).max().unwrap_or_default();
    let indent = (widest + 2).min(columns / 2);
    for (label, value) in filled {
        for (row, line) in paragraphs(value.trim(), columns - indent).into_iter().enumerate() {
            let label = if row == 0 { label } else { "" };
            lines.push(Line { label, text: line, kind: Kind::Value, indent });
        }
    }
    lines
}

/// Sections one below the other.
pub fn stacked(sections: &[Section], columns: u16) -> Vec<Line> {
    let mut lines = Vec::new();
    for each in sections {
        if !lines.is_empty() {
            lines.push(Line::new("", Kind::Entry));
        }
        lines.extend(section(each, columns));
    }
    lines
}

/// The sections of a page: in one column, or in two where there is room. The first sections stand on the
/// left, so many that the two columns together take the fewest rows.
pub struct Sections {
    left: Vec<Line>,
    right: Vec<Line>,
    /// The columns of the terminal that the left column takes, with the gap behind it.
    left_columns: u16,
}

impl Sections {
    /// Sections in so many columns of the terminal.
    pub fn new(sections: &[Section], columns: u16) -> Self {
        if columns < SIDE_BY_SIDE || sections.len() < 2 {
            let left = stacked(sections, columns);
            return Self { left, right: Vec::new(), left_columns: columns };
        }
        let left = columns.div_ceil(2);
        let each = columns - left - GAP / 2;
        let splits = (1..sections.len()).filter_map(|at| sections.split_at_checked(at));
        let both = splits.map(|(first, rest)| (stacked(first, each), stacked(rest, each)));
        let best = both.min_by_key(|(first, rest)| first.len().max(rest.len()));
        let (lines, right) = best.unwrap_or_default();
        Self { left: lines, right, left_columns: left + GAP / 2 }
    }

    /// The rows that they take.
    pub fn len(&self) -> usize {
        self.left.len().max(self.right.len())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Draws them from this row on.
    pub fn draw(&self, first: usize, area: Rect, painter: &mut Painter<'_>) {
        let left = self.left_columns.min(area.width);
        let gap = if self.right.is_empty() { 0 } else { GAP };
        lines(&self.left, first, Rect { width: left.saturating_sub(gap), ..area }, painter);
        let right = Rect { x: area.x + left, width: area.width - left, ..area };
        lines(&self.right, first, right, painter);
    }
}

/// Draws lines from this one on.
pub fn lines(lines: &[Line], first: usize, area: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    for (y, line) in (area.y..area.bottom()).zip(lines.iter().skip(first)) {
        painter.text(area.x, y, line.indent.saturating_sub(1), line.label, theme.label);
        let x = area.x.saturating_add(line.indent);
        let columns = area.right().saturating_sub(x);
        painter.text(x, y, columns, &line.text, line.style(&theme));
    }
}
