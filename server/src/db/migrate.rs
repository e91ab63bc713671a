//! Brings the tables up to date. A migration is never edited once it has landed.

use std::borrow::Cow;

use sqlx::{
    SqlStr,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};

use super::{Db, Pools};

macro_rules! migrations {
    ($folder:literal, [$(($number:literal, $name:literal, $file:literal)),* $(,)?]) => {
        vec![$(Migration::new(
            $number,
            Cow::Borrowed($name),
            MigrationType::Simple,
            SqlStr::from_static(include_str!(concat!("../../../migrations/", $folder, "/", $file))),
            false,
        )),*]
    };
}

/// Runs what has not been run yet.
///
/// Fails with one sentence, also where the database is newer than this program.
pub(super) async fn run(db: &Db) -> Result<(), String> {
    let done = match &db.pools {
        Pools::Sqlite { writer, .. } => {
            migrator(migrations!("sqlite", [(1, "bones", "0001_bones.sql")])).run(writer).await
        }
        Pools::Postgres(pool) => {
            migrator(migrations!("postgres", [(1, "bones", "0001_bones.sql")])).run(pool).await
        }
    };
    done.map_err(|error| match error {
        MigrateError::VersionMissing(version) => format!(
            "the database is newer than this program (it has migration {version}): \
             use the newer program, or restore a backup"
        ),
        MigrateError::VersionMismatch(version) => {
            format!("the database was made by another program: migration {version} differs")
        }
        other => format!("can't bring the database up to date: {other}"),
    })
}

fn migrator(migrations: Vec<Migration>) -> Migrator {
    Migrator { migrations: Cow::Owned(migrations), ..Migrator::DEFAULT }
}
