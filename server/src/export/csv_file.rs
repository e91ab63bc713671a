//! CSV files for spreadsheets.

use std::io::{self, Write};

use csv::Writer;
use serde_json::{Map, Value};
use shared::cell::{inert, text};

/// The byte order mark, by which spreadsheets recognise UTF-8.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// A CSV file whose columns are members of records.
pub(super) struct CsvFile<W: Write> {
    out: Writer<W>,
    columns: Vec<&'static str>,
}

impl<W: Write> CsvFile<W> {
    /// Begins a file with its header.
    pub(super) fn begin(mut out: W, columns: Vec<&'static str>) -> io::Result<Self> {
        out.write_all(MARK)?;
        let mut out = Writer::from_writer(out);
        out.write_record(&columns)?;
        Ok(Self { out, columns })
    }

    /// Adds a row.
    pub(super) fn add(&mut self, members: &Map<String, Value>) -> io::Result<()> {
        for column in &self.columns {
            let value = members.get(*column).unwrap_or(&Value::Null);
            self.out.write_field(inert(&text(value)).as_bytes())?;
        }
        Ok(self.out.write_record(None::<&[u8]>)?)
    }

    /// Writes what is not written yet.
    pub(super) fn end(mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_has_a_cell_for_each_column_and_none_of_them_acts() {
        let mut out = Vec::new();
        let mut file = CsvFile::begin(&mut out, vec!["name", "born", "ill", "fee"]).unwrap();
        let Value::Object(row) = json!({"name": "=\"A\",\nB", "ill": false, "fee": -1}) else {
            panic!()
        };
        file.add(&row).unwrap();
        file.end().unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "\u{feff}name,born,ill,fee\n\"'=\"\"A\"\",\nB\",,false,'-1\n");
    }
}
