//! The sessions that have begun at one server: the tokens of each, under its handle.
//!
//! There is no session in use. A request for tokens names a handle, so it can't get the tokens of another
//! user. Tokens have no `Debug` and no `Display`, so they can't get into a log or onto a screen.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tui_core::session::SessionHandle;

/// An access token and the refresh token that came with it.
#[derive(Clone)]
pub(super) struct Tokens {
    access: String,
    refresh: String,
}

impl Tokens {
    /// A pair as the server gave it.
    pub(super) fn new(access: String, refresh: String) -> Self {
        Self { access, refresh }
    }

    /// Goes into `Authorization`.
    pub(super) fn access(&self) -> &str {
        &self.access
    }

    /// Gets the next pair.
    pub(super) fn refresh(&self) -> &str {
        &self.refresh
    }

    /// Whether both are the same pair.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.access == other.access
    }
}

/// Gives out handles: each once in a process, whichever server a session is at.
#[derive(Clone, Default)]
pub(crate) struct Handles(Arc<AtomicU64>);

impl Handles {
    fn next(&self) -> SessionHandle {
        SessionHandle::new(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// The tokens of each session.
pub(super) struct Sessions {
    handles: Handles,
    tokens: Mutex<HashMap<SessionHandle, Tokens>>,
}

impl Sessions {
    /// None yet.
    pub(super) fn new(handles: Handles) -> Self {
        Self { handles, tokens: Mutex::new(HashMap::new()) }
    }

    /// Keeps the tokens of a session that begins.
    pub(super) fn begin(&self, tokens: Tokens) -> SessionHandle {
        let handle = self.handles.next();
        self.lock().insert(handle, tokens);
        handle
    }

    /// A session's tokens, while it is not over.
    pub(super) fn tokens(&self, handle: SessionHandle) -> Option<Tokens> {
        self.lock().get(&handle).cloned()
    }

    /// Takes a session's tokens: it is over.
    pub(super) fn take(&self, handle: SessionHandle) -> Option<Tokens> {
        self.lock().remove(&handle)
    }

    /// Puts a pair in the place of `old`, unless that is no longer the one in use.
    pub(super) fn replace(&self, handle: SessionHandle, old: &Tokens, new: Tokens) {
        if let Some(current) = self.lock().get_mut(&handle).filter(|pair| pair.is_same(old)) {
            *current = new;
        }
    }

    /// Forgets a pair, unless it is no longer the one in use.
    pub(super) fn forget(&self, handle: SessionHandle, old: &Tokens) {
        let mut all = self.lock();
        if all.get(&handle).is_some_and(|current| current.is_same(old)) {
            all.remove(&handle);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionHandle, Tokens>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
