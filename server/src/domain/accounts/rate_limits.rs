//! Rate limits against guessing, designed so that no attacker can lock an account.
//!
//! Login attempts are counted per account name as typed, together with the device or, where the
//! device is unknown, with the address. A known device has a rate limit of its own with waits of at
//! most five seconds, and attempts from elsewhere do not count there. The rate limit for an unknown
//! place is chosen without any lookup, so a name without an account gets the same waits as any
//! other. The count over a whole account refuses no attempt: beyond a hundred a day it slows each
//! unknown place down to one attempt a minute. The count over an address keeps one machine from
//! using up the processors with invented names: beyond sixty attempts a minute its unknown places
//! share one attempt a second.
//!
//! An attempt is counted before its password is checked, so that concurrent attempts can't evade
//! the limit, and taken back if the password was right. An attempt that comes too early is refused
//! without being counted, so it does not delay the next one.

use chrono::{DateTime, TimeDelta, Utc};
use shared::{
    UserId,
    account::{User, identifier_key},
};

use crate::{
    app::App,
    db::{Conn, devices::DeviceToken, throttle},
    digest::short_sha256,
    error::Error,
    services::{actor::Actor, passwords::HashPriority},
};

/// Attempts on an account before the first delay.
const FREE: i64 = 5;
/// The longest delay in seconds, at a known device and elsewhere.
const LONGEST_AT_DEVICE: i64 = 5;
const LONGEST: i64 = 60;
/// Attempts in a day after which the unknown places of an account get one attempt a minute, and
/// after which a device without a success counts as an unknown place too.
const MANY: i64 = 100;
/// Attempts in a minute from the unknown places of one address, after which they get one a second.
const MANY_AT_ADDRESS: i64 = 60;
const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;
/// How long a count without new attempts is stored.
const KEPT: TimeDelta = TimeDelta::days(2);

/// When a count restarts: so many seconds after the last attempt, or after the first.
#[derive(Clone, Copy)]
enum Memory {
    SinceLast(i64),
    SinceFirst(i64),
}

/// What a rate limit counts.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Attempts on an account from one unknown place.
    Place,
    /// All attempts on an account from unknown places.
    Account,
    /// Anything else.
    Other,
}

/// One rate limit: a count of attempts and the delays that follow from it.
struct RateLimit {
    kind: Kind,
    key: String,
    /// Attempts before the first delay.
    free: i64,
    /// The longest delay in seconds.
    longest: i64,
    memory: Memory,
    /// Whether a success clears the whole count rather than only its own attempt.
    is_forgotten: bool,
}

impl RateLimit {
    /// A rate limit for a single party. A success clears its count.
    fn of_one(kind: Kind, key: String, longest: i64) -> Self {
        let memory = Memory::SinceLast(DAY);
        Self { kind, key, free: FREE, longest, memory, is_forgotten: true }
    }

    /// A rate limit that several parties may share.
    fn shared(key: String, free: i64, longest: i64, memory: Memory) -> Self {
        Self { kind: Kind::Other, key, free, longest, memory, is_forgotten: false }
    }

    fn at_device(device: &DeviceToken) -> Self {
        Self::of_one(Kind::Other, format!("device:{}", device.device), LONGEST_AT_DEVICE)
    }

    fn at_place(identifier: &str, address: &str) -> Self {
        let key = format!("place:{}:{}", hashed(identifier), network(address));
        Self::of_one(Kind::Place, key, LONGEST)
    }

    /// Seconds after this attempt until the next one is allowed.
    fn delay(&self, attempts: i64, is_slowed: bool) -> i64 {
        match attempts - self.free {
            _ if is_slowed && self.kind == Kind::Place => LONGEST,
            over if over < 0 => 0,
            over => (1_i64 << over.min(30)).min(self.longest),
        }
    }
}

/// The rate limits that apply to one attempt.
pub(crate) struct RateLimits {
    limits: Vec<RateLimit>,
    rank: HashPriority,
}

impl RateLimits {
    /// The rate limits of a login with this account name as typed, at a known device or from an
    /// address.
    pub(crate) async fn logging_in(
        app: &App,
        conn: &mut Conn<'_>,
        identifier: &str,
        device: Option<&DeviceToken>,
        address: &str,
    ) -> Result<Self, Error> {
        if let Some(device) = device {
            let limit = RateLimit::at_device(device);
            let since = app.clock().now() - TimeDelta::seconds(DAY);
            if throttle::count(conn, &limit.key, since).await? < MANY {
                return Ok(Self { limits: vec![limit], rank: HashPriority::Known });
            }
        }
        let account = RateLimit {
            kind: Kind::Account,
            key: format!("account:{}", hashed(identifier)),
            free: i64::MAX,
            longest: 0,
            memory: Memory::SinceFirst(DAY),
            is_forgotten: false,
        };
        let key = format!("address:{}", network(address));
        let address_lane = RateLimit::shared(key, MANY_AT_ADDRESS, 1, Memory::SinceFirst(MINUTE));
        let limits = vec![RateLimit::at_place(identifier, address), address_lane, account];
        Ok(Self { limits, rank: HashPriority::Stranger })
    }

    /// The rate limit of confirming the password within a session. Only the holder of the session
    /// can reach it.
    pub(crate) fn confirming(actor: &Actor) -> Self {
        let key = match actor.session {
            Some(session) => format!("session:{session}"),
            None => format!("user:{}", actor.id()),
        };
        Self {
            limits: vec![RateLimit::of_one(Kind::Other, key, LONGEST)],
            rank: HashPriority::Known,
        }
    }

    fn alone(limit: RateLimit) -> Self {
        Self { limits: vec![limit], rank: HashPriority::Stranger }
    }

    /// The rate limit of registrations from an address.
    pub(crate) fn registering(address: &str) -> Self {
        let key = format!("register:{}", network(address));
        Self::alone(RateLimit::shared(key, 300, LONGEST, Memory::SinceFirst(HOUR)))
    }

    /// The rate limit of requests for mail from an address.
    pub(crate) fn requesting_mail(address: &str) -> Self {
        let key = format!("mail:{}", network(address));
        Self::alone(RateLimit::shared(key, 60, LONGEST, Memory::SinceFirst(HOUR)))
    }

    /// The rate limit of mail to an e-mail address, whether or not an account has it.
    pub(crate) fn mail_to(email: &str) -> Self {
        let key = format!("mail-to:{}", hashed(email));
        Self::alone(RateLimit::shared(key, 3, HOUR, Memory::SinceLast(DAY)))
    }

    /// The rate limit of mail that a user causes to be sent to an e-mail address by entering it as
    /// their own.
    pub(crate) fn mail_by(user: UserId, email: &str) -> Self {
        let key = format!("mail-by:{user}:{}", hashed(email));
        Self::alone(RateLimit::shared(key, 3, HOUR, Memory::SinceLast(DAY)))
    }

    /// The rate limit of invalid one-time codes from an address. A valid code is not limited.
    pub(crate) fn bad_codes(address: &str) -> Self {
        let key = format!("codes:{}", network(address));
        Self::alone(RateLimit::shared(key, 60, LONGEST, Memory::SinceFirst(MINUTE)))
    }

    /// The queue in which the password of this attempt is hashed.
    pub(crate) fn rank(&self) -> HashPriority {
        self.rank
    }

    /// Counts an attempt. Fails with [`Error::TooManyRequests`] where it comes too early.
    pub(crate) async fn attempt(&self, app: &App) -> Result<(), Error> {
        let now = app.clock().now();
        let keys: Vec<String> = self.limits.iter().map(|limit| limit.key.clone()).collect();
        {
            // A first check without a transaction, so that repeated early attempts don't hold up
            // writers.
            let mut read = app.db().read().await?;
            check(&mut read.conn(), &keys, now).await?;
        }
        let mut tx = app.db().begin().await?;
        let mut conn = tx.conn();
        let mut counts = Vec::new();
        for limit in &self.limits {
            // Counting first also makes concurrent attempts wait for each other.
            counts.push(match limit.memory {
                Memory::SinceLast(seconds) => {
                    let before = now - TimeDelta::seconds(seconds);
                    throttle::add(&mut conn, &limit.key, now, before).await?
                }
                Memory::SinceFirst(seconds) => {
                    let before = now - TimeDelta::seconds(seconds);
                    throttle::add_in_span(&mut conn, &limit.key, now, before).await?
                }
            });
        }
        // If this fails, the transaction is rolled back and the attempt does not count.
        check(&mut conn, &keys, now).await?;
        let counted = || self.limits.iter().zip(&counts);
        let is_slowed = counted().any(|(limit, n)| limit.kind == Kind::Account && *n > MANY);
        for (limit, attempts) in counted() {
            let delay = limit.delay(*attempts, is_slowed);
            if delay > 0 {
                let until = now + TimeDelta::seconds(delay);
                throttle::put_off(&mut conn, &limit.key, until).await?;
            }
        }
        tx.commit().await
    }

    /// Takes the attempt back where its outcome is an error: the server was too busy to check it.
    pub(crate) async fn withdraw<T>(
        &self,
        app: &App,
        outcome: Result<T, Error>,
    ) -> Result<T, Error> {
        if outcome.is_err() {
            let mut tx = app.db().begin().await?;
            for limit in &self.limits {
                throttle::take_back(&mut tx.conn(), &limit.key, past(app)).await?;
            }
            tx.commit().await?;
        }
        outcome
    }

    /// Takes the attempt back because the password was right, and clears the count of this device
    /// or place.
    pub(crate) async fn succeed(&self, app: &App, conn: &mut Conn<'_>) -> Result<(), Error> {
        for limit in &self.limits {
            match limit.is_forgotten {
                true => throttle::forget(conn, &limit.key).await?,
                false => throttle::take_back(conn, &limit.key, past(app)).await?,
            }
        }
        Ok(())
    }
}

/// Clears the counts of an address for the e-mail address and the username of a user who has proved
/// their identity with a one-time code.
pub(crate) async fn forget_place(
    conn: &mut Conn<'_>,
    user: &User,
    address: &str,
) -> Result<(), Error> {
    for name in [&user.email, &user.username].into_iter().flatten() {
        throttle::forget(conn, &RateLimit::at_place(name, address).key).await?;
    }
    Ok(())
}

/// Removes the counts without a recent attempt.
pub async fn tidy(app: &App) -> Result<(), Error> {
    let mut tx = app.db().begin().await?;
    throttle::tidy(&mut tx.conn(), app.clock().now() - KEPT).await?;
    tx.commit().await
}

/// Fails where one of these rate limits does not allow an attempt yet.
async fn check(conn: &mut Conn<'_>, keys: &[String], now: DateTime<Utc>) -> Result<(), Error> {
    let Some(until) = throttle::not_before(conn, keys, now).await? else { return Ok(()) };
    let wait = (until - now).num_milliseconds().max(1);
    let after = u64::try_from(wait).unwrap_or(1).div_ceil(1_000);
    Err(Error::TooManyRequests { after })
}

/// A time far enough in the past that it delays no attempt.
fn past(app: &App) -> DateTime<Utc> {
    app.clock().now() - TimeDelta::days(1)
}

/// Names are stored as hashes, ignoring case, so that the table does not reveal who has an account.
fn hashed(name: &str) -> String {
    short_sha256(&[identifier_key(name).as_bytes()], 32)
}

/// The network that one party is assumed to have: an IPv4 address, or the first half of an IPv6
/// address.
fn network(address: &str) -> String {
    match address.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V6(v6)) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::")
        }
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_a_limit_and_are_a_minute_after_many_guesses() {
        let place = RateLimit::at_place("ana", "192.0.2.7");
        let delays = |is_slowed| (1..=12).map(|n| place.delay(n, is_slowed)).collect::<Vec<_>>();
        assert_eq!(delays(false), [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(delays(true), [60; 12]);
        let token = DeviceToken { id: 1, device: "d".to_owned(), user: UserId(1) };
        let device = RateLimit::at_device(&token);
        let delays: Vec<_> = (1..=9).map(|n| device.delay(n, true)).collect();
        assert_eq!(delays, [0, 0, 0, 0, 1, 2, 4, 5, 5]);
        assert_eq!(place.delay(i64::MAX, false), LONGEST);
    }

    #[test]
    fn the_network_is_an_ipv4_address_or_half_an_ipv6_address() {
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
    }
}
