//! How a typed text is read: as words, each of which may be a name, a number or a date. The server
//! finds records by these rules, and [`matched`](crate::matched) finds the parts of a record that
//! the words match.

use crate::{
    FieldError, Mrn, PartialDate,
    text::{digits, fold, fold_case, fold_word},
};

choice! {
    /// An interpretation of the typed text.
    Reading {
        /// The id after `#`.
        Id = "id",
        /// A medical record number, or its beginning.
        Mrn = "mrn",
        /// An e-mail address, or its beginning.
        Email = "email",
        /// A date of birth, as far as it was typed.
        DateOfBirth = "date_of_birth",
        /// The first or the last digits of a phone number.
        Phone = "phone",
        /// A patient's identifier or a doctor's licence number, or their beginning.
        Identifier = "identifier",
        /// The beginnings of names.
        Name = "name",
    }
}

/// A typed word, as it is compared in each of the ways in which it may be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    typed: String,
    readings: &'static [Reading],
    /// A value matches if it begins with the text for its reading.
    beginnings: Vec<(Reading, String)>,
    last_digits: Option<String>,
    mistyped_mrn: Option<FieldError>,
}

impl Word {
    /// The words of a text. `readings` says how each may be read. A phone number or a medical record
    /// number is one word even if it contains spaces.
    pub fn all(text: &str, readings: impl Fn(&str) -> &'static [Reading]) -> Vec<Self> {
        let parts = match is_spaced_phone(text) || Mrn::looks_like(text) {
            true => vec![text],
            false => text.split_whitespace().collect(),
        };
        parts.into_iter().map(|part| Self::new(part, readings(part))).collect()
    }

    fn new(typed: &str, readings: &'static [Reading]) -> Self {
        let beginning = |reading: &Reading| Some((*reading, beginning(typed, *reading)?));
        let mrn = Mrn::parse(typed);
        Self {
            typed: typed.to_owned(),
            readings,
            beginnings: readings.iter().filter_map(beginning).collect(),
            last_digits: last_digits(typed).filter(|_| readings.contains(&Reading::Phone)),
            mistyped_mrn: mrn.err().filter(|error| error.code == "mistyped_mrn"),
        }
    }

    /// The word as it was typed.
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// The ways in which the word may be read.
    pub fn readings(&self) -> &'static [Reading] {
        self.readings
    }

    /// What a matching value begins with, for each reading that the word fits. The text is folded: a
    /// name and an identifier as by [`fold_word`], an e-mail address as by [`fold_case`], a phone
    /// number to its digits, and the others to lower case.
    pub fn beginnings(&self) -> &[(Reading, String)] {
        &self.beginnings
    }

    /// What a matching value of this reading begins with, if the word fits the reading.
    pub fn beginning(&self, reading: Reading) -> Option<&str> {
        let (_, beginning) = self.beginnings.iter().find(|(of, _)| *of == reading)?;
        Some(beginning)
    }

    /// The digits with which a matching phone number ends, if they can be the last ones.
    pub fn last_digits(&self) -> Option<&str> {
        self.last_digits.as_deref()
    }

    /// The error about a medical record number with a wrong check letter.
    pub fn mistyped_mrn(&self) -> Option<&FieldError> {
        self.mistyped_mrn.as_ref()
    }
}

/// The readings of a word, judged by its shape.
pub fn by_shape(word: &str) -> &'static [Reading] {
    use Reading::{DateOfBirth, Email, Identifier, Mrn as Number, Name, Phone};
    if word.contains('@') {
        return &[Email];
    }
    if Mrn::looks_like(word) || begun_mrn(word).is_some() {
        return &[Number, Identifier];
    }
    match PartialDate::parse(word) {
        // Four digits can be a year, or the last digits of a phone number.
        Ok(PartialDate::Year(_)) => return &[DateOfBirth, Phone, Identifier],
        Ok(_) => return &[DateOfBirth],
        Err(_) => {}
    }
    if is_number(word) {
        return &[Phone, Identifier];
    }
    let inside = word.trim_matches(|c: char| !c.is_alphanumeric());
    if inside.contains(['.', '_']) {
        return &[Email, Identifier, Name];
    }
    if inside.contains(|c: char| c.is_ascii_digit()) {
        return &[Identifier, Name];
    }
    &[Name]
}

fn beginning(typed: &str, reading: Reading) -> Option<String> {
    let folded = || Some(fold_word(typed)).filter(|folded| !folded.is_empty());
    match reading {
        Reading::Id => None,
        Reading::Name | Reading::Identifier => folded(),
        Reading::Email => folded().map(|_| fold_case(typed)),
        Reading::Phone => Some(digits(typed)).filter(|it| is_number(typed) && it.len() >= 3),
        Reading::DateOfBirth => PartialDate::parse(typed).ok().map(|date| date.to_string()),
        Reading::Mrn => match Mrn::parse(typed) {
            Ok(mrn) => Some(mrn.as_str().to_lowercase()),
            Err(error) if error.code == "invalid_mrn" => begun_mrn(typed),
            Err(_) => None,
        },
    }
}

fn last_digits(typed: &str) -> Option<String> {
    Some(digits(typed)).filter(|it| is_number(typed) && (4..=10).contains(&it.len()))
}

/// Whether a text is a phone number with spaces, rather than words made of digits, such as a date,
/// or a year and the last four digits of a number.
fn is_spaced_phone(text: &str) -> bool {
    let count = digits(text).len();
    let is_date = |word: &str| match PartialDate::parse(word) {
        Ok(PartialDate::Year(year)) => (1900..=2100).contains(&year) && count < 9,
        Ok(_) => true,
        Err(_) => false,
    };
    count >= 5 && is_number(text) && !text.split_whitespace().any(is_date)
}

/// Whether a text consists of digits and the separators of phone numbers.
fn is_number(typed: &str) -> bool {
    typed.chars().any(|c| c.is_ascii_digit())
        && typed.chars().all(|c| c.is_ascii_digit() || " +-()./".contains(c))
}

/// The start of a medical record number that is still being typed.
fn begun_mrn(typed: &str) -> Option<String> {
    let begun = fold(typed).replace('-', "");
    let rest = begun.strip_prefix('p')?;
    (!rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit())).then_some(begun)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_a_text_follows_from_its_form() {
        for (typed, expected) in [
            ("P000001B", "mrn identifier"),
            ("p 000-001 b", "mrn identifier"),
            ("P000001C", "mrn identifier"),
            ("p0001", "mrn identifier"),
            ("jose@example.com", "email"),
            ("jose.gom", "email identifier name"),
            ("1989-05-25", "date_of_birth"),
            ("1989-05", "date_of_birth"),
            ("1989", "date_of_birth phone identifier"),
            ("+1 (555) 123-4567", "phone identifier"),
            ("4567", "date_of_birth phone identifier"),
            ("AB-12345", "identifier name"),
            ("gómez", "name"),
            ("J. Gómez", "name"),
            ("O'Brien", "name"),
            ("gomez 1989-05-25", "date_of_birth name"),
            ("gomez 45678", "phone identifier name"),
        ] {
            let words = Word::all(typed, by_shape);
            let is_tried = |it: &&Reading| words.iter().any(|word| word.readings().contains(it));
            let tried: Vec<_> =
                Reading::ALL.iter().filter(is_tried).map(|it| it.as_str()).collect();
            assert_eq!(tried.join(" "), expected, "{typed}");
        }
    }

    #[test]
    fn a_spaced_phone_number_or_mrn_is_one_word() {
        let words = |text| Word::all(text, |_| Reading::ALL);
        assert_eq!(words("+1 (555) 123-4567").len(), 1);
        assert_eq!(words("123 4567").len(), 1);
        assert_eq!(words("1989 4567").len(), 2);
        assert_eq!(words("1989-05-25 4567").len(), 2);
        assert_eq!(words("p 000-001 b").len(), 1);
        assert_eq!(words("gomez 1989-05-25").len(), 2);
        assert!(words("P000001C")[0].mistyped_mrn().is_some());
    }

    #[test]
    fn a_word_is_compared_only_in_the_ways_that_fit_its_form() {
        let words = Word::all("Gómez 1989 p000 '", |_| Reading::ALL);
        let of = |reading| words.iter().map(|word| word.beginning(reading)).collect::<Vec<_>>();
        assert_eq!(of(Reading::Name), [Some("gomez"), Some("1989"), Some("p000"), None]);
        assert_eq!(of(Reading::Email), [Some("gómez"), Some("1989"), Some("p000"), None]);
        assert_eq!(of(Reading::DateOfBirth), [None, Some("1989"), None, None]);
        assert_eq!(of(Reading::Phone), [None, Some("1989"), None, None]);
        assert_eq!(of(Reading::Mrn), [None, None, Some("p000"), None]);
        let last: Vec<_> = words.iter().map(Word::last_digits).collect();
        assert_eq!(last, [None, Some("1989"), None, None]);
    }
}
