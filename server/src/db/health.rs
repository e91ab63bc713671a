//! Whether the database can be written, as far as this process knows. Faults and recoveries are
//! reported here, and the readiness check reads the result. No driver is known here.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use tokio::sync::Notify;

use super::fault::Fault;

/// The reason why nothing can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// No room is left.
    NoRoom,
    /// Writing fails for another reason, or the database is not available.
    Unwritable,
}

/// The known state of the database. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Health(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// Whether `outage` holds a value; read without taking the lock.
    is_out: AtomicBool,
    outage: Mutex<Option<Outage>>,
    began: Notify,
    /// Committed transactions, whether they wrote anything or not.
    commits: AtomicU64,
    /// Notified when the write-ahead log should be emptied.
    to_be_emptied: Notify,
}

impl Health {
    /// The reason why nothing can be written; `None` while writing works.
    pub(super) fn outage(&self) -> Option<Outage> {
        if !self.0.is_out.load(Ordering::Relaxed) {
            return None;
        }
        *self.0.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a failure. The log reports each outage once.
    pub(super) fn failed(&self, fault: Fault, cause: &dyn std::fmt::Display) {
        let outage = match fault {
            Fault::NoRoom => Outage::NoRoom,
            Fault::Unwritable | Fault::Away => Outage::Unwritable,
            Fault::Refused | Fault::Contention | Fault::Defect => return,
        };
        let before = self.change(Some(outage));
        if before == Some(outage) {
            tracing::debug!(%cause, "the database is still failing");
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

    /// Records that a trial write has reached the disk.
    pub(super) fn recovered(&self) {
        if self.change(None).is_some() {
            tracing::info!("the database can be written again");
        }
    }

    /// Records a commit.
    pub(super) fn committed(&self) {
        self.0.commits.fetch_add(1, Ordering::Relaxed);
    }

    /// The number of committed transactions.
    pub(super) fn commits(&self) -> u64 {
        self.0.commits.load(Ordering::Relaxed)
    }

    /// Asks for the write-ahead log to be emptied as soon as possible.
    pub(super) fn ask_for_empty_log(&self) {
        self.0.to_be_emptied.notify_one();
    }

    /// Waits until [`Health::ask_for_empty_log`] is called or the database is closed.
    pub(super) async fn log_is_to_be_emptied(&self) {
        self.0.to_be_emptied.notified().await;
    }

    /// Records that the database was closed, which wakes all waiting tasks.
    pub(super) fn closed(&self) {
        self.0.began.notify_one();
        self.0.to_be_emptied.notify_one();
    }

    /// Waits until an outage begins or the database is closed.
    pub(super) async fn outage_begins(&self) {
        self.0.began.notified().await;
    }

    fn change(&self, outage: Option<Outage>) -> Option<Outage> {
        let mut held = self.0.outage.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.is_out.store(outage.is_some(), Ordering::Relaxed);
        std::mem::replace(&mut *held, outage)
    }
}
