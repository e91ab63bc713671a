//! Dates as people write them in a hurry, and in full.

use chrono::{Datelike, NaiveDate};
use shared::{FieldError, PartialDate};

/// A date as it is sent: `t` is today, eight digits are a day, and days written with dots or
/// slashes are turned round. Anything else is left to the rules.
///
/// Fails where day and month can't be told apart, or the year is cut short.
pub fn read(text: &str, today: NaiveDate) -> Result<String, FieldError> {
    if matches!(text.to_ascii_lowercase().as_str(), "t" | "today") {
        return Ok(today.to_string());
    }
    let is_short = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    if let (true, Some(year), Some(month), Some(day)) =
        (is_short, text.get(..4), text.get(4..6), text.get(6..))
    {
        return Ok(format!("{year}-{month}-{day}"));
    }
    for sign in ['.', '/'] {
        let parts: Vec<&str> = text.split(sign).map(str::trim).collect();
        if let [first, second, last] = parts.as_slice() {
            return turned(first, second, last).unwrap_or_else(|| Ok(text.to_owned()));
        }
    }
    Ok(text.to_owned())
}

/// `None` where these are not the parts of a date.
fn turned(first: &str, second: &str, last: &str) -> Option<Result<String, FieldError>> {
    let number = |text: &str, most: usize| {
        let is_number =
            (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        text.parse::<u32>().ok().filter(|_| is_number)
    };
    if first.len() == 4 {
        let (year, month, day) = (number(first, 4)?, number(second, 2)?, number(last, 2)?);
        return Some(Ok(format!("{year:04}-{month:02}-{day:02}")));
    }
    let (one, two, year) = (number(first, 2)?, number(second, 2)?, number(last, 4)?);
    if last.len() < 4 {
        let message = "the year needs its four digits, like 31.12.1990 or 1990-12-31";
        return Some(Err(FieldError::new("short_year", message)));
    }
    let (day, month) = match (one, two) {
        (1..=12, 1..=12) if one != two => {
            let message = format!(
                "day or month first? Write {year:04}-{two:02}-{one:02} or {year:04}-{one:02}-{two:02}"
            );
            return Some(Err(FieldError::new("ambiguous_date", message)));
        }
        (1..=12, 13..) => (two, one),
        _ => (one, two),
    };
    Some(Ok(format!("{year:04}-{month:02}-{day:02}")))
}

/// A date in words, as much of it as is known: `31 December 1990`, `December 1990`, `1990`.
pub fn in_full(date: PartialDate) -> String {
    let day = date.earliest();
    match date {
        PartialDate::Year(year) => format!("{year:04}"),
        PartialDate::Month(year, _) => format!("{} {year:04}", day.format("%B")),
        PartialDate::Day(day) => format!("{} {} {:04}", day.day(), day.format("%B"), day.year()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Result<String, &'static str> {
        let today = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
        read(text, today).map_err(|error| error.code)
    }

    #[test]
    fn what_can_mean_one_day_only_is_taken() {
        for (typed, day) in [
            ("T", "2026-11-20"),
            ("19901231", "1990-12-31"),
            ("31.12.1990", "1990-12-31"),
            ("31. 12. 1990", "1990-12-31"),
            ("31/12/1990", "1990-12-31"),
            ("12/31/1990", "1990-12-31"),
            ("5.5.1990", "1990-05-05"),
            ("1990/12/31", "1990-12-31"),
            ("1990-12", "1990-12"),
            ("1.2", "1.2"),
            ("a/b/c", "a/b/c"),
            ("31.2.1990", "1990-02-31"),
        ] {
            assert_eq!(date(typed).as_deref(), Ok(day), "{typed}");
        }
    }

    #[test]
    fn what_can_mean_two_days_is_asked_back() {
        assert_eq!(date("03/04/1990"), Err("ambiguous_date"));
        assert_eq!(date("3.4.1990"), Err("ambiguous_date"));
        assert_eq!(date("31.12.90"), Err("short_year"));
        let today = NaiveDate::default();
        let words = read("03/04/1990", today).unwrap_err().message;
        assert_eq!(words, "day or month first? Write 1990-04-03 or 1990-03-04");
    }

    #[test]
    fn a_date_is_told_in_full() {
        for (date, words) in
            [("1990-12-31", "31 December 1990"), ("1990-12", "December 1990"), ("1990", "1990")]
        {
            assert_eq!(in_full(PartialDate::parse(date).unwrap()), words);
        }
    }
}
