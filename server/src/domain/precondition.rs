//! Nobody silently overwrites somebody else.

use chrono::{DateTime, Utc};
use serde_json::Value;
use shared::UserId;

use crate::{
    db::records::Revision,
    error::{Error, Stale, StaleCause},
};

/// Which version of a record a write is meant for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// Not said.
    None,
    /// Whatever it is now.
    Any,
    /// One of these.
    Versions(Vec<i64>),
}

/// A record as a write finds it.
pub struct Found<'a> {
    /// Its version.
    pub version: i64,
    /// Who changed it last.
    pub changed_by: UserId,
    /// That user's name.
    pub changed_by_name: &'a str,
    /// When.
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
    /// Lets a write through, or says why not; `current` makes the record for the answer.
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
