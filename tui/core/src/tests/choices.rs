//! Choices in a form, as a clerk types them: quickly, and then Tab.

use shared::patient::{BloodType, Gender};

use super::{
    driver::{Driver, filter},
    fixtures::{input, jose, people},
};
use crate::{api::Call, effect::Lane, msg::Msg};

/// A new patient's form with the focus on the sex; the blood type is the next field.
fn at_sex() -> Driver {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-n>Ana<tab><tab><tab><tab>");
    driver
}

/// Sex and blood type of the patient who was sent.
fn sent(driver: &Driver) -> (Option<Gender>, Option<BloodType>) {
    let Call::Create { body, .. } = driver.call(Lane::Save) else { panic!() };
    let new = input(body);
    let (sex, blood) = (&new.gender, &new.blood_type);
    (sex.value().copied(), blood.value().copied())
}

#[test]
fn every_blood_type_that_is_typed_is_the_one_that_is_saved() {
    for blood in ["A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-"] {
        for typed in [blood.to_owned(), blood.to_lowercase()] {
            for end in ["<tab><ctrl-s>", "<ctrl-s>", "<enter><ctrl-s>"] {
                let mut driver = at_sex();
                driver.keys(&format!("f<tab>{typed}{end}"));
                let blood = Some(blood.parse().unwrap());
                assert_eq!(sent(&driver), (Some(Gender::Female), blood), "{typed}{end}");
            }
        }
    }
}

#[test]
fn a_blood_type_typed_at_the_sex_chooses_nothing_and_is_not_saved() {
    for end in ["<ctrl-s>", "<tab><ctrl-s>", "<tab><tab><ctrl-s>"] {
        let mut driver = at_sex();
        driver.keys("O-");
        driver.shows("“O-” is not one of these: not recorded");
        driver.keys(end);
        driver.shows("Not saved. Correct the marked field.");
        assert_eq!(driver.asked(Lane::Save), 0);
        // The field has the focus, and what is typed now begins anew.
        driver.keys("female<ctrl-s>");
        assert_eq!(sent(&driver), (Some(Gender::Female), None));
    }
}

#[test]
fn what_fits_several_values_is_said_and_not_saved_as_one_of_them() {
    let mut driver = at_sex();
    driver.keys("<tab>a");
    driver.shows("a…");
    driver.shows("A+ A- AB+ AB-");
    driver.keys("<tab>");
    driver.shows("! “a” fits several: A+,");
    driver.keys("<ctrl-s>");
    assert_eq!(driver.asked(Lane::Save), 0);
    driver.keys("ab-<ctrl-s>");
    assert_eq!(sent(&driver).1, Some("AB-".parse().unwrap()));
}

#[test]
fn a_value_that_was_there_stays_until_another_is_understood() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><tab><tab><tab><tab>x");
    driver.shows("“x” is not one of these");
    driver.keys("<bs>");
    driver.shows("‹ male ›");
    driver.keys("<ctrl-s>");
    driver.shows("Nothing was changed");
}

#[test]
fn a_half_typed_choice_is_not_left_without_a_question() {
    let mut driver = at_sex();
    driver.keys("<backtab><backtab><backtab><backtab><ctrl-u><tab><tab><tab><tab><tab>a<esc>");
    driver.shows("Leave the form?");
}

#[test]
fn no_letter_typed_at_a_choice_does_anything_else() {
    for c in (' '..='~').filter(|c| *c != ' ') {
        let mut driver = at_sex();
        driver.keys("<tab>");
        driver.send(Msg::Key(crate::input::chord::Chord::plain(crate::input::chord::Key::Char(c))));
        assert!(driver.app.layers().is_empty(), "{c}");
        driver.shows("New patient");
    }
}

#[test]
fn a_pasted_value_is_chosen() {
    let mut driver = at_sex();
    driver.keys("<tab>");
    driver.send(Msg::Paste("AB-\n".to_owned()));
    driver.keys("<ctrl-s>");
    assert_eq!(sent(&driver).1, Some("AB-".parse().unwrap()));
}

#[test]
fn a_half_typed_filter_is_not_used() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    let before = driver.asked(Lane::List);
    driver.keys("<ctrl-t><tab>o<ctrl-s>");
    assert_eq!(driver.asked(Lane::List), before);
    driver.shows("“o” fits several: O+, O-");
    driver.keys("O-<ctrl-s>");
    let filter = filter(&driver, Lane::List);
    assert_eq!(filter.blood_type, Some("O-".parse().unwrap()));
}
