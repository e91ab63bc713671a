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

/// A dash where there is no figure.
fn cell(figure: Option<f64>, show: impl Fn(f64) -> String) -> String {
    figure.map_or_else(|| "–".to_owned(), show)
}

/// A whole number.
pub(crate) fn number(figure: Option<f64>) -> String {
    cell(figure, |figure| format!("{figure:.0}"))
}

/// Milliseconds, with as many digits as mean something.
pub(crate) fn milliseconds(figure: Option<f64>) -> String {
    cell(figure, |ms| if ms < 10.0 { format!("{ms:.1}") } else { format!("{ms:.0}") })
}

/// One figure as a part of another.
pub(crate) fn ratio(figure: Option<f64>, of: Option<f64>) -> String {
    cell(figure.zip(of).filter(|(_, of)| *of > 0.0).map(|(a, b)| a / b), |it| format!("{it:.2}"))
}

/// Mebibytes.
pub(crate) fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", (bytes + (1 << 19)) >> 20)
}
