//! What all connections of a process count together.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// The counts. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Counts(Arc<Inner>);

#[derive(Default)]
struct Inner {
    statements: AtomicU64,
    rows: AtomicU64,
    access_changes: AtomicU64,
}

impl Counts {
    /// Counts a statement that is sent, `BEGIN` and `COMMIT` included.
    pub(super) fn note_statement(&self) {
        self.0.statements.fetch_add(1, Ordering::Relaxed);
    }

    /// The statements that were sent.
    pub(super) fn statements(&self) -> u64 {
        self.0.statements.load(Ordering::Relaxed)
    }

    /// Counts the rows that a statement has returned.
    pub(super) fn note_rows(&self, rows: usize) {
        self.0.rows.fetch_add(u64::try_from(rows).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// The rows that statements have returned.
    pub(super) fn rows(&self) -> u64 {
        self.0.rows.load(Ordering::Relaxed)
    }

    /// Counts the end of a transaction that may have changed who may do what.
    pub(super) fn note_access_change(&self) {
        self.0.access_changes.fetch_add(1, Ordering::SeqCst);
    }

    /// The number of such transactions.
    pub(super) fn access_changes(&self) -> u64 {
        self.0.access_changes.load(Ordering::SeqCst)
    }
}
