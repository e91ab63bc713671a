//! Idempotency keys. The first successful answer to a request is stored under the key that the
//! client chose, in the transaction that did the work, and replayed for a day.

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

/// How long an answer is stored.
const KEPT: TimeDelta = TimeDelta::hours(24);

/// The idempotency key of a request.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    /// The key as the client chose it.
    pub key: String,
    /// A hash of the request. A key belongs to one request.
    pub digest: String,
    /// Set if an earlier answer is replayed.
    pub replayed: Replayed,
}

/// Whether a request was answered with a stored answer. Clones share the flag.
#[derive(Clone, Debug, Default)]
pub struct Replayed(Arc<AtomicBool>);

impl Replayed {
    /// Whether the answer was replayed.
    pub fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Claims the key of a request, and returns the stored answer if the request has already
/// succeeded. If the same request is in progress, this waits for it: on PostgreSQL for the lock on
/// the key's row, on SQLite for the only writer.
///
/// Fails if the key was used for another request.
pub(crate) async fn claim<T: DeserializeOwned>(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Actor,
    idempotency_key: Option<&IdempotencyKey>,
) -> Result<Option<T>, Error> {
    let Some(idempotency_key) = idempotency_key else { return Ok(None) };
    let now = app.clock().now();
    let (key, digest) = (&idempotency_key.key, &idempotency_key.digest);
    let kept = idempotency::claim(conn, actor.id(), key, digest, now, now - KEPT).await?;
    let Some(kept) = kept else { return Ok(None) };
    if kept.digest != idempotency_key.digest {
        return Err(Error::KeyReused);
    }
    let answer = kept.answer.ok_or_else(|| Error::internal("an idempotency key has no answer"))?;
    idempotency_key.replayed.set();
    serde_json::from_str(&answer).map(Some).map_err(|e| Error::Internal(e.into()))
}

/// Stores the answer to a request, which concerns this record.
pub(crate) async fn keep<T: Serialize>(
    conn: &mut Conn<'_>,
    actor: &Actor,
    idempotency_key: Option<&IdempotencyKey>,
    record: (&str, i64),
    answer: &T,
) -> Result<(), Error> {
    let Some(idempotency_key) = idempotency_key else { return Ok(()) };
    let answer = serde_json::to_string(answer).map_err(|e| Error::Internal(e.into()))?;
    Ok(idempotency::keep(conn, actor.id(), &idempotency_key.key, &answer, record).await?)
}

/// Removes the expired answers of all users.
pub async fn tidy(app: &App) -> Result<(), Error> {
    let mut tx = app.db().begin().await?;
    idempotency::remove_before(&mut tx.conn(), app.clock().now() - KEPT).await?;
    tx.commit().await
}
