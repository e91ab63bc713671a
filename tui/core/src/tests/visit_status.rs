//! The status of a visit on Today: the key is called what it does, and Enter alone changes nothing.

use shared::visit::VisitStatus;

use super::{
    driver::Driver,
    fixtures::{lookup, people, visit, visits},
};
use crate::effect::Lane;

/// Today with a visit of every open status, the first of which is selected.
fn at_the_visits(width: u16) -> Driver {
    let mut driver = Driver::with(people(), 5, width, 24);
    driver.keys("<f2>");
    driver.answer(Lane::Find, Ok(lookup(people(), "")));
    let open = VisitStatus::ALL.iter().filter(|status| status.is_open());
    let open = open.zip(1..).map(|(status, number)| visit(number, *status));
    driver.answer(Lane::List, Ok(visits(open.collect())));
    driver.keys("<tab><tab>");
    driver
}

#[test]
fn the_key_for_the_status_of_a_visit_is_called_so_on_today() {
    let mut driver = at_the_visits(132);
    driver.shows("Ctrl-X status");
    driver.keys("<f1>");
    driver.hides("Archive the record");
    driver.shows("Say that the patient has left");
    driver.keys("<esc><ctrl-p>complete");
    driver.shows("Say that the patient has left");
}

#[test]
fn visits_that_have_no_row_are_marked_by_an_arrow() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<f2>");
    driver.answer(Lane::Find, Ok(lookup(people(), "")));
    let waiting = (1..=12).map(|number| visit(number, VisitStatus::Waiting));
    driver.answer(Lane::List, Ok(visits(waiting.collect())));
    driver.shows("↓\n");
    driver.keys("<tab><tab><pgdn><pgdn>");
    driver.hides("↓\n");
}

#[test]
fn enter_alone_gives_no_visit_another_status() {
    let mut driver = at_the_visits(80);
    for _ in VisitStatus::ALL.iter().filter(|status| status.is_open()) {
        driver.keys("<ctrl-x>");
        driver.shows("Change the status of this visit?");
        driver.shows("› Keep it ‹");
        driver.keys("<enter><down>");
        assert_eq!(driver.asked(Lane::Save), 0);
    }
    driver.keys("<up><ctrl-x><right><enter>");
    assert_eq!(driver.asked(Lane::Save), 1);
}
