//! The only clock of the server. Times are truncated to microseconds, which is the precision of
//! PostgreSQL, so that a stored time equals the one that was written on both databases.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, NaiveDate, NaiveTime, SubsecRound, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// The time and the clinic's time zone. Clones share their state, so tests move them all at once.
#[derive(Clone, Debug)]
pub struct Clock {
    zone: Tz,
    /// Microseconds by which tests have advanced the clock.
    ahead: Arc<AtomicI64>,
    /// The time at which tests have stopped the clock.
    stopped: Arc<OnceLock<DateTime<Utc>>>,
}

impl Clock {
    /// A clock that shows the machine's time, with the clinic's time zone.
    pub fn new(zone: Tz) -> Self {
        Self { zone, ahead: Arc::default(), stopped: Arc::default() }
    }

    /// The current time, in whole microseconds.
    pub fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the time")]
        let now = self.stopped.get().copied().unwrap_or_else(Utc::now);
        let ahead = TimeDelta::microseconds(self.ahead.load(Ordering::Relaxed));
        (now + ahead).trunc_subsecs(6)
    }

    /// The current date at the clinic.
    pub fn today(&self) -> NaiveDate {
        self.now().with_timezone(&self.zone).date_naive()
    }

    /// The start of a day at the clinic. Where the clocks skip midnight, the day starts with the
    /// first time after it. Where midnight comes twice, the day starts with the first one.
    pub fn start_of(&self, day: NaiveDate) -> DateTime<Utc> {
        let midnight = day.and_time(NaiveTime::MIN);
        let minutes = (0..=24 * 60).map(|minutes| midnight + TimeDelta::minutes(minutes));
        let times = minutes.filter_map(|time| self.zone.from_local_datetime(&time).earliest());
        let first = times.map(|time| time.with_timezone(&Utc)).next();
        // No time zone has ever skipped more than a day.
        first.unwrap_or_else(|| midnight.and_utc())
    }

    /// A time as people at the clinic read it, to the minute.
    pub(crate) fn shown(&self, time: DateTime<Utc>) -> String {
        time.with_timezone(&self.zone).format("%Y-%m-%d %H:%M %Z").to_string()
    }

    /// The clinic's time zone.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// Stops the clock, for tests about short times. It then moves only by [`Clock::advance`].
    pub fn stop(&self) {
        // The value is set only once, so stopping a stopped clock changes nothing.
        let _ = self.stopped.set(self.now());
    }

    /// Advances the clock, for tests about long times.
    pub fn advance(&self, by: TimeDelta) {
        let by = by.num_microseconds().unwrap_or_default();
        self.ahead.fetch_add(by, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use shared::date::parse_day;

    use super::*;

    fn start(zone: Tz, day: &str) -> String {
        Clock::new(zone).start_of(parse_day(day).unwrap()).to_rfc3339()
    }

    #[test]
    fn a_day_begins_at_midnight_or_after_a_skipped_one() {
        use chrono_tz::{
            America::{Havana, New_York, Sao_Paulo},
            Asia::Kolkata,
            Pacific::Apia,
        };
        for (zone, day, expected) in [
            (Tz::UTC, "2026-11-20", "2026-11-20T00:00:00+00:00"),
            (Kolkata, "2026-11-20", "2026-11-19T18:30:00+00:00"),
            (New_York, "2026-03-08", "2026-03-08T05:00:00+00:00"),
            (New_York, "2026-03-09", "2026-03-09T04:00:00+00:00"),
            // The clocks went from 0:00 to 1:00.
            (Sao_Paulo, "2018-11-04", "2018-11-04T03:00:00+00:00"),
            // The clocks went from 1:00 back to 0:00, so that there were two midnights.
            (Havana, "2025-11-02", "2025-11-02T04:00:00+00:00"),
            // This day did not exist; the next one starts instead.
            (Apia, "2011-12-30", "2011-12-30T10:00:00+00:00"),
            (Apia, "2011-12-31", "2011-12-30T10:00:00+00:00"),
        ] {
            assert_eq!(start(zone, day), expected, "{zone} {day}");
        }
    }
}
