//! Audit events for reads. They are written in batches a moment later, so that no read waits for
//! the disk.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use shared::UserId;
use tokio::sync::{mpsc, oneshot};

use super::{
    actor::Actor,
    audit::{AuditEvent, note_reads},
};
use crate::{db::Db, error::Error, output::OncePerSecond};

/// The longest time until a read is written, and thereby the most that a power failure can lose.
const BATCH_EVERY: Duration = Duration::from_millis(200);
/// The maximum number of reads in one transaction.
const BATCH_MAX: usize = 500;

/// The pause before a batch that could not be written is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// The maximum number of reads that wait to be written, for example while the database is not
/// available.
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
    Read(Arc<Read>),
    /// Answered when everything before it is written.
    Flush(oneshot::Sender<()>),
}

/// The queue of audit events for reads of single records.
pub struct ReadLog {
    queue: mpsc::Sender<Message>,
    waiting: Waiting,
}

/// The reads whose audit events are not written yet, in the order of the queue.
#[derive(Clone, Default)]
struct Waiting(Arc<Mutex<VecDeque<Arc<Read>>>>);

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Read>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ReadLog {
    /// Starts the task that writes the queue.
    pub fn start(db: Db) -> Self {
        let (queue, messages) = mpsc::channel(WAITING_MAX);
        let waiting = Waiting::default();
        tokio::spawn(write_reads(db, messages, waiting.clone()));
        Self { queue, waiting }
    }

    /// Queues an audit event for a read of a record, or of something without an id. It does not
    /// wait: if the queue is full, the event is lost, and the log says so.
    pub fn note(
        &self,
        actor: &Actor,
        at: DateTime<Utc>,
        action: &'static str,
        entity: &'static str,
        entity_id: impl Into<Option<i64>>,
    ) {
        let entity_id = entity_id.into();
        let read = Arc::new(Read { at, actor: actor.clone(), action, entity, entity_id });
        // Locked until it is queued, so that both have the same order.
        let mut waiting = self.waiting.lock();
        let is_queued = self.queue.try_send(Message::Read(read.clone())).is_ok();
        waiting.extend(is_queued.then_some(read));
        drop(waiting);
        if !is_queued {
            static REPORTS: OncePerSecond = OncePerSecond::new();
            if let Some(left_out) = REPORTS.admit() {
                tracing::error!(
                    action,
                    entity_id,
                    left_out,
                    "the audit event of a read is lost: too many wait to be written"
                );
            }
        }
    }

    /// The records that a user has read by one of these actions, and whose audit events are not
    /// written yet: at most `max` records, the last read first, each with the time of its last read.
    pub(crate) fn waiting(
        &self,
        user: UserId,
        actions: &[&str],
        max: usize,
    ) -> Vec<(i64, DateTime<Utc>)> {
        let waiting = self.waiting.lock();
        let is_meant =
            |read: &&Arc<Read>| read.actor.id() == user && actions.contains(&read.action);
        let reads = waiting.iter().rev().filter(is_meant);
        let mut ids = HashSet::new();
        let records = reads.filter_map(|read| Some((read.entity_id?, read.at)));
        records.filter(|(id, _)| ids.insert(*id)).take(max).collect()
    }

    /// Waits until everything is written, at most `FLUSH_MAX`, because the database may not be
    /// available.
    pub async fn flush(&self) {
        let (done, written) = oneshot::channel();
        let flushed =
            async { self.queue.send(Message::Flush(done)).await.is_ok() && written.await.is_ok() };
        if tokio::time::timeout(FLUSH_MAX, flushed).await != Ok(true) {
            tracing::error!(
                "the audit events of some reads are lost: they could not be written before the stop"
            );
        }
    }
}

async fn write_reads(db: Db, mut messages: mpsc::Receiver<Message>, waiting: Waiting) {
    while let Some(first) = messages.recv().await {
        let (mut batch, mut flush) = (Vec::new(), None);
        let mut next = Some(first);
        let deadline = tokio::time::Instant::now() + BATCH_EVERY;
        while let Some(message) = next.take() {
            match message {
                Message::Read(read) => batch.push(read),
                Message::Flush(done) => flush = Some(done),
            }
            if flush.is_none() && batch.len() < BATCH_MAX {
                next = tokio::time::timeout_at(deadline, messages.recv()).await.ok().flatten();
            }
        }
        let mut is_reported = false;
        while let Err(error) = write_batch(&db, &batch).await {
            if !is_reported {
                tracing::error!(%error, reads = batch.len(), "audit events of reads wait to be written");
                is_reported = true;
            }
            tokio::time::sleep(RETRY_AFTER).await;
        }
        let mut waiting = waiting.lock();
        batch.iter().for_each(|_| drop(waiting.pop_front()));
        drop(waiting);
        if let Some(done) = flush {
            // The receiver may be gone.
            let _ = done.send(());
        }
    }
}

async fn write_batch(db: &Db, batch: &[Arc<Read>]) -> Result<(), Error> {
    if batch.is_empty() {
        return Ok(());
    }
    let event = |read: &Arc<Read>| AuditEvent::new(read.action, read.entity, read.entity_id);
    let events: Vec<_> = batch.iter().map(event).collect();
    let reads = batch.iter().zip(&events).map(|(read, event)| (&read.actor, read.at, event));
    let mut tx = db.begin().await?;
    tx.run_apart();
    note_reads(&mut tx.conn(), reads).await?;
    tx.commit().await
}
