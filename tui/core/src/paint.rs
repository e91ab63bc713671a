//! Drawing that can't leave the screen: every text is cut to its place, every place to the screen.

use ratatui_core::{
    buffer::{Buffer, CellWidth},
    layout::{Position, Rect},
    style::Style,
};

use crate::{text, theme::Theme};

/// A frame being drawn.
pub struct Painter<'a> {
    buffer: &'a mut Buffer,
    /// The styles.
    pub theme: &'a Theme,
    /// Where the terminal's cursor shall be.
    pub cursor: Option<Position>,
}

impl<'a> Painter<'a> {
    /// Begins a frame.
    pub fn new(buffer: &'a mut Buffer, theme: &'a Theme) -> Self {
        Self { buffer, theme, cursor: None }
    }

    /// Draws a safe text into at most `columns`. Returns how many it took.
    pub fn text(&mut self, x: u16, y: u16, columns: u16, text: &str, style: Style) -> u16 {
        let area = self.buffer.area;
        if x < area.x || x >= area.right() || y < area.y || y >= area.bottom() {
            return 0;
        }
        let columns = columns.min(area.right().saturating_sub(x));
        let shown = text::agreed(text);
        let shown = text::truncate(&shown, columns);
        let (end, _) = self.buffer.set_stringn(x, y, shown, usize::from(columns), style);
        if end > x {
            self.clear_half(x, y);
        }
        end.saturating_sub(x)
    }

    /// Removes the wide character of which the right half was drawn over here.
    fn clear_half(&mut self, x: u16, y: u16) {
        let left = x.checked_sub(1).and_then(|left| self.buffer.cell_mut((left, y)));
        if let Some(cell) = left.filter(|cell| cell.cell_width() > 1) {
            cell.set_symbol(" ");
        }
    }

    /// Draws a safe text so that it ends before `right`.
    pub fn text_right(&mut self, right: u16, y: u16, columns: u16, text: &str, style: Style) {
        let wide = text::measure(text).min(columns);
        self.text(right.saturating_sub(wide), y, wide, text, style);
    }

    /// Draws pieces one behind the other into at most `columns`. Returns how many they took.
    pub fn pieces(&mut self, x: u16, y: u16, columns: u16, pieces: &[(&str, Style)]) -> u16 {
        let mut used = 0_u16;
        for (piece, style) in pieces {
            let left = columns.saturating_sub(used);
            used = used.saturating_add(self.text(x.saturating_add(used), y, left, piece, *style));
        }
        used
    }

    /// Gives a place a style.
    pub fn style(&mut self, area: Rect, style: Style) {
        let area = area.intersection(self.buffer.area);
        self.buffer.set_style(area, style);
    }

    /// Empties a place.
    pub fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.buffer.area);
        for y in area.top()..area.bottom() {
            self.clear_half(area.left(), y);
            for x in area.left()..area.right() {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                }
            }
        }
        self.style(area, self.theme.text);
    }

    /// Draws a line across.
    pub fn rule(&mut self, area: Rect, y: u16) {
        let line = "─".repeat(usize::from(area.width));
        self.text(area.x, y, area.width, &line, self.theme.border);
    }

    /// Draws an empty box with a title and returns its inside.
    pub fn frame(&mut self, area: Rect, title: &str) -> Rect {
        let area = area.intersection(self.buffer.area);
        self.clear(area);
        if area.width < 2 || area.height < 2 {
            return Rect { height: 0, ..area };
        }
        let (right, bottom) = (area.right() - 1, area.bottom() - 1);
        let border = self.theme.border;
        let line = "─".repeat(usize::from(area.width.saturating_sub(2)));
        for (y, left_corner, right_corner) in [(area.y, "┌", "┐"), (bottom, "└", "┘")] {
            self.text(area.x, y, 1, left_corner, border);
            self.text(area.x + 1, y, area.width - 2, &line, border);
            self.text(right, y, 1, right_corner, border);
        }
        for y in area.y + 1..bottom {
            self.text(area.x, y, 1, "│", border);
            self.text(right, y, 1, "│", border);
        }
        let title = format!(" {title} ");
        self.text(area.x + 2, area.y, area.width.saturating_sub(4), &title, self.theme.title);
        Rect {
            x: area.x.saturating_add(2).min(right),
            y: area.y + 1,
            width: area.width.saturating_sub(4),
            height: area.height - 2,
        }
    }

    /// Places the terminal's cursor, if that is on the screen.
    pub fn place_cursor(&mut self, x: u16, y: u16) {
        let position = Position { x, y };
        if self.buffer.area.contains(position) {
            self.cursor = Some(position);
        }
    }
}
