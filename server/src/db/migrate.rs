//! Applies the migrations. A migration is never edited after it has landed.

use std::borrow::Cow;

use sqlx::{
    SqlStr,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};

use crate::finding::Finding;

/// The migrations of a folder, which `build.rs` lists.
macro_rules! migrations {
    ($folder:literal) => {
        include!(concat!(env!("OUT_DIR"), "/", $folder, "_migrations.rs"))
    };
}

/// Makes a migration of the number, name and text that `build.rs` has found.
fn migration(number: i64, name: &'static str, sql: &'static str) -> Migration {
    let (name, sql) = (Cow::Borrowed(name), SqlStr::from_static(sql));
    Migration::new(number, name, MigrationType::Simple, sql, false)
}

/// The migrations for SQLite.
pub(super) fn sqlite() -> Migrator {
    migrator(migrations!("sqlite"))
}

/// The migrations for PostgreSQL.
pub(super) fn postgres() -> Migrator {
    migrator(migrations!("postgres"))
}

fn migrator(migrations: Vec<Migration>) -> Migrator {
    Migrator { migrations: Cow::Owned(migrations), ..Migrator::DEFAULT }
}

/// Lists the migrations that were applied to a database.
pub(super) const APPLIED: &str =
    "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version";

/// Compares the applied migrations with the known ones. The finding is bad where one is missing or
/// unknown.
pub(super) fn compare(migrator: &Migrator, applied: &[i64]) -> Finding {
    let known: Vec<i64> = migrator.iter().map(|migration| migration.version).collect();
    if let Some(later) = applied.iter().find(|version| !known.contains(version)) {
        return Finding::bad(explain(&MigrateError::VersionMissing(*later)));
    }
    match known.iter().find(|version| !applied.contains(version)) {
        Some(missing) => Finding::bad(format!(
            "the tables are not up to date: migration {missing} is missing (run migrate)"
        )),
        None => Finding::good(format!("all {} migrations are applied", known.len())),
    }
}

/// Explains in one sentence why the migrations can't be applied. One cause is a database that is
/// newer than this program.
pub(super) fn explain(error: &MigrateError) -> String {
    match error {
        MigrateError::VersionMissing(version) => format!(
            "the database is newer than this program (it has migration {version}): \
             use the newer program, or restore a backup"
        ),
        MigrateError::VersionMismatch(version) => {
            format!("the database was made by another program: migration {version} differs")
        }
        other => not_applied(other),
    }
}

/// The sentence for migrations that the database refuses.
pub(super) fn not_applied(reason: &dyn std::fmt::Display) -> String {
    format!("can't bring the database up to date: {reason}")
}
