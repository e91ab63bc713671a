//! The medical record number: `P`, at least six digits, and a check letter.

use crate::FieldError;

/// The check letters. There are 23 of them. This is a prime above ten, so every single wrong digit
/// and every swap of two digits, adjacent or not, changes the remainder. `I`, `O` and `U` are left
/// out because they are easily misread.
const LETTERS: &[u8; 23] = b"ABCDEFGHJKLMNPQRSTVWXYZ";

/// The minimum number of digits.
const DIGITS_MIN: usize = 6;
/// The maximum number of digits; such numbers fit into 64 bits.
const DIGITS_MAX: usize = 18;

/// The longest text of a medical record number.
pub const MRN_MAX: usize = DIGITS_MAX + 2;

/// A medical record number with a valid check letter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mrn(String);

impl Mrn {
    /// The medical record number for a position in the sequence.
    pub fn from_sequence(place: i64) -> Self {
        Self(format!("P{place:0width$}{}", check_letter(place.unsigned_abs()), width = DIGITS_MIN))
    }

    /// Parses a typed number. Case, spaces and dashes don't matter.
    ///
    /// Fails with the code `mistyped_mrn` where only the check letter is wrong, so that a mistyped
    /// number is never taken for another patient's, and with `invalid_mrn` on any other shape.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let written: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let shape =
            || FieldError::new("invalid_mrn", "must be P, at least six digits and a check letter");
        let (digits, letter) = written
            .strip_prefix('P')
            .and_then(|rest| rest.split_at_checked(rest.len().saturating_sub(1)))
            .ok_or_else(shape)?;
        let counted = (DIGITS_MIN..=DIGITS_MAX).contains(&digits.len());
        let lettered = letter.bytes().all(|b| b.is_ascii_alphabetic()) && letter.len() == 1;
        if !counted || !lettered || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(shape());
        }
        let place: u64 = digits.parse().map_err(|_| shape())?;
        if !letter.starts_with(check_letter(place)) {
            return Err(FieldError::new(
                "mistyped_mrn",
                "is mistyped: the check letter does not fit the digits",
            ));
        }
        Ok(Self(written))
    }

    /// Whether a text has the shape of a number, whether or not its check letter is right.
    pub fn looks_like(text: &str) -> bool {
        match Self::parse(text) {
            Ok(_) => true,
            Err(error) => error.code == "mistyped_mrn",
        }
    }

    /// The position in the sequence.
    pub fn place(&self) -> i64 {
        let digits = self.0.trim_matches(|c: char| !c.is_ascii_digit());
        // At most 18 digits were accepted.
        digits.parse().unwrap_or_default()
    }

    /// The number as it is stored and printed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Mrn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn check_letter(place: u64) -> char {
    let remainder = usize::try_from(place % LETTERS.len() as u64).unwrap_or_default();
    LETTERS.get(remainder).map_or('A', |letter| char::from(*letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_numbers_are_read_in_any_spelling() {
        let mrn = Mrn::from_sequence(1234);
        assert_eq!(mrn.as_str(), "P001234R");
        assert_eq!(mrn.place(), 1234);
        assert_eq!(Mrn::parse(" p 00-1234 r "), Ok(mrn));
    }

    #[test]
    fn every_single_wrong_digit_and_every_swap_is_noticed() {
        for place in [1, 9, 100_000, 123_456, 999_999, 1_234_567] {
            let right = Mrn::from_sequence(place).as_str().to_owned();
            let digits: Vec<char> = right.chars().collect();
            for i in 1..digits.len() - 1 {
                for digit in '0'..='9' {
                    let mut wrong = digits.clone();
                    wrong[i] = digit;
                    let wrong: String = wrong.into_iter().collect();
                    assert_eq!(Mrn::parse(&wrong).is_ok(), wrong == right, "{wrong}");
                }
                for j in i + 1..digits.len() - 1 {
                    let mut wrong = digits.clone();
                    wrong.swap(i, j);
                    let wrong: String = wrong.into_iter().collect();
                    assert_eq!(Mrn::parse(&wrong).is_ok(), wrong == right, "{wrong}");
                }
            }
        }
    }

    #[test]
    fn an_invalid_number_is_refused_with_the_expected_form() {
        for text in ["", "P", "P12345A", "Q001234R", "P001234", "P00123456789012345678X", "Pé"] {
            assert_eq!(Mrn::parse(text).map_err(|c| c.code), Err("invalid_mrn"), "{text}");
        }
        assert!(Mrn::looks_like("p001234s") && !Mrn::looks_like("gomez"));
    }
}
