//! Preconditions of writes (`If-Match`), so that no user silently overwrites the change of another.

use chrono::{DateTime, Utc};
use serde_json::Value;
use shared::UserId;

use crate::{
    db::records::Revision,
    error::{Error, Stale, StaleCause},
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

/// A record as a write finds it.
pub struct Found<'a> {
    /// The current version.
    pub version: i64,
    /// The user who changed the record last.
    pub changed_by: UserId,
    /// The name of that user.
    pub changed_by_name: &'a str,
    /// The time of the last change.
    pub changed_at: DateTime<Utc>,
}

impl<'a> From<&'a Revision> for Found<'a> {
    fn from(revision: &'a Revision) -> Self {
        Self {
            version: revision.version,
            changed_by: revision.changed_by,
            changed_by_name: &revision.changed_by_name,
            changed_at: revision.changed_at,
        }
    }
}

impl Precondition {
    /// Checks the precondition; `current` builds the record for the answer. Without a precondition,
    /// a caller may overwrite only their own last change.
    ///
    /// Fails with [`Error::Stale`] or [`Error::PreconditionRequired`].
    pub fn check(
        &self,
        caller: UserId,
        found: &Found<'_>,
        current: impl FnOnce() -> Value,
    ) -> Result<(), Error> {
        match self {
            Self::Any => Ok(()),
            Self::Versions(versions) if versions.contains(&found.version) => Ok(()),
            Self::Versions(versions) => {
                let existed = |version: &i64| (1..found.version).contains(version);
                let cause = versions.iter().any(existed).then(|| last_change(caller, found));
                Err(stale(found, cause.unwrap_or(StaleCause::NeverExisted), current()))
            }
            Self::None if found.changed_by == caller => Ok(()),
            Self::None => Err(Error::PreconditionRequired),
        }
    }
}

/// Whether the last change was the caller's own.
fn last_change(caller: UserId, found: &Found<'_>) -> StaleCause {
    match found.changed_by == caller {
        true => StaleCause::ChangedByCaller,
        false => StaleCause::ChangedByOther,
    }
}

/// The refusal of a write that another one has overtaken.
pub fn overtaken(caller: UserId, found: &Found<'_>, current: Value) -> Error {
    stale(found, last_change(caller, found), current)
}

fn stale(found: &Found<'_>, cause: StaleCause, current: Value) -> Error {
    Error::Stale(Box::new(Stale {
        current,
        changed_by: found.changed_by_name.to_owned(),
        changed_at: found.changed_at,
        cause,
    }))
}
