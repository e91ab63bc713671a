//! The traffic of one connection: how many requests run, and how many bytes of their answers the
//! client has not taken yet.
//!
//! The bytes of a body are *unsent* from the moment the answer is made until they are written to
//! the connection. With HTTP/2 the client decides for each stream how much it takes, so whole
//! answers can wait while the connection itself is free: the buffer limits of the system don't
//! apply, and pings are still answered. Three rules follow, for both protocols. A request waits for
//! its turn while too much is unsent or too many requests of its connection are being processed. A
//! connection is closed when its client takes nearly nothing of what waits for it. A connection is
//! quiet, and may be closed to make room, only while no request runs and nothing is unsent.

use std::{
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Buf, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use poem::http::header;
use prometheus_client::metrics::gauge::Gauge;
use tokio::{
    sync::{Notify, Semaphore, SemaphorePermit},
    time::Instant,
};

use crate::metrics::Metrics;

/// How many requests of a connection are processed at once, and how many bytes of its answers may
/// be unsent when another one starts. Together they bound what a connection holds in memory:
/// `UNSENT_MAX` bytes, plus one answer for each request that is being processed.
const AT_WORK_MAX: usize = 8;
const UNSENT_MAX: u64 = 1024 * 1024;
/// The bytes that a client must take of what waits for it within
/// [`Limits::unread`](super::Limits::unread). With the default of 30 seconds this is 273 bytes a
/// second, less than the slowest modem's rate.
const TAKEN_MIN: u64 = 8 * 1024;

/// The traffic of one connection.
pub(crate) struct Traffic {
    state: Mutex<State>,
    at_work: Semaphore,
    /// Whether a proxy opened the connection. Many clients share it, so one of them must not hold
    /// up the others.
    is_shared: bool,
    /// Notified when bytes have left the connection's buffers.
    sent: Notify,
    leaving: Notify,
    unsent: Gauge,
}

#[derive(Clone, Copy)]
struct State {
    /// Requests that have begun.
    begun: u64,
    /// Requests that run: hyper has not taken their whole answers yet.
    running: u64,
    /// Bytes of bodies that wait to be written.
    unsent: u64,
    /// Bytes of bodies that were written.
    sent: u64,
    /// How often `unsent` has dropped to zero.
    emptied: u64,
    /// The time since which no request runs and nothing is unsent.
    quiet_since: Option<Instant>,
    is_close_requested: bool,
}

/// A running request. Dropping it ends the request.
pub(crate) struct Running(Arc<Traffic>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.change(|state| state.running -= 1);
    }
}

impl Traffic {
    /// The traffic of a new connection. `is_shared` says that a proxy opened it.
    pub(crate) fn new(metrics: &Metrics, is_shared: bool) -> Arc<Self> {
        let state = State {
            begun: 0,
            running: 0,
            unsent: 0,
            sent: 0,
            emptied: 0,
            quiet_since: Some(Instant::now()),
            is_close_requested: false,
        };
        Arc::new(Self {
            state: Mutex::new(state),
            at_work: Semaphore::new(AT_WORK_MAX),
            is_shared,
            sent: Notify::new(),
            leaving: Notify::new(),
            unsent: metrics.unsent().clone(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        let is_quiet = state.running == 0 && state.unsent == 0;
        match state.quiet_since {
            None if is_quiet => state.quiet_since = Some(Instant::now()),
            Some(_) if !is_quiet => state.quiet_since = None,
            _ => {}
        }
    }

    /// Counts a request as running until the returned value is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> Running {
        self.change(|state| (state.begun, state.running) = (state.begun + 1, state.running + 1));
        Running(Arc::clone(self))
    }

    /// Waits until another request may be processed. Its turn ends when the returned permit is
    /// dropped. A shared connection has no turns, so it gets `None` at once.
    pub(crate) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        if self.is_shared {
            return None;
        }
        // The semaphore is never closed, so this always returns a permit.
        let permit = self.at_work.acquire().await.ok();
        loop {
            let mut sent = pin!(self.sent.notified());
            sent.as_mut().enable();
            if self.state().unsent < UNSENT_MAX {
                return permit;
            }
            sent.await;
        }
    }

    fn note_made(&self, bytes: u64) {
        self.change(|state| state.unsent += bytes);
        self.unsent.inc_by(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// Notes that bytes were written, or dropped together with their stream.
    fn note_gone(&self, bytes: u64, is_sent: bool) {
        if bytes == 0 {
            return;
        }
        self.change(|state| {
            state.unsent -= bytes;
            state.sent += if is_sent { bytes } else { 0 };
            state.emptied += u64::from(state.unsent == 0);
        });
        self.unsent.dec_by(i64::try_from(bytes).unwrap_or(i64::MAX));
        self.sent.notify_waiters();
    }

    /// The time since which the connection is quiet; `None` while it is not.
    pub(crate) fn quiet_since(&self) -> Option<Instant> {
        self.state().quiet_since
    }

    /// Asks the connection to end, because another one needs its place.
    pub(crate) fn request_close(&self) {
        self.state().is_close_requested = true;
        self.leaving.notify_one();
    }

    #[cfg(test)]
    pub(crate) fn is_close_requested(&self) -> bool {
        self.state().is_close_requested
    }

    /// Completes when the connection was asked to end and is quiet. A connection that has received
    /// a request in the meantime stays.
    pub(crate) async fn close_requested(&self) {
        loop {
            self.leaving.notified().await;
            if self.quiet_since().is_some() {
                return;
            }
        }
    }

    /// Completes when no request has begun or run for `time`. HTTP/1 has its own, shorter limit.
    /// This one is for HTTP/2, whose pings would otherwise hold a connection open for ever.
    pub(crate) async fn idle(&self, time: Duration) {
        let mut last = self.state().begun;
        loop {
            tokio::time::sleep(time).await;
            let State { begun, quiet_since, .. } = *self.state();
            if begun == last && quiet_since.is_some() {
                return;
            }
            last = begun;
        }
    }

    /// Completes when, for `time`, the client has taken neither everything that waits for it nor
    /// [`TAKEN_MIN`] bytes. A slow handler does not count against the client: while it works,
    /// nothing waits.
    pub(crate) async fn left_unread(&self, time: Duration) {
        let mut last = *self.state();
        let mut good_at = Instant::now();
        loop {
            tokio::time::sleep(time / 10).await;
            let now = *self.state();
            let is_good =
                now.unsent == 0 || now.emptied != last.emptied || now.sent - last.sent >= TAKEN_MIN;
            if is_good {
                (last, good_at) = (now, Instant::now());
            } else if good_at.elapsed() >= time && !self.is_shared {
                return;
            }
        }
    }
}

/// The body of an answer while it is sent. Its request runs until the body is handed over to hyper.
pub(crate) struct Sending<B> {
    /// `None` where only the head is sent.
    body: Option<B>,
    /// Bytes that count as unsent and are still in the body.
    counted: u64,
    running: Running,
}

impl<B: HttpBody> Sending<B> {
    /// Wraps an answer. In the answer to a HEAD request the body is dropped and its length, if
    /// known, is stated: hyper does this for HTTP/1 only, and over HTTP/2 a body without an end
    /// would be sent for ever.
    pub(crate) fn response(
        response: hyper::Response<B>,
        is_head: bool,
        running: Running,
    ) -> hyper::Response<Self> {
        let (mut head, body) = response.into_parts();
        let length = body.size_hint().exact().filter(|length| *length > 0);
        if let Some(length) = length.filter(|_| is_head) {
            head.headers.entry(header::CONTENT_LENGTH).or_insert(length.into());
        }
        let body = (!is_head).then_some(body);
        let counted = length.filter(|_| !is_head).unwrap_or_default();
        running.0.note_made(counted);
        hyper::Response::from_parts(head, Self { body, counted, running })
    }
}

impl<B: HttpBody<Data = Bytes> + Unpin> HttpBody for Sending<B> {
    type Data = Unsent;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Unsent>, B::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = std::task::ready!(Pin::new(body).poll_frame(context));
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(|data| self.unsent(data)))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or(SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl<B> Sending<B> {
    /// Counts data that leaves the body as unsent. A stream's data has no known length, so it is
    /// counted only here.
    fn unsent(&mut self, data: Bytes) -> Unsent {
        let length = data.len() as u64;
        let counted = self.counted.min(length);
        self.counted -= counted;
        let traffic = Arc::clone(&self.running.0);
        traffic.note_made(length - counted);
        Unsent { data, traffic }
    }
}

impl<B> Drop for Sending<B> {
    fn drop(&mut self) {
        self.running.0.note_gone(self.counted, false);
    }
}

/// Data that hyper holds until it is written to the connection.
pub(crate) struct Unsent {
    data: Bytes,
    traffic: Arc<Traffic>,
}

impl Buf for Unsent {
    fn remaining(&self) -> usize {
        self.data.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.data.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.data.advance(count);
        self.traffic.note_gone(count as u64, true);
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        self.traffic.note_gone(self.data.len() as u64, false);
    }
}
