//! Dates that are typed in digits only.

use chrono::{Datelike, NaiveDate};
use shared::{FieldError, PartialDate};

use super::{Calendar, DateOrder, Reading, Typed};

/// A date of three numbers. `None` if it is something else, or written as the server writes it.
pub(super) fn by_numbers(text: &str, calendar: Calendar) -> Option<Result<Reading, FieldError>> {
    let parts = ['.', '/', '-'].into_iter().find_map(|sign| {
        let parts: Vec<&str> = text.split(sign).map(str::trim).collect();
        <[&str; 3]>::try_from(parts).ok()
    });
    let [first, second, last] = parts?;
    let number = |text: &str, most: usize| {
        let is_number =
            (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        text.parse::<u32>().ok().filter(|_| is_number)
    };
    let parse = |year: u32, month: u32, day: u32, assumed| {
        let date = PartialDate::parse(&format!("{year:04}-{month:02}-{day:02}"));
        date.map(|date| Reading { typed: Typed::On(date), assumed })
    };
    if first.len() == 4 {
        return Some(parse(number(first, 4)?, number(second, 2)?, number(last, 2)?, None));
    }
    let (one, two, year) = (number(first, 2)?, number(second, 2)?, number(last, 4)?);
    let order = calendar.order;
    let is_open = one != two && one <= 12 && two <= 12;
    let is_day_first = if is_open { order == DateOrder::DayFirst } else { two <= 12 };
    let (day, month) = if is_day_first { (one, two) } else { (two, one) };
    let assumed = is_open.then(|| order.words().to_owned());
    match last.len() {
        4 => Some(parse(year, month, day, assumed)),
        // A year that is cut short is the only one of the last hundred, or it is not known which.
        2 => match only_past_year(year, calendar.today) {
            Some(year) => Some(parse(year, month, day, Some(read_as(last, year, assumed)))),
            None => Some(Err(short_year())),
        },
        _ => Some(Err(short_year())),
    }
}

fn short_year() -> FieldError {
    let message = "must have a year of four digits, like 31.12.1990 or 1990-12-31";
    FieldError::new("short_year", message)
}

/// The year of the last century that ends in these two digits. None where this century has had such a year
/// too.
fn only_past_year(digits: u32, today: NaiveDate) -> Option<u32> {
    let now = u32::try_from(today.year()).ok()?;
    let century = now - now % 100;
    (century + digits > now).then_some(century.checked_sub(100)? + digits)
}

/// What was assumed about a year that is cut short, behind another assumption.
fn read_as(typed: &str, year: u32, assumed: Option<String>) -> String {
    let before = assumed.map(|assumed| format!("{assumed}, ")).unwrap_or_default();
    format!("{before}{typed} read as {year}")
}

/// A month and a year in numbers: `5/1990`. `None` if it is something else.
pub(super) fn by_month_number(text: &str) -> Option<Result<Reading, FieldError>> {
    let (month, year) = text.split_once(['.', '/', '-'])?;
    let (month, year) = (month.trim(), year.trim());
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let is_it = (1..=2).contains(&month.len()) && year.len() == 4 && is_number(year);
    let month = month.parse::<u32>().ok().filter(|_| is_it && is_number(month))?;
    let date = PartialDate::parse(&format!("{year}-{month:02}"));
    Some(date.map(|date| Reading::sure(Typed::On(date))))
}

/// Day, month and year as eight digits: `03051990`. `None` if they can be a date with the year first.
pub(super) fn by_eight_digits(text: &str, calendar: Calendar) -> Option<Reading> {
    let (year, rest) = text.split_at_checked(4)?;
    let (month, day) = rest.split_at_checked(2)?;
    if PartialDate::parse(&format!("{year}-{month}-{day}")).is_ok() {
        return None;
    }
    let (first, second) = year.split_at_checked(2)?;
    by_numbers(&format!("{first}.{second}.{rest}"), calendar)?.ok()
}
