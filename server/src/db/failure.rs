//! A failure as both drivers describe it, and the error that follows from it.

use super::{
    fault::{DbError, Fault, UniqueKey},
    health::Health,
};
use crate::error::Error;

/// A failed statement, commit or attempt to connect.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) fault: Fault,
    /// The database's own message, with its code.
    pub(super) reason: String,
    /// The name of the unique key that refused a row: `<table>_<columns>_key`.
    pub(super) unique_key: Option<String>,
}

impl Failure {
    /// A failure without a message from the database.
    pub(super) fn new(fault: Fault, reason: impl Into<String>) -> Self {
        Self { fault, reason: reason.into(), unique_key: None }
    }

    /// Reports it to the health of the database and turns it into an error.
    pub(super) fn report(self, health: &Health) -> DbError {
        health.failed(self.fault, &self.reason);
        match self.unique_key {
            Some(name) => match UniqueKey::named(&name) {
                Some(key) => DbError::Unique(key),
                None => Error::internal(format!("not unique: {name}")).into(),
            },
            None => self.fault.into_error(self.reason).into(),
        }
    }
}

/// The reason why no connection was handed out.
pub(super) enum NoConnection {
    /// Opening one has failed.
    Failed(Failure),
    /// None was free in time, or the database is being closed.
    Crowded(&'static str),
}
