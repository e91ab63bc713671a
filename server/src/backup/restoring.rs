//! Proving a backup, and making a database of it.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use tokio::task::spawn_blocking;

use super::{PATIENCE, drawn, file, file::Manifest, secrecy};
use crate::{
    beside,
    clock::Clock,
    config::{Database, Settings},
    db::image::{self, Image, Progress},
    keys,
    lock::Lock,
    output::{draw_status, print_line},
};

/// The options of `restore`.
#[derive(Args)]
pub struct RestoreOptions {
    /// The backup.
    file: PathBuf,
    /// Only prove that the backup can be restored. Nothing is changed.
    #[arg(long)]
    verify: bool,
    /// The file with the secret key of an encrypted backup (AGE-SECRET-KEY-…). Several may be given.
    #[arg(long = "identity", value_name = "FILE")]
    identities: Vec<PathBuf>,
}

/// The end of the help of `restore`.
pub(crate) const RESTORE_HELP: &str = "\
The database of --database-url must be empty, and no server may be using it. All of it is restored, or nothing.
Afterwards nobody is logged in and no one-time code is valid; ids and medical record numbers go on ahead of
all that were ever given. What was changed after the backup is lost: also passwords, roles and API tokens are
those of that time.";

/// Runs `restore`.
///
/// Fails with a sentence for the operator.
pub async fn restore(settings: &Settings, options: RestoreOptions) -> Result<(), String> {
    let RestoreOptions { file, verify: is_trial, identities } = options;
    let restored = if is_trial {
        verify(&file, &identities).await
    } else {
        restore_to(settings, &file, &identities).await
    };
    draw_status("");
    let manifest = restored?;
    let made_at = Clock::new(settings.zone()?).shown(manifest.made_at);
    let holds = manifest.summary();
    let file = file.display();
    if is_trial {
        print_line(&format!("{file} is good. It was made {made_at} and holds {holds}."));
    } else {
        print_line(&format!("{file} is restored. It was made {made_at} and holds {holds}."));
        print_line(
            "Nobody is logged in. Passwords, roles and API tokens are those of that time: check them with \
             `frontdesk-server user list`.",
        );
    }
    Ok(())
}

/// Proves a backup, as [`prove`] does, and shows the progress.
async fn verify(path: &Path, identities: &[PathBuf]) -> Result<Manifest, String> {
    let [unpacking, checking] = drawn("unpacking", "checking");
    prove(path, identities, [unpacking, checking]).await
}

/// Proves a backup that is not encrypted, as [`prove`] does, and shows nothing.
pub(super) async fn verify_quietly(path: &Path) -> Result<Manifest, String> {
    prove(path, &[], [Arc::new(|_, _| {}), Arc::new(|_, _| {})]).await
}

/// Proves a backup: reads all of it, makes a database of it that is thrown away, and looks for faults there.
async fn prove(
    path: &Path,
    identities: &[PathBuf],
    progress: [Progress; 2],
) -> Result<Manifest, String> {
    let (path, identities) = (path.to_owned(), identities.to_vec());
    let proven = spawn_blocking(move || {
        let image = Image::nameless(&std::env::temp_dir())?;
        unpack(&path, &identities, image, &progress).map(|(manifest, _)| manifest)
    });
    proven.await.map_err(|error| error.to_string())?
}

/// Reads a backup into an empty image, and brings that up to date.
///
/// Fails where anything of it is not as it was.
fn unpack(
    path: &Path,
    identities: &[PathBuf],
    mut image: Image,
    [unpacking, checking]: &[Progress; 2],
) -> Result<(Manifest, Image), String> {
    let failed = |why: &dyn std::fmt::Display| format!("the backup {}: {why}", path.display());
    let input = File::open(path).map_err(|error| failed(&format!("it can't be read: {error}")))?;
    if input.metadata().is_ok_and(|about| about.is_dir()) {
        return Err(failed(&"it is a folder: name one of the files in it"));
    }
    let input = secrecy::open(input, identities).map_err(|why| failed(&why))?;
    let manifest = file::read(input, image.file(), unpacking).map_err(|why| failed(&why))?;
    checking(0, 1);
    let check = |image: &mut Image| {
        if image.contents()? != manifest.contents {
            return Err("its rows are not those of its manifest".to_owned());
        }
        image.migrate()?;
        match image.faults()?.as_slice() {
            [] => Ok(()),
            faults => Err(format!("its content is damaged: {}", faults.join("; "))),
        }
    };
    check(&mut image).map_err(|why| failed(&why))?;
    Ok((manifest, image))
}

/// Makes the database of the settings, which is empty, of a backup.
async fn restore_to(
    settings: &Settings,
    path: &Path,
    identities: &[PathBuf],
) -> Result<Manifest, String> {
    let database = settings.database()?;
    let now = Clock::new(settings.zone()?).now();
    database.make_folder()?;
    let _lock = match &database {
        Database::Sqlite(file) => Some(Lock::alone(file, PATIENCE).await?),
        Database::Postgres(_) => None,
    };
    refuse_full(&database).await?;
    let progress = drawn("unpacking", "checking");
    let [_, writing] = drawn("", "writing");
    let (of_thread, path, identities) = (database.clone(), path.to_owned(), identities.to_vec());
    let unpacked = spawn_blocking(move || {
        let image = match &of_thread {
            Database::Sqlite(file) => Image::at(&unfinished(file))?,
            Database::Postgres(_) => Image::nameless(&image::folder_of(&of_thread))?,
        };
        let (manifest, mut image) = unpack(&path, &identities, image, &progress)?;
        image.begin_anew(now)?;
        Ok::<_, String>((manifest, image))
    });
    let (manifest, image) = unpacked.await.map_err(|error| error.to_string())??;
    match &database {
        Database::Sqlite(file) => {
            let file = file.clone();
            let kept = spawn_blocking(move || image.replace(&file));
            kept.await.map_err(|error| error.to_string())??;
        }
        Database::Postgres(url) => image.fill(url, writing).await?,
    }
    // No session is left, so no login is lost.
    keys::replace_all(settings, &database)?;
    Ok(manifest)
}

/// The file beside a database in which it is made.
fn unfinished(database: &Path) -> PathBuf {
    beside::path(database, ".unfinished")
}

/// Fails where the database has records.
pub(super) async fn refuse_full(database: &Database) -> Result<(), String> {
    if image::is_empty(database).await? {
        return Ok(());
    }
    Err(match database {
        Database::Sqlite(file) => format!(
            "the database {} is not empty: name a new file with --database-url, or move this one away",
            file.display()
        ),
        Database::Postgres(_) => {
            "the database is not empty: create a new one, and name it with --database-url"
                .to_owned()
        }
    })
}
