//! Accepts connections. poem's own server sets no deadline for request heads, does not limit
//! connections, and spins when accepting fails, so this module has its own loop on hyper. Every
//! connection takes a place, slow connections are closed in time, and running requests may end when
//! the server stops.

mod connection;
mod places;
mod traffic;

use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use hyper_util::server::graceful::GracefulShutdown;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use poem::{Endpoint, Response, http::uri::Scheme};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
};

use self::{connection::Connection, places::Places, traffic::Traffic};
use super::{monitor::Monitor, tls::Tls};
use crate::{
    api::wire::body::BODY_TIME,
    app::App,
    domain::{accounts::delivery, upkeep},
    metrics::CutReason,
    output::OncePerSecond,
};

/// The maximum number of connections to the address of `/metrics`.
const MONITOR_CONNECTIONS: usize = 16;
/// The pause after a failed accept, for example where the process has no file descriptor left.
const BACK_OFF: Duration = Duration::from_millis(100);

/// Deadlines of connections, and whether the limit per address applies to this machine.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Time for the head of the first request, and for the head of every later one, counted from
    /// the end of the previous answer.
    pub head: Duration,
    /// Time within which the body of a request must arrive.
    pub body: Duration,
    /// Time that a connection may stay open without a request.
    pub idle: Duration,
    /// Time within which the client must read some of its answer.
    pub unread: Duration,
    /// Time for running requests to end when the server stops.
    pub drain: Duration,
    /// Whether connections from the loopback address are exempt from the limit per address.
    pub is_loopback_apart: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            body: BODY_TIME,
            idle: Duration::from_secs(60),
            unread: Duration::from_secs(30),
            drain: Duration::from_secs(20),
            is_loopback_apart: true,
        }
    }
}

/// Binds a listening socket.
///
/// Fails with a sentence for the operator, for example where the port is taken.
pub fn listen(address: SocketAddr) -> Result<TcpListener, String> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AddrInUse => format!("can't listen on {address}: the port is taken"),
        _ => format!("can't listen on {address}: {error}"),
    };
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let socket = socket.map_err(failed)?;
    socket.set_reuseaddr(true).map_err(failed)?;
    socket.set_nodelay(true).map_err(failed)?;
    socket.bind(address).map_err(failed)?;
    socket.listen(1_024).map_err(failed)
}

/// Serves requests until `stop` completes, then lets running requests end.
pub async fn serve(
    app: &App,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> Result<(), String> {
    Server::open(app, listener, Limits::default())?.serve(stop).await;
    Ok(())
}

/// The listeners of the server: the main address and, if configured, the one for `/metrics`.
pub struct Server<M> {
    app: App,
    limits: Limits,
    main: Listener<M>,
    monitor: Option<Listener<Monitor>>,
}

/// A listening address, the endpoint behind it, and its limits on connections.
struct Listener<E> {
    listener: TcpListener,
    local: SocketAddr,
    endpoint: Arc<E>,
    places: Arc<Places>,
    tls: Option<Arc<Tls>>,
    failed: OncePerSecond,
    refused: OncePerSecond,
}

impl<E: Endpoint<Output = Response> + 'static> Listener<E> {
    fn new(listener: TcpListener, endpoint: E, places: Places) -> Result<Self, String> {
        let local = listener.local_addr().map_err(|error| error.to_string())?;
        let (endpoint, places) = (Arc::new(endpoint), Arc::new(places));
        let (failed, refused) = (OncePerSecond::default(), OncePerSecond::default());
        Ok(Self { listener, local, endpoint, places, tls: None, failed, refused })
    }

    /// Accepts connections and never returns.
    async fn accept_loop(
        &self,
        app: &App,
        limits: &Limits,
        graceful: &GracefulShutdown,
        stopping: &watch::Receiver<()>,
    ) {
        loop {
            match self.listener.accept().await {
                Ok((stream, remote)) => {
                    self.receive(app, limits, (stream, remote), graceful, stopping).await;
                }
                Err(error) => {
                    if let Some(left_out) = self.failed.admit() {
                        tracing::warn!(%error, left_out, "a connection could not be accepted");
                    }
                    // File descriptors may have run out, and closing a connection frees one.
                    self.places.make_room_within(BACK_OFF).await;
                }
            }
        }
    }

    /// Takes a place for the connection and serves it in a task of its own. Without a place it is
    /// closed.
    async fn receive(
        &self,
        app: &App,
        limits: &Limits,
        (stream, remote): (TcpStream, SocketAddr),
        graceful: &GracefulShutdown,
        stopping: &watch::Receiver<()>,
    ) {
        let address = remote.ip().to_canonical();
        let proxies = &app.settings().trusted_proxies;
        let is_proxy = proxies.iter().any(|network| network.contains(&address));
        let traffic = Traffic::new(app.metrics(), is_proxy);
        let Some(place) = self.places.take(address, &traffic).await else {
            app.metrics().note_cut(CutReason::AddressFull);
            if let Some(left_out) = self.refused.admit() {
                tracing::warn!(%address, left_out, "an address has too many connections");
            }
            return;
        };
        let counted = app.metrics().connection();
        let connection = Connection {
            app: app.clone(),
            endpoint: Arc::clone(&self.endpoint),
            local: self.local,
            remote,
            scheme: Scheme::HTTP,
            limits: limits.clone(),
            traffic,
        };
        let served =
            connection.serve(stream, self.tls.clone(), graceful.watcher(), stopping.clone());
        tokio::spawn(async move {
            served.await;
            drop((place, counted));
        });
    }
}

impl Server<()> {
    /// Prepares everything that can fail: the endpoints, the certificate, and the listener for
    /// `/metrics`.
    ///
    /// Fails with a sentence for the operator.
    pub fn open(
        app: &App,
        listener: TcpListener,
        limits: Limits,
    ) -> Result<Server<impl Endpoint<Output = Response> + use<>>, String> {
        let settings = app.settings();
        let mut apart = settings.trusted_proxies.clone();
        if limits.is_loopback_apart {
            let here: [IpNet; 2] = [
                Ipv4Net::new_assert([127, 0, 0, 0].into(), 8).into(),
                Ipv6Net::from(std::net::Ipv6Addr::LOCALHOST).into(),
            ];
            apart.extend(here);
        }
        let all = settings.max_connections as usize;
        let of_one = settings.max_connections_per_address as usize;
        let places = Places::new(all, of_one, apart);
        let mut main = Listener::new(listener, crate::api::endpoint(app)?, places)?;
        main.tls = Tls::open(settings, app.clock())?.map(Arc::new);
        let monitor = match settings.metrics_listen {
            Some(address) => {
                let places = Places::new(MONITOR_CONNECTIONS, MONITOR_CONNECTIONS, Vec::new());
                Some(Listener::new(listen(address)?, Monitor::new(app)?, places)?)
            }
            None => None,
        };
        Ok(Server { app: app.clone(), limits, main, monitor })
    }
}

impl<M: Endpoint<Output = Response> + 'static> Server<M> {
    /// Serves requests until `stop` completes, then lets running requests end.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        let graceful = GracefulShutdown::new();
        let (stopped, stopping) = watch::channel(());
        let tidying = tokio::spawn(upkeep::keep_tidy(self.app.clone()));
        delivery::start(&self.app);
        let monitor = async {
            match &self.monitor {
                Some(door) => door.accept_loop(&self.app, &self.limits, &graceful, &stopping).await,
                None => std::future::pending().await,
            }
        };
        let main = self.main.accept_loop(&self.app, &self.limits, &graceful, &stopping);
        tokio::select! {
            () = stop => {}
            () = main => {}
            () = monitor => {}
        }
        tidying.abort();
        self.app.drain();
        drop((self.main, self.monitor, stopped));
        if tokio::time::timeout(self.limits.drain, graceful.shutdown()).await.is_err() {
            tracing::warn!("requests were still running when the server stopped");
        }
    }
}
