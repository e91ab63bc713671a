//! How alike two dates of birth are.

use chrono::{Datelike, Months, NaiveDate};
use shared::{
    PartialDate,
    likeness::{ESTIMATE_YEARS, Likeness},
};
use strsim::osa_distance;

/// By how many months an estimate may be wrong.
const ESTIMATE_MONTHS: u32 = 12 * ESTIMATE_YEARS;

/// A date of birth as it is compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Birth {
    date: Option<PartialDate>,
    is_estimated: bool,
}

/// How alike two dates of birth are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BirthLikeness {
    /// The same day.
    Same,
    /// Of at least one the day is not known, and the other one lies in its month.
    FittingMonth,
    /// One is known in part or estimated, and the other one fits it.
    Fitting,
    /// Day and month are swapped.
    Swapped,
    /// One digit differs, or two that stand side by side are swapped.
    Similar,
    /// At least one is not known.
    Unknown,
    Different,
}

impl BirthLikeness {
    pub(super) fn reason(self) -> Option<Likeness> {
        match self {
            Self::Same => Some(Likeness::SameDateOfBirth),
            Self::FittingMonth | Self::Fitting => Some(Likeness::FittingDateOfBirth),
            Self::Swapped => Some(Likeness::SwappedDayAndMonth),
            Self::Similar => Some(Likeness::SimilarDateOfBirth),
            Self::Unknown | Self::Different => None,
        }
    }
}

impl Birth {
    pub(super) fn of(date: Option<PartialDate>, is_estimated: bool) -> Self {
        Self { date, is_estimated }
    }

    /// The first and the last day on which the birth may have been.
    fn days(self) -> Option<(NaiveDate, NaiveDate)> {
        let date = self.date?;
        let wide = Months::new(if self.is_estimated { ESTIMATE_MONTHS } else { 0 });
        Some((date.earliest().checked_sub_months(wide)?, date.latest().checked_add_months(wide)?))
    }

    pub(super) fn compare(&self, other: &Self) -> BirthLikeness {
        let (Some(days), Some(others)) = (self.days(), other.days()) else {
            return BirthLikeness::Unknown;
        };
        if days.0 > others.1 || others.0 > days.1 {
            return match (self.date, other.date) {
                (Some(PartialDate::Day(day)), Some(PartialDate::Day(other))) => unlike(day, other),
                _ => BirthLikeness::Different,
            };
        }
        let is_estimated = self.is_estimated || other.is_estimated;
        match (self.date, other.date) {
            _ if is_estimated => BirthLikeness::Fitting,
            (Some(PartialDate::Day(_)), Some(PartialDate::Day(_))) => BirthLikeness::Same,
            (Some(PartialDate::Year(_)), _) | (_, Some(PartialDate::Year(_))) => {
                BirthLikeness::Fitting
            }
            _ => BirthLikeness::FittingMonth,
        }
    }
}

/// How alike two days are that are not the same.
fn unlike(one: NaiveDate, other: NaiveDate) -> BirthLikeness {
    if NaiveDate::from_ymd_opt(one.year(), one.day(), one.month()) == Some(other) {
        return BirthLikeness::Swapped;
    }
    // One typing error changes the year, the month or the day, and nothing else.
    let parts = |day: NaiveDate| [day.year().unsigned_abs(), day.month(), day.day()];
    let mut pairs = parts(one).into_iter().zip(parts(other)).filter(|(one, other)| one != other);
    let is_similar = match (pairs.next(), pairs.next()) {
        (Some((one, other)), None) => {
            osa_distance(&format!("{one:04}"), &format!("{other:04}")) == 1
        }
        _ => false,
    };
    if is_similar { BirthLikeness::Similar } else { BirthLikeness::Different }
}
