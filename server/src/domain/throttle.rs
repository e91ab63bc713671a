//! Slowing down guessing without giving anybody a lock to keep up.
//!
//! Attempts to log in are counted for what was typed as the account, together with the device, or
//! where the server doesn't know the device, with the address. A known device has a lane of its own
//! with waits of at most five seconds, and nothing that others do is counted there. Nothing is looked
//! up to choose the lane of an unknown place, so a name that nobody has gets the same waits as any
//! other. The count over a whole account refuses nobody: beyond a hundred a day it slows each unknown
//! place down to one attempt a minute. The count over an address keeps one machine from using up the
//! processors with names that it makes up: beyond sixty attempts a minute its unknown places share
//! one a second.
//!
//! An attempt is counted before a password is looked at, so that many at once can't get past, and
//! taken back where it was right. One that comes too early is refused without being counted, so it
//! does not push the next one away.

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
    services::{actor::Actor, passwords::Rank},
};

/// Attempts without a delay in the lane of an account.
const FREE: i64 = 5;
/// Longest delay, in seconds, at a known device, and elsewhere.
const LONGEST_AT_DEVICE: i64 = 5;
const LONGEST: i64 = 60;
/// Attempts of a day after which an account's unknown places get one a minute, and after which a
/// device that has not been right once is an unknown place too.
const MANY: i64 = 100;
/// Attempts of a minute from unknown places at one address, after which they get one a second.
const MANY_AT_ADDRESS: i64 = 60;
const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;
/// How long a count is kept that nothing is added to.
const KEPT: TimeDelta = TimeDelta::days(2);

/// When a count starts anew: so many seconds after the last attempt, or after the first.
#[derive(Clone, Copy)]
enum Memory {
    SinceLast(i64),
    SinceFirst(i64),
}

/// What is counted.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Attempts at an account from an unknown place.
    Place,
    /// All of them, wherever they come from.
    Account,
    /// Anything else.
    Other,
}

/// One count of attempts, and the delays after which the next are looked at.
struct Lane {
    kind: Kind,
    key: String,
    /// Attempts without a delay.
    free: i64,
    /// Seconds of the longest delay.
    longest: i64,
    memory: Memory,
    /// Whether a right password makes all of it forgotten, and not only its own attempt.
    is_forgotten: bool,
}

impl Lane {
    /// A lane of attempts of one party, which a right one ends.
    fn of_one(kind: Kind, key: String, longest: i64) -> Self {
        let memory = Memory::SinceLast(DAY);
        Self { kind, key, free: FREE, longest, memory, is_forgotten: true }
    }

    /// A lane that many may share.
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

    /// Seconds after this attempt until the next one is looked at.
    fn delay(&self, attempts: i64, is_slowed: bool) -> i64 {
        match attempts - self.free {
            _ if is_slowed && self.kind == Kind::Place => LONGEST,
            over if over < 0 => 0,
            over => (1_i64 << over.min(30)).min(self.longest),
        }
    }
}

/// The lanes of one attempt.
pub(super) struct Lanes {
    lanes: Vec<Lane>,
    rank: Rank,
}

impl Lanes {
    /// The lanes of logging in with what was typed as the account, at a device that is known, or
    /// else from an address.
    pub(super) async fn logging_in(
        app: &App,
        conn: &mut Conn<'_>,
        identifier: &str,
        device: Option<&DeviceToken>,
        address: &str,
    ) -> Result<Self, Error> {
        if let Some(device) = device {
            let lane = Lane::at_device(device);
            let since = app.clock().now() - TimeDelta::seconds(DAY);
            if throttle::count(conn, &lane.key, since).await? < MANY {
                return Ok(Self { lanes: vec![lane], rank: Rank::Known });
            }
        }
        let account = Lane {
            kind: Kind::Account,
            key: format!("account:{}", hashed(identifier)),
            free: i64::MAX,
            longest: 0,
            memory: Memory::SinceFirst(DAY),
            is_forgotten: false,
        };
        let key = format!("address:{}", network(address));
        let address_lane = Lane::shared(key, MANY_AT_ADDRESS, 1, Memory::SinceFirst(MINUTE));
        let lanes = vec![Lane::at_place(identifier, address), address_lane, account];
        Ok(Self { lanes, rank: Rank::Stranger })
    }

    /// The lane of proving with the password that it is really the user who asks in a session. Only
    /// who has the session gets into it.
    pub(super) fn confirming(actor: &Actor) -> Self {
        let key = match actor.session {
            Some(session) => format!("session:{session}"),
            None => format!("user:{}", actor.id()),
        };
        Self { lanes: vec![Lane::of_one(Kind::Other, key, LONGEST)], rank: Rank::Known }
    }

    fn alone(lane: Lane) -> Self {
        Self { lanes: vec![lane], rank: Rank::Stranger }
    }

    /// The lane of registrations from an address.
    pub(super) fn registering(address: &str) -> Self {
        let key = format!("register:{}", network(address));
        Self::alone(Lane::shared(key, 300, LONGEST, Memory::SinceFirst(HOUR)))
    }

    /// The lane of asking for mail from an address.
    pub(super) fn asking_for_mail(address: &str) -> Self {
        let key = format!("mail:{}", network(address));
        Self::alone(Lane::shared(key, 60, LONGEST, Memory::SinceFirst(HOUR)))
    }

    /// The lane of mail to whoever has an e-mail address, whether anybody has it or not.
    pub(super) fn mail_to(email: &str) -> Self {
        let key = format!("mail-to:{}", hashed(email));
        Self::alone(Lane::shared(key, 3, HOUR, Memory::SinceLast(DAY)))
    }

    /// The lane of mail that a user has sent to an address by calling it their own.
    pub(super) fn mail_by(user: UserId, email: &str) -> Self {
        let key = format!("mail-by:{user}:{}", hashed(email));
        Self::alone(Lane::shared(key, 3, HOUR, Memory::SinceLast(DAY)))
    }

    /// The lane of one-time codes from an address that were not good. A good one is in no lane.
    pub(super) fn bad_codes(address: &str) -> Self {
        let key = format!("codes:{}", network(address));
        Self::alone(Lane::shared(key, 60, LONGEST, Memory::SinceFirst(MINUTE)))
    }

    /// How the work for this attempt is taken in.
    pub(super) fn rank(&self) -> Rank {
        self.rank
    }

    /// Counts an attempt, or fails where the next one is not to be looked at yet.
    pub(super) async fn attempt(&self, app: &App) -> Result<(), Error> {
        let now = app.clock().now();
        let keys: Vec<String> = self.lanes.iter().map(|lane| lane.key.clone()).collect();
        {
            // Who comes too early again and again must not hold up those who write.
            let mut lent = app.db().read().await?;
            check(&mut lent.conn(), &keys, now).await?;
        }
        let mut tx = app.db().begin().await?;
        let mut conn = tx.conn();
        let mut counts = Vec::new();
        for lane in &self.lanes {
            // Counting first also makes others at the same moment wait for their turn.
            counts.push(match lane.memory {
                Memory::SinceLast(seconds) => {
                    let before = now - TimeDelta::seconds(seconds);
                    throttle::add(&mut conn, &lane.key, now, before).await?
                }
                Memory::SinceFirst(seconds) => {
                    let before = now - TimeDelta::seconds(seconds);
                    throttle::add_in_span(&mut conn, &lane.key, now, before).await?
                }
            });
        }
        // Where this fails it is rolled back: it does not count.
        check(&mut conn, &keys, now).await?;
        let counted = || self.lanes.iter().zip(&counts);
        let is_slowed = counted().any(|(lane, n)| lane.kind == Kind::Account && *n > MANY);
        for (lane, attempts) in counted() {
            let delay = lane.delay(*attempts, is_slowed);
            if delay > 0 {
                let until = now + TimeDelta::seconds(delay);
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
            for lane in &self.lanes {
                throttle::take_back(&mut tx.conn(), &lane.key, past(app)).await?;
            }
            tx.commit().await?;
        }
        outcome
    }

    /// Takes the attempt back: the password was right. What was counted in the lane of this device or
    /// place is forgotten.
    pub(super) async fn succeed(&self, app: &App, conn: &mut Conn<'_>) -> Result<(), Error> {
        for lane in &self.lanes {
            match lane.is_forgotten {
                true => throttle::forget(conn, &lane.key).await?,
                false => throttle::take_back(conn, &lane.key, past(app)).await?,
            }
        }
        Ok(())
    }
}

/// Forgets what was counted at an address for all that a user may type as the account: a one-time
/// code has proved whose it is.
pub(super) async fn forget_place(
    conn: &mut Conn<'_>,
    user: &User,
    address: &str,
) -> Result<(), Error> {
    for name in [&user.email, &user.username].into_iter().flatten() {
        throttle::forget(conn, &Lane::at_place(name, address).key).await?;
    }
    Ok(())
}

/// Forgets the counts that nothing was added to for long.
pub async fn tidy(app: &App) -> Result<(), Error> {
    let mut tx = app.db().begin().await?;
    throttle::tidy(&mut tx.conn(), app.clock().now() - KEPT).await?;
    tx.commit().await
}

/// Fails where an attempt in these lanes is not to be looked at yet.
async fn check(conn: &mut Conn<'_>, keys: &[String], now: DateTime<Utc>) -> Result<(), Error> {
    let Some(until) = throttle::not_before(conn, keys, now).await? else { return Ok(()) };
    let wait = (until - now).num_milliseconds().max(1);
    let after = u64::try_from(wait).unwrap_or(1).div_ceil(1_000);
    Err(Error::TooManyRequests { after })
}

/// A time that nobody waits for.
fn past(app: &App) -> DateTime<Utc> {
    app.clock().now() - TimeDelta::days(1)
}

/// Names are stored as hashes, compared without case: the table must not tell who has an account.
fn hashed(name: &str) -> String {
    short_sha256(&[identifier_key(name).as_bytes()], 32)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_longest_and_are_a_minute_where_many_guess() {
        let place = Lane::at_place("ana", "192.0.2.7");
        let delays = |is_slowed| (1..=12).map(|n| place.delay(n, is_slowed)).collect::<Vec<_>>();
        assert_eq!(delays(false), [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(delays(true), [60; 12]);
        let token = DeviceToken { id: 1, device: "d".to_owned(), user: UserId(1) };
        let device = Lane::at_device(&token);
        let delays: Vec<_> = (1..=9).map(|n| device.delay(n, true)).collect();
        assert_eq!(delays, [0, 0, 0, 0, 1, 2, 4, 5, 5]);
        assert_eq!(place.delay(i64::MAX, false), LONGEST);
    }

    #[test]
    fn a_party_is_an_ipv4_address_or_the_first_half_of_an_ipv6_one() {
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
    }
}
