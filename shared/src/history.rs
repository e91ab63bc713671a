//! The history of a record.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{UserId, id::AuditId};

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
    /// An audit event about one record.
    HistoryEntry {
        /// The id in the audit log.
        id: AuditId,
        /// The time.
        at: DateTime<Utc>,
        /// The action: `patient.created`, `patient.updated`, `patient.archived` and others.
        action: String => [max_length(100), example("patient.updated")],
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
    }
}

#[cfg(feature = "openapi")]
impl crate::page::Listed for HistoryEntry {
    const PAGE: &'static str = "HistoryPage";
}
