//! Answers that were chosen, and keys that had another meaning than the one that was seen.

use shared::Kind;

use super::{
    driver::Driver,
    fixtures::{assigned, doctor, jose, lookup, one, patient, people, problem, records},
};
use crate::{effect::Lane, layers::Layer, msg::Msg};

#[test]
fn an_answer_that_was_chosen_beside_a_reason_is_the_one_that_enter_takes() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-x>dup<enter>");
    driver.shows("› Archive ‹");
    driver.keys("<left>");
    driver.shows("› Cancel ‹");
    driver.keys("<enter>");
    assert!(driver.app.layers().is_empty(), "{}", driver.screen());
    assert_eq!(driver.asked(Lane::Save), 0);
}

#[test]
fn arrows_choose_an_answer_also_beside_a_typed_reason() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-g>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(2, "Omar", "Haddad")])));
    driver.keys("haddad<enter>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(2, "Omar", "Haddad")])));
    driver.shows("Assign this patient?");
    driver.keys("def<left>");
    driver.shows("› Don't assign ‹");
    driver.keys("<enter>");
    assert_eq!(driver.asked(Lane::Save), 0);
    assert!(driver.app.layers().is_empty());
}

#[test]
fn a_password_that_is_typed_after_the_end_of_a_session_is_no_search() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    let used = driver.app.world().session().unwrap().handle();
    driver.send(Msg::SessionOver(used));
    driver.keys("<enter>");
    assert!(matches!(driver.app.layers(), [Layer::Relogin(_)]));
    driver.keys("<esc>");
    driver.keys("secret words");
    driver.hides("secret");
    driver.hides("ecret");
    assert!(matches!(driver.app.layers(), [Layer::Relogin(_)]));
}

/// José's form is being saved, and a command for his page was typed behind that.
fn saving() -> Driver {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><ctrl-u>Joe<ctrl-s><ctrl-a><enter>");
    driver
}

#[test]
fn a_command_for_the_page_waits_for_the_save_of_its_form() {
    let mut driver = saving();
    let mut joe = patient(9, "Joe", "Gómez");
    joe.version = 4;
    driver.answer(Lane::Save, Ok(one(joe)));
    driver.shows("The patient has arrived");
    driver.answer(Lane::Pick, Ok(assigned(Vec::new())));
    assert_eq!(driver.asked(Lane::Save), 2, "{}", driver.screen());
}

#[test]
fn a_command_behind_a_save_that_was_refused_is_dropped_with_what_follows() {
    let mut driver = saving();
    driver.refuse(Lane::Save, problem(Kind::Validation, &[("first_name", "is too short")]));
    driver.shows("Edit patient");
    assert_eq!(driver.asked(Lane::Save), 1);
    driver.keys("<f12>");
    driver.shows("Nothing was opened, so the keys typed ahead were not used.");
}

#[test]
fn a_number_that_nobody_has_is_replaced_by_the_next_one() {
    let mut driver = Driver::at_login(80, 24);
    driver.keys("ana<tab>a long password<enter>");
    driver.log_in(1, "ana");
    driver.answer(Lane::Find, Ok(lookup(Vec::new(), "")));
    driver.keys("P000021N<ctrl-a><enter>P000009K<ctrl-a><enter>");
    driver.found(Vec::new(), "P000021N");
    driver.shows("Nothing was opened");
    driver.keys("P000009K");
    driver.shows("› Find P000009K\n");
}
