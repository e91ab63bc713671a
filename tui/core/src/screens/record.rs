//! The record, or the kind of record, that a screen shows.

use super::{Screen, home};
use crate::resource::{Record, RecordKind, Table};

impl Screen {
    /// What is particular to the kind of record that it shows; on Today, to the selected visit.
    pub fn table(&self) -> Option<&'static Table> {
        match self {
            Self::List(state) => Some(state.kind.table()),
            Self::Detail(state) => Some(state.kind.table()),
            Self::Home(state) => state.visit().map(|_| home::LISTED.table()),
            _ => None,
        }
    }

    /// The record with this id that it shows.
    pub fn record(&self, kind: RecordKind, id: i64) -> Option<&Record> {
        let shown = match self {
            Self::Detail(state) => state.record.as_ref(),
            Self::List(state) => {
                state.rows.iter().map(|row| &row.record).find(|record| record.id() == id)
            }
            _ => None,
        };
        shown.filter(|record| (record.kind(), record.id()) == (kind, id))
    }
}
