//! Bars made of block characters, in eighths of a cell.

/// Parts of a cell that are filled from the left.
const FROM_LEFT: [&str; 9] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"];
/// Parts of a cell that are filled from below.
const FROM_BELOW: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// The eighths of `cells` that stand for a number, of which `most` fills all. A number above 0 has at
/// least one.
fn eighths(number: i64, most: i64, cells: u16) -> usize {
    let (number, most) = (u128::from(number.max(0).unsigned_abs()), most.max(1));
    let filled = number * u128::from(cells) * 8 / u128::from(most.unsigned_abs());
    let filled = filled.min(u128::from(cells) * 8).max(u128::from(number > 0 && cells > 0));
    usize::try_from(filled).unwrap_or_default()
}

/// A bar that lies, in at most so many columns.
pub(super) fn lying(number: i64, most: i64, columns: u16) -> String {
    let filled = eighths(number, most, columns);
    let part = FROM_LEFT.get(filled % 8).copied().unwrap_or_default();
    format!("{}{part}", "█".repeat(filled / 8))
}

/// The cell of a standing bar in a row that has so many rows below it.
pub(super) fn standing(number: i64, most: i64, rows: u16, below: u16) -> &'static str {
    let filled = eighths(number, most, rows).saturating_sub(usize::from(below) * 8).min(8);
    FROM_BELOW.get(filled).copied().unwrap_or(" ")
}

/// The top of a scale on which a number fits: even, or 1, so that its half is a whole number too.
pub(super) fn scale_top(most: i64) -> i64 {
    let mut ten = 1_i64;
    loop {
        for step in [1, 2, 4, 6, 8, 10] {
            let top = ten.saturating_mul(step);
            if top >= most {
                return top;
            }
        }
        ten = ten.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_number_and_never_longer_than_its_place() {
        assert_eq!(lying(0, 8, 4), "");
        assert_eq!(lying(8, 8, 4), "████");
        assert_eq!(lying(3, 8, 4), "█▌");
        // What exists is seen, however small its part.
        assert_eq!(lying(1, 1_000_000, 4), "▏");
        assert_eq!(lying(i64::MAX, i64::MAX, 4), "████");
        assert_eq!(lying(5, 0, 0), "");
    }

    #[test]
    fn a_standing_bar_is_built_from_below() {
        let column =
            |number| (0..3).rev().map(|below| standing(number, 24, 3, below)).collect::<Vec<_>>();
        assert_eq!(column(0), [" ", " ", " "]);
        assert_eq!(column(3), [" ", " ", "▃"]);
        assert_eq!(column(12), [" ", "▄", "█"]);
        assert_eq!(column(24), ["█", "█", "█"]);
    }

    #[test]
    fn a_scale_ends_at_a_round_number_that_is_large_enough() {
        let tops = [0, 1, 2, 3, 5, 9, 11, 61, 1_001].map(scale_top);
        assert_eq!(tops, [1, 1, 2, 4, 6, 10, 20, 80, 2_000]);
        assert!(scale_top(i64::MAX) == i64::MAX);
    }
}
