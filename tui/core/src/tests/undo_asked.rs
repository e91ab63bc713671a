//! The question whether to take the last save back is about the save that it names.

use super::{
    driver::Driver,
    fixtures::{jose, one, patient},
};
use crate::effect::Lane;

/// The next version of a patient, with this first name.
fn saved(id: i64, first: &str, last: &str) -> shared::patient::Patient {
    let mut saved = patient(id, first, last);
    saved.version += 1;
    saved
}

/// José was saved as Joe. The save of Ana is on its way, her form is parked, and it is asked whether to take
/// Joe's save back.
fn asked_about_joe() -> Driver {
    let mut driver = Driver::with(vec![jose(), patient(10, "Ana", "Ruiz")], 2, 80, 24);
    driver.keys("<down><enter>");
    driver.answer(Lane::Record, Ok(one(jose())));
    driver.keys("<ctrl-e><ctrl-u>Joe<ctrl-s>");
    driver.answer(Lane::Save, Ok(one(saved(9, "Joe", "Gómez"))));
    driver.keys("<esc><down><enter>");
    driver.answer(Lane::Record, Ok(one(patient(10, "Ana", "Ruiz"))));
    driver.keys("<ctrl-e><ctrl-u>Anna<ctrl-s><f10><ctrl-z>");
    driver.shows("Undo the last save of Joe Gómez?");
    assert_eq!(driver.asked(Lane::Save), 2);
    driver
}

#[test]
fn a_save_that_comes_behind_the_question_is_not_taken_back_in_its_place() {
    let mut driver = asked_about_joe();
    driver.answer(Lane::Save, Ok(one(saved(10, "Anna", "Ruiz"))));
    driver.shows("Undo the last save of Joe Gómez?");
    driver.keys("<tab><enter>");
    assert_eq!(driver.asked(Lane::Save), 2, "nothing is taken back");
    driver.shows("Nothing was undone: another save has followed that of Joe Gómez.");
    driver.keys("<esc><ctrl-z>");
    driver.shows("Undo the last save of Anna Ruiz?");
    driver.keys("<tab><enter>");
    assert_eq!(driver.asked(Lane::Save), 3);
}

#[test]
fn a_new_record_that_is_saved_behind_the_question_is_said_too() {
    let mut driver = Driver::with(vec![jose()], 1, 80, 24);
    driver.keys("<down><enter>");
    driver.answer(Lane::Record, Ok(one(jose())));
    driver.keys("<ctrl-e><ctrl-u>Joe<ctrl-s>");
    driver.answer(Lane::Save, Ok(one(saved(9, "Joe", "Gómez"))));
    driver.keys("<esc><ctrl-n>Mary<ctrl-s><f10><ctrl-z>");
    driver.shows("Undo the last save of Joe Gómez?");
    driver.answer(Lane::Save, Ok(one(patient(11, "Mary", ""))));
    driver.keys("<tab><enter>");
    assert_eq!(driver.asked(Lane::Save), 2);
    driver.shows("Nothing was undone: another save has followed that of Joe Gómez.");
}
