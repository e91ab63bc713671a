//! Audit events for reads. They are written in batches a moment later, so that no read waits for
//! the disk.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, oneshot};

use super::{
    actor::Actor,
    audit::{AuditActor, AuditEvent, note},
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
    Read(Box<Read>),
    /// Answered when everything before it is written.
    Flush(oneshot::Sender<()>),
}

/// The queue of audit events for reads of single records.
pub struct ReadLog {
    queue: mpsc::Sender<Message>,
}

impl ReadLog {
    /// Starts the task that writes the queue.
    pub fn start(db: Db) -> Self {
        let (queue, waiting) = mpsc::channel(WAITING_MAX);
        tokio::spawn(write_reads(db, waiting));
        Self { queue }
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
        let actor = actor.clone();
        let read = Message::Read(Box::new(Read { at, actor, action, entity, entity_id }));
        if self.queue.try_send(read).is_err() {
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
        let mut is_reported = false;
        while let Err(error) = write_batch(&db, &batch).await {
            if !is_reported {
                tracing::error!(%error, reads = batch.len(), "audit events of reads wait to be written");
                is_reported = true;
            }
            tokio::time::sleep(RETRY_AFTER).await;
        }
        if let Some(done) = flush {
            // The receiver may be gone.
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
        let event = AuditEvent::new(read.action, read.entity, read.entity_id);
        note(&mut tx.conn(), AuditActor::Actor(&read.actor), read.at, event).await?;
    }
    tx.commit().await
}
