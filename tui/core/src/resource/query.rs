//! Orders and filters of a list, and the chosen ones.

use chrono::{NaiveDate, SecondsFormat};
use shared::account::SessionPermission;

use super::Owner;
use crate::world::World;

/// An order of a list.
pub struct Order {
    /// As the API names it; `None` is the server's own.
    pub ordering: Option<&'static str>,
    /// In words.
    pub words: &'static str,
    /// Whether it is by last name. The server's own is so only without a search.
    pub is_by_last_name: bool,
}

impl Order {
    /// An order with its words.
    pub const fn new(ordering: Option<&'static str>, words: &'static str) -> Self {
        Self { ordering, words, is_by_last_name: false }
    }

    /// The same order, which is by last name.
    #[must_use]
    pub const fn by_last_name(self) -> Self {
        Self { is_by_last_name: true, ..self }
    }
}

/// A filter of a list.
pub struct Filter {
    /// The query's parameter.
    pub name: &'static str,
    /// The label of its field.
    pub label: &'static str,
    /// What the field takes.
    pub input: FilterInput,
    /// The hint under the field.
    pub hint: &'static str,
    /// A value in words.
    pub words: fn(&str) -> String,
    /// The permission that it needs.
    pub permission: Option<SessionPermission>,
}

impl Filter {
    /// A filter without a hint, for everybody.
    pub const fn new(
        name: &'static str,
        label: &'static str,
        input: FilterInput,
        words: fn(&str) -> String,
    ) -> Self {
        Self { name, label, input, hint: "", words, permission: None }
    }
}

/// A list with some of the records of a kind, which the palette finds by its name.
pub struct View {
    /// What it is called.
    pub label: &'static str,
    /// What it shows, in one sentence.
    pub help: &'static str,
    /// Other words for it.
    pub also: &'static str,
    /// The filters that are set, with their values.
    pub filters: &'static [(&'static str, &'static str)],
}

/// What the field of a filter takes.
#[derive(Clone, Copy)]
pub enum FilterInput {
    /// Text of at most so many characters that may be typed as it is shown, and how the API writes it.
    Shown(usize, fn(&str) -> String),
    /// One of a few values. The first is empty and means all.
    Choice(&'static [(&'static str, &'static str)]),
    /// A text of at most so many characters.
    Text(usize),
    /// The first day of a span; of a partial date the earliest.
    FirstDay,
    /// The last day of the span that the filter before begins; of a partial date the latest.
    LastDay,
    /// The first day of a span of times; of a partial date the earliest.
    FirstMoment,
    /// The last day of a span of times; of a partial date the latest.
    LastMoment,
    /// A positive whole number. Some have a meaning only beside another filter.
    Number {
        /// The name of the other filter.
        needs: Option<&'static str>,
    },
}

impl FilterInput {
    /// A value as it is sent. A day of a span of times is its first moment in the clinic; the last day
    /// is the first moment after it.
    pub(super) fn as_sent(self, value: &str, world: &World) -> String {
        let day = value.parse::<NaiveDate>().ok();
        let day = match self {
            Self::FirstMoment => day,
            Self::LastMoment => day.and_then(|day| day.succ_opt()),
            _ => None,
        };
        let moment = day.map(|day| world.midnight(day));
        moment.map_or_else(|| value.to_owned(), |at| at.to_rfc3339_opts(SecondsFormat::Secs, true))
    }
}

/// The order and the filters that a list has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// The order, as the API names it; `None` is the server's own.
    pub ordering: Option<&'static str>,
    /// The filters that are set, with their values.
    pub filters: Vec<(&'static str, String)>,
    /// The record to which the list belongs, if it belongs to one.
    pub of: Option<Owner>,
}

impl Query {
    /// The value of a filter.
    pub fn get(&self, name: &str) -> Option<&str> {
        let set = self.filters.iter().find(|(known, _)| *known == name);
        set.map(|(_, value)| value.as_str())
    }

    /// Whether a filter is set.
    pub fn is_narrowed(&self) -> bool {
        !self.filters.is_empty() || self.of.is_some()
    }

    /// The archived records.
    pub fn archive() -> Self {
        Self { filters: vec![("archived", true.to_string())], ..Self::default() }
    }

    /// Whether archived records are listed.
    pub fn is_archive(&self) -> bool {
        self.get("archived") == Some("true")
    }
}
