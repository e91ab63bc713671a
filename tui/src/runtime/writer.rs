//! The thread that writes to the terminal. A terminal that stops reading blocks it and nobody else.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use tokio::sync::Notify;

use super::terminal;

/// Takes one frame at a time, and the next one when that is out.
pub(super) struct Writer {
    frames: SyncSender<Vec<u8>>,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    is_busy: AtomicBool,
    is_broken: AtomicBool,
    changed: Notify,
}

impl Writer {
    /// Starts the thread. It writes to `output`.
    pub(super) fn start(output: impl Write + Send + 'static) -> io::Result<Self> {
        let (frames, waiting) = sync_channel(1);
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || write_all(output, &waiting, &shared))?;
        Ok(Self { frames, state })
    }

    /// Whether a frame would be written at once.
    pub(super) fn is_idle(&self) -> bool {
        !self.state.is_busy.load(Ordering::Acquire)
    }

    /// Whether the terminal is gone.
    pub(super) fn is_broken(&self) -> bool {
        self.state.is_broken.load(Ordering::Acquire)
    }

    /// Ends when the thread has nothing more to write.
    pub(super) async fn idle(&self) {
        while !self.is_idle() {
            self.state.changed.notified().await;
        }
    }

    /// Gives the thread something to write. Only while it is idle, or as the last thing.
    pub(super) fn write(&self, bytes: Vec<u8>) {
        self.state.is_busy.store(true, Ordering::Release);
        if self.frames.try_send(bytes).is_err() {
            self.state.is_broken.store(true, Ordering::Release);
        }
    }

    /// Writes what ends the screens. Ends when that is out, or when a terminal that does not read
    /// has been waited for long enough; what it has not read is then thrown away.
    pub(super) async fn finish(&self, bytes: Vec<u8>) {
        const PATIENCE: Duration = Duration::from_millis(400);
        if tokio::time::timeout(PATIENCE, self.idle()).await.is_err() {
            terminal::forget_unread();
            let _ = tokio::time::timeout(PATIENCE, self.idle()).await;
        }
        self.write(bytes);
        let _ = tokio::time::timeout(PATIENCE, self.idle()).await;
    }
}

fn write_all(mut output: impl Write, waiting: &Receiver<Vec<u8>>, state: &State) {
    while let Ok(frame) = waiting.recv() {
        if output.write_all(&frame).is_err() {
            state.is_broken.store(true, Ordering::Release);
        }
        state.is_busy.store(false, Ordering::Release);
        state.changed.notify_one();
    }
}
