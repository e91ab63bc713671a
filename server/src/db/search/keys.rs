//! Where the index of terms has patients who may be the same person as another one: with a name that begins alike
//! and a date of birth that may be the same, with the same name, or reached in the same way.

use chrono::Datelike;
use shared::{
    PartialDate,
    likeness::{ESTIMATE_YEARS, PHONE_DIGITS},
    patient::PatientState,
    text::{digits, fold_case, name_words},
};

use super::{
    BORN, EMAIL, NAME, PHONE_REVERSED, term,
    terms::{beside, identifier_term},
};

/// The number of words of a name that are looked up.
const WORDS_MAX: usize = 8;
/// The fewest letters at the beginning of a single word by which others like it are looked up, and how many
/// lengths of it are.
const SOUGHT_MIN: usize = 3;
const SOUGHT_LENGTHS: usize = 6;
/// The end of a term in a pair, so that a longer one is not found.
const END: char = '\t';

/// The keys of a person: beginnings of terms.
pub(crate) fn keys(state: &PatientState) -> Vec<String> {
    let fields = &state.fields;
    let names = [&fields.first_name, &fields.last_name];
    let [first, last] = names.map(|it| it.as_deref().map(name_words).unwrap_or_default());
    let mut keys: Vec<String> = Vec::new();
    let mut add = |start: String| {
        if !keys.contains(&start) {
            keys.push(start);
        }
    };
    if let Some(born) = fields.date_of_birth {
        let is_estimated = state.date_of_birth_estimated;
        for word in first.iter().chain(&last).take(WORDS_MAX) {
            for date in days(born, is_estimated) {
                add(beside(word, &term(BORN, &date)));
            }
        }
        // Of few people no more than the year is known, so one word of the name is enough.
        if let Some(word) = last.first().or(first.first()) {
            for year in years(born) {
                add(beside(word, &term(BORN, &year)));
            }
        }
    }
    match (first.first(), last.first()) {
        (Some(one), Some(other)) => {
            add(format!("{}{END}{one}", beside(one, &term(NAME, other))));
        }
        // Somebody with one name.
        (one, other) => one.into_iter().chain(other).for_each(|word| add(term(NAME, word))),
    }
    if let Some(phone) = &fields.phone_number {
        add(term(PHONE_REVERSED, &last_digits(phone)));
    }
    if let Some(email) = &fields.email {
        add(term(EMAIL, &fold_case(email)));
    }
    for identifier in &fields.identifiers {
        add(identifier_term(&identifier.value));
    }
    keys
}

/// The keys of somebody who is sought by words of a name, of which one may be misspelled behind its first
/// letters, and a date of birth.
pub(crate) fn sought_keys(words: &[String], born: Option<PartialDate>) -> Vec<String> {
    let mut keys = Vec::new();
    let mut add = |start: String| keys.push(start);
    let words = || words.iter().take(WORDS_MAX / 2);
    for word in words() {
        for date in born.iter().flat_map(|born| days(*born, false).into_iter().chain(years(*born)))
        {
            add(beside(word, &term(BORN, &date)));
        }
        for other in words().filter(|other| *other != word) {
            add(format!("{}{END}", beside(word, &term(NAME, other))));
        }
    }
    if let (Some(word), None, None) = (words().next(), words().nth(1), born) {
        let letters: Vec<char> = word.chars().collect();
        for length in (SOUGHT_MIN..letters.len()).rev().take(SOUGHT_LENGTHS) {
            add(term(NAME, &letters.iter().take(length).collect::<String>()));
        }
    }
    if let Some(day @ PartialDate::Day(_)) = born {
        add(term(BORN, &day.to_string()));
    }
    keys
}

/// What two people have in common who are registered at once and may be the same: the name, the date of birth
/// or a way to reach them.
pub(crate) fn lock_keys(state: &PatientState) -> Vec<String> {
    let fields = &state.fields;
    let names = [&fields.first_name, &fields.last_name].into_iter().flatten();
    let mut words: Vec<_> = names.flat_map(|name| name_words(name)).collect();
    words.sort_unstable();
    words.dedup();
    let mut keys = vec![term(NAME, &words.concat())];
    keys.extend(fields.date_of_birth.map(|born| term(BORN, &born.to_string())));
    let phone = fields.phone_number.as_deref().map(last_digits);
    keys.extend(phone.map(|digits| term(PHONE_REVERSED, &digits)));
    keys.extend(fields.email.as_deref().map(|email| term(EMAIL, &fold_case(email))));
    keys.extend(fields.identifiers.iter().map(|it| identifier_term(&it.value)));
    keys
}

/// The last digits of a phone number, the last one first.
fn last_digits(phone: &str) -> String {
    digits(phone).chars().rev().take(PHONE_DIGITS).collect()
}

/// The days and months of birth, or their beginnings, that may be the same as another one.
fn days(born: PartialDate, is_estimated: bool) -> Vec<String> {
    match born {
        _ if is_estimated => near(born).map(|year| year.to_string()).collect(),
        PartialDate::Year(_) | PartialDate::Month(..) => vec![born.to_string()],
        PartialDate::Day(day) => {
            let swapped = day.with_month(1).and_then(|it| it.with_day(day.month()));
            let swapped = swapped.and_then(|it| it.with_month(day.day()));
            let month = PartialDate::Month(day.year(), day.month());
            let days = swapped.into_iter().chain([day]).map(|day| day.to_string());
            days.chain([format!("{month}{END}")]).collect()
        }
    }
}

/// The years of birth of people of whom only the year is known, which may be estimated.
fn years(born: PartialDate) -> impl Iterator<Item = String> {
    near(born).map(|year| format!("{year}{END}"))
}

/// The year of birth, and those beside it that an estimate may mean.
fn near(born: PartialDate) -> impl Iterator<Item = PartialDate> {
    let year = born.earliest().year();
    (year.saturating_sub_unsigned(ESTIMATE_YEARS)..=year.saturating_add_unsigned(ESTIMATE_YEARS))
        .map(PartialDate::Year)
}

#[cfg(test)]
mod tests {
    use shared::patient::PatientFields;

    use super::*;

    fn starts(born: &str, is_estimated: bool) -> Vec<String> {
        let fields = PatientFields {
            first_name: Some("Li".to_owned()),
            last_name: Some("Gómez".to_owned()),
            date_of_birth: PartialDate::parse(born).ok(),
            ..Default::default()
        };
        let state = PatientState { fields, date_of_birth_estimated: is_estimated };
        keys(&state)
    }

    #[test]
    fn a_name_is_looked_up_beside_every_date_that_may_be_the_same() {
        let day = starts("1989-05-04", false);
        for date in ["1989-05-04", "1989-04-05", "1989-05\t", "1988\t", "1989\t", "1990\t"] {
            assert!(day.contains(&format!("xgom\td{date}")), "{date}");
            let is_of_each = date.len() > 6;
            assert_eq!(day.contains(&format!("xli\td{date}")), is_of_each, "{date}");
        }
        assert!(day.contains(&"xli\tngomez\tli".to_owned()));
        assert!(!starts("1989-05-25", false).iter().any(|start| start.contains("1989-25")));
        assert!(starts("1989-05", false).contains(&"xgom\td1989-05".to_owned()));
        assert!(starts("1989", true).contains(&"xgom\td1990".to_owned()));
    }
}
