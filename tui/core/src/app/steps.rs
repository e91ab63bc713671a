//! Doing what a screen or a layer wants done.

use super::App;
use crate::{
    api::Call,
    effect::{Effect, Lane, ScreenId, Slot},
    layers::{Layer, Step, picker, question},
    notice::Tone,
    screens::{Screen, record_form},
    step::{Leave, Place, Route},
};

impl App {
    /// Does what the screen that is shown wants, or a layer over it.
    pub(super) fn apply(&mut self, steps: Vec<Step>, out: &mut Vec<Effect>) {
        self.apply_for(self.top(), steps, out);
    }

    /// Does what a screen wants. After a step that shows another screen, the rest belongs to that one.
    pub(super) fn apply_for(&mut self, owner: ScreenId, steps: Vec<Step>, out: &mut Vec<Effect>) {
        let mut owner = owner;
        for step in steps {
            if step.needs_screen() && self.is_away(owner) {
                self.apply_away(owner, step, out);
                continue;
            }
            let before = self.top();
            self.step(owner, step, out);
            if self.top() != before {
                owner = self.top();
            }
        }
    }

    fn step(&mut self, owner: ScreenId, step: Step, out: &mut Vec<Effect>) {
        match step {
            Step::Read(lane, call) => self.start(Slot { owner, lane }, call, out),
            Step::Cancel(lane) => out.extend(self.slots.cancel(Slot { owner, lane })),
            Step::Write(call) => {
                self.notices.dismiss();
                if self.slots.is_writing() {
                    return self.wait_for_save(owner, &call, out);
                }
                self.start(Slot { owner, lane: Lane::Save }, call, out);
            }
            Step::Enter(call) => {
                self.notices.dismiss();
                if !self.slots.is_signing_in() {
                    self.ask(Lane::Account, call, out);
                }
            }
            Step::Do(effect) => {
                if let Effect::SetUp(admin) = &effect {
                    self.founder = Some((admin.email.clone(), admin.password.clone()));
                }
                out.push(effect);
            }
            Step::Go(Route::Edit(record) | Route::EditField(record, _))
                if self.parked_form(&record).is_some() =>
            {
                if let Some(id) = self.parked_form(&record) {
                    self.resume(id, out);
                    self.say(Tone::Info, "This is the form that was parked.".to_owned(), out);
                }
            }
            Step::Go(Route::Changed(record, _)) if self.parked_form(&record).is_some() => {
                let said = "Nothing was put back: the form of this record is parked.".to_owned();
                self.say(Tone::Error, said, out);
            }
            Step::ParkThen(leave) => {
                self.park_or_resume(out);
                self.leave(leave, out);
            }
            Step::Resume(id) => self.resume(id, out),
            Step::Go(route) => {
                let (screen, steps) = Screen::at(route, &self.world);
                self.open(screen);
                self.world.count_screen();
                self.apply(steps, out);
            }
            Step::Instead(route) => {
                if !self.screens.iter().skip(1).any(|opened| opened.screen.is_changed()) {
                    self.close_to(1, out);
                }
                self.step(self.top(), Step::Go(route), out);
            }
            Step::Leave(leave) => self.leave(leave, out),
            Step::Left(leave) => self.left(leave, out),
            Step::Open(layer) => {
                self.lay(*layer);
                // What the next layer creates gets a key of its own.
                self.world.count_screen();
            }
            Step::Pick(pick, subjects, reason) => {
                let steps = picker::open(pick, subjects, reason, &self.world);
                self.apply(steps, out);
            }
            Step::Close => {
                self.layers.pop();
            }
            Step::CloseAnd(action) => {
                self.layers.pop();
                self.act(action, out);
            }
            Step::Keep(about, reason) => self.world.kept.put(about, reason),
            Step::Inform(said) => self.say(Tone::Info, said, out),
            Step::Warn(said) => self.say(Tone::Error, said, out),
            Step::TakeOver(session) => self.take_over(*session, out),
            Step::UndoSave => self.undo_save(out),
            Step::AskAgain => self.ask_again(out),
            Step::Filtered(_)
            | Step::Merged(_)
            | Step::Check
            | Step::SaveThen(_)
            | Step::SaveAgain => self.pass_on(step, out),
        }
    }

    /// Another write is under way: this one is not sent. A form keeps what was typed, and so do several
    /// writes in a row; what was typed on a layer is asked about.
    fn wait_for_save(&mut self, owner: ScreenId, call: &Call, out: &mut Vec<Effect>) {
        const SAID: &str = "Something is being saved already.";
        self.released(owner);
        let is_form = matches!(self.opened_mut(owner), Some(Screen::Form(_)));
        let results = self.results_mut();
        let is_kept = is_form || results.is_some();
        if let Some(results) = results {
            results.halt();
        }
        if is_kept || !self.unsent(owner, call, SAID, out) {
            self.say(Tone::Info, SAID.to_owned(), out);
        }
    }

    /// What belongs to the list or to the form below a layer.
    fn pass_on(&mut self, step: Step, out: &mut Vec<Effect>) {
        if !matches!(step, Step::Filtered(_)) {
            self.notices.dismiss();
        }
        let world = self.world.clone();
        if let Step::Filtered(filter) = step {
            let Some(Screen::List(list)) = self.top_mut() else { return };
            let steps = list.narrow(&world, *filter);
            return self.apply(steps, out);
        }
        let Some(Screen::Form(state)) = self.top_mut() else { return };
        let steps = match step {
            Step::Merged(merge) => record_form::merged(state, *merge, &world),
            Step::Check => record_form::check(state),
            Step::SaveThen(leave) => record_form::save(state, &world, Some(leave)),
            Step::SaveAgain => record_form::save_again(state, &world),
            _ => Vec::new(),
        };
        self.apply(steps, out);
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

    /// What a screen waits for belongs to no other.
    fn forget_screen(&mut self, id: ScreenId, out: &mut Vec<Effect>) {
        self.interrupted.retain(|(slot, _)| slot.owner != id);
        out.extend(self.slots.close(id));
    }

    /// Closes the screens that were opened last, until so many are left.
    fn close_to(&mut self, count: usize, out: &mut Vec<Effect>) {
        for closed in self.screens.split_off(count.min(self.screens.len())) {
            self.forget_screen(closed.id, out);
        }
        self.follow(out);
    }

    /// Shows a section. A section that is open already is shown as it was left.
    fn go_to(&mut self, place: Place, out: &mut Vec<Effect>) {
        let is_open = self.screens.first().is_some_and(|first| first.screen.is_at(place));
        self.close_to(usize::from(is_open), out);
        if !is_open {
            let (screen, steps) = Screen::first(place, &self.world);
            self.open(screen);
            self.apply(steps, out);
        }
    }
}
