//! The error type of the server, independent of HTTP and SQL. Only `api::wire::problem` decides
//! what an error means to a client.

use chrono::{DateTime, Utc};
use serde_json::Value;
use shared::{FieldError, FieldErrors};

/// The reason why an operation failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The input is invalid. It names every error.
    #[error("invalid input: {0}")]
    Invalid(FieldErrors),
    /// The request has no valid session.
    #[error("not logged in: {0}")]
    Unauthenticated(&'static str),
    /// A token request of OAuth 2.0 was refused.
    #[error("token request refused: {0}")]
    TokenRequest(TokenRefusal),
    /// The caller may see the record, but not do this.
    #[error("not allowed: {0}")]
    Forbidden(&'static str),
    /// The password is right, but the account's e-mail address is not confirmed.
    #[error("the e-mail address is not confirmed")]
    EmailUnverified,
    /// The API token lacks the required scope.
    #[error("the API token lacks the scope {0}")]
    InsufficientScope(&'static str),
    /// The record does not exist, or the caller may not know that it does.
    #[error("not found")]
    NotFound,
    /// The change contradicts a stored record.
    #[error("conflict: {0}")]
    Conflict(FieldErrors),
    /// The change contradicts records that the answer contains.
    #[error("conflict: {0}")]
    Contradiction(Box<Contradiction>),
    /// The `Idempotency-Key` was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The record does not have the version that the write expects.
    #[error("changed in the meantime")]
    Stale(Box<Stale>),
    /// Another user made the last change to the record, and the request does not name a version.
    #[error("the expected version is missing")]
    PreconditionRequired,
    /// Too many attempts.
    #[error("too many attempts, next in {after} s")]
    TooManyRequests {
        /// The seconds until the next attempt is allowed.
        after: u64,
    },
    /// The server is busy or stopping, or the database is not available.
    #[error("unavailable: {reason}")]
    Unavailable {
        /// The reason, for the client.
        reason: &'static str,
        /// The seconds after which a retry makes sense.
        after: u64,
    },
    /// The storage is full. Nothing was written.
    #[error("the storage is full")]
    StorageFull {
        /// The seconds after which a retry makes sense.
        after: u64,
    },
    /// A bug, or a failure of the machine. The cause is only for the log.
    #[error("internal: {0}")]
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

/// The reason why a token request was refused, in the terms of RFC 6749 (section 5.2).
#[derive(Debug, thiserror::Error)]
pub enum TokenRefusal {
    /// A parameter is missing, repeated or invalid.
    #[error("invalid request: {0}")]
    InvalidRequest(FieldErrors),
    /// The password or the refresh token is not valid.
    #[error("invalid grant: {0}")]
    InvalidGrant(&'static str),
    /// The grant type is not supported.
    #[error("unsupported grant type: {0}")]
    UnsupportedGrantType(FieldErrors),
    /// The request asks for scopes, but there are none.
    #[error("invalid scope: {0}")]
    InvalidScope(FieldErrors),
}

impl TokenRefusal {
    /// Translates a failed login into a refused token request. Other errors stay as they are.
    pub fn of(error: Error) -> Error {
        match error {
            Error::Unauthenticated(why) => Error::TokenRequest(Self::InvalidGrant(why)),
            Error::EmailUnverified => Error::TokenRequest(Self::InvalidGrant(CONFIRM_FIRST)),
            other => other,
        }
    }
}

/// The instruction for a user whose e-mail address is not confirmed.
pub const CONFIRM_FIRST: &str =
    "confirm your e-mail address first, with the code that was mailed to it";

/// A conflict with stored records.
#[derive(Debug, thiserror::Error)]
#[error("{errors}")]
pub struct Contradiction {
    /// The errors of the members that conflict.
    pub errors: FieldErrors,
    /// The member of the problem document with the stored records: `existing`,
    /// `active_assignments`.
    pub name: &'static str,
    /// The value of that member.
    pub shown: Value,
}

/// The current record, for a caller who wanted to change an older version.
#[derive(Debug)]
pub struct Stale {
    /// The record.
    pub current: Value,
    /// The user who changed it last.
    pub changed_by: String,
    /// The time of that change.
    pub changed_at: DateTime<Utc>,
    /// The reason why the versions differ.
    pub cause: StaleCause,
}

/// The reason why a write expects another version than the record has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaleCause {
    /// Another user has changed the record since.
    ChangedByOther,
    /// The caller has changed the record since.
    ChangedByCaller,
    /// The record has never had that version.
    NeverExisted,
}

impl Error {
    /// Invalid input with a single error.
    pub fn invalid(field: &str, error: FieldError) -> Self {
        Self::Invalid(FieldErrors::one(field, error))
    }

    /// A conflict of a single member.
    pub fn conflict(field: &str, code: &'static str, message: &str) -> Self {
        Self::Conflict(FieldErrors::one(field, FieldError::new(code, message)))
    }

    /// A row that should have been locked was changed by another request.
    pub fn changed_meanwhile() -> Self {
        Self::Unavailable { reason: "the record was changed in the meantime", after: 1 }
    }

    /// A bug, in words.
    pub fn internal(what: impl Into<String>) -> Self {
        Self::Internal(what.into().into())
    }
}

impl From<FieldErrors> for Error {
    fn from(errors: FieldErrors) -> Self {
        Self::Invalid(errors)
    }
}
