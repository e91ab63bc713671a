//! Which backups of a folder are kept.

use std::collections::HashSet;

use chrono::{Datelike, NaiveDate};

/// How many backups are kept: the newest one of each of so many days, weeks and months that have one. Periods
/// without a backup don't count, so nothing is lost while none is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Keep {
    days: usize,
    weeks: usize,
    months: usize,
}

/// The year of a period, and its number in the year.
type Period = fn(&NaiveDate) -> (i32, u32);

impl Keep {
    /// What the local desk keeps.
    pub(crate) const LOCAL: Self = Self { days: 7, weeks: 4, months: 12 };

    /// Reads `7d,4w,12m`. Each part may be missing, and at least one backup is kept.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "must be like 7d,4w,12m: numbers of days, weeks and months".to_owned();
        let mut keep = Self { days: 0, weeks: 0, months: 0 };
        for part in text.split(',') {
            let part = part.trim();
            let (number, unit) =
                part.split_at_checked(part.len().saturating_sub(1)).ok_or_else(wrong)?;
            let place = match unit {
                "d" => &mut keep.days,
                "w" => &mut keep.weeks,
                "m" => &mut keep.months,
                _ => return Err(wrong()),
            };
            let number: u16 = number.parse().map_err(|_| wrong())?;
            if number == 0 || *place > 0 {
                return Err(wrong());
            }
            *place = number.into();
        }
        Ok(keep)
    }

    /// Whether each backup is kept, by the days on which they were made, the newest first.
    pub(crate) fn chosen(&self, days: &[NaiveDate]) -> Vec<bool> {
        let mut chosen = vec![false; days.len()];
        let day: Period = |day| (day.year(), day.ordinal());
        let week: Period = |day| (day.iso_week().year(), day.iso_week().week());
        let month: Period = |day| (day.year(), day.month());
        let periods = [(self.days, day), (self.weeks, week), (self.months, month)];
        for (count, period) in periods {
            let mut seen = HashSet::new();
            for (day, chosen) in days.iter().zip(&mut chosen) {
                if seen.len() < count && seen.insert(period(day)) {
                    *chosen = true;
                }
            }
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_days_weeks_and_months_are_read() {
        assert_eq!(Keep::parse("7d,4w,12m"), Ok(Keep::LOCAL));
        assert_eq!(Keep::parse("3m"), Ok(Keep { days: 0, weeks: 0, months: 3 }));
        for wrong in ["", "7", "d", "0d", "7d,7d", "-1d", "7y", "7d,", "é"] {
            assert!(Keep::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_newest_of_each_period_is_kept_and_gaps_do_not_count() {
        let last = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
        // Two each day for 500 days, and none in two weeks.
        let days: Vec<_> = (0..1_000)
            .map(|n| last - chrono::Days::new(n / 2))
            .filter(|day| !("2026-11-02"..="2026-11-15").contains(&day.to_string().as_str()))
            .collect();
        let keep = Keep::LOCAL;
        let chosen = keep.chosen(&days);
        let kept: Vec<_> = days
            .iter()
            .zip(&chosen)
            .filter(|(_, kept)| **kept)
            .map(|(day, _)| day.to_string())
            .collect();
        let expected = [
            "2026-11-20",
            "2026-11-19",
            "2026-11-18",
            "2026-11-17",
            "2026-11-16",
            "2026-11-01",
            "2026-10-31",
            // The newest of two further weeks, of October, and of ten months before.
            "2026-10-25",
            "2026-10-18",
            "2026-09-30",
            "2026-08-31",
            "2026-07-31",
            "2026-06-30",
            "2026-05-31",
            "2026-04-30",
            "2026-03-31",
            "2026-02-28",
            "2026-01-31",
            "2025-12-31",
        ];
        assert_eq!(kept, expected);
        assert!(keep.chosen(&[]).is_empty());
    }
}
