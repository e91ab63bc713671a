//! How alike two names are.

use shared::{likeness::Likeness, text::fold};
use strsim::osa_distance;

/// The number of letters from which on a word may have a typing error. Many shorter words are one letter from
/// another name.
pub(super) const LONG: usize = 5;
/// Words that tell people of one name apart. They are no part of the name.
const GENERATIONS: [(&str, u8); 9] = [
    ("sr", 1),
    ("senior", 1),
    ("jr", 2),
    ("jnr", 2),
    ("junior", 2),
    ("ii", 2),
    ("iii", 3),
    ("iv", 4),
    ("filho", 2),
];

/// A name as it is compared.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Names {
    /// The words of the first and of the last name, folded. A hyphen separates words, an apostrophe does not.
    first: Vec<String>,
    last: Vec<String>,
    /// The words of both in order, and each of both without spaces.
    sorted: Vec<String>,
    joined: [String; 2],
    generation: Option<u8>,
}

/// How alike two names are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameLikeness {
    /// The same words in any order.
    Same,
    /// The same but for one typing error in a long word, or with more words on one side.
    Similar,
    /// The name of one is a former name of the other one.
    Former,
    SameFirst,
    SameLast,
    Different,
}

impl NameLikeness {
    pub(super) fn reason(self) -> Option<Likeness> {
        match self {
            Self::Same => Some(Likeness::SameName),
            Self::Similar => Some(Likeness::SimilarName),
            Self::Former => Some(Likeness::FormerName),
            Self::SameFirst => Some(Likeness::SameFirstName),
            Self::SameLast => Some(Likeness::SameLastName),
            Self::Different => None,
        }
    }
}

impl Names {
    pub(super) fn of(first: Option<&str>, last: Option<&str>) -> Self {
        let mut generation = None;
        let mut of = |name: Option<&str>| {
            let mut words = words(name.unwrap_or_default());
            if words.len() > 1 {
                words.retain(|word| {
                    let found = GENERATIONS.iter().find(|(name, _)| name == word);
                    generation = found.map(|(_, number)| *number).or(generation);
                    found.is_none()
                });
            }
            words
        };
        let (first, last) = (of(first), of(last));
        let mut sorted: Vec<_> = first.iter().chain(&last).cloned().collect();
        sorted.sort_unstable();
        let joined = [first.concat(), last.concat()];
        Self { first, last, sorted, joined, generation }
    }

    /// Whether both say of which generation they are, and not of the same one.
    pub(super) fn are_generations(&self, other: &Self) -> bool {
        matches!((self.generation, other.generation), (Some(one), Some(other)) if one != other)
    }

    pub(super) fn compare(&self, other: &Self) -> NameLikeness {
        if self.sorted.is_empty() || other.sorted.is_empty() {
            return NameLikeness::Different;
        }
        if self.sorted == other.sorted || self.is_joined_like(other) {
            return NameLikeness::Same;
        }
        if is_mistyped(&self.sorted, &other.sorted)
            || self.has_more_words(other)
            || other.has_more_words(self)
        {
            return NameLikeness::Similar;
        }
        let is_same = |one: &[String], other: &[String]| !one.is_empty() && one == other;
        if is_same(&self.first, &other.first) {
            return NameLikeness::SameFirst;
        }
        if is_same(&self.last, &other.last) {
            return NameLikeness::SameLast;
        }
        NameLikeness::Different
    }

    /// All words.
    pub(super) fn words(&self) -> Vec<&str> {
        self.first.iter().chain(&self.last).map(String::as_str).collect()
    }

    /// Whether they are the same written without spaces, in either order.
    fn is_joined_like(&self, other: &Self) -> bool {
        let [first, last] = &self.joined;
        self.joined == other.joined || [last, first] == other.joined.each_ref()
    }

    /// Whether this name has all words of the other one, of which at least one is of each of its parts, and
    /// more.
    fn has_more_words(&self, other: &Self) -> bool {
        let contains = |words: &[String], some: &[String]| {
            !some.is_empty() && some.iter().all(|word| words.contains(word))
        };
        (contains(&self.first, &other.first) && contains(&self.last, &other.last))
            || (contains(&self.first, &other.last) && contains(&self.last, &other.first))
    }
}

/// The folded words of a name.
pub(super) fn words(name: &str) -> Vec<String> {
    let folded = fold(name);
    let words = folded.split(|c: char| c.is_whitespace() || matches!(c, '-' | '‐' | '‑' | '–'));
    let plain = words.map(|word| word.chars().filter(|c| c.is_alphanumeric()).collect::<String>());
    plain.filter(|word| !word.is_empty()).collect()
}

/// Whether two sorted lists of words are the same but for one typing error in a long word.
fn is_mistyped(own: &[String], others: &[String]) -> bool {
    if own.len() != others.len() {
        return false;
    }
    // The word with the error may sort elsewhere.
    let (Some(wrong), Some(right)) = (only_other(own, others), only_other(others, own)) else {
        return false;
    };
    let length = wrong.chars().count().max(right.chars().count());
    length >= LONG && osa_distance(wrong, right) == 1
}

/// The only word that another list lacks; `None` where it lacks none or several.
fn only_other<'a>(all: &'a [String], some: &[String]) -> Option<&'a str> {
    let mut left: Vec<_> = all.iter().map(String::as_str).collect();
    for word in some {
        if let Some(at) = left.iter().position(|it| it == word) {
            left.remove(at);
        }
    }
    match *left {
        [word] => Some(word),
        _ => None,
    }
}
