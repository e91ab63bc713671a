//! Drives the application as somebody would: keys as text, answers to what was asked last.

use std::{collections::HashMap, time::Duration};

use ratatui_core::{backend::TestBackend, terminal::Terminal};
use serde_json::Value;
use shared::{
    patient::{Patient, PatientFilter},
    query::Query as _,
    read::Reader,
};

use super::fixtures::{assigned, history, listed, lookup, meta, one, page, signed_in, today};
use crate::{
    api::{Call, Failure, Reply},
    app::{App, update},
    date::DateOrder,
    effect::{Effect, Lane, Ticket, Timer},
    input::chord::{Chord, Key},
    msg::{Desk, Msg},
    session::SessionHandle,
    theme::Theme,
    view::view,
    world::Options,
};

/// Keys by which much is reached from anywhere.
pub(super) const NAMED: &[Key] = &[
    Key::Enter,
    Key::Esc,
    Key::Tab,
    Key::BackTab,
    Key::Backspace,
    Key::Delete,
    Key::Insert,
    Key::Up,
    Key::Down,
    Key::Left,
    Key::Right,
    Key::Home,
    Key::End,
    Key::PageUp,
    Key::PageDown,
];

/// The wait after which the desk of the tests is locked.
pub(super) const LOCK_AFTER: Duration = Duration::from_secs(600);

/// An application with what it has asked for.
#[derive(Clone)]
pub(super) struct Driver {
    pub(super) app: App,
    pub(super) calls: Vec<(Ticket, Call)>,
    /// The session of each call.
    pub(super) sessions: Vec<Option<SessionHandle>>,
    logins: u64,
    pub(super) last: Vec<Effect>,
    /// The timers that are armed.
    pub(super) timers: HashMap<Timer, Duration>,
}

impl Driver {
    pub(super) fn new(width: u16, height: u16) -> Self {
        Self::with_order(DateOrder::DayFirst, width, height)
    }

    /// With this order of day and month.
    fn with_order(date_order: DateOrder, width: u16, height: u16) -> Self {
        Self::started(Options {
            width,
            height,
            today: today(),
            date_order,
            last_login: String::new(),
            lock_after: Some(LOCK_AFTER),
            page_size: 50,
            run: 7,
        })
    }

    /// Begun with these options.
    pub(super) fn started(options: Options) -> Self {
        let mut driver = Self {
            app: App::new(options),
            calls: Vec::new(),
            sessions: Vec::new(),
            logins: 0,
            last: Vec::new(),
            timers: HashMap::new(),
        };
        driver.send(Msg::Start);
        driver
    }

    /// At the login.
    pub(super) fn at_login(width: u16, height: u16) -> Self {
        Self::new(width, height).opened()
    }

    /// The desk has opened.
    pub(super) fn opened(mut self) -> Self {
        self.send(Msg::Desk(Desk::Ready {
            label: "local desk".to_owned(),
            is_ephemeral: false,
            session: None,
        }));
        self.answer(Lane::Meta, Ok(Reply::Meta(Box::new(meta()))));
        self
    }

    /// Logged in, with these patients in the list.
    pub(super) fn with(patients: Vec<Patient>, count: i64, width: u16, height: u16) -> Self {
        Self::at_login(width, height).listing(patients, count)
    }

    /// The same for this order of day and month.
    pub(super) fn ordered(date_order: DateOrder, patients: Vec<Patient>) -> Self {
        Self::with_order(date_order, 80, 24).opened().listing(patients, 5)
    }

    fn listing(mut self, patients: Vec<Patient>, count: i64) -> Self {
        self.keys("ana<tab>a long password<enter>");
        self.log_in(1, "ana");
        self.keys("<f3>");
        self.answer(Lane::List, Ok(listed(page(patients, count))));
        self
    }

    /// Looking at a patient.
    pub(super) fn looking_at(patient: Patient, width: u16, height: u16) -> Self {
        let mut driver = Self::with(vec![patient.clone()], 1, width, height);
        driver.keys("<down><enter>");
        driver.answer(Lane::Record, Ok(one(patient)));
        driver.answer(Lane::History, Ok(Reply::History(Box::new(history()))));
        if driver.asked(Lane::Related) > 0 {
            driver.answer(Lane::Related, Ok(assigned(Vec::new())));
        }
        driver
    }

    pub(super) fn log_in(&mut self, id: i64, name: &str) {
        self.logins += 1;
        let reply = signed_in(self.logins, id, name);
        self.answer(Lane::Account, Ok(reply));
    }

    pub(super) fn send(&mut self, msg: Msg) -> bool {
        self.app.take_dirty();
        if let Msg::Timer(timer) = &msg {
            self.timers.remove(timer);
        }
        self.last = update(&mut self.app, msg);
        for effect in &self.last {
            match effect {
                Effect::Call { ticket, session, call } => {
                    self.calls.push((*ticket, call.clone()));
                    self.sessions.push(*session);
                }
                Effect::Arm(timer, after) => {
                    self.timers.insert(*timer, *after);
                }
                Effect::Disarm(timer) => {
                    self.timers.remove(timer);
                }
                _ => {}
            }
        }
        self.app.take_dirty()
    }

    /// Answers what was asked last in a lane.
    pub(super) fn answer(&mut self, lane: Lane, result: Result<Reply, Failure>) {
        let ticket = self.ticket(lane);
        assert!(self.send(Msg::Reply(ticket, result)), "{lane:?}: the answer was dropped");
    }

    /// Answers what was asked last about this text in the find box.
    pub(super) fn found(&mut self, people: Vec<Patient>, text: &str) {
        let is_it = |call: &Call| matches!(call, Call::Lookup { text: sent } if sent == text);
        let asked = self.calls.iter().rev().find(|(_, call)| is_it(call));
        let ticket = asked.unwrap_or_else(|| panic!("{text} was not asked for")).0;
        assert!(self.send(Msg::Reply(ticket, Ok(lookup(people, text)))), "{text}: dropped");
    }

    pub(super) fn refuse(&mut self, lane: Lane, problem: shared::Problem) {
        self.answer(lane, Err(Failure::Problem(Box::new(problem))));
    }

    pub(super) fn ticket(&self, lane: Lane) -> Ticket {
        let last = self.calls.iter().rev().find(|(ticket, _)| ticket.slot.lane == lane);
        last.unwrap_or_else(|| panic!("nothing was asked in {lane:?}")).0
    }

    pub(super) fn call(&self, lane: Lane) -> &Call {
        let last = self.calls.iter().rev().find(|(ticket, _)| ticket.slot.lane == lane);
        &last.unwrap_or_else(|| panic!("nothing was asked in {lane:?}")).1
    }

    pub(super) fn asked(&self, lane: Lane) -> usize {
        self.calls.iter().filter(|(ticket, _)| ticket.slot.lane == lane).count()
    }

    /// Types: letters as they are, other keys as `<enter>`, `<ctrl-s>`.
    pub(super) fn keys(&mut self, keys: &str) {
        for chord in chords(keys) {
            self.send(Msg::Key(chord));
        }
    }

    pub(super) fn on_timer(&mut self, timer: Timer) -> bool {
        self.send(Msg::Timer(timer))
    }

    /// The screen as text, and where the cursor is.
    pub(super) fn screen(&self) -> String {
        let world = self.app.world();
        let mut terminal = Terminal::new(TestBackend::new(world.width, world.height)).unwrap();
        terminal.draw(|frame| view(&self.app, &Theme::ansi(), frame)).unwrap();
        let buffer = terminal.backend().buffer();
        let mut text = String::new();
        for y in 0..world.height {
            let mut line = String::new();
            let mut skip = 0;
            for x in 0..world.width {
                let symbol = buffer[(x, y)].symbol();
                if skip == 0 {
                    line.push_str(symbol);
                }
                let wide = usize::from(crate::text::width(symbol));
                skip = if skip > 0 { skip - 1 } else { wide.saturating_sub(1) };
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        let position = terminal.get_cursor_position().unwrap();
        text.push_str(&format!("cursor: {},{}\n", position.x, position.y));
        text
    }

    pub(super) fn shows(&self, words: &str) {
        let screen = self.screen();
        assert!(screen.contains(words), "{words:?} is not on\n{screen}");
    }

    pub(super) fn hides(&self, words: &str) {
        let screen = self.screen();
        assert!(!screen.contains(words), "{words:?} is on\n{screen}");
    }
}

/// The filter with which patients were last listed in a lane.
pub(super) fn filter(driver: &Driver, lane: Lane) -> PatientFilter {
    let Call::List { query, .. } = driver.call(lane) else { panic!("it is no list by a query") };
    let text = |(name, value): &(&str, String)| ((*name).to_owned(), Value::from(value.clone()));
    let mut reader = Reader::from_members(query.iter().map(text).collect());
    let filter = PatientFilter::read(&mut reader).unwrap();
    assert!(reader.finish().is_empty(), "{query:?}");
    filter
}

pub(super) fn chords(keys: &str) -> Vec<Chord> {
    let mut rest = keys;
    let mut chords = Vec::new();
    while let Some(c) = rest.chars().next() {
        let named = rest.strip_prefix('<').and_then(|r| r.split_once('>'));
        if let Some((name, after)) = named {
            chords.push(named_chord(name));
            rest = after;
        } else {
            chords.push(Chord::plain(Key::Char(c)));
            rest = &rest[c.len_utf8()..];
        }
    }
    chords
}

fn named_chord(name: &str) -> Chord {
    if let Some(letter) = name.strip_prefix("ctrl-") {
        return Chord::ctrl(letter.chars().next().unwrap());
    }
    Chord::plain(match name {
        "enter" => Key::Enter,
        "esc" => Key::Esc,
        "tab" => Key::Tab,
        "backtab" => Key::BackTab,
        "bs" => Key::Backspace,
        "up" => Key::Up,
        "down" => Key::Down,
        "left" => Key::Left,
        "right" => Key::Right,
        "insert" => Key::Insert,
        "del" => Key::Delete,
        "home" => Key::Home,
        "end" => Key::End,
        "pgup" => Key::PageUp,
        "pgdn" => Key::PageDown,
        function if function.starts_with('f') => Key::F(function[1..].parse().unwrap()),
        other => panic!("<{other}> is no key"),
    })
}
