//! PostgreSQL: a pool of connections.

use std::time::Duration;

use sqlx::{
    ConnectOptions, Connection,
    postgres::{PgConnectOptions, PgConnection, PgPoolOptions, PgSslMode},
};

use super::{Pools, migrate};

const CONNECTIONS: u32 = 16;

/// Connects once outside the pool, since the pool shows every refusal as a time-out.
pub(super) async fn open(url: &str) -> Result<Pools, String> {
    let (mut first, options, place) = connect(url).await?;
    // On this connection, which has no limit on the time of a statement.
    let migrated = migrate::postgres().run_direct(None, &mut first, false).await;
    migrated.map_err(|error| migrate::explain(&error))?;
    let closed = first.close().await;
    closed.map_err(|error| format!("can't talk to {place}: {error}"))?;
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(Duration::from_secs(3))
        .connect_lazy_with(options.options([
            ("idle_in_transaction_session_timeout", "30000"),
            ("statement_timeout", "30000"),
            // Every question has its index, and the indexes stay in memory: the default, four times as
            // much for a page out of turn, is for turning disks and prefers to read whole tables.
            ("random_page_cost", "1.1"),
            // Starting helpers takes longer than any question that is asked here.
            ("max_parallel_workers_per_gather", "0"),
        ]));
    Ok(Pools::Postgres(pool))
}

/// Looks at the database without changing it.
pub(super) async fn inspect(url: &str) -> Result<Vec<Result<String, String>>, String> {
    let (mut connection, _, place) = connect(url).await?;
    let failed = |error: sqlx::Error| format!("can't ask {place}: {error}");
    let applied = sqlx::query_scalar(migrate::APPLIED).fetch_all(&mut connection).await;
    let applied = applied.map_err(failed)?;
    connection.close().await.map_err(failed)?;
    Ok(vec![Ok(place.clone()), migrate::compare(&migrate::postgres(), &applied)])
}

/// Connects, and checks that the server keeps what it acknowledges.
async fn connect(url: &str) -> Result<(PgConnection, PgConnectOptions, String), String> {
    let options: PgConnectOptions =
        url.parse().map_err(|error| format!("the PostgreSQL URL can't be read: {error}"))?;
    let place = format!("PostgreSQL at {}:{}", options.get_host(), options.get_port());
    let is_near = options.get_socket().is_some()
        || matches!(options.get_host(), "localhost" | "127.0.0.1" | "::1")
        || options.get_host().starts_with('/');
    let is_open = matches!(options.get_ssl_mode(), PgSslMode::Prefer | PgSslMode::Allow);
    // "prefer" goes on without encryption where the server has none, and says nothing.
    let options = if is_open && !is_near { options.ssl_mode(PgSslMode::Require) } else { options };
    let options = options.application_name("frontdesk");
    let connected = tokio::time::timeout(Duration::from_secs(10), options.connect()).await;
    let mut first = match connected {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => return Err(format!("can't connect to {place}: {error}")),
        Err(_) => return Err(format!("can't connect to {place}: no answer in 10 seconds")),
    };
    let synchronous: String = sqlx::query_scalar("SHOW synchronous_commit")
        .fetch_one(&mut first)
        .await
        .map_err(|error| format!("can't ask {place}: {error}"))?;
    if synchronous == "off" {
        return Err(format!(
            "{place} has synchronous_commit off, which loses acknowledged changes"
        ));
    }
    let encoding: String = sqlx::query_scalar("SHOW server_encoding")
        .fetch_one(&mut first)
        .await
        .map_err(|error| format!("can't ask {place}: {error}"))?;
    if encoding != "UTF8" {
        return Err(format!("the database at {place} has the encoding {encoding}: it needs UTF8"));
    }
    Ok((first, options, place))
}
