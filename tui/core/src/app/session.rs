//! The desk, and who is logged in.

use std::time::Duration;

use shared::{
    Kind,
    account::{Login, User},
};

use super::{App, RETRY_MIN, remains::FollowUps, slots::Running};
use crate::{
    api::{Call, Failure, sentence, wait},
    effect::{Effect, Lane, ScreenId, Slot, Timer},
    input::{
        action::{Action, Context},
        keymap::{chords_of, labels},
        table::Entry,
    },
    intent::Place,
    layers::{Intent, Layer, question},
    login,
    msg::Desk,
    notice::{Notices, Tone},
    screens::{Screen, first_start, password, register},
    sentences::SAVING,
    session::{Session, SessionHandle},
};

impl App {
    pub(super) fn desk(&mut self, desk: Desk, out: &mut Vec<Effect>) {
        match desk {
            Desk::FirstStart { data } => {
                let is_chosen = self.world.is_ephemeral;
                self.at_another_desk(out);
                self.world.desk.clear();
                let state = first_start::init(data);
                let state = if is_chosen { state.setting_up() } else { state };
                let screen = Screen::FirstStart(Box::new(state));
                self.restart(screen, None, out);
            }
            Desk::Ready { label, is_ephemeral, session } => {
                self.at_another_desk(out);
                let is_same = self.world.desk == label;
                self.world.desk = label;
                self.world.is_ephemeral = is_ephemeral;
                self.begin_here(is_same, session.map(|session| *session), out);
                self.ask(Lane::Meta, Call::Meta, out);
            }
            Desk::Sample { label, session, identifier, password, can_go_local } => {
                self.desk(Desk::Ready { label, is_ephemeral: true, session }, out);
                self.world.can_go_local = can_go_local;
                self.world.sample = Some((identifier, password));
                if can_go_local {
                    self.say(Tone::Info, invented(), out);
                }
            }
            Desk::Elsewhere { label, can_go_local } => {
                let desk = Desk::Ready { label, is_ephemeral: false, session: None };
                self.desk(desk, out);
                self.world.can_go_local = can_go_local;
            }
            Desk::Moved { label } => self.world.desk = label,
            Desk::Failed { field, message } => self.desk_failed(field.as_deref(), message, out),
        }
    }

    /// What was known of the desk before does not hold for this one.
    fn at_another_desk(&mut self, out: &mut Vec<Effect>) {
        out.extend(self.slots.cancel(Slot { owner: ScreenId::APP, lane: Lane::Meta }));
        self.world.can_go_local = false;
        self.world.is_ephemeral = false;
        self.world.sample = None;
        if self.offline.take().is_some() {
            self.stop_waiting(out);
        }
        self.retry_after = RETRY_MIN;
    }

    fn desk_failed(&mut self, field: Option<&str>, message: String, out: &mut Vec<Effect>) {
        self.founder = None;
        match self.top_mut() {
            Some(Screen::Opening(state)) => state.failure = Some(message),
            Some(Screen::FirstStart(state)) => {
                let intents = first_start::failed(state, field, message);
                self.apply(intents, out);
            }
            _ => self.say(Tone::Error, message, out),
        }
    }

    /// The desk is open: goes on in a session that has begun there already, or asks who it is.
    fn begin_here(&mut self, is_same: bool, session: Option<Session>, out: &mut Vec<Effect>) {
        let founder = self.founder.take();
        match (self.world.session(), session) {
            // A session belongs to the desk at which it began. It goes on only there.
            (Some(_), session) if is_same => self.decline(session, out),
            (_, Some(session)) => {
                if let Some((email, _)) = founder {
                    self.remember_login(&email, out);
                }
                self.enter(session, out);
            }
            (_, None) => {
                let login = match &founder {
                    Some((email, _)) => login::init(email, false),
                    None => login::remembering(&self.world.last_login),
                };
                self.restart(Screen::Login(Box::new(login)), None, out);
                if let Some((identifier, password)) = founder {
                    let login = Login { identifier, password, device: None };
                    self.ask(Lane::Account, Call::Login(login), out);
                }
            }
        }
    }

    /// Begins from this screen, in this session or in none. The one place where the user changes:
    /// nothing that belongs to the user before is left, neither typed nor asked nor on its way.
    fn restart(&mut self, screen: Screen, session: Option<Session>, out: &mut Vec<Effect>) {
        let former = self.world.session().map(Session::handle);
        let next = session.as_ref().map(Session::handle);
        let user = |session: &Session| session.user().id;
        if self.world.session().is_some_and(|it| Some(user(it)) != session.as_ref().map(user)) {
            // What was said names patients, too.
            self.notices = Notices::default();
        }
        self.world.hand_to(session);
        self.screens.clear();
        self.open(screen);
        self.layers.clear();
        self.parked.clear();
        self.undo = None;
        (self.is_login_due, self.is_session_over, self.has_saved) = (false, false, false);
        self.follow_ups = FollowUps::default();
        self.interrupted.clear();
        self.forget_ahead(out);
        out.extend(self.slots.forget_session());
        out.push(Effect::Disarm(Timer::Search));
        out.extend(former.filter(|former| next != Some(*former)).map(Effect::EndSession));
    }

    /// Ends a session that nobody goes on in.
    pub(super) fn decline(&self, session: Option<Session>, out: &mut Vec<Effect>) {
        out.extend(session.map(|session| Effect::EndSession(session.handle())));
    }

    /// Takes a refusal to log in, to open an account or to say who it is.
    pub(super) fn account_refused(
        &mut self,
        call: &Call,
        failure: &Failure,
        out: &mut Vec<Effect>,
    ) {
        let sample = self.world.sample.as_ref();
        let screen = self.screens.last_mut().map(|opened| &mut opened.screen);
        let intents = match (self.layers.last_mut(), screen) {
            (Some(Layer::Relogin(state)), _) => login::refused(state, failure, sample),
            (_, Some(Screen::Login(state))) if !matches!(call, Call::Profile) => {
                login::refused(state, failure, sample)
            }
            (_, Some(Screen::Register(state))) => register::refused(state, failure),
            (_, Some(Screen::Password(state))) if matches!(call, Call::ResetPassword(_)) => {
                password::refused(state, failure)
            }
            _ => vec![Intent::Warn(sentence(failure))],
        };
        for intent in intents {
            match intent {
                // What is said of the login itself is not held until the end of the lock.
                Intent::Warn(said) => self.say_at_once(Tone::Error, said, out),
                intent => self.apply(vec![intent], out),
            }
        }
    }

    /// Remembers the name of a login that worked. A throw-away desk leaves nothing behind.
    pub(super) fn remember_login(&mut self, name: &str, out: &mut Vec<Effect>) {
        if !self.world.is_ephemeral && self.world.last_login != name {
            name.clone_into(&mut self.world.last_login);
            out.push(Effect::RememberLogin(name.to_owned()));
        }
    }

    /// Somebody has proved who they are: for the first time, or over a session that was over.
    pub(super) fn logged_in(&mut self, session: Session, out: &mut Vec<Effect>) {
        self.notices.dismiss();
        self.is_login_due = false;
        let Some(current) = self.world.session_mut() else { return self.enter(session, out) };
        let before = current.clone();
        let other = current.renew(session);
        if other.is_none() || !self.is_locked() {
            self.layers.retain(|layer| !matches!(layer, Layer::Relogin(_)));
        }
        let Some(other) = other else {
            out.extend(self.world.session().map(|session| Effect::Listen(session.handle())));
            out.push(Effect::EndSession(before.handle()));
            self.is_session_over = false;
            self.ask_permissions(out);
            self.unlock(out);
            return self.resume_interrupted(out);
        };
        if self.has_unsaved() {
            // What was typed stays with the user before, whose session this one does not replace.
            let question = question::other_user(before.user(), &other);
            self.layers.push(Layer::Question(Box::new(question)));
            return;
        }
        self.take_over(other, out);
    }

    /// Another user takes the place of the one before: nothing of that one stays.
    pub(super) fn take_over(&mut self, session: Session, out: &mut Vec<Effect>) {
        let dropped = self.has_unsaved();
        self.enter(session, out);
        if dropped {
            let said = "What the user before had typed was dropped.".to_owned();
            self.say(Tone::Info, said, out);
        }
    }

    fn enter(&mut self, session: Session, out: &mut Vec<Effect>) {
        let (screen, intents) = Screen::first(Place::Home, &self.world);
        out.push(Effect::Listen(session.handle()));
        self.restart(screen, Some(session), out);
        self.begin_wait(out);
        self.ask_permissions(out);
        self.apply(intents, out);
    }

    /// Asks what the session may do once the server has refused something that was offered: an administrator
    /// may have given the user another role.
    pub(super) fn may_have_changed(
        &mut self,
        call: &Call,
        failure: &Failure,
        out: &mut Vec<Effect>,
    ) {
        let is_forbidden = matches!(
            failure,
            Failure::Problem(problem) if problem.error == Kind::Forbidden.code()
        );
        let is_asked = matches!(call, Call::Profile) || !call.needs_session();
        if is_forbidden
            && !is_asked
            && self.world.session().is_some()
            && !self.slots.is_signing_in()
        {
            self.ask(Lane::Account, Call::Profile, out);
        }
    }

    /// Asks what the session may do, where that is not known yet.
    fn ask_permissions(&mut self, out: &mut Vec<Effect>) {
        if self.world.user().is_some_and(|user| user.permissions.is_none()) {
            self.ask(Lane::Account, Call::Profile, out);
        }
    }

    /// Takes what the server says of the user. Where that is somebody else, the session is not
    /// what it was taken for, and nothing more is done in it.
    pub(super) fn described(&mut self, user: User, out: &mut Vec<Effect>) {
        let Some(session) = self.world.session_mut() else { return };
        let handle = session.handle();
        if !session.describe(user) {
            out.push(Effect::EndSession(handle));
            self.ask_again(out);
        }
    }

    /// Does again what the end of the session stopped: reads by themselves, a write on somebody's
    /// own word.
    fn resume_interrupted(&mut self, out: &mut Vec<Effect>) {
        for (slot, call) in std::mem::take(&mut self.interrupted) {
            if call.is_write() && slot.owner == ScreenId::APP {
                let said = "The last save was not undone: the session had ended.".to_owned();
                self.say(Tone::Error, said, out);
            } else if call.is_write() {
                let mut opened = self.screens.iter().chain(&self.parked);
                let owner = opened.find(|opened| opened.id == slot.owner);
                let is_form = owner.is_some_and(|it| matches!(it.screen, Screen::Form(_)));
                let question = Layer::Question(Box::new(question::resend(&call, is_form)));
                self.apply_for(slot.owner, vec![Intent::Open(Box::new(question))], out);
            } else {
                self.start(slot, call, out);
            }
        }
    }

    /// The session in which something was asked is over: it waits, and whoever sits there logs in
    /// again over it, unless that has happened meanwhile.
    pub(super) fn expired(&mut self, slot: Slot, running: Running, out: &mut Vec<Effect>) {
        let Running { call, session, command } = running;
        let Some(current) = self.world.session() else { return };
        let is_renewed = session != Some(current.handle());
        self.interrupt(slot, call);
        if is_renewed {
            return self.resume_interrupted(out);
        }
        self.ask_when_ready(command == Some(self.presses), out);
    }

    /// The server has ended a session while nothing was asked in it. Says whether it is the one that is
    /// used: then somebody has to log in again.
    pub(super) fn ended(&mut self, session: SessionHandle, out: &mut Vec<Effect>) -> bool {
        let is_used = self.world.session().is_some_and(|used| used.handle() == session);
        if is_used {
            self.ask_when_ready(false, out);
        }
        is_used
    }

    /// Keeps a request until somebody has logged in again. An older one of the slot does not count.
    pub(super) fn interrupt(&mut self, slot: Slot, call: Call) {
        self.interrupted.retain(|(known, _)| *known != slot);
        self.interrupted.push((slot, call));
    }

    pub(super) fn log_out(&mut self, out: &mut Vec<Effect>) {
        if self.slots.is_writing() {
            return self.say(Tone::Info, SAVING.to_owned(), out);
        }
        let login = match self.world.sample.as_ref() {
            Some((identifier, _)) => {
                let mut login = login::init(identifier, false);
                login.fill_in(self.world.sample.as_ref());
                login
            }
            None => login::remembering(&self.world.last_login),
        };
        self.restart(Screen::Login(Box::new(login)), None, out);
    }

    /// The server is away: the read is kept, and tried again with all others after a while that grows from
    /// round to round.
    pub(super) fn went_offline(
        &mut self,
        slot: Slot,
        call: Call,
        failure: &Failure,
        out: &mut Vec<Effect>,
    ) {
        self.offline = Some(crate::api::absence(failure));
        self.slots.keep_failed(slot, call);
        if self.retry_in.is_none() {
            let wait = wait(failure).map_or(self.retry_after, Duration::from_secs);
            self.wait_for_retry(wait, out);
        }
    }

    /// The server has answered.
    pub(super) fn came_online(&mut self, out: &mut Vec<Effect>) {
        if self.offline.take().is_some() {
            self.retry_after = RETRY_MIN;
            self.stop_waiting(out);
            self.retry(out);
        }
    }
}

/// What is said at the beginning of a look around.
fn invented() -> String {
    let palette = Entry::of(Action::Palette);
    let key = palette.map_or(String::new(), |entry| labels(&chords_of(entry, &[Context::Global])));
    let label = Entry::of(Action::SetUp).map_or("", |entry| entry.label);
    format!("Everybody here is invented. {key}, “{label}” begins your own desk.")
}
