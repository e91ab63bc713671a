//! What an import says: the bad rows as they come, and a summary.

use std::path::PathBuf;

use serde::Serialize;

use super::{header::Format, row::RowFault};
use crate::output::{OncePerSecond, complain, draw};

/// A row that stays out.
#[derive(Debug, Serialize)]
pub(super) struct BadRow {
    /// The line on which it begins, from 1.
    pub(super) line: u64,
    /// Everything that is wrong with it.
    pub(super) faults: Vec<RowFault>,
}

/// The outcome of an import.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) file: PathBuf,
    pub(super) format: Format,
    /// Whose the records are.
    pub(super) owner: String,
    /// Nothing was written; `imported` is what would have been.
    pub(super) dry_run: bool,
    /// Rows that were read, the header apart.
    pub(super) read: u64,
    pub(super) imported: u64,
    pub(super) already_there: u64,
    pub(super) bad: u64,
    /// Of the imported: those with neither an id of the source nor an identifier.
    pub(super) without_identifier: u64,
    /// Why it ended before the file did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stopped: Option<String>,
    /// The bad rows, where the report is for a program.
    pub(super) bad_rows: Vec<BadRow>,
}

impl Report {
    /// The summary for people, line by line.
    pub(super) fn summary(&self) -> Vec<String> {
        let imported = match self.dry_run {
            true => "would be imported (dry run, nothing was written)",
            false => "imported",
        };
        let mut summary = vec![format!(
            "{} read: {} {imported}, {} already there, {} bad.",
            rows(self.read),
            self.imported,
            self.already_there,
            self.bad
        )];
        if self.without_identifier > 0 {
            let some = rows(self.without_identifier);
            summary.push(format!(
                "{some} with neither source_id nor identifiers: another run would bring them in \
                 again."
            ));
        }
        summary
    }
}

fn rows(count: u64) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{count} rows") }
}

/// How the import is seen while it runs.
pub(super) struct Screen {
    bytes: u64,
    drawn: OncePerSecond,
    is_for_programs: bool,
}

impl Screen {
    /// Of a file with this many bytes.
    pub(super) fn new(bytes: u64, is_for_programs: bool) -> Self {
        Self { bytes, drawn: OncePerSecond::default(), is_for_programs }
    }

    /// Shows how far it is, once a second.
    pub(super) fn advance(&self, byte: u64, report: &Report) {
        if self.drawn.admit().is_some() {
            let percent = byte.saturating_mul(100).checked_div(self.bytes).unwrap_or(100);
            draw(&format!("{percent}% of the file, {} read", rows(report.read)));
        }
    }

    /// Reports a bad row: at once for people, at the end for programs.
    pub(super) fn bad_row(&self, row: BadRow, report: &mut Report) {
        report.bad += 1;
        if self.is_for_programs {
            report.bad_rows.push(row);
            return;
        }
        draw("");
        for fault in &row.faults {
            let column = fault.column.as_deref().map(super::header::shown);
            let column = column.map(|column| format!(" {column}:")).unwrap_or_default();
            let (file, line, message) = (report.file.display(), row.line, &fault.message);
            complain(&format!("{file}:{line}:{column} {message}"));
        }
    }

    /// Clears what shows how far it is.
    pub(super) fn close(&self) {
        draw("");
    }
}
