//! The page that the figures are written to.

use crate::{Outcome, programs::workspace, report::Table};

const PAGE: &str = "docs/PERFORMANCE.md";
const BEGIN: &str =
    "<!-- The figures of the server: `cargo run --release -p bench` writes them. -->";
const END: &str = "<!-- The end of the figures of the server. -->";

/// The tables as they are printed and written: what they were measured on, then each of them.
pub(crate) fn text(about: &str, tables: &[Table]) -> String {
    let tables: Vec<_> = tables.iter().map(ToString::to_string).collect();
    format!("{about}\n\n{}", tables.join("\n"))
}

/// Writes the figures between the two marks of the page.
///
/// Fails where the page lacks a mark.
pub(crate) fn write(figures: &str) -> Outcome<()> {
    let path = workspace().join(PAGE);
    let page = std::fs::read_to_string(&path)?;
    let missing = || format!("{PAGE} lacks the marks between which the figures are");
    let (before, rest) = page.split_once(BEGIN).ok_or_else(missing)?;
    let (_, after) = rest.split_once(END).ok_or_else(missing)?;
    Ok(std::fs::write(path, format!("{before}{BEGIN}\n\n{}\n{END}{after}", figures.trim_end()))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_both_marks_in_their_order() {
        let page = std::fs::read_to_string(workspace().join(PAGE)).unwrap();
        assert!(page.find(BEGIN).unwrap() < page.find(END).unwrap());
    }
}
