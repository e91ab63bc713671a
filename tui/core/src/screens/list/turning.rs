//! Moving among the rows, and from page to page.

use super::{Land, Offset, State, Target};
use crate::{layers::Intent, text::thousands, world::World};

impl State {
    fn turn(&mut self, world: &World, forward: bool) -> Vec<Intent> {
        // A key that is held down asks once. The next page of an older text is not asked for.
        let is_due = !self.is_turning() && !self.search.is_outdated();
        let Some(page) = self.page.clone().filter(|_| is_due) else { return Vec::new() };
        let length = i64::try_from(self.rows.len()).unwrap_or_default();
        let (address, offset, land) = match (forward, page.next, page.previous) {
            (true, Some(next), _) => (next, Offset::At(page.offset + length), Land::First),
            (false, _, Some(previous)) => (previous, Offset::EndsAt(page.offset), Land::Last),
            _ => return Vec::new(),
        };
        vec![self.ask_for(world, Target::Address(address), offset, land)]
    }

    pub(super) fn go(&mut self, world: &World, by: isize) -> Vec<Intent> {
        let last = self.rows.len().saturating_sub(1);
        let at = self.cursor.at();
        if by > 0 && at >= last {
            return self.turn(world, true);
        }
        if by < 0 && at == 0 {
            return self.turn(world, false);
        }
        self.select(at.saturating_add_signed(by))
    }

    pub(super) fn select(&mut self, row: usize) -> Vec<Intent> {
        self.cursor.select(row, self.rows.len());
        Vec::new()
    }

    /// Which rows are shown, in words: `1–20 of 900`.
    pub fn position(&self) -> String {
        let Some(page) = &self.page else { return String::new() };
        let length = i64::try_from(self.rows.len()).unwrap_or_default();
        let last = page.offset + length;
        // Beyond a capped count the rows themselves say how many there are at least, and the last page
        // says how many there are.
        let more = if page.is_capped && page.next.is_some() { "+" } else { "" };
        let count = if page.is_capped { page.count.max(last) } else { page.count };
        match length {
            0 => "none".to_owned(),
            _ => format!(
                "{}–{} of {}{more}",
                thousands(page.offset + 1),
                thousands(last),
                thousands(count)
            ),
        }
    }
}
