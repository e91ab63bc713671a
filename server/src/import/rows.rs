//! The rows of a file, one after another, each read and checked.

use std::{
    io::{BufRead, Read},
    sync::Arc,
};

use csv::{ByteRecord, Reader};

use super::{
    Subject,
    lines::{BoundedRows, ROW_MAX, next_row},
    row::{Described, RowFault, RowReader},
};

/// A row with the number of its first line.
pub(super) struct Row<S: Subject> {
    pub(super) line: u64,
    pub(super) read: Result<Described<S>, Vec<RowFault>>,
    /// The number of bytes up to its end in the file.
    pub(super) end: u64,
}

/// The rows of a file.
pub(super) trait Rows<S: Subject>: Send + 'static {
    /// The next row; `None` at the end of the file.
    ///
    /// Fails with a sentence where the file can't be read any further.
    fn next(&mut self) -> Result<Option<Row<S>>, String>;
}

/// The rows of a CSV file behind its header.
pub(super) struct CsvRows<R> {
    rows: Reader<BoundedRows<R>>,
    record: ByteRecord,
    reader: Arc<RowReader>,
}

impl<R: Read> CsvRows<R> {
    pub(super) fn new(rows: Reader<BoundedRows<R>>, reader: Arc<RowReader>) -> Self {
        Self { rows, record: ByteRecord::new(), reader }
    }
}

impl<S: Subject, R: Read + Send + 'static> Rows<S> for CsvRows<R> {
    fn next(&mut self) -> Result<Option<Row<S>>, String> {
        if !next_row(&mut self.rows, &mut self.record)? {
            return Ok(None);
        }
        let (line, end) = (first_line(&self.rows, &self.record), self.rows.position().byte());
        Ok(Some(Row { line, read: self.reader.read(&self.record), end }))
    }
}

/// The number of the first line of a record, computed from the end of the record: blank lines may
/// precede it where its reading began.
fn first_line<R: Read>(rows: &Reader<R>, record: &ByteRecord) -> u64 {
    let inside = record.iter().flatten().filter(|byte| **byte == b'\n').count();
    let lines = u64::try_from(inside).unwrap_or(u64::MAX).saturating_add(1);
    rows.position().line().saturating_sub(lines)
}

/// The lines of a file with a JSON object on each. Blank ones are none.
pub(super) struct ObjectRows<R> {
    lines: R,
    line: Vec<u8>,
    number: u64,
    end: u64,
    reader: Arc<RowReader>,
}

impl<R: BufRead> ObjectRows<R> {
    pub(super) fn new(lines: R, reader: Arc<RowReader>) -> Self {
        Self { lines, line: Vec::new(), number: 0, end: 0, reader }
    }
}

impl<S: Subject, R: BufRead + Send + 'static> Rows<S> for ObjectRows<R> {
    fn next(&mut self) -> Result<Option<Row<S>>, String> {
        loop {
            self.line.clear();
            let bounded = (&mut self.lines).take(ROW_MAX as u64 + 1);
            let got = { bounded }.read_until(b'\n', &mut self.line).map_err(|e| e.to_string())?;
            if got == 0 {
                return Ok(None);
            }
            self.number += 1;
            self.end += got as u64;
            if got > ROW_MAX {
                return Err(format!("line {} has more than 1 MiB", self.number));
            }
            if !self.line.trim_ascii().is_empty() {
                let (line, end) = (self.number, self.end);
                return Ok(Some(Row { line, read: self.reader.read_object(&self.line), end }));
            }
        }
    }
}
