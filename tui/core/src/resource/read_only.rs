//! The table of a kind that is only read and listed. Tables of such kinds begin with it and state what
//! they have beyond it.

use super::{Access, Reading, Table, Words};

impl Words {
    /// No sentence at all.
    pub const NONE: Self = Self {
        title: "",
        add: "",
        archive: "",
        search: "",
        no_match: "",
        advice: "",
        filter_advice: "",
        create: "",
        none_left: "",
        none: "",
        create_first: "",
        one: "",
        entity: "",
        created: "",
        archive_title: "",
        archive_word: "",
        archive_help: "",
        archive_effect: "",
        restore_title: "",
        new: "",
        edit: "",
        intro: "",
        told: "",
        not_created: "",
        found: "",
        copy: "",
        secret: "",
        secret_use: "",
    };
}

impl Table {
    /// Nothing can be created, changed or archived, and there is one order.
    pub const READ_ONLY: Self = Self {
        words: Words::NONE,
        orders: &[],
        filters: &[],
        list: Access::Everybody,
        create: Access::Nobody,
        change: Access::Nobody,
        reading: Reading::InList,
        is_archived: false,
        is_outcome_proposed: false,
        is_searched: false,
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
