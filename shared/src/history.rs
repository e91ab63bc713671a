//! Histories: who changed what of one record, and when.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{UserId, id::AuditId};

record! {
    /// One field's old and new value.
    Change {
        /// The field.
        field: String => [max_length(100), example("city")],
        /// Its value before.
        old: Value => [example("Chicopee")],
        /// Its value after.
        new: Value => [example("Boston")],
    }
}

record! {
    /// One thing that was done with a record.
    HistoryEntry {
        /// The entry's id in the audit log.
        id: AuditId,
        /// When.
        at: DateTime<Utc>,
        /// What was done: `patient.created`, `patient.updated`, `patient.archived` and the like.
        action: String => [max_length(100), example("patient.updated")],
        /// Who did it.
        actor: Option<UserId>,
        /// Their username, or name where there is no username; what was typed, where a login failed; or
        /// the name of the program.
        actor_username: String => [max_length(crate::rules::EMAIL_MAX), example("ana")],
        /// The address it came from.
        address: Option<String> => [max_length(60), example("192.0.2.7")],
        /// The request's id.
        request_id: Option<String> => [max_length(64)],
        /// The reason that was given.
        reason: Option<String> => [max_length(500), example("Moved away")],
        /// The record's version after it.
        version: Option<i64> => [range(1, i64::MAX), example(2)],
        /// The fields that changed; empty where their values were erased.
        changes: Vec<Change> => [max_items(100)],
    }
}

#[cfg(feature = "openapi")]
impl crate::page::Listed for HistoryEntry {
    const PAGE: &'static str = "HistoryPage";
}
