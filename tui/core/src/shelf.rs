//! Where a record is read: among those in use, or in the archive. The server answers it in one of the two only.

use shared::Kind;

use crate::{
    api::{Call, Failure},
    resource::{Record, RecordKind},
};

/// Where a record is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shelf {
    is_archive: bool,
    /// Whether it was not found on the other shelf.
    is_second: bool,
}

impl Shelf {
    /// The archive, or the records in use.
    pub fn of(is_archive: bool) -> Self {
        Self { is_archive, is_second: false }
    }

    /// Whether it is the archive.
    pub fn is_archive(self) -> bool {
        self.is_archive
    }

    /// The request for a record.
    pub fn read(self, kind: RecordKind, id: i64) -> Call {
        Call::Read { kind, id, is_archived: self.is_archive }
    }

    /// Takes a record that was found.
    pub fn found(&mut self, record: &Record) {
        *self = Self::of(record.archived().is_some());
    }

    /// Takes the failure of a request. Says whether the record has to be asked for again: on the other shelf, or
    /// where it has been put while the request was on its way.
    pub fn failed(&mut self, call: &Call, failure: &Failure) -> bool {
        let Call::Read { kind, is_archived: asked, .. } = *call else { return false };
        let is_missing =
            matches!(failure, Failure::Problem(it) if it.error == Kind::NotFound.code());
        if is_missing && asked != self.is_archive {
            return true;
        }
        let has_second = is_missing && kind.table().archive().is_some() && !self.is_second;
        if has_second || self.is_second {
            *self = Self { is_archive: !self.is_archive, is_second: has_second };
        }
        has_second
    }
}
