//! The history of a record.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{UserId, id::AuditId, rules::NAME_MAX};

/// The most names in an entry: those of its own record and of the old and new values of its changes.
pub const NAMES_MAX: i64 = 201;

/// The longest name of a record: two full names and what joins them.
pub const RECORD_NAME_MAX: usize = 2 * (2 * NAME_MAX + 1) + 2;

record! {
    /// A changed field with its old and new value.
    Change {
        /// The field.
        field: String => [max_length(100), example("city")],
        /// The old value.
        old: Value => [example("Chicopee")],
        /// The new value.
        new: Value => [example("Boston")],
    }
}

record! {
    /// The name of a record that an audit event mentions by its id.
    RecordName {
        /// The kind of record: `patient`, `doctor`, `assignment`, `visit` or `user`.
        entity: String => [max_length(100), example("patient")],
        /// The id of the record.
        id: i64 => [range(1, i64::MAX), example(1)],
        /// The name as it is now. A visit has the name of its patient, and an assignment those of its
        /// patient and its doctor.
        name: String => [max_length(RECORD_NAME_MAX), example("José Gómez")],
    }
}

/// The kind of record whose id a changed field holds, if the field holds one.
pub fn entity_of_field(field: &str) -> Option<&'static str> {
    Some(match field {
        "patient" | "merged" | "merged_into" | "different_from" => "patient",
        "doctor" => "doctor",
        "assignment" => "assignment",
        "linked_user" => "user",
        _ => return None,
    })
}

record! {
    /// An audit event about one record.
    HistoryEntry {
        /// The id in the audit log.
        id: AuditId,
        /// The time.
        at: DateTime<Utc>,
        /// The action: `patient.created`, `patient.updated`, `patient.archived` and others.
        action: String => [max_length(100), example("patient.updated")],
        /// The id of the record that the entry is about, where it is one that was merged into this one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        merged: Option<i64> => [range(1, i64::MAX), optional()],
        /// The user.
        actor: Option<UserId>,
        /// The username of that user, or the name if there is no username. After a failed login,
        /// the typed text. On the command line, the name of the program.
        actor_username: String => [max_length(crate::rules::EMAIL_MAX), example("ana")],
        /// The network address of the request.
        address: Option<String> => [max_length(60), example("192.0.2.7")],
        /// The id of the request.
        request_id: Option<String> => [max_length(64)],
        /// The reason, if one was given.
        reason: Option<String> => [max_length(500), example("Moved away")],
        /// The version of the record after the event.
        version: Option<i64> => [range(1, i64::MAX), example(2)],
        /// The changed fields. Empty if their values were erased.
        changes: Vec<Change> => [max_items(100)],
        /// The names of the records whose ids are in `changes`. A record that was erased, or that the
        /// caller may not read, has none.
        #[serde(default)]
        names: Vec<RecordName> => [max_items(NAMES_MAX)],
    }
}

#[cfg(feature = "openapi")]
impl crate::page::Listed for HistoryEntry {
    const PAGE: &'static str = "HistoryPage";
}
