//! Slowing down guessing without giving anybody a lock to keep up.
//!
//! Attempts are counted before a password is looked at, so that many at once can't get past, and
//! taken back where it was right. They are counted by account and address together, by address, and
//! by account for addresses that the account has not logged in from. For an account at an address
//! that it knows, only the first counts, and its delays are short: somebody in the waiting room can
//! slow the clerk down by seconds and not lock the desk. An attempt that comes too early is refused
//! without being counted, so it does not push the next one away.

use chrono::{DateTime, TimeDelta, Utc};
use shared::account::identifier_key;

use crate::{
    app::App,
    db::{Conn, sessions, throttle, users::UserRow},
    digest::short_sha256,
    error::Error,
};

/// Longest delay, in seconds, for an account at an address that it knows, and elsewhere.
const LONGEST_AT_HOME: i64 = 5;
const LONGEST: i64 = 60;
/// Seconds of a day.
const DAY: i64 = 86_400;

/// One count of attempts, and the delays after which the next are looked at.
struct Lane {
    key: String,
    /// Attempts without a delay.
    free: i64,
    /// Seconds of the longest delay.
    longest: i64,
    /// Seconds after which a count starts anew.
    memory: i64,
    /// Whether a right password makes all of it forgotten, and not only its own attempt.
    is_forgotten: bool,
}

/// The lanes of one attempt.
pub(super) struct Lanes(Vec<Lane>);

impl Lanes {
    /// The lanes for an account, or for what was typed where there is none, and an address.
    pub(super) async fn of(
        app: &App,
        conn: &mut Conn<'_>,
        identifier: &str,
        user: Option<&UserRow>,
        address: &str,
    ) -> Result<Self, Error> {
        let account = match user {
            Some(row) => format!("user {}", row.user.id),
            None => identifier_key(identifier),
        };
        let (account, network) = (hashed(&account), network(address));
        let since = app.clock().now() - TimeDelta::days(30);
        let is_at_home = match user {
            Some(row) => sessions::addresses(conn, row.user.id, since)
                .await?
                .iter()
                .any(|known| self::network(known) == network),
            None => false,
        };
        let lane = |kind, of: &str, free, longest, memory| Lane {
            key: format!("{kind}:{of}"),
            free,
            longest,
            memory,
            is_forgotten: kind == "both",
        };
        let both = format!("{account}:{network}");
        Ok(Self(match is_at_home {
            true => vec![lane("both", &both, 5, LONGEST_AT_HOME, DAY)],
            false => vec![
                lane("both", &both, 5, LONGEST, DAY),
                // A clinic is one address.
                lane("address", &network, 60, LONGEST, 60),
                lane("account", &account, 50, LONGEST, DAY),
            ],
        }))
    }

    /// The lane of registrations from an address.
    pub(super) fn registering(address: &str) -> Self {
        let key = format!("register:{}", network(address));
        Self(vec![Lane { key, free: 300, longest: LONGEST, memory: 3_600, is_forgotten: false }])
    }

    /// The lane of asking for mail from an address.
    pub(super) fn asking_for_mail(address: &str) -> Self {
        let key = format!("mail:{}", network(address));
        Self(vec![Lane { key, free: 60, longest: LONGEST, memory: 3_600, is_forgotten: false }])
    }

    /// The lane of mail to whoever has an e-mail address, whether anybody has it or not.
    pub(super) fn mail_to(email: &str) -> Self {
        let key = format!("mail-to:{}", hashed(&identifier_key(email)));
        Self(vec![Lane { key, free: 3, longest: 3_600, memory: DAY, is_forgotten: false }])
    }

    /// The lane of one-time codes from an address: the same as for logins, since who tries codes
    /// may as well try passwords.
    pub(super) fn redeeming(address: &str) -> Self {
        let key = format!("address:{}", network(address));
        Self(vec![Lane { key, free: 60, longest: LONGEST, memory: 60, is_forgotten: false }])
    }

    /// Counts an attempt, or fails where the next one is not to be looked at yet.
    pub(super) async fn attempt(&self, app: &App) -> Result<(), Error> {
        let now = app.clock().now();
        let keys: Vec<String> = self.0.iter().map(|lane| lane.key.clone()).collect();
        let mut tx = app.db().begin().await?;
        let mut conn = tx.conn();
        let mut counts = Vec::new();
        for lane in &self.0 {
            // Counting first also makes others at the same moment wait for their turn.
            let stale_before = now - TimeDelta::seconds(lane.memory);
            counts.push(throttle::add(&mut conn, &lane.key, now, stale_before).await?);
        }
        if let Some(until) = throttle::not_before(&mut conn, &keys, now).await? {
            // Rolled back: it does not count.
            let wait = (until - now).num_milliseconds().max(1);
            let after = u64::try_from(wait).unwrap_or(1).div_ceil(1_000);
            return Err(Error::TooManyRequests { after });
        }
        for (lane, attempts) in self.0.iter().zip(counts) {
            let over = attempts - lane.free;
            if over >= 0 {
                let delay = 1_i64 << over.min(30);
                let until = now + TimeDelta::seconds(delay.min(lane.longest));
                throttle::put_off(&mut conn, &lane.key, until).await?;
            }
        }
        tx.commit().await
    }

    /// Takes the attempt back where it could not be looked at: the server was too busy.
    pub(super) async fn withdraw<T>(
        &self,
        app: &App,
        outcome: Result<T, Error>,
    ) -> Result<T, Error> {
        if outcome.is_err() {
            let mut tx = app.db().begin().await?;
            for lane in &self.0 {
                throttle::take_back(&mut tx.conn(), &lane.key, past(app)).await?;
            }
            tx.commit().await?;
        }
        outcome
    }

    /// Takes the attempt back: the password was right. What was counted for the account at this
    /// address is forgotten, and what is long past.
    pub(super) async fn succeed(&self, app: &App, conn: &mut Conn<'_>) -> Result<(), Error> {
        for lane in &self.0 {
            match lane.is_forgotten {
                true => throttle::forget(conn, &lane.key).await?,
                false => throttle::take_back(conn, &lane.key, past(app)).await?,
            }
        }
        Ok(throttle::tidy(conn, app.clock().now() - TimeDelta::days(2)).await?)
    }
}

/// A time that nobody waits for.
fn past(app: &App) -> DateTime<Utc> {
    app.clock().now() - TimeDelta::days(1)
}

/// Names are stored as hashes: the table must not tell who has an account.
fn hashed(text: &str) -> String {
    short_sha256(&[text.as_bytes()], 32)
}

/// The network that one party can be taken to have: an IPv4 address, or the first half of an IPv6
/// one.
fn network(address: &str) -> String {
    match address.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V6(v6)) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::")
        }
        _ => address.to_owned(),
    }
}
