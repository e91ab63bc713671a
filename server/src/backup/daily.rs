//! The copies that the local desk makes of its data by itself: one on each day, and one before each migration. A copy
//! counts only once it is proven.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::sleep;

use super::{Made, folder, folder::Name, keep::Keep, make, restoring::verify_quietly};
use crate::{
    beside,
    clock::Clock,
    config::{Database, make_private_folder},
    db::image,
    finding::Finding,
};

/// How often the task looks whether a copy is due. Short, since a machine that wakes up has another time at once.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// The pause after a failure.
const TRY_AGAIN: Duration = Duration::from_secs(15 * 60);
/// The age from which the newest copy is too old.
const OLD: TimeDelta = TimeDelta::hours(48);

/// The copies of a SQLite file.
#[derive(Clone, Debug)]
pub struct Copies {
    database: PathBuf,
    folder: PathBuf,
    /// Whether the folder is the usual one, which is made where it is missing. Another one may be on a disk that is
    /// not there, and must not be made on the disk of the data.
    is_usual: bool,
}

/// What is wrong with the copies.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// The last one could not be made, for this reason.
    Failed(String),
    /// The newest one is older than two days.
    Old,
    /// All of them are on the file system of the data.
    SameDisk,
}

/// The state of the copies.
#[derive(Clone, Debug, PartialEq)]
pub struct CopiesState {
    /// The time of the newest one.
    pub newest: Option<DateTime<Utc>>,
    /// What is wrong.
    pub trouble: Option<Trouble>,
}

impl Copies {
    /// The copies of a SQLite file in a folder, or in the usual one beside the file.
    pub fn of(database: &Path, folder: Option<&Path>) -> Self {
        Self {
            database: database.to_owned(),
            folder: folder.map_or_else(|| database.with_file_name("backups"), Path::to_owned),
            is_usual: folder.is_none(),
        }
    }

    /// Makes copies until it is dropped.
    pub(crate) async fn keep_making(self, clock: Clock) {
        loop {
            let pause = match self.make_if_due(&clock).await {
                Ok(_) => LOOK_EVERY,
                Err(why) => {
                    tracing::warn!("the daily backup could not be made: {why}");
                    TRY_AGAIN
                }
            };
            sleep(pause).await;
        }
    }

    /// Makes a copy if there is none of today, at the clinic.
    ///
    /// Fails with a sentence, which is kept for `check` too.
    pub(crate) async fn make_if_due(&self, clock: &Clock) -> Result<Option<PathBuf>, String> {
        let is_of_today =
            |name: &Name| name.at.with_timezone(&clock.zone()).date_naive() == clock.today();
        let made = folder::list(&self.folder).unwrap_or_default();
        if made.iter().any(|(_, name)| is_of_today(name)) {
            return Ok(None);
        }
        if image::is_empty(&Database::Sqlite(self.database.clone())).await? {
            return Ok(None);
        }
        self.make(clock).await.map(Some)
    }

    /// Makes a copy if the next start would migrate the file.
    ///
    /// Fails with a sentence, which is kept for `check` too.
    pub(crate) async fn make_before_migration(&self, clock: &Clock) -> Result<(), String> {
        let database = Database::Sqlite(self.database.clone());
        if image::is_empty(&database).await? || !image::lacks_migrations(&database).await? {
            return Ok(());
        }
        self.make(clock).await.map(drop)
    }

    /// Makes and proves a copy, and removes older ones.
    async fn make(&self, clock: &Clock) -> Result<PathBuf, String> {
        let made = self.make_proven(clock).await;
        let note = self.failure_file();
        // Where even this can't be written, the log has said it.
        let _ = match &made {
            Ok(_) => std::fs::remove_file(note),
            Err(why) => write_private(&note, why),
        };
        made
    }

    async fn make_proven(&self, clock: &Clock) -> Result<PathBuf, String> {
        if self.is_usual {
            make_private_folder(&self.folder)?;
        }
        folder::prepare(&self.folder)?;
        let path = self.folder.join(Name { at: clock.now(), is_encrypted: false }.to_string());
        let quiet = || -> image::Progress { Arc::new(|_, _| {}) };
        let database = Database::Sqlite(self.database.clone());
        let Made { path, .. } =
            make(&database, &path, None, clock.now(), [quiet(), quiet()]).await?;
        if let Err(why) = verify_quietly(&path).await {
            // It would pass for a good one.
            let _ = std::fs::remove_file(&path);
            return Err(why);
        }
        folder::thin_out(&self.folder, &Keep::LOCAL, clock.zone(), &path)?;
        Ok(path)
    }

    /// The file in which the last failure is kept until a copy succeeds.
    fn failure_file(&self) -> PathBuf {
        beside::path(&self.database, ".backup-failed")
    }

    /// The state of the copies.
    pub fn state(&self, now: DateTime<Utc>) -> CopiesState {
        let newest = newest(&self.folder);
        let failure = std::fs::read_to_string(self.failure_file()).ok();
        let trouble = match (failure, newest) {
            (Some(why), _) => Some(Trouble::Failed(why.trim().to_owned())),
            (None, Some(at)) if now - at > OLD => Some(Trouble::Old),
            (None, Some(_)) if is_on_same_disk(&self.database, &self.folder) => {
                Some(Trouble::SameDisk)
            }
            _ => None,
        };
        CopiesState { newest, trouble }
    }

    /// The state of the copies, in a sentence.
    pub(crate) fn inspect(&self, clock: &Clock) -> Finding {
        let place = self.folder.display();
        let CopiesState { newest, trouble } = self.state(clock.now());
        let newest = newest.map(|at| format!("the newest is of {}", clock.shown(at)));
        match (trouble, newest) {
            (Some(Trouble::Failed(why)), newest) => {
                let newest = newest.unwrap_or_else(|| "there is none".to_owned());
                Finding::warning(format!("the last one could not be made: {why}; {newest}"))
            }
            (Some(Trouble::Old), Some(newest)) => {
                Finding::warning(format!("{newest}, which is long ago"))
            }
            (Some(Trouble::SameDisk), Some(newest)) => Finding::warning(format!(
                "{newest}, but all of them lie on the disk of the data, in {place}: --backup-dir names a folder \
                 on another"
            )),
            (_, Some(newest)) => Finding::good(format!("{newest}, in {place}")),
            (_, None) => Finding::good(format!("none in {place}; the local desk makes them there")),
        }
    }
}

/// The time of the newest copy in a folder.
fn newest(folder: &Path) -> Option<DateTime<Utc>> {
    let all = folder::list(folder).unwrap_or_default();
    all.first().map(|(_, name)| name.at)
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut file = beside::private().truncate(true).open(path)?;
    io::Write::write_all(&mut file, text.as_bytes())
}

/// Whether a file and a folder are on the same file system.
fn is_on_same_disk(file: &Path, folder: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let device = |path: &Path| path.metadata().map(|about| about.dev()).ok();
        device(file) == device(folder)
    }
    #[cfg(not(unix))]
    {
        let root = |path: &Path| path.components().next().map(|part| part.as_os_str().to_owned());
        root(file) == root(folder)
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::*;
    use crate::{config::Settings, domain::upgrade, finding::State};

    /// A database with an entry, its copies and a clock.
    async fn small(folder: &Path) -> (Copies, Clock) {
        let file = folder.join("frontdesk.sqlite");
        let database = Database::Sqlite(file.clone());
        upgrade::open_on(Settings::defaults(), &database).await.unwrap().close().await;
        let conn = rusqlite::Connection::open(&file).unwrap();
        conn.execute_batch(
            "INSERT INTO audit_log (at, actor_name, action, entity) VALUES ('2026-11-20T08:30:00Z', 'a', 'b', 'c')",
        )
        .unwrap();
        let clock = Clock::new(Tz::UTC);
        clock.stop();
        (Copies::of(&file, None), clock)
    }

    fn count(copies: &Copies) -> usize {
        folder::list(&copies.folder).unwrap().len()
    }

    #[tokio::test]
    async fn a_copy_is_made_once_a_day_and_older_ones_go() {
        let folder = tempfile::tempdir().unwrap();
        let (copies, clock) = small(folder.path()).await;
        assert!(copies.inspect(&clock).detail.starts_with("none in "));
        let first = copies.make_if_due(&clock).await.unwrap().unwrap();
        assert!(first.starts_with(folder.path().join("backups")));
        assert_eq!(copies.make_if_due(&clock).await.unwrap(), None);
        let found = copies.inspect(&clock);
        assert_eq!(found.state, State::Warning);
        assert!(found.detail.contains("on the disk of the data"), "{}", found.detail);
        for _ in 0..60 {
            clock.advance(TimeDelta::days(1));
            copies.make_if_due(&clock).await.unwrap().unwrap();
        }
        assert!((10..=14).contains(&count(&copies)), "{}", count(&copies));
        clock.advance(TimeDelta::days(3));
        assert!(copies.inspect(&clock).detail.ends_with("which is long ago"));
    }

    #[tokio::test]
    async fn a_clock_that_was_set_loses_no_copy() {
        let folder = tempfile::tempdir().unwrap();
        let (copies, clock) = small(folder.path()).await;
        copies.make_if_due(&clock).await.unwrap().unwrap();
        // Back by a year and forth again; asleep for a week.
        for days in [-365, 365, 7] {
            clock.advance(TimeDelta::days(days));
            let made = copies.make_if_due(&clock).await.unwrap();
            assert_eq!(made.is_some(), days != 365, "{days}");
            assert!(made.is_none_or(|path| path.exists()));
        }
        assert_eq!(count(&copies), 3);
    }

    #[tokio::test]
    async fn a_folder_that_is_gone_is_not_made_anew_and_the_failure_is_kept_until_a_copy_succeeds()
    {
        let folder = tempfile::tempdir().unwrap();
        let (copies, clock) = small(folder.path()).await;
        let disk = folder.path().join("disk");
        let copies = Copies::of(&copies.database, Some(&disk));
        let why = copies.make_if_due(&clock).await.unwrap_err();
        assert!(why.contains("can't read the folder"), "{why}");
        assert!(!disk.exists());
        let found = copies.inspect(&clock);
        assert_eq!(found.state, State::Warning);
        assert!(
            found.detail.contains("could not be made: can't read the folder"),
            "{}",
            found.detail
        );
        assert!(found.detail.ends_with("there is none"), "{}", found.detail);
        std::fs::create_dir(&disk).unwrap();
        copies.make_if_due(&clock).await.unwrap().unwrap();
        assert!(copies.inspect(&clock).detail.starts_with("the newest is of "));
    }

    #[tokio::test]
    async fn a_copy_of_a_damaged_database_does_not_stay() {
        let folder = tempfile::tempdir().unwrap();
        let (copies, clock) = small(folder.path()).await;
        let conn = rusqlite::Connection::open(&copies.database).unwrap();
        conn.execute_batch("INSERT INTO figures VALUES ('patients', 9, 1)").unwrap();
        let why = copies.make_if_due(&clock).await.unwrap_err();
        assert!(why.contains("kept figures"), "{why}");
        assert_eq!(count(&copies), 0);
        assert!(copies.inspect(&clock).detail.contains("kept figures"));
    }

    #[tokio::test]
    async fn a_copy_is_made_before_a_migration_and_not_of_an_empty_file() {
        let folder = tempfile::tempdir().unwrap();
        let (copies, clock) = small(folder.path()).await;
        copies.make_before_migration(&clock).await.unwrap();
        assert!(folder::list(&copies.folder).is_err());
        let conn = rusqlite::Connection::open(&copies.database).unwrap();
        conn.execute_batch("DROP TABLE moved_to; DELETE FROM _sqlx_migrations WHERE version = 13")
            .unwrap();
        copies.make_before_migration(&clock).await.unwrap();
        assert_eq!(count(&copies), 1);
        // The copy is that of the file as it was.
        conn.execute_batch("DELETE FROM audit_log").unwrap();
        clock.advance(TimeDelta::days(1));
        copies.make_before_migration(&clock).await.unwrap();
        assert_eq!(copies.make_if_due(&clock).await.unwrap(), None);
        assert_eq!(count(&copies), 1);
    }
}
