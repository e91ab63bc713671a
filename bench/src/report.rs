//! Tables of figures, as text for a terminal and for a page.

use std::fmt::{Display, Formatter, Result};

/// A table of figures.
pub(crate) struct Table {
    /// What it shows.
    pub(crate) title: String,
    /// The names of the columns.
    pub(crate) head: Vec<String>,
    /// The rows, each with as many cells as there are columns.
    pub(crate) rows: Vec<Vec<String>>,
    /// Sentences below the table.
    pub(crate) notes: Vec<String>,
}

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "#### {}\n", self.title)?;
        if !self.head.is_empty() {
            writeln!(f, "| {} |\n|{}", self.head.join(" | "), " --- |".repeat(self.head.len()))?;
        }
        for row in &self.rows {
            writeln!(f, "| {} |", row.join(" | "))?;
        }
        for note in &self.notes {
            writeln!(f, "\n{note}")?;
        }
        Ok(())
    }
}
