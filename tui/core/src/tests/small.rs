//! Messages, headers and footers: what belongs to a screen goes with it, and small terminals lose nothing
//! that matters.

use shared::{Kind, visit::VisitStatus};

use super::{
    driver::Driver,
    fixtures::{jose, lookup, people, problem, visit, visits},
};
use crate::effect::Lane;

#[test]
fn an_error_of_a_form_does_not_stand_over_another_screen() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><ctrl-u><tab><ctrl-u><ctrl-s>");
    driver.shows("! Not saved. Correct the marked field.");
    driver.keys("<f3>");
    driver.keys("<right><enter>");
    driver.hides("Not saved. Correct the marked field.");
    driver.keys("<f12>");
    driver.shows("Not saved. Correct the marked field.");
}

#[test]
fn what_was_done_with_one_record_is_not_said_over_the_next() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-y>");
    driver.shows("was sent to the terminal's clipboard");
    driver.keys("<esc><down><enter>");
    driver.hides("clipboard");
}

#[test]
fn a_refused_write_is_said_until_its_screen_is_left() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><ctrl-u>Joe<ctrl-s>");
    driver.refuse(Lane::Save, problem(Kind::Validation, &[("nothing", "is bad")]));
    driver.shows("! Not saved: nothing: is bad");
    driver.keys("<tab>");
    driver.shows("! Not saved: nothing: is bad");
}

#[test]
fn nothing_is_offered_on_the_day_before_somebody_is_selected() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<f2>");
    driver.answer(Lane::Find, Ok(lookup(people(), "")));
    driver.hides("Enter open");
    driver.keys("<down>");
    driver.shows("Enter open");
}

#[test]
fn the_day_shows_visits_on_a_small_terminal_too() {
    let mut driver = Driver::with(people(), 5, 40, 12);
    driver.keys("<f2>");
    driver.answer(Lane::Find, Ok(lookup(people(), "")));
    driver.answer(Lane::List, Ok(visits(vec![visit(1, VisitStatus::Waiting)])));
    driver.shows("waiting since");
    driver.keys("<down><down><down>");
    driver.shows("›");
}

#[test]
fn the_title_is_whole_beside_a_parked_form() {
    for width in [40, 60, 70, 80, 132] {
        let mut driver = Driver::looking_at(jose(), width, 24);
        driver.keys("<ctrl-e><ctrl-u>Joseph-Maria<f10>");
        let header = driver.screen().lines().next().unwrap().to_owned();
        assert!(header.contains("Patient") && header.contains("1 parked"), "{width}: {header}");
        driver.keys("<f3>");
        let header = driver.screen().lines().next().unwrap().to_owned();
        assert!(header.contains("Patients") && header.contains("1 parked"), "{width}: {header}");
    }
}

#[test]
fn the_own_account_is_found_as_the_profile() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-p>profile");
    driver.shows("my account");
}
