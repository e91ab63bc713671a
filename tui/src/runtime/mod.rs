//! The running program: the terminal, the loop, and what the core wants done outside.

mod effects;
mod input;
mod screen;
mod shell;
mod signals;
mod terminal;
mod timers;
mod writer;

use std::{sync::Arc, time::Duration};

use tui_core::msg::Msg;

use crate::{args::LaunchOptions, connection::Connection};

/// How long running requests that change something are waited for at the end.
const LAST_WRITES: Duration = Duration::from_secs(5);
/// How long the local desk may take to close.
const CLOSING: Duration = Duration::from_secs(5);

/// What the loop is told by everything that runs beside it.
pub(crate) enum Event {
    /// A message for the core.
    Msg(Box<Msg>),
    /// A timer went off; it counts if it was not armed anew or disarmed since.
    Timer(timers::Alarm),
    /// The process shall be stopped.
    Stop,
    /// The process goes on after it was stopped.
    Continued,
    /// The program shall end: a signal, or the terminal is gone.
    End,
}

impl From<Msg> for Event {
    fn from(msg: Msg) -> Self {
        Self::Msg(Box::new(msg))
    }
}

/// Runs the screens to their end.
///
/// Fails with one plain sentence.
pub(crate) fn run(wish: LaunchOptions) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|e| format!("this machine gives no threads: {e}"))?;
    let has_colors = wish.has_colors;
    let connection = Arc::new(Connection::new(wish));
    let ended = runtime.block_on(async {
        let mut shell = shell::Shell::new(Arc::clone(&connection), has_colors)?;
        let ended = shell.run().await;
        let writes = shell.leave().await;
        let _ = tokio::time::timeout(LAST_WRITES, writes.join_all()).await;
        let _ = tokio::time::timeout(CLOSING, connection.close()).await;
        ended
    });
    // Where taking the terminal failed half-way.
    terminal::restore();
    runtime.shutdown_timeout(Duration::from_millis(200));
    ended
}
