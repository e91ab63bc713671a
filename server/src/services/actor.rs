//! Whoever makes a request, and where the request comes from.

use shared::{SessionId, UserId, account::User, id::ApiTokenId};

/// Where a request comes from.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The client's address; none for the command line.
    pub address: Option<String>,
    /// The request's id; none for the command line.
    pub request_id: Option<String>,
    /// The client program, as it calls itself.
    pub user_agent: Option<String>,
}

/// An unattended program that acts for a user with an API token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    /// The token.
    pub token: ApiTokenId,
    /// Whether the token may be used for more than reading.
    pub may_write: bool,
}

/// Somebody who is logged in, in the request that is being served.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The user.
    pub user: User,
    /// The session; none for the command line and for programs.
    pub session: Option<SessionId>,
    /// The program that acts for the user, if it is one.
    pub program: Option<Program>,
    /// Where it comes from.
    pub origin: Origin,
}

impl Actor {
    /// A user without a session.
    pub fn new(user: User, origin: Origin) -> Self {
        Self { user, session: None, program: None, origin }
    }

    /// The user's id.
    pub fn id(&self) -> UserId {
        self.user.id
    }

    /// Whether a request of this caller may write at all.
    pub(crate) fn may_write(&self) -> bool {
        self.program.is_none_or(|program| program.may_write)
    }
}
