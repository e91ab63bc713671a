//! Carrying out what a screen or a layer wants.

use super::App;
use crate::{
    api::Call,
    effect::{Effect, Lane, ScreenId, Slot},
    intent::{Leave, Place, Route},
    layers::{Intent, Layer, picker, question},
    notice::Tone,
    screens::{Screen, home, record_form},
    sentences::SAVING,
};

impl App {
    /// Does what the screen that is shown wants, or a layer over it.
    pub(super) fn apply(&mut self, intents: Vec<Intent>, out: &mut Vec<Effect>) {
        self.apply_for(self.top(), intents, out);
    }

    /// Does what a screen wants. After an intent that shows another screen, the rest belongs to that one.
    pub(super) fn apply_for(
        &mut self,
        owner: ScreenId,
        intents: Vec<Intent>,
        out: &mut Vec<Effect>,
    ) {
        let mut owner = owner;
        for intent in intents {
            if intent.needs_screen() && self.is_away(owner) {
                self.apply_away(owner, intent, out);
                continue;
            }
            let before = self.top();
            self.carry_out(owner, intent, out);
            if self.top() != before {
                owner = self.top();
            }
        }
    }

    fn carry_out(&mut self, owner: ScreenId, intent: Intent, out: &mut Vec<Effect>) {
        match intent {
            Intent::Read(lane, call) => self.start(Slot { owner, lane }, call, out),
            Intent::Cancel(lane) => {
                let given_up = Slot { owner, lane };
                self.interrupted.retain(|(slot, _)| *slot != given_up);
                out.extend(self.slots.cancel(given_up));
            }
            Intent::Write(call) => self.write(owner, call, out),
            Intent::SignIn(call) => self.sign_in(call, out),
            Intent::Do(effect) => {
                if let Effect::SetUp(admin) = &effect {
                    self.founder = Some((admin.email.clone(), admin.password.clone()));
                }
                out.push(effect);
            }
            Intent::ParkThen(leave) => {
                self.park_or_resume(out);
                self.leave(leave, out);
            }
            Intent::Resume(id) => self.resume(id, out),
            Intent::Go(route) => self.go(route, out),
            Intent::Instead(route) => {
                if !self.screens.iter().skip(1).any(|opened| opened.screen.is_changed()) {
                    self.close_to(1, out);
                }
                self.go(route, out);
            }
            Intent::Leave(leave) => self.leave(leave, out),
            Intent::LeaveNow(leave) => self.left(leave, out),
            Intent::Open(layer) => {
                self.lay(*layer);
                // What the next layer creates gets a key of its own.
                self.world.count_screen();
            }
            Intent::Pick(pick, errand) => {
                let intents = picker::open(pick, errand, &self.world);
                self.apply(intents, out);
            }
            Intent::Close => {
                self.layers.pop();
            }
            Intent::CloseAnd(action) => {
                self.layers.pop();
                self.act(action, out);
            }
            Intent::Keep(about, reason) => self.world.kept.put(about, reason),
            Intent::Successor(record) => self.follow_ups.successor = Some(*record),
            Intent::Inform(said) => self.say(Tone::Info, said, out),
            Intent::Warn(said) => {
                self.say(Tone::Error, said, out);
                self.notices.belong_here();
            }
            Intent::Retract(said) => self.notices.retract(said),
            Intent::TakeOver(session) => self.take_over(*session, out),
            Intent::UndoSave(asked) => self.undo_save(&asked, out),
            Intent::AskAgain => self.ask_again(out),
            Intent::Focus(name) => {
                if let Some(Screen::Form(state)) = self.top_mut() {
                    state.form.focus_on(name);
                }
            }
            Intent::Filtered(_)
            | Intent::Merged(_)
            | Intent::Check
            | Intent::SaveThen(_)
            | Intent::SaveAgain
            | Intent::SaveAsOther { .. } => self.pass_on(intent, out),
        }
    }

    /// Goes to a screen. A record whose form is parked is changed nowhere else.
    fn go(&mut self, route: Route, out: &mut Vec<Effect>) {
        let parked = match &route {
            Route::Edit(record) | Route::EditField(record, _) | Route::Changed(record, _) => {
                self.parked_form(record)
            }
            _ => None,
        };
        match (parked, route) {
            (Some(_), Route::Changed(..)) => {
                let said = "Nothing was put back: the form of this record is parked.".to_owned();
                self.say(Tone::Error, said, out);
            }
            (Some(id), _) => {
                self.resume(id, out);
                self.say(Tone::Info, "The parked form is open again.".to_owned(), out);
            }
            (None, route) => {
                let (screen, intents) = Screen::at(route, &self.world);
                self.open(screen);
                self.world.count_screen();
                self.apply(intents, out);
            }
        }
    }

    /// Sends a write, unless another one is under way.
    fn write(&mut self, owner: ScreenId, call: Call, out: &mut Vec<Effect>) {
        self.notices.dismiss();
        if self.slots.is_writing() {
            return self.wait_for_save(owner, &call, out);
        }
        self.start(Slot { owner, lane: Lane::Save }, call, out);
    }

    /// Sends a login or a registration, unless another one is under way.
    fn sign_in(&mut self, call: Call, out: &mut Vec<Effect>) {
        self.notices.dismiss();
        if !self.slots.is_signing_in() {
            self.ask(Lane::Account, call, out);
        }
    }

    /// Another write is under way: this one is not sent. A form keeps what was typed, and so do several
    /// writes in a row; what was typed on a layer is asked about.
    fn wait_for_save(&mut self, owner: ScreenId, call: &Call, out: &mut Vec<Effect>) {
        self.released(owner);
        let is_form = matches!(self.opened_mut(owner), Some(Screen::Form(_)));
        let results = self.results_mut();
        let is_kept = is_form || results.is_some();
        if let Some(results) = results {
            results.halt();
        }
        if is_kept || !self.unsent(owner, call, SAVING, out) {
            self.say(Tone::Info, SAVING.to_owned(), out);
        }
    }

    /// What belongs to the list or to the form below a layer.
    fn pass_on(&mut self, intent: Intent, out: &mut Vec<Effect>) {
        if !matches!(intent, Intent::Filtered(_)) {
            self.notices.dismiss();
        }
        let world = self.world.clone();
        if let Intent::Filtered(filter) = intent {
            let Some(Screen::List(list)) = self.top_mut() else { return };
            let intents = list.narrow(&world, *filter);
            return self.apply(intents, out);
        }
        let Some(Screen::Form(state)) = self.top_mut() else { return };
        let intents = match intent {
            Intent::Merged(merge) => record_form::merged(state, *merge, &world),
            Intent::Check => record_form::check(state),
            Intent::SaveThen(leave) => record_form::save(state, &world, Some(leave)),
            Intent::SaveAgain => record_form::save_again(state, &world),
            Intent::SaveAsOther { seen, reason } => {
                record_form::save_as_other(state, &world, seen, reason)
            }
            _ => Vec::new(),
        };
        self.apply(intents, out);
    }

    /// Leaves, after asking if something would be lost.
    pub(super) fn leave(&mut self, leave: Leave, out: &mut Vec<Effect>) {
        let unfinished = self.unfinished(leave);
        let forms = self.lost_by(leave);
        if unfinished.is_empty() && forms.is_empty() {
            return self.left(leave, out);
        }
        if let ([], [_], Some(Screen::Form(state))) =
            (unfinished.as_slice(), forms.as_slice(), self.top_mut())
            && record_form::leaves_once_saved(state, leave)
        {
            return;
        }
        let question = match self.screen() {
            _ if !unfinished.is_empty() => {
                question::drop_unfinished(leave, &[unfinished, forms].concat())
            }
            Screen::Form(state) if state.form.is_changed() => question::discard(leave, &forms),
            screen if screen.is_changed() => question::abandon(leave),
            _ => question::drop_parked(leave, &forms),
        };
        let is_older =
            |layer: &Layer| matches!(layer, Layer::Question(older) if older.is_about_leaving);
        self.layers.retain(|layer| !is_older(layer));
        self.lay(Layer::Question(Box::new(question)));
    }

    /// Leaves. What was typed is gone.
    pub(super) fn left(&mut self, leave: Leave, out: &mut Vec<Effect>) {
        match leave {
            Leave::Quit => out.push(Effect::Quit),
            Leave::LogOut => self.log_out(out),
            Leave::SetUp => out.push(Effect::GoLocal),
            // Behind the first screen of a section is the day at the desk.
            Leave::Back if self.screens.len() == 1 && self.world.session().is_some() => {
                self.go_to(Place::Home, out);
            }
            Leave::Back => self.close_to(self.screens.len().saturating_sub(1).max(1), out),
            Leave::To(place) => self.go_to(place, out),
        }
    }

    /// Closes a screen, wherever it is: shown, below others, or parked.
    pub(super) fn close_screen(&mut self, id: ScreenId, out: &mut Vec<Effect>) {
        for opened in [&mut self.screens, &mut self.parked] {
            opened.retain(|opened| opened.id != id);
        }
        self.forget_screen(id, out);
        self.follow(out);
    }

    /// What a screen waits for belongs to no other. A stopped write that no form keeps is asked about after the
    /// next login all the same.
    fn forget_screen(&mut self, id: ScreenId, out: &mut Vec<Effect>) {
        let is_lost = |call: &Call| call.is_write() && !call.is_of_form();
        self.interrupted.retain(|(slot, call)| slot.owner != id || is_lost(call));
        out.extend(self.slots.close(id));
    }

    /// Closes the screens that were opened last, until so many are left.
    fn close_to(&mut self, count: usize, out: &mut Vec<Effect>) {
        for closed in self.screens.split_off(count.min(self.screens.len())) {
            self.forget_screen(closed.id, out);
        }
        self.follow(out);
    }

    /// Shows a section. A section that is open already is shown as it was left, but for the day at the desk:
    /// its find box is empty again.
    fn go_to(&mut self, place: Place, out: &mut Vec<Effect>) {
        let is_open = self.screens.first().is_some_and(|first| first.screen.is_at(place));
        self.close_to(usize::from(is_open), out);
        if let Some(Screen::Home(state)) = self.screens.last_mut().map(|opened| &mut opened.screen)
        {
            let intents = home::begin_anew(state, &self.world);
            self.apply(intents, out);
        }
        if !is_open {
            let (screen, intents) = Screen::first(place, &self.world);
            self.open(screen);
            self.apply(intents, out);
        }
    }
}
