//! Text on its way to the screen: characters that would act on a terminal become visible, and widths are
//! measured in columns.

use std::borrow::Cow;

use ratatui_core::buffer::CellWidth;
use unicode_segmentation::UnicodeSegmentation;

pub use shared::display::display;

/// The same text, safe to show on one line. It is not copied where it is safe already.
pub fn safe(text: String) -> String {
    match display(&text) {
        Cow::Owned(safe) => safe,
        Cow::Borrowed(_) => text,
    }
}

/// The columns that a text takes on one line, once it is safe to show.
pub fn width(text: &str) -> u16 {
    measure(&display(text))
}

/// The columns that a safe text takes: those of its characters as people see them. A terminal draws them
/// one by one, so a ligature of two is no narrower.
pub fn measure(text: &str) -> u16 {
    if text.is_ascii() {
        return u16::try_from(text.len()).unwrap_or(u16::MAX);
    }
    text.graphemes(true).fold(0, |sum, grapheme| sum.saturating_add(cells(grapheme)))
}

/// The cells of one character as people see it.
fn cells(grapheme: &str) -> u16 {
    if grapheme.chars().any(char::is_control) { 0 } else { grapheme.cell_width() }
}

/// Cuts a text that is wider than `columns`; the last column then holds `…`. The text has to be
/// safe already.
pub fn truncate(text: &str, columns: u16) -> Cow<'_, str> {
    if measure(text) <= columns {
        return Cow::Borrowed(text);
    }
    let mut kept = String::new();
    let mut used = 0_u16;
    for grapheme in text.graphemes(true) {
        let wide = cells(grapheme);
        if used.saturating_add(wide) >= columns {
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

/// A safe text without its first columns. Half of a wide character becomes a space.
pub fn skip(text: &str, columns: u16) -> Cow<'_, str> {
    let mut used = 0_u16;
    for (at, grapheme) in text.grapheme_indices(true) {
        if used >= columns {
            let rest = text.get(at..).unwrap_or_default();
            let halves = usize::from(used - columns);
            return if halves == 0 { rest.into() } else { (" ".repeat(halves) + rest).into() };
        }
        used = used.saturating_add(cells(grapheme));
    }
    " ".repeat(usize::from(used.saturating_sub(columns))).into()
}

/// A safe text with other characters, as wide as before, for sequences of emoji: some terminals draw a
/// family as one character, others as three, and what follows in the row would stand elsewhere. A sequence
/// becomes its first character, and a flag its letters.
pub fn agreed(text: &str) -> Cow<'_, str> {
    if !text.chars().any(joins) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for grapheme in text.graphemes(true) {
        if !(grapheme.chars().any(joins) && grapheme.chars().any(is_picture)) {
            shown.push_str(grapheme);
            continue;
        }
        let first = grapheme.chars().next().unwrap_or(' ');
        let start = shown.len();
        match flag_letter(first) {
            Some(_) => shown.extend(grapheme.chars().filter_map(flag_letter)),
            None => shown.push(first),
        }
        let drawn = shown.get(start..).map_or(0, measure);
        let missing = cells(grapheme).saturating_sub(drawn);
        shown.push_str(&" ".repeat(usize::from(missing)));
    }
    Cow::Owned(shown)
}

/// Whether a character can make one of several: a joiner, a skin tone, half of a flag.
fn joins(c: char) -> bool {
    matches!(c, '\u{200D}' | '\u{1F3FB}'..='\u{1F3FF}') || flag_letter(c).is_some()
}

fn is_picture(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{2BFF}' | '\u{1F000}'..='\u{1FAFF}')
}

/// The letter that a half of a flag stands for.
fn flag_letter(c: char) -> Option<char> {
    let place = u32::from(c).checked_sub(0x1F1E6).filter(|place| *place < 26)?;
    char::from_u32(u32::from('A') + place)
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

/// The text with a capital letter at its start.
pub fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

/// A number with commas between its thousands.
pub fn thousands(number: i64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

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
