//! The only connection that writes, and how requests share its transactions.
//!
//! A commit waits for the disk, and everybody who wants to write waits for the commit. Requests
//! that wait for the connection therefore write in one transaction, one after the other: each of them but the
//! first in a savepoint of its own. The request that finds nobody waiting commits; otherwise a task
//! queues for the connection behind those who wait, and commits when it has its turn. Each request
//! is answered after the commit, so what was acknowledged is on the disk.
//!
//! - A request that gives up rolls back to its savepoint, or the transaction if it is alone in it, and harms no
//!   other one. So does one with a defective statement.
//! - A request sees what those before it have written and not yet committed. One that succeeds commits
//!   too, even if it has written nothing, so that nobody is told of what is not on the disk.
//! - A failure that ends the whole transaction (a full disk, a failed sync) is reported to every
//!   request that waits for the commit.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use rusqlite::Connection;
use tokio::{
    sync::{Mutex, OwnedMutexGuard, oneshot},
    task::spawn_blocking,
    time::{Instant, sleep, timeout},
};

use super::{
    super::{failure::Failure, fault::Fault},
    failure::SqliteError,
    opener::{BUSY_TIME_OF_WRITER, Opener},
    waiting::WaitingRoom,
};

/// How long a transaction waits for another process that is writing to the file.
const BUSY_TIME: Duration = Duration::from_secs(5);
/// The pause between two attempts to begin while another process is writing, so that even a short
/// pause between that process's writes is found.
const BUSY_PAUSE: Duration = Duration::from_millis(2);

/// The queue for the connection. Clones share it.
#[derive(Clone)]
pub(super) struct Writer(Arc<Shared>);

struct Shared {
    /// Handed out in the order of the requests.
    slot: Arc<Mutex<Slot>>,
    /// How many requests wait for the slot.
    waiting: AtomicUsize,
    /// Where processes wait for the one that is writing.
    room: WaitingRoom,
    is_closed: AtomicBool,
}

/// The connection, and those who wait for the commit of its transaction.
struct Slot {
    opener: Opener,
    /// `None` before the first use, and after a failure that it is not trusted after.
    conn: Option<Connection>,
    /// Whether a transaction is open.
    is_open: bool,
    /// The requests that are done with their part of the transaction.
    members: Vec<oneshot::Sender<Result<(), Failure>>>,
    /// Whether a task queues that will commit.
    has_committer: bool,
}

/// The reason why there is no turn.
pub(super) enum NoTurn {
    /// The database is being closed.
    Closed,
    /// Others took too long.
    TooLate,
    /// The file could not be opened.
    Failed(SqliteError),
}

impl Writer {
    pub(super) fn new(opener: Opener) -> Self {
        let room = WaitingRoom::of(opener.path());
        let slot =
            Slot { opener, conn: None, is_open: false, members: Vec::new(), has_committer: false };
        Self(Arc::new(Shared {
            slot: Arc::new(Mutex::new(slot)),
            waiting: AtomicUsize::new(0),
            room,
            is_closed: AtomicBool::new(false),
        }))
    }

    /// Waits for the connection.
    pub(super) async fn turn(&self, wait: Duration) -> Result<Turn, NoTurn> {
        let waiting = Waiting::begin(&self.0.waiting);
        let slot = timeout(wait, self.0.slot.clone().lock_owned()).await;
        drop(waiting);
        let mut slot = slot.map_err(|_| NoTurn::TooLate)?;
        if self.is_closed() {
            return Err(NoTurn::Closed);
        }
        slot.connect().map_err(NoTurn::Failed)?;
        Ok(Turn { slot, writer: self.clone(), stage: Stage::Outside })
    }

    /// Waits for the connection outside any transaction. What others have written is committed
    /// first.
    pub(super) async fn turn_alone(&self, wait: Duration) -> Result<Turn, NoTurn> {
        let mut turn = self.turn(wait).await?;
        if turn.slot.is_open {
            let done = spawn_blocking(move || {
                turn.slot.commit();
                turn
            });
            turn = done.await.map_err(|_| NoTurn::TooLate)?;
            turn.slot.connect().map_err(NoTurn::Failed)?;
        }
        Ok(turn)
    }

    /// Whether a request has the connection.
    pub(super) fn is_busy(&self) -> bool {
        self.0.slot.try_lock().is_err()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.0.is_closed.load(Ordering::Relaxed)
    }

    /// Commits what is written, updates the planner's statistics and closes the connection. SQLite
    /// then writes its log into the database file.
    pub(super) async fn close(&self) {
        self.0.is_closed.store(true, Ordering::Relaxed);
        let mut slot = self.0.slot.clone().lock_owned().await;
        let closed = spawn_blocking(move || {
            if slot.is_open {
                slot.commit();
            }
            let Some(conn) = slot.conn.take() else { return Ok(()) };
            let optimized = conn.execute_batch("PRAGMA analysis_limit = 400; PRAGMA optimize");
            if let Err(error) = optimized {
                tracing::debug!(%error, "the planner's statistics could not be updated");
            }
            conn.close().map_err(|(_, error)| error)
        });
        match closed.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "a connection could not be closed"),
            Err(error) => tracing::debug!(%error, "a connection could not be closed"),
        }
    }
}

/// Counts a request that waits, also where it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Slot {
    fn connect(&mut self) -> Result<(), SqliteError> {
        if self.conn.is_none() {
            self.conn = Some(self.opener.connect()?);
        }
        Ok(())
    }

    fn run(&self, text: &str) -> Result<(), SqliteError> {
        let conn = self.conn.as_ref().ok_or_else(lost)?;
        Ok(conn.prepare_cached(text)?.raw_execute().map(drop)?)
    }

    /// Begins a transaction. It does not wait for another process: that would hold up the thread, and
    /// SQLite looks less often than the caller does.
    fn begin(&self) -> Result<(), SqliteError> {
        let conn = self.conn.as_ref().ok_or_else(lost)?;
        conn.busy_timeout(Duration::ZERO)?;
        // A deferred transaction that reads first and then writes fails at once where another
        // process has written in between.
        let begun = self.run("BEGIN IMMEDIATE");
        conn.busy_timeout(BUSY_TIME_OF_WRITER)?;
        begun
    }

    /// Commits the transaction and answers everybody who waits for that.
    fn commit(&mut self) {
        let outcome = self.run("COMMIT").map_err(|error| error.describe(self.opener.path()));
        match outcome {
            Ok(()) => {
                self.is_open = false;
                self.answer(&Ok(()));
            }
            Err(failure) => self.give_up(failure),
        }
    }

    /// Ends the transaction without keeping anything, and tells everybody who waits for its commit.
    fn give_up(&mut self, failure: Failure) {
        self.is_open = false;
        if failure.fault.spoils_connection() {
            // Closing it rolls back.
            self.conn = None;
        } else if self.conn.as_ref().is_some_and(|conn| !conn.is_autocommit())
            && self.run("ROLLBACK").is_err()
        {
            self.conn = None;
        }
        self.answer(&Err(failure));
    }

    fn answer(&mut self, outcome: &Result<(), Failure>) {
        for member in self.members.drain(..) {
            // Nobody waits any more where the client has hung up.
            drop(member.send(outcome.clone()));
        }
    }

    /// Whether others have written in the transaction before the request that has the turn. That one then has a
    /// savepoint. The first one needs none, and many writes in a savepoint would take long: at the end of each
    /// statement, SQLite goes through all that was noted for taking the savepoint back.
    fn is_shared(&self) -> bool {
        !self.members.is_empty()
    }

    /// Takes back what the request that has the turn has written.
    fn undo(&mut self) {
        let undone = if self.is_shared() {
            self.run("ROLLBACK TO request").and_then(|()| self.run("RELEASE request"))
        } else {
            self.is_open = false;
            self.run("ROLLBACK")
        };
        if let Err(error) = undone {
            let failure = error.describe(self.opener.path());
            self.give_up(Failure { fault: Fault::Away, ..failure });
        }
    }
}

fn lost() -> SqliteError {
    std::io::Error::other("the connection was lost earlier").into()
}

/// The connection in the hands of one request. Dropping it rolls back what the request has written
/// and passes the connection on.
pub(super) struct Turn {
    slot: OwnedMutexGuard<Slot>,
    writer: Writer,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// No transaction of this request is open.
    Outside,
    /// The request's part of a transaction is open.
    Inside,
    /// The same, but it will be taken back: one of its statements was defective.
    Defective,
    /// The request's transaction has failed as a whole.
    Lost,
}

impl Turn {
    /// The connection; `None` where a failure has ended the request's transaction.
    pub(super) fn connection(&self) -> Option<&Connection> {
        let is_usable = matches!(self.stage, Stage::Outside | Stage::Inside);
        self.slot.conn.as_ref().filter(|_| is_usable)
    }

    pub(super) fn path(&self) -> PathBuf {
        self.slot.opener.path().to_owned()
    }

    /// Begins the request's part of a transaction.
    pub(super) async fn begin(&mut self) -> Result<(), SqliteError> {
        let until = Instant::now() + BUSY_TIME;
        let mut waiting = None;
        while !self.slot.is_open {
            match self.slot.begin() {
                Ok(()) => self.slot.is_open = true,
                Err(error) if error.is_busy() && Instant::now() < until => {
                    waiting = waiting.or_else(|| self.writer.0.room.enter());
                    sleep(BUSY_PAUSE).await;
                }
                Err(error) => return Err(error),
            }
        }
        if self.slot.is_shared() {
            self.slot.run("SAVEPOINT request")?;
        }
        self.stage = Stage::Inside;
        Ok(())
    }

    /// Whether anybody waits for the end of the transaction, in this process or in another one.
    pub(super) fn is_awaited(&self) -> bool {
        self.writer.0.waiting.load(Ordering::Relaxed) > 0 || self.writer.0.room.is_occupied()
    }

    /// Commits what the request has written, together with what others write.
    pub(super) async fn commit(mut self) -> Result<(), Failure> {
        match self.stage {
            Stage::Inside => {}
            Stage::Defective => {
                let why = "a statement of the transaction was defective";
                return Err(Failure::new(Fault::Defect, why));
            }
            Stage::Outside | Stage::Lost => {
                return Err(Failure::new(Fault::Away, lost().to_string()));
            }
        }
        if self.slot.is_shared()
            && let Err(error) = self.slot.run("RELEASE request")
        {
            return Err(error.describe(self.slot.opener.path()));
        }
        self.stage = Stage::Outside;
        let (member, outcome) = oneshot::channel();
        self.slot.members.push(member);
        if self.writer.0.waiting.load(Ordering::Relaxed) == 0 {
            spawn_blocking(move || self.slot.commit());
        } else {
            if !std::mem::replace(&mut self.slot.has_committer, true) {
                tokio::spawn(commit_in_turn(self.writer.0.slot.clone()));
            }
            drop(self);
        }
        let ended = || Failure::new(Fault::Away, "the program is ending");
        outcome.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Records a failure of one of the request's statements. SQLite may have ended the whole
    /// transaction because of it. A defect is the statement's own, and others may have written in the
    /// same transaction.
    pub(super) fn failed(&mut self, failure: &Failure) {
        let has_ended = self.slot.conn.as_ref().is_none_or(Connection::is_autocommit);
        if self.stage == Stage::Defective && !has_ended {
            // Nothing of the request runs any more.
            return;
        }
        if self.stage == Stage::Inside && failure.fault == Fault::Defect && !has_ended {
            self.stage = Stage::Defective;
        } else if failure.fault.spoils_connection() || (self.slot.is_open && has_ended) {
            self.stage = Stage::Lost;
            self.slot.give_up(failure.clone());
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if matches!(self.stage, Stage::Inside | Stage::Defective) {
            self.slot.undo();
        }
    }
}

/// Commits when all requests that waited for the connection before have had it.
async fn commit_in_turn(slot: Arc<Mutex<Slot>>) {
    let mut slot = slot.lock_owned().await;
    slot.has_committer = false;
    if !slot.members.is_empty() {
        // The thread goes on where the runtime is being shut down.
        spawn_blocking(move || slot.commit());
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::{JoinHandle, yield_now};

    use super::*;

    const WAIT: Duration = Duration::from_secs(60);

    /// A writer of a new file with an empty table, and another connection that reads it.
    fn writer(folder: &tempfile::TempDir) -> (Writer, Connection) {
        let path = folder.path().join("it.sqlite");
        let reader = Connection::open(&path).unwrap();
        let tables = "PRAGMA journal_mode = WAL; CREATE TABLE t (id INTEGER PRIMARY KEY); \
                      CREATE TABLE part (whole INTEGER REFERENCES t (id))";
        reader.execute_batch(tables).unwrap();
        (Writer::new(Opener::new(&path, true).unwrap()), reader)
    }

    async fn begin(writer: &Writer) -> Turn {
        let mut turn = writer.turn(WAIT).await.ok().unwrap();
        turn.begin().await.unwrap();
        turn
    }

    fn run(turn: &Turn, text: &str) -> rusqlite::Result<()> {
        turn.connection().unwrap().execute_batch(text)
    }

    fn rows(reader: &Connection) -> Vec<i64> {
        let mut statement = reader.prepare("SELECT id FROM t ORDER BY id").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    /// Waits until so many requests wait for the connection.
    async fn wait_for_waiting(writer: &Writer, count: usize) {
        while writer.0.waiting.load(Ordering::Relaxed) != count {
            yield_now().await;
        }
    }

    /// Requests the connection, in a queue behind those that have requested it already.
    async fn queue(writer: &Writer, place: usize) -> JoinHandle<Turn> {
        let own = writer.clone();
        let queued = tokio::spawn(async move { begin(&own).await });
        wait_for_waiting(writer, place).await;
        queued
    }

    #[tokio::test]
    async fn requests_that_wait_share_a_commit_and_are_answered_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, reader) = writer(&folder);
        let first = begin(&writer).await;
        run(&first, "INSERT INTO t VALUES (1)").unwrap();
        let second = queue(&writer, 1).await;
        let third = queue(&writer, 2).await;
        let first = tokio::spawn(first.commit());
        // The second one has its turn before anything is committed.
        let second = second.await.unwrap();
        run(&second, "INSERT INTO t VALUES (2)").unwrap();
        assert!(rows(&reader).is_empty());
        assert!(!first.is_finished());
        // It gives up, which harms nobody else.
        drop(second);
        let third = third.await.unwrap();
        run(&third, "INSERT INTO t VALUES (3)").unwrap();
        assert!(rows(&reader).is_empty());
        assert!(!first.is_finished());
        third.commit().await.unwrap();
        first.await.unwrap().unwrap();
        assert_eq!(rows(&reader), [1, 3]);
    }

    #[tokio::test]
    async fn whoever_writes_knows_of_those_who_wait_in_this_process_and_in_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, reader) = writer(&folder);
        let other = Writer::new(Opener::new(&folder.path().join("it.sqlite"), true).unwrap());
        let first = begin(&writer).await;
        assert!(!first.is_awaited());
        let own = queue(&writer, 1).await;
        assert!(first.is_awaited());
        own.abort();
        assert!(own.await.is_err());
        assert!(!first.is_awaited());
        let waiting = tokio::spawn(async move { begin(&other).await });
        while !first.is_awaited() {
            yield_now().await;
        }
        run(&first, "INSERT INTO t VALUES (1)").unwrap();
        first.commit().await.unwrap();
        let second = waiting.await.unwrap();
        assert!(!second.is_awaited());
        assert_eq!(rows(&reader), [1]);
    }

    #[tokio::test]
    async fn those_who_are_done_are_answered_though_nobody_behind_them_commits() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, reader) = writer(&folder);
        let first = begin(&writer).await;
        run(&first, "INSERT INTO t VALUES (1)").unwrap();
        let second = queue(&writer, 1).await;
        let first = tokio::spawn(first.commit());
        drop(second.await.unwrap());
        first.await.unwrap().unwrap();
        assert_eq!(rows(&reader), [1]);
    }

    #[tokio::test]
    async fn a_request_that_has_only_read_is_answered_after_the_commit_of_what_it_has_read() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, reader) = writer(&folder);
        let first = begin(&writer).await;
        run(&first, "INSERT INTO t VALUES (1)").unwrap();
        let second = queue(&writer, 1).await;
        let third = queue(&writer, 2).await;
        let first = tokio::spawn(first.commit());
        let second = second.await.unwrap();
        assert_eq!(rows(second.connection().unwrap()), [1]);
        let second = tokio::spawn(second.commit());
        let third = third.await.unwrap();
        assert!(rows(&reader).is_empty() && !second.is_finished());
        // Nobody may be told of the row if it is not kept.
        run(&third, "PRAGMA defer_foreign_keys = ON; INSERT INTO part VALUES (9)").unwrap();
        assert!(third.commit().await.is_err());
        assert!(second.await.unwrap().is_err());
        assert!(first.await.unwrap().is_err());
    }

    #[tokio::test]
    async fn a_refused_row_harms_only_its_own_request() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, reader) = writer(&folder);
        let first = begin(&writer).await;
        run(&first, "INSERT INTO t VALUES (1)").unwrap();
        let second = queue(&writer, 1).await;
        let first = tokio::spawn(first.commit());
        let mut second = second.await.unwrap();
        run(&second, "INSERT INTO t VALUES (2)").unwrap();
        let refused = SqliteError::from(run(&second, "INSERT INTO t VALUES (1)").unwrap_err());
        let refused = refused.describe(&second.path());
        assert_eq!(refused.unique_key.as_deref(), Some("t_id_key"));
        second.failed(&refused);
        drop(second);
        first.await.unwrap().unwrap();
        assert_eq!(rows(&reader), [1]);
    }

    #[tokio::test]
    async fn a_defective_statement_harms_only_its_own_request() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, reader) = writer(&folder);
        let first = begin(&writer).await;
        run(&first, "INSERT INTO t VALUES (1)").unwrap();
        let second = queue(&writer, 1).await;
        let third = queue(&writer, 2).await;
        let first = tokio::spawn(first.commit());
        let mut second = second.await.unwrap();
        run(&second, "INSERT INTO t VALUES (2)").unwrap();
        let defect = SqliteError::from(run(&second, "SELECT nothing FROM t").unwrap_err());
        let defect = defect.describe(&second.path());
        assert_eq!(defect.fault, Fault::Defect);
        second.failed(&defect);
        // What it wrote before is not kept without the rest.
        assert!(second.connection().is_none());
        second.failed(&lost().describe(&second.path()));
        assert_eq!(second.commit().await.unwrap_err().fault, Fault::Defect);
        let third = third.await.unwrap();
        run(&third, "INSERT INTO t VALUES (3)").unwrap();
        third.commit().await.unwrap();
        first.await.unwrap().unwrap();
        assert_eq!(rows(&reader), [1, 3]);
    }

    #[tokio::test]
    async fn a_commit_that_fails_is_reported_to_everybody_who_waits_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, reader) = writer(&folder);
        let first = begin(&writer).await;
        run(&first, "INSERT INTO t VALUES (1)").unwrap();
        let second = queue(&writer, 1).await;
        let first = tokio::spawn(first.commit());
        let second = second.await.unwrap();
        // A reference to nothing that only the commit finds.
        run(&second, "PRAGMA defer_foreign_keys = ON; INSERT INTO part VALUES (9)").unwrap();
        assert!(second.commit().await.is_err());
        assert!(first.await.unwrap().is_err());
        assert!(rows(&reader).is_empty());
        let next = begin(&writer).await;
        run(&next, "INSERT INTO t VALUES (4)").unwrap();
        next.commit().await.unwrap();
        assert_eq!(rows(&reader), [4]);
    }

    #[tokio::test]
    async fn nothing_is_written_after_a_failure_that_ends_the_whole_transaction() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, reader) = writer(&folder);
        let first = begin(&writer).await;
        run(&first, "INSERT INTO t VALUES (1)").unwrap();
        let second = queue(&writer, 1).await;
        let first = tokio::spawn(first.commit());
        let mut second = second.await.unwrap();
        let error = run(&second, "INSERT OR ROLLBACK INTO t VALUES (1)").unwrap_err();
        second.failed(&SqliteError::from(error).describe(&second.path()));
        assert!(second.connection().is_none());
        assert!(second.commit().await.is_err());
        assert!(first.await.unwrap().is_err());
        assert!(rows(&reader).is_empty());
    }

    #[tokio::test]
    async fn whoever_works_alone_finds_everything_committed() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, reader) = writer(&folder);
        let first = begin(&writer).await;
        run(&first, "INSERT INTO t VALUES (1)").unwrap();
        let own = writer.clone();
        let alone = tokio::spawn(async move { own.turn_alone(WAIT).await.ok().unwrap() });
        wait_for_waiting(&writer, 1).await;
        let first = tokio::spawn(first.commit());
        let alone = alone.await.unwrap();
        run(&alone, "PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        assert_eq!(rows(&reader), [1]);
        first.await.unwrap().unwrap();
        drop(alone);
        writer.close().await;
        assert!(matches!(writer.turn(WAIT).await, Err(NoTurn::Closed)));
    }

    #[tokio::test]
    async fn nobody_waits_longer_than_asked() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, _) = writer(&folder);
        let _held = begin(&writer).await;
        assert!(matches!(writer.turn(Duration::ZERO).await, Err(NoTurn::TooLate)));
        assert_eq!(writer.0.waiting.load(Ordering::Relaxed), 0);
        assert!(writer.is_busy());
    }
}
