//! The one clock. Times are cut to microseconds, which is what PostgreSQL keeps, so that what was
//! written and what is read are equal on both databases.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, NaiveDate, SubsecRound, TimeDelta, Utc};
use chrono_tz::Tz;

/// The time, and the clinic's time zone. Clones go together.
#[derive(Clone, Debug)]
pub struct Clock {
    zone: Tz,
    /// Microseconds that tests have moved it ahead.
    ahead: Arc<AtomicI64>,
    /// The time at which tests have stopped it.
    stopped: Arc<OnceLock<DateTime<Utc>>>,
}

impl Clock {
    /// The machine's time, read in a time zone.
    pub fn new(zone: Tz) -> Self {
        Self { zone, ahead: Arc::default(), stopped: Arc::default() }
    }

    /// Now, in whole microseconds.
    pub fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the time")]
        let now = self.stopped.get().copied().unwrap_or_else(Utc::now);
        let ahead = TimeDelta::microseconds(self.ahead.load(Ordering::Relaxed));
        (now + ahead).trunc_subsecs(6)
    }

    /// The date at the clinic.
    pub fn today(&self) -> NaiveDate {
        self.now().with_timezone(&self.zone).date_naive()
    }

    /// The clinic's time zone.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// Stops the clock, for tests of what takes seconds: it then moves only by [`Clock::advance`].
    pub fn stop(&self) {
        // Set once; a clock that stands already goes on standing.
        let _ = self.stopped.set(self.now());
    }

    /// Moves the clock ahead, for tests of what takes long.
    pub fn advance(&self, by: TimeDelta) {
        let by = by.num_microseconds().unwrap_or_default();
        self.ahead.fetch_add(by, Ordering::Relaxed);
    }
}
