//! The desk, and who is logged in.

use shared::account::{Login, User};

use super::App;
use crate::{
    api::{Call, Failure, sentence},
    effect::{Effect, Slot},
    layers::{Layer, question, relogin},
    msg::Desk,
    notice::Tone,
    screens::{Screen, first_start, login, opening, patients::list, register},
    step::Step,
};

impl App {
    pub(super) fn desk(&mut self, desk: Desk, out: &mut Vec<Effect>) {
        match desk {
            Desk::FirstStart { data } => {
                self.at_another_desk(out);
                self.world.desk.clear();
                self.restart(Screen::FirstStart(Box::new(first_start::init(data))));
            }
            Desk::Ready { label, is_ephemeral, is_logged_in } => {
                self.at_another_desk(out);
                self.world.desk = label;
                self.world.is_ephemeral = is_ephemeral;
                self.start(Slot::Meta, Call::Meta, out);
                let founder = self.founder.take();
                let identifier = founder.as_ref().map_or("", |(email, _)| email.as_str());
                let is_here = self.world.user.is_some();
                if !is_here && is_logged_in {
                    self.restart(Screen::Opening(opening::init()));
                } else if !is_here {
                    let screen = Screen::Login(Box::new(login::init(identifier, false)));
                    self.restart(screen);
                }
                match founder {
                    _ if is_here => {}
                    _ if is_logged_in => self.start(Slot::Account, Call::Profile, out),
                    Some((identifier, password)) => {
                        let login = Login { identifier, password, device: None };
                        self.start(Slot::Account, Call::Login(login), out);
                    }
                    None => {}
                }
            }
            Desk::Sample { label, is_logged_in, identifier, password } => {
                self.desk(Desk::Ready { label, is_ephemeral: true, is_logged_in }, out);
                self.world.sample = Some((identifier, password));
            }
            Desk::Elsewhere { label, can_go_local } => {
                let desk = Desk::Ready { label, is_ephemeral: false, is_logged_in: false };
                self.desk(desk, out);
                self.world.can_go_local = can_go_local;
            }
            Desk::Failed { field, message } => self.desk_failed(field.as_deref(), message, out),
        }
    }

    /// What was known of the desk before does not hold for this one.
    fn at_another_desk(&mut self, out: &mut Vec<Effect>) {
        out.extend(self.slots.cancel(Slot::Meta));
        self.world.can_go_local = false;
        self.world.sample = None;
        self.offline = None;
        self.retry_after = crate::app::RETRY_MIN;
    }

    fn desk_failed(&mut self, field: Option<&str>, message: String, out: &mut Vec<Effect>) {
        self.founder = None;
        match self.screens.last_mut() {
            Some(Screen::Opening(state)) => state.failure = Some(message),
            Some(Screen::FirstStart(state)) => {
                let steps = first_start::failed(state, field, message);
                self.apply(steps, out);
            }
            _ => self.say(Tone::Error, message, out),
        }
    }

    fn restart(&mut self, screen: Screen) {
        self.screens = vec![screen];
        self.layers.clear();
        self.parked.clear();
        self.slots.take_failed();
    }

    /// Takes an answer to logging in, registering or asking who it is.
    pub(super) fn account_answered(
        &mut self,
        call: &Call,
        result: Result<User, Failure>,
        out: &mut Vec<Effect>,
    ) {
        let failure = match result {
            Ok(user) => return self.logged_in(user, out),
            Err(failure) => failure,
        };
        if let (Call::Profile, Failure::Offline(_)) = (call, &failure) {
            self.went_offline(Slot::Account, call.clone(), &failure, out);
            return;
        }
        if let Screen::Opening(_) = self.screen() {
            self.restart(Screen::Login(Box::new(login::init("", false))));
        }
        let steps = match (self.layers.last_mut(), self.screens.last_mut()) {
            (Some(Layer::Relogin(state)), _) => login::refused(state, &failure),
            (_, Some(Screen::Login(state))) if !matches!(call, Call::Profile) => {
                login::refused(state, &failure)
            }
            (_, Some(Screen::Register(state))) => register::refused(state, &failure),
            _ => vec![Step::Warn(sentence(&failure))],
        };
        self.apply(steps, out);
    }

    /// Somebody has proved who they are: for the first time, or over a session that was over.
    fn logged_in(&mut self, user: User, out: &mut Vec<Effect>) {
        let before = self.world.user.clone();
        self.notices.dismiss();
        let Some(before) = before else { return self.enter(user, out) };
        if before.id == user.id {
            self.recognise(user, out);
            self.layers.retain(|layer| !matches!(layer, Layer::Relogin(_)));
            return self.unpark(out);
        }
        if self.has_unsaved() {
            self.layers.retain(|layer| !matches!(layer, Layer::Relogin(_)));
            let question = question::other_user(&before, &user);
            self.layers.push(Layer::Question(Box::new(question)));
            return;
        }
        self.take_over(user, out);
    }

    /// Another user takes the place of the one before: nothing of that one stays.
    pub(super) fn take_over(&mut self, user: User, out: &mut Vec<Effect>) {
        let dropped = self.has_unsaved();
        self.enter(user, out);
        if dropped {
            let said = "What the user before had typed was dropped.".to_owned();
            self.say(Tone::Info, said, out);
        }
    }

    fn enter(&mut self, user: User, out: &mut Vec<Effect>) {
        self.recognise(user, out);
        let (list, steps) = list::init(&self.world);
        self.restart(Screen::Patients(Box::new(list)));
        self.apply(steps, out);
    }

    fn recognise(&mut self, user: User, out: &mut Vec<Effect>) {
        if user.permissions.is_none() {
            self.start(Slot::Account, Call::Profile, out);
        }
        self.world.user = Some(user);
    }

    /// Does again what the end of the session stopped: reads by themselves, a write on somebody's
    /// own word.
    fn unpark(&mut self, out: &mut Vec<Effect>) {
        for (slot, call) in std::mem::take(&mut self.parked) {
            if call.is_write() {
                let question = question::resend(&call);
                self.layers.push(Layer::Question(Box::new(question)));
            } else {
                self.start(slot, call, out);
            }
        }
    }

    /// The session is over: what was asked waits, and whoever sits there logs in again over it.
    pub(super) fn expired(&mut self, slot: Slot, call: Call, out: &mut Vec<Effect>) {
        if self.world.user.is_none() {
            return;
        }
        self.parked.retain(|(known, _)| *known != slot);
        self.parked.push((slot, call));
        self.ask_again(out);
    }

    /// Asks again who it is, over everything.
    pub(super) fn ask_again(&mut self, out: &mut Vec<Effect>) {
        let is_asked = self.layers.iter().any(|layer| matches!(layer, Layer::Relogin(_)));
        if !is_asked {
            let layer = Layer::Relogin(Box::new(relogin::init(&self.world)));
            self.apply(vec![Step::Open(Box::new(layer))], out);
        }
    }

    pub(super) fn log_out(&mut self, out: &mut Vec<Effect>) {
        if self.slots.is_writing() {
            return self.say(Tone::Info, "Something is being saved; a moment.".to_owned(), out);
        }
        for slot in [Slot::Patients, Slot::Patient, Slot::History] {
            out.extend(self.slots.cancel(slot));
        }
        out.push(Effect::Disarm(crate::effect::Timer::Search));
        self.world.user = None;
        let mut login = login::init("", false);
        if let Some((identifier, password)) = &self.world.sample {
            login = login::init(identifier, false);
            login.form.set("password", password);
        }
        self.restart(Screen::Login(Box::new(login)));
        self.start(Slot::Account, Call::Logout, out);
    }

    /// The server is away: the read is kept, and tried again after a while that grows.
    pub(super) fn went_offline(
        &mut self,
        slot: Slot,
        call: Call,
        failure: &Failure,
        out: &mut Vec<Effect>,
    ) {
        use crate::{app::RETRY_MAX, effect::Timer};
        self.offline = Some(crate::api::reason(failure));
        self.slots.keep_failed(slot, call);
        out.push(Effect::Arm(Timer::Retry, self.retry_after));
        self.retry_after = (self.retry_after * 2).min(RETRY_MAX);
    }

    /// The server has answered.
    pub(super) fn came_online(&mut self, out: &mut Vec<Effect>) {
        use crate::{app::RETRY_MIN, effect::Timer};
        if self.offline.take().is_some() {
            self.retry_after = RETRY_MIN;
            out.push(Effect::Disarm(Timer::Retry));
            self.retry(out);
        }
    }
}
