//! Changes of records that the server reports as they happen, at this desk and at others.

use std::time::Duration;

use shared::event::{Changed, RESET};

use crate::resource::RecordKind;

/// The shortest time between two refreshes of a screen because of live changes.
pub const PAUSE: Duration = Duration::from_secs(1);

/// A change that the server reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Live {
    /// A record was changed.
    Record {
        /// Its kind.
        kind: RecordKind,
        /// Its id.
        id: i64,
        /// Its version after the change.
        version: i64,
        /// Whether it was created.
        is_new: bool,
    },
    /// Changes may have been missed.
    Missed,
}

impl Live {
    /// The change that an event of the stream reports: its name, such as `patient.updated`, and its data.
    /// None for an event of a kind that this program does not know.
    pub fn read(name: &str, data: &str) -> Option<Self> {
        if name == RESET {
            return Some(Self::Missed);
        }
        let (entity, action) = name.split_once('.')?;
        let kind = RecordKind::of_entity(entity)?;
        let Changed { id, version } = serde_json::from_str(data).ok()?;
        Some(Self::Record { kind, id, version, is_new: action == "created" })
    }

    /// Whether it concerns records of this kind.
    pub fn is_of(self, kind: RecordKind) -> bool {
        match self {
            Self::Record { kind: changed, .. } => changed == kind,
            Self::Missed => true,
        }
    }

    /// Whether it makes this version of a record an old one.
    pub fn outdates(self, kind: RecordKind, id: i64, version: i64) -> bool {
        match self {
            Self::Record { kind: changed, id: of, version: new, .. } => {
                (changed, of) == (kind, id) && new > version
            }
            Self::Missed => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_the_stream_are_read() {
        let change = Live::read("patient.created", r#"{"id":7,"version":1}"#);
        let new = Live::Record { kind: RecordKind::Patient, id: 7, version: 1, is_new: true };
        assert_eq!(change, Some(new));
        assert_eq!(Live::read("reset", "{}"), Some(Live::Missed));
        assert_eq!(Live::read("invoice.created", r#"{"id":7,"version":1}"#), None);
        assert_eq!(Live::read("patient.created", "[]"), None);
    }
}
