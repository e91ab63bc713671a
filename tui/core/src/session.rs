//! The session in use: one value, which the core keeps and the shell knows by its handle.
//!
//! The shell keeps the tokens of each session under its handle and uses none that no request
//! names. The core names the handle of its session in every request. So a request can't leave with
//! the tokens of another user: neither side has a second opinion about who is logged in.

use shared::account::User;

/// Names a session whose tokens the shell keeps. No two sessions of a process have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionHandle(u64);

impl SessionHandle {
    /// The handle of this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }
}

/// A session: its handle, and the user to whom it belongs, who never changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    handle: SessionHandle,
    user: User,
}

impl Session {
    /// A session as the answer to a login began it.
    pub fn new(handle: SessionHandle, user: User) -> Self {
        Self { handle, user }
    }

    /// Under which the shell keeps the tokens.
    pub fn handle(&self) -> SessionHandle {
        self.handle
    }

    /// To whom it belongs.
    pub fn user(&self) -> &User {
        &self.user
    }

    /// Takes what the server says of the user now. Says `false`, and changes nothing, where that
    /// is somebody else.
    pub(crate) fn describe(&mut self, user: User) -> bool {
        let is_same = self.user.id == user.id;
        if is_same {
            self.user = user;
        }
        is_same
    }

    /// Goes on with a newer session of the same user. Gives one of somebody else back, and changes
    /// nothing.
    #[must_use]
    pub(crate) fn renew(&mut self, newer: Self) -> Option<Self> {
        if self.user.id != newer.user.id {
            return Some(newer);
        }
        *self = newer;
        None
    }
}
