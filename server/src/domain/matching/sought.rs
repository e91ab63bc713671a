//! How like a person is to what was typed to find somebody, where the spelling is another one.

use shared::PartialDate;
use strsim::osa_distance;

use super::{
    Person,
    births::{Birth, BirthLikeness},
    names::{LONG, words},
};

/// The number of letters of which the beginning of a name has at least.
const BEGINNING_MIN: usize = 3;

/// What was typed to find somebody.
#[derive(Clone, Debug)]
pub(crate) struct Sought {
    words: Vec<String>,
    birth: Option<PartialDate>,
}

impl Sought {
    /// The words of a name, and a date of birth as far as it is known.
    pub(crate) fn new(name: &str, birth: Option<PartialDate>) -> Self {
        Self { words: words(name), birth }
    }

    /// The folded words of the name.
    pub(crate) fn words(&self) -> &[String] {
        &self.words
    }

    /// The date of birth.
    pub(crate) fn birth(&self) -> Option<PartialDate> {
        self.birth
    }

    /// How like the person is, as a number above 0 that orders people. `None` for somebody else: every word has to
    /// be in the name, but for a typing error in a long one; one of several may be missing where the date of birth
    /// is the same.
    pub(crate) fn likeness(&self, person: &Person) -> Option<f64> {
        let born = self.birth.map(|date| Birth::of(Some(date), false).compare(&person.birth));
        let of_birth = match born {
            None | Some(BirthLikeness::Unknown) => 0.0,
            Some(BirthLikeness::Same) => 1.0,
            Some(BirthLikeness::FittingMonth) => 0.8,
            Some(BirthLikeness::Fitting | BirthLikeness::Swapped) => 0.6,
            Some(BirthLikeness::Similar) => 0.5,
            Some(BirthLikeness::Different) => return None,
        };
        let names = person.names.words();
        let of_words: Vec<f64> = self.words.iter().map(|word| best(word, &names)).collect();
        let missing = of_words.iter().filter(|it| **it == 0.0).count();
        let is_sure = matches!(
            born,
            Some(BirthLikeness::Same | BirthLikeness::FittingMonth | BirthLikeness::Swapped)
        );
        let may_miss = usize::from(is_sure && self.words.len() > 1);
        let is_like = !self.words.is_empty() && missing <= may_miss;
        is_like.then(|| of_words.iter().sum::<f64>() + of_birth)
    }
}

/// How like a word is to the one of these that is the most like it; 0 where none is.
fn best(word: &str, names: &[&str]) -> f64 {
    let likeness = |name: &&str| {
        let is_long = word.chars().count().max(name.chars().count()) >= LONG;
        match name {
            _ if *name == word => 1.0,
            _ if name.starts_with(word) && word.chars().count() >= BEGINNING_MIN => 0.9,
            _ if is_long && osa_distance(name, word) == 1 => 0.7,
            _ => 0.0,
        }
    };
    names.iter().map(likeness).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use shared::patient::{PatientFields, PatientState};

    use super::*;

    fn likeness(typed: &str, born: &str) -> Option<f64> {
        let fields = PatientFields {
            first_name: Some("Ana María".to_owned()),
            last_name: Some("González-Soto".to_owned()),
            date_of_birth: PartialDate::parse("1989-05-04").ok(),
            ..PatientFields::default()
        };
        let person = Person::of(&PatientState { fields, date_of_birth_estimated: false });
        Sought::new(typed, PartialDate::parse(born).ok()).likeness(&person)
    }

    #[test]
    fn a_typing_error_in_a_long_word_is_forgiven() {
        for typed in ["gonzales ana", "Ana Gnozalez", "maria gonzlez", "gonz ana", "Gonzalez"] {
            assert!(likeness(typed, "").is_some(), "{typed}");
        }
        for typed in ["gonsales ana", "ena gonzalez", "rey ana", "go ana", ""] {
            assert_eq!(likeness(typed, ""), None, "{typed}");
        }
    }

    #[test]
    fn another_last_name_is_forgiven_beside_the_date_of_birth_only() {
        for born in ["1989-05-04", "1989-05", "1989-04-05"] {
            assert!(likeness("Ana Rey", born).is_some(), "{born}");
        }
        for born in ["", "1989", "1989-05-14", "1970-01-01"] {
            assert_eq!(likeness("Ana Rey", born), None, "{born}");
        }
        assert_eq!(likeness("Rey", "1989-05-04"), None);
        assert_eq!(likeness("Eva Rey", "1989-05-04"), None);
        assert_eq!(likeness("Ana Gonzalez", "1970-01-01"), None);
    }

    #[test]
    fn whoever_is_more_alike_comes_first() {
        let order = [
            likeness("ana gonzalez", "1989-05-04"),
            likeness("ana gonzales", "1989-05-04"),
            likeness("ana gonzales", "1989-04-05"),
            likeness("ana rey", "1989-05-04"),
            likeness("ana gonzales", ""),
        ];
        assert!(order.is_sorted_by(|one, other| one > other), "{order:?}");
    }
}
