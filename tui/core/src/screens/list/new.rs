//! From a list to the form of a new record.

use super::State;
use crate::{
    resource::filled,
    step::{Route, Step},
    world::World,
};

impl State {
    /// The form of a new record. What was searched is filled in if that is wanted, or if the search
    /// has found nothing yet.
    pub(super) fn new_record(&self, world: &World, is_wanted: bool) -> Step {
        let typed = self.search.text();
        let has_found = !self.rows.is_empty() && !self.is_outdated;
        Step::Go(match typed.is_empty() || (has_found && !is_wanted) {
            true => Route::New(self.kind),
            false => {
                Route::Filled(self.kind, filled::from_search(self.kind, typed, world.calendar()))
            }
        })
    }
}
