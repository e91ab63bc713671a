//! The page that the figures are written to.

use std::collections::BTreeMap;

use crate::{
    Outcome,
    programs::workspace,
    report::{Table, grouped},
};

const PAGE: &str = "docs/PERFORMANCE.md";
const FINDING: &str = "docs/FINDING.md";
const ABOUT_FINDING: &str = "\
# Finding people

How often the right person is found by what a clerk types, first or among the first five.
`cargo run --release -p bench -- --finding` writes this page.

The people are invented (`bench/src/finding`): both surnames, accents, apostrophes, hyphens, particles, one name only,
and many namesakes. Half of the surnames are rare. A damage is one thing that went wrong between two registrations. The
same people and damages come in every run.

The tables of people who are registered again say what `POST /api/patients/match` answers to the damaged data (without
the insurance number, which would be refused as taken): how often the right person is among the matches (`recognised`),
is the first of them, and has each grade; and how often somebody else has a grade.
";
const BEGIN: &str =
    "<!-- The figures of the server: `cargo run --release -p bench` writes them. -->";
const END: &str = "<!-- The end of the figures of the server. -->";

/// The mark before the figures with a number of patients, up to that number.
const PART: &str = "<!-- Figures with so many patients: ";
const PART_END: &str = " -->";

/// The tables as they are printed and written: what they were measured on, then each of them.
pub(crate) fn text(about: &str, patients: u64, tables: &[Table]) -> String {
    let tables: Vec<_> = tables.iter().map(ToString::to_string).collect();
    format!("### Figures with {} patients\n\n{about}\n\n{}", grouped(patients), tables.join("\n"))
}

/// Writes the figures with a number of patients between the two marks of the page. Those with other numbers
/// stay.
///
/// Fails where the page lacks a mark.
pub(crate) fn write(patients: u64, figures: &str) -> Outcome<()> {
    let path = workspace().join(PAGE);
    let page = std::fs::read_to_string(&path)?;
    let missing = || format!("{PAGE} lacks the marks between which the figures are");
    Ok(std::fs::write(path, with_figures(&page, patients, figures).ok_or_else(missing)?)?)
}

/// The page with other figures for a number of patients. The parts are ordered by it.
fn with_figures(page: &str, patients: u64, figures: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (kept, after) = rest.split_once(END)?;
    let parts = kept.split(PART).skip(1).filter_map(|part| {
        let (number, figures) = part.split_once(PART_END)?;
        Some((number.parse::<u64>().ok()?, figures.trim()))
    });
    let mut parts: BTreeMap<_, _> = parts.collect();
    parts.insert(patients, figures.trim());
    let parts = parts.iter().map(|(number, it)| format!("{PART}{number}{PART_END}\n\n{it}\n\n"));
    Some(format!("{before}{BEGIN}\n\n{}{END}{after}", parts.collect::<String>()))
}

/// The page about finding people.
pub(crate) fn finding(about: &str, tables: &[Table]) -> String {
    let tables: Vec<_> = tables.iter().map(ToString::to_string).collect();
    format!("{ABOUT_FINDING}\n{about}\n\n{}", tables.join("\n"))
}

/// Writes the page about finding people.
pub(crate) fn write_finding(text: &str) -> Outcome<()> {
    Ok(std::fs::write(workspace().join(FINDING), text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_both_marks_in_their_order() {
        let page = std::fs::read_to_string(workspace().join(PAGE)).unwrap();
        assert!(page.find(BEGIN).unwrap() < page.find(END).unwrap());
    }

    #[test]
    fn figures_replace_those_with_as_many_patients_and_no_others() {
        let page = format!("Before\n\n{BEGIN}\n{END}\n\nAfter\n");
        let mut written = page.clone();
        for (patients, figures) in [(1_000_000, "old\n"), (100_000, "few"), (1_000_000, "new")] {
            written = with_figures(&written, patients, figures).unwrap();
        }
        let parts = [(100_000, "few"), (1_000_000, "new")]
            .map(|(number, it)| format!("{PART}{number}{PART_END}\n\n{it}\n\n"))
            .concat();
        assert_eq!(written, format!("Before\n\n{BEGIN}\n\n{parts}{END}\n\nAfter\n"));
        assert_eq!(with_figures("no marks", 1, "some"), None);
    }
}
