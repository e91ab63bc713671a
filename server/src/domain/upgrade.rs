//! Opening the state of a process, with what earlier versions have left to be done.

use argon2::Params;

use super::accounts::users;
use crate::{
    app::App,
    config::{Database, Settings},
};

/// Opens the database, brings it and the accounts in it up to date, and finds the keys.
///
/// Fails with one sentence for the operator.
pub async fn open(settings: Settings) -> Result<App, String> {
    let database = settings.database()?;
    open_on(settings, &database).await
}

/// The same, on a database that was decided elsewhere.
pub async fn open_on(settings: Settings, database: &Database) -> Result<App, String> {
    open_hashing(settings, database, Params::default()).await
}

/// The same, where hashing a password has another cost. Only tests have a use for one.
pub async fn open_hashing(
    settings: Settings,
    database: &Database,
    cost: Params,
) -> Result<App, String> {
    let app = App::open(settings, database, cost).await?;
    users::name_accounts(&app).await.map_err(|error| error.to_string())?;
    Ok(app)
}
