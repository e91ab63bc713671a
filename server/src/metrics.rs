//! Metrics for monitoring: counts of requests, connections and waits. Labels are methods, described
//! routes and statuses, never the requested path, an id or a name.

use std::{sync::atomic::Ordering, time::Duration};

use chrono::{DateTime, Utc};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

use crate::error::Error;

/// The media type of the output of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Route {
    method: &'static str,
    route: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Outcome {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Pool {
    pool: &'static str,
    state: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Cut {
    reason: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Version {
    version: &'static str,
}

type Durations = Family<Route, Histogram, fn() -> Histogram>;

/// The metrics of this process.
pub struct Metrics {
    registry: Registry,
    requests: Family<Outcome, Counter>,
    durations: Durations,
    connections: Gauge,
    cuts: Family<Cut, Counter>,
    unsent: Gauge,
    pools: Family<Pool, Gauge>,
    statements: Counter,
    hashing: Gauge,
    hashes_waiting: Gauge,
    failed_logins: Counter,
    mail_waiting: Gauge,
}

/// Values that are not counted as they happen, but read when the metrics are requested.
pub struct Levels {
    /// The pools of database connections.
    pub pools: Vec<PoolUse>,
    /// Statements that were sent to the database.
    pub statements: u64,
    /// Passwords that are being hashed.
    pub hashing: usize,
    /// Passwords that wait to be hashed.
    pub hashes_waiting: usize,
}

/// The use of a pool of database connections.
pub struct PoolUse {
    /// The name of the pool.
    pub name: &'static str,
    /// Connections in use.
    pub busy: usize,
    /// Idle connections.
    pub idle: usize,
    /// The maximum number of connections.
    pub max: usize,
}

/// The reason why the server closed a connection that its client would have kept open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutReason {
    /// The address already had its maximum number of connections.
    AddressFull,
    /// Another connection needed the place.
    GaveWay,
    /// The client did not read an answer in time.
    Unread,
}

impl CutReason {
    fn label(self) -> &'static str {
        match self {
            Self::AddressFull => "address_full",
            Self::GaveWay => "gave_way",
            Self::Unread => "unread",
        }
    }
}

/// Counts a connection as open until it is dropped.
pub struct OpenConnection(Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Buckets from one millisecond to eight seconds.
fn buckets() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 14))
}

impl Metrics {
    /// Starts all counts at zero. `started` is the start of the process.
    pub fn new(started: DateTime<Utc>) -> Self {
        let mut all = Registry::default();
        let since = Gauge::<i64>::default();
        since.set(started.timestamp());
        let about = "When the process started, in Unix time";
        all.register_with_unit("process_start_time", about, Unit::Seconds, since);
        let own = all.sub_registry_with_prefix("frontdesk");
        let build = Family::<Version, Gauge>::default();
        build.get_or_create(&Version { version: env!("CARGO_PKG_VERSION") }).set(1);
        own.register("build", "The program; always 1", build);
        let requests = Family::default();
        own.register("requests", "Requests by method, route and status", Family::clone(&requests));
        let durations = Durations::new_with_constructor(buckets);
        let about = "Time until the head of the answer";
        own.register_with_unit("request_duration", about, Unit::Seconds, durations.clone());
        let gauge = |own: &mut Registry, name: &str, about: &str| {
            let gauge = Gauge::default();
            own.register(name, about, gauge.clone());
            gauge
        };
        let connections = gauge(own, "connections", "Open connections of clients");
        let cuts = Family::<Cut, Counter>::default();
        let about = "Connections that the server has closed: the address had too many, another \
            connection needed the place, or an answer was left unread";
        own.register("connections_cut", about, cuts.clone());
        for reason in [CutReason::AddressFull, CutReason::GaveWay, CutReason::Unread] {
            drop(cuts.get_or_create(&Cut { reason: reason.label() }));
        }
        let unsent = Gauge::default();
        let about = "Bodies of answers that clients have not taken yet";
        own.register_with_unit("unsent", about, Unit::Bytes, unsent.clone());
        let pools = Family::default();
        let about = "Connections to the database by pool: busy, idle, and the maximum";
        own.register("database_connections", about, Family::clone(&pools));
        let statements = Counter::default();
        let about = "Statements sent to the database";
        own.register("database_statements", about, statements.clone());
        let hashing = gauge(own, "password_hashes", "Passwords that are being hashed");
        let hashes_waiting =
            gauge(own, "password_hashes_waiting", "Passwords that wait to be hashed");
        let failed_logins = Counter::default();
        let about = "Logins with a wrong password or an unknown account";
        own.register("failed_logins", about, failed_logins.clone());
        let about = "Mails that wait to be sent, over all instances on this database";
        let mail_waiting = gauge(own, "mail_waiting", about);
        Self {
            registry: all,
            requests,
            durations,
            connections,
            cuts,
            unsent,
            pools,
            statements,
            hashing,
            hashes_waiting,
            failed_logins,
            mail_waiting,
        }
    }

    /// Counts a login with a wrong password or an unknown account.
    pub fn note_failed_login(&self) {
        self.failed_logins.inc();
    }

    /// Sets the number of mails that wait to be sent.
    pub fn note_mail_waiting(&self, count: i64) {
        self.mail_waiting.set(count);
    }

    /// Counts an answered request. `route` is the described path, not the requested one.
    pub fn note_request(&self, method: &str, route: &str, status: u16, took: Duration) {
        // Clients can invent methods, and each one would create a time series.
        const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
        let known = METHODS.into_iter().find(|known| *known == method);
        let (method, route) = (known.unwrap_or("other"), route.to_owned());
        let outcome = Outcome { method, route: route.clone(), status };
        self.requests.get_or_create(&outcome).inc();
        self.durations.get_or_create(&Route { method, route }).observe(took.as_secs_f64());
    }

    /// Counts a connection as open until the returned value is dropped.
    pub fn connection(&self) -> OpenConnection {
        self.connections.inc();
        OpenConnection(self.connections.clone())
    }

    /// Counts a connection that the server has closed.
    pub fn note_cut(&self, reason: CutReason) {
        self.cuts.get_or_create(&Cut { reason: reason.label() }).inc();
    }

    /// The number of bytes of answers that clients have not taken yet.
    pub fn unsent(&self) -> &Gauge {
        &self.unsent
    }

    /// All metrics, in the text format of OpenMetrics.
    pub fn text(&self, levels: &Levels) -> Result<String, Error> {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        for pool in &levels.pools {
            for (state, count) in [("busy", pool.busy), ("idle", pool.idle), ("max", pool.max)] {
                let labels = Pool { pool: pool.name, state };
                self.pools.get_or_create(&labels).set(number(count));
            }
        }
        self.statements.inner().store(levels.statements, Ordering::Relaxed);
        self.hashing.set(number(levels.hashing));
        self.hashes_waiting.set(number(levels.hashes_waiting));
        let mut text = String::new();
        encode(&mut text, &self.registry).map_err(|e| Error::Internal(Box::new(e)))?;
        Ok(text)
    }
}
