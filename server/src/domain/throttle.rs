//! Slowing down guessing without giving anybody a lock to keep up.
//!
//! Failures are counted by account and address together, by address, and by account for addresses
//! that the account has never logged in from. So somebody who guesses from elsewhere delays others
//! from elsewhere, and never the clerk at the desk. An attempt that comes too early is refused
//! without being counted, so it does not push the next one away.

use aws_lc_rs::digest;
use chrono::TimeDelta;
use shared::account::identifier_key;

use crate::{
    app::App,
    db::{Conn, sessions, throttle, users::UserRow},
    error::Error,
};

/// Failures that are free, and the delays after which the next attempts are looked at.
struct Lane {
    key: String,
    free: i64,
    /// Seconds of the longest delay.
    longest: i64,
    /// Seconds after which a count starts anew.
    memory: i64,
}

/// The lanes of one attempt.
pub(super) struct Lanes(Vec<Lane>);

impl Lanes {
    /// The lanes for an account, named as it was typed, and an address.
    pub(super) async fn of(
        app: &App,
        conn: &mut Conn<'_>,
        identifier: &str,
        user: Option<&UserRow>,
        address: &str,
    ) -> Result<Self, Error> {
        let account = hashed(&identifier_key(identifier));
        let network = network(address);
        let day = 86_400;
        let mut lanes = vec![
            Lane { key: format!("both:{account}:{network}"), free: 5, longest: 60, memory: day },
            // A clinic is one address.
            Lane { key: format!("address:{network}"), free: 60, longest: 60, memory: 60 },
        ];
        let since = app.clock().now() - TimeDelta::days(30);
        let is_at_home = match user {
            Some(row) => sessions::has_been_at(conn, row.user.id, address, since).await?,
            None => false,
        };
        if !is_at_home {
            lanes.push(Lane {
                key: format!("account:{account}"),
                free: 50,
                longest: 60,
                memory: day,
            });
        }
        Ok(Self(lanes))
    }

    /// Fails where the next attempt is not to be looked at yet.
    pub(super) async fn check(&self, app: &App, conn: &mut Conn<'_>) -> Result<(), Error> {
        let now = app.clock().now();
        let keys: Vec<String> = self.0.iter().map(|lane| lane.key.clone()).collect();
        match throttle::not_before(conn, &keys, now).await? {
            Some(until) => {
                let wait = (until - now).num_milliseconds().max(1);
                let after = u64::try_from(wait).unwrap_or(1).div_ceil(1_000);
                Err(Error::TooManyRequests { after })
            }
            None => Ok(()),
        }
    }

    /// Counts a failure.
    pub(super) async fn fail(&self, app: &App, conn: &mut Conn<'_>) -> Result<(), Error> {
        let now = app.clock().now();
        for lane in &self.0 {
            let stale_before = now - TimeDelta::seconds(lane.memory);
            let failures = throttle::count(conn, &lane.key, now, stale_before).await?;
            let over = failures - lane.free;
            if over >= 0 {
                let delay = 1_i64.checked_shl(u32::try_from(over).unwrap_or(30).min(30));
                let delay = delay.unwrap_or(lane.longest).min(lane.longest);
                throttle::put_off(conn, &lane.key, now + TimeDelta::seconds(delay)).await?;
            }
        }
        Ok(())
    }

    /// Forgets what was counted for the account at this address, and what is long past.
    pub(super) async fn succeed(&self, app: &App, conn: &mut Conn<'_>) -> Result<(), Error> {
        if let Some(lane) = self.0.first() {
            throttle::forget(conn, &lane.key).await?;
        }
        Ok(throttle::tidy(conn, app.clock().now() - TimeDelta::days(2)).await?)
    }
}

/// Names are stored as hashes: the table must not tell who has an account.
fn hashed(text: &str) -> String {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    hash.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
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
