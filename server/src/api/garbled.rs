//! Requests whose head can't be read. hyper refuses them before anything of ours has seen them, with
//! a bare 400, 414 or 431, and has no hook for it. So the answer is exchanged on its way out: for a
//! problem document with a request id, like every other error.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf, Bytes};
use poem::http::HeaderMap;
use shared::{Complaint, Faults, Kind, Problem};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::layers::{decorate, new_id};
use crate::app::App;

/// A connection whose bare refusals are exchanged.
pub(super) struct Exchanging<S> {
    inner: S,
    app: App,
    remote: SocketAddr,
    /// What is written in place of a refusal and not out yet.
    pending: Bytes,
}

impl<S: AsyncWrite + Unpin> Exchanging<S> {
    pub(super) fn new(inner: S, app: App, remote: SocketAddr) -> Self {
        Self { inner, app, remote, pending: Bytes::new() }
    }

    /// Writes what is pending.
    fn drain(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.pending.has_remaining() {
            let written = ready!(Pin::new(&mut self.inner).poll_write(context, &self.pending))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.pending.advance(written);
        }
        Poll::Ready(Ok(()))
    }

    /// Takes a bare refusal as if it were written, and writes ours.
    fn exchange(&mut self, context: &mut Context<'_>, bare: &[u8]) -> Poll<io::Result<usize>> {
        self.pending = self.refusal(bare);
        match self.drain(context) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            // What is left goes out with the next write or flush.
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(bare.len())),
        }
    }

    fn refusal(&self, bare: &[u8]) -> Bytes {
        let complaint = match bare.starts_with(b"HTTP/1.1 400 ") {
            true => Complaint::new("malformed", "can't be read as HTTP"),
            false => Complaint::new("too_long", "is too long or has too many headers"),
        };
        let request_id = new_id();
        let mut problem = Problem::from_faults(Kind::Validation, &Faults::one("head", complaint));
        request_id.clone_into(&mut problem.request_id);
        let address = self.remote.ip().to_canonical();
        self.app.metrics().note_request("other", "other", problem.status, Duration::ZERO);
        tracing::info!(target: "access", request_id, status = problem.status, %address);
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut headers = HeaderMap::new();
        decorate(&mut headers, &request_id);
        let mut answer = b"HTTP/1.1 400 Bad Request\r\n".to_vec();
        for (name, value) in &headers {
            answer.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        let lines = bare.split(|byte| *byte == b'\n');
        for date in lines.filter(|line| line.starts_with(b"date: ")) {
            answer.extend([date, b"\n"].concat());
        }
        let rest = format!(
            "content-type: application/problem+json\r\ncache-control: no-store\r\n\
             connection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        answer.extend(rest.as_bytes());
        answer.extend(body);
        answer.into()
    }
}

/// Whether this is what hyper answers by itself. Every refusal of ours has a body.
fn is_bare_refusal(bytes: &[u8]) -> bool {
    let starts = [&b"HTTP/1.1 400 "[..], b"HTTP/1.1 414 ", b"HTTP/1.1 431 "];
    let empty = b"\r\ncontent-length: 0\r\n";
    starts.iter().any(|start| bytes.starts_with(start))
        && bytes.ends_with(b"\r\n\r\n")
        && bytes.windows(empty.len()).any(|window| window == empty)
}

impl<S: AsyncRead + Unpin> AsyncRead for Exchanging<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Exchanging<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.drain(context))?;
        if is_bare_refusal(bytes) {
            return self.exchange(context, bytes);
        }
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.drain(context))?;
        if let Some(first) = slices.iter().find(|slice| !slice.is_empty())
            && is_bare_refusal(first)
        {
            return self.exchange(context, first);
        }
        Pin::new(&mut self.inner).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.drain(context))?;
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.drain(context))?;
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
