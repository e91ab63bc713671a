//! Keys as a script writes them, and as terminals send them.

/// The bytes of keys: letters as they are, others as `<enter>` or `<ctrl-s>`.
pub(super) fn bytes(keys: &str) -> String {
    let mut bytes = String::new();
    let mut rest = keys;
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        let named = rest.split_once('>').filter(|_| letter == '<');
        let Some((name, after)) = named else {
            bytes.push(letter);
            continue;
        };
        rest = after;
        // With more bytes behind it, it would be the beginning of another key.
        assert!(name != "esc" || rest.is_empty(), "<esc> is not the last key of {keys}");
        match name.strip_prefix("ctrl-").and_then(|name| name.chars().next()) {
            Some(letter) => bytes.push(char::from(letter as u8 & 0x1F)),
            None => bytes.push_str(sequence(name)),
        }
    }
    bytes
}

fn sequence(name: &str) -> &'static str {
    match name {
        "enter" => "\r",
        "esc" => "\x1b",
        "tab" => "\t",
        "backtab" => "\x1b[Z",
        "down" => "\x1b[B",
        "right" => "\x1b[C",
        "left" => "\x1b[D",
        "insert" => "\x1b[2~",
        "f2" => "\x1bOQ",
        "f4" => "\x1bOS",
        "f7" => "\x1b[18~",
        "f10" => "\x1b[21~",
        other => panic!("<{other}> is no key"),
    }
}
