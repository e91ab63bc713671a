//! Text on its way to the screen: what must not act on a terminal is made visible, and everything
//! is measured in columns.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

pub use shared::display::display;

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
