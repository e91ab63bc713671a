//! Walks at random through the whole program: every screen, every layer, every kind of record, with answers
//! of every kind in any order, at any size. After each step it is asked whether what must always hold does.
//!
//! The walks are the same at each run, so the last test can count where they have been.

mod answers;
mod checks;
mod events;
mod places;

use std::{cell::RefCell, collections::BTreeSet};

use proptest::{
    prelude::*,
    test_runner::{RngAlgorithm, TestCaseError, TestRng, TestRunner},
};

use self::{
    answers::{End, answer, owner},
    checks::{Cause, check, check_draw, check_escape},
    events::{Event, events},
};
use super::driver::{Driver, chords};
use crate::{
    api::Call,
    effect::{Effect, Ticket},
    layers::Layer,
    msg::Msg,
    resource::RecordKind,
    screens::Screen,
};

/// Walks from each place. More find more and take longer.
const WALKS: u32 = 2;

/// A request that was sent.
#[derive(Clone)]
struct Sent {
    ticket: Ticket,
    call: Call,
}

/// A walk.
#[derive(Clone)]
pub(super) struct Walk {
    driver: Driver,
    /// Requests that are waited for.
    pending: Vec<Sent>,
    /// Requests that were answered or given up.
    old: Vec<Sent>,
    logins: u64,
    seen: BTreeSet<String>,
}

impl Walk {
    fn new() -> Self {
        let mut walk = Self {
            driver: Driver::new(80, 24),
            pending: Vec::new(),
            old: Vec::new(),
            logins: 1,
            seen: BTreeSet::new(),
        };
        walk.look();
        walk
    }

    /// Sends a message, and checks what must hold after each.
    fn send(&mut self, msg: Msg) {
        let cause = Cause::of(&msg);
        self.cause(msg, &cause);
    }

    fn cause(&mut self, msg: Msg, cause: &Cause) {
        let before = self.driver.app.clone();
        let is_handled = self.driver.send(msg);
        check(&before, &self.driver, cause, is_handled);
        for effect in &self.driver.last {
            match effect {
                Effect::Call { ticket, call, .. } => {
                    let sent = Sent { ticket: *ticket, call: call.clone() };
                    self.pending.push(sent);
                }
                Effect::Abort(slot) => {
                    let given_up = self.pending.extract_if(.., |sent| sent.ticket.slot == *slot);
                    self.old.extend(given_up);
                }
                _ => {}
            }
        }
        self.look();
    }

    fn keys(&mut self, keys: &str) {
        for chord in chords(keys) {
            self.send(Msg::Key(chord));
        }
    }

    /// The user types what only they type.
    fn type_own(&mut self) {
        let user = self.driver.app.world().user().map_or(0, |user| user.id.0);
        self.keys(&typed_by(user));
    }

    fn answer_at(&mut self, at: usize, end: End) {
        let sent = self.pending.remove(at);
        let kind = if sent.call.is_write() { "write" } else { "read" };
        self.seen.insert(format!("{kind} {}", end.name()));
        self.logins += 1;
        let result = answer(&sent.call, end, self.logins);
        let cause = Cause::Answer { call: sent.call.clone(), is_good: result.is_ok() };
        self.old.push(sent.clone());
        self.cause(Msg::Reply(sent.ticket, result), &cause);
    }

    /// Answers well whatever is asked, and what is asked because of that.
    fn answer_all(&mut self) {
        for _ in 0..40 {
            if self.pending.is_empty() {
                return;
            }
            self.answer_at(0, End::Good(0));
        }
    }

    fn answer_where(&mut self, is_it: impl Fn(&Call) -> bool, end: End) {
        let at = self.pending.iter().position(|sent| is_it(&sent.call)).unwrap();
        self.answer_at(at, end);
    }

    /// An answer comes that nobody waits for.
    fn answer_late(&mut self, at: usize, end: End) {
        let sent = self.old[at].clone();
        self.logins += 1;
        let result = answer(&sent.call, end, self.logins);
        let before = self.driver.screen();
        self.cause(Msg::Reply(sent.ticket, result), &Cause::Late);
        assert_eq!(before, self.driver.screen(), "a late answer has changed something");
    }

    /// Notes where the walk has come, and checks that there is a way out.
    fn look(&mut self) {
        let app = &self.driver.app;
        let is_new = |seen: &mut BTreeSet<String>, name: String| seen.insert(name);
        is_new(&mut self.seen, screen_name(app.screen()));
        let layers: Vec<_> = app.layers().iter().map(layer_name).collect();
        for (depth, name) in layers.iter().enumerate() {
            is_new(&mut self.seen, format!("{name} at {depth}"));
            self.seen.insert((*name).to_owned());
        }
        // The way out of each heap of layers, on each screen, is tried once a walk.
        if is_new(
            &mut self.seen,
            format!("{} under {}", screen_name(app.screen()), layers.join("+")),
        ) {
            check_escape(&self.driver);
        }
    }

    fn go(&mut self, event: Event) {
        match event {
            Event::Msg(msg) => self.send(msg),
            Event::Type => self.type_own(),
            Event::Answer(which, end) if !self.pending.is_empty() => {
                self.answer_at(which.index(self.pending.len()), end);
            }
            Event::Late(which, end) if !self.old.is_empty() => {
                self.answer_late(which.index(self.old.len()), end);
            }
            Event::Answer(..) | Event::Late(..) => {}
        }
        check_draw(&self.driver);
    }
}

/// What this user types, and nobody else.
fn typed_by(user: i64) -> String {
    format!("Q{user}z")
}

/// Every layer. A new one belongs into [`layer_name`] and into [`places`].
const LAYERS: &[&str] = &[
    "actions", "choose", "field", "find", "arrival", "messages", "sort", "filter", "picker",
    "question", "relogin", "lock", "results", "conflict", "compare", "secret", "api",
];

fn layer_name(layer: &Layer) -> &'static str {
    match layer {
        Layer::Palette(_) => "actions",
        Layer::Choose(_) => "choose",
        Layer::Field(_) => "field",
        Layer::Find(_) => "find",
        Layer::Arrival(_) => "arrival",
        Layer::Messages(_) => "messages",
        Layer::Sort(_) => "sort",
        Layer::Filter(_) => "filter",
        Layer::Picker(_) => "picker",
        Layer::Question(_) => "question",
        Layer::Relogin(state) if state.is_locked => "lock",
        Layer::Relogin(_) => "relogin",
        Layer::Results(_) => "results",
        Layer::Conflict(_) => "conflict",
        Layer::Compare(_) => "compare",
        Layer::Secret(_) => "secret",
        Layer::Api(_) => "api",
    }
}

fn screen_name(screen: &Screen) -> String {
    match screen {
        Screen::Opening(_) => "opening".to_owned(),
        Screen::FirstStart(_) => "first start".to_owned(),
        Screen::Login(_) => "login".to_owned(),
        Screen::Register(_) => "register".to_owned(),
        Screen::Home(_) => "home".to_owned(),
        Screen::Dashboard(_) => "dashboard".to_owned(),
        Screen::Password(_) => "password".to_owned(),
        Screen::List(state) => format!("list of {:?}", state.kind),
        Screen::Detail(state) => format!("page of {:?}", state.kind()),
        Screen::Form(state) => format!("form of {:?}", state.kind),
    }
}

/// Every screen that there is.
fn screens() -> Vec<String> {
    use RecordKind::{Account, ApiToken, Assignment, Doctor, Patient, User};
    let lists = RecordKind::ALL.iter().filter(|kind| **kind != User);
    // A pair has no page: its records are compared.
    let pages = RecordKind::ALL.iter().filter(|kind| **kind != RecordKind::LikelyPair);
    let forms = [Patient, Doctor, Assignment, Account, User, ApiToken];
    ["opening", "first start", "login", "register", "home", "dashboard", "password"]
        .map(str::to_owned)
        .into_iter()
        .chain(lists.map(|kind| format!("list of {kind:?}")))
        .chain(pages.map(|kind| format!("page of {kind:?}")))
        .chain(forms.map(|kind| format!("form of {kind:?}")))
        .collect()
}

/// Walks from the places of these numbers. Answers where the walks have been.
fn walk(places: impl Iterator<Item = usize>) -> BTreeSet<String> {
    let seen = RefCell::new(BTreeSet::new());
    for place in places {
        let config = ProptestConfig {
            cases: WALKS,
            failure_persistence: None,
            max_shrink_iters: 300,
            ..ProptestConfig::default()
        };
        let start = places::at(place);
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let result = TestRunner::new_with_rng(config, rng).run(&events(), |events| {
            let mut walk = start.clone();
            for event in events {
                walk.go(event);
            }
            seen.borrow_mut().append(&mut walk.seen);
            Ok::<_, TestCaseError>(())
        });
        if let Err(error) = result {
            panic!("from {}: {error}", places::name(place));
        }
    }
    seen.into_inner()
}

#[test]
fn walks_reach_every_screen_every_layer_and_every_answer_and_nothing_breaks() {
    // Two threads take half the time.
    let (seen, more) = std::thread::scope(|scope| {
        let odd = scope.spawn(|| walk((0..places::COUNT).skip(1).step_by(2)));
        (walk((0..places::COUNT).step_by(2)), odd.join())
    });
    let mut seen = seen;
    seen.extend(more.unwrap());
    // Only a write contradicts another record, or comes too late.
    let reads = ["good", "refused", "expired", "lost", "offline", "garbled"];
    let reads = reads.map(|end| format!("read {end}"));
    let writes = reads.clone().map(|read| read.replace("read", "write"));
    let more = ["write stale", "write contradicted"].map(str::to_owned);
    let answers = reads.into_iter().chain(writes).chain(more);
    let layers = LAYERS.iter().map(|name| (*name).to_owned());
    let all = screens().into_iter().chain(layers).chain(answers);
    let missed: Vec<_> = all.filter(|name| !seen.contains(name)).collect();
    assert!(missed.is_empty(), "no walk has come to {missed:?}");
}
