//! The lookup in which anything can be typed: how each word is read, judged by its shape, and which
//! term of a record it has matched.

use shared::{FieldError, Mrn, PartialDate, lookup::Reading};

use super::{
    BORN, EMAIL, IDENTIFIER, MRN, PHONE, PHONE_REVERSED, Search, begun_mrn, is_number, parts,
};

impl Search {
    /// Parses a search text, reading each word by its shape. Also returns the readings that were
    /// tried, in the order of [`Reading::ALL`].
    ///
    /// Fails where the text has more than [`WORDS_MAX`](super::WORDS_MAX) words.
    pub(crate) fn by_shape(text: &str) -> Result<(Self, Vec<Reading>), FieldError> {
        let search = Self::of(text, readings)?;
        let parts = parts(text);
        let is_tried =
            |reading: &&Reading| parts.iter().any(|part| readings(part).contains(reading));
        Ok((search, Reading::ALL.iter().filter(is_tried).copied().collect()))
    }

    /// What matched in a record with these terms: a name, if any word matched a name, else the
    /// match of the first word that has one.
    pub(crate) fn matched(&self, terms: &[String]) -> Option<Reading> {
        let of_word = |starts: &Vec<String>| {
            let is_met =
                |start: &&String| terms.iter().any(|term| term.starts_with(start.as_str()));
            let met: Vec<Reading> = starts.iter().filter(is_met).map(|it| reading(it)).collect();
            Reading::ALL.iter().find(|reading| met.contains(reading)).copied()
        };
        let matched: Vec<_> = self.words.iter().filter_map(|word| of_word(&word.starts)).collect();
        matched.iter().find(|it| **it == Reading::Name).or(matched.first()).copied()
    }
}

/// The reading that finds a term of this kind.
fn reading(term: &str) -> Reading {
    match term.chars().next().unwrap_or_default() {
        MRN => Reading::Mrn,
        EMAIL => Reading::Email,
        BORN => Reading::DateOfBirth,
        PHONE | PHONE_REVERSED => Reading::Phone,
        IDENTIFIER => Reading::Identifier,
        _ => Reading::Name,
    }
}

/// The readings of a word, judged by its shape.
fn readings(word: &str) -> &'static [Reading] {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read_as(text: &str) -> String {
        let (_, readings) = Search::by_shape(text).unwrap();
        readings.into_iter().map(Reading::as_str).collect::<Vec<_>>().join(" ")
    }

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
            assert_eq!(read_as(typed), expected, "{typed}");
        }
    }

    #[test]
    fn what_matched_is_the_name_if_there_is_one() {
        let terms = ["d1989-05-25", "ngomez", "njose", "p15551234567", "r76543215551"];
        let terms = terms.map(str::to_owned);
        let matched = |text| Search::by_shape(text).unwrap().0.matched(&terms);
        assert_eq!(matched("1989 gom"), Some(Reading::Name));
        assert_eq!(matched("1989"), Some(Reading::DateOfBirth));
        assert_eq!(matched("4567"), Some(Reading::Phone));
        assert_eq!(matched("smith"), None);
    }
}
