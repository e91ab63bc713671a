//! What the core wants done outside, done in tasks beside the loop.

use std::{collections::HashMap, future::Future, panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt;
use tokio::{
    sync::mpsc::UnboundedSender,
    task::{AbortHandle, JoinSet},
};
use tui_core::{
    api::{Call, Failure},
    effect::{FirstAdmin, Slot, Ticket},
    msg::{Desk, Msg},
    session::SessionHandle,
};

use super::Event;
use crate::host::Host;

/// Requests under way, by lane.
pub(super) struct Effects {
    host: Arc<Host>,
    events: UnboundedSender<Event>,
    reads: HashMap<Slot, AbortHandle>,
    writes: JoinSet<()>,
    listener: Option<(SessionHandle, AbortHandle)>,
}

impl Effects {
    /// None yet.
    pub(super) fn new(host: Arc<Host>, events: UnboundedSender<Event>) -> Self {
        Self { host, events, reads: HashMap::new(), writes: JoinSet::new(), listener: None }
    }

    /// Where to tell the loop what has happened.
    pub(super) fn events(&self) -> &UnboundedSender<Event> {
        &self.events
    }

    /// Opens what the program was started for.
    pub(super) fn open(&self) {
        let host = Arc::clone(&self.host);
        self.desk(async move { host.start().await });
    }

    /// Opens a throw-away desk with sample people.
    pub(super) fn look_around(&self) {
        let host = Arc::clone(&self.host);
        self.desk(async move { host.look_around().await });
    }

    /// Creates the first administrator.
    pub(super) fn set_up(&self, admin: FirstAdmin) {
        let host = Arc::clone(&self.host);
        self.desk(async move { host.set_up(admin).await });
    }

    /// Connects to a server elsewhere.
    pub(super) fn connect(&self, url: String) {
        let host = Arc::clone(&self.host);
        self.desk(async move { host.connect(&url).await });
    }

    /// Goes back to the local desk.
    pub(super) fn go_local(&self) {
        let host = Arc::clone(&self.host);
        self.desk(async move { host.go_local().await });
    }

    /// Tells what another machine has to type, where there is a server.
    pub(super) fn share(&self) {
        if let Some(share) = self.host.share() {
            let _ = self.events.send(Msg::Share(Box::new(share)).into());
        }
    }

    /// Remembers the name of a login. If that fails, the name has to be typed again at the next start.
    pub(super) fn remember_login(&mut self, name: String) {
        let host = Arc::clone(&self.host);
        self.write(async move {
            let _ = tokio::task::spawn_blocking(move || host.remember_login(name)).await;
        });
    }

    /// Sends a request in this session; its answer comes as a message.
    pub(super) fn call(&mut self, ticket: Ticket, session: Option<SessionHandle>, call: Call) {
        let host = Arc::clone(&self.host);
        let events = self.events.clone();
        let is_write = call.is_write();
        let task = async move {
            let answer = AssertUnwindSafe(host.call(&call, session)).catch_unwind().await;
            let answer = answer.unwrap_or_else(|_| {
                Err(Failure::Garbled("something went wrong in this program".to_owned()))
            });
            if let Some(desk) = host.moved() {
                tell_address(&host, &events);
                let _ = events.send(Msg::Desk(desk).into());
            }
            let _ = events.send(Msg::Reply(ticket, answer).into());
        };
        if is_write {
            self.write(task);
        } else {
            let task = tokio::spawn(task);
            // A request that the core has forgotten is not waited for any longer.
            if let Some(old) = self.reads.insert(ticket.slot, task.abort_handle()) {
                old.abort();
            }
        }
    }

    /// Listens to the changes that the server reports to this session, and to no other any longer.
    pub(super) fn listen(&mut self, session: SessionHandle) {
        let host = Arc::clone(&self.host);
        let events = self.events.clone();
        let task = tokio::spawn(async move {
            let tell = |changes| {
                let _ = events.send(Msg::Live(changes).into());
            };
            if host.listen(session, tell).await {
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
        let host = Arc::clone(&self.host);
        self.write(async move { host.end_session(session).await });
    }

    /// Does what is not given up, not even at the end.
    fn write(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        while self.writes.try_join_next().is_some() {}
        self.writes.spawn(task);
    }

    /// Stops waiting for a lane's request. Writes are in no lane here.
    pub(super) fn abort(&mut self, slot: Slot) {
        if let Some(task) = self.reads.remove(&slot) {
            task.abort();
        }
    }

    /// Ends everything but the writes under way, which are the caller's to wait for.
    pub(super) fn finish(&mut self) -> JoinSet<()> {
        for (_, task) in self.reads.drain() {
            task.abort();
        }
        self.stop_listening(|_| true);
        std::mem::take(&mut self.writes)
    }

    fn desk(&self, opening: impl Future<Output = Desk> + Send + 'static) {
        let (events, host) = (self.events.clone(), Arc::clone(&self.host));
        tokio::spawn(async move {
            let desk = AssertUnwindSafe(opening).catch_unwind().await.unwrap_or_else(|_| {
                let message = "something went wrong in this program".to_owned();
                Desk::Failed { field: None, message }
            });
            tell_address(&host, &events);
            let _ = events.send(Msg::Desk(desk).into());
        });
    }
}

/// Says where the server is, if there is one.
fn tell_address(host: &Host, events: &UnboundedSender<Event>) {
    if let Some(address) = host.address() {
        let _ = events.send(Msg::Server(address).into());
    }
}
