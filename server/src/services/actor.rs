//! The user behind a request, and the origin of the request.

use std::sync::Arc;

use shared::{SessionId, UserId, account::User, id::ApiTokenId};

/// The origin of a request.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The client's IP address; `None` for the command line.
    pub address: Option<String>,
    /// The id of the request; `None` for the command line.
    pub request_id: Option<String>,
    /// The client's `User-Agent`.
    pub user_agent: Option<String>,
}

/// An unattended program that acts for a user with an API token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    /// The id of the API token.
    pub token: ApiTokenId,
    /// Whether the token may be used for more than reading.
    pub may_write: bool,
}

/// The authenticated user of a request.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The user.
    pub user: Arc<User>,
    /// The session; `None` for the command line and for API tokens.
    pub session: Option<SessionId>,
    /// The program, where the request was made with an API token.
    pub program: Option<Program>,
    /// The origin of the request.
    pub origin: Arc<Origin>,
    /// Whether answers to this request withhold the clinical members of patients.
    pub withholds_clinical: bool,
}

impl Actor {
    /// A user without a session.
    pub fn new(user: impl Into<Arc<User>>, origin: impl Into<Arc<Origin>>) -> Self {
        let (user, origin) = (user.into(), origin.into());
        Self { user, session: None, program: None, origin, withholds_clinical: false }
    }

    /// The same user, with answers that withhold clinical members if the request has
    /// `clinical=false`.
    #[must_use]
    pub fn viewing(&self, clinical: Option<bool>) -> Self {
        Self { withholds_clinical: clinical == Some(false), ..self.clone() }
    }

    /// The id of the user.
    pub fn id(&self) -> UserId {
        self.user.id
    }

    /// Whether this request may write at all. An API token may be limited to reading.
    pub(crate) fn may_write(&self) -> bool {
        self.program.is_none_or(|program| program.may_write)
    }
}
