//! Rows as lines, the one form in which rows of both databases are compared and passed on: that of
//! PostgreSQL's COPY in text format (PostgreSQL documentation, COPY). Values are separated by tabs, `\N` is
//! NULL, a backslash escapes control characters and itself. A boolean is `0` or `1`, and a time is text as
//! SQLite stores it.

use std::borrow::Cow;

/// The characters that are escaped, and what follows the backslash.
const ESCAPED: [(u8, u8); 7] = [
    (b'\\', b'\\'),
    (0x08, b'b'),
    (b'\t', b't'),
    (b'\n', b'n'),
    (0x0b, b'v'),
    (0x0c, b'f'),
    (b'\r', b'r'),
];
/// NULL in a line.
pub(in crate::db) const NULL: &[u8] = b"\\N";

/// Appends a text.
pub(in crate::db) fn push_text(line: &mut Vec<u8>, text: &[u8]) {
    line.reserve(text.len());
    for byte in text {
        match ESCAPED.iter().find(|(raw, _)| raw == byte) {
            Some((_, escaped)) => line.extend([b'\\', *escaped]),
            None => line.push(*byte),
        }
    }
}

/// The values of a line, which has no line end. `None` is NULL.
///
/// Fails where a text is not UTF-8.
pub(in crate::db) fn values(
    line: &[u8],
) -> impl Iterator<Item = Result<Option<Cow<'_, str>>, String>> {
    line.split(|byte| *byte == b'\t').map(|value| match value {
        NULL => Ok(None),
        value => {
            unescaped(value).map(Some).map_err(|error| format!("a text is not UTF-8: {error}"))
        }
    })
}

fn unescaped(value: &[u8]) -> Result<Cow<'_, str>, std::str::Utf8Error> {
    let text = std::str::from_utf8(value)?;
    if !text.contains('\\') {
        return Ok(text.into());
    }
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let meant = match c {
            '\\' => chars.next().unwrap_or(c),
            c => {
                plain.push(c);
                continue;
            }
        };
        let raw = ESCAPED.iter().find(|(_, escaped)| char::from(*escaped) == meant);
        plain.push(raw.map_or(meant, |(raw, _)| char::from(*raw)));
    }
    Ok(plain.into())
}

/// Appends a value of a line of PostgreSQL. A time, which PostgreSQL gives with six digits of the second and
/// without its offset from UTC, which is zero, is appended as SQLite stores it.
pub(in crate::db) fn push_time(line: &mut Vec<u8>, value: &[u8]) {
    if value == NULL {
        return line.extend(NULL);
    }
    let value = match value.strip_suffix(b".000000") {
        Some(seconds) => seconds,
        None => value.strip_suffix(b"000").unwrap_or(value),
    };
    line.extend(value);
    line.extend(b"+00:00");
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, SecondsFormat, Utc};

    use super::*;

    #[test]
    fn every_text_comes_back_as_it_was() {
        let texts =
            ["", "plain", "\\N", "a\tb\nc\rd\\e\u{b}\u{c}\u{8}", "ñ 🙂 عربي", "\\", "\\\\n"];
        let mut line = Vec::new();
        for text in texts {
            push_text(&mut line, text.as_bytes());
            line.push(b'\t');
        }
        line.extend(NULL);
        let back: Vec<_> = values(&line).map(Result::unwrap).collect();
        let expected = texts.iter().map(|text| Some(Cow::from(*text))).chain([None]);
        assert_eq!(back, expected.collect::<Vec<_>>());
        assert!(!line.contains(&b'\n'));
        assert!(values(b"\xff").next().unwrap().is_err());
    }

    #[test]
    fn a_time_of_postgresql_becomes_one_of_sqlite() {
        for text in
            ["2026-11-20T08:30:00Z", "2026-11-20T08:30:00.120Z", "2026-11-20T08:30:00.000456Z"]
        {
            let time: DateTime<Utc> = text.parse().unwrap();
            let mut line = Vec::new();
            push_time(&mut line, time.format("%Y-%m-%dT%H:%M:%S%.6f").to_string().as_bytes());
            let stored = time.to_rfc3339_opts(SecondsFormat::AutoSi, false);
            assert_eq!(String::from_utf8(line).unwrap(), stored);
        }
    }
}
