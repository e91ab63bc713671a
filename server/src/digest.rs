//! SHA-256 as hexadecimal text.

use aws_lc_rs::digest::{Context, SHA256};

/// The SHA-256 of the concatenated parts, in lower-case hexadecimal digits.
pub(crate) fn sha256(parts: &[&[u8]]) -> String {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    hexadecimal(context.finish().as_ref())
}

/// Bytes in lower-case hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .map(|digit| char::from(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }))
        .collect()
}

/// The first `digits` digits of [`sha256`], for places where a few things only need to be told
/// apart.
pub(crate) fn short_sha256(parts: &[&[u8]], digits: usize) -> String {
    let mut hash = sha256(parts);
    hash.truncate(digits);
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_standard() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(&[b"abc"]), expected);
        assert_eq!(sha256(&[b"a", b"", b"bc"]), expected);
        assert_eq!(short_sha256(&[b"abc"], 16), "ba7816bf8f01cfea");
    }
}
