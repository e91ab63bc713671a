//! Keys that are typed ahead of an answer.

use serde_json::to_value;
use shared::{Kind, assignment::Assignment, patient::Patient, visit::VisitStatus};

use super::{
    driver::Driver,
    fixtures::{jose, listed, lookup, one, page, patient, people, problem, records, visit},
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
    driver.shows("Nothing was opened, so the keys typed ahead were not used.");
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
    let before = driver.asked(Lane::Account);
    driver.answer(Lane::Find, Err(Failure::Expired));
    driver.hides("••");
    assert_eq!(driver.asked(Lane::Account), before);
}

#[test]
fn what_was_typed_ahead_does_not_land_in_a_login_that_comes_late() {
    let mut driver = at_the_desk();
    driver.keys("j<enter>a<enter>words<enter>");
    let before = driver.asked(Lane::Account);
    driver.answer(Lane::Find, Err(Failure::Expired));
    driver.on_timer(Timer::Ahead);
    driver.hides("••");
    assert_eq!(driver.asked(Lane::Account), before);
}

#[test]
fn enter_is_meant_for_the_arrival_that_waits_for_the_same_answer() {
    let mut driver = at_the_desk();
    driver.keys("jose<ctrl-a><enter>ruiz<enter>");
    driver.found(vec![jose()], "jose");
    driver.answer(Lane::Pick, Ok(records::<Assignment>(Vec::new())));
    assert_eq!(driver.asked(Lane::Save), 1, "{}", driver.screen());
    let Call::Create { body, .. } = driver.call(Lane::Save) else { panic!() };
    assert!(body.get("reason").is_none(), "{body}");
}

#[test]
fn another_question_that_comes_up_takes_nothing_of_what_was_typed_ahead() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<down><ctrl-x><tab><enter>");
    driver.keys("jose<enter><down><enter>");
    driver.answer(Lane::Save, Err(Failure::Unknown("no answer".to_owned())));
    let before = driver.asked(Lane::Save);
    driver.answer(Lane::List, Ok(listed(page(vec![jose()], 1))));
    assert_eq!(driver.asked(Lane::Save), before);
}

#[test]
fn the_list_of_actions_opens_at_once() {
    let mut driver = at_the_desk();
    driver.keys("jose<enter><ctrl-p>lock<enter>");
    driver.shows("Locked");
}

#[test]
fn what_was_typed_ahead_does_not_land_where_another_desk_begins() {
    let mut driver = at_the_desk();
    driver.keys("jose<enter>a<tab><enter>words");
    driver.send(Msg::Desk(Desk::FirstStart { data: "/home/ana/desk".to_owned() }));
    assert!(!driver.app.has_unsaved());
    assert!(!driver.timers.contains_key(&Timer::Ahead));
}

#[test]
fn an_arrival_that_was_not_sent_takes_no_words_that_were_typed_ahead() {
    let mut driver = at_the_desk();
    driver.keys("jose<ctrl-a><enter>ruiz<enter>");
    driver.found(vec![jose()], "jose");
    driver.answer(Lane::Pick, Err(Failure::Garbled("no list".to_owned())));
    assert_eq!(driver.asked(Lane::Save), 0);
    driver.hides("ruiz");
    driver.shows("the keys typed ahead were not used.");
}

/// José's arrival is on its way, somebody else is searched, and their page is awaited.
fn arriving() -> Driver {
    let mut driver = at_the_desk();
    driver.keys("jose<ctrl-a>");
    driver.found(vec![jose()], "jose");
    driver.answer(Lane::Pick, Ok(records::<Assignment>(Vec::new())));
    driver.keys("<enter>");
    assert_eq!(driver.asked(Lane::Save), 1);
    driver.keys("ruiz<enter>");
    driver
}

#[test]
fn a_page_that_an_answer_opens_takes_nothing_of_what_was_typed_ahead() {
    let mut driver = arriving();
    driver.keys("<ctrl-a><enter>");
    let mut refusal = problem(Kind::Conflict, &[]);
    let existing = to_value(visit(1, VisitStatus::Waiting)).unwrap();
    refusal.extra.insert("existing".to_owned(), existing);
    driver.refuse(Lane::Save, refusal);
    driver.shows("This patient is already in the clinic. The visit is shown. The keys typed");
    driver.shows(" ahead were not used.");
    assert_eq!(driver.asked(Lane::Save), 1, "{}", driver.screen());
}

#[test]
fn a_question_that_an_answer_brings_takes_nothing_of_what_was_typed_ahead() {
    let unknown = || Failure::Unknown("no answer".to_owned());
    for failure in [Failure::Offline("away".to_owned()), unknown()] {
        let mut driver = arriving();
        driver.keys("<ctrl-a><enter>");
        driver.answer(Lane::Save, Err(failure));
        driver.shows("Send it again");
        driver.shows("The keys typed ahead were not used.");
    }
    // The same while a page is being read.
    let mut driver = arriving();
    driver.found(vec![ruiz()], "ruiz");
    driver.keys("<ctrl-a><enter>");
    driver.answer(Lane::Save, Err(unknown()));
    driver.shows("Send it again");
    driver.shows("The keys typed ahead were not used.");
}

#[test]
fn somebody_new_is_begun_with_behind_an_enter_that_found_nobody() {
    let mut driver = at_the_desk();
    driver.keys("peter pan<enter><ctrl-n>");
    driver.found(Vec::new(), "peter pan");
    driver.shows("New patient");
    driver.shows("Pan");
}

#[test]
fn a_new_drawing_forgets_nothing_that_was_typed_ahead() {
    let mut driver = at_the_desk();
    driver.keys("jose<enter><ctrl-e><ctrl-l>");
    driver.found(vec![jose()], "jose");
    driver.answer(Lane::Record, Ok(one(jose())));
    driver.shows("Edit patient");
}

#[test]
fn an_enter_that_was_interrupted_does_not_send_an_arrival_later() {
    let mut driver = arriving();
    driver.found(vec![ruiz()], "ruiz");
    driver.answer(Lane::Record, Ok(one(ruiz())));
    driver.keys("<ctrl-a><enter>");
    driver.answer(Lane::Save, Err(Failure::Unknown("no answer".to_owned())));
    driver.shows("Send it again");
    driver.keys("<esc>");
    driver.answer(Lane::Pick, Ok(records::<Assignment>(Vec::new())));
    assert_eq!(driver.asked(Lane::Save), 1, "{}", driver.screen());
    driver.shows("The patient has arrived");
}
