//! Taking connections. poem's own server has no deadline for headers, no limit on connections, and
//! spins where accepting fails, so the loop is ours: a place is taken before a connection, whatever
//! is slow is closed in time, and stopping lets running requests end.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use poem::{
    Endpoint, Request, Response,
    http::uri::Scheme,
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{Notify, Semaphore},
};

use tokio_io_timeout::TimeoutStream;

use crate::app::App;

/// How long a client may take to send its first request's head, and every later one's, counted
/// from the end of the answer before.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// How long a connection may be kept without a request.
const IDLE_TIME: Duration = Duration::from_secs(60);
/// How long a client may leave an answer unread.
const STALL_TIME: Duration = Duration::from_secs(30);
/// How long running requests may take to end when the server stops.
const DRAIN_TIME: Duration = Duration::from_secs(20);
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
    let endpoint = Arc::new(super::endpoint(app)?);
    let places = Arc::new(Semaphore::new(app.settings().max_connections as usize));
    let graceful = GracefulShutdown::new();
    let local = listener.local_addr().map_err(|error| error.to_string())?;
    app.mail().start(app);
    let mut stop = pin!(stop);
    loop {
        let accepted = async {
            // The place first: a connection that can't be served stays in the system's queue.
            let place = places.clone().acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = &mut stop => break,
            accepted = accepted => accepted,
        };
        match accepted {
            Ok((stream, remote)) => {
                let endpoint = Arc::clone(&endpoint);
                let connection = connection(stream, local, remote, endpoint, &graceful);
                tokio::spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(BACK_OFF).await;
            }
        }
    }
    drop(listener);
    app.drain();
    if tokio::time::timeout(DRAIN_TIME, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still running when the server stopped");
    }
    Ok(())
}

/// The requests of a connection: how many have begun, and how many run.
#[derive(Default)]
struct Requests {
    begun: AtomicU64,
    running: AtomicU64,
}

/// Counts a request as running until it is dropped.
struct Running(Arc<Requests>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
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

fn connection<E: Endpoint<Output = Response> + 'static>(
    stream: TcpStream,
    local: SocketAddr,
    remote: SocketAddr,
    endpoint: Arc<E>,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + Send + 'static {
    let first_request = Arc::new(Notify::new());
    let noticed = Arc::clone(&first_request);
    let requests = Arc::new(Requests::default());
    let counted = Arc::clone(&requests);
    let service = hyper::service::service_fn(move |request: hyper::Request<_>| {
        noticed.notify_one();
        counted.begun.fetch_add(1, Ordering::Relaxed);
        counted.running.fetch_add(1, Ordering::Relaxed);
        let running = Running(Arc::clone(&counted));
        let endpoint = Arc::clone(&endpoint);
        let (local, remote) = (LocalAddr(local.into()), RemoteAddr(remote.into()));
        async move {
            let request = Request::from((request, local, remote, Scheme::HTTP));
            let response = endpoint.get_response(request).await;
            drop(running);
            Ok::<_, std::convert::Infallible>(hyper::Response::from(response))
        }
    });
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
    // Whoever asks for something long and does not read it must not keep the place for ever.
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(STALL_TIME));
    let stream = TokioIo::new(Box::pin(stream));
    let served = builder.serve_connection(stream, service).into_owned();
    let served = graceful.watch(served);
    async move {
        let mut served = pin!(served);
        // hyper's own deadline begins with the first byte; a socket that sends nothing is ours.
        let silence = async {
            let first = first_request.notified();
            tokio::time::timeout(HEAD_TIME, first).await.is_err()
        };
        let result = tokio::select! {
            result = &mut served => result,
            is_silent = silence => {
                if is_silent {
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
