//! Moving all records from SQLite to PostgreSQL, and back.

use clap::Args;
use url::Url;

use super::{PATIENCE, drawn, restoring::refuse_full};
use crate::{
    clock::Clock,
    config::{Database, Settings},
    db::{Db, image},
    lock::Lock,
    output::{draw_status, print_line},
};

/// The options of `move`.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct MoveOptions {
    /// The new database, which must be empty: `postgres://…` or `sqlite:PATH`.
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// Serve a database again whose records were moved. What was changed in the new one does not come back.
    #[arg(long)]
    serve_again: bool,
}

/// The end of the help of `move`.
pub(crate) const MOVE_HELP: &str = "\
The records of --database-url are copied with everything that belongs to them, and each row is compared. No
server may be using either database. The old one stays as it is, but is not served any more.

Use the key file of the old one (--jwt-secret-file) with the new one, and everybody stays logged in.";

/// Runs `move`.
///
/// Fails with a sentence for the operator.
pub async fn relocate(settings: &Settings, options: MoveOptions) -> Result<(), String> {
    let from = settings.database()?;
    let now = Clock::new(settings.zone()?).now();
    if let Database::Sqlite(file) = &from
        && !file.exists()
    {
        return Err(format!("there is no database {}", file.display()));
    }
    let _from = alone(&from).await?;
    let Some(url) = options.to else {
        let db = Db::open(&from).await?;
        let noted = db.note_move(None, now).await;
        db.close().await;
        noted.map_err(|error| error.to_string())?;
        print_line("The database is served again.");
        return Ok(());
    };
    let to = Database::parse(&url)?;
    to.make_folder()?;
    let _to = alone(&to).await?;
    refuse_full(&to).await?;
    let db = Db::open(&from).await?;
    let moved = move_all(&db, &from, &to, &url).await;
    if moved.is_ok() {
        let noted = db.note_move(Some(&without_password(&url)), now).await;
        noted.map_err(|error| {
            format!("all records are in the new database, but the old one can't be closed: {error}")
        })?;
    }
    db.close().await;
    draw_status("");
    let contents = moved?;
    let rows: u64 = contents.counts.values().sum();
    let patients = contents.counts.get("patients").copied().unwrap_or_default();
    let place = without_password(&url);
    print_line(&format!(
        "Moved to {place}: {patients} patients, {rows} rows in all, each compared."
    ));
    print_line("The old database stays as it is, and is not served any more.");
    Ok(())
}

async fn move_all(
    db: &Db,
    from: &Database,
    to: &Database,
    url: &str,
) -> Result<image::Contents, String> {
    if let Some(place) = db.moved_to().await.map_err(|error| error.to_string())? {
        return Err(format!("the records were moved to {place} before"));
    }
    let [copying, _] = drawn("copying", "");
    let moved = image::transfer(from, to, copying).await;
    moved.map_err(|why| format!("nothing was moved to {}: {why}", without_password(url)))
}

/// Takes a database for this command alone, as far as possible.
async fn alone(database: &Database) -> Result<Option<Lock>, String> {
    match database {
        Database::Sqlite(file) => Lock::alone(file, PATIENCE).await.map(Some),
        Database::Postgres(url) => match image::servers_on(url).await? {
            0 => Ok(None),
            1 => Err("a server is using the PostgreSQL database: stop it first".to_owned()),
            many => Err(format!(
                "{many} connections of servers use the PostgreSQL database: stop them first"
            )),
        },
    }
}

/// A URL as it may be shown and stored.
fn without_password(url: &str) -> String {
    match Url::parse(url) {
        Ok(mut parsed) if parsed.password().is_some() => {
            // It has a password to remove, so this can't fail.
            let _ = parsed.set_password(None);
            parsed.into()
        }
        _ => url.to_owned(),
    }
}
