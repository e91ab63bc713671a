//! The question whether another user goes on in the place of the one before ends with its moment: nobody
//! goes on later in a session that somebody else has begun.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    driver::{Driver, LOCK_AFTER},
    fixtures::jose,
};
use crate::{
    api::Failure,
    effect::{Effect, Lane, Timer},
    layers::Layer,
    msg::{Desk, Msg},
    screens::Screen,
    session::SessionHandle,
};

const QUESTION: &str = "You are bob now";

fn at(seconds: i64) -> Msg {
    let start: DateTime<Utc> = "2026-11-20T09:00:00Z".parse().unwrap();
    Msg::Now(start + TimeDelta::seconds(seconds))
}

/// Ana's form is changed.
fn ana_types() -> Driver {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.send(at(0));
    driver.keys("<ctrl-e>xyz");
    driver
}

/// Bob has logged in over it, and is asked.
fn bob_logs_in(driver: &mut Driver) {
    driver.keys("<backtab><ctrl-u>bob<tab>a long password<enter>");
    driver.log_in(2, "bob");
    driver.shows(QUESTION);
}

/// Ana's session is over, and bob has logged in.
fn asked() -> Driver {
    let mut driver = ana_types();
    driver.keys("<ctrl-s>");
    driver.answer(Lane::Save, Err(Failure::Expired));
    bob_logs_in(&mut driver);
    driver
}

/// Ana's desk was locked, and bob has logged in.
fn asked_over_the_lock() -> Driver {
    let mut driver = ana_types();
    driver.send(at(700));
    driver.on_timer(Timer::Idle);
    assert!(driver.app.is_locked());
    bob_logs_in(&mut driver);
    driver
}

/// Bob's session is ended, and the lock alone lies over Ana's work.
fn is_locked_for_ana(driver: &mut Driver) {
    let bob = SessionHandle::new(2);
    let ends = |effect: &Effect| matches!(effect, Effect::EndSession(handle) if *handle == bob);
    assert!(driver.last.iter().any(ends), "bob's session goes on");
    assert!(matches!(driver.app.layers(), [Layer::Relogin(_)]), "{}", driver.screen());
    assert!(driver.app.is_locked());
    driver.keys("<tab><enter><esc><right><enter>");
    assert!(driver.app.is_locked());
    assert_eq!(driver.app.world().user().map(|user| user.login_name()), Some("ana"));
    assert!(driver.app.has_unsaved());
}

#[test]
fn a_desk_that_locks_takes_the_question_away() {
    let mut driver = asked();
    driver.send(at(700));
    assert!(driver.on_timer(Timer::Idle));
    is_locked_for_ana(&mut driver);
    driver.keys("<backtab><ctrl-u>ana<tab>a long password<enter>");
    driver.log_in(1, "ana");
    driver.hides(QUESTION);
    driver.keys("<esc>");
    driver.shows("Joséxyz");
}

#[test]
fn the_question_over_the_lock_waits_no_longer_than_the_desk() {
    let mut driver = asked_over_the_lock();
    assert_eq!(driver.timers.get(&Timer::Idle), Some(&LOCK_AFTER));
    driver.send(at(1000));
    driver.keys("<right>");
    driver.send(at(1400));
    assert!(!driver.on_timer(Timer::Idle), "somebody has just pressed a key");
    assert_eq!(driver.timers.get(&Timer::Idle), Some(&Duration::from_secs(200)));
    driver.send(at(1600));
    assert!(driver.on_timer(Timer::Idle));
    is_locked_for_ana(&mut driver);
}

#[test]
fn the_first_key_after_the_wait_answers_no_question_over_the_lock() {
    let mut driver = asked_over_the_lock();
    driver.keys("<tab>");
    driver.send(at(2000));
    driver.keys("<enter>");
    is_locked_for_ana(&mut driver);
}

#[test]
fn the_question_over_the_lock_is_answered_in_its_time() {
    let mut driver = asked_over_the_lock();
    driver.keys("<esc>");
    is_locked_for_ana(&mut driver);
    let mut driver = asked_over_the_lock();
    driver.keys("<tab><enter>");
    assert!(matches!(driver.app.screen(), Screen::Home(_)));
    assert_eq!(driver.app.world().user().map(|user| user.login_name()), Some("bob"));
    assert_eq!(driver.timers.get(&Timer::Idle), Some(&LOCK_AFTER));
}

#[test]
fn a_session_that_ends_meanwhile_asks_nobody_a_second_time() {
    let mut driver = asked();
    driver.send(Msg::SessionOver(SessionHandle::new(1)));
    assert!(matches!(driver.app.layers(), [Layer::Question(_)]), "{}", driver.screen());
    driver.keys("<esc>");
    assert!(matches!(driver.app.layers(), [Layer::Relogin(_)]));
}

#[test]
fn another_desk_ends_the_session_of_the_one_who_was_asked() {
    let mut driver = asked();
    let label = "https://elsewhere.example".to_owned();
    driver.send(Msg::Desk(Desk::Ready { label, is_ephemeral: false, session: None }));
    for number in [1, 2] {
        let one = SessionHandle::new(number);
        let ends = |effect: &Effect| matches!(effect, Effect::EndSession(handle) if *handle == one);
        assert!(driver.last.iter().any(ends), "{number}");
    }
}
