//! Whole tables, as both databases copy them.

pub(super) mod lines;

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

/// Is told how much of how much is done.
pub(crate) type Progress = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// The tables of which one has a row where a database has records.
pub(super) const HAVE_RECORDS: [&str; 4] = ["users", "patients", "doctors", "audit_log"];

/// What a database or an image holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Contents {
    /// The number of the last migration that was applied.
    pub(crate) schema_version: i64,
    /// The number of rows of each table, but for those with search terms.
    pub(crate) counts: BTreeMap<String, u64>,
}

/// A table whose rows are copied.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) name: String,
    /// The name of each column, and whether it holds integers. Others hold text.
    pub(super) columns: Vec<(String, bool)>,
    /// The columns of the primary key, by which rows are put in order.
    pub(super) key: Vec<String>,
}

impl Table {
    /// The names of the columns.
    pub(super) fn listed(&self) -> String {
        let names: Vec<_> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        names.join(", ")
    }
}
