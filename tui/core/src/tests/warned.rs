//! Patients who died: no key writes about them before the warning was seen. And the arrival in little room.

use super::{
    driver::Driver,
    fixtures::{assignment, doctor, jose, patient, people, records},
};
use crate::{api::Call, effect::Lane, resource::RecordKind};

const DIED: &str = "† died 2025-03-01";

/// Grete, who died, is said to have arrived.
fn arriving(width: u16, height: u16) -> Driver {
    let grete = people().pop().unwrap();
    let mut driver = Driver::with(vec![grete], 1, width, height);
    driver.keys("<down><ctrl-a>");
    driver.answer(Lane::Pick, Ok(records(vec![assignment(5)])));
    driver
}

#[test]
fn a_dead_patient_arrives_only_after_another_choice() {
    let mut driver = arriving(80, 24);
    driver.shows("! Grete Weiß: † died 2025-03-01");
    driver.shows("› Don't register");
    insta::assert_snapshot!("arrival_of_a_dead_patient", driver.screen());
    driver.keys("<enter>");
    assert!(driver.app.layers().is_empty());
    assert_eq!(driver.asked(Lane::Save), 0);
    driver.keys("<ctrl-a>");
    driver.answer(Lane::Pick, Ok(records(vec![assignment(5)])));
    driver.keys("<down>");
    driver.shows("› Sarah Johnson (assigned)");
    driver.keys("<enter>");
    let Call::Create { kind: RecordKind::Visit, body, .. } = driver.call(Lane::Save) else {
        panic!()
    };
    assert_eq!(body["assignment"], 5);
}

#[test]
fn a_reason_is_meant_for_the_arrival_and_takes_enter_twice() {
    let mut driver = arriving(80, 24);
    driver.keys("Papers<enter>");
    assert_eq!(driver.asked(Lane::Save), 0);
    driver.shows("› Sarah Johnson (assigned)");
    driver.keys("<enter>");
    assert_eq!(driver.asked(Lane::Save), 1);
}

#[test]
fn enter_before_the_assignments_have_come_registers_nothing() {
    let mut driver = Driver::with(vec![people().pop().unwrap()], 1, 80, 24);
    driver.keys("<down><ctrl-a><enter>");
    assert!(driver.app.layers().is_empty());
    assert_eq!(driver.asked(Lane::Save), 0);
}

#[test]
fn a_picked_doctor_who_accepts_no_patients_is_a_warning_too() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-a>");
    driver.answer(Lane::Pick, Ok(records(vec![assignment(5)])));
    driver.keys("<pgdn><enter>omar<enter>");
    let mut omar = doctor(2, "Omar", "Haddad");
    omar.fields.is_available = false;
    driver.answer(Lane::Pick, Ok(records(vec![omar])));
    driver.answer(Lane::Pick, Ok(records(vec![assignment(5)])));
    driver.shows("! Omar Haddad: accepts no patients");
    driver.keys("<enter>");
    assert_eq!(driver.asked(Lane::Save), 0);
    driver.keys("<ctrl-a>");
    driver.answer(Lane::Pick, Ok(records(vec![assignment(5)])));
    driver.hides("accepts no patients");
}

#[test]
fn assigning_several_patients_of_whom_one_died_changes_nothing_at_first() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys(&"<insert>".repeat(5));
    driver.keys("<ctrl-g>sarah<enter>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(1, "Sarah", "Johnson")])));
    driver.shows("Assign 5 patients?");
    driver.shows(DIED);
    driver.shows("› Cancel ‹");
    driver.keys("<enter>");
    assert!(!driver.calls.iter().any(|(_, call)| matches!(call, Call::Assign { .. })));
}

#[test]
fn the_warned_patients_are_named_first() {
    let mut people = people();
    people.extend((20..24).map(|id| patient(id, "Ana", "Ruiz")));
    people.rotate_left(5);
    let mut driver = Driver::with(people, 9, 80, 24);
    driver.keys(&"<insert>".repeat(9));
    driver.keys("<ctrl-g>sarah<enter>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(1, "Sarah", "Johnson")])));
    driver.shows("Assign 9 patients?");
    driver.shows(DIED);
}

#[test]
fn the_reason_of_an_arrival_is_seen_at_every_size() {
    for (width, height) in [(40, 10), (40, 12), (60, 14), (80, 24)] {
        let mut driver = arriving(width, height);
        for _ in 0..4 {
            driver.keys("ab");
            let screen = driver.screen();
            assert!(screen.contains(DIED), "{width}x{height}\n{screen}");
            assert!(screen.contains("› "), "{width}x{height}\n{screen}");
            let at = screen.lines().last().and_then(|line| line.split(',').nth(1)).unwrap();
            let row = screen.lines().nth(at.parse().unwrap()).unwrap();
            assert!(row.contains("Reason") && row.contains("ab"), "{width}x{height}\n{screen}");
            driver.keys("<down>");
        }
    }
}
