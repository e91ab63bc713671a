//! What was said, with the time and the request.

use shared::Kind;

use super::{
    driver::Driver,
    fixtures::{jose, problem},
};
use crate::{effect::Lane, msg::Msg};

fn now(driver: &mut Driver, time: &str) {
    assert!(!driver.send(Msg::Now(time.parse().unwrap())), "the time alone draws nothing");
}

#[test]
fn a_failure_is_kept_with_its_time_and_the_id_of_its_request() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    now(&mut driver, "2026-11-20T08:30:00Z");
    driver.keys("<ctrl-x><tab><enter>");
    let mut refusal = problem(Kind::Conflict, &[]);
    refusal.request_id = "5f1c2a7e90b3".to_owned();
    driver.refuse(Lane::Save, refusal);
    driver.keys("<f12>");
    driver.shows("! 09:30 ");
    driver.shows("request 5f1c2a7e90b3");
}

#[test]
fn a_failure_that_is_said_beside_a_field_is_kept_too() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e>x<ctrl-s>");
    let mut refusal = problem(Kind::Validation, &[("first_name", "is odd")]);
    refusal.request_id = "a-form".to_owned();
    driver.refuse(Lane::Save, refusal);
    driver.keys("<esc><esc><right><enter><ctrl-r>");
    let mut refusal = problem(Kind::Internal, &[]);
    refusal.request_id = "a-page".to_owned();
    driver.refuse(Lane::Record, refusal);
    driver.keys("<f12>");
    driver.shows("request a-form");
    driver.shows("request a-page");
}

#[test]
fn what_was_said_without_a_failure_has_no_request() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    let mut refusal = problem(Kind::Internal, &[]);
    refusal.request_id = "a-page".to_owned();
    driver.keys("<ctrl-r>");
    driver.refuse(Lane::Record, refusal);
    driver.keys("<ctrl-y><f12>");
    let screen = driver.screen();
    assert_eq!(screen.matches("request a-page").count(), 1, "{screen}");
}

#[test]
fn the_messages_are_scrolled_by_arrows_and_pages_from_either_end() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    for minute in 10..50 {
        now(&mut driver, &format!("2026-11-20T08:{minute}:00Z"));
        driver.keys("<ctrl-y>");
    }
    driver.keys("<f12>");
    driver.shows("09:49");
    driver.keys("<end>");
    driver.shows("09:10");
    driver.hides("09:40");
    // One row back from the end shows one row more.
    let first = |driver: &Driver| driver.screen().lines().nth(2).unwrap().to_owned();
    let at_end = first(&driver);
    driver.keys("<up>");
    assert_ne!(first(&driver), at_end);
    driver.hides("09:10");
    driver.keys("<pgdn>");
    driver.shows("09:10");
    driver.keys("<pgup><pgup><pgup><pgup>");
    driver.shows("09:49");
    driver.keys("<end><home>");
    driver.shows("09:49");
}

#[test]
fn a_refusal_calls_a_member_by_its_words() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-x><tab><enter>");
    driver.refuse(
        Lane::Save,
        problem(Kind::Validation, &[("reassign_to", "must be another doctor")]),
    );
    driver.shows("The doctor who takes over must be another doctor.");
}
