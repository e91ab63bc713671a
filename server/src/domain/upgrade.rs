//! Opening the application state, including the upgrade of data from earlier versions.

use std::time::Duration;

use argon2::Params;
use tokio::time::Instant;

use super::accounts::users;
use crate::{
    app::App,
    config::{Database, Settings},
    db::patients,
    error::Error,
};

/// Opens the database, upgrades it and its accounts, and loads the keys.
///
/// Fails with one sentence for the operator.
pub async fn open(settings: Settings) -> Result<App, String> {
    let database = settings.database()?;
    open_on(settings, &database).await
}

/// Like [`open`], on a database that is already known.
pub async fn open_on(settings: Settings, database: &Database) -> Result<App, String> {
    open_hashing(settings, database, Params::default()).await
}

/// Like [`open_on`], with another cost of hashing passwords. Only tests need it.
pub async fn open_hashing(
    settings: Settings,
    database: &Database,
    cost: Params,
) -> Result<App, String> {
    let app = App::open(settings, database, cost).await?;
    if let Some(place) = app.db().moved_to().await.map_err(|error| error.to_string())? {
        app.close().await;
        return Err(format!(
            "the records of this database were moved to {place}: use that one, or serve this one again with \
             frontdesk-server move --serve-again"
        ));
    }
    users::assign_usernames(&app).await.map_err(|error| error.to_string())?;
    write_terms(&app).await.map_err(|error| error.to_string())?;
    Ok(app)
}

/// How often the log tells how far the upgrade has come.
const PROGRESS: Duration = Duration::from_secs(5);

/// Writes the search terms of patients who were registered before the index of terms was made. What is written
/// stays if the program ends in the middle.
async fn write_terms(app: &App) -> Result<(), Error> {
    let mut told: Option<Instant> = None;
    loop {
        let mut tx = app.db().begin().await?;
        tx.run_apart();
        let last = patients::write_some_terms(&mut tx.conn()).await?;
        tx.commit().await?;
        let Some(last) = last else { break };
        if told.is_none_or(|told| told.elapsed() >= PROGRESS) {
            tracing::info!(patient = last.0, "search terms are being written, once");
            told = Some(Instant::now());
        }
    }
    if told.is_some() {
        tracing::info!("the search terms are written");
    }
    Ok(())
}
