//! Text as it is stored, and text as it is compared.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::FieldError;

/// The number of lines that a field may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// One line. Line breaks and tabs are refused.
    One,
    /// Any number of lines.
    Many,
}

/// Trims a text, composes it (Unicode NFC) and replaces CRLF by LF.
///
/// Fails where it contains control characters, bidirectional overrides (U+202A to U+202E, U+2066 to
/// U+2069) or tag characters, or more than `max` characters.
pub fn clean(text: &str, lines: Lines, max: usize) -> Result<String, FieldError> {
    let is_ascii = text.is_ascii();
    let length = if is_ascii { text.len() } else { text.nfc().count() };
    // The length including surrounding spaces is limited too: so many spaces are no typing slip.
    if length > max {
        return Err(FieldError::too_long(max));
    }
    let cleaned = text.replace("\r\n", "\n");
    let cleaned = cleaned.trim();
    let cleaned: String = if is_ascii { cleaned.to_owned() } else { cleaned.nfc().collect() };
    if cleaned.chars().count() > max {
        return Err(FieldError::too_long(max));
    }
    let allowed = |c: char| lines == Lines::Many && matches!(c, '\n' | '\t');
    match cleaned.chars().find(|c| is_refused(*c) && !allowed(*c)) {
        Some('\n' | '\r') => Err(FieldError::new("line_break", "must be on one line")),
        Some(c) => {
            let code = format!("U+{:04X}", u32::from(c));
            let message = format!("must not contain the invisible control character {code}");
            Err(FieldError::new("control_character", message).with("character", code))
        }
        None => Ok(cleaned),
    }
}

/// Whether a character must be neither stored nor shown as it is, because it would act on the
/// terminal or on the direction of the text around it.
pub fn is_refused(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{E0000}'..='\u{E007F}')
}

/// Whether a text shows anything. Some characters only modify their neighbours (Unicode's
/// Default_Ignorable_Code_Point) or are blanks under another name.
pub fn is_visible(text: &str) -> bool {
    let is_ignorable = |c: char| {
        matches!(c,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{206F}' | '\u{2800}'
            | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{E0100}'..='\u{E01EF}')
    };
    text.chars().any(|c| !c.is_whitespace() && !is_ignorable(c))
}

/// A text without case and accents, for comparing and sorting.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'ß' | 'ẞ' => folded.push_str("ss"),
            'æ' | 'Æ' => folded.push_str("ae"),
            'œ' | 'Œ' => folded.push_str("oe"),
            'ø' | 'Ø' => folded.push('o'),
            'đ' | 'Đ' | 'ð' | 'Ð' => folded.push('d'),
            'ł' | 'Ł' => folded.push('l'),
            'þ' | 'Þ' => folded.push_str("th"),
            'ı' => folded.push('i'),
            // The same letter at the end of a word.
            'ς' => folded.push('σ'),
            _ => folded.extend(c.to_lowercase().filter(|c| !is_combining_mark(*c))),
        }
    }
    folded
}

/// A text without case but with accents, for comparing e-mail addresses and usernames.
pub fn fold_case(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let lower = text.nfkc().flat_map(char::to_lowercase);
    lower.map(|c| if c == 'ς' { 'σ' } else { c }).collect()
}

/// A folded word without punctuation: `O'Brien` and `obrien` give the same result.
pub fn fold_word(word: &str) -> String {
    fold(word).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The words under which a name is found: each of its parts, between spaces, hyphens and other punctuation,
/// alone and with all that follow it. So `Núñez-O'Brien` is found as `obrien` and `nunezobrien`, and
/// `De la Cruz` as `delacruz`.
pub fn name_words(name: &str) -> Vec<String> {
    let folded = fold(name);
    let parts: Vec<&str> =
        folded.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
    let mut words: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
    words.extend((0..parts.len()).filter_map(|from| Some(parts.get(from..)?.concat())));
    words.sort_unstable();
    words.dedup();
    words
}

/// The ASCII digits of a text.
pub fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// The name that is most similar to `written`, if any is similar enough.
pub fn nearest<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    names
        .into_iter()
        .map(|name| (strsim::normalized_damerau_levenshtein(written, name), name))
        .filter(|(likeness, _)| *likeness >= 0.5)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_trimmed_composed_and_has_plain_line_ends() {
        assert_eq!(clean("  Jose\u{301} ", Lines::One, 100).as_deref(), Ok("José"));
        assert_eq!(clean("a\r\nb\tc", Lines::Many, 100).as_deref(), Ok("a\nb\tc"));
    }

    #[test]
    fn names_in_any_script_pass() {
        for name in ["நிலா", "मोहन‍", "‏עברית", "Ng'ang'a", "李", "Ünal-Öz", "مها"]
        {
            assert!(clean(name, Lines::One, 100).is_ok(), "{name}");
        }
    }

    #[test]
    fn characters_that_act_on_a_terminal_or_on_direction_are_refused() {
        for bad in ["a\u{0}b", "a\u{1b}[2J", "a\u{85}b", "a\u{202e}b", "a\u{2066}b", "a\u{e0041}b"]
        {
            assert!(clean(bad, Lines::Many, 100).is_err(), "{bad:?}");
        }
        assert_eq!(clean("a\nb", Lines::One, 100).map_err(|c| c.code), Err("line_break"));
        assert_eq!(clean("a\tb", Lines::One, 100).map_err(|c| c.code), Err("control_character"));
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert!(clean(&"é".repeat(100), Lines::One, 100).is_ok());
        assert_eq!(clean(&"é".repeat(101), Lines::One, 100), Err(FieldError::too_long(100)));
    }

    #[test]
    fn an_invisible_text_counts_as_blank() {
        for blank in ["", "\u{200B}", "\u{FEFF}\u{AD}", "\u{3164}", " \u{34F} "] {
            assert!(!is_visible(blank), "{blank:?}");
        }
        for shown in ["a", "नरेन्द्र\u{200D}", ".", "👩\u{200D}⚕\u{FE0F}"] {
            assert!(is_visible(shown), "{shown:?}");
        }
    }

    #[test]
    fn a_decomposed_text_is_as_long_as_the_composed_one() {
        assert!(clean(&"e\u{301}".repeat(100), Lines::One, 100).is_ok());
        assert!(clean(&"e\u{301}".repeat(101), Lines::One, 100).is_err());
    }

    #[test]
    fn words_fold_and_split() {
        assert_eq!(fold("Σίσυφος"), fold("ΣΊΣΥΦΟΣ"));
        assert_eq!(fold_case("Σας"), fold_case("ΣΑΣ"));
        assert_eq!(fold("José GÓMEZ Straße Łódź"), "jose gomez strasse lodz");
        assert_eq!(
            name_words("O'Brien Smith-Jones"),
            ["brien", "briensmithjones", "jones", "o", "obriensmithjones", "smith", "smithjones"]
        );
        assert_eq!(name_words(" Núñez-O'Brien"), ["brien", "nunez", "nunezobrien", "o", "obrien"]);
        assert_eq!(name_words("De la Cruz"), ["cruz", "de", "delacruz", "la", "lacruz"]);
        assert_eq!(nearest("frist_name", ["last_name", "first_name"]), Some("first_name"));
        assert_eq!(nearest("xyz", ["last_name", "first_name"]), None);
    }
}
