//! PostgreSQL: a pool of connections.

pub(super) mod copy;
mod row;
mod session;

use std::{
    io::ErrorKind,
    sync::{Mutex, PoisonError},
    task::Poll,
    time::{Duration, Instant},
};

use deadpool::{
    Runtime,
    managed::{Manager, Metrics, Pool, PoolError, RecycleError, RecycleResult},
};
use futures_util::poll;
use sqlx::{
    ConnectOptions, Connection,
    migrate::MigrateError,
    postgres::{PgConnectOptions, PgConnection, PgSslMode},
};

use super::{
    failure::{Failure, NoConnection},
    fault::Fault,
    health::Health,
    migrate,
};
use crate::{finding::Finding, metrics::PoolUse};
pub(crate) use row::Row;
pub(super) use session::Session;

const CONNECTIONS: usize = 16;

/// How long a request waits for a connection, in all.
const WAIT: Duration = Duration::from_secs(3);
/// A connection that was taken less than this time ago is handed out without a ping: a ping costs as
/// much as a read, and networks forget connections that are idle.
const PING_AFTER: Duration = Duration::from_secs(1);
/// The deadline for the answer to a ping. A connection that the network has dropped gives none.
const PING_TIME: Duration = Duration::from_secs(1);
/// How long connecting to a server that refuses is tried, and the pause between two attempts.
const CONNECT_TIME: Duration = Duration::from_millis(2_500);
const CONNECT_PAUSE: Duration = Duration::from_millis(100);
/// The deadline of a statement on the client's side. The server gives up half a second earlier, so
/// that a connection is lost only where the answer can't arrive.
const STATEMENT_TIME: Duration = Duration::from_secs(5);
const STATEMENT_TIME_OF_SERVER: &str = "4500";

/// The connections to one server. Clones share them.
#[derive(Clone)]
pub(super) struct Server(Pool<Opener>);

impl Server {
    /// Takes a connection. Where that takes time, a task of its own waits for it: if the request is
    /// dropped, a connection that is being opened or checked still reaches the pool.
    pub(super) async fn session(&self, health: Health) -> Result<Session, NoConnection> {
        let pool = self.0.clone();
        let mut asked = Box::pin(async move { tokio::time::timeout(WAIT, pool.get()).await });
        // Mostly a connection is there and needs no ping.
        let taken = match poll!(&mut asked) {
            Poll::Ready(taken) => taken,
            Poll::Pending => tokio::spawn(asked).await.map_err(|error| {
                NoConnection::Failed(Failure::new(Fault::Defect, error.to_string()))
            })?,
        };
        match taken {
            Ok(Ok(conn)) => Ok(Session::new(conn, health)),
            Ok(Err(PoolError::Backend(error))) => Err(NoConnection::Failed(describe(&error))),
            Ok(Err(PoolError::Closed)) => Err(NoConnection::Crowded("the pool is closed")),
            _ => Err(NoConnection::Crowded("all connections were in use")),
        }
    }

    /// How busy the connections are.
    pub(super) fn uses(&self) -> Vec<PoolUse> {
        let status = self.0.status();
        let busy = status.size.saturating_sub(status.available);
        vec![PoolUse { name: "all", busy, idle: status.available, max: status.max_size }]
    }

    pub(super) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Closes all connections.
    pub(super) async fn close(&self) {
        for conn in self.0.retain(|_, _| false).removed {
            if let Err(error) = conn.close().await {
                tracing::debug!(%error, "a connection could not be closed");
            }
        }
        self.0.close();
    }
}

/// Opens the connections to one server.
struct Opener {
    options: PgConnectOptions,
    /// Connections that were opened at or before this time are no longer trusted.
    distrusted: Mutex<Option<Instant>>,
}

impl Opener {
    /// Marks all connections that are open now as not to be used again.
    fn distrust_all(&self) {
        *self.distrusted.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn is_distrusted(&self, opened: Instant) -> bool {
        let distrusted = self.distrusted.lock().unwrap_or_else(PoisonError::into_inner);
        distrusted.is_some_and(|before| opened <= before)
    }
}

impl Manager for Opener {
    type Type = PgConnection;
    type Error = sqlx::Error;

    /// Connects to a server that accepts writes. While a server is starting, stopping or read-only,
    /// connecting is tried again for a while: the address may soon lead to another server.
    async fn create(&self) -> Result<PgConnection, sqlx::Error> {
        let until = Instant::now() + CONNECT_TIME;
        loop {
            let attempt = async {
                let mut conn = self.options.connect().await?;
                refuse_read_only(&mut conn).await?;
                Ok(conn)
            };
            match attempt.await {
                Err(error) if is_passing(&error) && Instant::now() < until => {
                    tokio::time::sleep(CONNECT_PAUSE).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// Pings the connection, unless it was in use a moment ago. Where no answer comes, the network has
    /// probably dropped the other connections too.
    async fn recycle(
        &self,
        conn: &mut PgConnection,
        metrics: &Metrics,
    ) -> RecycleResult<sqlx::Error> {
        if self.is_distrusted(metrics.created) {
            return Err(RecycleError::message("opened before the fault"));
        }
        if metrics.last_used() < PING_AFTER {
            return Ok(());
        }
        match tokio::time::timeout(PING_TIME, conn.ping()).await {
            Ok(Ok(())) => Ok(()),
            outcome => {
                self.distrust_all();
                tracing::debug!(?outcome, "a connection did not answer a ping");
                Err(RecycleError::message("no answer to a ping"))
            }
        }
    }
}

/// Fails where the server can't be written: it is a standby, or it was made read-only.
async fn refuse_read_only(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    let read_only: String =
        sqlx::query_scalar("SHOW transaction_read_only").fetch_one(&mut *conn).await?;
    if read_only == "off" {
        return Ok(());
    }
    let why = "the server at this address can only be read";
    Err(std::io::Error::new(ErrorKind::ReadOnlyFilesystem, why).into())
}

/// Whether connecting again soon may succeed.
fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => matches!(
            error.kind(),
            ErrorKind::ConnectionRefused
                | ErrorKind::ConnectionReset
                | ErrorKind::UnexpectedEof
                | ErrorKind::ReadOnlyFilesystem
        ),
        // 57P03: the server is starting. 57P01: it is being stopped.
        sqlx::Error::Database(refusal) => {
            refusal.code().is_some_and(|code| code == "57P03" || code == "57P01")
        }
        _ => false,
    }
}

/// The database's own message about a failure, with its code. The drivers' texts also name a place
/// in their own or the database's source code.
pub(super) fn reason(error: &sqlx::Error) -> String {
    let Some(refusal) = error.as_database_error() else { return error.to_string() };
    match refusal.code() {
        Some(code) => format!("{} ({code})", refusal.message()),
        None => refusal.message().to_owned(),
    }
}

/// Describes a failure.
pub(super) fn describe(error: &sqlx::Error) -> Failure {
    let refusal = error.as_database_error().filter(|refusal| refusal.is_unique_violation());
    let unique_key = refusal.and_then(|refusal| refusal.constraint()).map(str::to_owned);
    Failure { fault: fault(error), reason: reason(error), unique_key }
}

/// The class of a failure, by its SQLSTATE (PostgreSQL documentation, appendix A).
fn fault(error: &sqlx::Error) -> Fault {
    let refusal = match error {
        sqlx::Error::Database(refusal) => refusal,
        sqlx::Error::Io(error) if error.kind() == ErrorKind::ReadOnlyFilesystem => {
            return Fault::Unwritable;
        }
        // A server that does not speak PostgreSQL can't be told from one that is not available.
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::WorkerCrashed => return Fault::Away,
        _ => return Fault::Defect,
    };
    let code = refusal.code().unwrap_or_default();
    match (code.get(..2).unwrap_or_default(), code.as_ref()) {
        ("23", _) => Fault::Refused,
        // Serialization failure, deadlock, unavailable lock, statement that took too long.
        (_, "40001" | "40P01" | "55P03" | "57014") => Fault::Contention,
        // Full disk, or too many columns or entries in one structure.
        (_, "53100" | "54023") => Fault::NoRoom,
        // Read-only transaction, I/O error.
        (_, "25006") | ("58", _) => Fault::Unwritable,
        // Connection failure, lack of resources, operator intervention, refused authorization.
        ("08" | "53" | "57" | "28", _) => Fault::Away,
        _ => Fault::Defect,
    }
}

/// Connects once outside the pool, checks the server and applies the migrations.
pub(super) async fn open(url: &str) -> Result<Server, String> {
    let (mut first, options, place) = connect(url).await?;
    let failed = |error: &dyn std::fmt::Display| format!("can't use {place}: {error}");
    refuse_read_only(&mut first).await.map_err(|error| failed(&reason(&error)))?;
    // This connection has no statement timeout.
    let migrated = migrate::postgres().run_direct(None, &mut first, false).await;
    migrated.map_err(|error| match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            migrate::not_applied(&reason(&error))
        }
        other => migrate::explain(&other),
    })?;
    let closed = first.close().await;
    closed.map_err(|error| format!("can't close the connection to {place}: {}", reason(&error)))?;
    let options = options.options([
        ("idle_in_transaction_session_timeout", "30000"),
        ("statement_timeout", STATEMENT_TIME_OF_SERVER),
        // Keepalives let the server notice a client that the network has dropped, and release its
        // locks.
        ("tcp_keepalives_idle", "10"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "3"),
        // Every query has an index, and the indexes stay in memory. The default of 4 for a random
        // page is meant for spinning disks and favours sequential scans.
        ("random_page_cost", "1.1"),
        // Starting parallel workers takes longer than any query of this program.
        ("max_parallel_workers_per_gather", "0"),
        // So does compiling a plan.
        ("jit", "off"),
    ]);
    let opener = Opener { options, distrusted: Mutex::default() };
    let builder = Pool::builder(opener).max_size(CONNECTIONS).runtime(Runtime::Tokio1);
    Ok(Server(builder.build().map_err(|error| failed(&error))?))
}

/// Updates the statistics of tables that have none, or have grown by more than a tenth since. The sizes
/// are those of now: PostgreSQL counts changed rows some seconds late.
pub(super) const ANALYZE_GROWN: &str = "DO $$ DECLARE name text; BEGIN \
     FOR name IN SELECT relname FROM pg_class \
     WHERE relkind = 'r' AND relnamespace = to_regnamespace(current_schema()) AND (reltuples < 0 \
     OR pg_relation_size(oid) / current_setting('block_size')::bigint > relpages + relpages / 10) \
     LOOP EXECUTE format('ANALYZE %I', name); END LOOP; END $$";

/// SQLSTATE: the database does not exist.
const UNDEFINED_DATABASE: &str = "3D000";
/// SQLSTATE: the table does not exist.
const UNDEFINED_TABLE: &str = "42P01";

fn has_code(error: &sqlx::Error, code: &str) -> bool {
    error.as_database_error().and_then(|refusal| refusal.code()).is_some_and(|it| it == code)
}

/// Inspects the database without changing it: that it can be reached, and its migrations.
pub(super) async fn inspect(url: &str) -> Result<(Finding, Finding), String> {
    let (mut connection, _, place) = connect(url).await?;
    let failed = |error: sqlx::Error| format!("can't query {place}: {}", reason(&error));
    let applied = sqlx::query_scalar(migrate::APPLIED).fetch_all(&mut connection).await;
    let migrated = match applied {
        Ok(applied) => migrate::compare(&migrate::postgres(), &applied),
        Err(error) if has_code(&error, UNDEFINED_TABLE) => {
            Finding::warning("it has no tables yet: serve and migrate create them")
        }
        Err(error) => return Err(failed(error)),
    };
    connection.close().await.map_err(failed)?;
    Ok((Finding::good(place.clone()), migrated))
}

/// Connects, and checks that the server keeps acknowledged writes and stores text in UTF-8.
async fn connect(url: &str) -> Result<(PgConnection, PgConnectOptions, String), String> {
    let options: PgConnectOptions =
        url.parse().map_err(|error| format!("the PostgreSQL URL can't be read: {error}"))?;
    let place = format!("PostgreSQL at {}:{}", options.get_host(), options.get_port());
    let is_near = options.get_socket().is_some()
        || matches!(options.get_host(), "localhost" | "127.0.0.1" | "::1")
        || options.get_host().starts_with('/');
    let is_open = matches!(options.get_ssl_mode(), PgSslMode::Prefer | PgSslMode::Allow);
    // With `prefer`, the driver silently continues without encryption where the server offers none.
    let options = if is_open && !is_near { options.ssl_mode(PgSslMode::Require) } else { options };
    let options = options.application_name("frontdesk");
    let connected = tokio::time::timeout(Duration::from_secs(10), options.connect()).await;
    let mut first = match connected {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) if has_code(&error, UNDEFINED_DATABASE) => {
            let name = options.get_database().unwrap_or(options.get_username());
            return Err(format!(
                "{place} has no database {name:?}: create it first, with createdb for example"
            ));
        }
        Ok(Err(error)) => return Err(format!("can't connect to {place}: {}", reason(&error))),
        Err(_) => return Err(format!("can't connect to {place}: no answer in 10 seconds")),
    };
    let synchronous: String = sqlx::query_scalar("SHOW synchronous_commit")
        .fetch_one(&mut first)
        .await
        .map_err(|error| format!("can't query {place}: {}", reason(&error)))?;
    if synchronous == "off" {
        return Err(format!(
            "{place} has synchronous_commit off, which loses acknowledged changes"
        ));
    }
    let encoding: String = sqlx::query_scalar("SHOW server_encoding")
        .fetch_one(&mut first)
        .await
        .map_err(|error| format!("can't query {place}: {}", reason(&error)))?;
    if encoding != "UTF8" {
        return Err(format!("the database at {place} has the encoding {encoding}: it needs UTF8"));
    }
    Ok((first, options, place))
}
