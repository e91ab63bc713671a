//! Mail that waits to be sent. A use case queues a mail in its own transaction; a task of every serving
//! process sends what is due, never in a request's time.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use tokio::{
    sync::{Notify, oneshot},
    task::JoinHandle,
};

use super::post::Post;
use crate::{
    db::{Conn, mail},
    error::Error,
    keys::random_text,
};

/// How long stopping waits for mail that is on its way.
const FLUSH_MAX: Duration = Duration::from_secs(3);

/// Which letter it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Letter {
    /// The code with which somebody proves that an address is theirs.
    Verification,
    /// The code with which somebody sets a new password.
    PasswordReset,
}

impl Letter {
    /// Its name in the database.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Verification => "verification",
            Self::PasswordReset => "password_reset",
        }
    }

    /// The letter with this name.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        [Self::Verification, Self::PasswordReset].into_iter().find(|it| it.as_str() == text)
    }

    /// What stands in the audit log once it was sent.
    pub(crate) fn deed(self) -> &'static str {
        match self {
            Self::Verification => "user.verification_mailed",
            Self::PasswordReset => "user.password_reset_mailed",
        }
    }
}

/// Queues a mail in the transaction of what it is about; call [`Mail::wake`] once that is committed.
pub(crate) async fn queue(
    conn: &mut Conn<'_>,
    letter: Letter,
    recipient: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let id = random_text::<16>().map_err(Error::internal)?;
    Ok(mail::insert(conn, letter.as_str(), recipient, &id, now).await?)
}

/// What sends mail.
pub struct Mail {
    post: Arc<Post>,
    wake: Arc<Notify>,
    running: Mutex<Option<Running>>,
}

struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Mail {
    /// Sends nothing yet: commands only queue.
    pub fn new(post: Post) -> Self {
        Self { post: Arc::new(post), wake: Arc::default(), running: Mutex::default() }
    }

    /// Starts the task that sends, unless it runs. The task ends when it is told to stop, once it has
    /// sent what is due.
    pub(crate) fn start<F>(&self, send: impl FnOnce(Sending) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.is_none() {
            let (stop, stopped) = oneshot::channel();
            let (post, wake) = (Arc::clone(&self.post), Arc::clone(&self.wake));
            let task = tokio::spawn(send(Sending { post, wake, stopped }));
            *running = Some(Running { stop, task });
        }
    }

    /// Has the task look at once, since a mail was queued.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Sends what is due, but does not wait for it long, and ends the task. What is left waits for
    /// the next start.
    pub async fn stop(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Running { stop, mut task }) = running else { return };
        // The task is there until it is told this.
        let _ = stop.send(());
        if tokio::time::timeout(FLUSH_MAX, &mut task).await.is_err() {
            tracing::warn!("a mail was still on its way when the server stopped");
            task.abort();
        }
    }
}

/// What the task that sends is given.
pub(crate) struct Sending {
    /// What carries mail away.
    pub(crate) post: Arc<Post>,
    /// Notified where a mail was queued.
    pub(crate) wake: Arc<Notify>,
    /// Answered where the task is to stop.
    pub(crate) stopped: oneshot::Receiver<()>,
}
