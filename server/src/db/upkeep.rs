//! Background tasks of the database, for which no request waits.

use std::time::Duration;

use tokio::time::sleep;

use super::{Db, Sql, figures, postgres, sqlite};
use crate::{error::Error, keys::random_text};

/// The pause between two trial writes during an outage.
const TRIAL_PAUSE: Duration = Duration::from_secs(1);
/// The size of a trial write in bytes, about as much as the writes of a busy moment.
const TRIAL_SIZE: usize = 64 * 1024;
/// How often the task checks whether SQLite is idle, that is, whether nothing was committed since
/// the last check.
const REST_TIME: Duration = Duration::from_secs(5);
/// The pause before the log is emptied again, where a reader was in the way.
const EMPTY_PAUSE: Duration = Duration::from_millis(100);
/// The pause between two looks for changes of figures.
const FOLD_PAUSE: Duration = Duration::from_secs(1);
/// The number of added-up changes of figures after which their room is freed, some 70 pages.
const VACUUM_AFTER: i64 = 10_000;
/// The deadline for updating the statistics of all tables of PostgreSQL.
const ANALYZE_TIME: Duration = Duration::from_secs(10 * 60);

/// Tries to write during an outage, so that its end is noticed even if no request writes: a server
/// that is not ready gets no requests.
pub(super) async fn keep_trying(db: Db) {
    loop {
        db.health.outage_begins().await;
        while db.health.outage().is_some() && !db.is_closed() {
            sleep(TRIAL_PAUSE).await;
            if let Err(error) = try_writing(&db).await {
                tracing::debug!(%error, "a trial write failed");
            }
        }
        if db.is_closed() {
            return;
        }
    }
}

/// Writes a meaningless row. Success ends the outage.
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

/// Empties SQLite's log on request, and when nothing was committed for a while. Purged data is
/// overwritten in the database file and must not stay readable in the log. During an outage the
/// task tries no more often than the trial writes do, because each failure costs the writer's
/// connection.
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

/// Adds the changes of figures to the figures, so that few are summed up by a reader. A process looks
/// after its own transactions; what another one leaves behind is found at the next of them.
pub(super) async fn keep_figures_folded(db: Db) {
    let (mut seen, mut folded) = (None, 0);
    while !db.is_closed() {
        sleep(FOLD_PAUSE).await;
        let commits = Some(db.health.commits());
        if seen == commits || db.is_closed() {
            continue;
        }
        match fold(&db, &mut folded).await {
            Ok(()) => seen = commits,
            Err(error) => tracing::debug!(%error, "changes of figures could not be added up"),
        }
    }
}

/// Adds up all changes. It also frees their room, once so many were `folded` since the last time.
async fn fold(db: &Db, folded: &mut i64) -> Result<(), Error> {
    // Outside a transaction, so that it is not taken for a commit of a request.
    let mut read = db.read().await?;
    loop {
        let count = figures::fold(&mut read.conn()).await?;
        *folded += count;
        if count < figures::FOLDED_AT_ONCE {
            break;
        }
    }
    // Only room at the end of the table is given back, so it is best done when all are added up.
    if *folded >= VACUUM_AFTER {
        figures::vacuum(&mut read.conn()).await?;
        *folded = 0;
    }
    Ok(())
}

impl Db {
    /// Removes purged data from SQLite's log, at once or as soon as no reader needs it.
    pub(crate) async fn erase_log(&self) {
        if !matches!(self.empty_log().await, Ok(true)) {
            self.health.ask_for_empty_log();
        }
    }

    /// Writes SQLite's log into the database file and empties it. Returns `false` where a reader
    /// was in the way. With PostgreSQL there is nothing to do.
    async fn empty_log(&self) -> Result<bool, Error> {
        let Some(mut session) = self.file_writer().await? else { return Ok(true) };
        sqlite::empty_log(&mut session.conn()).await
    }

    /// Prepares for an import. SQLite gets a larger cache, so that a transaction writes each page once.
    pub(crate) async fn expect_many_writes(&self) -> Result<(), Error> {
        match self.file_writer().await? {
            Some(mut session) => Ok(sqlite::expect_many_writes(&mut session.conn()).await?),
            None => Ok(()),
        }
    }

    /// Updates the statistics from which the planner chooses indexes; with PostgreSQL those of tables
    /// that have grown by more than a tenth since the last time.
    pub async fn analyze(&self) -> Result<(), Error> {
        if let Some(mut session) = self.file_writer().await? {
            return sqlite::analyze(&mut session.conn()).await;
        }
        let mut tx = self.begin().await?;
        tx.set_deadline(ANALYZE_TIME);
        Sql::new("SET LOCAL statement_timeout = '10min'").execute(&mut tx.conn()).await?;
        Sql::new(postgres::ANALYZE_GROWN).execute(&mut tx.conn()).await?;
        tx.commit().await
    }
}
