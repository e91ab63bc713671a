//! Requests that may be sent again: the first successful answer is kept under the key that the client
//! chose, in the transaction that did the work, and answered again for a day.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use chrono::TimeDelta;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    app::App,
    db::{Conn, idempotency},
    error::Error,
    services::actor::Actor,
};

/// How long an answer is kept.
const KEPT: TimeDelta = TimeDelta::hours(24);

/// What a client says of a request that it may send again.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    /// The key, which the client chose.
    pub key: String,
    /// A hash of the request: under one key there is only one.
    pub digest: String,
    /// Set where an earlier answer is given again.
    pub replayed: Replayed,
}

/// Whether a request was answered with what was kept of an earlier one. Clones say the same.
#[derive(Clone, Debug, Default)]
pub struct Replayed(Arc<AtomicBool>);

impl Replayed {
    /// Whether it was.
    pub fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Claims the key of a request. Where that has been served already its answer comes back; where it
/// is at work right now this waits for it: on PostgreSQL for the row of the key, on SQLite for the
/// only writer.
///
/// Fails where the key was used for another request.
pub(crate) async fn claim<T: DeserializeOwned>(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    once: Option<&IdempotencyKey>,
) -> Result<Option<T>, Error> {
    let Some(once) = once else { return Ok(None) };
    let now = app.clock().now();
    let (key, digest) = (&once.key, &once.digest);
    let kept = idempotency::claim(conn, actor.id(), key, digest, now, now - KEPT).await?;
    let Some(kept) = kept else { return Ok(None) };
    if kept.digest != once.digest {
        return Err(Error::KeyReused);
    }
    let answer = kept.answer.ok_or_else(|| Error::internal("a key without an answer"))?;
    once.replayed.set();
    serde_json::from_str(&answer).map(Some).map_err(|e| Error::Internal(e.into()))
}

/// Keeps the answer to a request, which is about this record.
pub(crate) async fn keep<T: Serialize>(
    conn: &mut Conn<'_>,
    actor: &Actor,
    once: Option<&IdempotencyKey>,
    record: (&str, i64),
    answer: &T,
) -> Result<(), Error> {
    let Some(once) = once else { return Ok(()) };
    let answer = serde_json::to_string(answer).map_err(|e| Error::Internal(e.into()))?;
    Ok(idempotency::keep(conn, actor.id(), &once.key, &answer, record).await?)
}

/// Removes the answers that were kept long enough, whoever asked.
pub async fn tidy(app: &App) -> Result<(), Error> {
    let mut tx = app.db().begin().await?;
    idempotency::remove_before(&mut tx.conn(), app.clock().now() - KEPT).await?;
    tx.commit().await
}
