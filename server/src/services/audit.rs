//! Writing audit events. A write and its audit event commit together.

use std::mem::take;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use shared::{
    history::Change,
    id::{DoctorId, PatientId, UserId},
};

use super::actor::{Actor, Origin};
use crate::{
    db::{
        Conn,
        audit::{self, Content, NewEntry},
        changes::NewChange,
        names::Named,
    },
    digest::sha256,
    error::Error,
    keys::random_text,
};

/// The actor in audit events for changes that are made on the command line.
pub(crate) const PROGRAM: &str = "frontdesk-server";

/// An audit event: an action on a record.
pub struct AuditEvent<'a> {
    /// The action, such as `patient.updated`.
    pub action: &'a str,
    /// The kind of record, such as `patient`.
    pub entity: &'a str,
    /// The id of the record.
    pub entity_id: Option<i64>,
    /// The version of the record after a write; `None` for events that are not writes of a record.
    pub version: Option<i64>,
    /// The reason that the caller gave.
    pub reason: Option<String>,
    /// The members that changed.
    pub changes: Vec<Change>,
    /// The patient, where the record is an assignment or a visit.
    pub patient: Option<PatientId>,
    /// The doctor, where the record is an assignment or a visit.
    pub doctor: Option<DoctorId>,
}

impl<'a> AuditEvent<'a> {
    /// An audit event about a record, without version, reason and changes.
    pub fn new(action: &'a str, entity: &'a str, entity_id: Option<i64>) -> Self {
        let (version, reason, changes) = (None, None, Vec::new());
        Self { action, entity, entity_id, version, reason, changes, patient: None, doctor: None }
    }

    /// An audit event about an account, or about an identifier that no account has.
    pub fn of_user(action: &'a str, user: Option<UserId>) -> Self {
        Self::new(action, Named::User.entity(), user.map(|user| user.0))
    }
}

/// The actor of an audit event.
#[derive(Clone, Copy)]
pub enum AuditActor<'a> {
    /// A user who is logged in.
    Actor(&'a Actor),
    /// A caller who is not logged in, or the program itself, with the name to record.
    Anonymous(&'a Origin, &'a str),
}

/// Writes an audit event in the transaction of its action. A write of a patient, doctor, assignment
/// or visit also becomes a change in the live feed.
pub(crate) async fn note(
    conn: &mut Conn<'_>,
    by: AuditActor<'_>,
    at: DateTime<Utc>,
    mut event: AuditEvent<'_>,
) -> Result<(), Error> {
    let (change, content) = (change(at, &event)?, sealed(&mut event)?);
    let entry = entry(by, at, &event, content.as_ref());
    Ok(audit::insert(conn, &entry, change.as_ref()).await?)
}

/// Writes the audit events of many actions in one transaction.
pub(crate) async fn note_many(
    conn: &mut Conn<'_>,
    by: AuditActor<'_>,
    at: DateTime<Utc>,
    mut events: Vec<AuditEvent<'_>>,
) -> Result<(), Error> {
    let changes = events.iter().filter_map(|event| change(at, event).transpose());
    let changes = changes.collect::<Result<Vec<_>, _>>()?;
    let contents = events.iter_mut().map(sealed).collect::<Result<Vec<_>, _>>()?;
    let entries = events.iter().zip(&contents);
    let entries = entries.map(|(event, content)| entry(by, at, event, content.as_ref()));
    Ok(audit::insert_many(conn, &entries.collect::<Vec<_>>(), &changes).await?)
}

/// Writes the audit events of reads, which have no version, reason or changes.
pub(crate) async fn note_reads<'a>(
    conn: &mut Conn<'_>,
    reads: impl Iterator<Item = (&'a Actor, DateTime<Utc>, &'a AuditEvent<'a>)>,
) -> Result<(), Error> {
    let entries = reads.map(|(actor, at, event)| entry(AuditActor::Actor(actor), at, event, None));
    Ok(audit::insert_without_content(conn, &entries.collect::<Vec<_>>()).await?)
}

/// An audit event as it is stored, with its sealed content.
fn entry<'a>(
    by: AuditActor<'a>,
    at: DateTime<Utc>,
    event: &'a AuditEvent<'_>,
    content: Option<&'a Sealed>,
) -> NewEntry<'a> {
    let (actor, origin, name) = match by {
        AuditActor::Actor(actor) => (Some(actor), &*actor.origin, actor.user.label()),
        AuditActor::Anonymous(origin, name) => (None, origin, name),
    };
    NewEntry {
        at,
        actor_id: actor.map(Actor::id),
        actor_name: name,
        actor_role: actor.map(|actor| actor.user.role.as_str()),
        token: actor.and_then(|actor| actor.program).map(|program| program.token),
        action: event.action,
        entity: event.entity,
        entity_id: event.entity_id,
        version: event.version,
        address: origin.address.as_deref(),
        request_id: origin.request_id.as_deref(),
        content: content.map(|it| (it.salt.as_str(), it.content.as_str(), it.hash.as_str())),
    }
}

/// The content of an audit event as JSON, and the hash of salt and content. After both are erased, the
/// hash reveals nothing.
struct Sealed {
    salt: String,
    content: String,
    hash: String,
}

/// Takes the content of an audit event, if it has any, and seals it.
fn sealed(event: &mut AuditEvent<'_>) -> Result<Option<Sealed>, Error> {
    let content = Content { reason: event.reason.take(), changes: take(&mut event.changes) };
    if content == Content::default() {
        return Ok(None);
    }
    let content = serde_json::to_string(&content);
    let content = content.map_err(|e| Error::Internal(e.into()))?;
    let salt = random_text::<16>().map_err(Error::internal)?;
    let hash = sha256(&[salt.as_bytes(), b"\n", content.as_bytes()]);
    Ok(Some(Sealed { salt, content, hash }))
}

/// The members in which two states of a record differ.
pub fn differences<T: Serialize>(old: &T, new: &T) -> Result<Vec<Change>, Error> {
    let object = |state: &T| match serde_json::to_value(state) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(Error::internal("a state that is not a JSON object")),
        Err(error) => Err(Error::Internal(error.into())),
    };
    let (old, new) = (object(old)?, object(new)?);
    // An empty list counts as no value.
    let value = |value: Value| match value {
        Value::Array(items) if items.is_empty() => Value::Null,
        value => value,
    };
    let changed = new.into_iter().filter_map(|(field, new)| {
        let (old, new) = (value(old.get(&field).cloned().unwrap_or_default()), value(new));
        (old != new).then_some(Change { field, old, new })
    });
    Ok(changed.collect())
}

/// The change that subscribers receive for an audit event; `None` unless the event is a write of a
/// patient, doctor, assignment or visit.
///
/// Fails for an assignment or a visit without its patient, because no subscriber could be chosen for it.
fn change<'a>(at: DateTime<Utc>, event: &AuditEvent<'a>) -> Result<Option<NewChange<'a>>, Error> {
    let (Some(entity_id), Some(version)) = (event.entity_id, event.version) else {
        return Ok(None);
    };
    let patient = match event.entity {
        "patient" => Some(entity_id),
        "assignment" | "visit" => match event.patient {
            Some(patient) => Some(patient.0),
            None => return Err(Error::internal("a change without the patient whom it is about")),
        },
        "doctor" => None,
        _ => return Ok(None),
    };
    let doctor = event.doctor.map(|doctor| doctor.0);
    // The first version of a record is a creation, even if it was imported. Of a visit the audit log
    // tells more than the feed.
    let name = match (version, event.entity) {
        (1, entity) => format!("{entity}.created"),
        (_, "visit") => "visit.updated".to_owned(),
        _ => event.action.to_owned(),
    };
    let entity = event.entity;
    Ok(Some(NewChange { at, event: name, entity, entity_id, version, patient, doctor }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_writes_of_records_send_events() {
        let heard = |action, entity, version, patient: Option<i64>| {
            let mut event = AuditEvent::new(action, entity, Some(7));
            (event.version, event.patient) = (version, patient.map(PatientId));
            let change = change(DateTime::default(), &event).ok()?;
            Some(change.map(|change| (change.event, change.patient)))
        };
        let event = |event: &str, patient| Some(Some((event.to_owned(), patient)));
        for (event, expected) in [
            (heard("patient.updated", "patient", Some(2), None), event("patient.updated", Some(7))),
            (
                heard("patient.imported", "patient", Some(1), None),
                event("patient.created", Some(7)),
            ),
            (heard("doctor.archived", "doctor", Some(3), None), event("doctor.archived", None)),
            (
                heard("assignment.updated", "assignment", Some(2), Some(5)),
                event("assignment.updated", Some(5)),
            ),
            // An assignment without its patient: no subscriber could be chosen.
            (heard("assignment.updated", "assignment", Some(2), None), None),
            (heard("patient.read", "patient", None, None), Some(None)),
            (heard("user.created", "user", Some(1), None), Some(None)),
        ] {
            assert_eq!(event, expected);
        }
    }
}
