//! Two patients of one name, told apart wherever a row or a question is about one of them.

use shared::{
    assignment::Assignment,
    id::PatientId,
    visit::{Visit, VisitStatus},
};

use super::{
    driver::Driver,
    fixtures::{assigned, assignment, doctor, lookup, people, records, visit, visits},
};
use crate::effect::{Effect, Lane};

/// The assignments of two patients who are called José Gómez, and a second one of the first.
fn assignments() -> Vec<Assignment> {
    let mut other = assignment(6);
    other.patient = PatientId(20);
    other.mrn = shared::Mrn::from_sequence(20).to_string();
    let mut again = assignment(7);
    again.doctor_name = "Omar Haddad".to_owned();
    vec![assignment(5), other, again]
}

fn listed(width: u16) -> Driver {
    let mut driver = Driver::with(people(), 5, width, 24);
    driver.keys("<f5>");
    driver.answer(Lane::List, Ok(assigned(assignments())));
    driver
}

/// Visits of two patients of one name, the first an urgent one, and of another patient.
fn twins() -> Vec<Visit> {
    let mut all: Vec<_> = (1..4).map(|number| visit(number, VisitStatus::Waiting)).collect();
    let name = all[0].patient_name.clone();
    all[1].patient_name = name;
    all
}

#[test]
fn the_list_of_assignments_shows_the_numbers() {
    let driver = listed(80);
    for number in ["P000009K", "P000020X"] {
        driver.shows(number);
    }
    insta::assert_snapshot!("assignments_of_namesakes", driver.screen());
    insta::assert_snapshot!("assignments_of_namesakes_narrow", listed(40).screen());
    insta::assert_snapshot!("assignments_of_namesakes_wide", listed(120).screen());
}

#[test]
fn the_questions_about_an_assignment_show_the_number() {
    let both = "│ José Gómez, P000009K → Sarah Johnson";
    for (keys, asked, named) in [
        ("<ctrl-x>", "Change the status", both),
        ("<ctrl-g>", "Transfer this patient?", "│ José Gómez, P000009K  "),
    ] {
        let mut driver = listed(80);
        driver.keys("<down>");
        driver.keys(keys);
        if keys == "<ctrl-g>" {
            driver.answer(Lane::Pick, Ok(records(vec![doctor(2, "Omar", "Haddad")])));
            driver.keys("<enter>");
        }
        driver.shows(asked);
        driver.shows(named);
    }
}

#[test]
fn the_number_of_an_assignment_is_that_of_its_patient() {
    let mut driver = listed(80);
    driver.keys("<down><down><ctrl-y>");
    let is_copied = |effect: &Effect| matches!(effect, Effect::Copy(text) if text == "P000020X");
    assert!(driver.last.iter().any(is_copied));
}

#[test]
fn the_day_shows_the_numbers_of_namesakes_only() {
    let mut driver = Driver::at_login(80, 24);
    driver.keys("ana<tab>a long password<enter>");
    driver.log_in(1, "ana");
    driver.answer(Lane::Find, Ok(lookup(Vec::new(), "")));
    driver.answer(Lane::List, Ok(visits(twins())));
    insta::assert_snapshot!("home_with_namesakes", driver.screen());
    driver.shows("P000001B  waiting");
    driver.shows("P000002C  waiting");
    driver.hides("P000003D");
}

#[test]
fn the_list_of_visits_shows_the_numbers_of_namesakes_where_no_column_does() {
    for width in [40, 80] {
        let mut driver = Driver::with(people(), 5, width, 24);
        driver.keys("<f6>");
        driver.answer(Lane::List, Ok(visits(twins())));
        driver.shows("P000001B !");
        driver.shows("P000002C");
        driver.hides("P000003D");
    }
    let mut driver = Driver::with(people(), 5, 99, 24);
    driver.keys("<f6>");
    driver.answer(Lane::List, Ok(visits(twins())));
    driver.hides("P000001B ! urgent");
}

#[test]
fn one_patient_with_two_visits_needs_no_number() {
    let mut rows = twins();
    let first = rows[0].clone();
    rows[1].fields.patient = first.fields.patient;
    rows[1].mrn = first.mrn;
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<f6>");
    driver.answer(Lane::List, Ok(visits(rows)));
    driver.hides("P000001B");
}
