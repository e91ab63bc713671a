//! The application with a clock that only moves when a test says so: timers go off as they would, draws
//! and requests are counted.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use super::{driver::Driver, driver::chords};
use crate::{
    api::Call,
    effect::{Effect, Slot, Timer},
    msg::Msg,
};

/// A request, and the moment at which it was sent.
pub(super) struct Sent {
    pub(super) at: Duration,
    pub(super) call: Call,
}

/// The application and its clock.
pub(super) struct Clock {
    pub(super) driver: Driver,
    /// Since the clock was started.
    pub(super) now: Duration,
    timers: HashMap<Timer, Duration>,
    /// Reads that were sent and neither answered nor given up.
    under_way: HashSet<Slot>,
    /// The most of them at one moment.
    pub(super) most_under_way: usize,
    pub(super) sent: Vec<Sent>,
    /// Messages after which the screen has to be drawn.
    pub(super) draws: usize,
}

impl Clock {
    /// Starts the clock. The timers that are armed were armed just now.
    pub(super) fn start(driver: Driver) -> Self {
        let timers = driver.timers.clone();
        Self {
            driver,
            now: Duration::ZERO,
            timers,
            under_way: HashSet::new(),
            most_under_way: 0,
            sent: Vec::new(),
            draws: 0,
        }
    }

    /// Lets time pass. What was armed goes off in its order.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let due = self.timers.iter().min_by_key(|(_, at)| **at);
            let Some((timer, at)) = due.map(|(timer, at)| (*timer, *at)) else { break };
            if at > end {
                break;
            }
            self.now = at;
            self.timers.remove(&timer);
            self.send(Msg::Timer(timer));
        }
        self.now = end;
    }

    /// Types keys, all at this moment.
    pub(super) fn keys(&mut self, keys: &str) {
        for chord in chords(keys) {
            self.send(Msg::Key(chord));
        }
    }

    fn send(&mut self, msg: Msg) {
        self.draws += usize::from(self.driver.send(msg));
        for effect in &self.driver.last {
            match effect {
                Effect::Arm(timer, after) => {
                    self.timers.insert(*timer, self.now + *after);
                }
                Effect::Disarm(timer) => {
                    self.timers.remove(timer);
                }
                Effect::Abort(slot) => {
                    self.under_way.remove(slot);
                }
                Effect::Call { ticket, call, .. } => {
                    let is_first = self.under_way.insert(ticket.slot);
                    assert!(is_first, "two requests under way in {:?}", ticket.slot);
                    self.sent.push(Sent { at: self.now, call: call.clone() });
                }
                _ => {}
            }
        }
        self.most_under_way = self.most_under_way.max(self.under_way.len());
    }
}
