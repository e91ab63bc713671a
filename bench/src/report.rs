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

/// Seconds.
pub(crate) fn seconds(figure: Option<f64>) -> String {
    cell(figure, |seconds| format!("{seconds:.1} s"))
}

/// One figure as a part of another.
pub(crate) fn part(figure: Option<f64>, of: Option<f64>) -> Option<f64> {
    figure.zip(of).filter(|(_, of)| *of > 0.0).map(|(a, b)| a / b)
}

/// A part, as text.
pub(crate) fn ratio(part: Option<f64>) -> String {
    cell(part, |it| format!("{it:.2}"))
}

/// Mebibytes.
pub(crate) fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", (bytes + (1 << 19)) >> 20)
}

/// A number with a comma after each thousand.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let places = digits.len();
    let with_commas = digits.char_indices().map(|(place, digit)| match (places - place) % 3 {
        0 if place > 0 => format!(",{digit}"),
        _ => digit.to_string(),
    });
    with_commas.collect()
}

/// What a figure should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

impl Goal {
    /// A figure with the goal beside it, bold where it misses the goal.
    fn beside(self, figure: f64, show: impl Fn(Option<f64>) -> String) -> String {
        let (is_met, sign, goal) = match self {
            Self::AtLeast(goal) => (figure >= goal, '≥', goal),
            Self::AtMost(goal) => (figure <= goal, '≤', goal),
        };
        let (figure, goal) = (show(Some(figure)), show(Some(goal)));
        if is_met {
            format!("{figure} ({sign} {goal})")
        } else {
            format!("**{figure}** ({sign} {goal})")
        }
    }
}

/// A figure, with its goal if it has one.
pub(crate) fn judged(
    figure: Option<f64>,
    goal: Option<Goal>,
    show: impl Fn(Option<f64>) -> String,
) -> String {
    match figure.zip(goal) {
        Some((figure, goal)) => goal.beside(figure, show),
        None => show(figure),
    }
}

/// Memory as a figure, in mebibytes.
pub(crate) fn memory(mebibytes: Option<f64>) -> String {
    cell(mebibytes, |mebibytes| format!("{mebibytes:.0} MiB"))
}

/// Bytes in mebibytes, for [`memory`].
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
pub(crate) fn in_mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_misses_its_goal_is_bold() {
        let least = Some(Goal::AtLeast(1.2));
        assert_eq!(judged(Some(1.25), least, ratio), "1.25 (≥ 1.20)");
        assert_eq!(judged(Some(1.1), least, ratio), "**1.10** (≥ 1.20)");
        assert_eq!(judged(Some(30.0), Some(Goal::AtMost(30.0)), memory), "30 MiB (≤ 30 MiB)");
        assert_eq!(judged(Some(41.0), Some(Goal::AtMost(40.0)), milliseconds), "**41** (≤ 40)");
        assert_eq!(judged(Some(1.1), None, ratio), "1.10");
        assert_eq!(judged(None, least, ratio), "–");
    }

    #[test]
    fn thousands_have_commas() {
        let grouped: Vec<_> = [7, 100, 1_000, 20_500, 1_000_000].map(grouped).to_vec();
        assert_eq!(grouped, ["7", "100", "1,000", "20,500", "1,000,000"]);
    }
}
