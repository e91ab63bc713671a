//! Noting what was done. A write and its entry commit together; reads are noted in batches, a
//! moment later, so that no read waits for the disk.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use shared::{
    Complaint,
    audit::{AuditEntry, AuditFilter},
    history::{Change, HistoryEntry},
    id::{DoctorId, PatientId},
    page::COUNT_MAX,
};
use tokio::sync::{mpsc, oneshot};

use super::{
    access::{Action, Actor, Origin, scope},
    feed,
    listing::{PageRequest, PageSlice},
};
use crate::{
    app::App,
    db::{
        Conn, Db,
        audit::{self, Content, NewEntry, Place},
        changes,
    },
    digest::sha256,
    error::Error,
    keys::random_text,
    output::OncePerSecond,
};

/// What was done with which record.
pub struct Deed<'a> {
    /// The deed: `patient.updated`.
    pub action: &'a str,
    /// The kind of record: `patient`.
    pub entity: &'a str,
    /// The record.
    pub entity_id: Option<i64>,
    /// Its version after a write; none for everything that is no write of a record.
    pub version: Option<i64>,
    /// The reason that was given.
    pub reason: Option<String>,
    /// The fields that changed.
    pub changes: Vec<Change>,
    /// The patient to whom the record belongs, where it is an assignment.
    pub patient: Option<PatientId>,
    /// The doctor in whose care it puts the patient, where it is an assignment.
    pub doctor: Option<DoctorId>,
}

impl<'a> Deed<'a> {
    /// Something done with a record.
    pub fn new(action: &'a str, entity: &'a str, entity_id: Option<i64>) -> Self {
        let (version, reason, changes) = (None, None, Vec::new());
        Self { action, entity, entity_id, version, reason, changes, patient: None, doctor: None }
    }
}

/// Who did it.
#[derive(Clone, Copy)]
pub enum Doer<'a> {
    /// Somebody who is logged in.
    Actor(&'a Actor),
    /// Somebody who is not logged in yet, or the program itself; with the name that was given.
    Stranger(&'a Origin, &'a str),
}

/// Notes a deed in the transaction in which it is done, and where it is a write of a record that is
/// listened to, tells of it.
pub(crate) async fn note(
    conn: &mut Conn<'_>,
    doer: Doer<'_>,
    at: DateTime<Utc>,
    deed: Deed<'_>,
) -> Result<(), Error> {
    note_all(conn, doer, at, vec![deed]).await
}

/// Notes many deeds that are done in one transaction.
pub(crate) async fn note_all(
    conn: &mut Conn<'_>,
    doer: Doer<'_>,
    at: DateTime<Utc>,
    deeds: Vec<Deed<'_>>,
) -> Result<(), Error> {
    let changes: Vec<_> = deeds
        .iter()
        .filter_map(|deed| feed::change(at, deed).transpose())
        .collect::<Result<_, _>>()?;
    changes::insert(conn, &changes).await?;
    for deed in deeds {
        enter(conn, doer, at, deed).await?;
    }
    Ok(())
}

async fn enter(
    conn: &mut Conn<'_>,
    doer: Doer<'_>,
    at: DateTime<Utc>,
    deed: Deed<'_>,
) -> Result<(), Error> {
    let content = Content { reason: deed.reason, changes: deed.changes };
    let sealed = (content != Content::default()).then(|| seal(&content)).transpose()?;
    let (actor, origin, name) = match doer {
        Doer::Actor(actor) => (Some(actor), &actor.origin, actor.user.label()),
        Doer::Stranger(origin, name) => (None, origin, name.to_owned()),
    };
    let entry = NewEntry {
        at,
        actor_id: actor.map(Actor::id),
        actor_name: &name,
        actor_role: actor.map(|actor| actor.user.role.as_str()),
        token: actor.and_then(|actor| actor.program).map(|program| program.token),
        action: deed.action,
        entity: deed.entity,
        entity_id: deed.entity_id,
        version: deed.version,
        address: origin.address.as_deref(),
        request_id: origin.request_id.as_deref(),
        content: sealed
            .as_ref()
            .map(|(salt, json, hash)| (salt.as_str(), json.as_str(), hash.as_str())),
    };
    Ok(audit::insert(conn, entry).await?)
}

/// Salt, content and their hash: once salt and content are erased, the hash says nothing.
fn seal(content: &Content) -> Result<(String, String, String), Error> {
    let json = serde_json::to_string(content).map_err(|e| Error::Internal(e.into()))?;
    let salt = random_text::<16>().map_err(Error::internal)?;
    let hash = sha256(&[salt.as_bytes(), b"\n", json.as_bytes()]);
    Ok((salt, json, hash))
}

/// The fields in which two states of a record differ.
pub fn differences<T: Serialize>(old: &T, new: &T) -> Result<Vec<Change>, Error> {
    let object = |state: &T| match serde_json::to_value(state) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(Error::internal("a state that is no object")),
        Err(error) => Err(Error::Internal(error.into())),
    };
    let (old, new) = (object(old)?, object(new)?);
    // A list without items is as good as none.
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

/// A page of what was done with a record, newest first.
pub(crate) async fn history(
    app: &App,
    conn: &mut Conn<'_>,
    asked: &PageRequest<i64>,
    entity: &str,
    id: i64,
) -> Result<PageSlice<HistoryEntry>, Error> {
    let (place, backwards) = (asked.key().copied(), asked.is_backwards());
    let (limit, offset) = (asked.size + 1, asked.offset());
    let rows = audit::history(conn, entity, id, place, backwards, limit, offset).await?;
    let count = audit::count_history(conn, entity, id, COUNT_MAX + 1).await?;
    asked.slice(app, rows, count, |entry| entry.id.0)
}

/// The audit log, newest first. Reading it is noted too.
pub async fn list(
    app: &App,
    actor: &Actor,
    filter: &AuditFilter,
) -> Result<PageSlice<AuditEntry>, Error> {
    scope(actor, Action::ReadAudit)?;
    if filter.entity_id.is_some() && filter.entity.is_none() {
        let message = "is needed beside entity_id: ids of different kinds are not related";
        return Err(Error::invalid("entity", Complaint::new("required", message)));
    }
    let pages = (filter.page, filter.page_size, filter.cursor.as_deref());
    let asked: PageRequest<Place> = PageRequest::read(app, pages, "audit")?;
    let mut lent = app.db().read().await?;
    let mut conn = lent.conn();
    let (place, backwards) = (asked.key(), asked.is_backwards());
    let (limit, offset) = (asked.size + 1, asked.offset());
    let rows = audit::list(&mut conn, filter, place, backwards, limit, offset).await?;
    let count = audit::count(&mut conn, filter, COUNT_MAX + 1).await?;
    drop(lent);
    app.reads().note(actor, app.clock().now(), "audit.read", "audit", None);
    asked.slice(app, rows, count, |entry| Place { at: entry.at, id: entry.id.0 })
}

/// Longest time that a read waits to be noted, and with it the most that a power cut can take.
const BATCH_EVERY: Duration = Duration::from_millis(200);
/// Most reads that are noted in one transaction.
const BATCH_MAX: usize = 500;

/// How long a batch waits where it could not be written.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Most reads that wait to be written, while the database is away for example.
const WAITING_MAX: usize = 20_000;
/// How long stopping waits for them.
const FLUSH_MAX: Duration = Duration::from_secs(5);

struct Read {
    at: DateTime<Utc>,
    actor: Actor,
    action: &'static str,
    entity: &'static str,
    entity_id: Option<i64>,
}

enum Message {
    Read(Box<Read>),
    /// Answered once everything before it is written.
    Flush(oneshot::Sender<()>),
}

/// Notes who has read which single record.
pub struct Reads {
    queue: mpsc::Sender<Message>,
}

impl Reads {
    /// Starts the task that writes them.
    pub fn start(db: Db) -> Self {
        let (queue, waiting) = mpsc::channel(WAITING_MAX);
        tokio::spawn(write_reads(db, waiting));
        Self { queue }
    }

    /// Notes that a record, or something without an id, was read. It does not wait: where too many are still to be written, this one
    /// is lost, and the log says so.
    pub fn note(
        &self,
        actor: &Actor,
        at: DateTime<Utc>,
        action: &'static str,
        entity: &'static str,
        entity_id: impl Into<Option<i64>>,
    ) {
        let entity_id = entity_id.into();
        let actor = actor.clone();
        let read = Message::Read(Box::new(Read { at, actor, action, entity, entity_id }));
        if self.queue.try_send(read).is_err() {
            static TOLD: OncePerSecond = OncePerSecond::new();
            if let Some(left_out) = TOLD.admit() {
                tracing::error!(
                    action,
                    entity_id,
                    left_out,
                    "a read could not be noted and is lost"
                );
            }
        }
    }

    /// Waits until everything is written, but not for ever: the database may be away.
    pub async fn flush(&self) {
        let (done, written) = oneshot::channel();
        let flushed =
            async { self.queue.send(Message::Flush(done)).await.is_ok() && written.await.is_ok() };
        if tokio::time::timeout(FLUSH_MAX, flushed).await != Ok(true) {
            tracing::error!("reads that were still to be noted are lost");
        }
    }
}

async fn write_reads(db: Db, mut waiting: mpsc::Receiver<Message>) {
    while let Some(first) = waiting.recv().await {
        let (mut batch, mut flush) = (Vec::new(), None);
        let mut next = Some(first);
        let deadline = tokio::time::Instant::now() + BATCH_EVERY;
        while let Some(message) = next.take() {
            match message {
                Message::Read(read) => batch.push(*read),
                Message::Flush(done) => flush = Some(done),
            }
            if flush.is_none() && batch.len() < BATCH_MAX {
                next = tokio::time::timeout_at(deadline, waiting.recv()).await.ok().flatten();
            }
        }
        let mut is_told = false;
        while let Err(error) = write_batch(&db, &batch).await {
            if !is_told {
                tracing::error!(%error, reads = batch.len(), "reads can't be noted and wait");
                is_told = true;
            }
            tokio::time::sleep(RETRY_AFTER).await;
        }
        if let Some(done) = flush {
            // Nobody may be waiting any more.
            let _ = done.send(());
        }
    }
}

async fn write_batch(db: &Db, batch: &[Read]) -> Result<(), Error> {
    if batch.is_empty() {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    for read in batch {
        let deed = Deed::new(read.action, read.entity, read.entity_id);
        note(&mut tx.conn(), Doer::Actor(&read.actor), read.at, deed).await?;
    }
    tx.commit().await
}
