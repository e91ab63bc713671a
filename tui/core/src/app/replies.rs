//! Applying answers. An answer goes to the screen that asked. An answer whose ticket is
//! not the newest changes nothing.

use shared::Kind;

use super::{
    App,
    assigning::{self, is_passing},
    operations::look_again,
    undo::Undo,
};
use crate::{
    api::{Call, Failure, Reply, is_away, sentence, wait},
    effect::{Effect, Lane, ScreenId, Slot, Ticket},
    intent::{Leave, Route},
    layers::{Layer, arrival, compare, conflict, find, picker, question},
    notice::{Notice, Tone},
    resource::{Record, RecordKind},
    screens::{Screen, record_form},
};

/// The id of a request that the server refused.
fn request_of(failure: &Failure) -> Option<String> {
    match failure {
        Failure::Problem(problem) if !problem.request_id.is_empty() => {
            Some(problem.request_id.clone())
        }
        _ => None,
    }
}

/// Whether a page of a list is gone, or never was: the list looks for another one.
fn is_not_found(failure: &Failure) -> bool {
    matches!(failure, Failure::Problem(problem) if problem.error == Kind::NotFound.code())
}

impl App {
    /// Handles an answer. A failure that nothing has been said about is kept among the messages, so that
    /// its request can be found in the server's log.
    pub(super) fn reply(
        &mut self,
        ticket: Ticket,
        result: Result<Reply, Failure>,
        out: &mut Vec<Effect>,
    ) -> bool {
        let failure = result.as_ref().err().cloned();
        self.failed_request = failure.as_ref().and_then(request_of);
        self.failed_wait = failure.as_ref().and_then(wait);
        let is_handled = self.answer(ticket, result, out);
        let request = self.failed_request.take();
        self.failed_wait = None;
        let is_gone = ticket.slot.lane == Lane::List && failure.as_ref().is_some_and(is_not_found);
        if let Some(failure) = failure.filter(|_| is_handled && !is_gone && request.is_some())
            && self.notices.newest().is_none_or(|newest| newest.request != request)
        {
            let text = sentence(&failure);
            let at = self.world.now;
            self.notices.keep(Notice { tone: Tone::Error, text, at, request, wait: None });
        }
        is_handled
    }

    fn answer(
        &mut self,
        ticket: Ticket,
        result: Result<Reply, Failure>,
        out: &mut Vec<Effect>,
    ) -> bool {
        let Some(running) = self.slots.finish(ticket) else {
            // A login for which nobody waits any longer leaves no session behind.
            if let Ok(Reply::SignedIn(session)) = result {
                self.decline(Some(*session), out);
            }
            return false;
        };
        let (slot, call) = (ticket.slot, running.call.clone());
        match &result {
            Err(Failure::Offline(_)) => {}
            Err(Failure::Unknown(_)) if !call.is_write() => {}
            Err(failure) if is_away(failure) && !call.is_write() && !is_account(&call) => {}
            _ => self.came_online(out),
        }
        if matches!(result, Err(Failure::Expired)) && !is_account(&call) {
            if call.is_write() {
                self.released(slot.owner);
            }
            self.expired(slot, running, out);
            return true;
        }
        if let Err(failure) = &result {
            self.may_have_changed(&call, failure, out);
        }
        if call.is_write() && !is_account(&call) {
            self.written(slot.owner, &call, result, out);
            return true;
        }
        if let Err(failure) = &result
            && is_away(failure)
            && !is_account(&call)
        {
            self.went_offline(slot, call.clone(), failure, out);
        }
        self.read(slot, &call, result, out);
        true
    }

    fn read(
        &mut self,
        slot: Slot,
        call: &Call,
        result: Result<Reply, Failure>,
        out: &mut Vec<Effect>,
    ) {
        match (slot.lane, result) {
            (Lane::Meta, Ok(Reply::Meta(meta))) => {
                self.world.today = meta.today;
                self.world.zone = meta.time_zone.parse().ok();
                self.world.meta = Some(*meta);
            }
            // It is tried again by itself.
            (Lane::Meta, Err(failure)) if is_away(&failure) => {}
            (Lane::Meta, Ok(_)) => self.say(Tone::Error, sentence(&Failure::unexpected()), out),
            (Lane::Meta, Err(failure)) => self.say(Tone::Error, sentence(&failure), out),
            (Lane::Account, Ok(Reply::SignedIn(session))) => {
                if let Call::Login(login) = call {
                    self.remember_login(&login.identifier, out);
                }
                self.logged_in(*session, out);
            }
            (Lane::Account, Ok(Reply::User(user))) => self.described(*user, out),
            (Lane::Account, Ok(Reply::Done)) => self.password_was_set(out),
            (Lane::Account, Ok(_)) => self.account_refused(call, &Failure::unexpected(), out),
            // What the session may do is asked again by itself.
            (Lane::Account, Err(failure)) if is_away(&failure) && matches!(call, Call::Profile) => {
            }
            (Lane::Account, Err(failure)) => self.account_refused(call, &failure, out),
            (Lane::Pick, result) => {
                let world = self.world.clone();
                // What Enter has begun is not gone on with under another layer.
                let is_top =
                    matches!(self.layers.last(), Some(Layer::Picker(_) | Layer::Arrival(_)));
                let intents = self.layers.iter_mut().rev().find_map(|layer| match layer {
                    Layer::Arrival(state) => Some(arrival::answered(state, result.clone(), is_top)),
                    Layer::Picker(state) => {
                        if !is_top {
                            state.search.give_up();
                        }
                        Some(picker::answered(state, &world, result.clone()))
                    }
                    _ => None,
                });
                self.apply(intents.unwrap_or_default(), out);
            }
            (Lane::Find, result) if slot.owner == self.top() && self.find_box_mut().is_some() => {
                let is_top = matches!(self.layers.last(), Some(Layer::Find(_)));
                let world = self.world.clone();
                let Some(state) = self.find_box_mut() else { return };
                if !is_top {
                    state.finder.give_up();
                }
                let intents = find::answered(state, &world, result);
                self.apply(intents, out);
            }
            (Lane::Compare, result) => {
                let intents = self.compared_mut().map(|state| compare::answered(state, result));
                self.apply(intents.unwrap_or_default(), out);
                if self.compared_mut().is_none() {
                    self.refresh_list(RecordKind::LikelyPair, None, out);
                }
            }
            (Lane::Remains, result) => self.remains_found(result, out),
            (_, result) => self.screen_read(slot.owner, call, result, out),
        }
    }

    /// The find box that lies over the screen.
    fn find_box_mut(&mut self) -> Option<&mut find::State> {
        self.layers.iter_mut().rev().find_map(|layer| match layer {
            Layer::Find(state) => Some(&mut **state),
            _ => None,
        })
    }

    /// The records that are compared.
    fn compared_mut(&mut self) -> Option<&mut compare::State> {
        self.layers.iter_mut().rev().find_map(|layer| match layer {
            Layer::Compare(state) => Some(&mut **state),
            _ => None,
        })
    }

    /// Two records were merged or told apart, or were not.
    fn pair_answered(
        &mut self,
        owner: ScreenId,
        call: &Call,
        result: Result<Reply, Failure>,
        out: &mut Vec<Effect>,
    ) {
        match result {
            Ok(reply) => {
                let of = call.records();
                let is_of = |layer: &Layer| match layer {
                    Layer::Compare(state) => {
                        matches!(*of.as_slice(), [(_, one), (_, other)] if state.is_of([one, other]))
                    }
                    _ => false,
                };
                self.layers.retain(|layer| !is_of(layer));
                let said = match &reply {
                    Reply::Record(record) => format!("Merged: {}", record.said()),
                    _ => format!("Different people: {}", call.about().unwrap_or_default()),
                };
                self.say(Tone::Info, said, out);
                if let Reply::Record(record) = reply {
                    self.learn(ScreenId::APP, &record, out);
                    self.refresh_list(record.kind(), Some(&record), out);
                }
            }
            Err(failure) => {
                self.not_moved(owner, call, &failure, out);
                let intents = self.compared_mut().map(compare::State::ask);
                self.apply(intents.unwrap_or_default(), out);
            }
        }
        self.refresh_list(RecordKind::LikelyPair, None, out);
    }

    /// Gives an answer to the screen that asked. The other screens learn of a record in it.
    fn screen_read(
        &mut self,
        owner: ScreenId,
        call: &Call,
        result: Result<Reply, Failure>,
        out: &mut Vec<Effect>,
    ) {
        let world = self.world.clone();
        let Some(screen) = self.opened_mut(owner) else { return };
        let record = match &result {
            Ok(Reply::Record(record)) => Some(record.clone()),
            _ => None,
        };
        let intents = screen.answered(&world, call, result);
        self.apply_for(owner, intents, out);
        if let Some(record) = record {
            self.learn(owner, &record, out);
        }
    }

    /// Shows a record as it is now on every screen but the one that knows it already.
    pub(super) fn learn(&mut self, from: ScreenId, record: &Record, out: &mut Vec<Effect>) {
        if let Record::User(user) = record {
            self.described((**user).clone(), out);
        }
        let world = self.world.clone();
        self.check_undo(record);
        let others = self.screens.iter_mut().filter(|opened| opened.id != from);
        let intents: Vec<_> =
            others.map(|opened| (opened.id, opened.screen.learn(record, &world))).collect();
        for (owner, intents) in intents {
            self.apply_for(owner, intents, out);
        }
    }

    /// The save of a screen is over, whatever became of it.
    pub(super) fn released(&mut self, owner: ScreenId) {
        let world = self.world.clone();
        if let Some(Screen::Form(state)) = self.opened_mut(owner) {
            record_form::refused(state, &Failure::Expired, &world);
        }
    }

    /// A write has an answer, or none.
    fn written(
        &mut self,
        owner: ScreenId,
        call: &Call,
        result: Result<Reply, Failure>,
        out: &mut Vec<Effect>,
    ) {
        match call {
            Call::Run { .. } => return self.operated(owner, call, result, out),
            Call::ChangePassword(_) => return self.password_answered(owner, result, out),
            Call::Merge { .. } | Call::TellApart { .. } => {
                return self.pair_answered(owner, call, result, out);
            }
            _ => {}
        }
        let (result, secret) = match result.and_then(Reply::written) {
            Ok((record, secret)) => (Ok(record), secret),
            Err(failure) => (Err(failure), None),
        };
        let shown = secret.zip(result.as_ref().ok().map(|it| (it.kind(), it.named())));
        if let Ok(record) = &result {
            self.screens.iter_mut().for_each(|opened| opened.screen.changed(record));
        }
        if self.one_of_many(owner, call, &result, out) {
            return;
        }
        match (call, result) {
            (_, result) if owner == ScreenId::APP => self.undone(result, out),
            (Call::Create { .. } | Call::Change { .. }, Ok(record)) => {
                self.saved(owner, call, record, out);
            }
            (Call::Create { .. } | Call::Change { .. }, Err(failure)) => {
                self.not_saved(owner, call, &failure, out);
            }
            (_, Ok(record)) => {
                self.archive_answered(call, &record, out);
                self.ask_remains(owner, call, &record, out);
            }
            (_, Err(failure)) => self.not_moved(owner, call, &failure, out),
        }
        if let Some((secret, (kind, name))) = shown {
            self.show_secret(kind, name, secret);
        }
    }

    fn not_saved(
        &mut self,
        owner: ScreenId,
        call: &Call,
        failure: &Failure,
        out: &mut Vec<Effect>,
    ) {
        let world = self.world.clone();
        if let Some(Screen::Form(state)) = self.opened_mut(owner) {
            let intents = record_form::refused(state, failure, &world);
            return self.apply_for(owner, intents, out);
        }
        let is_lost = matches!(failure, Failure::Unknown(_) | Failure::Garbled(_));
        if let Failure::Problem(problem) = failure
            && self.exists_already(owner, call, problem, out)
        {
            return;
        }
        if is_lost && self.unsure(call) {
            return;
        }
        let why = sentence(failure);
        if !call.is_of_form() && is_passing(failure) && self.unsent(owner, call, &why, out) {
            return;
        }
        let said = match failure {
            _ if !call.is_of_form() => question::unsent_words(call, &why),
            Failure::Unknown(_) | Failure::Garbled(_) => {
                format!("{why} The form that you left may or may not have been saved.")
            }
            _ => format!("The form that you left was not saved: {why}"),
        };
        self.say(Tone::Error, said, out);
    }

    fn saved(&mut self, owner: ScreenId, call: &Call, record: Record, out: &mut Vec<Effect>) {
        self.forget_reasons(call);
        let world = self.world.clone();
        let is_new = matches!(call, Call::Create { .. });
        let is_shown = self.top() == owner;
        let mut undo = None;
        let answer = match self.opened_mut(owner) {
            Some(Screen::Form(state)) => {
                let before = state.base.as_ref().filter(|_| !is_new);
                undo = before.and_then(|before| Undo::new(before, &record, &world));
                Some(record_form::saved(state, &record, &world))
            }
            _ => None,
        };
        if answer.is_some() {
            self.has_saved |= undo.is_some();
            self.undo = undo;
        }
        // A form has taken it in already. Other screens learn of it as of any other change.
        let from = if answer.is_some() { owner } else { ScreenId::APP };
        let (then, said) = answer.unwrap_or_else(|| (None, record_form::told(&record, is_new)));
        if then.is_some() {
            self.close_screen(owner, out);
            // Nothing is left to be asked about the form.
            let is_about = |layer: &Layer| matches!(layer, Layer::Question(it) if it.saves_form());
            self.layers.retain(|layer| !(is_shown && is_about(layer)));
        }
        self.say(Tone::Info, said, out);
        self.learn(from, &record, out);
        if is_new {
            self.refresh_list(record.kind(), None, out);
        }
        if let Some(leave @ (Leave::To(_) | Leave::LogOut | Leave::Quit)) = then {
            return self.leave(leave, out);
        }
        if is_new && is_shown && then.is_some() {
            let (screen, intents) = Screen::at(Route::Shown(record), &world);
            self.open(screen);
            self.apply(intents, out);
        }
    }

    /// A record went into the archive or came back from it.
    fn archive_answered(&mut self, call: &Call, record: &Record, out: &mut Vec<Effect>) {
        self.forget_reasons(call);
        self.say(Tone::Info, assigning::done(call, record), out);
        self.learn(ScreenId::APP, record, out);
        self.look_around(call, out);
        for (kind, id) in call.records() {
            self.unmark(kind, id);
        }
        self.refresh_list(record.kind(), Some(record), out);
    }

    pub(super) fn not_moved(
        &mut self,
        owner: ScreenId,
        call: &Call,
        failure: &Failure,
        out: &mut Vec<Effect>,
    ) {
        let mut said = sentence(failure);
        let mut intents = Vec::new();
        match failure {
            Failure::Problem(problem) if problem.error == Kind::Stale.code() => {
                "Somebody else has changed the record in the meantime. Check it before you decide."
                    .clone_into(&mut said);
                if call.reason().is_some() {
                    said.push_str(" The typed reason is kept.");
                }
                if let Call::Do { kind, .. } | Call::Run { kind, .. } = call
                    && let Some(current) = conflict::theirs(*kind, problem)
                {
                    self.learn(ScreenId::APP, &current, out);
                }
                intents.extend(look_again(call));
            }
            Failure::Problem(problem) if self.contradicted(owner, call, problem, out) => return,
            _ if is_passing(failure) && self.unsent(owner, call, &said, out) => return,
            Failure::Unknown(_) | Failure::Garbled(_) if self.unsure(call) => return,
            Failure::Unknown(_) | Failure::Garbled(_) => {
                said.push_str(
                    " The change may or may not have been saved. The record is being read again.",
                );
                intents.extend(look_again(call));
            }
            _ => {}
        }
        let world = self.world.clone();
        match self.opened_mut(owner) {
            Some(Screen::List(list)) if !intents.is_empty() => {
                let intents = list.refresh(&world);
                self.apply_for(owner, intents, out);
            }
            Some(_) => self.apply_for(owner, intents, out),
            None => {}
        }
        self.say(Tone::Error, said, out);
    }
}

/// Whether it begins a session: nothing of it waits, and nothing of it is a record.
fn is_account(call: &Call) -> bool {
    matches!(call, Call::Login(_) | Call::Register(_) | Call::ResetPassword(_))
}
