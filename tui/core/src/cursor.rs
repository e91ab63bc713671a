//! The selected row of several and the first one that is seen, and the place in a text without rows.

use crate::input::action::Action;

/// Where a key leads among rows or lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// So many rows down, or up.
    By(isize),
    /// To the first row.
    First,
    /// To the last row.
    Last,
}

impl Motion {
    /// Where an action leads, if it leads somewhere. `page` is the number of rows of a page.
    pub fn of(action: Action, page: usize) -> Option<Self> {
        let page = isize::try_from(page.max(1)).unwrap_or(isize::MAX);
        Some(match action {
            Action::RowUp => Self::By(-1),
            Action::RowDown => Self::By(1),
            Action::PageUp => Self::By(-page),
            Action::PageDown => Self::By(page),
            Action::FirstRow => Self::First,
            Action::LastRow => Self::Last,
            _ => return None,
        })
    }

    /// The row to which it leads from another one.
    fn from(self, at: usize) -> usize {
        match self {
            Self::By(rows) => at.saturating_add_signed(rows),
            Self::First => 0,
            Self::Last => usize::MAX,
        }
    }
}

/// The selected row of several, and the first one that is seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    at: usize,
    top: usize,
}

impl Cursor {
    /// On a row.
    pub fn on(at: usize) -> Self {
        Self { at, top: 0 }
    }

    /// The selected row.
    pub fn at(self) -> usize {
        self.at
    }

    /// The first row that is seen.
    pub fn top(self) -> usize {
        self.top
    }

    /// Selects a row, or the last one if there are fewer.
    pub fn select(&mut self, at: usize, count: usize) {
        self.at = at.min(count.saturating_sub(1));
    }

    /// Does an action that moves among so many rows. Says whether it is one.
    pub fn act(&mut self, action: Action, count: usize, page: usize) -> bool {
        let Some(motion) = Motion::of(action, page) else { return false };
        self.select(motion.from(self.at), count);
        true
    }

    /// Scrolls so that the selected row is among those that are seen, and no place is left empty while
    /// there are rows for it.
    pub fn keep_visible(&mut self, count: usize, visible: usize) {
        self.select(self.at, count);
        self.top = scrolled(self.top, self.at, count, visible);
    }
}

/// The first of the rows that are seen, where this row is one of them.
pub fn scrolled(top: usize, at: usize, count: usize, visible: usize) -> usize {
    let visible = visible.max(1);
    let lowest = (at + 1).saturating_sub(visible);
    top.clamp(lowest, at).min(count.saturating_sub(visible))
}

/// Moves a selection below a field by so many rows. While the field has the focus, no row is selected. The
/// field is reached from the first row only.
pub fn below_field(at: Option<usize>, by: isize, count: usize) -> Option<usize> {
    let last = count.checked_sub(1)?;
    match at {
        None => (by > 0).then(|| (by.unsigned_abs() - 1).min(last)),
        Some(0) if by < 0 => None,
        Some(at) => Some(at.saturating_add_signed(by).min(last)),
    }
}

/// How many lines lie above those that are seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scroll(usize);

impl Scroll {
    /// The first line that is seen.
    pub fn top(self) -> usize {
        self.0
    }

    /// Does an action that scrolls. Says whether it is one.
    pub fn act(&mut self, action: Action, page: usize) -> bool {
        let Some(motion) = Motion::of(action, page) else { return false };
        self.0 = motion.from(self.0);
        true
    }

    /// Follows lines that have come above those that are seen.
    pub fn follow(&mut self, lines: usize) {
        self.0 = self.0.saturating_add(lines);
    }

    /// Leaves no place empty while there are lines for it.
    pub fn keep_within(&mut self, lines: usize, visible: usize) {
        self.0 = self.0.min(lines.saturating_sub(visible));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selected_row_stays_among_those_that_are_seen() {
        let mut cursor = Cursor::default();
        let mut seen = |action| {
            cursor.act(action, 10, 4);
            cursor.keep_visible(10, 4);
            (cursor.at(), cursor.top())
        };
        assert_eq!(seen(Action::RowUp), (0, 0));
        assert_eq!(seen(Action::PageDown), (4, 1));
        assert_eq!(
            seen(Action::RowUp),
            (3, 1),
            "no row comes or goes while the selected one is seen"
        );
        assert_eq!(seen(Action::LastRow), (9, 6));
        assert_eq!(seen(Action::RowDown), (9, 6));
        assert_eq!(seen(Action::PageUp), (5, 5));
        assert_eq!(seen(Action::FirstRow), (0, 0));
        assert!(!cursor.act(Action::Open, 10, 4));
    }

    #[test]
    fn no_place_is_left_empty_while_there_are_rows_for_it() {
        let mut cursor = Cursor::on(9);
        cursor.keep_visible(10, 4);
        assert_eq!((cursor.at(), cursor.top()), (9, 6));
        cursor.keep_visible(10, 8);
        assert_eq!((cursor.at(), cursor.top()), (9, 2));
        cursor.keep_visible(3, 8);
        assert_eq!((cursor.at(), cursor.top()), (2, 0));
        cursor.keep_visible(0, 0);
        assert_eq!((cursor.at(), cursor.top()), (0, 0));
    }

    #[test]
    fn the_field_is_reached_from_the_first_row_only() {
        assert_eq!(below_field(None, -1, 5), None);
        assert_eq!(below_field(None, 1, 5), Some(0));
        assert_eq!(below_field(None, 9, 5), Some(4));
        assert_eq!(below_field(Some(3), -9, 5), Some(0));
        assert_eq!(below_field(Some(0), -9, 5), None);
        assert_eq!(below_field(None, 1, 0), None);
    }
}
