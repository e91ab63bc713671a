//! Text that is shown to people. Characters that would act on a terminal, or change the direction
//! of the text around them, become visible. The screens, the command lines and the log use these
//! functions only.

use std::borrow::Cow;

use crate::text::is_refused;

/// Makes a text safe to show on one line.
///
/// Control characters, bidirectional overrides, tag characters and stray invisible characters
/// become visible (`␛`, `‹U+202E›`). Line breaks become `↵`, and tabs a space. Joiners and
/// direction marks stay where a script needs them: beside a character that is not ASCII.
pub fn display(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| (0x20..0x7F).contains(&b)) {
        return Cow::Borrowed(text);
    }
    if !text.chars().any(is_suspect) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let after = rest.peek().copied().unwrap_or(' ');
        let is_needed = is_mark(c) && (is_script(before) || is_script(after));
        match c {
            '\r' if after == '\n' => {}
            '\n' => shown.push('↵'),
            '\t' => shown.push(' '),
            // Requests the wide form of the preceding character, on whose width terminals disagree.
            '\u{FE0F}' => {}
            _ if is_needed || !is_suspect(c) => shown.push(c),
            _ => push_visible(&mut shown, c),
        }
        before = c;
    }
    Cow::Owned(shown)
}

/// Makes a text of several lines safe to show. Line breaks stay, and so do sequences that set a
/// colour or a weight (`ESC [ … m`), which only change how the text looks.
pub fn display_page(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for (i, line) in text.split('\n').enumerate() {
        if i > 0 {
            shown.push('\n');
        }
        let mut rest = line;
        while let Some((before, style, after)) = next_style(rest) {
            shown.push_str(&display(before));
            shown.push_str(style);
            rest = after;
        }
        shown.push_str(&display(rest));
    }
    shown
}

/// The first style sequence of a text, with the text before and after it.
fn next_style(text: &str) -> Option<(&str, &str, &str)> {
    for (start, found) in text.match_indices("\u{1b}[") {
        let numbers = start + found.len();
        let length = text.get(numbers..)?.find(|c: char| !c.is_ascii_digit() && c != ';');
        let Some(end) = length.map(|length| numbers + length) else { continue };
        if text.get(end..).is_some_and(|rest| rest.starts_with('m')) {
            return Some((text.get(..start)?, text.get(start..=end)?, text.get(end + 1..)?));
        }
    }
    None
}

/// Makes JSON safe to print without changing its values: the characters that [`display`] would
/// replace are escaped, as in `\u009b`. Line breaks between members stay.
pub fn display_json(json: &str) -> Cow<'_, str> {
    // JSON contains no characters below a space, except its own line breaks.
    let acts = |c: char| c >= '\u{7F}' && is_suspect(c);
    if !json.chars().any(acts) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if acts(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

fn push_visible(shown: &mut String, c: char) {
    match u32::from(c) {
        code @ 0..0x20 => shown.push(char::from_u32(0x2400 + code).unwrap_or('?')),
        0x7F => shown.push('␡'),
        code => shown.push_str(&format!("‹U+{code:04X}›")),
    }
}

/// Joiners and direction marks. They are invisible, and legitimate only within a script that needs
/// them.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{200C}'..='\u{200F}' | '\u{061C}')
}

fn is_script(c: char) -> bool {
    !c.is_ascii() && !is_suspect(c)
}

fn is_suspect(c: char) -> bool {
    is_refused(c)
        || is_mark(c)
        || matches!(c, '\u{00AD}' | '\u{180E}' | '\u{200B}' | '\u{2028}' | '\u{2029}' | '\u{FE0F}'
            | '\u{2060}'..='\u{2065}' | '\u{206A}'..='\u{206F}' | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_act_on_a_terminal_become_visible() {
        for (raw, shown) in [
            ("a\u{1b}[2Jb", "a␛[2Jb"),
            ("a\u{7f}\u{0}", "a␡␀"),
            ("abc\u{202e}def", "abc‹U+202E›def"),
            ("a\u{2066}b\u{e0041}", "a‹U+2066›b‹U+E0041›"),
            ("a\u{200b}b\u{feff}", "a‹U+200B›b‹U+FEFF›"),
            ("a\u{85}b\u{2028}", "a‹U+0085›b‹U+2028›"),
            ("one\r\ntwo\tthree", "one↵two three"),
            ("a\u{200d}b", "a‹U+200D›b"),
        ] {
            assert_eq!(display(raw), shown);
        }
    }

    #[test]
    fn names_in_any_script_stay_as_they_are() {
        for name in ["José", "मोहन\u{200d}", "\u{200f}עברית", "می\u{200c}خواهم", "李小龍"]
        {
            assert_eq!(display(name), name);
        }
    }

    #[test]
    fn a_page_keeps_only_its_lines_and_colours() {
        for (raw, shown) in [
            ("one\ntwo\r\n", "one\ntwo␍\n"),
            ("\u{1b}[1;31merror:\u{1b}[0m a\u{1b}[2Jb", "\u{1b}[1;31merror:\u{1b}[0m a␛[2Jb"),
            ("\u{1b}]0;title\u{7}\u{1b}[m", "␛]0;title␇\u{1b}[m"),
            ("\u{1b}[1", "␛[1"),
            ("\u{1b}[\u{1b}[1m", "␛[\u{1b}[1m"),
            ("\u{9b}31m", "‹U+009B›31m"),
        ] {
            assert_eq!(display_page(raw), shown);
        }
    }

    #[test]
    fn json_keeps_its_values() {
        let value = serde_json::json!({"a\u{9b}": "\u{1b}[2J\u{7f}\u{202e}\u{e0041}José\n李"});
        let printed = serde_json::to_string_pretty(&value).unwrap();
        let safe = display_json(&printed);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
        assert!(safe.contains("\\u009b") && safe.contains("\\udb40\\udc41"), "{safe}");
        assert_eq!(display_page(&safe), safe);
    }
}
