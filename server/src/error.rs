//! The one error of the server, without any word of HTTP or SQL. What it means to a client is
//! decided in `api::problem` alone.

use chrono::{DateTime, Utc};
use serde_json::Value;
use shared::{FieldError, FieldErrors};

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The input is bad; every fault is named.
    #[error("invalid input: {0}")]
    Invalid(FieldErrors),
    /// There is no valid session behind the request.
    #[error("not logged in: {0}")]
    Unauthenticated(&'static str),
    /// A request for tokens in the form of OAuth 2.0 was refused.
    #[error("token request refused: {0}")]
    TokenRequest(TokenRefusal),
    /// The caller may know of it, but not do it.
    #[error("not allowed: {0}")]
    Forbidden(&'static str),
    /// The password was right, but the account's e-mail address is not known to be its owner's.
    #[error("the e-mail address is not confirmed")]
    EmailUnverified,
    /// The API token lacks the scope that is needed.
    #[error("the API token lacks the scope {0}")]
    InsufficientScope(&'static str),
    /// It does not exist, or the caller may not know that it does.
    #[error("not found")]
    NotFound,
    /// The change contradicts what is stored.
    #[error("conflict: {0}")]
    Conflict(FieldErrors),
    /// The change contradicts one or more records, which the answer shows.
    #[error("conflict: {0}")]
    Contradiction(Box<Contradiction>),
    /// An `Idempotency-Key` that was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The record does not have the version that the write is meant for.
    #[error("changed in the meantime")]
    Stale(Box<Stale>),
    /// The record was last changed by somebody else and the caller has not said which version was
    /// read.
    #[error("the version that was read is needed")]
    PreconditionRequired,
    /// Too many attempts.
    #[error("too many attempts, next in {after} s")]
    TooManyRequests {
        /// Seconds until the next attempt is looked at.
        after: u64,
    },
    /// Not now: busy, draining, or the database is away.
    #[error("unavailable: {reason}")]
    Unavailable {
        /// Why, for the client.
        reason: &'static str,
        /// Seconds after which it makes sense to try again.
        after: u64,
    },
    /// There is no room to write. Nothing was written.
    #[error("there is no room left to write")]
    StorageFull {
        /// Seconds after which it makes sense to try again.
        after: u64,
    },
    /// A defect, or a failure of the machine. The cause is for the log only.
    #[error("internal: {0}")]
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

/// Why a request for tokens was refused, in the terms of RFC 6749 (section 5.2).
#[derive(Debug, thiserror::Error)]
pub enum TokenRefusal {
    /// A parameter is missing, repeated or unreadable.
    #[error("invalid request: {0}")]
    InvalidRequest(FieldErrors),
    /// Password or refresh token are not valid, or not enough.
    #[error("invalid grant: {0}")]
    InvalidGrant(&'static str),
    /// There is another way to get tokens, but not this one.
    #[error("unsupported grant type: {0}")]
    UnsupportedGrantType(FieldErrors),
    /// Rights were asked for by a name that means nothing.
    #[error("invalid scope: {0}")]
    InvalidScope(FieldErrors),
}

impl TokenRefusal {
    /// What a failed login is called in a request for tokens. Other errors stay as they are.
    pub fn of(error: Error) -> Error {
        match error {
            Error::Unauthenticated(why) => Error::TokenRequest(Self::InvalidGrant(why)),
            Error::EmailUnverified => Error::TokenRequest(Self::InvalidGrant(CONFIRM_FIRST)),
            other => other,
        }
    }
}

/// What somebody has to do whose e-mail address is not confirmed.
pub const CONFIRM_FIRST: &str =
    "confirm your e-mail address first, with the code that was mailed to it";

/// What a change contradicts.
#[derive(Debug, thiserror::Error)]
#[error("{faults}")]
pub struct Contradiction {
    /// The members that are at fault.
    pub faults: FieldErrors,
    /// The member of the problem document that shows it: `existing`, `active_assignments`.
    pub name: &'static str,
    /// What is shown.
    pub shown: Value,
}

/// The record as it is now, for somebody who wanted to change an older version.
#[derive(Debug)]
pub struct Stale {
    /// The record.
    pub current: Value,
    /// Who changed it last.
    pub changed_by: String,
    /// When.
    pub changed_at: DateTime<Utc>,
    /// Why the version that the write is meant for is not that of the record.
    pub cause: StaleCause,
}

/// Why a write is meant for another version than the record has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaleCause {
    /// Somebody else changed the record since.
    ChangedByOther,
    /// The caller changed the record since.
    ChangedByCaller,
    /// The record has never had that version.
    NeverExisted,
}

impl Error {
    /// Bad input with one fault.
    pub fn invalid(field: &str, complaint: FieldError) -> Self {
        Self::Invalid(FieldErrors::one(field, complaint))
    }

    /// A conflict at one member.
    pub fn conflict(field: &str, code: &'static str, message: &str) -> Self {
        Self::Conflict(FieldErrors::one(field, FieldError::new(code, message)))
    }

    /// A row that should have been locked was changed by somebody else.
    pub fn changed_meanwhile() -> Self {
        Self::Unavailable { reason: "the record was changed meanwhile", after: 1 }
    }

    /// A defect in words.
    pub fn internal(what: impl Into<String>) -> Self {
        Self::Internal(what.into().into())
    }
}

impl From<FieldErrors> for Error {
    fn from(faults: FieldErrors) -> Self {
        Self::Invalid(faults)
    }
}
