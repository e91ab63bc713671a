//! Applies the migrations to a file. The table in which they are noted is that of sqlx, which
//! applies those of PostgreSQL.

use std::time::Instant;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use sqlx::migrate::{MigrateError, Migration, Migrator};

use super::{super::migrate, failure::SqliteError};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
)";

/// Applies the migrations that are missing, all of them or none. Where none is missing, nothing is
/// locked, so that a second program can start while the first one writes.
pub(super) fn run(conn: &mut Connection) -> Result<(), String> {
    let migrator = migrate::sqlite();
    if missing(conn, &migrator)?.is_empty() {
        return Ok(());
    }
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    tx.execute_batch(TABLE).map_err(failed)?;
    // Another program may have applied some until the file was locked.
    for migration in missing(&tx, &migrator)? {
        let began = Instant::now();
        tx.execute_batch(migration.sql.as_str()).map_err(failed)?;
        let took = i64::try_from(began.elapsed().as_nanos()).unwrap_or(i64::MAX);
        note(&tx, migration, took).map_err(failed)?;
    }
    tx.commit().map_err(failed)
}

/// The migrations that are not applied yet.
///
/// Fails where an applied one is unknown, differs or was not brought to its end.
fn missing<'m>(conn: &Connection, migrator: &'m Migrator) -> Result<Vec<&'m Migration>, String> {
    let mut missing: Vec<&Migration> = migrator.iter().collect();
    let table = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'";
    let has_table = conn.query_row(table, [], |_| Ok(())).optional().map_err(failed)?;
    if has_table.is_none() {
        return Ok(missing);
    }
    let list = "SELECT version, checksum, success FROM _sqlx_migrations ORDER BY version";
    let mut statement = conn.prepare(list).map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let version: i64 = row.get("version").map_err(failed)?;
        let checksum = row.get_ref("checksum").map_err(failed)?.as_bytes().unwrap_or_default();
        if !row.get("success").map_err(failed)? {
            return Err(migrate::explain(&MigrateError::Dirty(version)));
        }
        let Some(place) = missing.iter().position(|migration| migration.version == version) else {
            return Err(migrate::explain(&MigrateError::VersionMissing(version)));
        };
        if *missing.remove(place).checksum != *checksum {
            return Err(migrate::explain(&MigrateError::VersionMismatch(version)));
        }
    }
    Ok(missing)
}

fn note(tx: &Transaction<'_>, migration: &Migration, took: i64) -> rusqlite::Result<()> {
    tx.execute(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (?1, ?2, TRUE, ?3, ?4)",
        params![migration.version, migration.description, &*migration.checksum, took],
    )
    .map(drop)
}

fn failed(error: rusqlite::Error) -> String {
    migrate::not_applied(&SqliteError::from(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definitions of all tables and indexes.
    fn tables(conn: &Connection) -> String {
        let all = "SELECT group_concat(name || sql) FROM (SELECT name, sql FROM sqlite_schema ORDER BY name)";
        conn.query_row(all, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn migrations_are_applied_once_and_their_second_run_locks_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("it.sqlite");
        let mut conn = Connection::open(&path).unwrap();
        conn.execute_batch("PRAGMA journal_mode = WAL").unwrap();
        run(&mut conn).unwrap();
        let noted = "SELECT count(*) FROM _sqlx_migrations WHERE success AND execution_time > 0";
        let count: i64 = conn.query_row(noted, [], |row| row.get(0)).unwrap();
        assert_eq!(count, i64::try_from(migrate::sqlite().iter().count()).unwrap());
        let other = Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let before = tables(&conn);
        run(&mut conn).unwrap();
        assert_eq!(tables(&conn), before);
    }

    #[test]
    fn a_later_one_is_applied_to_a_database_of_an_earlier_program() {
        let mut conn = Connection::open_in_memory().unwrap();
        let migrator = migrate::sqlite();
        let (last, earlier) = migrator.migrations.split_last().unwrap();
        conn.execute_batch(TABLE).unwrap();
        let tx = conn.transaction().unwrap();
        for migration in earlier {
            tx.execute_batch(migration.sql.as_str()).unwrap();
            note(&tx, migration, 1).unwrap();
        }
        tx.commit().unwrap();
        let before = tables(&conn);
        run(&mut conn).unwrap();
        assert!(missing(&conn, &migrator).unwrap().is_empty());
        assert_ne!(tables(&conn), before, "{} makes no table or index", last.version);
    }

    #[test]
    fn a_database_of_another_program_is_refused_and_stays_as_it_is() {
        let damages = [
            ("UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 2", "differs"),
            ("UPDATE _sqlx_migrations SET version = 9999 WHERE version = 2", "newer than"),
            ("UPDATE _sqlx_migrations SET success = FALSE WHERE version = 2", "2"),
        ];
        for (damage, said) in damages {
            let mut conn = Connection::open_in_memory().unwrap();
            run(&mut conn).unwrap();
            conn.execute_batch(damage).unwrap();
            let before = tables(&conn);
            let refused = run(&mut conn).unwrap_err();
            assert!(refused.contains(said), "{refused}");
            assert_eq!(tables(&conn), before);
        }
    }
}
