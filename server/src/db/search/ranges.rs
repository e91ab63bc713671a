//! The ranges of the index that a search for patients reads one after another. Their order, and the order of
//! the index within each, is the order of the results: whole words come before beginnings.

use super::{
    BORN, EMAIL, IDENTIFIER, MRN, NAME, PHONE, PHONE_REVERSED, Word,
    terms::{MANY_WORDS, PatientTerms, pair_ending, pair_start},
};

/// The kinds of terms in the order in which a word is looked up.
const KINDS: [char; 7] = [MRN, BORN, NAME, PHONE, PHONE_REVERSED, IDENTIFIER, EMAIL];
/// The kinds of which few patients have the same beginning. The other kinds stand in pairs.
const DISTINCTIVE: [char; 4] = [MRN, PHONE_REVERSED, PHONE, IDENTIFIER];
/// The number of characters of a term with a whole day, with its kind.
const WHOLE_DAY: usize = 11;

/// What a search for patients looks for: words without those that others include, and the ranges of the index
/// with all patients who match all words.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ranges {
    words: Vec<Word>,
    ranges: Vec<TermRange>,
}

/// A range of the index: the terms that begin with a text.
#[derive(Clone, Debug, PartialEq)]
struct TermRange {
    start: String,
    rule: Rule,
}

/// Which patients are found in a range.
#[derive(Clone, Debug, PartialEq)]
enum Rule {
    /// Those with a term that begins with the text of the range.
    Term,
    /// Those with a word of the name and another term that begin with these.
    Pair { word: String, other: String },
    /// Those whose names have too many words for pairs.
    ManyWords,
}

impl TermRange {
    fn of_term(start: &str) -> Self {
        Self { start: start.to_owned(), rule: Rule::Term }
    }

    fn of_pair(word: &str, other: &str) -> Self {
        let rule = Rule::Pair { word: word.to_owned(), other: other.to_owned() };
        Self { start: pair_start(word, other), rule }
    }

    /// The first entry of the range for a patient.
    fn first(&self, terms: &PatientTerms) -> Option<String> {
        match &self.rule {
            Rule::Term => terms.first(&self.start).map(str::to_owned),
            Rule::Pair { word, other } => terms.first_pair(word, other),
            Rule::ManyWords => terms.has_many_words().then(|| MANY_WORDS.to_owned()),
        }
    }
}

impl Ranges {
    /// The ranges for words.
    pub(super) fn of(words: &[Word]) -> Self {
        let words = needed(words);
        let mut by_weight: Vec<_> = words.iter().collect();
        by_weight.sort_by_key(|word| std::cmp::Reverse(word.weight()));
        let ranges = match *by_weight {
            // Nobody matches a word without a letter or digit.
            _ if words.iter().any(|word| word.starts.is_empty()) => Vec::new(),
            [] => Vec::new(),
            [word] => {
                let starts = KINDS.into_iter().flat_map(|kind| word.of_kind(kind));
                starts.map(TermRange::of_term).collect()
            }
            [first, second, ..] => of_two(first, second),
        };
        Self { words, ranges }
    }

    /// The texts with which the terms of each range begin.
    pub(crate) fn starts(
        &self,
    ) -> impl DoubleEndedIterator<Item = (usize, &str)> + ExactSizeIterator {
        self.ranges.iter().map(|range| range.start.as_str()).enumerate()
    }

    /// What the terms of a range have somewhere, where the beginning of the range does not say it: the end of a pair
    /// is the whole word.
    pub(crate) fn ending(&self, range: usize) -> Option<String> {
        match &self.ranges.get(range)?.rule {
            Rule::Pair { word, .. } => pair_ending(word),
            Rule::Term | Rule::ManyWords => None,
        }
    }

    /// Whether a single word is searched. Then the entries of the first range alone say who is found there.
    pub(crate) fn is_one_word(&self) -> bool {
        self.words.len() == 1
    }

    /// The first of the ranges in which a patient is found, and the patient's first entry there; `None` where
    /// the patient does not match.
    pub(crate) fn place(&self, terms: &PatientTerms) -> Option<(usize, String)> {
        let is_met = |word: &Word| word.starts.iter().any(|start| terms.first(start).is_some());
        if !self.words.iter().all(is_met) {
            return None;
        }
        let mut found = self.ranges.iter().enumerate();
        found.find_map(|(place, range)| Some((place, range.first(terms)?)))
    }

    /// The number of words that match only the beginning of a term of the patient, so 0 is best.
    pub(crate) fn rank(&self, terms: &PatientTerms) -> i64 {
        let is_begun =
            |word: &&Word| !word.exact.is_empty() && !word.exact.iter().any(|term| terms.has(term));
        i64::try_from(self.words.iter().filter(is_begun).count()).unwrap_or(i64::MAX)
    }
}

/// The words without those that every patient matches who matches another one.
fn needed(words: &[Word]) -> Vec<Word> {
    let includes = |one: &Word, other: &Word| {
        !one.starts.is_empty()
            && one.starts.iter().all(|start| other.starts.iter().any(|it| start.starts_with(it)))
    };
    let is_needed = |(place, word): &(usize, &Word)| {
        !words.iter().enumerate().any(|(at, one)| {
            // Of two that include each other, the first one stays.
            at != *place && includes(one, word) && (at < *place || !includes(word, one))
        })
    };
    words.iter().enumerate().filter(is_needed).map(|(_, word)| word.clone()).collect()
}

/// The ranges for two words. A patient matches each in one of the ways in which it may be read, and for any
/// two ways there is a range.
fn of_two(first: &Word, second: &Word) -> Vec<TermRange> {
    let mut ranges = Vec::new();
    let with_other = |kind, ranges: &mut Vec<TermRange>| {
        for (named, other) in [(first, second), (second, first)] {
            for word in named.names() {
                ranges.extend(other.of_kind(kind).map(|term| TermRange::of_pair(word, term)));
            }
        }
    };
    with_other(BORN, &mut ranges);
    for one in first.names() {
        for other in second.names() {
            // The order in which two words were typed does not matter.
            let is_longer = (one.chars().count(), other) >= (other.chars().count(), one);
            let (word, other) = if is_longer { (one, other) } else { (other, one) };
            ranges.push(TermRange::of_pair(word, &super::term(NAME, other)));
        }
    }
    with_other(EMAIL, &mut ranges);
    // One term may match both words.
    for kind in [NAME, BORN] {
        for one in first.of_kind(kind) {
            for other in second.of_kind(kind) {
                let longer = if one.len() >= other.len() { (one, other) } else { (other, one) };
                if longer.0.starts_with(longer.1) {
                    ranges.push(TermRange::of_term(longer.0));
                }
            }
        }
    }
    for kind in DISTINCTIVE {
        for word in [first, second] {
            ranges.extend(word.of_kind(kind).map(TermRange::of_term));
        }
    }
    // Of the e-mail addresses many begin like a name. They are in pairs with names, and no address begins with two
    // words, so only dates are left to stand beside them.
    for (word, other) in [(first, second), (second, first)] {
        if other.of_kind(BORN).next().is_some() {
            ranges.extend(word.of_kind(EMAIL).map(TermRange::of_term));
        }
    }
    ranges.push(TermRange { start: MANY_WORDS.to_owned(), rule: Rule::ManyWords });
    ranges
}

impl Word {
    /// The beginnings of terms of a kind that match.
    fn of_kind(&self, kind: char) -> impl Iterator<Item = &str> {
        self.starts.iter().map(String::as_str).filter(move |start| start.starts_with(kind))
    }

    /// The beginnings of names that match.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.starts.iter().filter_map(|start| start.strip_prefix(NAME))
    }

    /// How much the word is likely to narrow a search, by its form alone.
    fn weight(&self) -> usize {
        let is_whole_day = || self.of_kind(BORN).any(|start| start.len() == WHOLE_DAY);
        if self.of_kind(EMAIL).any(|start| start.contains('@'))
            || self.of_kind(MRN).next().is_some()
        {
            return 1_000;
        }
        if is_whole_day() {
            return 900;
        }
        if self.of_kind(PHONE_REVERSED).next().is_some() {
            return 800;
        }
        self.starts.iter().map(|start| start.chars().count()).max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Search, *};

    const TERMS: [&str; 9] = [
        "d1989-05-25",
        "egomez@example.com",
        "i1989",
        "mp000001b",
        "n1989x",
        "ngomez",
        "njose",
        "p15551989",
        "r98915551",
    ];

    fn ranges(typed: &str) -> Ranges {
        Search::parse(typed).unwrap().ranges()
    }

    fn starts(typed: &str) -> Vec<String> {
        ranges(typed).starts().map(|(_, start)| start.to_owned()).collect()
    }

    #[test]
    fn a_word_is_looked_up_as_a_name_before_anything_that_it_may_be_too() {
        assert_eq!(starts("Gómez"), ["ngomez", "igomez", "egómez"]);
        assert_eq!(starts("1989"), ["d1989", "n1989", "p1989", "r9891", "i1989", "e1989"]);
        assert_eq!(starts("'"), Vec::<String>::new());
        assert_eq!(starts(""), Vec::<String>::new());
    }

    #[test]
    fn two_words_are_looked_up_as_pairs_whatever_their_order() {
        let pairs = ["xgom\tnjos", "xgom\tejos", "xjos\tegomez"];
        assert_eq!(starts("jos gomez")[..3], pairs);
        assert_eq!(starts("gomez jos")[0], pairs[0]);
        assert_eq!(starts("gomez 1989-05")[0], "xgom\td1989-05");
        assert_eq!(starts("li wang")[0], "xwan\tnli");
        // From letters that may go on nothing follows but themselves.
        assert_eq!(starts("j g")[0], "xg");
    }

    #[test]
    fn a_word_that_another_one_includes_is_not_looked_up() {
        assert_eq!(starts("gom gomez gomez"), starts("gomez"));
    }

    #[test]
    fn everybody_who_matches_all_words_is_found_in_a_range_by_an_entry_of_it() {
        let terms = PatientTerms::stored(&TERMS.join("\n"));
        let entries = terms.entries(false);
        let words = [
            "g",
            "gom",
            "gomez",
            "gómez",
            "jos",
            "jose",
            "1989",
            "1989-05",
            "1989-05-25",
            "1989x",
            "p0000",
            "1555",
            "15551989",
            "gomez@",
            "gomez@example.com",
            "19",
            "x",
        ];
        let mut texts: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        for one in words {
            texts.extend(words.iter().map(|other| format!("{one} {other}")));
            texts.extend(words.iter().map(|other| format!("jose {one} {other}")));
        }
        for text in texts {
            let ranges = ranges(&text);
            let matches = ranges.words.iter().all(|word| {
                word.starts.iter().any(|start| TERMS.iter().any(|term| term.starts_with(start)))
            });
            let place = ranges.place(&terms);
            assert_eq!(place.is_some(), matches, "{text}: {ranges:?}");
            let Some((place, term)) = place else { continue };
            assert!(term.starts_with(&ranges.ranges[place].start), "{text}: {term}");
            let entry = entries.iter().find(|entry| entry.term == term);
            let entry = entry.unwrap_or_else(|| panic!("{text}: no entry {term}"));
            if ranges.is_one_word() && place == 0 {
                let start = i64::try_from(ranges.ranges[0].start.len()).unwrap();
                assert!(entry.shared < start, "{text}: {entry:?} is not the first");
            }
        }
    }

    #[test]
    fn words_that_only_begin_like_a_term_are_counted() {
        let terms = PatientTerms::stored(&TERMS.join("\n"));
        assert_eq!(ranges("gomez jose").rank(&terms), 0);
        assert_eq!(ranges("gom jose").rank(&terms), 1);
        // The last digits of a phone number are as good as the whole.
        assert_eq!(ranges("5551989").rank(&terms), 1);
    }
}
