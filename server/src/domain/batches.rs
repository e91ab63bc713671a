//! Work on many records, in pieces between which other writers get their turn.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{
    app::App,
    db::{Conn, DbError},
    error::Error,
};

/// The number of records in a step. The time is checked after each step.
pub(super) const STEP: usize = 20;
/// How long a piece may take before no further step begins. Other writers also wait for its last step and
/// its commit. A clerk who saves something meanwhile should not notice it.
const HOLD_TIME: Duration = Duration::from_millis(15);
/// The pause after a piece. A process that waits for SQLite's only writer checks more often than
/// that.
const PAUSE: Duration = Duration::from_millis(5);
/// How often a piece is tried where another writer has taken a unique value first.
const ATTEMPTS: usize = 3;

/// The work on the records of one step.
pub(super) trait Step<T>: Sync {
    /// The outcome for one record.
    type Outcome: Send;

    /// Works on the records and returns an outcome for each.
    fn run(
        &self,
        conn: &mut Conn<'_>,
        records: &[T],
    ) -> impl Future<Output = Result<Vec<Self::Outcome>, DbError>> + Send;

    /// Whether the work ends with this outcome: nothing is done for the records behind it.
    fn is_last(&self, _: &Self::Outcome) -> bool {
        false
    }
}

/// Works on many records in steps. A piece is a transaction of several steps, committed before
/// other writers have waited for long. Returns the outcomes of all records, up to the last one.
///
/// Fails where a step fails. Pieces that were committed earlier stay.
pub(super) async fn in_pieces<T: Sync, S: Step<T>>(
    app: &App,
    all: &[T],
    step: &S,
) -> Result<Vec<S::Outcome>, Error> {
    let mut outcomes = Vec::with_capacity(all.len());
    let mut attempts = 1;
    while let Some(rest) = all.get(outcomes.len()..).filter(|rest| !rest.is_empty()) {
        // After a conflict the piece has one step only: it sees the rows that the other writer has
        // committed, and reports them. A longer piece would meet that writer's next rows.
        let piece = if attempts == 1 { rest } else { rest.get(..STEP).unwrap_or(rest) };
        match write_piece(app, piece, step).await {
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
    app: &App,
    rest: &[T],
    step: &S,
) -> Result<Vec<S::Outcome>, DbError> {
    let mut tx = app.db().begin().await?;
    tx.run_apart();
    // From here on other writers wait.
    let began = Instant::now();
    let mut outcomes = Vec::new();
    for some in rest.chunks(STEP) {
        outcomes.extend(step.run(&mut tx.conn(), some).await?);
        let is_end = outcomes.last().is_some_and(|outcome| step.is_last(outcome));
        if is_end || began.elapsed() >= HOLD_TIME {
            break;
        }
    }
    tx.commit().await?;
    sleep(PAUSE).await;
    Ok(outcomes)
}
