//! When the desk is locked, and what comes meanwhile.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use shared::{Kind, visit::VisitStatus};

use super::{
    driver::{Driver, LOCK_AFTER},
    fixtures::{assigned, jose, problem, signed_in, visit, visits},
};
use crate::{
    api::{Failure, Reply},
    effect::{Effect, Lane, Timer},
    layers::Layer,
    msg::Msg,
};

fn at(seconds: i64) -> Msg {
    let start: DateTime<Utc> = "2026-11-20T09:00:00Z".parse().unwrap();
    Msg::Now(start + TimeDelta::seconds(seconds))
}

/// How long the lock is waited for from the last message on, where that has begun a wait.
fn wait(driver: &Driver) -> Option<Duration> {
    driver.last.iter().find_map(|effect| match effect {
        Effect::Arm(Timer::Idle, wait) => Some(*wait),
        _ => None,
    })
}

/// Logged in at the time zero.
fn logged_in() -> Driver {
    let mut driver = Driver::at_login(80, 24);
    driver.send(at(0));
    driver.keys("ana<tab>a long password<enter>");
    driver.log_in(1, "ana");
    driver
}

#[test]
fn the_wait_begins_with_the_session_and_not_with_every_key() {
    let mut driver = logged_in();
    assert_eq!(wait(&driver), Some(LOCK_AFTER), "nobody has pressed a key yet");
    driver.send(at(60));
    driver.keys("g");
    assert_eq!(wait(&driver), None);
    let mut driver = Driver::at_login(80, 24);
    driver.keys("a");
    assert_eq!(wait(&driver), None, "there is nobody to lock out");
}

#[test]
fn the_end_of_the_wait_counts_from_the_last_key() {
    let mut driver = logged_in();
    driver.send(at(400));
    driver.keys("g");
    driver.send(at(600));
    assert!(!driver.on_timer(Timer::Idle));
    assert_eq!(wait(&driver), Some(Duration::from_secs(400)));
    assert!(!driver.app.is_locked());
    driver.send(at(1000));
    assert!(driver.on_timer(Timer::Idle));
    assert!(driver.app.is_locked());
    driver.keys("a long password<enter>");
    driver.log_in(1, "ana");
    assert_eq!(wait(&driver), Some(LOCK_AFTER));
}

#[test]
fn the_first_key_after_the_machine_has_slept_locks_and_is_typed_nowhere() {
    let mut driver = logged_in();
    driver.send(at(3_600));
    driver.keys("g");
    assert!(driver.app.is_locked());
    driver.keys("a long password<enter>");
    driver.log_in(1, "ana");
    driver.hides("Find g");
    assert_eq!(driver.asked(Lane::Account), 2);
}

#[test]
fn a_clock_that_was_set_back_begins_the_wait_again() {
    let mut driver = logged_in();
    driver.send(at(-3_600));
    assert!(!driver.on_timer(Timer::Idle));
    assert_eq!(wait(&driver), Some(LOCK_AFTER));
}

/// An arrival is being saved, and nobody has pressed a key since.
fn saving() -> Driver {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-a>");
    driver.answer(Lane::Pick, Ok(assigned(Vec::new())));
    driver.keys("<enter>");
    driver.on_timer(Timer::Idle);
    assert!(driver.app.is_locked());
    driver
}

#[test]
fn an_answer_lays_nothing_over_the_lock() {
    let mut driver = saving();
    driver.answer(Lane::Save, Err(Failure::Unknown("it hung up".to_owned())));
    assert!(matches!(driver.app.layers(), [Layer::Question(_), Layer::Relogin(_)]));
    driver.hides("Was it done?");
    driver.keys("a long password<enter>");
    driver.log_in(1, "ana");
    driver.shows("Was it done?");
}

#[test]
fn what_is_said_at_a_locked_desk_is_shown_after_the_login() {
    let mut driver = saving();
    driver.refuse(Lane::Save, problem(Kind::Conflict, &[]));
    let said = driver.app.notices().newest().map(|notice| notice.text.clone()).unwrap_or_default();
    assert!(!said.is_empty());
    driver.hides(&said);
    driver.keys("a long password<enter>");
    driver.answer(Lane::Account, Err(Failure::Offline("nothing answers".to_owned())));
    driver.shows("nothing answers");
    driver.keys("<enter>");
    driver.log_in(1, "ana");
    let screen = driver.screen();
    let words: Vec<&str> = screen.split_whitespace().collect();
    assert!(words.join(" ").contains(&said), "{said}: {screen}");
}

#[test]
fn nothing_is_read_at_a_locked_desk_after_an_answer_and_everything_after_the_login() {
    let mut driver = logged_in();
    driver.answer(Lane::List, Ok(visits(vec![visit(3, VisitStatus::Waiting)])));
    driver.keys("<tab><ctrl-a>");
    driver.send(at(601));
    driver.on_timer(Timer::Idle);
    let before = driver.calls.len();
    let called = visit(3, VisitStatus::Called);
    driver.answer(Lane::Save, Ok(Reply::Record(called.into())));
    driver.on_timer(Timer::Search);
    driver.on_timer(Timer::Retry);
    assert_eq!(driver.calls.len(), before);
    driver.keys("a long password<enter>");
    let (visits, numbers) = (driver.asked(Lane::List), driver.asked(Lane::Dashboard));
    driver.answer(Lane::Account, Ok(signed_in(2, 1, "ana")));
    assert_eq!(
        (driver.asked(Lane::List), driver.asked(Lane::Dashboard)),
        (visits + 1, numbers + 1)
    );
    driver.shows("called");
}
