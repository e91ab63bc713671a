//! What goes on at one connection: how many requests run, and how much of their answers the client
//! has not taken yet.
//!
//! The bytes of a body are *unsent* from the moment in which the answer is made until they are written
//! to the connection. With HTTP/2 a client decides stream by stream how much it takes, so whole
//! answers can wait while the connection itself is free: the limits of the system's buffers don't
//! apply, and pings go on. Hence three rules, whichever protocol is spoken. A request waits for its
//! turn while too much is unsent or too many requests of its connection are at work; a connection
//! whose client takes nearly nothing of what waits for it is closed; and a connection is quiet, so
//! that it may be closed for others, only while nothing runs and nothing is unsent.

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

/// How many requests of a connection are at work at once, and how many bytes of its answers may be
/// unsent before another is begun. Together they bound what a connection holds: this much, and as
/// many answers more as are at work.
const AT_WORK_MAX: usize = 8;
const UNSENT_MAX: u64 = 1024 * 1024;
/// How much a client must take, of what waits for it, in the time within which it may leave an answer
/// unread. In the usual 30 seconds these are 273 bytes a second, less than the slowest modem's.
const TAKEN_MIN: u64 = 8 * 1024;

/// The traffic of one connection.
pub(super) struct Traffic {
    state: Mutex<State>,
    at_work: Semaphore,
    /// Many clients share the connection, so one of them must not hold up the others.
    is_shared: bool,
    /// Something was sent.
    sent: Notify,
    leaving: Notify,
    unsent: Gauge,
}

#[derive(Clone, Copy)]
struct State {
    /// Requests that have begun.
    begun: u64,
    /// Requests that run: their answers are not wholly handed over.
    running: u64,
    /// Bytes of bodies that wait to be written.
    unsent: u64,
    /// Bytes of bodies that were written.
    sent: u64,
    /// How often everything that waited was written.
    emptied: u64,
    /// Since when nothing runs and nothing is unsent.
    quiet_since: Option<Instant>,
    is_asked_to_leave: bool,
}

/// A request that runs until this is dropped.
pub(super) struct Running(Arc<Traffic>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.change(|state| state.running -= 1);
    }
}

impl Traffic {
    /// Of a connection that has just come. It is shared where a proxy has opened it.
    pub(super) fn new(metrics: &Metrics, is_shared: bool) -> Arc<Self> {
        let state = State {
            begun: 0,
            running: 0,
            unsent: 0,
            sent: 0,
            emptied: 0,
            quiet_since: Some(Instant::now()),
            is_asked_to_leave: false,
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

    /// Counts a request as running.
    pub(super) fn begin(self: &Arc<Self>) -> Running {
        self.change(|state| (state.begun, state.running) = (state.begun + 1, state.running + 1));
        Running(Arc::clone(self))
    }

    /// Waits until the answer of another request may be made. The turn ends when what is returned is
    /// dropped. A shared connection has no turns.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        if self.is_shared {
            return None;
        }
        // It is never closed.
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

    /// Notes that bytes were written, or dropped with the stream that they were for.
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

    /// Since when the connection is quiet; none where it is not.
    pub(super) fn quiet_since(&self) -> Option<Instant> {
        self.state().quiet_since
    }

    /// Asks the connection to end, since others need its place.
    pub(super) fn ask_to_leave(&self) {
        self.state().is_asked_to_leave = true;
        self.leaving.notify_one();
    }

    #[cfg(test)]
    pub(super) fn is_asked_to_leave(&self) -> bool {
        self.state().is_asked_to_leave
    }

    /// Ends when the connection was asked to leave and is quiet. One that has got a request meanwhile
    /// stays.
    pub(super) async fn asked_to_leave(&self) {
        loop {
            self.leaving.notified().await;
            if self.quiet_since().is_some() {
                return;
            }
        }
    }

    /// Ends when no request has begun or run for a while. HTTP/1 has its own, shorter limit; this one
    /// is for HTTP/2, whose pings would keep a connection for ever.
    pub(super) async fn idle(&self, time: Duration) {
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

    /// Ends when the client has taken less than it must of what waits for it, for this long: neither
    /// everything nor [`TAKEN_MIN`] bytes. A handler that takes its time is not the client's fault:
    /// while it works nothing waits.
    pub(super) async fn left_unread(&self, time: Duration) {
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

/// An answer's body on its way, and with it the request, which runs until the body is handed over.
pub(super) struct Sending<B> {
    /// None where only the head is sent.
    body: Option<B>,
    /// Bytes that are counted as unsent and still in the body.
    counted: u64,
    running: Running,
}

impl<B: HttpBody> Sending<B> {
    /// Leaves the body of an answer to HEAD out, and says its length where it is known: hyper does so
    /// for HTTP/1 only, and a body that does not end would be sent for ever.
    pub(super) fn response(
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
    /// Data that leaves the body. That of a stream is counted only now.
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

/// Data that hyper holds until it is written.
pub(super) struct Unsent {
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
