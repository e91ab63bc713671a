//! Work on many records, in pieces between which other writers get their turn.

use std::time::Duration;

use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep},
};

use crate::{
    app::App,
    db::{Conn, DbError},
    error::Error,
};

/// The number of records in a step that a dry run, or a piece beside other writers, works on at once.
pub(super) const STEP: usize = 20;
/// The same where nobody else has written to SQLite's file for a while, and for how long it is of a piece.
const LONG_STEP: usize = 100;
const LONG_HOLD: Duration = Duration::from_millis(100);
/// For how long a piece on SQLite begins further steps: a part of the time since somebody else has written or waited, and
/// so long. It ends with the step in which somebody begins to wait, so what that one waits for is a step and the commit.
/// A clerk who saves something meanwhile should not notice it. The rows of many patients share pages of the indexes, so a
/// long piece writes fewer pages.
const PART_OF_QUIET: u32 = 3;
const HOLD_MIN: Duration = Duration::from_millis(15);
const HOLD_MAX: Duration = Duration::from_secs(1);
/// The number of records in a transaction on PostgreSQL, where writers don't wait for each other, and how many
/// transactions run at once: one prepares its statements while the database works on those of another one.
const STEP_ON_POSTGRES: usize = 100;
const AT_ONCE: usize = 2;
/// For how long nobody else may have written where SQLite's log becomes long.
const QUIET: Duration = Duration::from_secs(10);
/// The pause after a piece. A process that waits for SQLite's only writer checks more often than
/// that.
const PAUSE: Duration = Duration::from_millis(5);
/// How often a piece is tried where another writer has taken a unique value first.
const ATTEMPTS: usize = 3;

/// The size of a piece.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Pace {
    step: usize,
    /// For how long further steps begin.
    hold: Duration,
    /// Whether SQLite's log may become long. Whoever commits then writes it into the file, which keeps a clerk waiting.
    has_long_log: bool,
}

/// The work on the records of one step.
pub(super) trait Step<T>: Sync {
    /// The outcome for one record.
    type Outcome: Send;

    /// Makes those wait who work on alike records at the same time. Of several steps at once, an earlier one does so first.
    fn lock(
        &self,
        conn: &mut Conn<'_>,
        records: &[T],
    ) -> impl Future<Output = Result<(), DbError>> + Send;

    /// Works on the records and returns an outcome for each.
    fn run(
        &self,
        conn: &mut Conn<'_>,
        records: &[T],
    ) -> impl Future<Output = Result<Vec<Self::Outcome>, DbError>> + Send;

    /// Whether the work may end early.
    fn may_end(&self) -> bool {
        false
    }

    /// Whether the work ends with this outcome: nothing is done for the records behind it.
    fn is_last(&self, _: &Self::Outcome) -> bool {
        false
    }
}

/// Writes many records in pieces.
pub(crate) struct Pieces<'a> {
    pub(super) app: &'a App,
    others: Others,
    /// How many transactions run at once on PostgreSQL.
    at_once: usize,
}

/// The others who write to a file of SQLite, which has one writer at a time.
struct Others {
    /// The number of the file's content before the last piece.
    content: Option<i64>,
    /// When somebody else was noticed.
    noticed: Instant,
    /// The pace of the last piece.
    last: Option<Pace>,
}

impl Others {
    fn new(now: Instant) -> Self {
        Self { content: None, noticed: now, last: None }
    }

    /// The size of the piece that begins with this content. Writes of this process don't change its number.
    fn pace(&mut self, content: i64, now: Instant) -> Pace {
        if self.content.replace(content).is_some_and(|before| before != content) {
            self.noticed = now;
        }
        let quiet = now.duration_since(self.noticed);
        let hold = (quiet / PART_OF_QUIET).clamp(HOLD_MIN, HOLD_MAX);
        let step = if hold < LONG_HOLD { STEP } else { LONG_STEP };
        Pace { step, hold, has_long_log: quiet >= QUIET }
    }
}

impl<'a> Pieces<'a> {
    pub(crate) fn new(app: &'a App) -> Self {
        Self { app, others: Others::new(Instant::now()), at_once: AT_ONCE }
    }

    /// Creates the records in their order on PostgreSQL too, so that ids rise as they do on SQLite. This takes longer.
    pub(crate) fn in_order(app: &'a App) -> Self {
        Self { at_once: 1, ..Self::new(app) }
    }

    /// Works on many records in steps. A piece is a transaction of several steps, committed before
    /// other writers have waited for long. Returns the outcomes of all records, up to the last one.
    ///
    /// Fails where a step fails. Pieces that were committed earlier stay.
    pub(super) async fn write<T: Sync, S: Step<T>>(
        &mut self,
        all: &[T],
        step: &S,
    ) -> Result<Vec<S::Outcome>, Error> {
        if self.app.db().is_file() {
            return self.write_to_file(all, step).await;
        }
        let (turn, app) = (Mutex::new(()), self.app);
        let write = |piece| write_at_once(app, &turn, piece, step).boxed();
        let pieces: Vec<_> = all.chunks(STEP_ON_POSTGRES).map(write).collect();
        let at_once = if step.may_end() { 1 } else { self.at_once };
        let mut pieces = stream::iter(pieces).buffered(at_once);
        let mut outcomes = Vec::with_capacity(all.len());
        while let Some(piece) = pieces.try_next().await? {
            outcomes.extend(piece);
            if outcomes.last().is_some_and(|outcome| step.is_last(outcome)) {
                break;
            }
        }
        Ok(outcomes)
    }

    async fn write_to_file<T: Sync, S: Step<T>>(
        &mut self,
        all: &[T],
        step: &S,
    ) -> Result<Vec<S::Outcome>, Error> {
        let mut outcomes = Vec::with_capacity(all.len());
        let mut attempts = 1;
        while let Some(rest) = all.get(outcomes.len()..).filter(|rest| !rest.is_empty()) {
            // After a conflict the piece has one step only: it sees the rows that the other writer has
            // committed, and reports them. A longer piece would meet that writer's next rows.
            let piece = if attempts == 1 { rest } else { rest.get(..STEP).unwrap_or(rest) };
            match self.write_piece(piece, step).await {
                Ok(piece) => {
                    let is_end = piece.last().is_some_and(|outcome| step.is_last(outcome));
                    outcomes.extend(piece);
                    attempts = 1;
                    if is_end {
                        break;
                    }
                }
                Err(DbError::Unique(_)) if attempts < ATTEMPTS => attempts += 1,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(outcomes)
    }

    /// Works on as many records from the front as fit into one piece.
    async fn write_piece<T: Sync, S: Step<T>>(
        &mut self,
        rest: &[T],
        step: &S,
    ) -> Result<Vec<S::Outcome>, DbError> {
        let mut tx = self.app.db().begin().await?;
        // From here on other writers wait.
        let began = Instant::now();
        let pace = self.others.pace(tx.conn().content().await?, began);
        if self.others.last.replace(pace) != Some(pace) {
            tx.conn().let_log_grow(pace.has_long_log).await?;
        }
        let mut outcomes = Vec::new();
        for some in rest.chunks(pace.step) {
            outcomes.extend(step.run(&mut tx.conn(), some).await?);
            let is_end = outcomes.last().is_some_and(|outcome| step.is_last(outcome));
            if tx.conn().is_awaited() {
                self.others.noticed = Instant::now();
                break;
            }
            if is_end || began.elapsed() >= pace.hold {
                break;
            }
        }
        tx.commit().await?;
        sleep(PAUSE).await;
        Ok(outcomes)
    }
}

/// Works on a piece beside others, which take their locks one after another: whoever has the turn.
async fn write_at_once<T: Sync, S: Step<T>>(
    app: &App,
    turn: &Mutex<()>,
    piece: &[T],
    step: &S,
) -> Result<Vec<S::Outcome>, Error> {
    let mut attempts = 1;
    loop {
        let own_turn = turn.lock().await;
        let written = async {
            let mut tx = app.db().begin().await?;
            let mut conn = tx.conn();
            step.lock(&mut conn, piece).await?;
            drop(own_turn);
            let outcomes = step.run(&mut conn, piece).await?;
            tx.commit().await?;
            Ok(outcomes)
        };
        match written.await {
            // The next attempt sees the rows that the other writer has committed, and reports them.
            Err(DbError::Unique(_)) if attempts < ATTEMPTS => attempts += 1,
            outcome => return outcome.map_err(Into::into),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_last_a_part_of_the_time_since_somebody_else_has_written() {
        let began = Instant::now();
        let mut others = Others::new(began);
        let mut pace = |content, millis| {
            let pace = others.pace(content, began + Duration::from_millis(millis));
            (pace.step, pace.hold.as_millis(), pace.has_long_log)
        };
        assert_eq!(pace(7, 0), (20, 15, false));
        assert_eq!(pace(7, 90), (20, 30, false));
        assert_eq!(pace(7, 600), (100, 200, false));
        assert_eq!(pace(7, 9_000), (100, 1_000, false));
        assert_eq!(pace(7, 10_000), (100, 1_000, true));
        assert_eq!(pace(8, 10_100), (20, 15, false));
        assert_eq!(pace(8, 10_400), (100, 100, false));
    }
}
