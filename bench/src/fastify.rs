//! Fastify with better-sqlite3, which is not part of the repository: installed from a folder, on a database of
//! the same people.

use std::path::{Path, PathBuf};

use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{Outcome, say, target::Target};

/// The secret that `peers/fastify` has in its source.
const SECRET: &[u8] = b"perf-secret-perf-secret-perf-secret-32";
/// 2100-01-01.
const FAR: i64 = 4_102_444_800;

/// Starts fastify some times, on a new file with the people of a filled one.
pub(crate) async fn start(
    (peers, folder): (&Path, &Path),
    filled: &Path,
    file: &Path,
    times: u64,
) -> Outcome<Target> {
    fill(peers, filled, file).await?;
    let key = EncodingKey::from_secret(SECRET);
    let token = encode(&Header::default(), &json!({"sub": "1", "exp": FAR}), &key)?;
    let program = install(peers, &folder.join("fastify"))?;
    Target::settled(times, async || Target::fastify(&program, file, token.clone()).await).await
}

/// Installs fastify in a folder of its own, unless it is there.
fn install(peers: &Path, folder: &Path) -> Outcome<PathBuf> {
    if !folder.join("node_modules/better-sqlite3/build").exists() {
        say("Installing fastify");
        std::fs::create_dir_all(folder)?;
        for file in ["package.json", "server.js"] {
            std::fs::write(folder.join(file), std::fs::read(peers.join("fastify").join(file))?)?;
        }
        let mut npm = std::process::Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--silent"]).current_dir(folder);
        if !npm.status()?.success() {
            return Err("npm could not install fastify".into());
        }
    }
    Ok(folder.to_owned())
}

/// Makes fastify's database of the same people: its table has no more than they have here.
async fn fill(peers: &Path, filled: &Path, file: &Path) -> Outcome<()> {
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    let mut conn = SqliteConnection::connect_with(&options).await?;
    let schema = std::fs::read_to_string(peers.join("schema_sqlite.sql"))?;
    let indexes = std::fs::read_to_string(peers.join("index_sqlite.sql"))?;
    let copy = format!(
        "PRAGMA synchronous = OFF; ATTACH '{}' AS filled; \
         INSERT INTO patients SELECT id, 1, first_name, last_name, email, phone_number, date_of_birth, \
         CASE gender WHEN 'F' THEN 'female' ELSE 'male' END, blood_type, address || ', ' || city || \
         ', ' || state || ' ' || zip_code, medical_history, 0, 0 FROM filled.patients ORDER BY id; \
         DETACH filled",
        filled.display()
    );
    for sql in [schema, copy, indexes, "ANALYZE; PRAGMA journal_mode = WAL".to_owned()] {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut conn).await?;
    }
    Ok(conn.close().await?)
}
