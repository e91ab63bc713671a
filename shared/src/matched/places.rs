//! The places in a value that a typed word matches, as ranges of the value's characters.

use std::ops::Range;

use crate::text::{digits, fold, fold_case};

/// The same places in their order, with those that touch one another as one.
pub(super) fn united(mut places: Vec<Range<usize>>) -> Vec<Range<usize>> {
    places.sort_by_key(|place| place.start);
    let mut united: Vec<Range<usize>> = Vec::new();
    for place in places {
        match united.last_mut().filter(|last| place.start <= last.end) {
            Some(last) => last.end = last.end.max(place.end),
            None => united.push(place),
        }
    }
    united
}

/// A letter or digit of a folded text.
#[derive(Clone, Copy)]
struct Letter {
    folded: char,
    /// The place of the character from which it comes.
    from: usize,
    /// The place after that character and the combining marks that follow it.
    to: usize,
    /// Whether punctuation, or nothing, stands before it.
    begins_part: bool,
}

/// The letters and digits of a text as search compares them.
fn letters(text: &str) -> Vec<Letter> {
    let mut letters: Vec<Letter> = Vec::with_capacity(text.len());
    let mut begins_part = true;
    for (from, c) in text.chars().enumerate() {
        let to = from + 1;
        // Most letters fold to themselves, and none of these to nothing.
        if c.is_ascii() {
            if c.is_ascii_alphanumeric() {
                letters.push(Letter { folded: c.to_ascii_lowercase(), from, to, begins_part });
            }
            begins_part = !c.is_ascii_alphanumeric();
            continue;
        }
        let folded = fold(c.encode_utf8(&mut [0; 4]));
        if folded.is_empty() {
            if let Some(last) = letters.last_mut().filter(|last| last.to == from) {
                last.to = to;
            }
            continue;
        }
        for folded in folded.chars() {
            if folded.is_alphanumeric() {
                letters.push(Letter { folded, from, to, begins_part });
            }
            begins_part = !folded.is_alphanumeric();
        }
    }
    letters
}

/// The place of the letters that are the beginning, if the letters begin so.
fn begun(letters: &[Letter], beginning: &str) -> Option<Range<usize>> {
    let count = beginning.chars().count();
    let begun = letters.get(..count)?;
    let is_same = begun.iter().map(|letter| letter.folded).eq(beginning.chars());
    is_same.then_some(begun.first()?.from..begun.last()?.to)
}

/// The places in a name where one of its parts begins so, with those that follow it.
pub(super) fn in_name(name: &str, beginning: &str) -> Vec<Range<usize>> {
    let letters = letters(name);
    let parts = letters.iter().enumerate().filter(|(_, letter)| letter.begins_part);
    parts.filter_map(|(at, _)| begun(letters.get(at..)?, beginning)).collect()
}

/// The place of the beginning of an identifier, if the identifier begins so.
pub(super) fn in_identifier(identifier: &str, beginning: &str) -> Option<Range<usize>> {
    begun(&letters(identifier), beginning)
}

/// The places of the first and of the last digits in a phone number, as far as they are the typed
/// ones.
pub(super) fn in_phone(phone: &str, first: &str, last: Option<&str>) -> Vec<Range<usize>> {
    let (digits, mut places) = (digits(phone), Vec::new());
    let at: Vec<usize> =
        phone.chars().enumerate().filter(|(_, c)| c.is_ascii_digit()).map(|(at, _)| at).collect();
    if digits.starts_with(first) {
        places.extend(at.get(..first.len()));
    }
    if let Some(last) = last.filter(|last| digits.ends_with(last)) {
        places.extend(at.get(at.len() - last.len()..));
    }
    let ends = |places: &[usize]| Some(*places.first()?..places.last()? + 1);
    places.into_iter().filter_map(ends).collect()
}

/// The place of the beginning of an e-mail address, if the address begins so.
pub(super) fn in_email(email: &str, beginning: &str) -> Option<Range<usize>> {
    let begins = |text: &str| fold_case(text).starts_with(beginning);
    if !begins(email) {
        return None;
    }
    let ends: Vec<usize> = email.char_indices().map(|(at, c)| at + c.len_utf8()).collect();
    let shorter = ends.partition_point(|end| !email.get(..*end).is_some_and(begins));
    Some(0..shorter + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::{fold_word, name_words};

    /// Names with what folds to another number of characters, and punctuation.
    const NAME: &str = "[ a-dA-DñÉßﬁŒǅ'\\-.½\u{301}\u{300}\u{200d}김李\u{5d0}नेﷺｶﾞ😀\u{3000}]{0,12}";

    proptest! {
        #[test]
        fn a_name_has_a_matched_part_if_and_only_if_search_finds_it(
            name in NAME, other in NAME, from in 0usize..12, len in 1usize..6,
        ) {
            let begun: String = name.chars().skip(from).take(len).collect();
            for typed in [begun, other] {
                let beginning = fold_word(&typed);
                if typed.contains(char::is_whitespace) || beginning.is_empty() {
                    continue;
                }
                let is_found = name_words(&name).iter().any(|word| word.starts_with(&beginning));
                let places = united(in_name(&name, &beginning));
                prop_assert_eq!(!places.is_empty(), is_found, "{:?} in {:?}", typed, name);
                let mut end = 0;
                for place in places {
                    prop_assert!(place.start >= end && place.start < place.end);
                    end = place.end;
                    let part: String = name.chars().skip(place.start).take(place.len()).collect();
                    prop_assert_eq!(part.chars().count(), place.len());
                    prop_assert!(fold_word(&part).starts_with(&beginning), "{:?}", part);
                }
            }
        }

        #[test]
        fn an_email_has_a_matched_part_if_and_only_if_it_begins_so(
            email in "[a-cA-CñÉßﬁǅ\u{301}ｶﾞ@.]{1,12}", len in 1usize..12,
        ) {
            let typed: String = email.chars().take(len).collect();
            let beginning = fold_case(&typed);
            let is_found = fold_case(&email).starts_with(&beginning);
            let place = in_email(&email, &beginning);
            prop_assert_eq!(place.is_some(), is_found);
            if let Some(place) = place {
                let part: String = email.chars().take(place.end).collect();
                prop_assert!(place.start == 0 && fold_case(&part).starts_with(&beginning));
                let less: String = email.chars().take(place.end - 1).collect();
                prop_assert!(!fold_case(&less).starts_with(&beginning));
            }
        }
    }
}
