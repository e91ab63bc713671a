//! Forms that begin with values: from a search, and from a relative.

use serde_json::json;
use shared::account::SessionPermission;

use super::{
    driver::Driver,
    fixtures::{jose, listed, page, people, user},
    looks::look,
};
use crate::{
    api::{Call, Reply},
    effect::{Lane, Timer},
    layers::Layer,
    screens::Screen,
    session::{Session, SessionHandle},
};

/// A search that has found nobody.
fn nobody_found(typed: &str) -> Driver {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys(typed);
    driver.on_timer(Timer::Search);
    driver.answer(Lane::List, Ok(listed(page(Vec::new(), 0))));
    driver
}

fn value(driver: &Driver, name: &str) -> String {
    match driver.app.screen() {
        Screen::Form(state) => state.form.value(name).to_owned(),
        _ => panic!("it is not the form"),
    }
}

fn sent(driver: &Driver) -> &serde_json::Value {
    let Call::Create { body, .. } = driver.call(Lane::Save) else { panic!() };
    body
}

#[test]
fn a_search_that_found_nobody_is_carried_into_the_form() {
    let mut driver = nobody_found("peter pan 1990");
    driver.keys("<ctrl-n>");
    driver.shows("From the search: first name Peter, last name Pan, born 1990.");
    insta::assert_snapshot!("new_patient_from_search", look(&driver));
    driver.keys("<ctrl-s>");
    let expected = json!({"first_name": "Peter", "last_name": "Pan", "date_of_birth": "1990"});
    assert_eq!(sent(&driver), &expected);
}

#[test]
fn what_was_typed_into_the_find_box_is_carried_too() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<f2>peter pan<ctrl-n>");
    assert_eq!(value(&driver, "first_name"), "Peter");
    assert_eq!(value(&driver, "last_name"), "Pan");
}

#[test]
fn what_was_typed_over_a_page_is_carried_too() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("peter pan");
    assert!(matches!(driver.app.layers(), [Layer::Find(_)]));
    driver.shows("Ctrl-N");
    driver.keys("<ctrl-n>");
    assert!(driver.app.layers().is_empty());
    assert_eq!(value(&driver, "first_name"), "Peter");
    driver.keys("<esc>");
    assert!(matches!(driver.app.screen(), Screen::Detail(_)), "the page below is still there");
}

#[test]
fn what_does_not_fit_the_form_is_said() {
    let mut driver = nobody_found("pan 1990 1991");
    driver.keys("<ctrl-n>");
    driver.shows("Not used: 1991.");
    assert_eq!(value(&driver, "last_name"), "Pan");
}

#[test]
fn a_long_search_leaves_room_for_the_fields() {
    let mut driver = Driver::with(people(), 5, 40, 10);
    driver.keys(&format!("{}<ctrl-n>", "peter pan ".repeat(18)));
    driver.shows("From the search: first name Peter,");
    driver.shows("›First name");
}

#[test]
fn a_search_that_runs_is_carried_too() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("peter pan<ctrl-n>");
    assert_eq!(value(&driver, "first_name"), "Peter");
}

#[test]
fn a_number_that_found_somebody_is_carried_only_on_request() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("555 123");
    driver.on_timer(Timer::Search);
    driver.answer(Lane::List, Ok(listed(page(vec![jose()], 1))));
    driver.keys("<ctrl-n>");
    assert_eq!(value(&driver, "phone_number"), "");
    driver.keys("<esc><ctrl-p>from search<enter>");
    assert_eq!(value(&driver, "phone_number"), "555 123");
}

#[test]
fn an_empty_search_offers_nothing_to_carry() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-p>from search");
    driver.hides("new from search");
}

#[test]
fn carried_words_are_no_unsaved_work_until_something_is_typed() {
    let mut driver = nobody_found("peter pan 3/7/1989");
    driver.keys("<ctrl-n><tab><backtab>");
    driver.shows("born 1989-07-03 (the day");
    driver.shows(" first).");
    assert!(!driver.app.has_unsaved());
    driver.keys("<ctrl-z>");
    assert_eq!(value(&driver, "first_name"), "", "undo takes the word away");
    driver.keys("<ctrl-y>x<esc>");
    driver.shows("Leave the form?");
}

#[test]
fn a_relative_begins_with_what_is_shared() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-p>relative<enter>");
    driver.shows("Copied from José Gómez: last name, address, phone, emergency contact.");
    insta::assert_snapshot!("new_relative", look(&driver));
    driver.keys("Ana<ctrl-s>");
    let expected = json!({
        "first_name": "Ana", "last_name": "Gómez", "phone_number": "+1 555 123 4567",
        "address": "427 Balistreri Way", "city": "Chicopee", "zip_code": "01013", "state": "MA",
        "emergency_contact": "Ana Gómez, +1 555 765 4321",
    });
    assert_eq!(sent(&driver), &expected);
}

#[test]
fn a_relative_is_offered_only_to_those_who_may_register_patients() {
    for (permissions, is_offered) in
        [(vec![SessionPermission::CreatePatient], true), (Vec::new(), false)]
    {
        let mut driver = Driver::at_login(80, 24);
        driver.keys("ana<tab>a long password<enter>");
        let mut ana = user(1, "ana");
        ana.permissions = Some(permissions);
        let session = Session::new(SessionHandle::new(1), ana);
        driver.answer(Lane::Account, Ok(Reply::SignedIn(Box::new(session))));
        driver.keys("<f3>");
        driver.answer(Lane::List, Ok(listed(page(vec![jose()], 1))));
        driver.keys("<down><enter>");
        driver.answer(Lane::Record, Ok(super::fixtures::one(jose())));
        driver.keys("<ctrl-p>relative<enter>");
        assert_eq!(matches!(driver.app.screen(), Screen::Form(_)), is_offered);
    }
}
