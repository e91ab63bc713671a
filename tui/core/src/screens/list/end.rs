//! To the first and the last row of a list of many pages. Pages have numbers up to row 10,000, and the
//! count is exact up to 1,000. Beyond that the last page is looked for by halving.

use super::{Land, Offset, State, Target};
use crate::{layers::Intent, world::World};

/// Rows that pages with a number reach.
const ROWS_MAX: i64 = 10_000;

/// Between which pages the last one lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ending {
    /// The number of a page that there is.
    known: i64,
    /// The number of a page that there is not, or that has no number.
    beyond: i64,
}

impl Ending {
    /// The number of the page that is asked for next.
    fn middle(self) -> i64 {
        self.known.midpoint(self.beyond)
    }
}

impl State {
    /// Goes to the first row. Where its page is not shown, that is asked for.
    pub(super) fn go_to_start(&mut self, world: &World) -> Vec<Intent> {
        let is_later = self.page.as_ref().is_some_and(|page| page.previous.is_some());
        if !is_later || self.search.is_outdated() || self.is_turning() {
            return self.select(0);
        }
        vec![self.ask_anew(world, Land::First)]
    }

    /// Goes to the last row. Where its page is not shown, that is asked for.
    pub(super) fn go_to_end(&mut self, world: &World) -> Vec<Intent> {
        let shown = self.page.as_ref();
        let shown = shown.filter(|_| !self.search.is_outdated() && !self.is_turning());
        let Some(page) = shown.filter(|page| page.next.is_some()) else {
            return self.select(usize::MAX);
        };
        let size = world.page_size.max(1);
        let last = (page.count - 1) / size + 1;
        if page.is_capped {
            let known = last.max(page.offset / size + 1);
            return self.halve(world, Ending { known, beyond: ROWS_MAX / size + 1 });
        }
        vec![self.ask_page(world, last, Land::Last)]
    }

    /// The parameters of what is typed and chosen.
    pub(super) fn query_as_sent(&self, world: &World) -> Vec<(&'static str, String)> {
        let mut query = self.kind.table().filters_as_sent(&self.query, world);
        let search = self.search.query(world.calendar());
        query.extend((!search.is_empty()).then_some(("search", search)));
        query.extend(self.query.of.as_ref().map(|owner| (owner.filter, owner.id.to_string())));
        query.extend(self.query.ordering.map(|ordering| ("ordering", ordering.to_owned())));
        query.push(("page_size", world.page_size.to_string()));
        query
    }

    /// Asks for a page by its number.
    fn ask_page(&mut self, world: &World, number: i64, land: Land) -> Intent {
        self.search.expect();
        let offset = Offset::At((number - 1).saturating_mul(world.page_size));
        self.ask_for(world, Target::Number(number), offset, land)
    }

    /// Asks for the page in the middle, or for the last one once it is known.
    fn halve(&mut self, world: &World, ending: Ending) -> Vec<Intent> {
        let middle = ending.middle();
        let land = if middle > ending.known { Land::End(ending) } else { Land::Last };
        vec![self.ask_page(world, middle, land)]
    }

    /// Looks on for the last page after an answer, if it is looked for. `has_next` is whether there was the
    /// page, and more after it.
    pub(super) fn look_on(&mut self, world: &World, has_next: Option<bool>) -> Option<Vec<Intent>> {
        let Land::End(ending) = self.asked.land else { return None };
        let number = ending.middle();
        let ending = match has_next {
            Some(false) => return None,
            Some(true) => Ending { known: number, ..ending },
            None => Ending { beyond: number, ..ending },
        };
        // Every page that has a number is full: the last of them is shown already.
        if ending.known + 1 == ending.beyond && has_next == Some(true) {
            return None;
        }
        Some(self.halve(world, ending))
    }
}
