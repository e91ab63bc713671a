//! Whether the database can be written, as far as this process knows. It knows no driver: faults and
//! recoveries are reported to it, and whoever asks for readiness reads it.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use tokio::sync::Notify;

use super::fault::Fault;

/// Why nothing can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// There is no room.
    NoRoom,
    /// Something else: writing fails, or the database is away.
    Unwritable,
}

/// What is known of the database. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Health(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// Whether `outage` holds one, to be read without the lock.
    is_out: AtomicBool,
    outage: Mutex<Option<Outage>>,
    began: Notify,
    /// Transactions that were committed, whether they wrote anything or not.
    commits: AtomicU64,
    /// Somebody wants the log to be emptied.
    to_be_emptied: Notify,
}

impl Health {
    /// Why nothing can be written, if so.
    pub(super) fn outage(&self) -> Option<Outage> {
        if !self.0.is_out.load(Ordering::Relaxed) {
            return None;
        }
        *self.0.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes notice of a failure. The log tells of it once for each outage.
    pub(super) fn failed(&self, fault: Fault, cause: &dyn std::fmt::Display) {
        let outage = match fault {
            Fault::NoRoom => Outage::NoRoom,
            Fault::Unwritable | Fault::Away => Outage::Unwritable,
            Fault::Refused | Fault::Contention | Fault::Defect => return,
        };
        let before = self.change(Some(outage));
        if before == Some(outage) {
            tracing::debug!(%cause, "the database still fails");
        } else {
            let what = match fault {
                Fault::NoRoom => "there is no room left to write",
                Fault::Unwritable => "the database can't be written",
                _ => "the database is not available",
            };
            tracing::error!(%cause, "{what}");
            self.0.began.notify_one();
        }
    }

    /// Takes notice of a write on trial that has reached the disk.
    pub(super) fn recovered(&self) {
        if self.change(None).is_some() {
            tracing::info!("the database can be written again");
        }
    }

    /// Takes notice of a commit.
    pub(super) fn committed(&self) {
        self.0.commits.fetch_add(1, Ordering::Relaxed);
    }

    /// How many transactions were committed.
    pub(super) fn commits(&self) -> u64 {
        self.0.commits.load(Ordering::Relaxed)
    }

    /// Asks for the log to be emptied as soon as that is possible.
    pub(super) fn ask_for_empty_log(&self) {
        self.0.to_be_emptied.notify_one();
    }

    /// Waits until somebody asks for that.
    pub(super) async fn log_is_to_be_emptied(&self) {
        self.0.to_be_emptied.notified().await;
    }

    /// The database was closed: nobody waits for its end any more.
    pub(super) fn closed(&self) {
        self.0.began.notify_one();
        self.0.to_be_emptied.notify_one();
    }

    /// Waits until an outage begins, or the database was closed.
    pub(super) async fn outage_begins(&self) {
        self.0.began.notified().await;
    }

    fn change(&self, outage: Option<Outage>) -> Option<Outage> {
        let mut held = self.0.outage.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.is_out.store(outage.is_some(), Ordering::Relaxed);
        std::mem::replace(&mut *held, outage)
    }
}
