//! The application: plain data, one function that changes it, one that draws it.
//!
//! The shell does three things. It gives every [`Msg`] to [`update`] and carries out the effects
//! that come back, in their order. After each batch of messages it asks [`App::take_dirty`], and
//! draws with [`view`](crate::view::view) only if that says `true`: a message that was handled
//! makes one draw necessary, a stale answer none. And it keeps its promises about timers: arming
//! one that is armed restarts it, and nothing is armed at the start.
//!
//! The first message is [`Msg::Start`] (the opening is drawn before there is any network), then
//! [`Msg::Desk`]. After [`Desk::Ready`](crate::msg::Desk::Ready) the application asks for what it
//! needs by itself.

mod ahead;
mod asking;
mod assigning;
mod bulk;
mod dispatch;
mod fields;
mod intents;
mod live;
mod lock;
mod offers;
mod operations;
mod parking;
mod remains;
mod replies;
mod session;
mod slots;
mod timers;
mod undo;
mod waiting;

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::{
    api::Call,
    effect::{Effect, Lane, ScreenId, Slot, Timer},
    layers::{Intent, Layer, share},
    msg::Msg,
    notice::{self, Notices},
    screens::{Screen, opening},
    session::Session,
    world::Options,
    world::World,
};
use ahead::{Ahead, Typed};
use remains::FollowUps;
use slots::Slots;
use undo::Undo;

/// The wait after which a running request is shown as such.
pub const BUSY_AFTER: Duration = Duration::from_millis(150);
/// How long a passing message is shown.
pub const TOAST_FOR: Duration = Duration::from_secs(4);
/// The first wait before a server that is away is tried again; it doubles up to [`RETRY_MAX`].
pub const RETRY_MIN: Duration = Duration::from_secs(2);
/// The longest wait before a server that is away is tried again.
pub const RETRY_MAX: Duration = Duration::from_secs(60);

/// A screen that was opened.
#[derive(Clone)]
struct Opened {
    id: ScreenId,
    screen: Screen,
    /// Whether a live change has outdated what it shows.
    is_stale: bool,
    /// What the screen wants done once it is shown.
    held: Vec<Intent>,
}

impl Opened {
    fn new(id: ScreenId, screen: Screen) -> Self {
        Self { id, screen, is_stale: false, held: Vec::new() }
    }
}

/// The application.
#[derive(Clone)]
pub struct App {
    world: World,
    /// The screens that were gone through; the last is shown. Never empty.
    screens: Vec<Opened>,
    /// The name of the screen that was opened last.
    newest: ScreenId,
    layers: Vec<Layer>,
    notices: Notices,
    slots: Slots,
    /// What the end of a session stopped, to be done again.
    interrupted: Vec<(Slot, Call)>,
    /// Forms that were put aside, oldest first.
    parked: Vec<Opened>,
    /// The last save, while it can be taken back.
    undo: Option<Undo>,
    /// What is still to be asked about archived records.
    follow_ups: FollowUps,
    is_busy: bool,
    is_busy_armed: bool,
    /// That the server is away and why, while it is: a sentence.
    offline: Option<String>,
    retry_after: Duration,
    /// Seconds until a server that is away is tried again, while that is waited for.
    retry_in: Option<u64>,
    /// Whether the timer of the countdown is armed.
    is_counting: bool,
    /// E-mail address and password of a desk that was just set up: logs in by itself, once.
    founder: Option<(String, String)>,
    /// The id of the request whose failure is being handled.
    failed_request: Option<String>,
    /// The seconds that the server wants to be left alone after the failure that is being handled.
    failed_wait: Option<u64>,
    /// Whether the pause after a refresh because of live changes runs.
    is_following: bool,
    lock_after: Option<Duration>,
    /// The keys and pastes until now.
    presses: u64,
    /// The number of the key that is being handled, while it is a command.
    command: Option<u64>,
    /// Whether somebody is asked to log in again as soon as nobody types.
    is_login_due: bool,
    /// Whether somebody was asked to log in again, and nobody has done so since.
    is_session_over: bool,
    /// Whether a change was saved in this session, so that undoing has a meaning.
    has_saved: bool,
    /// The time of the last key.
    used_at: Option<DateTime<Utc>>,
    /// What was typed ahead of an answer.
    ahead: Ahead,
    is_dirty: bool,
}

impl App {
    /// An application that has not begun.
    pub fn new(options: Options) -> Self {
        let newest = ScreenId::APP.next();
        Self {
            lock_after: options.lock_after,
            presses: 0,
            command: None,
            is_login_due: false,
            is_session_over: false,
            has_saved: false,
            used_at: None,
            world: World::new(options),
            screens: vec![Opened::new(newest, Screen::Opening(opening::init()))],
            newest,
            layers: Vec::new(),
            notices: Notices::default(),
            slots: Slots::default(),
            interrupted: Vec::new(),
            parked: Vec::new(),
            undo: None,
            follow_ups: FollowUps::default(),
            is_busy: false,
            is_busy_armed: false,
            offline: None,
            retry_after: RETRY_MIN,
            retry_in: None,
            is_counting: false,
            founder: None,
            failed_request: None,
            failed_wait: None,
            is_following: false,
            ahead: Ahead::default(),
            is_dirty: true,
        }
    }

    /// Whether anything has changed since this was asked last: only then there is something to
    /// draw.
    pub fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.is_dirty)
    }

    /// What every screen knows.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// What is said and was said.
    pub fn notices(&self) -> &Notices {
        &self.notices
    }

    /// What lies over the screen, the topmost last.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The screen that is shown.
    pub fn screen(&self) -> &Screen {
        const NONE: &Screen = &Screen::Opening(opening::State { failure: None });
        self.screens.last().map_or(NONE, |opened| &opened.screen)
    }

    /// What runs, once it has taken a while.
    pub fn activity(&self) -> Option<&'static str> {
        // A read that is tried again by itself does not cover why the server is away.
        let is_own = self.slots.is_writing() || self.slots.is_running(Lane::Account);
        self.slots.activity().filter(|_| self.is_busy && (self.offline.is_none() || is_own))
    }

    /// Whether no answer is waited for.
    pub fn is_idle(&self) -> bool {
        self.slots.activity().is_none()
    }

    /// Whether the server is away.
    pub fn is_offline(&self) -> bool {
        self.offline.is_some()
    }

    /// The screen that is shown, to be changed.
    fn top_mut(&mut self) -> Option<&mut Screen> {
        self.screens.last_mut().map(|opened| &mut opened.screen)
    }

    /// The name of the screen that is shown.
    fn top(&self) -> ScreenId {
        self.screens.last().map_or(ScreenId::APP, |opened| opened.id)
    }

    /// The screen of this name, while it is open or parked.
    fn opened_mut(&mut self, id: ScreenId) -> Option<&mut Screen> {
        let mut screens = self.screens.iter_mut().chain(&mut self.parked);
        screens.find(|opened| opened.id == id).map(|opened| &mut opened.screen)
    }

    fn open(&mut self, screen: Screen) {
        self.cover();
        self.newest = self.newest.next();
        self.screens.push(Opened::new(self.newest, screen));
    }

    /// Another screen comes over the one that is shown: what was searched there is done with.
    fn cover(&mut self) {
        self.interrupt_ahead();
        if let Some(screen) = self.top_mut() {
            screen.end_search();
        }
    }

    fn run(&mut self, msg: Msg, out: &mut Vec<Effect>) -> bool {
        match msg {
            Msg::Start => true,
            Msg::Key(chord) => self.press(Typed::Key(chord), out),
            Msg::Paste(text) => self.press(Typed::Paste(text), out),
            Msg::Resize { width, height } => {
                (self.world.width, self.world.height) = (width, height);
                true
            }
            Msg::Timer(timer) => self.on_timer(timer, out),
            Msg::Desk(desk) => {
                self.desk(desk, out);
                true
            }
            Msg::Reply(ticket, result) => self.reply(ticket, result, out),
            Msg::Live(changes) => self.changed(&changes, out),
            Msg::SessionOver(session) => self.ended(session, out),
            Msg::Today(today) => {
                if self.world.meta.is_some() {
                    // The clinic's day counts: the server says when that ends.
                    self.ask(Lane::Meta, Call::Meta, out);
                    return false;
                }
                std::mem::replace(&mut self.world.today, today) != today
            }
            Msg::Now(now) => {
                self.world.now = Some(now);
                false
            }
            Msg::Server(address) => {
                self.world.address = address;
                false
            }
            Msg::Copies(copies) => {
                std::mem::replace(&mut self.world.copies, copies) != self.world.copies
            }
            Msg::Share(share) => {
                // Whoever has gone on meanwhile is not interrupted.
                let is_free = self.layers.is_empty() && self.world.session().is_some();
                if is_free {
                    self.lay(Layer::Choose(Box::new(share::init(&share))));
                }
                is_free
            }
        }
    }

    /// Starts a request of the application itself.
    fn ask(&mut self, lane: Lane, call: Call, out: &mut Vec<Effect>) {
        self.start(Slot { owner: ScreenId::APP, lane }, call, out);
    }

    /// Starts a request in the session that is used, and the wait after which it is shown as
    /// running.
    fn start(&mut self, slot: Slot, call: Call, out: &mut Vec<Effect>) {
        if self.is_locked() && call.needs_session() && !call.is_write() {
            // A locked desk reads nothing. The screen gets its answer after the login.
            return self.interrupt(slot, call);
        }
        let session = self.world.session().map(Session::handle);
        out.extend(self.slots.start(slot, session, call, self.command));
        if !self.is_busy && !self.is_busy_armed {
            self.is_busy_armed = true;
            out.push(Effect::Arm(Timer::Busy, BUSY_AFTER));
        }
    }

    fn refresh_derived(&mut self, out: &mut Vec<Effect>) {
        if self.slots.activity().is_none() {
            self.is_busy = false;
            if std::mem::take(&mut self.is_busy_armed) {
                out.push(Effect::Disarm(Timer::Busy));
            }
        }
        self.world.is_waiting = self.is_busy && self.slots.activity().is_some();
        let (width, height) = (self.world.width, self.world.height);
        let away = self.away(width).map_or(1, |lines| lines.len());
        let most = notice::rows_max(height);
        let away = u16::try_from(away).unwrap_or(most).min(most);
        let is_said = self.notices.shown.is_some() || self.activity().is_some();
        self.world.status_rows = if is_said { self.notices.rows(width, height) } else { away };
        let world = &self.world;
        self.screens.iter_mut().for_each(|opened| opened.screen.keep_focus_visible(world));
        self.layers.iter_mut().for_each(|layer| layer.keep_focus_visible(world));
    }
}

/// Takes a message: changes the application, and says what is to be done outside.
pub fn update(app: &mut App, msg: Msg) -> Vec<Effect> {
    let mut effects = Vec::new();
    let is_handled = app.run(msg, &mut effects);
    if is_handled {
        app.take_ahead(&mut effects);
        app.ask_if_due(&mut effects);
        app.apply_held(&mut effects);
        app.follow_up(&mut effects);
        app.notices.arrive(app.top());
        app.is_dirty = true;
        app.refresh_derived(&mut effects);
    }
    effects
}
