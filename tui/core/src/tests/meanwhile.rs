//! What is typed while something else goes on.

use shared::{Kind, Patch};

use super::{
    driver::Driver,
    fixtures::{input, jose, one, patient, people, problem, stale},
};
use crate::{
    api::Call,
    effect::{Effect, Lane},
    screens::Screen,
};

#[test]
fn what_is_typed_while_a_new_patient_is_being_saved_stays() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-n>Slow<tab>Poke<ctrl-s>more<tab>1990");
    let saved = patient(100, "Slow", "Poke");
    driver.answer(Lane::Save, Ok(one(saved)));
    driver.shows("Registered: Slow Poke");
    driver.shows("Your later input is not saved");
    driver.shows("Pokemore");
    assert!(driver.app.has_unsaved());
    driver.keys("<ctrl-s>");
    let Call::Change { id, body, .. } = driver.call(Lane::Save) else { panic!() };
    let patch = input(body);
    assert_eq!(*id, 100);
    assert_eq!(patch.last_name, Patch::Value("Pokemore".to_owned()));
    assert_eq!(patch.first_name, Patch::Absent);
    assert!(matches!(patch.date_of_birth, Patch::Value(_)));
}

#[test]
fn what_is_typed_while_a_change_is_being_saved_stays() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><ctrl-u>Joe<ctrl-s>y");
    let mut joe = patient(9, "Joe", "Gómez");
    joe.version = 4;
    driver.answer(Lane::Save, Ok(one(joe)));
    driver.shows("Joey");
    driver.keys("<ctrl-s>");
    let Call::Change { version, body, .. } = driver.call(Lane::Save) else { panic!() };
    let patch = input(body);
    assert_eq!((*version, &patch.first_name), (4, &Patch::Value("Joey".to_owned())));
    let mut joey = patient(9, "Joey", "Gómez");
    joey.version = 5;
    driver.answer(Lane::Save, Ok(one(joey)));
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
}

#[test]
fn what_is_typed_while_it_is_saved_to_quit_is_not_quit_over() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><ctrl-u>Joe<ctrl-q><tab><tab><enter>y");
    driver.answer(Lane::Save, Ok(one(patient(9, "Joe", "Gómez"))));
    assert!(!driver.last.iter().any(|effect| matches!(effect, Effect::Quit)));
    driver.shows("Joey");
}

#[test]
fn a_save_whose_form_was_left_is_told_and_touches_no_other_form() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-n>Slow<ctrl-s><esc><tab><enter>");
    assert!(matches!(driver.app.screen(), Screen::List(_)));
    driver.keys("<ctrl-n>Other<tab>Person");
    driver.answer(Lane::Save, Ok(one(patient(100, "Slow", "Poke"))));
    driver.shows("Registered: Slow Poke");
    driver.shows("Other");
    driver.shows("New patient");
    assert!(driver.app.has_unsaved());
}

#[test]
fn a_refusal_of_a_form_that_was_left_touches_no_other_form() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-n>Slow<ctrl-s><esc><tab><enter><ctrl-n>Other<tab>Person");
    driver.refuse(Lane::Save, problem(Kind::Validation, &[("first_name", "is too slow")]));
    driver.shows("The form that you left was not saved");
    driver.hides("! is too slow");
    driver.keys("<ctrl-s>");
    assert_eq!(driver.asked(Lane::Save), 2);
}

#[test]
fn saving_over_an_open_conflict_says_what_is_to_be_chosen() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><ctrl-u>Joe<ctrl-s>");
    let mut theirs = patient(9, "Josef", "Gómez");
    theirs.version = 4;
    driver.refuse(Lane::Save, stale(&theirs));
    driver.keys("<ctrl-s>");
    driver.shows("First name: choose ← theirs or → mine first.");
    assert_eq!(driver.asked(Lane::Save), 1);
}
