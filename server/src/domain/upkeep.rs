//! What a serving process removes now and then because it was kept long enough.

use std::time::Duration;

use super::{devices, once, throttle};
use crate::app::App;

/// How often it is done.
const EVERY: Duration = Duration::from_secs(10 * 60);

/// Removes what is too old, again and again.
pub async fn keep_tidy(app: App) {
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(error) = app.feed().tidy(app.clock().now()).await {
            tracing::warn!(%error, "old changes could not be removed");
        }
        if let Err(error) = once::tidy(&app).await {
            tracing::warn!(%error, "answers that were kept long enough could not be removed");
        }
        if let Err(error) = throttle::tidy(&app).await {
            tracing::warn!(%error, "old counts of attempts could not be removed");
        }
        if let Err(error) = devices::tidy(&app).await {
            tracing::warn!(%error, "tokens of devices that have expired could not be removed");
        }
    }
}
