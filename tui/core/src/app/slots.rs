//! Lanes of requests: only the newest answer of a lane counts.

use crate::{
    api::Call,
    effect::{Effect, Slot, Ticket},
    session::SessionHandle,
};

/// A request under way, and the session in which it was sent.
#[derive(Clone)]
pub(super) struct Running {
    pub(super) call: Call,
    pub(super) session: Option<SessionHandle>,
}

#[derive(Clone, Default)]
struct Lane {
    generation: u64,
    running: Option<Running>,
    failed: Option<Call>,
}

impl Lane {
    /// Gives up what runs and what has failed: no answer counts any more. A write goes on outside.
    fn forget(&mut self, slot: Slot) -> Option<Effect> {
        self.failed = None;
        let running = self.running.take()?;
        self.generation += 1;
        (!running.call.is_write()).then_some(Effect::Abort(slot))
    }
}

/// The lanes of what is sent in a session, or begins one.
const OF_A_SESSION: [Slot; 5] =
    [Slot::Account, Slot::Patients, Slot::Patient, Slot::History, Slot::Save];

/// What runs, and what could not.
#[derive(Clone, Default)]
pub(super) struct Slots {
    meta: Lane,
    account: Lane,
    patients: Lane,
    patient: Lane,
    history: Lane,
    save: Lane,
}

impl Slots {
    fn lane(&self, slot: Slot) -> &Lane {
        match slot {
            Slot::Meta => &self.meta,
            Slot::Account => &self.account,
            Slot::Patients => &self.patients,
            Slot::Patient => &self.patient,
            Slot::History => &self.history,
            Slot::Save => &self.save,
        }
    }

    fn lane_mut(&mut self, slot: Slot) -> &mut Lane {
        match slot {
            Slot::Meta => &mut self.meta,
            Slot::Account => &mut self.account,
            Slot::Patients => &mut self.patients,
            Slot::Patient => &mut self.patient,
            Slot::History => &mut self.history,
            Slot::Save => &mut self.save,
        }
    }

    /// Starts a request. An older one of the lane is given up, unless it writes: then nothing is
    /// started.
    pub(super) fn start(
        &mut self,
        slot: Slot,
        session: Option<SessionHandle>,
        call: Call,
    ) -> Vec<Effect> {
        let session = session.filter(|_| call.needs_session());
        let lane = self.lane_mut(slot);
        let mut effects = Vec::new();
        match &lane.running {
            Some(running) if running.call.is_write() => return effects,
            Some(_) => effects.push(Effect::Abort(slot)),
            None => {}
        }
        lane.generation += 1;
        lane.running = Some(Running { call: call.clone(), session });
        lane.failed = None;
        let ticket = Ticket { slot, generation: lane.generation };
        effects.push(Effect::Call { ticket, session, call });
        effects
    }

    /// Gives a read up: its answer won't count.
    pub(super) fn cancel(&mut self, slot: Slot) -> Vec<Effect> {
        let lane = self.lane_mut(slot);
        lane.failed = None;
        match &lane.running {
            Some(running) if !running.call.is_write() => {
                lane.generation += 1;
                lane.running = None;
                vec![Effect::Abort(slot)]
            }
            _ => Vec::new(),
        }
    }

    /// Gives up everything that belongs to a session, whose user has gone.
    pub(super) fn forget_session(&mut self) -> Vec<Effect> {
        OF_A_SESSION.into_iter().filter_map(|slot| self.lane_mut(slot).forget(slot)).collect()
    }

    /// Takes what was asked with a ticket, if its answer counts.
    pub(super) fn finish(&mut self, ticket: Ticket) -> Option<Running> {
        let lane = self.lane_mut(ticket.slot);
        if lane.generation != ticket.generation {
            return None;
        }
        lane.running.take()
    }

    /// Keeps a read that did not reach the server.
    pub(super) fn keep_failed(&mut self, slot: Slot, call: Call) {
        self.lane_mut(slot).failed = Some(call);
    }

    /// Takes every read that did not reach the server.
    pub(super) fn take_failed(&mut self) -> Vec<(Slot, Call)> {
        let slots = [Slot::Meta, Slot::Account, Slot::Patients, Slot::Patient, Slot::History];
        let mut failed = Vec::new();
        for slot in slots {
            failed.extend(self.lane_mut(slot).failed.take().map(|call| (slot, call)));
        }
        failed
    }

    /// Whether a write runs.
    pub(super) fn is_writing(&self) -> bool {
        self.save.running.is_some()
    }

    /// Whether somebody is just logging in or opening an account.
    pub(super) fn is_signing_in(&self) -> bool {
        self.account.running.as_ref().is_some_and(|running| !running.call.needs_session())
    }

    /// Whether a lane runs.
    pub(super) fn is_running(&self, slot: Slot) -> bool {
        self.lane(slot).running.is_some()
    }

    /// What runs, in one word, if anything does.
    pub(super) fn activity(&self) -> Option<&'static str> {
        let words = [
            (Slot::Save, "Saving …"),
            (Slot::Account, "Logging in …"),
            (Slot::Patients, "Searching …"),
            (Slot::Patient, "Loading …"),
            (Slot::History, "Loading …"),
            (Slot::Meta, "Connecting …"),
        ];
        words.iter().find(|(slot, _)| self.is_running(*slot)).map(|(_, word)| *word)
    }
}
