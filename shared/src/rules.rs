//! Rules and limits that several kinds of records share. Lengths are in characters.

use email_address::{EmailAddress, Options};

use crate::{FieldError, text};

/// The longest first or last name.
pub const NAME_MAX: usize = 100;
/// The longest e-mail address (RFC 5321, section 4.5.3.1.3, without the angle brackets).
pub const EMAIL_MAX: usize = 254;
/// The longest spelling of a phone number.
pub const PHONE_MAX: usize = 40;
/// The number of digits in a phone number; fifteen is the limit of E.164.
pub const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 5..=15;
/// The longest street address.
pub const ADDRESS_MAX: usize = 200;
/// The longest name of a city or state.
pub const PLACE_MAX: usize = 100;
/// The longest postal code.
pub const ZIP_MAX: usize = 20;
/// The longest allergies, medical history or notes.
pub const NOTE_MAX: usize = 10_000;
/// The longest search text.
pub const SEARCH_MAX: usize = 200;
/// The longest reason for archiving or purging.
pub const REASON_MAX: usize = 500;

/// Checks an e-mail address, whose domain must have a dot. The spelling stays as it is.
pub fn email(text: &str) -> Result<String, FieldError> {
    let options =
        Options::default().with_required_tld().without_display_text().without_domain_literal();
    match EmailAddress::parse_with_options(text, options) {
        // RFC 5321 allows a quoted local part, but hardly any mail server delivers to it.
        Ok(_) if !text.contains('"') => Ok(text.to_owned()),
        _ => {
            Err(FieldError::new("invalid_email", "must be an e-mail address, like ana@example.com"))
        }
    }
}

/// The longest language tag. RFC 5646, section 4.4.1, requires room for at least 35 characters.
pub const LANGUAGE_MAX: usize = 35;

/// Checks a language tag (BCP 47, which is RFC 5646) and normalises its case: `pt-BR`.
///
/// The English name of a language (`spanish`) is refused although it has the form of a tag,
/// because no primary subtag of a language has more than three letters (section 2.2.1).
pub fn language(text: &str) -> Result<String, FieldError> {
    match oxilangtag::LanguageTag::parse_and_normalize(text) {
        Ok(tag) if tag.split('-').next().is_some_and(|primary| primary.len() <= 3) => {
            Ok(tag.into_inner())
        }
        _ => Err(FieldError::new("invalid_language", "must be a language tag, like es or pt-BR")),
    }
}

/// Checks a phone number. The spelling stays as it is.
pub fn phone(text: &str) -> Result<String, FieldError> {
    let marks = |c: char| c.is_ascii_digit() || " +-()./#*ext".contains(c.to_ascii_lowercase());
    if !text.chars().all(marks) || !PHONE_DIGITS.contains(&text::digits(text).len()) {
        let (min, max) = (PHONE_DIGITS.start(), PHONE_DIGITS.end());
        let message = format!("must be a phone number with {min} to {max} digits");
        return Err(FieldError::new("invalid_phone", message)
            .with("min_digits", *min)
            .with("max_digits", *max));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emails() {
        for good in ["jane@example.com", "rahul.kumar+x@aiims.edu", "José@exämple.org"] {
            assert!(email(good).is_ok(), "{good}");
        }
        for bad in [
            "\"a b\"@x.org",
            "jane",
            "jane@",
            "@example.com",
            "a b@example.com",
            "jane@localhost",
            "a@[::1]",
        ] {
            assert!(email(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn language_tags_are_written_in_the_usual_case() {
        for (typed, written) in [
            ("es", "es"),
            ("PT-br", "pt-BR"),
            ("ZH-hant-tw", "zh-Hant-TW"),
            ("es-419", "es-419"),
            ("zh-YUE", "zh-yue"),
            ("de-ch-1901", "de-CH-1901"),
            ("i-Klingon", "i-klingon"),
            ("x-Sign", "x-sign"),
        ] {
            assert_eq!(language(typed).as_deref(), Ok(written));
        }
        for bad in
            ["e", "spanish", "root", "pt_BR", "es-", "-es", "en--US", "español", "es MX", "1"]
        {
            assert_eq!(language(bad).unwrap_err().code, "invalid_language", "{bad}");
        }
    }

    #[test]
    fn phones_keep_their_spelling_and_have_5_to_15_digits() {
        for good in ["+1 (555) 123-4567", "5551234567", "12345", "030/123456 ext. 7"] {
            assert_eq!(phone(good).as_deref(), Ok(good));
        }
        for bad in ["1234", "+1234567890123456", "call me 12345", "١٢٣٤٥٦"] {
            assert!(phone(bad).is_err(), "{bad}");
        }
    }
}
