//! Preconditions of writes (`If-Match`), so that no user silently overwrites the change of another.

use chrono::{DateTime, Utc};
use serde_json::Value;
use shared::UserId;

use crate::{
    db::{
        Conn,
        records::Revision,
        users::{self, UserRow},
    },
    error::{Error, Stale, StaleCause},
    services::audit::PROGRAM,
};

/// The version of a record that a write expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// No version was given.
    None,
    /// Any version (`If-Match: *`).
    Any,
    /// One of these versions.
    Versions(Vec<i64>),
}

/// The last change of a record, as a write finds it.
pub struct LastChange {
    /// The version that it made.
    pub version: i64,
    /// The user who made it.
    pub by: UserId,
    /// Its time.
    pub at: DateTime<Utc>,
}

impl From<&Revision> for LastChange {
    fn from(revision: &Revision) -> Self {
        Self { version: revision.version, by: revision.changed_by, at: revision.changed_at }
    }
}

impl From<&UserRow> for LastChange {
    fn from(row: &UserRow) -> Self {
        Self { version: row.user.version, by: row.changed_by, at: row.user.updated_at }
    }
}

/// The reason why a precondition is not met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmet {
    /// No version was given, and somebody else made the last change.
    Missing,
    /// The record has another version.
    Stale(StaleCause),
}

impl Precondition {
    /// Checks the precondition. Without one, a caller may overwrite only their own last change.
    pub fn check(&self, caller: UserId, found: &LastChange) -> Result<(), Unmet> {
        match self {
            Self::Any => Ok(()),
            Self::Versions(versions) if versions.contains(&found.version) => Ok(()),
            Self::Versions(versions) => {
                let existed = |version: &i64| (1..found.version).contains(version);
                let cause = versions.iter().any(existed).then(|| cause(caller, found));
                Err(Unmet::Stale(cause.unwrap_or(StaleCause::NeverExisted)))
            }
            Self::None if found.by == caller => Ok(()),
            Self::None => Err(Unmet::Missing),
        }
    }
}

impl Unmet {
    /// The reason for refusing a write that another one has overtaken.
    pub fn overtaken(caller: UserId, found: &LastChange) -> Self {
        Self::Stale(cause(caller, found))
    }

    /// Makes the error. A stale version is answered with the record as it is now, and with the name of
    /// the user who made the last change, which is read here.
    pub(crate) async fn refuse(
        self,
        conn: &mut Conn<'_>,
        found: &LastChange,
        current: impl FnOnce() -> Value,
    ) -> Error {
        let Self::Stale(cause) = self else { return Error::PreconditionRequired };
        let changed_by = match users::get(conn, found.by).await {
            Ok(user) => user.map_or_else(|| PROGRAM.to_owned(), |by| by.user.label().to_owned()),
            Err(error) => return error.into(),
        };
        let stale = Stale { current: current(), changed_by, changed_at: found.at, cause };
        Error::Stale(Box::new(stale))
    }
}

/// Whether the last change was the caller's own.
fn cause(caller: UserId, found: &LastChange) -> StaleCause {
    match found.by == caller {
        true => StaleCause::ChangedByCaller,
        false => StaleCause::ChangedByOther,
    }
}
