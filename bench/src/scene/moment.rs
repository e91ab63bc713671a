//! The moment at which the server is killed: while a clerk waits for a save.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How many saves are on their way, and whether all is over.
#[derive(Default)]
pub(super) struct Moment {
    state: Mutex<State>,
    has_begun: Condvar,
    has_ended: Condvar,
}

#[derive(Default)]
struct State {
    writes: usize,
    is_over: bool,
}

impl Moment {
    /// A clerk has saved something, until what is returned is dropped.
    pub(super) fn begin(&self) -> Write<'_> {
        self.state().writes += 1;
        self.has_begun.notify_all();
        Write(self)
    }

    /// Waits until the next clerk saves something, at most so long.
    pub(super) fn wait(&self, time: Duration) {
        drop(self.has_begun.wait_timeout(self.state(), time));
    }

    /// How many saves are on their way.
    pub(super) fn writes(&self) -> usize {
        self.state().writes
    }

    /// Waits for a time, or until all is over. Answers whether it is over.
    pub(super) fn rest(&self, time: Duration) -> bool {
        let rest = self.has_ended.wait_timeout_while(self.state(), time, |state| !state.is_over);
        rest.unwrap_or_else(PoisonError::into_inner).0.is_over
    }

    /// From now on nobody begins anything.
    pub(super) fn end(&self) {
        self.state().is_over = true;
        self.has_ended.notify_all();
    }

    /// Whether nobody begins anything any more.
    pub(super) fn is_over(&self) -> bool {
        self.state().is_over
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A save that is on its way.
pub(super) struct Write<'a>(&'a Moment);

impl Drop for Write<'_> {
    fn drop(&mut self) {
        self.0.state().writes -= 1;
    }
}
