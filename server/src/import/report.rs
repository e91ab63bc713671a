//! The output of an import: bad rows as they are found, progress, and a summary.

use std::path::PathBuf;

use serde::Serialize;

use super::{header::Format, row::RowFault};
use crate::{
    domain::records::patients::LikelyDuplicate,
    output::{OncePerSecond, draw_status, print_error},
};

/// A row that is not imported.
#[derive(Debug, Serialize)]
pub(super) struct BadRow {
    /// The number of its first line, starting at 1.
    pub(super) line: u64,
    /// All errors of the row.
    pub(super) faults: Vec<RowFault>,
}

/// A row whose patient is likely to be registered already.
#[derive(Debug, Serialize)]
pub(super) struct DuplicateRow {
    /// The number of its first line, starting at 1.
    pub(super) line: u64,
    /// Who is likely to be the same person, how likely it is, and what agrees.
    #[serde(flatten)]
    pub(super) likely: LikelyDuplicate,
    /// Whether the row was imported all the same.
    pub(super) imported: bool,
}

impl DuplicateRow {
    /// What is said about the row.
    pub(super) fn sentence(&self) -> String {
        let LikelyDuplicate { mrn, grade, reasons, .. } = &self.likely;
        let who = mrn.as_deref().unwrap_or("an earlier row");
        let reasons: Vec<_> = reasons.iter().map(|it| it.as_str().replace('_', " ")).collect();
        let end = if self.imported { ", imported" } else { ", not imported" };
        format!("{grade} duplicate of {who} ({}){end}", reasons.join(", "))
    }
}

/// The result of an import.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) file: PathBuf,
    pub(super) format: Format,
    /// The user who owns the records.
    pub(super) owner: String,
    /// Whether this was a dry run. If so, nothing was written, and `imported` is what would have
    /// been.
    pub(super) dry_run: bool,
    /// Rows that were read, without the header.
    pub(super) read: u64,
    pub(super) imported: u64,
    pub(super) already_there: u64,
    /// The rows whose patients are likely to be registered already, imported or not.
    pub(super) likely_duplicates: u64,
    pub(super) bad: u64,
    /// The imported rows that have neither a source id nor an identifier.
    pub(super) without_identifier: u64,
    /// The reason why the import stopped before the end of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stopped: Option<String>,
    /// The bad rows; filled only for JSON output.
    pub(super) bad_rows: Vec<BadRow>,
    /// The rows whose patients are likely to be registered already; filled only for JSON output.
    pub(super) duplicates: Vec<DuplicateRow>,
}

impl Report {
    /// The lines of the summary for people.
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
        if self.likely_duplicates > 0 {
            let some = rows(self.likely_duplicates);
            summary.push(format!(
                "{some} with people who are likely to be registered already: see above."
            ));
        }
        if self.without_identifier > 0 {
            let some = rows(self.without_identifier);
            summary.push(format!(
                "{some} with neither source_id nor identifiers: another run would import them \
                 again."
            ));
        }
        summary
    }
}

fn rows(count: u64) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{count} rows") }
}

/// The progress of a running import, and the reports of bad rows.
pub(super) struct Screen {
    bytes: u64,
    drawn: OncePerSecond,
    is_for_programs: bool,
}

impl Screen {
    /// The progress of a file with this many bytes.
    pub(super) fn new(bytes: u64, is_for_programs: bool) -> Self {
        Self { bytes, drawn: OncePerSecond::default(), is_for_programs }
    }

    /// Shows the progress, at most once a second.
    pub(super) fn advance(&self, byte: u64, report: &Report) {
        if self.drawn.admit().is_some() {
            let percent = byte.saturating_mul(100).checked_div(self.bytes).unwrap_or(100);
            draw_status(&format!("{percent}% of the file, {} read", rows(report.read)));
        }
    }

    /// Reports a bad row: at once for people, at the end for JSON output.
    pub(super) fn bad_row(&self, row: BadRow, report: &mut Report) {
        report.bad += 1;
        if self.is_for_programs {
            report.bad_rows.push(row);
            return;
        }
        draw_status("");
        for fault in &row.faults {
            let column = fault.column.as_deref().map(super::header::shown);
            let column = column.map(|column| format!(" {column}:")).unwrap_or_default();
            let (file, line, message) = (report.file.display(), row.line, &fault.message);
            print_error(&format!("{file}:{line}:{column} {message}"));
        }
    }

    /// Reports a likely duplicate: at once for people, at the end for JSON output.
    pub(super) fn duplicate(&self, row: DuplicateRow, report: &mut Report) {
        report.likely_duplicates += 1;
        if self.is_for_programs {
            report.duplicates.push(row);
            return;
        }
        draw_status("");
        print_error(&format!("{}:{}: {}", report.file.display(), row.line, row.sentence()));
    }

    /// Clears the line with the progress.
    pub(super) fn close(&self) {
        draw_status("");
    }
}
