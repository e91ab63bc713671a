//! Sending mail. A use case queues a mail in its own transaction. A task of every serving process
//! sends due mails, never while a request waits. Several processes share the work: a process claims
//! a mail for a limited time and must finish within it.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use shared::UserId;
use tokio::sync::{Notify, oneshot};

use super::letters;
use crate::{
    app::App,
    db::mail::{self, Claimed},
    error::Error,
    keys::random_text,
    services::{
        actor::Origin,
        audit::{self, AuditActor, AuditEvent, PROGRAM},
        mail::{Letter, Sending},
        mailer::{Failure, Mailer},
    },
};

/// How often the task looks for mails that are due again. A new mail wakes it at once.
const POLL: Duration = Duration::from_secs(10);
/// How long a claim lasts. Handing a mail over takes less time.
const CLAIM: TimeDelta = TimeDelta::minutes(5);
/// The wait after the first failure. Each further wait is four times the previous one, up to the
/// longest.
const FIRST_WAIT: TimeDelta = TimeDelta::seconds(5);
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(1);
/// The age at which a mail that no server has accepted is given up.
const GIVE_UP: TimeDelta = TimeDelta::days(5);
/// How long sent and failed mails are stored.
const KEPT: TimeDelta = TimeDelta::days(30);

/// The state of the sending task.
struct Work {
    app: App,
    mailer: Arc<Mailer>,
    wake: Arc<Notify>,
}

/// The outcome of trying to send a mail.
enum Next {
    /// A mail was handled, and another one may be due.
    Another,
    /// No mail is due, or the mail server can't be reached.
    Wait,
}

/// Starts the task that sends mail in this process.
pub fn start(app: &App) {
    let app = app.clone();
    app.clone()
        .mail()
        .start(|Sending { mailer, wake, stopped }| Work { app, mailer, wake }.run(stopped));
}

impl Work {
    async fn run(self, mut stop: oneshot::Receiver<()>) {
        let mut is_stopping = false;
        loop {
            match self.send_next().await {
                Ok(Next::Another) => continue,
                Ok(Next::Wait) => {}
                Err(error) => tracing::warn!(%error, "the mail queue could not be read"),
            }
            // If the database is not available, the last count stays, and the warning above says so.
            if let Ok(waiting) = self.count_waiting().await {
                self.app.metrics().note_mail_waiting(waiting);
            }
            if is_stopping {
                return;
            }
            tokio::select! {
                // Completes on a request to stop, and also when the sender is dropped.
                _ = &mut stop => is_stopping = true,
                () = self.wake.notified() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    async fn count_waiting(&self) -> Result<i64, Error> {
        let mut read = self.app.db().read().await?;
        Ok(mail::count_waiting(&mut read.conn()).await?)
    }

    async fn send_next(&self) -> Result<Next, Error> {
        let Some(mail) = self.claim().await? else { return Ok(Next::Wait) };
        let Some(letter) = Letter::from_text(&mail.letter) else {
            return Err(Error::internal(format!("mail {} has an unknown kind", mail.id)));
        };
        let Some(written) = self.write(letter, &mail).await? else { return Ok(Next::Another) };
        let name = format!("{}-{}", mail.created_at.format("%Y%m%dT%H%M%SZ"), mail.message_id);
        let mut addresses = vec![written.recipient];
        let outcome = match written.message {
            Ok(message) => {
                addresses.extend(message.envelope().to().iter().map(ToString::to_string));
                self.mailer.send(message, &name).await
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
                tracing::error!(id, attempts, why, "a mail was given up: it was refused");
                self.finish(&mail, Some(&why), None).await?;
                return Ok(Next::Another);
            }
            Err(Failure::Later(why)) => (why, Next::Another),
            Err(Failure::Away(why)) => (why, Next::Wait),
        };
        let why = masked(failure, &addresses);
        let now = self.app.clock().now();
        if now - mail.created_at >= GIVE_UP {
            tracing::error!(
                id,
                attempts,
                why,
                "a mail was given up: it could not be sent for days"
            );
            self.finish(&mail, Some(&why), None).await?;
            return Ok(next);
        }
        tracing::warn!(id, attempts, why, "a mail could not be sent yet");
        let mut tx = self.app.db().begin().await?;
        mail::put_off(&mut tx.conn(), &mail, now + wait(attempts), &why).await?;
        tx.commit().await?;
        Ok(next)
    }

    /// Claims a due mail for this process.
    async fn claim(&self) -> Result<Option<Claimed>, Error> {
        let now = self.app.clock().now();
        {
            // Nothing is written unless a mail is due.
            let mut read = self.app.db().read().await?;
            if !mail::is_due(&mut read.conn(), now).await? {
                return Ok(None);
            }
        }
        let claim = random_text::<16>().map_err(Error::internal)?;
        let mut tx = self.app.db().begin().await?;
        let claimed = mail::claim(&mut tx.conn(), now, now + CLAIM, &claim).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    /// Writes the letter. Removes the mail and returns `None` where it has no recipient any more,
    /// or never had one.
    async fn write(
        &self,
        letter: Letter,
        mail: &Claimed,
    ) -> Result<Option<letters::Written>, Error> {
        let mut tx = self.app.db().begin().await?;
        let request = letters::LetterRequest {
            letter,
            recipient: &mail.recipient,
            message_id: &mail.message_id,
            from: self.mailer.from(),
        };
        let written = letters::write(&self.app, &mut tx.conn(), &request).await?;
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
            let event = AuditEvent::of_user(letter.event(), Some(user));
            let origin = Origin::default();
            audit::note(&mut tx.conn(), AuditActor::Anonymous(&origin, PROGRAM), now, event)
                .await?;
        }
        mail::tidy(&mut tx.conn(), now - KEPT).await?;
        tx.commit().await
    }
}

/// Removes the recipient's address from a mail server's message, because addresses don't belong in
/// the log. It recognises the address as stored and as sent, in upper and lower case.
fn masked(mut why: String, addresses: &[String]) -> String {
    const MASK: &str = "the recipient";
    for address in addresses.iter().map(|address| address.to_ascii_lowercase()) {
        let mut from = 0;
        // Only ASCII letters change, so byte offsets are the same in both texts.
        while let Some(at) = why.to_ascii_lowercase().get(from..).and_then(|it| it.find(&address)) {
            let start = from + at;
            why.replace_range(start..start + address.len(), MASK);
            from = start + MASK.len();
        }
    }
    why
}

/// The wait after so many attempts.
fn wait(attempts: i64) -> TimeDelta {
    let times = u32::try_from(attempts - 1).unwrap_or_default().min(10);
    FIRST_WAIT.checked_mul(4_i32.saturating_pow(times)).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_the_address_is_removed() {
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
