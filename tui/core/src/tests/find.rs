//! What the find box says of its hits.

use super::{
    driver::Driver,
    fixtures::{at, jose, lookup, page, patient, people},
};
use crate::{
    api::{Call, Reply},
    effect::Lane,
    resource::{Record, RecordKind},
};

/// At the find box, with the answer for what is typed.
fn found(patients: Vec<shared::patient::Patient>, width: u16, height: u16) -> Driver {
    let mut driver = Driver::with(people(), 5, width, height);
    driver.keys("<f2>g");
    driver.answer(Lane::Find, Ok(lookup(patients, "g")));
    driver
}

#[test]
fn the_find_box_says_of_a_patient_who_has_died_that_it_is_so() {
    let grete = people().pop().unwrap();
    found(vec![jose(), grete.clone()], 80, 24).shows("Grete Weiß † died 2025-03-01");
    // Where there is little room it still says it in a word.
    found(vec![jose(), grete], 40, 12).shows("died");
}

#[test]
fn the_find_box_says_of_an_archived_record_that_it_is_archived() {
    let archived = shared::patient::Patient {
        archived_at: Some(at("2026-11-01T08:30:00Z")),
        ..patient(9, "Gro", "Archer")
    };
    let driver = found(vec![jose(), archived], 80, 24);
    driver.shows("Gro Archer archived");
    driver.hides("Gómez archived");
}

#[test]
fn the_find_box_says_that_it_shows_only_the_first_matches() {
    let many = |count: i64| (0..count).map(|at| patient(20 + at, "Gil", &format!("N{at}")));
    let says = "The first 20 matches. Type more to narrow the search.";
    found(many(20).collect(), 80, 24).shows(says);
    found(many(19).collect(), 80, 24).hides(says);
    // The recent people are the last ones that were opened, and no search.
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<f2>");
    driver.answer(Lane::Find, Ok(lookup(many(20).collect(), "")));
    driver.hides(says);
}

#[test]
fn a_card_that_is_read_on_another_list_opens_its_patient() {
    for key in ["<f4>", "<f5>"] {
        let mut driver = super::home::at_home(80, 24);
        driver.keys(key);
        let none = || Reply::Page(Box::new(page(Vec::new(), 0).map(Record::from)));
        driver.answer(Lane::List, Ok(none()));
        driver.keys("P000001B<enter>");
        driver.answer(Lane::List, Ok(none()));
        assert!(matches!(driver.call(Lane::Find), Call::Lookup { text } if text == "P000001B"));
        driver.found(vec![jose()], "P000001B");
        assert!(matches!(driver.call(Lane::Record), Call::Read { kind: RecordKind::Patient, .. }));
    }
}
