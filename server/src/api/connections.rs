//! Taking connections. poem's own server has no deadline for headers, no limit on connections, and
//! spins where accepting fails, so the loop is ours: a place is taken before a connection, whatever
//! is slow is closed in time, and stopping lets running requests end.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use hyper::body::{Body as HttpBody, Frame, SizeHint};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto,
        graceful::{GracefulShutdown, Watcher},
    },
};
use poem::{
    Endpoint, Request, Response,
    http::{Method, header, uri::Scheme},
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{Notify, Semaphore, watch},
    time::{Instant, timeout_at},
};

use tokio_io_timeout::TimeoutStream;

use super::{garbled::Exchanging, monitor::Monitor, tls::Tls};
use crate::{app::App, domain::feed};

/// How long a client may take to send its first request's head, and every later one's, counted
/// from the end of the answer before.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// How long a connection may be kept without a request.
const IDLE_TIME: Duration = Duration::from_secs(60);
/// How long a client may leave an answer unread.
const STALL_TIME: Duration = Duration::from_secs(30);
/// How long running requests may take to end when the server stops.
const DRAIN_TIME: Duration = Duration::from_secs(20);
/// Most connections at once to the address of `/metrics`.
const MONITOR_CONNECTIONS: usize = 16;
/// How long the loop waits after accepting has failed, for example where no file is left to open.
const BACK_OFF: Duration = Duration::from_millis(100);

/// Listens on an address.
///
/// Fails with one sentence where the port is taken.
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

/// Serves until `stop` comes, then lets running requests end.
pub async fn serve(
    app: &App,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> Result<(), String> {
    Doors::open(app, listener)?.serve(stop).await;
    Ok(())
}

/// Where connections come in: the main address, and perhaps one for `/metrics`.
pub struct Doors<M> {
    app: App,
    main: Door<M>,
    monitor: Option<Door<Monitor>>,
}

/// An address, what answers there, and how many connections it may have.
struct Door<E> {
    listener: TcpListener,
    local: SocketAddr,
    endpoint: Arc<E>,
    places: Arc<Semaphore>,
    tls: Option<Arc<Tls>>,
}

impl<E: Endpoint<Output = Response> + 'static> Door<E> {
    fn new(listener: TcpListener, endpoint: E, places: usize) -> Result<Self, String> {
        let local = listener.local_addr().map_err(|error| error.to_string())?;
        let (endpoint, places) = (Arc::new(endpoint), Arc::new(Semaphore::new(places)));
        Ok(Self { listener, local, endpoint, places, tls: None })
    }

    /// Takes connections for ever.
    async fn attend(&self, app: &App, graceful: &GracefulShutdown, stopping: &watch::Receiver<()>) {
        loop {
            // The place first: a connection that can't be served stays in the system's queue.
            let place = self.places.clone().acquire_owned().await;
            match self.listener.accept().await {
                Ok((stream, remote)) => {
                    let (endpoint, local) = (Arc::clone(&self.endpoint), self.local);
                    let counted = app.metrics().connection();
                    let app = app.clone();
                    let visit = Visit { app, endpoint, local, remote, scheme: Scheme::HTTP };
                    let served =
                        visit.serve(stream, self.tls.clone(), graceful.watcher(), stopping.clone());
                    tokio::spawn(async move {
                        served.await;
                        drop((place, counted));
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(BACK_OFF).await;
                }
            }
        }
    }
}

impl Doors<()> {
    /// Makes everything ready that can fail.
    ///
    /// Fails with one sentence.
    pub fn open(
        app: &App,
        listener: TcpListener,
    ) -> Result<Doors<impl Endpoint<Output = Response> + use<>>, String> {
        let settings = app.settings();
        let places = settings.max_connections as usize;
        let mut main = Door::new(listener, super::endpoint(app)?, places)?;
        main.tls = Tls::open(settings, app.clock())?.map(Arc::new);
        let monitor = match settings.metrics_listen {
            Some(address) => {
                Some(Door::new(listen(address)?, Monitor::new(app)?, MONITOR_CONNECTIONS)?)
            }
            None => None,
        };
        Ok(Doors { app: app.clone(), main, monitor })
    }
}

impl<M: Endpoint<Output = Response> + 'static> Doors<M> {
    /// Serves until `stop` comes, then lets running requests end.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        let graceful = GracefulShutdown::new();
        let (stopped, stopping) = watch::channel(());
        let tidying = tokio::spawn(feed::keep_tidy(self.app.clone()));
        self.app.mail().start(&self.app);
        let monitor = async {
            match &self.monitor {
                Some(door) => door.attend(&self.app, &graceful, &stopping).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop => {}
            () = self.main.attend(&self.app, &graceful, &stopping) => {}
            () = monitor => {}
        }
        tidying.abort();
        self.app.drain();
        drop((self.main, self.monitor, stopped));
        if tokio::time::timeout(DRAIN_TIME, graceful.shutdown()).await.is_err() {
            tracing::warn!("requests were still running when the server stopped");
        }
    }
}

/// The requests of a connection: how many have begun, and how many run.
#[derive(Default)]
struct Requests {
    begun: AtomicU64,
    running: AtomicU64,
}

/// Counts a request as running until it is dropped: with the end of its answer, which may be long
/// after its beginning.
struct Running(Arc<Requests>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An answer's body on its way, and with it the request, which runs until the answer is sent.
struct Sending<B> {
    /// None where only the head is sent.
    body: Option<B>,
    _running: Running,
}

impl<B: HttpBody> Sending<B> {
    /// Leaves the body of an answer to HEAD out, and says its length where it is known: hyper does so
    /// for HTTP/1 only, and a body that does not end would be sent for ever.
    fn response(
        response: hyper::Response<B>,
        is_head: bool,
        running: Running,
    ) -> hyper::Response<Self> {
        let (mut head, body) = response.into_parts();
        let length = body.size_hint().exact().filter(|length| is_head && *length > 0);
        if let Some(length) = length {
            head.headers.entry(header::CONTENT_LENGTH).or_insert(length.into());
        }
        let body = (!is_head).then_some(body);
        hyper::Response::from_parts(head, Self { body, _running: running })
    }
}

impl<B: HttpBody + Unpin> HttpBody for Sending<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or(SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

/// Ends when no request has begun or run for a while. HTTP/1 has its own, shorter limit; this one is
/// for HTTP/2, whose pings would keep a connection for ever.
async fn idle(requests: &Requests) {
    let mut last = requests.begun.load(Ordering::Relaxed);
    loop {
        tokio::time::sleep(IDLE_TIME).await;
        let now = requests.begun.load(Ordering::Relaxed);
        if now == last && requests.running.load(Ordering::Relaxed) == 0 {
            return;
        }
        last = now;
    }
}

/// One connection, and what its requests are told of it.
struct Visit<E> {
    app: App,
    endpoint: Arc<E>,
    local: SocketAddr,
    remote: SocketAddr,
    scheme: Scheme,
}

impl<E: Endpoint<Output = Response> + 'static> Visit<E> {
    async fn serve(
        mut self,
        stream: TcpStream,
        tls: Option<Arc<Tls>>,
        graceful: Watcher,
        mut stopping: watch::Receiver<()>,
    ) {
        let remote = self.remote;
        let deadline = Instant::now() + HEAD_TIME;
        // Whoever asks for something long and does not read it must not keep the place for ever.
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(STALL_TIME));
        let stream = Box::pin(stream);
        let Some(tls) = tls else { return self.talk(stream, graceful, deadline).await };
        let accepted = async { tls.acceptor().await.accept(stream).await };
        let encrypted = tokio::select! {
            encrypted = timeout_at(deadline, accepted) => encrypted,
            // Nothing was asked yet that would have to be answered.
            _ = stopping.changed() => return,
        };
        match encrypted {
            Ok(Ok(stream)) => {
                self.scheme = Scheme::HTTPS;
                self.talk(Box::pin(stream), graceful, deadline).await;
            }
            Ok(Err(error)) => tracing::debug!(%error, %remote, "no TLS came about"),
            Err(_) => tracing::debug!(%remote, "no TLS came about in time"),
        }
    }

    /// Answers requests. The head of the first one has to be there by the deadline.
    async fn talk<S>(self, stream: S, graceful: Watcher, deadline: Instant)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let remote = self.remote;
        let stream = Exchanging::new(stream, self.app.clone(), remote);
        let first_request = Arc::new(Notify::new());
        let noticed = Arc::clone(&first_request);
        let requests = Arc::new(Requests::default());
        let counted = Arc::clone(&requests);
        let service = hyper::service::service_fn(move |request: hyper::Request<_>| {
            noticed.notify_one();
            counted.begun.fetch_add(1, Ordering::Relaxed);
            counted.running.fetch_add(1, Ordering::Relaxed);
            let running = Running(Arc::clone(&counted));
            let (endpoint, scheme) = (Arc::clone(&self.endpoint), self.scheme.clone());
            let is_head = request.method() == Method::HEAD;
            let (local, remote) = (LocalAddr(self.local.into()), RemoteAddr(remote.into()));
            async move {
                let request = Request::from((request, local, remote, scheme));
                let response = hyper::Response::from(endpoint.get_response(request).await);
                Ok::<_, std::convert::Infallible>(Sending::response(response, is_head, running))
            }
        });
        let served = builder().serve_connection(TokioIo::new(stream), service).into_owned();
        let mut served = pin!(graceful.watch(served));
        // hyper's own deadline begins with the first byte; a socket that sends nothing is ours.
        let silence = timeout_at(deadline, first_request.notified());
        let result = tokio::select! {
            result = &mut served => result,
            silence = silence => {
                if silence.is_err() {
                    return;
                }
                tokio::select! {
                    result = served => result,
                    () = idle(&requests) => return,
                }
            }
        };
        if let Err(error) = result {
            tracing::debug!(%error, %remote, "a connection broke off");
        }
    }
}

fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(64 * 1024)
        .half_close(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(HEAD_TIME)
        .max_concurrent_streams(100)
        .max_header_list_size(64 * 1024);
    builder
}
