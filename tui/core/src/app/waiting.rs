//! Waits whose end is known, counted down while they are shown: the next try to reach a server that is
//! away, and the time before which the server takes no other attempt.

use std::time::Duration;

use super::App;
use crate::{
    effect::{Effect, Timer},
    input::{
        action::{Action, Context},
        keymap::{chords_of, labels},
        table::Entry,
    },
};

/// The length of a step of the countdown.
const SECOND: Duration = Duration::from_secs(1);

impl App {
    /// Waits for the next try to reach a server that is away. A wait that has begun goes on: of several
    /// reads that fail together, the first begins it.
    pub(super) fn wait_for_retry(&mut self, wait: Duration, out: &mut Vec<Effect>) {
        if self.retry_in.is_none() {
            self.retry_in = Some(wait.as_secs());
            out.push(Effect::Arm(Timer::Retry, wait));
            self.count_down(out);
        }
    }

    /// Waits for no other try any longer.
    pub(super) fn stop_waiting(&mut self, out: &mut Vec<Effect>) {
        self.retry_in = None;
        out.push(Effect::Disarm(Timer::Retry));
    }

    /// Begins to count, unless it is done already.
    pub(super) fn count_down(&mut self, out: &mut Vec<Effect>) {
        if !self.is_counting {
            self.is_counting = true;
            out.push(Effect::Arm(Timer::Second, SECOND));
        }
    }

    /// A second is over. Says whether anything has become less.
    pub(super) fn count(&mut self, out: &mut Vec<Effect>) -> bool {
        self.is_counting = false;
        if self.is_locked() {
            return false;
        }
        let left = self.retry_in.filter(|left| *left > 1).map(|left| left - 1);
        let is_retry = left.is_some();
        if is_retry {
            self.retry_in = left;
        }
        let is_notice = self.notices.count();
        if is_retry || self.notices.is_counting() {
            self.count_down(out);
        }
        is_retry || is_notice
    }

    /// What is said while the server is away, as lines of the status.
    pub fn away(&self, width: u16) -> Option<Vec<String>> {
        let why = self.offline.as_ref()?;
        let is_trying = self.slots.activity().is_some();
        let key = Entry::of(Action::Refresh)
            .map_or(String::new(), |entry| labels(&chords_of(entry, &[Context::Global])));
        let next = match self.retry_in {
            _ if is_trying && self.is_busy => "Retrying …".to_owned(),
            Some(left) => format!("Retrying in {left} s; {key} retries now."),
            None if is_trying => "Retrying …".to_owned(),
            None => format!("Retrying automatically; {key} retries now."),
        };
        Some(crate::text::paragraphs(&format!("! {why} {next}"), width.saturating_sub(2)))
    }
}
