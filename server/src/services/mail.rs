//! The sending of mail. A use case queues a mail in its own transaction, and a task of every
//! serving process sends due mails, never while a request waits.

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

use super::mailer::Mailer;
use crate::{
    db::{Conn, mail},
    error::Error,
    keys::random_text,
};

/// How long stopping waits for a mail that is being sent.
const FLUSH_MAX: Duration = Duration::from_secs(3);

/// The kind of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Letter {
    /// Holds the code that proves the ownership of an e-mail address.
    Verification,
    /// Holds the code for setting a new password.
    PasswordReset,
}

impl Letter {
    /// The name of the kind in the database.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Verification => "verification",
            Self::PasswordReset => "password_reset",
        }
    }

    /// The kind with this name.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        [Self::Verification, Self::PasswordReset].into_iter().find(|it| it.as_str() == text)
    }

    /// The action of the audit event for a sent mail.
    pub(crate) fn event(self) -> &'static str {
        match self {
            Self::Verification => "user.verification_mailed",
            Self::PasswordReset => "user.password_reset_mailed",
        }
    }
}

/// Queues a mail in the transaction of its use case. Call [`Mail::wake`] after the commit.
pub(crate) async fn queue(
    conn: &mut Conn<'_>,
    letter: Letter,
    recipient: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let id = random_text::<16>().map_err(Error::internal)?;
    Ok(mail::insert(conn, letter.as_str(), recipient, &id, now).await?)
}

/// The sending task of this process.
pub struct Mail {
    mailer: Arc<Mailer>,
    wake: Arc<Notify>,
    running: Mutex<Option<Running>>,
}

struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Mail {
    /// Mail without a sending task: commands only queue mail.
    pub fn new(mailer: Mailer) -> Self {
        Self { mailer: Arc::new(mailer), wake: Arc::default(), running: Mutex::default() }
    }

    /// Starts the sending task, unless it is running. After a request to stop, the task sends the
    /// mails that are due and then ends.
    pub(crate) fn start<F>(&self, send: impl FnOnce(Sending) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.is_none() {
            let (stop, stopped) = oneshot::channel();
            let (mailer, wake) = (Arc::clone(&self.mailer), Arc::clone(&self.wake));
            let task = tokio::spawn(send(Sending { mailer, wake, stopped }));
            *running = Some(Running { stop, task });
        }
    }

    /// Wakes the task, because a mail was queued.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Stops the task after it has sent the mails that are due, but waits only `FLUSH_MAX`. Mails
    /// that remain are sent after the next start.
    pub async fn stop(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Running { stop, mut task }) = running else { return };
        // The receiver lives as long as the task, which ends only after this message.
        let _ = stop.send(());
        if tokio::time::timeout(FLUSH_MAX, &mut task).await.is_err() {
            tracing::warn!("a mail was still being sent when the server stopped");
            task.abort();
        }
    }
}

/// The inputs of the sending task.
pub(crate) struct Sending {
    /// Transports mail.
    pub(crate) mailer: Arc<Mailer>,
    /// Notified when a mail was queued.
    pub(crate) wake: Arc<Notify>,
    /// Completes when the task must stop.
    pub(crate) stopped: oneshot::Receiver<()>,
}
