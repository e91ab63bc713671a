//! SQLite: one writer, readers that can't write, a write-ahead log that is synced at every commit.

use std::{path::Path, time::Duration};

use sqlx::{
    Connection, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{Pools, migrate};

/// Readers at once. More than the cores, since a reader also waits for its thread to wake up.
const READERS: u32 = 6;
/// The first release without the race that can spoil a write-ahead log (sqlite.org, 3.51.3).
const VERSION_MIN: (u32, u32, u32) = (3, 51, 3);

/// Opens the file, which is made where it is missing, readable by its owner alone.
pub(super) async fn open(path: &Path) -> Result<Pools, String> {
    let failed = |error: &dyn std::fmt::Display| {
        format!("can't open the database {}: {error}", path.display())
    };
    make_private(path).map_err(|error| failed(&error))?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .pragma("cache_size", "-16000")
        // What is purged is overwritten in the file, not only forgotten.
        .pragma("secure_delete", "ON")
        .optimize_on_close(true, None);
    let pool = |max| {
        SqlitePoolOptions::new()
            .max_connections(max)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(Duration::from_secs(10))
    };
    let writer = pool(1).connect_with(options.clone()).await.map_err(|error| failed(&error))?;
    check(&writer).await.map_err(|error| failed(&error))?;
    migrate::sqlite().run(&writer).await.map_err(|error| migrate::explain(&error))?;
    let readers = pool(READERS).connect_lazy_with(options.read_only(true));
    Ok(Pools::Sqlite { writer, readers })
}

async fn check(writer: &SqlitePool) -> Result<(), String> {
    let wrong = |error: sqlx::Error| error.to_string();
    let version: String =
        sqlx::query_scalar("SELECT sqlite_version()").fetch_one(writer).await.map_err(wrong)?;
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or_default());
    let mut next = || parts.next().unwrap_or_default();
    if (next(), next(), next()) < VERSION_MIN {
        return Err(format!("SQLite {version} is too old to be safe"));
    }
    let mode: String =
        sqlx::query_scalar("PRAGMA journal_mode").fetch_one(writer).await.map_err(wrong)?;
    let synchronous: i64 =
        sqlx::query_scalar("PRAGMA synchronous").fetch_one(writer).await.map_err(wrong)?;
    // 2 is FULL: a commit is on the disk before it is acknowledged.
    if mode != "wal" || synchronous != 2 {
        return Err("it can't keep a write-ahead log that is synced at every commit".to_owned());
    }
    Ok(())
}

/// Looks at the file without changing it.
pub(super) async fn inspect(path: &Path) -> Result<Vec<Result<String, String>>, String> {
    let place = format!("the database {}", path.display());
    let failed = |error: sqlx::Error| format!("{place} can't be read: {error}");
    let options = SqliteConnectOptions::new().filename(path).read_only(true);
    let mut file = SqliteConnection::connect_with(&options).await.map_err(failed)?;
    let applied =
        sqlx::query_scalar(migrate::APPLIED).fetch_all(&mut file).await.map_err(failed)?;
    let faults: Vec<String> =
        sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&mut file).await.map_err(failed)?;
    let orphans = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut file).await;
    let orphans = orphans.map_err(failed)?.len();
    file.close().await.map_err(failed)?;
    let sound = match (faults.as_slice(), orphans) {
        ([ok], 0) if ok == "ok" => Ok("integrity_check finds nothing wrong".to_owned()),
        (faults, orphans) => Err(format!(
            "{place} is damaged: {} ({orphans} rows refer to nothing)",
            faults.join("; ")
        )),
    };
    Ok(vec![Ok(path.display().to_string()), migrate::compare(&migrate::sqlite(), &applied), sound])
}

/// Makes the file before SQLite does, so that there is no moment at which others can read it.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
