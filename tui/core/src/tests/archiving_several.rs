//! Several marked doctors who are archived: each is followed by the questions that follow a single one.

use shared::visit::VisitStatus;

use super::{
    driver::Driver,
    fixtures::{doctor, people, records, visit, visits},
    pages::{conflict, doctors},
};
use crate::{
    api::{Call, Failure, Handover, Reply, Verb},
    effect::Lane,
    layers::Layer,
};

fn archived(id: i64, first: &str, last: &str) -> Result<Reply, Failure> {
    let mut doctor = doctor(id, first, last);
    doctor.archived_at = Some("2026-11-20T09:00:00Z".parse().unwrap());
    Ok(Reply::Record(doctor.into()))
}

/// Two marked doctors are archived: Sarah Johnson is, Omar Haddad has patients.
fn two_archived() -> Driver {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<f4>");
    driver.answer(Lane::List, Ok(records(doctors())));
    driver.keys("<insert><insert><ctrl-x>Left<down><enter>");
    driver.answer(Lane::Save, archived(1, "Sarah", "Johnson"));
    driver.refuse(Lane::Save, conflict("active_assignments", 12));
    driver
}

/// The same, with the results closed.
fn closed() -> Driver {
    let mut driver = two_archived();
    driver.answer(Lane::List, Ok(records(vec![doctor(2, "Omar", "Haddad")])));
    driver.keys("<enter>");
    driver
}

#[test]
fn the_results_say_that_something_is_asked_next_and_are_not_covered() {
    let driver = two_archived();
    driver.shows("✓ Sarah Johnson, #1: done");
    driver.shows("! Omar Haddad, #2: has patients. What becomes of them is asked when");
    assert!(matches!(driver.app.layers(), [Layer::Results(_)]));
    assert_eq!(driver.asked(Lane::Remains), 0);
}

#[test]
fn open_visits_and_patients_are_asked_about_doctor_by_doctor() {
    let mut driver = closed();
    let Call::List { query, .. } = driver.call(Lane::Remains) else { panic!() };
    assert_eq!(query[0], ("doctor", "1".to_owned()));
    assert!(driver.app.layers().is_empty(), "one question after the other");
    driver.answer(Lane::Remains, Ok(visits(vec![visit(1, VisitStatus::Waiting)])));
    driver.shows("Sarah Johnson is archived. Still open:");
    driver.keys("<esc>");
    driver.shows("This doctor has patients");
    driver.shows("Omar Haddad");
    driver.shows("12 active assignments");
    driver.keys("<left><enter>");
    let Call::Do { verb: Verb::HandOver(Handover::End), id: 2, reason, .. } =
        driver.call(Lane::Save)
    else {
        panic!()
    };
    assert_eq!(reason.as_deref(), Some("Left"));
    driver.answer(Lane::Save, archived(2, "Omar", "Haddad"));
    let Call::List { query, .. } = driver.call(Lane::Remains) else { panic!() };
    assert_eq!(query[0], ("doctor", "2".to_owned()));
    driver.answer(Lane::Remains, Ok(visits(Vec::new())));
    assert!(driver.app.layers().is_empty());
}

#[test]
fn a_doctor_who_is_archived_meanwhile_is_asked_about_once_and_behind_the_others() {
    let mut driver = closed();
    driver.keys("<home><ctrl-x><right><enter>");
    driver.answer(Lane::Save, archived(2, "Omar", "Haddad"));
    assert_eq!(driver.asked(Lane::Remains), 1, "the visits of Sarah Johnson are still being read");
    driver.answer(Lane::Remains, Ok(visits(vec![visit(1, VisitStatus::Waiting)])));
    driver.shows("Sarah Johnson is archived. Still open:");
    driver.keys("<esc>");
    driver.answer(Lane::Remains, Ok(visits(vec![visit(2, VisitStatus::Waiting)])));
    driver.shows("Omar Haddad is archived. Still open:");
    driver.keys("<esc>");
    assert!(driver.app.layers().is_empty());
    assert_eq!(driver.asked(Lane::Remains), 2);
}

#[test]
fn somebody_who_has_gone_on_is_told_of_the_visits_and_asked_nothing() {
    let mut driver = closed();
    driver.keys("<f3>");
    driver.answer(Lane::Remains, Ok(visits(vec![visit(1, VisitStatus::Waiting)])));
    driver.shows("Open visits of this doctor, Sarah Johnson: 1.");
    assert!(driver.app.layers().is_empty());
}

#[test]
fn nothing_is_asked_under_another_user() {
    let mut driver = two_archived();
    driver.keys("<enter><esc>");
    driver.answer(Lane::Remains, Ok(visits(Vec::new())));
    driver.keys("<esc><ctrl-p>log out<enter>");
    driver.keys("<tab>a long password<enter>");
    driver.log_in(2, "omar");
    assert!(driver.app.layers().is_empty());
}
