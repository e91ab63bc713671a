//! The loop: takes everything that waits, lets the core decide, then draws at most once.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use chrono::{DateTime, Local, NaiveDate, NaiveTime};
use tokio::{
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    task::JoinSet,
    time::{Duration, Instant, sleep},
};
use tui_core::{
    app::{self, App},
    effect::Effect,
    msg::Msg,
    theme::Theme,
    view,
    world::Options,
};

use super::{
    Event, effects::Effects, input, input::Input, screen::Screen, signals, terminal, timers::Timers,
};
use crate::connection::Connection;

/// Rows of a page of a list.
const PAGE_SIZE: i64 = 50;
/// The most messages between two frames.
const BATCH: usize = 4_096;
/// How long after going on the signal that says so may still come.
const ECHO: Duration = Duration::from_secs(1);

/// Everything that the loop has in its hands.
pub(super) struct Shell {
    app: App,
    theme: Theme,
    screen: Screen,
    input: Input,
    effects: Effects,
    timers: Timers,
    /// What the core wants done outside, once the frame is drawn: a key is seen before its request is sent.
    /// The threads that work on a request would otherwise take the processor from the frame.
    to_do: Vec<Effect>,
    events: UnboundedReceiver<Event>,
    today: NaiveDate,
    went_on: Option<Instant>,
    is_dirty: bool,
    is_ending: bool,
}

impl Shell {
    /// Takes the terminal. Nothing is asked of anybody yet.
    ///
    /// Fails with one plain sentence.
    pub(super) fn new(connection: Arc<Connection>, has_colors: bool) -> Result<Self, String> {
        let fault = |e: std::io::Error| format!("the terminal can't be used: {e}");
        let (sender, events) = unbounded_channel();
        signals::watch(sender.clone()).map_err(fault)?;
        terminal::hook_panics();
        let screen = Screen::enter().map_err(fault)?;
        input::watch_for_hangup(sender.clone()).map_err(fault)?;
        let (width, height) = crossterm::terminal::size().map_err(fault)?;
        let today = today();
        let date_order = connection.date_order();
        let last_login = connection.last_login();
        let run = random()?;
        let page_size = PAGE_SIZE;
        let lock_after = connection.lock_after();
        let options =
            Options { width, height, today, date_order, last_login, lock_after, page_size, run };
        Ok(Self {
            app: App::new(options),
            theme: if has_colors { Theme::ansi() } else { Theme::mono() },
            screen,
            input: Input::start(&sender),
            effects: Effects::new(connection, sender),
            timers: Timers::default(),
            to_do: Vec::new(),
            events,
            today,
            went_on: None,
            is_dirty: true,
            is_ending: false,
        })
    }

    /// Runs until the end.
    ///
    /// Fails with one plain sentence.
    pub(super) async fn run(&mut self) -> Result<(), String> {
        let fault = |e: std::io::Error| format!("the terminal can't be used: {e}");
        let effects = self.show().map_err(fault)?;
        self.effects.open();
        self.perform(effects).await.map_err(fault)?;
        self.work();
        while !self.is_ending && !self.screen.is_broken() {
            self.turn().await.map_err(fault)?;
        }
        Ok(())
    }

    /// Draws the first frame, before anything is asked of anybody.
    fn show(&mut self) -> std::io::Result<Vec<Effect>> {
        let effects = self.update(Msg::Start);
        self.draw()?;
        Ok(effects)
    }

    /// Waits until something happens, shows it, and then does outside what it asks for: also where the
    /// terminal is gone.
    async fn turn(&mut self) -> std::io::Result<()> {
        let shown = self.see().await;
        self.work();
        shown
    }

    /// Waits until something happens, handles everything that waits, and draws at most once.
    async fn see(&mut self) -> std::io::Result<()> {
        self.wait().await?;
        self.drain().await?;
        if self.is_dirty && self.screen.is_idle() && !self.is_ending {
            self.draw()?;
        }
        Ok(())
    }

    /// Gives the terminal back. What is left are the writes under way.
    pub(super) async fn leave(&mut self) -> JoinSet<()> {
        // What is typed from now on is meant for whoever has the terminal next.
        self.input.stop().await;
        self.screen.leave().await;
        self.effects.finish()
    }

    /// Waits for one thing to happen, and handles it.
    async fn wait(&mut self) -> std::io::Result<()> {
        tokio::select! {
            biased;
            event = self.events.recv() => match event {
                Some(event) => self.handle(event).await,
                None => Ok(()),
            },
            () = self.screen.idle(), if self.is_dirty => Ok(()),
            () = sleep(until_tomorrow()) => self.look_at_the_calendar().await,
        }
    }

    /// Handles everything that waits.
    async fn drain(&mut self) -> std::io::Result<()> {
        for _ in 0..BATCH {
            if self.is_ending {
                return Ok(());
            }
            match self.events.try_recv() {
                Ok(event) => self.handle(event).await?,
                Err(_) => break,
            }
        }
        self.look_at_the_calendar().await
    }

    async fn handle(&mut self, event: Event) -> std::io::Result<()> {
        match event {
            Event::Msg(msg) => self.tell(*msg).await,
            Event::Timer(alarm) => {
                // The timer may have been armed anew or disarmed since the last frame.
                self.work();
                match self.timers.take(alarm) {
                    Some(timer) => self.tell(Msg::Timer(timer)).await,
                    None => Ok(()),
                }
            }
            Event::Stop => self.suspend().await,
            // The stop that the core asked for has been seen to already.
            Event::Continued if self.went_on.is_some_and(|at| at.elapsed() < ECHO) => Ok(()),
            Event::Continued => self.go_on().await,
            Event::End => {
                self.is_ending = true;
                Ok(())
            }
        }
    }

    /// A new day, also after the machine has slept through midnight.
    async fn look_at_the_calendar(&mut self) -> std::io::Result<()> {
        let today = today();
        if today == self.today {
            return Ok(());
        }
        self.today = today;
        self.tell(Msg::Today(today)).await
    }

    async fn tell(&mut self, msg: Msg) -> std::io::Result<()> {
        app::update(&mut self.app, Msg::Now(now().to_utc()));
        let effects = self.update(msg);
        self.perform(effects).await
    }

    fn update(&mut self, msg: Msg) -> Vec<Effect> {
        let effects = app::update(&mut self.app, msg);
        self.is_dirty |= self.app.take_dirty();
        effects
    }

    fn draw(&mut self) -> std::io::Result<()> {
        self.is_dirty = false;
        let (app, theme) = (&self.app, &self.theme);
        self.screen.draw(|frame| view::view(app, theme, frame))
    }

    /// Does at once what concerns the terminal and the loop. Everything else waits for the next frame.
    async fn perform(&mut self, effects: Vec<Effect>) -> std::io::Result<()> {
        for effect in effects {
            match effect {
                Effect::Copy(text) => {
                    self.screen.copy(&text);
                    self.is_dirty = true;
                }
                Effect::Repaint => {
                    self.screen.repaint()?;
                    self.is_dirty = true;
                }
                Effect::Suspend => self.suspend().await?,
                Effect::Quit => self.is_ending = true,
                outside => self.to_do.push(outside),
            }
        }
        Ok(())
    }

    /// Does outside what has waited for the frame.
    fn work(&mut self) {
        for effect in std::mem::take(&mut self.to_do) {
            match effect {
                Effect::Call { ticket, session, call } => {
                    self.effects.call(ticket, session, call);
                }
                Effect::Listen(session) => self.effects.listen(session),
                Effect::EndSession(session) => self.effects.end_session(session),
                Effect::Abort(slot) => self.effects.abort(slot),
                Effect::Arm(timer, after) => {
                    self.timers.arm(timer, after, self.effects.events());
                }
                Effect::Disarm(timer) => self.timers.disarm(timer),
                Effect::LookAround => self.effects.look_around(),
                Effect::SetUp(admin) => self.effects.set_up(admin),
                Effect::Connect { url } => self.effects.connect(url),
                Effect::GoLocal => self.effects.go_local(),
                Effect::Share => self.effects.share(),
                Effect::RememberLogin(name) => self.effects.remember_login(name),
                // Never waits.
                Effect::Copy(_) | Effect::Repaint | Effect::Suspend | Effect::Quit => {}
            }
        }
    }

    /// Stops as Ctrl-Z does, and goes on when the shell says so.
    async fn suspend(&mut self) -> std::io::Result<()> {
        if !signals::can_stop() {
            return Ok(());
        }
        self.work();
        self.input.stop().await;
        self.screen.leave().await;
        signals::stop().await;
        self.went_on = Some(Instant::now());
        self.go_on().await
    }

    /// Goes on after a stop, whoever stopped the process: the shell may have changed every mode.
    async fn go_on(&mut self) -> std::io::Result<()> {
        self.screen.enter_again()?;
        self.input.restart(self.effects.events());
        self.is_dirty = true;
        let (width, height) = crossterm::terminal::size()?;
        let effects = self.update(Msg::Resize { width, height });
        Box::pin(self.perform(effects)).await
    }
}

/// A random number.
///
/// Fails with one plain sentence.
fn random() -> Result<u128, String> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| "the system's random number generator failed".to_owned())?;
    Ok(u128::from_be_bytes(bytes))
}

fn until_tomorrow() -> Duration {
    let now = now().naive_local();
    let midnight = now.date().succ_opt().unwrap_or(now.date()).and_time(NaiveTime::MIN);
    (midnight - now).to_std().unwrap_or(Duration::from_secs(3_600)) + Duration::from_secs(1)
}

#[expect(clippy::disallowed_methods, reason = "the core has no clock: its time comes from here")]
fn now() -> DateTime<Local> {
    Local::now()
}

fn today() -> NaiveDate {
    now().date_naive()
}
