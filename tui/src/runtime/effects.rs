//! What the core wants done outside, done in tasks beside the loop.

use std::{collections::HashMap, future::Future, panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt;
use tokio::{
    sync::mpsc::UnboundedSender,
    task::{AbortHandle, JoinSet, spawn_blocking},
    time::{Duration, sleep},
};
use tui_core::{
    api::{Call, Failure},
    effect::{FirstAdmin, Slot, Ticket},
    msg::{Desk, Msg},
    session::SessionHandle,
};

use super::Event;
use crate::connection::Connection;

/// The reads under way: at most one in each lane.
#[derive(Default)]
struct Reads(HashMap<Slot, AbortHandle>);

impl Reads {
    /// Keeps a read, in the place of an older one of its lane. Those that have ended are forgotten.
    fn insert(&mut self, slot: Slot, task: AbortHandle) {
        // A request that the core has forgotten is not waited for any longer.
        self.abort(slot);
        self.0.retain(|_, task| !task.is_finished());
        self.0.insert(slot, task);
    }

    fn abort(&mut self, slot: Slot) {
        if let Some(task) = self.0.remove(&slot) {
            task.abort();
        }
    }

    fn abort_all(&mut self) {
        for (_, task) in self.0.drain() {
            task.abort();
        }
    }
}

/// How often the copies of the local desk's data are looked at.
const LOOK_AT_COPIES: Duration = Duration::from_secs(5);

/// Tells the loop how the copies of the local desk's data are, whenever that changes.
async fn watch_copies(connection: Arc<Connection>, events: UnboundedSender<Event>) {
    let mut told = None;
    loop {
        let of_thread = Arc::clone(&connection);
        // The folder may be on a disk that is slow to answer.
        let copies = spawn_blocking(move || of_thread.copies()).await.unwrap_or_default();
        if copies != told {
            told.clone_from(&copies);
            if events.send(Msg::Copies(copies).into()).is_err() {
                return;
            }
        }
        sleep(LOOK_AT_COPIES).await;
    }
}

/// Requests under way.
pub(super) struct Effects {
    connection: Arc<Connection>,
    events: UnboundedSender<Event>,
    reads: Reads,
    writes: JoinSet<()>,
    listener: Option<(SessionHandle, AbortHandle)>,
}

impl Effects {
    /// None yet.
    pub(super) fn new(connection: Arc<Connection>, events: UnboundedSender<Event>) -> Self {
        Self { connection, events, reads: Reads::default(), writes: JoinSet::new(), listener: None }
    }

    /// Where to tell the loop what has happened.
    pub(super) fn events(&self) -> &UnboundedSender<Event> {
        &self.events
    }

    /// Opens what the program was started for.
    pub(super) fn open(&self) {
        let connection = Arc::clone(&self.connection);
        self.desk(async move { connection.start().await });
        let (connection, events) = (Arc::clone(&self.connection), self.events.clone());
        tokio::spawn(watch_copies(connection, events));
    }

    /// Opens a throw-away desk with sample people.
    pub(super) fn look_around(&self) {
        let connection = Arc::clone(&self.connection);
        self.desk(async move { connection.look_around().await });
    }

    /// Creates the first administrator.
    pub(super) fn set_up(&self, admin: FirstAdmin) {
        let connection = Arc::clone(&self.connection);
        self.desk(async move { connection.set_up(admin).await });
    }

    /// Connects to a server elsewhere.
    pub(super) fn connect(&self, url: String) {
        let connection = Arc::clone(&self.connection);
        self.desk(async move { connection.connect(&url).await });
    }

    /// Goes back to the local desk.
    pub(super) fn go_local(&self) {
        let connection = Arc::clone(&self.connection);
        self.desk(async move { connection.go_local().await });
    }

    /// Tells what another machine has to type, where there is a server.
    pub(super) fn share(&self) {
        if let Some(share) = self.connection.share() {
            let _ = self.events.send(Msg::Share(Box::new(share)).into());
        }
    }

    /// Remembers the name of a login. If that fails, the name has to be typed again at the next start.
    pub(super) fn remember_login(&mut self, name: String) {
        let connection = Arc::clone(&self.connection);
        self.write(async move {
            let _ = spawn_blocking(move || connection.remember_login(name)).await;
        });
    }

    /// Sends a request in this session; its answer comes as a message.
    pub(super) fn call(&mut self, ticket: Ticket, session: Option<SessionHandle>, call: Call) {
        let connection = Arc::clone(&self.connection);
        let events = self.events.clone();
        let is_write = call.is_write();
        let task = async move {
            let answer = AssertUnwindSafe(connection.call(&call, session)).catch_unwind().await;
            let answer = answer.unwrap_or_else(|_| {
                Err(Failure::Garbled("something went wrong in this program".to_owned()))
            });
            if let Some(desk) = connection.moved() {
                tell_address(&connection, &events);
                let _ = events.send(Msg::Desk(desk).into());
            }
            let _ = events.send(Msg::Reply(ticket, answer).into());
        };
        if is_write {
            self.write(task);
        } else {
            self.reads.insert(ticket.slot, tokio::spawn(task).abort_handle());
        }
    }

    /// Listens to the changes that the server reports to this session, and to no other any longer.
    pub(super) fn listen(&mut self, session: SessionHandle) {
        let connection = Arc::clone(&self.connection);
        let events = self.events.clone();
        let task = tokio::spawn(async move {
            let tell = |changes| {
                let _ = events.send(Msg::Live(changes).into());
            };
            if connection.listen(session, tell).await {
                let _ = events.send(Msg::SessionOver(session).into());
            }
        });
        self.stop_listening(|_| true);
        self.listener = Some((session, task.abort_handle()));
    }

    fn stop_listening(&mut self, is_meant: impl Fn(SessionHandle) -> bool) {
        if let Some((_, task)) = self.listener.take_if(|(session, _)| is_meant(*session)) {
            task.abort();
        }
    }

    /// Ends a session, whether the server can be told or not.
    pub(super) fn end_session(&mut self, session: SessionHandle) {
        self.stop_listening(|listening| listening == session);
        let connection = Arc::clone(&self.connection);
        self.write(async move { connection.end_session(session).await });
    }

    /// Does what is not given up, not even at the end.
    fn write(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        while self.writes.try_join_next().is_some() {}
        self.writes.spawn(task);
    }

    /// Stops waiting for a lane's request. Writes are in no lane here.
    pub(super) fn abort(&mut self, slot: Slot) {
        self.reads.abort(slot);
    }

    /// Ends everything but the writes under way, which are the caller's to wait for.
    pub(super) fn finish(&mut self) -> JoinSet<()> {
        self.reads.abort_all();
        self.stop_listening(|_| true);
        std::mem::take(&mut self.writes)
    }

    fn desk(&self, opening: impl Future<Output = Desk> + Send + 'static) {
        let (events, connection) = (self.events.clone(), Arc::clone(&self.connection));
        tokio::spawn(async move {
            let desk = AssertUnwindSafe(opening).catch_unwind().await.unwrap_or_else(|_| {
                let message = "something went wrong in this program".to_owned();
                Desk::Failed { field: None, message }
            });
            tell_address(&connection, &events);
            let _ = events.send(Msg::Desk(desk).into());
        });
    }
}

/// Says where the server is, if there is one.
fn tell_address(connection: &Connection, events: &UnboundedSender<Event>) {
    if let Some(address) = connection.address() {
        let _ = events.send(Msg::Server(address).into());
    }
}

#[cfg(test)]
mod tests {
    use tui_core::effect::{Lane, ScreenId};

    use super::*;

    #[tokio::test]
    async fn reads_that_have_ended_are_forgotten() {
        let mut reads = Reads::default();
        let mut owner = ScreenId::APP;
        for _ in 0..100 {
            owner = owner.next();
            let task = tokio::spawn(async {});
            reads.insert(Slot { owner, lane: Lane::Record }, task.abort_handle());
            task.await.unwrap();
        }
        assert_eq!(reads.0.len(), 1);
    }

    #[tokio::test]
    async fn a_newer_read_of_a_lane_ends_the_older_one() {
        let mut reads = Reads::default();
        let slot = Slot { owner: ScreenId::APP, lane: Lane::List };
        let older = tokio::spawn(std::future::pending::<()>());
        let newer = tokio::spawn(std::future::pending::<()>());
        reads.insert(slot, older.abort_handle());
        reads.insert(slot, newer.abort_handle());
        assert!(older.await.unwrap_err().is_cancelled());
        reads.abort_all();
        assert!(newer.await.unwrap_err().is_cancelled());
    }
}
