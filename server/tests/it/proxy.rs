//! A proxy between the server and its database, for simulating network faults.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Forwards connections to one server.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// The server that new connections are forwarded to.
    target: Mutex<Option<SocketAddr>>,
    /// Connections of an earlier generation stay open, but no byte passes any more.
    generation: AtomicU64,
    /// The delay of every answer, in milliseconds.
    delay: AtomicU64,
    /// Whether new connections are answered by something other than a database.
    is_something_else: AtomicBool,
}

impl Proxy {
    /// Starts a proxy that forwards connections to this address.
    pub(crate) async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::<State>::default();
        *state.target.lock().unwrap() = Some(target);
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, Arc::clone(&shared)));
            }
        });
        Self { address, state }
    }

    /// Forwards new connections to another server. Open connections stay with the old one.
    pub(crate) fn lead_to(&self, target: SocketAddr) {
        *self.state.target.lock().unwrap() = Some(target);
    }

    /// Delays every answer by this many milliseconds.
    pub(crate) fn delay_answers(&self, milliseconds: u64) {
        self.state.delay.store(milliseconds, Ordering::SeqCst);
    }

    /// Silently drops all traffic of the open connections, like a router that was restarted.
    pub(crate) fn forget(&self) {
        self.state.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// Answers connections with something other than a database, or with the database again. Open
    /// connections are closed.
    pub(crate) fn put_something_else(&self, is_something_else: bool) {
        self.state.is_something_else.store(is_something_else, Ordering::SeqCst);
        self.forget();
    }
}

async fn pass(mut client: TcpStream, state: Arc<State>) {
    if state.is_something_else.load(Ordering::SeqCst) {
        let _ = client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        return;
    }
    let generation = state.generation.load(Ordering::SeqCst);
    let target = state.target.lock().unwrap().unwrap();
    let Ok(server) = TcpStream::connect(target).await else { return };
    let ((from_client, to_client), (from_server, to_server)) =
        (client.into_split(), server.into_split());
    let at_once = AtomicU64::new(0);
    let there = copy(from_client, to_server, &state, generation, &at_once);
    let back = copy(from_server, to_client, &state, generation, &state.delay);
    tokio::join!(there, back);
}

async fn copy(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    state: &State,
    generation: u64,
    delay: &AtomicU64,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if state.generation.load(Ordering::SeqCst) != generation {
            break;
        }
        let delay = Duration::from_millis(delay.load(Ordering::SeqCst));
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
    let is_forgotten = state.generation.load(Ordering::SeqCst) != generation;
    if is_forgotten && !state.is_something_else.load(Ordering::SeqCst) {
        // The connection gets neither an answer nor an end.
        std::future::pending::<()>().await;
    }
}
