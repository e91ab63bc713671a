//! Columns of lists.

use chrono::{DateTime, Utc};

use crate::{
    text::{safe, width},
    world::World,
};

/// A column of a list.
pub struct Column<T: 'static> {
    /// How it is laid out.
    pub head: Head,
    /// The value of a record.
    pub value: fn(&T) -> Option<String>,
    /// The time of a record, in a column of times.
    pub time: fn(&T) -> Option<DateTime<Utc>>,
    /// What is said of a record, where that depends on the clinic's clock.
    pub said: fn(&T, &World) -> Option<String>,
}

/// How a column is laid out.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    /// Its heading.
    pub text: &'static str,
    /// The width in columns of the terminal.
    pub width: u16,
    /// The order in which columns get room: 1 is the first.
    pub rank: u8,
    /// Whether its values end at the right edge.
    pub is_right: bool,
}

impl<T> Column<T> {
    /// A column whose values begin at the left edge.
    pub const fn new(
        text: &'static str,
        width: u16,
        rank: u8,
        value: fn(&T) -> Option<String>,
    ) -> Self {
        let head = Head { text, width, rank, is_right: false };
        Self { head, value, time: |_| None, said: |_, _| None }
    }

    /// A column of what is said of a record at the clinic's time.
    pub const fn said(
        text: &'static str,
        width: u16,
        rank: u8,
        said: fn(&T, &World) -> Option<String>,
    ) -> Self {
        Self { said, ..Self::new(text, width, rank, |_| None) }
    }

    /// A column of times, as a clock in the clinic shows them.
    pub const fn time(text: &'static str, rank: u8, time: fn(&T) -> Option<DateTime<Utc>>) -> Self {
        Self { time, ..Self::new(text, 16, rank, |_| None) }
    }

    /// The same column with this where there is no time.
    #[must_use]
    pub const fn otherwise(self, value: fn(&T) -> Option<String>) -> Self {
        Self { value, ..self }
    }

    /// The same column with its values at the right edge.
    #[must_use]
    pub const fn right(self) -> Self {
        Self { head: Head { is_right: true, ..self.head }, ..self }
    }

    /// The value of a record, safe to be drawn.
    pub fn cell(&self, record: &T, world: &World) -> String {
        let time = (self.time)(record).map(|at| world.stamp(&at));
        let time = time.or_else(|| (self.said)(record, world));
        let text = (self.value)(record).map(safe);
        time.or(text).unwrap_or_default()
    }
}

/// The columns that fit, each by its place with its width.
pub fn fit(heads: &[Head], width: u16) -> Vec<(usize, u16)> {
    const GAP: u16 = 2;
    let name_min = if width >= 60 { 20 } else { 12 };
    let mut ranked: Vec<(usize, &Head)> = heads.iter().enumerate().skip(1).collect();
    ranked.sort_by_key(|(_, head)| head.rank);
    let mut left = width;
    let mut fitting = vec![0];
    for (at, head) in ranked {
        let needed = head.width + GAP;
        if left.saturating_sub(needed) < name_min {
            break;
        }
        left -= needed;
        fitting.push(at);
    }
    let shown = heads.iter().enumerate().filter(|(at, _)| fitting.contains(at));
    shown.map(|(at, head)| (at, if at == 0 { left } else { head.width })).collect()
}

/// The note behind a name, from the longest form to the shortest: the first that leaves room for the
/// whole name, else the longest but one where there is some room, else the shortest.
pub fn fitting(notes: &[String], name: u16, columns: u16) -> Option<&String> {
    let fits = |note: &&String| name.saturating_add(1).saturating_add(width(note)) <= columns;
    let note = notes.iter().find(fits);
    note.or_else(|| notes.get(1).filter(|_| columns >= 20)).or_else(|| notes.last())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::RecordKind;

    #[test]
    fn columns_are_dropped_by_rank_and_fill_the_line() {
        let all = RecordKind::Patient.heads();
        let heads = |width| {
            let fitting = fit(&all, width);
            fitting.iter().map(|(at, _)| all[*at].text).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(heads(130), "Name Born Age Sex MRN Phone City");
        assert_eq!(heads(78), "Name Born Age Sex MRN Phone");
        assert_eq!(heads(38), "Name Born MRN");
        assert_eq!(heads(1), "Name");
        for width in 20..200 {
            let used: u16 = fit(&all, width).iter().map(|(_, wide)| wide + 2).sum();
            assert_eq!(used - 2, width);
        }
    }
}
