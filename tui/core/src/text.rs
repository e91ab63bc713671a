//! Text on its way to the screen: what must not act on a terminal is made visible, and everything
//! is measured in columns.

use std::borrow::Cow;

use shared::text::is_refused;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Makes a text safe for one line of the screen.
///
/// Control characters, bidirectional overrides, tag characters and stray invisible ones become
/// visible (`␛`, `‹U+202E›`); line breaks become `↵`, tabs a space. Joiners and direction marks
/// stay where a script needs them: beside a character that is not ASCII.
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
            // Asks for the wide form of the character before it: terminals disagree about its width.
            '\u{FE0F}' => {}
            _ if is_needed || !is_suspect(c) => shown.push(c),
            _ => push_visible(&mut shown, c),
        }
        before = c;
    }
    Cow::Owned(shown)
}

fn push_visible(shown: &mut String, c: char) {
    match u32::from(c) {
        code @ 0..0x20 => shown.push(char::from_u32(0x2400 + code).unwrap_or('?')),
        0x7F => shown.push('␡'),
        code => shown.push_str(&format!("‹U+{code:04X}›")),
    }
}

/// Joiners and direction marks: invisible, and right only inside a script that needs them.
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

/// The columns that a text takes on one line, once it is safe to show.
pub fn width(text: &str) -> u16 {
    u16::try_from(display(text).width()).unwrap_or(u16::MAX)
}

/// Cuts a text that is wider than `columns`; the last column then holds `…`. The text has to be
/// safe already.
pub fn truncate(text: &str, columns: u16) -> Cow<'_, str> {
    let columns = usize::from(columns);
    if text.len() <= columns || text.width() <= columns {
        return Cow::Borrowed(text);
    }
    let mut kept = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let wide = grapheme.width();
        if used + wide + 1 > columns {
            break;
        }
        kept.push_str(grapheme);
        used += wide;
    }
    if columns > 0 {
        kept.push('…');
    }
    Cow::Owned(kept)
}

/// Breaks a text into lines of at most `columns`, at spaces where there are any. Returns the byte
/// ranges; every byte of the text but the line breaks is in one of them.
pub fn wrap(text: &str, columns: u16) -> Vec<(usize, usize)> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    let mut start = 0;
    for line in text.split('\n') {
        wrap_line(line, start, columns, &mut lines);
        start += line.len() + 1;
    }
    lines
}

fn wrap_line(line: &str, offset: usize, columns: u16, lines: &mut Vec<(usize, usize)>) {
    let (mut start, mut used, mut space) = (0, 0_u16, None);
    for (at, grapheme) in line.grapheme_indices(true) {
        let wide = width(grapheme);
        if used.saturating_add(wide) > columns && at > start {
            let end = space.filter(|space| *space > start).unwrap_or(at);
            lines.push((offset + start, offset + end));
            start = end;
            used = width(line.get(start..at).unwrap_or_default());
            space = None;
        }
        used = used.saturating_add(wide);
        if grapheme == " " {
            space = Some(at + 1);
        }
    }
    lines.push((offset + start, offset + line.len()));
}

/// The lines of a text, wrapped and safe to show.
pub fn paragraphs(text: &str, columns: u16) -> Vec<String> {
    let text = text.replace("\r\n", "\n");
    wrap(&text, columns)
        .into_iter()
        .map(|(start, end)| {
            display(text.get(start..end).unwrap_or_default().trim_end()).into_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_act_on_a_terminal_is_made_visible() {
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
    fn texts_are_cut_by_columns_and_say_so() {
        assert_eq!(truncate("Gómez", 5), "Gómez");
        assert_eq!(truncate("Gómez", 4), "Góm…");
        assert_eq!(truncate("李小龍", 4), "李…");
        assert_eq!(truncate("abc", 1), "…");
        assert_eq!(truncate("abc", 0), "");
    }

    #[test]
    fn lines_break_at_spaces_and_lose_nothing() {
        let text = "a long line of words\n\nand anotherverylongwordwithoutspaces";
        let lines: Vec<&str> = wrap(text, 10).into_iter().map(|(a, b)| &text[a..b]).collect();
        assert!(lines.iter().all(|line| width(line.trim_end()) <= 10), "{lines:?}");
        assert_eq!(lines.concat(), text.replace('\n', ""));
    }
}
