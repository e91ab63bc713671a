//! The values with which the form of a new record begins: from a search that found nobody, or from
//! a relative.

use shared::{
    PartialDate,
    search::{Reading, Word, by_shape},
};

use crate::{
    date::{self, Calendar, Reading as DateReading, Typed},
    form::{accepts::Accepts, field::Field},
    resource::RecordKind,
    text::display,
};

/// Names of fields with values, and where these come from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filled {
    /// The values, by the names of the fields.
    pub values: Vec<(&'static str, String)>,
    /// Where they come from, as a sentence.
    pub origin: String,
    /// Whether they belong to another person: alone they are no new record.
    pub is_copied: bool,
}

impl Filled {
    /// Whether they are a name, with or without a date of birth.
    fn is_name(&self) -> bool {
        let is_name = |name: &str| matches!(name, "first_name" | "last_name");
        let mut names = self.values.iter().map(|(name, _)| *name);
        names.clone().any(is_name) && names.all(|name| is_name(name) || name == "date_of_birth")
    }
}

/// Whether a search reads as the name of a person, with or without a date of birth.
pub fn is_name(kind: RecordKind, typed: &str, calendar: Calendar) -> bool {
    from_search(kind, typed, calendar).is_name()
}

/// Words that stay in lower case inside a name.
const PARTICLES: &[&str] = &[
    "al", "bin", "da", "das", "de", "del", "den", "der", "di", "do", "dos", "el", "la", "las",
    "los", "van", "von", "y",
];

/// What was searched, as values of a new record of this kind. Each word goes into the field that
/// accepts what its shape says: names, a date of birth, a phone number, an e-mail address, a number.
pub fn from_search(kind: RecordKind, typed: &str, calendar: Calendar) -> Filled {
    let mut filled = Sorted { fields: kind.fields(None), ..Sorted::default() };
    for word in Word::all(typed.trim(), by_shape) {
        filled.take(&word, calendar);
    }
    filled.finish()
}

/// The words of a search, sorted by the fields to which they belong.
#[derive(Default)]
struct Sorted {
    fields: Vec<Field>,
    names: Vec<String>,
    /// How many of the names stand before a comma: they are the last name.
    before_comma: usize,
    values: Vec<(&'static str, String)>,
    /// What was assumed in reading the date of birth.
    assumed: Option<String>,
    unused: Vec<String>,
}

impl Sorted {
    fn field(&self, accepts: impl Fn(Accepts) -> bool) -> Option<&'static str> {
        self.fields.iter().find(|field| accepts(field.accepts)).map(|field| field.name)
    }

    fn take(&mut self, word: &Word, calendar: Calendar) {
        let typed = word.typed();
        let is = |reading| word.readings().contains(&reading);
        let number = |accepts| matches!(accepts, Accepts::Identifiers | Accepts::Code(_));
        let birth = self.field(|it| it == Accepts::Birth);
        if let Some(reading) = birth.and_then(|_| birth_of(typed, calendar)) {
            self.assumed.clone_from(&reading.assumed);
            return self.put(birth, typed, reading.canonical());
        }
        if typed.contains('@') {
            return self.put(self.field(|it| it == Accepts::Email), typed, typed.to_owned());
        }
        if is(Reading::Mrn) {
            return self.put(self.field(number), typed, format!("mrn: {typed}"));
        }
        if is(Reading::Phone) {
            return self.phone(typed);
        }
        if typed.contains(|c: char| c.is_ascii_digit()) {
            return self.put(self.field(number), typed, format!(": {typed}"));
        }
        let name = typed.trim_matches(',');
        self.names.extend((!name.is_empty()).then(|| capital(name, self.names.is_empty())));
        if typed.ends_with(',') && self.before_comma == 0 {
            self.before_comma = self.names.len();
        }
    }

    /// Puts a value into a field that is still empty.
    fn put(&mut self, field: Option<&'static str>, typed: &str, value: String) {
        let is_taken = |name: &str| self.values.iter().any(|(known, _)| *known == name);
        match field.filter(|name| !is_taken(name)) {
            Some(name) => {
                // A single code has no room for the name of who gave it.
                let is_code = matches!(self.accepts(name), Accepts::Code(_));
                self.values.push((name, if is_code { typed.to_owned() } else { value }));
            }
            None => self.unused.push(typed.to_owned()),
        }
    }

    fn accepts(&self, name: &str) -> Accepts {
        let field = self.fields.iter().find(|field| field.name == name);
        field.map_or(Accepts::Anything, |field| field.accepts)
    }

    /// Digits with spaces between them are one phone number.
    fn phone(&mut self, typed: &str) {
        let field = self.field(|it| it == Accepts::Phone);
        match self.values.iter_mut().find(|(name, _)| Some(*name) == field) {
            Some((_, number)) => {
                number.push(' ');
                number.push_str(typed);
            }
            None => self.put(field, typed, typed.to_owned()),
        }
    }

    fn finish(mut self) -> Filled {
        let first_name = match (self.before_comma, self.names.len()) {
            // One name alone is looked for as a last name.
            (0, 0 | 1) => Vec::new(),
            (0, _) => self.names.drain(..1).collect(),
            (last, _) => self.names.split_off(last.min(self.names.len())),
        };
        let names = [("first_name", first_name.join(" ")), ("last_name", self.names.join(" "))];
        let mut values: Vec<_> = names.into_iter().filter(|(_, name)| !name.is_empty()).collect();
        values.append(&mut self.values);
        let said = values.iter().map(|(name, value)| {
            let field = self.fields.iter().find(|field| field.name == *name);
            let assumed = self.assumed.as_ref().filter(|_| *name == "date_of_birth");
            let assumed = assumed.map(|words| format!(" ({words})")).unwrap_or_default();
            let label = field.map(Field::named).unwrap_or_default();
            // A number without the name of who gave it begins with the colon behind that name.
            let value = value.trim_start_matches(':').trim();
            format!("{label} {}{assumed}", display(value))
        });
        let mut origin = match values.is_empty() {
            true => "Nothing from the search fits the form.".to_owned(),
            false => format!("From the search: {}.", said.collect::<Vec<_>>().join(", ")),
        };
        if !self.unused.is_empty() {
            origin.push_str(&format!(" Not used: {}.", display(&self.unused.join(" "))));
        }
        Filled { values, origin, is_copied: false }
    }
}

/// The date of birth that a word can be, of somebody who is alive.
fn birth_of(typed: &str, calendar: Calendar) -> Option<DateReading> {
    let reading = date::read(typed, calendar).ok()?;
    let date = reading.date(calendar.today);
    let is_possible = date.earliest() <= calendar.today
        && date.age_on(calendar.today) <= shared::date::AGE_MAX
        && typed.contains(|c: char| c.is_ascii_digit());
    let is_birth = match reading.typed {
        // Four digits may also be the last ones of a phone number.
        Typed::On(PartialDate::Year(year)) => is_possible && year >= 1900,
        _ => is_possible,
    };
    is_birth.then_some(reading)
}

/// A name with capital letters, if it was typed without any.
fn capital(name: &str, is_first: bool) -> String {
    let is_particle = PARTICLES.contains(&name) && !is_first;
    if is_particle || name.chars().any(char::is_uppercase) {
        return name.to_owned();
    }
    let mut is_start = true;
    let mut written = String::new();
    for c in name.chars() {
        match is_start {
            true => written.extend(c.to_uppercase()),
            false => written.push(c),
        }
        is_start = matches!(c, '-' | '\'' | '’');
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(kind: RecordKind, typed: &str) -> String {
        let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
        let filled = from_search(kind, typed, Calendar { today, ..Calendar::default() });
        let values = filled.values.iter().map(|(name, value)| format!("{name}={value}"));
        let unused = filled.origin.split_once("Not used: ").map(|(_, rest)| format!("!{rest}"));
        values.chain(unused).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn the_words_of_a_search_land_where_they_belong() {
        for (typed, expected) in [
            ("peter pan 1990", "first_name=Peter; last_name=Pan; date_of_birth=1990"),
            ("Pan, Peter", "first_name=Peter; last_name=Pan"),
            ("gómez", "last_name=Gómez"),
            ("o'brien", "last_name=O'Brien"),
            ("ana de la cruz", "first_name=Ana; last_name=de la Cruz"),
            ("DAVE McCoy", "first_name=DAVE; last_name=McCoy"),
            ("ana ~42", "last_name=Ana; date_of_birth=~42"),
            ("ana 3/7/1989 1990", "last_name=Ana; date_of_birth=1989-07-03; !1990."),
            ("ana@example.com", "email=ana@example.com"),
            ("+1 (555) 123-4567", "phone_number=+1 (555) 123-4567"),
            ("pan 555 123 4567", "last_name=Pan; phone_number=555 123 4567"),
            ("4567", "phone_number=4567"),
            ("P000009K", "identifiers=mrn: P000009K"),
            ("pan AB-12345", "last_name=Pan; identifiers=: AB-12345"),
            ("T", "last_name=T"),
            ("pan 1990 #", "first_name=Pan; last_name=#; date_of_birth=1990"),
            ("", ""),
        ] {
            assert_eq!(filled(RecordKind::Patient, typed), expected, "{typed}");
        }
        for (typed, expected) in [
            (
                "sarah johnson MD123456",
                "first_name=Sarah; last_name=Johnson; license_number=MD123456",
            ),
            ("sarah 1990", "last_name=Sarah; phone_number=1990"),
        ] {
            assert_eq!(filled(RecordKind::Doctor, typed), expected, "{typed}");
        }
    }
}
