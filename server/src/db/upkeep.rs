//! Work on the database for which no request waits.

use std::time::Duration;

use tokio::time::sleep;

use super::{Db, Sql, sqlite};
use crate::{error::Error, keys::random_text};

/// The pause between two trials of writing, while nothing can be written.
const TRIAL_PAUSE: Duration = Duration::from_secs(1);
/// How much is written on trial, in characters: as much as the writes of a busy moment.
const TRIAL_SIZE: usize = 64 * 1024;
/// How often the task looks whether SQLite is at rest, that is, has committed nothing since.
const REST_TIME: Duration = Duration::from_secs(5);
/// The pause before another trial to empty a log that somebody still read.
const EMPTY_PAUSE: Duration = Duration::from_millis(100);
/// How long making statistics of all tables of PostgreSQL may take.
const ANALYZE_TIME: Duration = Duration::from_secs(10 * 60);

/// Tries to write while nothing can be written, so that the end of an outage is noticed also where
/// nobody asks for a write any more: a server that is not ready gets no requests.
pub(super) async fn keep_trying(db: Db) {
    loop {
        db.health.outage_begins().await;
        while db.health.outage().is_some() && !db.is_closed() {
            sleep(TRIAL_PAUSE).await;
            if let Err(error) = try_writing(&db).await {
                tracing::debug!(%error, "writing was tried and fails");
            }
        }
        if db.is_closed() {
            return;
        }
    }
}

/// Writes something that means nothing, and ends the outage where that works.
async fn try_writing(db: &Db) -> Result<(), Error> {
    let unit = random_text::<16>().map_err(Error::internal)?;
    let filler = unit.repeat(TRIAL_SIZE / unit.len().max(1));
    let mut tx = db.begin().await?;
    let write = Sql::new("UPDATE write_trial SET filler = $1 WHERE id = 1").arg(filler);
    write.execute(&mut tx.conn()).await?;
    tx.commit().await?;
    db.health.recovered();
    Ok(())
}

/// Empties SQLite's log where it was asked for, and when nothing was committed for a while: what was
/// purged is overwritten in the file, and must not stay readable in the log. During an outage it is
/// tried no more often than writing is: each failure costs the writer's connection.
pub(super) async fn keep_log_short(db: Db) {
    let (mut seen, mut emptied, mut is_asked) = (0, 0, false);
    while !db.is_closed() {
        let pause = match (is_asked, db.health.outage()) {
            (true, None) => EMPTY_PAUSE,
            (true, Some(_)) => TRIAL_PAUSE,
            (false, _) => REST_TIME,
        };
        tokio::select! {
            () = db.health.log_is_to_be_emptied() => is_asked = true,
            () = sleep(pause) => {}
        }
        let commits = db.health.commits();
        let is_at_rest = commits == std::mem::replace(&mut seen, commits) && commits != emptied;
        if (is_asked || is_at_rest) && !db.is_closed() && matches!(db.empty_log().await, Ok(true)) {
            (emptied, is_asked) = (commits, false);
        }
    }
}

impl Db {
    /// Removes from SQLite's log what was purged, at once, or as soon as nobody reads it any more.
    pub(crate) async fn erase_log(&self) {
        if !matches!(self.empty_log().await, Ok(true)) {
            self.health.ask_for_empty_log();
        }
    }

    /// Writes SQLite's log into its file and empties it. Says whether that was possible: somebody may
    /// still read from it.
    async fn empty_log(&self) -> Result<bool, Error> {
        let Some(mut session) = self.file_writer().await? else { return Ok(true) };
        sqlite::empty_log(&mut session.conn()).await
    }

    /// Makes the statistics from which the planner chooses its indexes.
    pub(crate) async fn analyze(&self) -> Result<(), Error> {
        if let Some(mut session) = self.file_writer().await? {
            return sqlite::analyze(&mut session.conn()).await;
        }
        let mut tx = self.begin().await?;
        tx.set_deadline(ANALYZE_TIME);
        Sql::new("SET LOCAL statement_timeout = '10min'").execute(&mut tx.conn()).await?;
        Sql::new("ANALYZE").execute(&mut tx.conn()).await?;
        tx.commit().await
    }
}
