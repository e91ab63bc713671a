//! The audit log, as administrators read it.

use std::str::FromStr;

use chrono::{DateTime, Utc};

use crate::{
    UserId,
    account::Role,
    history::{Change, NAMES_MAX, RecordName},
    id::{ApiTokenId, AuditId},
    moment::{MOMENT_MAX, Moment},
    query, read,
    rules::{EMAIL_MAX, REASON_MAX},
};

/// The longest name of an audited action or of a kind of record.
pub const ACTION_MAX: usize = 100;

record! {
    /// An audit event.
    AuditEntry {
        /// The entry's id.
        id: AuditId,
        /// The time.
        at: DateTime<Utc>,
        /// The user. Null if nobody was logged in or if the command line did it.
        actor: Option<UserId>,
        /// The username of that user, or the name if there is no username. After a failed login,
        /// the typed text. On the command line, the name of the program.
        actor_username: String => [max_length(EMAIL_MAX), example("ana")],
        /// The role of the user at that time.
        actor_role: Option<Role>,
        /// The id of the API token, if one was used.
        token: Option<ApiTokenId>,
        /// The action: `patient.updated`, `auth.login_failed`, `user.role_changed` and others.
        action: String => [max_length(ACTION_MAX), example("patient.updated")],
        /// The kind of record.
        entity: String => [max_length(ACTION_MAX), example("patient")],
        /// The id of the record.
        entity_id: Option<i64> => [range(1, i64::MAX), example(1)],
        /// The version of the record after a write.
        version: Option<i64> => [range(1, i64::MAX), example(2)],
        /// The network address of the request.
        address: Option<String> => [max_length(60), example("192.0.2.7")],
        /// The id of the request.
        request_id: Option<String> => [max_length(64)],
        /// The reason, if one was given.
        reason: Option<String> => [max_length(REASON_MAX), example("Moved away")],
        /// The changed fields. Empty if their values were erased.
        changes: Vec<Change> => [max_items(100)],
        /// The names of the record and of the records whose ids are in `changes`. A record that was
        /// erased has none.
        #[serde(default)]
        names: Vec<RecordName> => [max_items(NAMES_MAX)],
    }
}

#[cfg(feature = "openapi")]
impl crate::page::Listed for AuditEntry {
    const PAGE: &'static str = "AuditPage";
}

filter! {
    /// The filters of the audit log.
    AuditFilter, in pages {
        /// The user.
        actor: UserId = query::parsed(20, UserId::from_str),
        /// The exact name of the action.
        action: String = read::line(ACTION_MAX) => [max_length(ACTION_MAX)],
        /// The kind of record.
        entity: String = read::line(ACTION_MAX) => [max_length(ACTION_MAX)],
        /// The id of the record. Requires `entity`.
        entity_id: i64 = query::whole(1, i64::MAX) => [range(1, i64::MAX)],
        /// The earliest time.
        from: Moment = query::parsed(MOMENT_MAX, Moment::from_str),
        /// The time before which events are listed.
        to: Moment = query::parsed(MOMENT_MAX, Moment::from_str),
    }
}
