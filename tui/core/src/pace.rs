//! The pace of a search: the first key is sent at once, later keys after at most [`PACE`].

use std::time::Duration;

/// The shortest time between two requests of a search.
pub const PACE: Duration = Duration::from_millis(30);

/// Whether something that was typed may be sent now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    is_resting: bool,
    is_due: bool,
}

impl Pace {
    /// Something was typed. Says whether it is sent now; a timer of [`PACE`] is then to be armed.
    pub fn typed(&mut self) -> bool {
        let is_now = !self.is_resting;
        self.is_due = !is_now;
        self.is_resting = true;
        is_now
    }

    /// The timer has gone off. Says whether something is sent now; the timer is then to be armed
    /// again.
    pub fn rang(&mut self) -> bool {
        self.is_resting = std::mem::take(&mut self.is_due);
        self.is_resting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_key_is_sent_at_once_and_those_after_it_together() {
        let mut pace = Pace::default();
        assert!(pace.typed());
        assert!(!pace.typed());
        assert!(!pace.typed());
        assert!(pace.rang(), "what was typed meanwhile");
        assert!(!pace.rang(), "nothing more was typed");
        assert!(pace.typed(), "after a rest at once again");
    }
}
