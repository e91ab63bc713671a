//! Keys that are typed ahead of an answer.

use shared::patient::Patient;

use super::{
    driver::Driver,
    fixtures::{jose, lookup, one, patient},
};
use crate::{
    api::{Call, Failure},
    effect::{Effect, Lane, Timer},
    msg::{Desk, Msg},
};

fn at_the_desk() -> Driver {
    let mut driver = Driver::at_login(80, 24);
    driver.keys("ana<tab>a long password<enter>");
    driver.log_in(1, "ana");
    driver.answer(Lane::Find, Ok(lookup(Vec::new(), "")));
    driver
}

fn ruiz() -> Patient {
    patient(10, "Ana", "Ruiz")
}

fn asked(driver: &Driver) -> i64 {
    let Call::Read { id, .. } = driver.call(Lane::Record) else { panic!() };
    *id
}

#[test]
fn a_scanner_opens_the_first_and_then_the_second_patient() {
    let mut driver = at_the_desk();
    driver.keys("P000009K<enter>P000010L<enter>");
    driver.found(vec![jose()], "P000009K");
    assert_eq!(asked(&driver), 9);
    driver.answer(Lane::Record, Ok(one(jose())));
    driver.found(vec![ruiz()], "P000010L");
    assert_eq!(asked(&driver), 10);
    driver.answer(Lane::Record, Ok(one(ruiz())));
    driver.shows("Ruiz, Ana");
}

#[test]
fn a_command_waits_for_the_page_that_enter_opens() {
    let mut driver = at_the_desk();
    driver.keys("jose<enter><ctrl-e>");
    driver.found(vec![jose()], "jose");
    driver.hides("Edit");
    driver.answer(Lane::Record, Ok(one(jose())));
    driver.shows("Edit");
}

#[test]
fn a_command_behind_enter_is_dropped_where_nothing_opens() {
    let mut driver = at_the_desk();
    driver.keys("a<enter><ctrl-x>reason<enter><enter>");
    driver.found(vec![jose(), ruiz()], "a");
    driver.shows("The keys typed ahead were not used. Choose a record first.");
    driver.hides("Archive");
    assert_eq!(driver.asked(Lane::Save), 0);
}

#[test]
fn text_behind_enter_is_the_next_search_where_nothing_opens() {
    let mut driver = at_the_desk();
    driver.keys("nobody<enter>jose<enter>");
    driver.found(Vec::new(), "nobody");
    driver.found(vec![jose()], "jose");
    assert_eq!(asked(&driver), 9);
}

#[test]
fn keys_do_not_wait_longer_than_a_second() {
    let mut driver = at_the_desk();
    driver.keys("jose<enter>r");
    assert!(driver.last.iter().any(|effect| matches!(effect, Effect::Arm(Timer::Ahead, _))));
    driver.shows("› Find jose");
    driver.on_timer(Timer::Ahead);
    assert!(driver.screen().contains("› Find r\n"));
}

#[test]
fn escape_forgets_what_was_typed_ahead() {
    let mut driver = at_the_desk();
    driver.keys("jose<enter><ctrl-e><esc>ruiz<enter>");
    driver.found(vec![ruiz()], "ruiz");
    driver.answer(Lane::Record, Ok(one(ruiz())));
    driver.shows("Ruiz, Ana");
    driver.hides("Edit");
}

#[test]
fn what_was_typed_ahead_does_not_land_in_a_login() {
    let mut driver = at_the_desk();
    driver.keys("jose<enter>secret words<enter>");
    driver.answer(Lane::Find, Err(Failure::Expired));
    driver.hides("secret words");
}

#[test]
fn what_was_typed_ahead_does_not_land_where_another_desk_begins() {
    let mut driver = at_the_desk();
    driver.keys("jose<enter>a<tab><enter>words");
    driver.send(Msg::Desk(Desk::FirstStart { data: "/home/ana/desk".to_owned() }));
    assert!(!driver.app.has_unsaved());
    assert!(!driver.timers.contains_key(&Timer::Ahead));
}
