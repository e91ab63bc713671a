//! The terms under which a patient is found, and their entries in the index.
//!
//! The index is read in its order, so whatever a search may ask for is a range of it. A single word is the
//! beginning of a term. For two words there are pairs: the first letters of a word of the name, another term
//! of the same patient, and the whole word.

use shared::{
    patient::{Former, PatientFields},
    text::{fold_word, name_words},
};

use super::{BORN, EMAIL, IDENTIFIER, MRN, NAME, contact_terms, term};

/// A word of the name with another term.
const PAIR: char = 'x';
/// The only entry of a patient for searches of several words, where the name has too many words for pairs.
pub(super) const MANY_WORDS: &str = "y";
/// What stands between the parts of a pair. It is in no word, and before every character of a word.
const BESIDE: char = '\t';
/// How many letters of the word stand before the other term of a pair.
const BEGINNING: usize = 3;
/// The number of words of a name up to which all of its pairs have entries.
const PAIRED_MAX: usize = 12;
/// What stands between the terms in the row of the patient.
const SEPARATOR: char = '\n';
/// What stands before the terms of archived patients.
pub(crate) const ARCHIVED: &str = "-";

/// The terms of a patient, sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PatientTerms(Vec<String>);

/// An entry of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The term.
    pub term: String,
    /// How many bytes at its beginning it shares with the term before it of the same patient.
    pub shared: i64,
}

impl PatientTerms {
    /// The terms of a patient with this medical record number.
    pub(crate) fn of(mrn: &str, fields: &PatientFields) -> Self {
        let mut terms = vec![mrn_term(mrn)];
        for name in [&fields.first_name, &fields.last_name].into_iter().flatten() {
            terms.extend(name_words(name).iter().map(|word| term(NAME, word)));
        }
        contact_terms(fields.email.as_deref(), fields.phone_number.as_deref(), &mut terms);
        for identifier in &fields.identifiers {
            terms.push(identifier_term(&identifier.value));
        }
        if let Some(born) = fields.date_of_birth {
            terms.push(term(BORN, &born.to_string()));
        }
        Self::sorted(terms)
    }

    /// The terms with those of names and medical record numbers that the patient had before.
    pub(crate) fn with_former(self, former: &Former) -> Self {
        let Self(mut terms) = self;
        let words = former.names.iter().flat_map(|name| name_words(name));
        terms.extend(words.map(|word| term(NAME, &word)));
        terms.extend(former.mrns.iter().map(|mrn| mrn_term(mrn)));
        Self::sorted(terms)
    }

    fn sorted(mut terms: Vec<String>) -> Self {
        terms.sort_unstable();
        terms.dedup();
        Self(terms)
    }

    /// Reads them as they are stored.
    pub(crate) fn stored(text: &str) -> Self {
        Self(text.split(SEPARATOR).filter(|it| !it.is_empty()).map(str::to_owned).collect())
    }

    /// As they are stored.
    pub(crate) fn to_text(&self) -> String {
        self.0.join(&SEPARATOR.to_string())
    }

    /// The entries of the index.
    pub(crate) fn entries(&self, is_archived: bool) -> Vec<Entry> {
        let mut entries = Vec::with_capacity(2 * self.0.len());
        let mut before = "";
        for term in &self.0 {
            let same = before.bytes().zip(term.bytes()).take_while(|(a, b)| a == b).count();
            // Where they part within a character, that character is not shared.
            let shared = (0..=same).rev().find(|at| term.is_char_boundary(*at)).unwrap_or_default();
            entries.push(Entry { term: term.clone(), shared: i64::try_from(shared).unwrap_or(0) });
            before = term;
        }
        let words: Vec<_> = self.words().collect();
        let pairs = match words.len() > PAIRED_MAX {
            true => vec![MANY_WORDS.to_owned()],
            false => {
                let pairs = |word| self.pairs_with(word).map(move |other| pair(word, other));
                words.into_iter().flat_map(pairs).collect()
            }
        };
        entries.extend(pairs.into_iter().map(|term| Entry { term, shared: 0 }));
        if is_archived {
            let mark = i64::try_from(ARCHIVED.len()).unwrap_or(0);
            for entry in &mut entries {
                *entry = Entry { term: in_state(&entry.term, true), shared: entry.shared + mark };
            }
        }
        entries
    }

    /// The words of the name.
    fn words(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|term| term.strip_prefix(NAME))
    }

    /// The terms that stand in pairs with a word of the name.
    fn pairs_with<'a>(&'a self, word: &'a str) -> impl Iterator<Item = &'a String> {
        let others = self.0.iter().filter(|term| term.starts_with([NAME, BORN, EMAIL]));
        others.filter(move |term| term.strip_prefix(NAME) != Some(word))
    }

    /// The first term that begins with a text.
    pub(super) fn first(&self, start: &str) -> Option<&str> {
        let from = self.0.partition_point(|term| term.as_str() < start);
        self.0.get(from).map(String::as_str).filter(|term| term.starts_with(start))
    }

    /// Whether one of them is this one.
    pub(super) fn has(&self, term: &str) -> bool {
        self.first(term) == Some(term)
    }

    /// The first pair of a word with another term, by the beginnings of both.
    pub(super) fn first_pair(&self, word: &str, other: &str) -> Option<String> {
        if self.has_many_words() {
            return None;
        }
        let pairs = self.words().filter(|one| one.starts_with(word)).flat_map(|one| {
            let others = self.pairs_with(one).filter(move |term| term.starts_with(other));
            others.map(move |term| pair(one, term))
        });
        pairs.min()
    }

    /// Whether the name has too many words for pairs.
    pub(super) fn has_many_words(&self) -> bool {
        self.words().nth(PAIRED_MAX).is_some()
    }
}

/// The term of a medical record number.
pub(crate) fn mrn_term(mrn: &str) -> String {
    term(MRN, &mrn.to_lowercase())
}

/// The term of an identifier.
pub(crate) fn identifier_term(value: &str) -> String {
    term(IDENTIFIER, &fold_word(value))
}

/// The term as it stands in the index.
pub(crate) fn in_state(term: &str, is_archived: bool) -> String {
    if is_archived { format!("{ARCHIVED}{term}") } else { term.to_owned() }
}

fn pair(word: &str, other: &str) -> String {
    format!("{}{BESIDE}{word}", beside(word, other))
}

/// What the pairs of a whole word with another term begin with, by the beginning of that term.
pub(super) fn beside(word: &str, other: &str) -> String {
    format!("{PAIR}{}{BESIDE}{other}", beginning(word))
}

/// What the pairs of a word with another term begin with, by the beginnings of both.
pub(super) fn pair_start(word: &str, other: &str) -> String {
    match word.chars().count() >= BEGINNING {
        true => beside(word, other),
        // The word may go on, so the other term is not known from here.
        false => format!("{PAIR}{word}"),
    }
}

/// With what the end of a pair of a word begins, by the beginning of the word; `None` where [`pair_start`] says all of
/// that.
pub(super) fn pair_ending(word: &str) -> Option<String> {
    (word.chars().count() > BEGINNING).then(|| format!("{BESIDE}{word}"))
}

fn beginning(word: &str) -> &str {
    let end = word.char_indices().nth(BEGINNING);
    end.and_then(|(end, _)| word.get(..end)).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use shared::PartialDate;

    use super::*;

    fn gomez() -> PatientTerms {
        let fields = PatientFields {
            first_name: Some("José".to_owned()),
            last_name: Some("O'Gómez".to_owned()),
            phone_number: Some("+1 555".to_owned()),
            date_of_birth: PartialDate::parse("1989-05").ok(),
            ..Default::default()
        };
        PatientTerms::of("P000001B", &fields)
    }

    #[test]
    fn a_patient_is_found_by_every_searchable_member() {
        let expected =
            ["d1989-05", "mp000001b", "ngomez", "njose", "no", "nogomez", "p1555", "r5551"];
        assert_eq!(gomez().0, expected);
        assert_eq!(PatientTerms::stored(&gomez().to_text()), gomez());
    }

    #[test]
    fn the_index_has_each_term_and_the_pairs_of_each_word() {
        let entries = gomez().entries(false);
        let shared: Vec<_> = entries.iter().take(8).map(|entry| entry.shared).collect();
        assert_eq!(shared, [0, 0, 0, 1, 1, 2, 0, 0]);
        let pairs: Vec<_> = entries.iter().skip(8).map(|entry| entry.term.as_str()).collect();
        // Each of four words with three others and the date of birth.
        assert_eq!(pairs.len(), 16);
        assert_eq!(pairs[..2], ["xgom\td1989-05\tgomez", "xgom\tnjose\tgomez"]);
        assert!(pairs.contains(&"xo\tngomez\to"));
        let archived = gomez().entries(true);
        assert!(archived.iter().zip(&entries).all(|(a, b)| a.term == format!("-{}", b.term)));
    }

    #[test]
    fn a_name_of_very_many_words_has_no_pairs() {
        let last_name = Some(('a'..='m').map(|letter| format!("{letter} ")).collect());
        let terms = PatientTerms::of("", &PatientFields { last_name, ..Default::default() });
        let pairs: Vec<_> =
            terms.entries(false).into_iter().filter(|it| it.term.starts_with(['x', 'y'])).collect();
        assert_eq!(pairs, [Entry { term: MANY_WORDS.to_owned(), shared: 0 }]);
    }

    #[test]
    fn letters_of_several_bytes_are_shared_as_a_whole() {
        let fields =
            PatientFields { last_name: Some("אב אג".to_owned()), ..Default::default() };
        let entries = PatientTerms::of("", &fields).entries(false);
        let of_names = entries.iter().filter(|entry| entry.term.starts_with(NAME));
        assert_eq!(of_names.map(|entry| entry.shared).collect::<Vec<_>>(), [0, 5, 3]);
    }
}
