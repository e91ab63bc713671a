//! Requests under way: only the newest answer of a slot counts.

use std::collections::BTreeMap;

use crate::{
    api::Call,
    effect::{Effect, Lane, ScreenId, Slot, Ticket},
    session::SessionHandle,
};

/// A request under way, and the session in which it was sent.
#[derive(Clone)]
pub(super) struct Running {
    pub(super) call: Call,
    pub(super) session: Option<SessionHandle>,
    /// The number of the key that has asked for it, where that was a command.
    pub(super) command: Option<u64>,
}

#[derive(Clone, Default)]
struct State {
    generation: u64,
    running: Option<Running>,
    failed: Option<Call>,
}

impl State {
    /// Gives up what runs and what has failed: no answer counts any more. A write goes on outside.
    fn forget(&mut self, slot: Slot) -> Option<Effect> {
        self.failed = None;
        let running = self.running.take()?;
        self.generation += 1;
        (!running.call.is_write()).then_some(Effect::Abort(slot))
    }

    fn is_writing(&self) -> bool {
        self.running.as_ref().is_some_and(|running| running.call.is_write())
    }
}

/// What runs, and what could not.
#[derive(Clone, Default)]
pub(super) struct Slots(BTreeMap<Slot, State>);

impl Slots {
    /// Starts a request. An older one of the slot is given up, unless it writes: then nothing is
    /// started.
    pub(super) fn start(
        &mut self,
        slot: Slot,
        session: Option<SessionHandle>,
        call: Call,
        command: Option<u64>,
    ) -> Vec<Effect> {
        let session = session.filter(|_| call.needs_session());
        let state = self.0.entry(slot).or_default();
        let mut effects = Vec::new();
        match &state.running {
            Some(running) if running.call.is_write() => return effects,
            Some(_) => effects.push(Effect::Abort(slot)),
            None => {}
        }
        state.generation += 1;
        state.running = Some(Running { call: call.clone(), session, command });
        state.failed = None;
        let ticket = Ticket { slot, generation: state.generation };
        effects.push(Effect::Call { ticket, session, call });
        effects
    }

    /// Gives a read up: its answer won't count.
    pub(super) fn cancel(&mut self, slot: Slot) -> Option<Effect> {
        let state = self.0.get_mut(&slot).filter(|state| !state.is_writing())?;
        state.forget(slot)
    }

    /// Gives up the reads of a screen that is closed. A write goes on, and its answer counts.
    pub(super) fn close(&mut self, owner: ScreenId) -> Vec<Effect> {
        let closed = |slot: &Slot, state: &State| slot.owner == owner && !state.is_writing();
        let gone = self.0.extract_if(.., |slot, state| closed(slot, state));
        gone.filter_map(|(slot, mut state)| state.forget(slot)).collect()
    }

    /// Gives up everything that belongs to a session, whose user has gone.
    pub(super) fn forget_session(&mut self) -> Vec<Effect> {
        let of_session = self.0.iter_mut().filter(|(slot, _)| slot.lane != Lane::Meta);
        let effects = of_session.filter_map(|(slot, state)| state.forget(*slot)).collect();
        self.0.retain(|slot, _| slot.owner == ScreenId::APP);
        effects
    }

    /// Takes what was asked with a ticket, if its answer counts.
    pub(super) fn finish(&mut self, ticket: Ticket) -> Option<Running> {
        let state = self.0.get_mut(&ticket.slot)?;
        state.running.take_if(|_| state.generation == ticket.generation)
    }

    /// Keeps a read that did not reach the server.
    pub(super) fn keep_failed(&mut self, slot: Slot, call: Call) {
        self.0.entry(slot).or_default().failed = Some(call);
    }

    /// Takes every read that did not reach the server.
    pub(super) fn take_failed(&mut self) -> Vec<(Slot, Call)> {
        let failed = self.0.iter_mut().map(|(slot, state)| (*slot, state.failed.take()));
        failed.filter_map(|(slot, call)| Some((slot, call?))).collect()
    }

    /// Whether a record is being written.
    pub(super) fn is_writing(&self) -> bool {
        self.is_running(Lane::Save)
    }

    /// Whether somebody is just logging in or opening an account.
    pub(super) fn is_signing_in(&self) -> bool {
        let account = self.0.get(&Slot { owner: ScreenId::APP, lane: Lane::Account });
        let running = account.and_then(|state| state.running.as_ref());
        running.is_some_and(|running| !running.call.needs_session())
    }

    /// Whether a request of this purpose runs.
    pub(super) fn is_running(&self, lane: Lane) -> bool {
        self.0.iter().any(|(slot, state)| slot.lane == lane && state.running.is_some())
    }

    /// What runs, in one word, if anything does.
    pub(super) fn activity(&self) -> Option<&'static str> {
        let words = [
            (Lane::Save, "Saving …"),
            (Lane::Account, "Logging in …"),
            (Lane::List, "Searching …"),
            (Lane::Pick, "Searching …"),
            (Lane::Find, "Searching …"),
            (Lane::Record, "Loading …"),
            (Lane::Related, "Loading …"),
            (Lane::History, "Loading …"),
            (Lane::Namesakes, "Loading …"),
            (Lane::Person, "Loading …"),
            (Lane::Presence, "Loading …"),
            (Lane::Remains, "Loading …"),
            (Lane::Dashboard, "Loading …"),
            (Lane::Meta, "Connecting …"),
        ];
        words.iter().find(|(lane, _)| self.is_running(*lane)).map(|(_, word)| *word)
    }
}
