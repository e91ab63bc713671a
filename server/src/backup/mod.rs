//! Backups: making, proving and restoring them, and moving a database to another one.
//!
//! A backup is a file of its own kind (`backup/file.rs`) that holds the whole database as it was at one moment. It is
//! restored on either database. Where recipients are given, it is encrypted for their keys (age-encryption.org, v1).

mod daily;
mod file;
mod folder;
mod keep;
mod relocation;
mod restoring;
mod secrecy;

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use clap::Args;
use tokio::task::spawn_blocking;

use crate::{
    beside,
    clock::Clock,
    config::{Database, Settings},
    db::image::{self, Image, Progress},
    output::{draw_status, print_line},
};
pub use daily::{Copies, CopiesState, Trouble};
pub(crate) use file::Manifest;
use folder::Name;
use keep::Keep;
pub(crate) use relocation::MOVE_HELP;
pub use relocation::{MoveOptions, relocate};
pub(crate) use restoring::RESTORE_HELP;
pub use restoring::{RestoreOptions, restore};
use secrecy::Recipients;

/// The options of `backup`.
#[derive(Args)]
pub struct BackupOptions {
    /// The file to write, which must not exist; or a folder, in which the file is named by the time.
    file: PathBuf,
    /// Remove older backups of the folder: keep the newest one of each of so many days (d), weeks (w) and
    /// months (m), such as 7d,4w,12m.
    #[arg(long, value_name = "PERIODS", value_parser = Keep::parse)]
    keep: Option<Keep>,
    /// Encrypt it for the owner of this public key (age1…). Several may be given, each of whom can read it.
    #[arg(long = "recipient", value_name = "KEY", value_parser = secrecy::recipient)]
    recipients: Vec<secrecy::PublicKey>,
}

/// The end of the help of `backup`.
pub(crate) const BACKUP_HELP: &str = "\
The server may run meanwhile. The backup holds everything that was acknowledged before it began. Without a
recipient everybody who gets hold of the file can read it: keep it where only you get at it, or encrypt it.
The secrets that sign logins are not in it.

Restore it with `frontdesk-server restore FILE`, and prove it with `frontdesk-server restore --verify FILE`.";

/// A backup that was made.
pub(crate) struct Made {
    pub(crate) path: PathBuf,
    pub(crate) manifest: Manifest,
    pub(crate) bytes: u64,
}

/// Why no backup was made: a sentence for the operator.
pub enum Refused {
    /// The options contradict each other.
    Usage(String),
    /// It could not be made.
    Failed(String),
}

impl From<String> for Refused {
    fn from(sentence: String) -> Self {
        Self::Failed(sentence)
    }
}

/// Runs `backup`.
pub async fn run(settings: &Settings, options: BackupOptions) -> Result<(), Refused> {
    let database = settings.database()?;
    let now = Clock::new(settings.zone()?).now();
    let is_folder = options.file.is_dir() || options.file.to_string_lossy().ends_with('/');
    if options.keep.is_some() && !is_folder {
        let sentence = format!("{} is not a folder: --keep needs one", options.file.display());
        return Err(Refused::Usage(sentence));
    }
    let recipients = Recipients::new(options.recipients);
    let path = match is_folder {
        true => {
            folder::prepare(&options.file)?;
            options.file.join(Name { at: now, is_encrypted: recipients.is_some() }.to_string())
        }
        false => options.file.clone(),
    };
    let began = Instant::now();
    let made = make(&database, &path, recipients.as_ref(), now, drawn("copying", "packing")).await;
    draw_status("");
    let made = made?;
    let (path, size) = (made.path.display(), shown_bytes(made.bytes));
    let holds = made.manifest.summary();
    let seconds = began.elapsed().as_secs_f64();
    print_line(&format!("{path}: {size} in {seconds:.1} s, with {holds}."));
    if let Some(keep) = options.keep {
        let removed = folder::thin_out(&options.file, &keep, settings.zone()?, &made.path)?;
        if removed > 0 {
            print_line(&format!("Older backups removed: {removed}."));
        }
    }
    Ok(())
}

/// Makes a backup. The file gets its name only once it is complete and on the disk.
pub(crate) async fn make(
    database: &Database,
    path: &Path,
    recipients: Option<&Recipients>,
    now: DateTime<Utc>,
    [copying, packing]: [Progress; 2],
) -> Result<Made, String> {
    refuse_existing(path)?;
    if let Database::Sqlite(file) = database
        && !file.exists()
    {
        return Err(format!("there is no database {}", file.display()));
    }
    // It is opened first: a folder that is missing is noticed before the work.
    let partial = Partial::create(path)?;
    let (mut image, contents) = Image::of(database, &image::folder_of(database), copying).await?;
    let bytes = image.file().metadata().map_err(|error| error.to_string())?.len();
    let kind = match database {
        Database::Sqlite(_) => "SQLite",
        Database::Postgres(_) => "PostgreSQL",
    };
    let manifest = Manifest::new(now, kind, bytes, contents);
    let recipients = recipients.cloned();
    let written = spawn_blocking(move || {
        partial
            .fill(&manifest, image.file(), recipients.as_ref(), &packing)
            .map(|made| (made, manifest))
    });
    let ((path, bytes), manifest) = written.await.map_err(|error| error.to_string())??;
    Ok(Made { path, manifest, bytes })
}

fn refuse_existing(path: &Path) -> Result<(), String> {
    match path.symlink_metadata() {
        Ok(_) => Err(format!("{} exists already", path.display())),
        Err(_) => Ok(()),
    }
}

/// A backup that is not complete yet, beside its final place.
struct Partial {
    file: File,
    own: PathBuf,
    path: PathBuf,
    is_complete: bool,
}

impl Partial {
    /// Creates the file, readable by its owner only. What an interrupted backup has left there is replaced.
    fn create(path: &Path) -> Result<Self, String> {
        let failed =
            |error: &dyn std::fmt::Display| format!("can't write {}: {error}", path.display());
        let name = path.file_name().ok_or_else(|| failed(&"it is not the name of a file"))?;
        let own = path.with_file_name(folder::partial_name(&name.to_string_lossy()));
        let file = beside::private().open(&own).map_err(|error| failed(&error))?;
        file.try_lock().map_err(|_| failed(&"another backup is writing it"))?;
        file.set_len(0).map_err(|error| failed(&error))?;
        Ok(Self { file, own, path: path.to_owned(), is_complete: false })
    }

    /// Writes the backup and gives it its name. Returns its size.
    fn fill(
        mut self,
        manifest: &Manifest,
        image: &mut File,
        recipients: Option<&Recipients>,
        progress: &Progress,
    ) -> Result<(PathBuf, u64), String> {
        let place = self.path.display().to_string();
        let failed = |error: io::Error| format!("can't write {place}: {error}");
        let out = BufWriter::new(&self.file);
        match recipients {
            None => {
                let mut out = out;
                file::write(&mut out, manifest, image, progress)
                    .and_then(|()| out.flush())
                    .map_err(failed)?;
            }
            Some(recipients) => {
                let mut out = recipients.encrypt(out).map_err(failed)?;
                file::write(&mut out, manifest, image, progress)
                    .and_then(|()| out.finish())
                    .and_then(|mut out| out.flush())
                    .map_err(failed)?;
            }
        }
        self.file.sync_all().map_err(failed)?;
        let bytes = self.file.metadata().map_err(failed)?.len();
        refuse_existing(&self.path)?;
        std::fs::rename(&self.own, &self.path).map_err(failed)?;
        self.is_complete = true;
        beside::sync_folder(&self.path).map_err(failed)?;
        Ok((self.path.clone(), bytes))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.is_complete {
            // There is nobody to tell. The next backup of this name replaces it.
            drop(std::fs::remove_file(&self.own));
        }
    }
}

/// Draws the progress of two steps on the terminal, in percent.
fn drawn(first: &'static str, second: &'static str) -> [Progress; 2] {
    let step = |what: &'static str| -> Progress {
        let last = AtomicU64::new(u64::MAX);
        Arc::new(move |done, all| {
            let percent = done.saturating_mul(100).checked_div(all).unwrap_or(100);
            if last.swap(percent, Ordering::Relaxed) != percent {
                draw_status(&format!("{what}: {percent} %"));
            }
        })
    };
    [step(first), step(second)]
}

/// A size in the unit in which it is easily read.
fn shown_bytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "it is rounded anyway")]
    let mib = bytes as f64 / (1024.0 * 1024.0);
    if mib < 1024.0 { format!("{mib:.1} MiB") } else { format!("{:.1} GiB", mib / 1024.0) }
}

/// How long a command waits for another one that is using the file.
const PATIENCE: Duration = Duration::from_secs(60);
