//! A card that is scanned while something is asked: its number is no reason, and Enter behind it no answer.

use shared::Mrn;

use super::{
    driver::Driver,
    fixtures::{assignment, doctor, jose, people, records},
};
use crate::{api::Call, effect::Lane, msg::Msg};

const SAID: &str = "ends with a medical record number";

fn card() -> String {
    format!("{}<enter>", Mrn::from_sequence(340))
}

/// Nothing is written, the field says why, and nothing of the number is there the next time.
fn is_refused(driver: &mut Driver) {
    for _ in 0..2 {
        driver.keys(&card());
        assert_eq!(driver.asked(Lane::Save), 0);
        assert_eq!(driver.app.layers().len(), 1);
        driver.shows(SAID);
    }
}

fn arriving(width: u16, height: u16) -> Driver {
    let mut driver = Driver::looking_at(jose(), width, height);
    driver.keys("<ctrl-a>");
    driver.answer(Lane::Pick, Ok(records(vec![assignment(5)])));
    driver
}

#[test]
fn a_scanned_card_is_no_reason_of_an_arrival() {
    let mut driver = arriving(80, 24);
    is_refused(&mut driver);
    driver.keys("<esc><ctrl-a>");
    driver.answer(Lane::Pick, Ok(records(vec![assignment(5)])));
    driver.hides("P000340V");
    driver.keys("<enter>");
    assert_eq!(driver.asked(Lane::Save), 1);
}

#[test]
fn what_was_typed_before_the_scan_is_kept_without_the_number() {
    let mut driver = arriving(80, 24);
    driver.keys("cough");
    driver.keys(&card());
    driver.shows(SAID);
    driver.keys("<esc><ctrl-a>");
    driver.answer(Lane::Pick, Ok(records(vec![assignment(5)])));
    driver.shows("cough");
    driver.hides("P000340V");
    driver.keys("<enter>");
    let Call::Create { body, .. } = driver.call(Lane::Save) else { panic!() };
    assert_eq!(body["reason"], "cough");
}

#[test]
fn a_scanned_card_is_refused_before_the_assignments_have_come() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-a>");
    driver.keys(&card());
    driver.shows(SAID);
    driver.answer(Lane::Pick, Ok(records(vec![assignment(5)])));
    assert_eq!(driver.asked(Lane::Save), 0);
}

#[test]
fn a_scanned_card_is_no_reason_beside_a_question() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-x>");
    is_refused(&mut driver);
    driver.keys("<esc><ctrl-g>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(1, "Sarah", "Johnson")])));
    driver.keys("<enter>");
    driver.shows("Assign this patient?");
    is_refused(&mut driver);
}

#[test]
fn a_scanned_card_is_no_reason_for_several_records() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<insert><insert><ctrl-x>");
    driver.shows("Archive 2 patients?");
    is_refused(&mut driver);
    driver.keys("<esc><ctrl-g>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(1, "Sarah", "Johnson")])));
    driver.keys("<enter>");
    driver.shows("Assign 2 patients?");
    is_refused(&mut driver);
}

#[test]
fn the_refusal_is_seen_where_there_is_little_room() {
    let mut driver = arriving(40, 12);
    driver.keys(&card());
    driver.shows("ends with a");
}

#[test]
fn a_number_within_a_reason_or_with_a_wrong_letter_is_a_reason() {
    for reason in ["P000340V left her bag", "P000340W"] {
        let mut driver = arriving(80, 24);
        driver.keys(&format!("{reason}<enter>"));
        let Call::Create { body, .. } = driver.call(Lane::Save) else { panic!() };
        assert_eq!(body["reason"], reason);
    }
}

#[test]
fn a_scanned_card_gives_no_answer_to_a_question_that_takes_no_words() {
    let mut patient = jose();
    patient.archived_at = Some("2026-11-20T09:00:00Z".parse().unwrap());
    let mut driver = Driver::looking_at(patient, 80, 24);
    driver.keys("<ctrl-k>");
    assert_eq!(driver.app.layers().len(), 1, "{}", driver.screen());
    driver.keys(&card());
    assert_eq!(driver.asked(Lane::Save), 0);
    assert!(driver.app.layers().is_empty(), "the patient was kept as it is");
}

#[test]
fn a_pasted_card_gives_no_answer_either() {
    let mut patient = jose();
    patient.archived_at = Some("2026-11-20T09:00:00Z".parse().unwrap());
    let mut driver = Driver::looking_at(patient, 80, 24);
    driver.keys("<ctrl-k>");
    driver.send(Msg::Paste("P000340V".to_owned()));
    driver.keys("<enter>");
    assert_eq!(driver.asked(Lane::Save), 0);
}
