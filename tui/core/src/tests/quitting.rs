//! Ctrl-Q: nothing that is typed or under way ends without a question, and the question is always asked.

use super::{
    driver::Driver,
    fixtures::{doctor, jose, people, records},
};
use crate::{
    effect::{Effect, Lane},
    layers::Layer,
};

fn has_quit(driver: &Driver) -> bool {
    driver.last.iter().any(|effect| matches!(effect, Effect::Quit))
}

/// Asked whether to leave; the answer in the middle leaves.
fn asks_then_quits(driver: &mut Driver, words: &str) {
    assert!(!has_quit(driver));
    driver.shows(words);
    driver.keys("<right><enter>");
    assert!(has_quit(driver), "{}", driver.screen());
}

#[test]
fn writes_that_are_not_sent_yet_are_not_ended_without_a_question() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<insert><insert><insert><ctrl-x><down><enter><ctrl-q>");
    driver.shows("Leave unfinished work?");
    driver.keys("<enter>");
    assert!(matches!(driver.app.layers(), [Layer::Results(_)]));
    driver.keys("<ctrl-q>");
    asks_then_quits(&mut driver, "Archive 3 patients (0 of 3 done, 2 not");
}

#[test]
fn the_reason_of_an_arrival_is_not_dropped_without_a_question() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-a>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(1, "Sarah", "Johnson")])));
    driver.keys("<ctrl-q>");
    assert!(has_quit(&driver), "nothing was typed");
    driver.keys("Fever<ctrl-q>");
    asks_then_quits(&mut driver, "the arrival of");
}

#[test]
fn a_reason_that_a_picker_has_is_not_dropped_without_a_question() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-a>");
    driver.answer(Lane::Pick, Ok(records(Vec::<shared::doctor::Doctor>::new())));
    driver.keys("Fever<pgdn><enter>");
    assert!(matches!(driver.app.layers(), [Layer::Picker(_)]));
    driver.keys("<ctrl-q>");
    asks_then_quits(&mut driver, "the typed reason");
}

#[test]
fn the_reason_in_a_question_is_not_dropped_without_another() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-x><ctrl-q>");
    assert!(has_quit(&driver), "nothing was typed");
    driver.keys("Moved away<ctrl-q>");
    assert!(!has_quit(&driver));
    driver.keys("<esc>");
    driver.shows("Moved away");
    driver.keys("<ctrl-q>");
    asks_then_quits(&mut driver, "Leave unfinished work?");
}

#[test]
fn the_end_of_the_program_takes_the_place_of_another_way_to_leave() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><ctrl-u>Joe<esc>");
    driver.shows("Leave the form?");
    driver.keys("<ctrl-q>");
    assert_eq!(driver.app.layers().len(), 1);
    asks_then_quits(&mut driver, "Leave the form?");
}

#[test]
fn a_question_over_a_changed_form_does_not_keep_the_program_from_asking() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><ctrl-u>Joe<f10><ctrl-x><ctrl-q>");
    asks_then_quits(&mut driver, "Leave unsaved forms?");
}
