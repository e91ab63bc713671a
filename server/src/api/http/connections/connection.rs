//! One connection, from the TLS handshake to its end.

use std::{error::Error, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::Watcher},
};
use poem::{
    Endpoint, Request, Response,
    http::{Method, uri::Scheme},
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::{Notify, watch},
    time::{Instant, timeout_at},
};
use tokio_io_timeout::TimeoutStream;

use super::{
    Limits,
    traffic::{Sending, Traffic},
};
use crate::{
    api::{http::tls::Tls, wire::body::BodyTime},
    app::App,
    metrics::CutReason,
};

/// The bytes of a streamed answer that HTTP/2 buffers for a client that does not read them.
const SEND_BUFFER: usize = 64 * 1024;
/// The maximum length of a request's head. With HTTP/1 one head is read at a time, with HTTP/2 one
/// for each stream.
const HEAD_MAX: usize = 64 * 1024;
const STREAM_HEAD_MAX: u32 = 16 * 1024;

/// A connection, with what its requests need to know about it.
pub(crate) struct Connection<E> {
    pub(crate) app: App,
    pub(crate) endpoint: Arc<E>,
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    pub(crate) scheme: Scheme,
    pub(crate) limits: Limits,
    pub(crate) traffic: Arc<Traffic>,
}

impl<E: Endpoint<Output = Response> + 'static> Connection<E> {
    pub(crate) async fn serve(
        mut self,
        stream: TcpStream,
        tls: Option<Arc<Tls>>,
        graceful: Watcher,
        mut stopping: watch::Receiver<()>,
    ) {
        let remote = self.remote;
        let deadline = Instant::now() + self.limits.head;
        // A client that requests a large answer and does not read it must not hold its place for
        // ever.
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.limits.unread));
        let stream = Box::pin(stream);
        let Some(tls) = tls else { return self.serve_requests(stream, graceful, deadline).await };
        let accepted = async { tls.acceptor().await.accept(stream).await };
        let encrypted = tokio::select! {
            encrypted = timeout_at(deadline, accepted) => encrypted,
            // No request was read yet, so none has to be answered.
            _ = stopping.changed() => return,
            () = self.traffic.close_requested() => return self.cut(CutReason::GaveWay),
        };
        match encrypted {
            Ok(Ok(stream)) => {
                self.scheme = Scheme::HTTPS;
                self.serve_requests(Box::pin(stream), graceful, deadline).await;
            }
            Ok(Err(error)) => tracing::debug!(%error, %remote, "the TLS handshake failed"),
            Err(_) => tracing::debug!(%remote, "the TLS handshake took too long"),
        }
    }

    fn cut(&self, reason: CutReason) {
        self.app.metrics().note_cut(reason);
        tracing::debug!(remote = %self.remote, ?reason, "a connection was cut off");
    }

    /// Answers requests. The head of the first one must arrive by `deadline`.
    async fn serve_requests<S>(self, stream: S, graceful: Watcher, deadline: Instant)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let first_request = Arc::new(Notify::new());
        let (noticed, traffic) = (Arc::clone(&first_request), Arc::clone(&self.traffic));
        let (endpoint, scheme) = (Arc::clone(&self.endpoint), self.scheme.clone());
        let (local, remote) = (LocalAddr(self.local.into()), RemoteAddr(self.remote.into()));
        let body_time = BodyTime(self.limits.body);
        let service = hyper::service::service_fn(move |request: hyper::Request<_>| {
            noticed.notify_one();
            let (running, traffic) = (traffic.begin(), Arc::clone(&traffic));
            let (endpoint, scheme) = (Arc::clone(&endpoint), scheme.clone());
            let is_head = request.method() == Method::HEAD;
            let (local, remote) = (local.clone(), remote.clone());
            async move {
                let turn = traffic.turn().await;
                let mut request = Request::from((request, local, remote, scheme));
                request.extensions_mut().insert(body_time);
                let response = hyper::Response::from(endpoint.get_response(request).await);
                let response = Sending::response(response, is_head, running);
                drop(turn);
                Ok::<_, std::convert::Infallible>(response)
            }
        });
        let builder = builder(&self.limits);
        let served = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        let mut served = pin!(graceful.watch(served));
        let (traffic, limits) = (&self.traffic, &self.limits);
        // hyper's own deadline begins with the first byte, so a socket that sends nothing needs
        // this one.
        let silence = async {
            if timeout_at(deadline, first_request.notified()).await.is_ok() {
                traffic.idle(limits.idle).await;
            }
        };
        let result = tokio::select! {
            // `served` comes first, so that a request that has already arrived is noticed.
            biased;
            result = &mut served => result,
            () = silence => return,
            () = traffic.left_unread(limits.unread) => return self.cut(CutReason::Unread),
            () = traffic.close_requested() => return self.cut(CutReason::GaveWay),
        };
        match result {
            Ok(()) => {}
            // These bytes are not part of a body, or they are still in the buffer of TLS.
            Err(error) if is_timeout(error.as_ref()) => self.cut(CutReason::Unread),
            Err(error) => {
                tracing::debug!(%error, remote = %self.remote, "a connection broke");
            }
        }
    }
}

/// Whether an error was caused by a write that took too long.
fn is_timeout(error: &(dyn Error + 'static)) -> bool {
    let is_io = error.downcast_ref::<io::Error>();
    is_io.is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
        || error.source().is_some_and(is_timeout)
}

fn builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(HEAD_MAX)
        .half_close(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(limits.head)
        .max_concurrent_streams(100)
        .max_send_buf_size(SEND_BUFFER)
        .max_header_list_size(STREAM_HEAD_MAX);
    builder
}
