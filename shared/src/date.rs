//! Dates that may be known only in part, and ages. Dates have no time zone.

use std::fmt;

use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::FieldError;

/// The highest accepted age, in years.
pub const AGE_MAX: i64 = 150;

/// A date of which at least the year is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PartialDate {
    /// `1989`
    Year(i32),
    /// `1989-05`
    Month(i32, u32),
    /// `1989-05-25`
    Day(NaiveDate),
}

impl PartialDate {
    /// The pattern of the text, for the API description.
    pub const PATTERN: &str = r"^[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$";
    /// The pattern of the text in a request, where an empty text means that nothing is known.
    pub const SENT: &str = r"^([0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?)?$";

    /// Parses `YYYY`, `YYYY-MM` or `YYYY-MM-DD`. Fails on any other shape and on dates that do not
    /// exist.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let shape =
            || FieldError::new("invalid_date", "must be a date: YYYY-MM-DD, or YYYY-MM, or YYYY");
        let mut parts = text.split('-');
        let mut part = |len: usize| match parts.next() {
            Some(part) if part.len() == len && part.bytes().all(|b| b.is_ascii_digit()) => {
                part.parse::<u32>().map(Some).map_err(|_| shape())
            }
            Some(_) => Err(shape()),
            None => Ok(None),
        };
        let year = part(4)?.and_then(|y| i32::try_from(y).ok()).filter(|y| *y > 0);
        let year = year.ok_or_else(shape)?;
        let (month, day) = (part(2)?, part(2)?);
        if parts.next().is_some() {
            return Err(shape());
        }
        let no_such = || FieldError::new("no_such_date", "does not exist in the calendar");
        let (Some(month), day) = (month, day) else { return Ok(Self::Year(year)) };
        let first = NaiveDate::from_ymd_opt(year, month, 1).ok_or_else(no_such)?;
        match day {
            None => Ok(Self::Month(year, first.month())),
            Some(day) => first.with_day(day).map(Self::Day).ok_or_else(no_such),
        }
    }

    /// The first day that the date can mean.
    pub fn earliest(self) -> NaiveDate {
        match self {
            Self::Year(year) => NaiveDate::from_ymd_opt(year, 1, 1),
            Self::Month(year, month) => NaiveDate::from_ymd_opt(year, month, 1),
            Self::Day(day) => Some(day),
        }
        .unwrap_or_default()
    }

    /// The last day that the date can mean.
    pub fn latest(self) -> NaiveDate {
        let end = |months| {
            let after = self.earliest().checked_add_months(Months::new(months));
            after.and_then(|day| day.pred_opt()).unwrap_or_default()
        };
        match self {
            Self::Year(_) => end(12),
            Self::Month(..) => end(1),
            Self::Day(day) => day,
        }
    }

    /// The day from which an age is counted: 1 July for a year, the 15th for a month.
    fn counted_from(self) -> NaiveDate {
        match self {
            Self::Year(year) => NaiveDate::from_ymd_opt(year, 7, 1).unwrap_or_default(),
            Self::Month(year, month) => {
                NaiveDate::from_ymd_opt(year, month, 15).unwrap_or_default()
            }
            Self::Day(day) => day,
        }
    }

    /// The age in whole years on a day; never below zero.
    pub fn age_on(self, day: NaiveDate) -> i64 {
        day.years_since(self.counted_from()).map_or(0, i64::from)
    }

    /// The year of birth that gives this age on `today`.
    pub fn from_age(age: i64, today: NaiveDate) -> Self {
        let before_july = i64::from(today.month() < 7);
        let year = i64::from(today.year()) - age - before_july;
        Self::Year(i32::try_from(year).unwrap_or_default())
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Year(year) => write!(f, "{year:04}"),
            Self::Month(year, month) => write!(f, "{year:04}-{month:02}"),
            Self::Day(day) => day.fmt(f),
        }
    }
}

impl Serialize for PartialDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PartialDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|error| de::Error::custom(error.message))
    }
}

#[cfg(feature = "openapi")]
impl crate::describe::Describe for PartialDate {
    const NAME: Option<&'static str> = None;

    fn schema(_: &mut poem_openapi::registry::Registry) -> poem_openapi::registry::MetaSchema {
        poem_openapi::registry::MetaSchema {
            pattern: Some(Self::PATTERN.to_owned()),
            max_length: Some(10),
            example: Some("1989-05-25".into()),
            ..poem_openapi::registry::MetaSchema::new("string")
        }
    }
}
described!(PartialDate);

/// Parses a full date, `YYYY-MM-DD`. Fails on any other shape and on dates that do not exist.
pub fn parse_day(text: &str) -> Result<NaiveDate, FieldError> {
    match PartialDate::parse(text) {
        Ok(PartialDate::Day(day)) => Ok(day),
        Err(error) if error.code == "no_such_date" => Err(error),
        _ => Err(FieldError::new("invalid_date", "must be a date: YYYY-MM-DD")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        parse_day(text).unwrap()
    }

    #[test]
    fn as_much_as_is_known_is_read_and_printed() {
        for text in ["1989", "1989-05", "1989-05-25", "2024-02-29", "0912-01-01"] {
            assert_eq!(PartialDate::parse(text).unwrap().to_string(), text);
        }
        for bad in [
            "",
            "89",
            "1989-5",
            "1989-13",
            "2023-02-29",
            "1989-05-25T00:00",
            "1989-",
            "-1989",
            "0000",
        ] {
            assert!(PartialDate::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_part_of_a_date_is_a_range() {
        let month = PartialDate::parse("2024-02").unwrap();
        assert_eq!((month.earliest(), month.latest()), (day("2024-02-01"), day("2024-02-29")));
        let year = PartialDate::parse("1999").unwrap();
        assert_eq!((year.earliest(), year.latest()), (day("1999-01-01"), day("1999-12-31")));
    }

    #[test]
    fn an_age_counts_from_the_middle_of_an_unknown_period() {
        let year = PartialDate::Year(1996);
        assert_eq!(year.age_on(day("2026-06-30")), 29);
        assert_eq!(year.age_on(day("2026-07-01")), 30);
        assert_eq!(PartialDate::Month(1996, 3).age_on(day("2026-03-14")), 29);
        assert_eq!(PartialDate::Day(day("2000-02-29")).age_on(day("2023-02-28")), 22);
        assert_eq!(PartialDate::Year(2026).age_on(day("2026-02-01")), 0);
    }

    #[test]
    fn an_age_gives_the_matching_year_of_birth() {
        for today in ["2026-01-01", "2026-06-30", "2026-07-01", "2026-12-31", "2024-02-29"] {
            for age in 0..=AGE_MAX {
                let birth = PartialDate::from_age(age, day(today));
                assert_eq!(birth.age_on(day(today)), age, "{today} {age}");
            }
        }
    }
}
