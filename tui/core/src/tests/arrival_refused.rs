//! An arrival that the server refuses: the message says whose it was, and speaks of no form.

use shared::Kind;

use super::{
    driver::Driver,
    fixtures::{jose, lookup, problem, records},
};
use crate::{
    api::Failure,
    effect::{Lane, Timer},
    resource::Record,
};

/// The newest message, once the arrival was refused.
fn said(driver: &mut Driver, refusal: shared::Problem) -> String {
    driver.refuse(Lane::Save, refusal);
    driver.app.notices().newest().map(|notice| notice.text.clone()).unwrap_or_default()
}

/// José, found on the first screen, has arrived.
fn arrived_at_home() -> Driver {
    let mut driver = Driver::at_login(80, 24);
    driver.keys("ana<tab>a long password<enter>");
    driver.log_in(1, "ana");
    driver.answer(Lane::Find, Ok(lookup(Vec::new(), "")));
    driver.keys("gomez");
    driver.on_timer(Timer::Search);
    driver.found(vec![jose()], "gomez");
    driver.keys("<ctrl-a>");
    driver.answer(Lane::Pick, Ok(records(Vec::<Record>::new())));
    driver.keys("Fever<enter>");
    assert_eq!(driver.asked(Lane::Save), 1);
    driver
}

#[test]
fn a_refused_arrival_names_the_patient_and_no_form() {
    for refusal in [
        problem(Kind::Forbidden, &[]),
        problem(Kind::Conflict, &[]),
        problem(Kind::Validation, &[("reason", "is too long")]),
    ] {
        let mut driver = arrived_at_home();
        // The next patient is looked for meanwhile.
        driver.keys("ruiz");
        let said = said(&mut driver, refusal);
        assert!(said.contains("The arrival was not saved."), "{said}");
        assert!(said.contains("José Gómez, born 1989-05-25, P000009K"), "{said}");
        assert!(said.contains("Typed: “Fever”"), "{said}");
        assert!(!said.contains("form"), "{said}");
    }
}

#[test]
fn a_refused_arrival_of_a_page_that_was_left_is_none_of_a_form() {
    for failure in [
        Failure::Problem(Box::new(problem(Kind::Forbidden, &[]))),
        Failure::Offline("nothing answers at clinic:8000".to_owned()),
    ] {
        let mut driver = Driver::looking_at(jose(), 80, 24);
        driver.keys("<ctrl-a>");
        driver.answer(Lane::Pick, Ok(records(Vec::<Record>::new())));
        driver.keys("<enter><esc>");
        driver.answer(Lane::Save, Err(failure));
        let said = driver.app.notices().newest().unwrap().text.clone();
        assert!(said.contains("José Gómez"), "{said}");
        assert!(said.contains("The arrival was not saved."), "{said}");
        assert!(!said.contains("form"), "{said}");
        assert!(driver.app.layers().is_empty());
    }
}

#[test]
fn a_form_that_was_left_is_still_called_that() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e>x<ctrl-s><esc>");
    driver.keys("<right><enter>");
    let said = said(&mut driver, problem(Kind::Forbidden, &[]));
    assert!(said.starts_with("The form that you left was not saved:"), "{said}");
}
