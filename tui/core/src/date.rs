//! Dates as people type them in a hurry, and as they are said in full.

mod numbers;

use chrono::{Datelike, Days, Months, NaiveDate};
use shared::{FieldError, PartialDate, date::AGE_MAX};

use self::numbers::{by_eight_digits, by_month_number, by_numbers};

/// The order of day and month in a date such as `3/7/1989`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DateOrder {
    /// `3/7/1989` is the third of July.
    #[default]
    DayFirst,
    /// `3/7/1989` is the seventh of March.
    MonthFirst,
}

impl DateOrder {
    /// The order in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::DayFirst => "the day first",
            Self::MonthFirst => "the month first",
        }
    }
}

/// What a typed date depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    /// Today's date.
    pub today: NaiveDate,
    /// The order of day and month.
    pub order: DateOrder,
}

/// A typed date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typed {
    /// A date, as far as it is known.
    On(PartialDate),
    /// `~42`: an age in years, from which a year of birth is estimated.
    Aged(i64),
    /// `~1984`: an estimated year.
    About(PartialDate),
}

/// A typed date, and what was assumed in reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The date.
    pub typed: Typed,
    /// The assumption, where the text has two meanings.
    pub assumed: Option<String>,
}

impl Reading {
    fn sure(typed: Typed) -> Self {
        Self { typed, assumed: None }
    }

    /// The date that is meant, of an age the estimated year of birth.
    pub fn date(&self, today: NaiveDate) -> PartialDate {
        match self.typed {
            Typed::On(date) | Typed::About(date) => date,
            Typed::Aged(age) => PartialDate::from_age(age, today),
        }
    }

    /// The shortest text with this meaning and no other.
    pub fn canonical(&self) -> String {
        match self.typed {
            Typed::On(date) => date.to_string(),
            Typed::Aged(age) => format!("~{age}"),
            Typed::About(date) => format!("~{date}"),
        }
    }
}

/// Reads a date: `1989-07-03`, its beginnings, `19890703`, `03071989`, `3/7/1989`, `3.7.89`, `7/1989`,
/// `3JUL89`, `T` for today with `T-1`, `T+3d`, `T-2w`, `T-6m`, `T-1y`, and `~42` for an age.
///
/// Fails with a sentence if the text is no date, or its year is cut short and may be one of two.
pub fn read(text: &str, calendar: Calendar) -> Result<Reading, FieldError> {
    let text = text.trim();
    if let Some(estimate) = text.strip_prefix('~') {
        return about(estimate.trim()).map(Reading::sure);
    }
    if let Some(day) = from_today(text, calendar.today) {
        return day.map(|day| Reading::sure(Typed::On(PartialDate::Day(day))));
    }
    if let Some(read) = by_month_name(text, calendar.today) {
        return read;
    }
    if let Some(read) = by_numbers(text, calendar) {
        return read;
    }
    if let Some(read) = by_month_number(text) {
        return read;
    }
    let is_day = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    if let (true, Some(read)) = (is_day, by_eight_digits(text, calendar)) {
        return Ok(read);
    }
    let date = match (is_day, text.get(..4), text.get(4..6), text.get(6..)) {
        (true, Some(year), Some(month), Some(day)) => format!("{year}-{month}-{day}"),
        _ => text.to_owned(),
    };
    PartialDate::parse(&date).map(|date| Reading::sure(Typed::On(date)))
}

/// An age, or a year that is not certain.
fn about(text: &str) -> Result<Typed, FieldError> {
    let number = text.parse::<i64>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
    match number {
        Some(age) if age <= AGE_MAX => Ok(Typed::Aged(age)),
        Some(_) if text.len() == 4 => PartialDate::parse(text).map(Typed::About),
        _ => {
            let message = "must have an age or a year after ~, like ~42 or ~1984";
            Err(FieldError::new("invalid_estimate", message))
        }
    }
}

/// `T`, and so many days, weeks, months or years before or after. `None` if it is something else.
fn from_today(text: &str, today: NaiveDate) -> Option<Result<NaiveDate, FieldError>> {
    let lower = text.to_ascii_lowercase();
    if lower == "today" {
        return Some(Ok(today));
    }
    let rest: String = lower.strip_prefix('t')?.split_whitespace().collect();
    if rest.is_empty() {
        return Some(Ok(today));
    }
    let is_before = rest.starts_with('-');
    let amount = rest.strip_prefix(['+', '-'])?;
    let (count, unit) = match amount.strip_suffix(['d', 'w', 'm', 'y']) {
        Some(count) => (count, amount.chars().next_back()),
        None => (amount, Some('d')),
    };
    let count = count.parse::<u32>().ok().filter(|_| count.bytes().all(|b| b.is_ascii_digit()));
    let day = count.and_then(|count| {
        let days = |each: u64| Some(Days::new(u64::from(count).checked_mul(each)?));
        let months = |each: u32| Some(Months::new(count.checked_mul(each)?));
        match (unit, is_before) {
            (Some('m'), true) => today.checked_sub_months(months(1)?),
            (Some('m'), false) => today.checked_add_months(months(1)?),
            (Some('y'), true) => today.checked_sub_months(months(12)?),
            (Some('y'), false) => today.checked_add_months(months(12)?),
            (unit, true) => today.checked_sub_days(days(if unit == Some('w') { 7 } else { 1 })?),
            (unit, false) => today.checked_add_days(days(if unit == Some('w') { 7 } else { 1 })?),
        }
    });
    let day = day.filter(|day| (1..=9999).contains(&day.year()));
    let message = "must have a number of days, weeks, months or years after T, like T-1 or T+3w";
    Some(day.ok_or_else(|| FieldError::new("invalid_offset", message)))
}

/// A date with the beginning of an English name of its month. `None` if it is something else.
fn by_month_name(text: &str, today: NaiveDate) -> Option<Result<Reading, FieldError>> {
    let parts = parts(text)?;
    let (day, month, year) = match parts.as_slice() {
        [day, month, year] if month_of(month).is_some() => (Some(day), month, year),
        [month, day, year] if month_of(month).is_some() => (Some(day), month, year),
        [month, year] if year.len() == 4 => (None, month, year),
        _ => return None,
    };
    let month = month_of(month)?;
    let number = |text: &str| text.parse::<i32>().ok().filter(|_| text.len() <= 4);
    let year_number = number(year)?;
    let Some(day) = day else {
        let date = PartialDate::parse(&format!("{year_number:04}-{month:02}"));
        return Some(date.map(|date| Reading::sure(Typed::On(date))));
    };
    let day = number(day).filter(|_| day.len() <= 2)?;
    let parse = |year: i32| PartialDate::parse(&format!("{year:04}-{month:02}-{day:02}"));
    match year.len() {
        4 => Some(parse(year_number).map(|date| Reading::sure(Typed::On(date)))),
        2 => {
            let century = today.year() - today.year() % 100;
            let is_past = |date: &PartialDate| date.latest() <= today;
            let recent = parse(century + year_number).ok().filter(is_past);
            let date = recent.map_or_else(|| parse(century - 100 + year_number), Ok);
            Some(date.map(|date| {
                let year = date.earliest().year();
                let assumed = Some(format!("{:02} read as {year}", year_number));
                Reading { typed: Typed::On(date), assumed }
            }))
        }
        _ => None,
    }
}

/// The runs of digits and of letters. `None` if there is anything else but separators.
fn parts(text: &str) -> Option<Vec<String>> {
    let mut parts: Vec<String> = Vec::new();
    let mut last = None;
    for c in text.chars() {
        let kind = match c {
            _ if c.is_ascii_digit() => Some(false),
            _ if c.is_ascii_alphabetic() => Some(true),
            ' ' | '-' | '.' | ',' | '/' => None,
            _ => return None,
        };
        match parts.last_mut().filter(|_| kind.is_some() && kind == last) {
            Some(part) => part.push(c),
            None => parts.extend(kind.map(|_| c.to_string())),
        }
        last = kind;
    }
    Some(parts)
}

/// The month whose name begins so, by at least three letters.
fn month_of(text: &str) -> Option<u32> {
    const MONTHS: &str =
        "january february march april may june july august september october november december";
    let text = text.to_ascii_lowercase();
    let month = MONTHS.split(' ').position(|month| text.len() >= 3 && month.starts_with(&text))?;
    u32::try_from(month + 1).ok()
}

/// A date in full, with the day of the week: `1989-07-03, Monday`.
pub fn in_full(date: PartialDate) -> String {
    match date {
        PartialDate::Year(_) => date.to_string(),
        PartialDate::Month(..) => format!("{date}, {}", date.earliest().format("%B")),
        PartialDate::Day(day) => format!("{date}, {}", day.format("%A")),
    }
}

/// An age in words: `37 years`.
pub fn years(age: i64) -> String {
    match age {
        0 => "under 1 year".to_owned(),
        1 => "1 year".to_owned(),
        age => format!("{age} years"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(order: DateOrder) -> Calendar {
        Calendar { today: NaiveDate::from_ymd_opt(2026, 11, 20).unwrap(), order }
    }

    fn date(text: &str) -> Result<String, &'static str> {
        let read = read(text, calendar(DateOrder::DayFirst)).map_err(|error| error.code)?;
        Ok(read.canonical())
    }

    #[test]
    fn a_date_is_taken_as_people_type_it() {
        for (typed, day) in [
            ("T", "2026-11-20"),
            ("today", "2026-11-20"),
            ("t-1", "2026-11-19"),
            ("T+3d", "2026-11-23"),
            ("t - 2w", "2026-11-06"),
            ("T-9m", "2026-02-20"),
            ("T+1y", "2027-11-20"),
            ("T-37Y", "1989-11-20"),
            ("19901231", "1990-12-31"),
            ("31.12.1990", "1990-12-31"),
            ("31. 12. 1990", "1990-12-31"),
            ("31/12/1990", "1990-12-31"),
            ("31-12-1990", "1990-12-31"),
            ("12/31/1990", "1990-12-31"),
            ("5.5.1990", "1990-05-05"),
            ("1990/12/31", "1990-12-31"),
            ("5/1990", "1990-05"),
            ("05.1990", "1990-05"),
            ("3.5.90", "1990-05-03"),
            ("31.12.90", "1990-12-31"),
            ("03051990", "1990-05-03"),
            ("31121990", "1990-12-31"),
            ("3/7/1989", "1989-07-03"),
            ("1990-12", "1990-12"),
            ("1989", "1989"),
            ("20JUL99", "1999-07-20"),
            ("20jul26", "2026-07-20"),
            ("20NOV26", "2026-11-20"),
            ("21NOV26", "1926-11-21"),
            ("20 July 1999", "1999-07-20"),
            ("20-sept-1999", "1999-09-20"),
            ("Jul 20, 1999", "1999-07-20"),
            ("JUL 1999", "1999-07"),
            ("~42", "~42"),
            ("~ 1984", "~1984"),
        ] {
            assert_eq!(date(typed).as_deref(), Ok(day), "{typed}");
        }
    }

    #[test]
    fn what_is_no_date_is_said() {
        for (typed, code) in [
            ("1/2/03", "short_year"),
            ("1/2/003", "short_year"),
            ("3.5.26", "short_year"),
            ("13/1990", "no_such_date"),
            ("99999990", "no_such_date"),
            ("31.2.1990", "no_such_date"),
            ("30FEB1990", "no_such_date"),
            ("13/13/1990", "no_such_date"),
            ("1.2", "invalid_date"),
            ("a/b/c", "invalid_date"),
            ("20JU99", "invalid_date"),
            ("T3", "invalid_date"),
            ("T-", "invalid_offset"),
            ("T-x", "invalid_offset"),
            ("T-99999999999", "invalid_offset"),
            ("T-9999y", "invalid_offset"),
            ("~", "invalid_estimate"),
            ("~x", "invalid_estimate"),
            ("~-4", "invalid_estimate"),
            ("~151", "invalid_estimate"),
            ("~19845", "invalid_estimate"),
            ("", "invalid_date"),
            ("李", "invalid_date"),
        ] {
            assert_eq!(date(typed), Err(code), "{typed}");
        }
    }

    #[test]
    fn what_can_mean_two_days_is_read_by_the_setting_and_says_so() {
        let of = |text, order| {
            let read = read(text, calendar(order)).unwrap();
            (read.canonical(), read.assumed)
        };
        let (day, month) = (DateOrder::DayFirst, DateOrder::MonthFirst);
        let said = |words: &str| Some(words.to_owned());
        assert_eq!(of("03/04/1990", day), ("1990-04-03".to_owned(), said("the day first")));
        assert_eq!(of("3.4.1990", month), ("1990-03-04".to_owned(), said("the month first")));
        assert_eq!(
            of("3.5.90", day),
            ("1990-05-03".to_owned(), said("the day first, 90 read as 1990"))
        );
        assert_eq!(of("03051990", month), ("1990-03-05".to_owned(), said("the month first")));
        assert_eq!(of("31/12/1990", month), ("1990-12-31".to_owned(), None));
        assert_eq!(of("20JUL99", day), ("1999-07-20".to_owned(), said("99 read as 1999")));
        assert_eq!(of("20JUL1999", day), ("1999-07-20".to_owned(), None));
    }

    #[test]
    fn a_date_is_said_in_full() {
        for (date, words) in [
            ("1989-07-03", "1989-07-03, Monday"),
            ("1990-12", "1990-12, December"),
            ("1990", "1990"),
        ] {
            assert_eq!(in_full(PartialDate::parse(date).unwrap()), words);
        }
        assert_eq!(years(0), "under 1 year");
    }

    #[test]
    fn an_age_is_the_estimated_year_of_birth() {
        let read = read("~42", calendar(DateOrder::DayFirst)).unwrap();
        assert_eq!(read.date(calendar(DateOrder::DayFirst).today), PartialDate::Year(1984));
    }
}
