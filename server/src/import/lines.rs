//! Lines and rows as the CSV reader takes them.

use std::io::{self, Read};

use csv::{ByteRecord, ErrorKind, Reader};

/// The longest row, in bytes. A quotation mark that is missing makes one row of the rest of a file.
const ROW_MAX: usize = 1024 * 1024;

/// A file of which no more is read for one row than a row may have.
pub(super) struct BoundedRows<R> {
    inner: R,
    /// How many bytes may still be read for the row.
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

/// Reads the next row; answers whether there was one.
///
/// Fails with one sentence where the file can't be read on.
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

/// A file in which every line ends with LF, the last one too. The CSV reader takes a CR for the end
/// of a row and finds the LF in the next one, and a row without an end says nothing about its line:
/// with this every row's line can be told.
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
                // One more is a blank line at most, and those don't count.
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

    /// Gives so many bytes at a time.
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
