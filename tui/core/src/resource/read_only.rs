//! The table of a kind that is only read and listed. Tables of such kinds begin with it and state what
//! they have beyond it.

use super::{Access, Reading, Table, Words};

impl Table {
    /// Nothing can be created, changed or archived, and there is one order.
    pub const READ_ONLY: Self = Self {
        words: Words::NONE,
        orders: &[],
        filters: &[],
        list: Access::Everybody,
        create: None,
        change: None,
        reading: Reading::InList,
        removal: None,
        search: None,
        operations: &[],
        others: None,
        link: None,
        correct: None,
        pick: None,
        related: None,
        presence: None,
        remains: None,
        label: |_| None,
        value: |_, _| None,
        trace: |_| Vec::new(),
    };
}
