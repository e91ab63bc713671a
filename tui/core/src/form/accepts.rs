//! The accepted input of a field: read during typing, and described in full on demand.

use chrono::NaiveDate;
use shared::{PartialDate, date::AGE_MAX, rules};

use super::Form;
use crate::date::{self, Calendar, DateOrder, Reading, Typed};

/// What can be typed into a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Accepts {
    /// Anything.
    #[default]
    Anything,
    /// At most so many characters.
    Text(usize),
    /// A date of birth, as far as it is known, or an age.
    Birth,
    /// A day that is not in the future.
    PastDay,
    /// A date, as far as it is known.
    Date,
    /// A whole number between these two.
    Whole(i64, i64),
    /// An amount of money.
    Amount,
    /// A phone number.
    Phone,
    /// An e-mail address.
    Email,
    /// A number or code of at most so many characters, which another has given.
    Code(usize),
    /// A language tag.
    Language,
    /// Numbers under which others know a person, one a line.
    Identifiers,
}

impl Accepts {
    pub(super) fn is_date(self) -> bool {
        matches!(self, Self::Birth | Self::PastDay | Self::Date)
    }

    /// The accepted forms with examples, and the limits, as sentences.
    pub(super) fn sentences(self, order: DateOrder) -> Vec<String> {
        let dates = |is_partial| {
            let day = format!("A date: 1989-07-03, 19890703, 3JUL1989 or 3JUL89, {}.", day(order));
            let known = "A part of a date: 1989-07, JUL 1989 or 1989.".to_owned();
            let today = "T is today, T-1 yesterday, T-2w two weeks ago; m counts months, y years."
                .to_owned();
            let mut all = vec![day];
            all.extend(Some(known).filter(|_| is_partial));
            all.push(today);
            all
        };
        let past = "It must not be in the future.".to_owned();
        match self {
            Self::Anything => Vec::new(),
            Self::Text(max) | Self::Code(max) => vec![format!("At most {max} characters.")],
            Self::Birth => {
                let mut all = dates(true);
                all.push("~42 is an age, ~1984 a year: both are marked as an estimate.".to_owned());
                all.push(format!("{past} The age must not be more than {AGE_MAX}."));
                all
            }
            Self::PastDay => dates(false).into_iter().chain([past]).collect(),
            Self::Date => dates(true),
            Self::Whole(min, max) => vec![format!("A whole number from {min} to {max}.")],
            Self::Amount => vec!["An amount, like 150 or 150.00.".to_owned()],
            Self::Phone => {
                let (min, max) = (rules::PHONE_DIGITS.start(), rules::PHONE_DIGITS.end());
                let digits = format!("{min} to {max} digits in any spelling");
                vec![format!("A phone number: {digits}, like +1 (555) 123-4567 or 030/123456.")]
            }
            Self::Email => vec!["An e-mail address, like ana@example.com.".to_owned()],
            Self::Language => vec!["A language code, like es, de or pt-BR.".to_owned()],
            Self::Identifiers => vec![
                "A number that another system uses for this person, one per line.".to_owned(),
                "The system, a colon and the number: insurance: X123456789.".to_owned(),
            ],
        }
    }
}

/// A day with numbers, in the order of the setting.
fn day(order: DateOrder) -> &'static str {
    match order {
        DateOrder::DayFirst => "3/7/1989 or 3.7.1989 (the day first)",
        DateOrder::MonthFirst => "7/3/1989 or 7.3.1989 (the month first)",
    }
}

/// A date in full, the age that follows, and what was assumed.
fn in_full(reading: &Reading, accepts: Accepts, today: NaiveDate) -> String {
    let date = reading.date(today);
    let mut said = match reading.typed {
        Typed::On(date) => date::in_full(date),
        Typed::Aged(_) | Typed::About(_) => format!("about {date}"),
    };
    let is_future = date.earliest() > today;
    match accepts {
        Accepts::Birth | Accepts::PastDay if is_future => said.push_str(": in the future"),
        Accepts::Birth => said.push_str(&format!(", {}", date::years(date.age_on(today)))),
        _ => {}
    }
    let assumed = reading.assumed.as_ref().map(|words| format!(" ({words})"));
    said + &assumed.unwrap_or_default()
}

impl Form {
    /// What the dates in the form depend on.
    pub fn calendar(&self, today: NaiveDate) -> Calendar {
        Calendar { today, order: self.order }
    }

    /// Says in full under the focused field which date is typed, and writes it in full into a field
    /// that was left.
    pub fn echo(&mut self, today: NaiveDate) {
        let calendar = self.calendar(today);
        let focus = self.focus;
        for (at, field) in self.fields.iter_mut().enumerate() {
            if !field.accepts.is_date() {
                continue;
            }
            let reading = date::read(field.value(), calendar).ok();
            field.echo = match &reading {
                Some(reading) if at == focus => Some(in_full(reading, field.accepts, today)),
                _ => None,
            };
            let full = reading.map(|reading| reading.canonical()).filter(|_| at != focus);
            if let Some(full) = full.filter(|full| full != field.value()) {
                let refused = field.refused.take();
                field.set(&full);
                field.refused = refused;
            }
        }
    }

    /// The date in a field, where there is one.
    pub fn date(&self, name: &str, today: NaiveDate) -> Option<PartialDate> {
        let reading = date::read(self.value(name), self.calendar(today)).ok()?;
        Some(reading.date(today))
    }
}
