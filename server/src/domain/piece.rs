//! Work on many records, in pieces that let others in between.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{
    app::App,
    db::{Conn, DbError},
    error::Error,
};

/// Records of a step, after which it is looked at the time.
const STEP: usize = 20;
/// How long a piece may take before it is committed. With the last step and the commit, others wait
/// no longer than a tenth of a second.
const HOLD_TIME: Duration = Duration::from_millis(50);
/// The pause after a piece. Whoever waits for SQLite's only writer, in another process too, looks
/// more often than that.
const PAUSE: Duration = Duration::from_millis(10);
/// How often a piece is tried in which somebody else was quicker with something unique.
const ATTEMPTS: usize = 3;

/// What is done with the records of a step.
pub(super) trait Step<T>: Sync {
    /// What becomes of one record.
    type Outcome: Send;

    /// Works on the records and answers an outcome for each.
    fn run(
        &self,
        conn: &mut Conn<'_>,
        records: &[T],
    ) -> impl Future<Output = Result<Vec<Self::Outcome>, DbError>> + Send;
}

/// Works on many records in steps, each in the transaction of its piece, and commits a piece before it
/// has kept others waiting for long. Answers the outcomes of all records.
///
/// Fails where a step does; the pieces that were committed before stay.
pub(super) async fn in_pieces<T: Sync, S: Step<T>>(
    app: &App,
    all: &[T],
    step: &S,
) -> Result<Vec<S::Outcome>, Error> {
    let mut outcomes = Vec::with_capacity(all.len());
    let mut attempts = 1;
    while let Some(rest) = all.get(outcomes.len()..).filter(|rest| !rest.is_empty()) {
        // After a conflict a piece of one step: it sees the rows of the other one, who has committed
        // them, and can say so. A longer one would meet the next of them.
        let piece = if attempts == 1 { rest } else { rest.get(..STEP).unwrap_or(rest) };
        match write_piece(app, piece, step).await {
            Ok(piece) => {
                outcomes.extend(piece);
                attempts = 1;
            }
            Err(DbError::Unique(_)) if attempts < ATTEMPTS => attempts += 1,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(outcomes)
}

/// Works on as many of the records, from the first on, as one piece takes.
async fn write_piece<T: Sync, S: Step<T>>(
    app: &App,
    rest: &[T],
    step: &S,
) -> Result<Vec<S::Outcome>, DbError> {
    let mut tx = app.db().begin().await?;
    // From here on others wait.
    let began = Instant::now();
    let mut outcomes = Vec::new();
    for some in rest.chunks(STEP) {
        outcomes.extend(step.run(&mut tx.conn(), some).await?);
        if began.elapsed() >= HOLD_TIME {
            break;
        }
    }
    tx.commit().await?;
    sleep(PAUSE).await;
    Ok(outcomes)
}
