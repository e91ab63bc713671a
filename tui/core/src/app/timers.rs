//! What happens when a timer runs out.

use super::{App, RETRY_MAX};
use crate::effect::{Effect, Timer};

impl App {
    /// A timer has run out. Says whether something has changed.
    pub(super) fn on_timer(&mut self, timer: Timer, out: &mut Vec<Effect>) -> bool {
        match timer {
            Timer::Busy => {
                self.is_busy_armed = false;
                self.is_busy = self.slots.activity().is_some();
                self.is_busy
            }
            Timer::Toast => self.notices.pass(),
            Timer::Retry => {
                self.retry_in = None;
                self.retry_after = (self.retry_after * 2).min(RETRY_MAX);
                self.retry(out) || (self.is_offline() && !self.is_locked())
            }
            Timer::Second => self.count(out),
            Timer::Live => self.follow_on(out),
            Timer::Idle => self.lock_if_unused(out),
            Timer::Ahead => self.end_ahead(out),
            Timer::Search => self.search_on(out),
        }
    }

    /// Sends every text that has waited for the pause after a search. Says whether there was one.
    fn search_on(&mut self, out: &mut Vec<Effect>) -> bool {
        let world = self.world.clone();
        let of_layers: Vec<_> =
            self.layers.iter_mut().flat_map(|layer| layer.on_timer(&world)).collect();
        let screens = self.screens.iter_mut();
        let of_screens: Vec<_> =
            screens.map(|opened| (opened.id, opened.screen.on_timer(&world))).collect();
        let is_any = !of_layers.is_empty() || of_screens.iter().any(|(_, it)| !it.is_empty());
        self.apply(of_layers, out);
        for (owner, intents) in of_screens {
            self.apply_for(owner, intents, out);
        }
        is_any
    }

    /// Sends again every read that did not reach the server. Says whether there was one.
    pub(super) fn retry(&mut self, out: &mut Vec<Effect>) -> bool {
        if self.is_locked() {
            return false;
        }
        let failed = self.slots.take_failed();
        let any = !failed.is_empty();
        if any {
            self.stop_waiting(out);
        }
        for (slot, call) in failed {
            self.start(slot, call, out);
        }
        any
    }
}
