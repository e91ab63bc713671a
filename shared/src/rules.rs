//! The rules that more than one kind of record shares, with their limits.

use email_address::{EmailAddress, Options};

use crate::{Complaint, text};

/// Longest first or last name, in characters.
pub const NAME_MAX: usize = 100;
/// Longest e-mail address (RFC 5321, section 4.5.3.1.3, less the brackets).
pub const EMAIL_MAX: usize = 254;
/// Longest spelling of a phone number.
pub const PHONE_MAX: usize = 40;
/// Fewest and most digits of a phone number; fifteen is E.164's limit.
pub const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 5..=15;
/// Longest street address.
pub const ADDRESS_MAX: usize = 200;
/// Longest name of a city or a state.
pub const PLACE_MAX: usize = 100;
/// Longest postal code.
pub const ZIP_MAX: usize = 20;
/// Longest allergies, medical history, notes.
pub const NOTE_MAX: usize = 10_000;
/// Longest search text.
pub const SEARCH_MAX: usize = 200;
/// Longest reason for archiving or purging.
pub const REASON_MAX: usize = 500;

/// An e-mail address as it is stored: as written, with a domain that has a dot.
pub fn email(text: &str) -> Result<String, Complaint> {
    let options =
        Options::default().with_required_tld().without_display_text().without_domain_literal();
    match EmailAddress::parse_with_options(text, options) {
        // A quoted first part is allowed by RFC 5321 and delivered to by hardly anybody.
        Ok(_) if !text.contains('"') => Ok(text.to_owned()),
        _ => {
            Err(Complaint::new("invalid_email", "must be an e-mail address, like ana@example.com"))
        }
    }
}

/// A phone number in its own spelling.
pub fn phone(text: &str) -> Result<String, Complaint> {
    let marks = |c: char| c.is_ascii_digit() || " +-()./#*ext".contains(c.to_ascii_lowercase());
    if !text.chars().all(marks) || !PHONE_DIGITS.contains(&text::digits(text).len()) {
        let (min, max) = (PHONE_DIGITS.start(), PHONE_DIGITS.end());
        let message = format!("must be a phone number with {min} to {max} digits");
        return Err(Complaint::new("invalid_phone", message)
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
    fn phones_keep_their_spelling_and_have_5_to_15_digits() {
        for good in ["+1 (555) 123-4567", "5551234567", "12345", "030/123456 ext. 7"] {
            assert_eq!(phone(good).as_deref(), Ok(good));
        }
        for bad in ["1234", "+1234567890123456", "call me 12345", "١٢٣٤٥٦"] {
            assert!(phone(bad).is_err(), "{bad}");
        }
    }
}
