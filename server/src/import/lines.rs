//! Lines and rows, in the form that the CSV reader needs.

use std::io::{self, Read};

use csv::{ByteRecord, ErrorKind, Reader};

/// The maximum length of a row in bytes. A missing quotation mark turns the rest of a file into one
/// row.
pub(super) const ROW_MAX: usize = 1024 * 1024;

/// A file from which at most [`ROW_MAX`] bytes are read for one row.
pub(super) struct BoundedRows<R> {
    inner: R,
    /// The bytes that may still be read for the current row.
    left: usize,
}

impl<R: Read> BoundedRows<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, left: 0 }
    }
}

impl<R: Read> Read for BoundedRows<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let room = out.len().min(self.left);
        let out = out.get_mut(..room).unwrap_or_default();
        if out.is_empty() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let got = self.inner.read(out)?;
        self.left -= got;
        Ok(got)
    }
}

/// Reads the next row. Returns `false` at the end of the file.
///
/// Fails with a sentence where the file can't be read any further.
pub(super) fn next_row<R: Read>(
    rows: &mut Reader<BoundedRows<R>>,
    row: &mut ByteRecord,
) -> Result<bool, String> {
    rows.get_mut().left = ROW_MAX;
    rows.read_byte_record(row).map_err(|error| match error.kind() {
        ErrorKind::Io(io) if io.kind() == io::ErrorKind::FileTooLarge => format!(
            "the row after line {} has more than 1 MiB: is a quotation mark missing?",
            rows.position().line().saturating_sub(1)
        ),
        _ => error.to_string(),
    })
}

/// A file in which every line ends with LF, including the last one. The CSV reader ends a row at a
/// CR and finds the LF in the next one, and a last row without a line end does not count its line.
/// With LF everywhere, the line of every row is known.
pub(super) struct PlainLines<R> {
    inner: R,
    is_after_cr: bool,
    is_ended: bool,
}

impl<R: Read> PlainLines<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, is_after_cr: false, is_ended: false }
    }
}

impl<R: Read> Read for PlainLines<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.is_ended || out.is_empty() {
                return Ok(0);
            }
            let got = self.inner.read(out)?;
            if got == 0 {
                // An additional line end makes a blank line at most, and blank lines don't count.
                self.is_ended = true;
                out.fill(b'\n');
                return Ok(1);
            }
            let mut kept = 0;
            for place in 0..got {
                let byte = out.get(place).copied().unwrap_or_default();
                let is_second_half = self.is_after_cr && byte == b'\n';
                self.is_after_cr = byte == b'\r';
                if let Some(slot) = out.get_mut(kept).filter(|_| !is_second_half) {
                    *slot = if self.is_after_cr { b'\n' } else { byte };
                    kept += 1;
                }
            }
            if kept > 0 {
                return Ok(kept);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Yields at most this many bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let some = self.1.min(out.len());
            self.0.read(&mut out[..some])
        }
    }

    #[test]
    fn every_line_ends_with_a_line_feed_however_the_bytes_come() {
        for size in 1..6 {
            let mut text = String::new();
            let slow = Slow(b"a\r\nb\rc\n\r\n\nd", size);
            PlainLines::new(slow).read_to_string(&mut text).unwrap();
            assert_eq!(text, "a\nb\nc\n\n\nd\n", "{size}");
        }
    }
}
