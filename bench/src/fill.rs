//! Databases full of invented people. They are filled once and kept; every run works on copies.

mod rows;

use std::path::{Path, PathBuf};

use server::{
    app::App,
    config::Settings,
    domain::{
        accounts::users::{self, NewAccount},
        upgrade,
    },
    sample,
};
use shared::{account::Role, patient::PatientFields};
use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection,
    sqlite::SqliteConnectOptions,
};

use crate::{Outcome, people::person, say};
use rows::Filler;

/// The account of the front desk.
pub(crate) const DESK: &str = "desk@example.com";
/// The password of all accounts.
pub(crate) const PASSWORD: &str = "a long walk by the sea";
/// The accounts that log in all at once.
pub(crate) const CLERKS: u64 = 32;
/// The secret that signs the tokens of the measured servers.
pub(crate) const SECRET: &str = "a secret for measurements, of no use elsewhere";
const DOCTORS: u64 = 50;
/// What a patient takes in a SQLite file, with terms and indexes, in bytes.
pub(crate) const SIZE_ON_SQLITE: u64 = 1_200;
/// What a patient takes in PostgreSQL, in bytes.
pub(crate) const SIZE_ON_POSTGRES: u64 = 2_400;

/// Adds up the changes of PostgreSQL's figures. A running server does so every second, and would do it
/// during the first measurements.
const SETTLE: &str = "INSERT INTO figures (figure, key, number) \
     SELECT figure, key, sum(number) FROM figure_changes GROUP BY figure, key \
     ON CONFLICT (figure, key) DO UPDATE SET number = figures.number + EXCLUDED.number; \
     TRUNCATE figure_changes; ANALYZE figures, figure_changes";

/// In a database of an earlier version, the patients need not be compared: that would run during measurements.
const COMPARED: &str = "DELETE FROM duplicates_to_find";

/// The address of an account that logs in with all others.
pub(crate) fn clerk(number: u64) -> String {
    format!("clerk{number}@example.com")
}

/// Who is written: the beginning of the file's name, and the members of the person with a number.
pub(crate) type People = (&'static str, fn(u64) -> PatientFields);

/// The people of all loads.
pub(crate) const VARIED: People = ("", person);

/// Fills a SQLite file, unless it is there. Returns its path.
pub(crate) async fn sqlite(
    folder: &Path,
    (name, person): People,
    patients: u64,
) -> Outcome<PathBuf> {
    let path = folder.join(format!("{name}{patients}.sqlite"));
    let url = |path: &Path| format!("sqlite:{}", path.display());
    if path.exists() {
        // The migrations of a newer version.
        open(&url(&path)).await?.close().await;
        let options = SqliteConnectOptions::new().filename(&path);
        let mut filler = Filler::Sqlite(SqliteConnection::connect_with(&options).await?);
        filler.tell(COMPARED).await?;
        filler.close().await?;
        return Ok(path);
    }
    let partial = path.with_extension("partial");
    for end in ["partial", "partial-wal", "partial-shm"] {
        let _ = std::fs::remove_file(path.with_extension(end));
    }
    say(&format!("Filling {} with {patients} patients", path.display()));
    desk(&url(&partial)).await?;
    let options = SqliteConnectOptions::new().filename(&partial);
    let mut filler = Filler::Sqlite(SqliteConnection::connect_with(&options).await?);
    filler
        .tell("PRAGMA foreign_keys = OFF; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000")
        .await?;
    filler.fill(patients, person).await?;
    filler.tell("ANALYZE; PRAGMA journal_mode = WAL").await?;
    filler.close().await?;
    std::fs::rename(&partial, &path)?;
    Ok(path)
}

/// Fills a database of a PostgreSQL server, unless it is there. Returns its name.
pub(crate) async fn postgres(url: &dyn Fn(&str) -> String, patients: u64) -> Outcome<String> {
    let name = format!("filled_{patients}");
    let mut operator = PgConnection::connect(&url("postgres")).await?;
    let found = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1").bind(&name);
    if found.fetch_optional(&mut operator).await?.is_some() {
        open(&url(&name)).await?.close().await;
        let mut filler = Filler::Postgres(PgConnection::connect(&url(&name)).await?);
        filler.tell(SETTLE).await?;
        filler.tell(COMPARED).await?;
        filler.close().await?;
        return Ok(name);
    }
    say(&format!("Filling PostgreSQL with {patients} patients"));
    let partial = format!("partial_{patients}");
    let mut tell = async |statement: String| operator.execute(AssertSqlSafe(statement)).await;
    tell(format!("DROP DATABASE IF EXISTS {partial}")).await?;
    tell(format!("CREATE DATABASE {partial}")).await?;
    desk(&url(&partial)).await?;
    let mut filler = Filler::Postgres(PgConnection::connect(&url(&partial)).await?);
    filler.fill(patients, person).await?;
    filler.tell(SETTLE).await?;
    filler.tell("VACUUM ANALYZE").await?;
    filler.close().await?;
    tell(format!("ALTER DATABASE {partial} RENAME TO {name}")).await?;
    Ok(name)
}

/// Makes accounts of the front desk that listen for live changes. Returns their addresses.
pub(crate) async fn listeners(url: &str, count: u64) -> Outcome<Vec<String>> {
    let app = open(url).await?;
    let emails: Vec<_> =
        (1..=count).map(|number| format!("listener{number}@example.com")).collect();
    for email in &emails {
        users::create(&app, account(email.clone()), Role::Staff).await?;
    }
    app.close().await;
    Ok(emails)
}

fn account(email: String) -> NewAccount {
    NewAccount { email: Some(email), password: PASSWORD.to_owned(), ..NewAccount::default() }
}

async fn open(url: &str) -> Outcome<App> {
    let settings = Settings {
        database_url: Some(url.to_owned()),
        jwt_secret: Some(SECRET.to_owned()),
        ..Settings::defaults()
    };
    Ok(upgrade::open(settings).await?)
}

/// Makes the schema, the accounts and the doctors, as the program does.
async fn desk(url: &str) -> Outcome<()> {
    let app = open(url).await?;
    users::create(&app, account(sample::ADMIN.to_owned()), Role::Admin).await?;
    for email in std::iter::once(DESK.to_owned()).chain((1..=CLERKS).map(clerk)) {
        users::create(&app, account(email), Role::Staff).await?;
    }
    let admin = users::act_as(&app, sample::ADMIN).await?;
    sample::enter(&app, &admin, sample::doctors(usize::try_from(DOCTORS)?)).await?;
    app.close().await;
    Ok(())
}
