//! A section key that is pressed while a form is being saved.

use super::{
    driver::Driver,
    fixtures::{jose, one, problem},
};
use crate::{
    effect::{Effect, Lane},
    screens::Screen,
};

/// José's form with a changed name, which is being saved, and a key for the day's screen.
fn saving_and_leaving() -> Driver {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e> María<ctrl-s><f2>");
    assert_eq!(driver.asked(Lane::Save), 1);
    driver
}

#[test]
fn a_form_that_is_being_saved_is_left_without_a_question_once_it_is_saved() {
    let mut driver = saving_and_leaving();
    assert!(driver.app.layers().is_empty(), "nothing has to be asked");
    assert!(matches!(driver.app.screen(), Screen::Form(_)), "it may be refused yet");
    driver.answer(Lane::Save, Ok(one(jose())));
    assert!(matches!(driver.app.screen(), Screen::Home(_)));
    driver.shows("Saved: José Gómez");
    assert_eq!(driver.asked(Lane::Save), 1);
}

#[test]
fn a_form_that_is_refused_is_not_left() {
    let mut driver = saving_and_leaving();
    driver
        .refuse(Lane::Save, problem(shared::Kind::Validation, &[("first_name", "is not a name")]));
    assert!(matches!(driver.app.screen(), Screen::Form(_)));
    driver.shows("is not a name");
    driver.keys("<f2>");
    driver.shows("Leave the form?");
}

#[test]
fn a_save_that_takes_long_can_be_left_by_pressing_the_key_again() {
    let mut driver = saving_and_leaving();
    driver.keys("<f2>");
    driver.shows("Leave the form?");
}

#[test]
fn nothing_more_is_asked_about_a_form_that_is_saved() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e> María<ctrl-s><ctrl-q>");
    driver.shows("Leave the form?");
    driver.answer(Lane::Save, Ok(one(jose())));
    assert!(driver.app.layers().is_empty());
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
    assert!(!driver.last.iter().any(|effect| matches!(effect, Effect::Quit)));
}

#[test]
fn a_question_stays_where_more_was_typed_than_is_saved() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e> María<ctrl-s> Luz<ctrl-q>");
    driver.answer(Lane::Save, Ok(one(jose())));
    driver.shows("Leave the form?");
    assert!(matches!(driver.app.screen(), Screen::Form(_)));
}
