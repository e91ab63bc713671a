//! The audit log, as administrators read it.

use std::str::FromStr;

use chrono::{DateTime, Utc};

use crate::{
    UserId,
    account::Role,
    history::Change,
    id::{ApiTokenId, AuditId},
    moment::{MOMENT_MAX, Moment},
    query, read,
    rules::{EMAIL_MAX, REASON_MAX},
};

/// Longest name of an audited action, or of a kind of record.
pub const ACTION_MAX: usize = 100;

record! {
    /// One thing that was done.
    AuditEntry {
        /// The entry's id.
        id: AuditId,
        /// When.
        at: DateTime<Utc>,
        /// Who did it; null where nobody was logged in, or the server's own command line did it.
        actor: Option<UserId>,
        /// Their username, or name where there is no username; what was typed, where a login failed; or
        /// the name of the program.
        actor_username: String => [max_length(EMAIL_MAX), example("ana")],
        /// The role they had then.
        actor_role: Option<Role>,
        /// The id of the API token with which they did it, if it was one.
        token: Option<ApiTokenId>,
        /// What was done: `patient.updated`, `auth.login_failed`, `user.role_changed` and the like.
        action: String => [max_length(ACTION_MAX), example("patient.updated")],
        /// With what kind of record.
        entity: String => [max_length(ACTION_MAX), example("patient")],
        /// With which record.
        entity_id: Option<i64> => [range(1, i64::MAX), example(1)],
        /// The record's version after it, where it was a write.
        version: Option<i64> => [range(1, i64::MAX), example(2)],
        /// The address it came from.
        address: Option<String> => [max_length(60), example("192.0.2.7")],
        /// The request's id.
        request_id: Option<String> => [max_length(64)],
        /// The reason that was given.
        reason: Option<String> => [max_length(REASON_MAX), example("Moved away")],
        /// The fields that changed; empty where their values were erased.
        changes: Vec<Change> => [max_items(100)],
    }
}

#[cfg(feature = "openapi")]
impl crate::page::Listed for AuditEntry {
    const PAGE: &'static str = "AuditPage";
}

filter! {
    /// Which entries of the audit log a list shows, newest first.
    AuditFilter, in pages {
        /// Done by this user.
        actor: UserId = query::parsed(20, UserId::from_str),
        /// What was done, the whole word.
        action: String = read::line(ACTION_MAX) => [max_length(ACTION_MAX)],
        /// Done with this kind of record.
        entity: String = read::line(ACTION_MAX) => [max_length(ACTION_MAX)],
        /// Done with this record; beside `entity`.
        entity_id: i64 = query::whole(1, i64::MAX) => [range(1, i64::MAX)],
        /// At this time or later.
        from: Moment = query::parsed(MOMENT_MAX, Moment::from_str),
        /// Before this time.
        to: Moment = query::parsed(MOMENT_MAX, Moment::from_str),
    }
}
