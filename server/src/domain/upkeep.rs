//! Removes stored data that is no longer needed, while the server runs.

use std::time::Duration;

use super::{
    accounts::{devices, rate_limits},
    idempotency,
    records::patients,
};
use crate::app::App;

/// The pause between two runs.
const EVERY: Duration = Duration::from_secs(10 * 60);

/// Removes expired data until the task is aborted. Work that an upgrade has left is done first, beside it.
pub async fn keep_tidy(app: App) {
    tokio::join!(patients::find_earlier(&app), remove_expired(&app));
}

async fn remove_expired(app: &App) {
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(error) = app.feed().tidy(app.clock().now()).await {
            tracing::warn!(%error, "old changes could not be removed");
        }
        if let Err(error) = idempotency::tidy(app).await {
            tracing::warn!(%error, "expired idempotency keys could not be removed");
        }
        if let Err(error) = rate_limits::tidy(app).await {
            tracing::warn!(%error, "old counts of rate limits could not be removed");
        }
        if let Err(error) = devices::tidy(app).await {
            tracing::warn!(%error, "expired device tokens could not be removed");
        }
    }
}
