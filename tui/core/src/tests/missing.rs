//! Reads that failed: the key that asks again is named where that may help, and only there.

use shared::Kind;

use super::{
    driver::Driver,
    fixtures::{jose, one, people, problem},
};
use crate::{
    api::{Failure, Reply},
    effect::Lane,
    msg::Msg,
};

const OFFERED: &str = "Ctrl-R tries again.";

/// A name for each place where an answer is missing, the place, and the lane of the answer.
fn places() -> Vec<(&'static str, Driver, Lane)> {
    let after = |keys: &str| {
        let mut driver = Driver::with(people(), 5, 80, 24);
        driver.keys(keys);
        driver
    };
    let mut unread = Driver::with(vec![jose()], 1, 80, 24);
    unread.keys("<down><enter>");
    let mut page = unread.clone();
    page.answer(Lane::Record, Ok(one(jose())));
    let mut home = after("<f2>");
    home.send(Msg::Resize { width: 132, height: 24 });
    let mut picker = Driver::looking_at(jose(), 80, 24);
    picker.keys("<ctrl-g>");
    vec![
        ("list", after("<f4>"), Lane::List),
        ("page", unread, Lane::Record),
        ("history", page.clone(), Lane::History),
        ("assignments of the page", page, Lane::Related),
        ("picker", picker, Lane::Pick),
        ("dashboard", after("<f7>"), Lane::Dashboard),
        ("today's visits", home, Lane::List),
    ]
}

/// The words of a screen, whatever lines and frames they stand in.
fn words(screen: &str) -> String {
    screen.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ")
}

#[test]
fn a_read_that_the_server_forbids_is_not_offered_again() {
    for (name, mut driver, lane) in places() {
        let mut forbidden = problem(Kind::Forbidden, &[]);
        forbidden.detail = "You may not see this.".to_owned();
        driver.refuse(lane, forbidden);
        driver.shows("! You may not see this.");
        assert!(!driver.screen().contains("tries again"), "{name}: {}", driver.screen());
    }
}

#[test]
fn a_read_in_which_the_server_failed_is_offered_again() {
    for (name, mut driver, lane) in places() {
        driver.refuse(lane, problem(Kind::Internal, &[]));
        let screen = driver.screen();
        let said = words(&screen);
        assert!(said.contains(OFFERED), "{name}: {screen}");
    }
}

#[test]
fn a_read_that_is_tried_again_by_itself_is_offered_once() {
    for (name, mut driver, lane) in places() {
        driver.answer(lane, Err(Failure::Offline("connection refused".to_owned())));
        driver.shows("! No answer yet.");
        driver.shows("Retrying in 2 s; Ctrl-R");
        assert!(!driver.screen().contains("tries again"), "{name}: {}", driver.screen());
    }
}

#[test]
fn an_answer_that_was_not_asked_for_is_said_and_can_be_asked_for_again() {
    for (name, mut driver, lane) in places() {
        driver.answer(lane, Ok(Reply::Done));
        let screen = driver.screen();
        let said = words(&screen);
        assert!(said.contains("it is not what was asked for"), "{name}: {screen}");
        assert!(said.contains(OFFERED), "{name}: {screen}");
    }
}
