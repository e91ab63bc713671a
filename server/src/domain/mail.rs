//! Sending mail. A use case queues a mail in its own transaction; a task of every serving process
//! sends what is due, never in a request's time. Several processes share the work: who claims a mail
//! has it for a while, and has to be done by then.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use shared::UserId;
use tokio::{
    sync::{Notify, oneshot},
    task::JoinHandle,
};

use super::{
    access::Origin,
    audit::{self, Deed, Doer},
    letters::{self, Letter},
    users::PROGRAM,
};
use crate::{
    app::App,
    db::{
        Conn,
        mail::{self, Claimed},
    },
    error::Error,
    keys::random_text,
    post::{Failure, Post},
};

/// How often it is looked for mail that is due again. A new one is sent at once.
const POLL: Duration = Duration::from_secs(10);
/// How long a claim lasts: longer than handing a mail over may take.
const CLAIM: TimeDelta = TimeDelta::minutes(5);
/// The wait after the first failure; each is four times the one before, up to the longest.
const FIRST_WAIT: TimeDelta = TimeDelta::seconds(5);
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(1);
/// After which time a mail that nobody takes is given up.
const GIVE_UP: TimeDelta = TimeDelta::days(5);
/// How long it is kept that a mail was sent or given up.
const KEPT: TimeDelta = TimeDelta::days(30);
/// How long stopping waits for mail that is on its way.
const FLUSH_MAX: Duration = Duration::from_secs(3);

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

/// What the task works with.
struct Work {
    app: App,
    post: Arc<Post>,
    wake: Arc<Notify>,
}

struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// What came of looking for a mail to send.
enum Next {
    /// One was dealt with; there may be another.
    Another,
    /// There is none, or nobody takes any.
    Wait,
}

impl Mail {
    /// Sends nothing yet: commands only queue.
    pub fn new(post: Post) -> Self {
        Self { post: Arc::new(post), wake: Arc::default(), running: Mutex::default() }
    }

    /// Starts the task that sends.
    pub fn start(&self, app: &App) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.is_none() {
            let (post, wake) = (Arc::clone(&self.post), Arc::clone(&self.wake));
            let work = Work { app: app.clone(), post, wake };
            let (stop, stopped) = oneshot::channel();
            let task = tokio::spawn(work.run(stopped));
            *running = Some(Running { stop, task });
        }
    }

    /// Has it look at once, since a mail was queued.
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

impl Work {
    async fn run(self, mut stop: oneshot::Receiver<()>) {
        let mut is_stopping = false;
        loop {
            match self.send_next().await {
                Ok(Next::Another) => continue,
                Ok(Next::Wait) => {}
                Err(error) => tracing::warn!(%error, "mail can't be looked for"),
            }
            // Where the database is away the last count stays, and the line above says so.
            if let Ok(waiting) = self.count_waiting().await {
                self.app.metrics().note_mail_waiting(waiting);
            }
            if is_stopping {
                return;
            }
            tokio::select! {
                // Told so, or everybody who could tell is gone.
                _ = &mut stop => is_stopping = true,
                () = self.wake.notified() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    async fn count_waiting(&self) -> Result<i64, Error> {
        let mut lent = self.app.db().read().await?;
        Ok(mail::count_waiting(&mut lent.conn()).await?)
    }

    async fn send_next(&self) -> Result<Next, Error> {
        let Some(mail) = self.claim().await? else { return Ok(Next::Wait) };
        let Some(letter) = Letter::from_text(&mail.letter) else {
            return Err(Error::internal(format!("mail {} is of no known kind", mail.id)));
        };
        let Some(written) = self.write(letter, &mail).await? else { return Ok(Next::Another) };
        let name = format!("{}-{}", mail.created_at.format("%Y%m%dT%H%M%SZ"), mail.message_id);
        let mut addresses = vec![written.recipient];
        let outcome = match written.message {
            Ok(message) => {
                addresses.extend(message.envelope().to().iter().map(ToString::to_string));
                self.post.send(message, &name).await
            }
            Err(why) => Err(Failure::Never(why)),
        };
        let (id, attempts) = (mail.id, mail.attempts);
        let (failure, next) = match outcome {
            Ok(()) => {
                tracing::info!(id, attempts, letter = letter.as_str(), "a mail was sent");
                self.finish(&mail, None, Some((letter, written.user))).await?;
                return Ok(Next::Another);
            }
            Err(Failure::Never(why)) => {
                let why = masked(why, &addresses);
                tracing::error!(id, attempts, why, "a mail is given up: it was refused");
                self.finish(&mail, Some(&why), None).await?;
                return Ok(Next::Another);
            }
            Err(Failure::Later(why)) => (why, Next::Another),
            Err(Failure::Away(why)) => (why, Next::Wait),
        };
        let why = masked(failure, &addresses);
        let now = self.app.clock().now();
        if now - mail.created_at >= GIVE_UP {
            tracing::error!(id, attempts, why, "a mail is given up: nobody took it for days");
            self.finish(&mail, Some(&why), None).await?;
            return Ok(next);
        }
        tracing::warn!(id, attempts, why, "a mail could not be sent yet");
        let mut tx = self.app.db().begin().await?;
        mail::put_off(&mut tx.conn(), &mail, now + wait(attempts), &why).await?;
        tx.commit().await?;
        Ok(next)
    }

    /// The mail that is due, for this process alone until the claim ends.
    async fn claim(&self) -> Result<Option<Claimed>, Error> {
        let now = self.app.clock().now();
        {
            // Nothing is written where there is nothing to do.
            let mut lent = self.app.db().read().await?;
            if !mail::is_due(&mut lent.conn(), now).await? {
                return Ok(None);
            }
        }
        let claim = random_text::<16>().map_err(Error::internal)?;
        let mut tx = self.app.db().begin().await?;
        let claimed = mail::claim(&mut tx.conn(), now, now + CLAIM, &claim).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    /// Writes the letter; nothing where nobody is to get it any more, or ever was.
    async fn write(
        &self,
        letter: Letter,
        mail: &Claimed,
    ) -> Result<Option<letters::Written>, Error> {
        let mut tx = self.app.db().begin().await?;
        let occasion = letters::Occasion {
            letter,
            recipient: &mail.recipient,
            message_id: &mail.message_id,
            from: self.post.from(),
        };
        let written = letters::write(&self.app, &mut tx.conn(), &occasion).await?;
        if written.is_none() {
            mail::remove(&mut tx.conn(), mail).await?;
        }
        tx.commit().await?;
        Ok(written)
    }

    async fn finish(
        &self,
        mail: &Claimed,
        failure: Option<&str>,
        sent: Option<(Letter, UserId)>,
    ) -> Result<(), Error> {
        let now = self.app.clock().now();
        let mut tx = self.app.db().begin().await?;
        mail::finish(&mut tx.conn(), mail, now, failure).await?;
        if let Some((letter, user)) = sent {
            let deed = Deed::new(letter.deed(), "user", Some(user.0));
            let origin = Origin::default();
            audit::note(&mut tx.conn(), Doer::Stranger(&origin, PROGRAM), now, deed).await?;
        }
        mail::tidy(&mut tx.conn(), now - KEPT).await?;
        tx.commit().await
    }
}

/// A mail server's words without the address, which is no business of the log: neither as the account
/// has it nor as it was sent, in whatever case.
fn masked(mut why: String, addresses: &[String]) -> String {
    const MASK: &str = "the recipient";
    for address in addresses.iter().map(|address| address.to_ascii_lowercase()) {
        let mut from = 0;
        // Only ASCII letters change, so the places are those in the text itself.
        while let Some(at) = why.to_ascii_lowercase().get(from..).and_then(|it| it.find(&address)) {
            let start = from + at;
            why.replace_range(start..start + address.len(), MASK);
            from = start + MASK.len();
        }
    }
    why
}

/// How long is waited after so many attempts.
fn wait(attempts: i64) -> TimeDelta {
    let times = u32::try_from(attempts - 1).unwrap_or_default().min(10);
    FIRST_WAIT.checked_mul(4_i32.saturating_pow(times)).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spelling_of_the_address_is_left() {
        let addresses = ["Ana@exämple.org", "Ana@xn--exmple-cua.org"].map(str::to_owned);
        let said = "550 <ana@xn--exmple-cua.org>: ANA@XN--EXMPLE-CUA.ORG ñ Ana@exämple.org?";
        let expected = "550 <the recipient>: the recipient ñ the recipient?";
        assert_eq!(masked(said.to_owned(), &addresses), expected);
    }

    #[test]
    fn the_waits_grow_from_seconds_to_an_hour() {
        let waits: Vec<i64> = (1..=8).map(|attempts| wait(attempts).num_seconds()).collect();
        assert_eq!(waits, [5, 20, 80, 320, 1_280, 3_600, 3_600, 3_600]);
    }
}
