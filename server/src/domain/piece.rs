//! Work on many records, in pieces that let others in between.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{
    app::App,
    db::{Conn, Tx},
    error::Error,
};

/// Records that are worked on between two looks at the time.
pub(crate) const STEP: usize = 20;
/// How long a piece may take before it is committed. With the last step and the commit, others wait
/// no longer than a tenth of a second.
const HOLD_TIME: Duration = Duration::from_millis(50);
/// The pause after a piece. Whoever waits for SQLite's only writer, in another process too, looks
/// more often than that.
const PAUSE: Duration = Duration::from_millis(10);

/// A transaction that is committed before it has kept others waiting for long. The caller works in
/// steps of [`STEP`] records and ends the piece when it is full:
///
/// ```text
/// let mut piece = Piece::begin(app).await?;
/// for some in rest.chunks(STEP) {
///     // … on piece.conn() …
///     if piece.is_full() { break; }
/// }
/// piece.commit().await?;
/// ```
pub(crate) struct Piece {
    tx: Tx,
    began: Instant,
}

impl Piece {
    /// Begins a piece. Its time counts from here, when the right to write was given.
    pub(crate) async fn begin(app: &App) -> Result<Self, Error> {
        let tx = app.db().begin().await?;
        Ok(Self { tx, began: Instant::now() })
    }

    /// What statements run on.
    pub(crate) fn conn(&mut self) -> Conn<'_> {
        self.tx.conn()
    }

    /// Whether it is time to commit.
    pub(crate) fn is_full(&self) -> bool {
        self.began.elapsed() >= HOLD_TIME
    }

    /// Commits, and lets others in.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        self.tx.commit().await?;
        sleep(PAUSE).await;
        Ok(())
    }
}
