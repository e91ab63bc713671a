//! Records about a patient show the patient's banner: the page of a visit, and its form.

use shared::{
    Kind,
    visit::{Visit, VisitStatus},
};

use super::{
    driver::Driver,
    fixtures::{history, jose, one, patient, people, problem, visit, visits},
    looks::look,
};
use crate::{
    api::{Call, Reply},
    effect::Lane,
    live::Live,
    msg::Msg,
    resource::RecordKind,
};

/// Looking at the visit of the patient with the id 1.
fn at_visit(width: u16, height: u16) -> Driver {
    let mut driver = Driver::with(people(), 5, width, height);
    driver.keys("<f2>");
    let of_jose =
        Visit { patient_name: "José Gómez".to_owned(), ..visit(1, VisitStatus::Waiting) };
    driver.answer(Lane::List, Ok(visits(vec![of_jose.clone()])));
    driver.keys("<down><enter>");
    driver.answer(Lane::Record, Ok(Reply::Record(of_jose.into())));
    driver.answer(Lane::History, Ok(Reply::History(Box::new(history()))));
    driver
}

fn with_patient(width: u16, height: u16) -> Driver {
    let mut driver = at_visit(width, height);
    driver.answer(Lane::Person, Ok(one(patient(1, "José", "Gómez"))));
    driver
}

#[test]
fn visit_page() {
    insta::assert_snapshot!("visit_page", look(&with_patient(80, 24)));
}

#[test]
fn visit_page_narrow() {
    insta::assert_snapshot!("visit_page_narrow", look(&with_patient(40, 12)));
}

#[test]
fn the_page_and_the_form_of_a_visit_say_who_the_patient_is() {
    let mut driver = at_visit(80, 24);
    let asked = matches!(
        driver.call(Lane::Person),
        Call::Read { kind: RecordKind::Patient, id: 1, is_archived: false }
    );
    assert!(asked);
    driver.hides("Penicillin");
    driver.answer(Lane::Person, Ok(one(patient(1, "José", "Gómez"))));
    for keys in ["", "<ctrl-e>"] {
        driver.keys(keys);
        if !keys.is_empty() {
            driver.answer(Lane::Person, Ok(one(patient(1, "José", "Gómez"))));
        }
        driver.shows("Gómez, José  José Gómez");
        driver.shows("male · 37 years · born 1989-05-25");
        driver.shows("! Allergies: Penicillin");
        driver.shows("waiting");
    }
}

#[test]
fn a_visit_that_goes_to_another_patient_shows_that_one() {
    let mut driver = with_patient(80, 24);
    driver.keys("<ctrl-r>");
    let mut corrected = visit(1, VisitStatus::Waiting);
    corrected.fields.patient = shared::id::PatientId(9);
    corrected.patient_name = "Ana Weiß".to_owned();
    driver.answer(Lane::Record, Ok(Reply::Record(corrected.into())));
    driver.hides("Gómez");
    driver.shows("Ana Weiß");
    assert!(matches!(driver.call(Lane::Person), Call::Read { id: 9, .. }));
    driver.answer(Lane::Person, Ok(one(patient(9, "Ana", "Weiß"))));
    driver.shows("Weiß, Ana");
}

#[test]
fn a_patient_who_can_not_be_read_leaves_the_visit_and_is_told() {
    let mut driver = at_visit(80, 24);
    driver.refuse(Lane::Person, problem(Kind::NotFound, &[]));
    driver.hides("not shown");
    driver.refuse(Lane::Person, problem(Kind::NotFound, &[]));
    driver.shows("! patient not shown");
    driver.shows("Fever");
    let mut driver = with_patient(80, 24);
    driver.keys("<ctrl-r>");
    driver.refuse(Lane::Person, problem(Kind::NotFound, &[]));
    driver.refuse(Lane::Person, problem(Kind::NotFound, &[]));
    driver.shows("! not up to date");
    driver.shows("! Allergies: Penicillin");
}

#[test]
fn the_patient_of_a_visit_is_shown_from_the_archive_too() {
    let from_archive = |driver: &Driver| match driver.call(Lane::Person) {
        Call::Read { kind: RecordKind::Patient, id: 1, is_archived } => *is_archived,
        _ => panic!("the patient is not read"),
    };
    let mut driver = at_visit(80, 24);
    driver.refuse(Lane::Person, problem(Kind::NotFound, &[]));
    assert!(from_archive(&driver));
    let mut archived = patient(1, "José", "Gómez");
    archived.archived_at = Some("2026-11-20T09:00:00Z".parse().unwrap());
    driver.answer(Lane::Person, Ok(one(archived)));
    driver.shows("Gómez, José  José Gómez");
    driver.shows("ARCHIVED 2026-11-20");
    driver.keys("<ctrl-r>");
    assert!(from_archive(&driver), "it is known by now where the patient is");
    driver.refuse(Lane::Person, problem(Kind::NotFound, &[]));
    assert!(!from_archive(&driver), "somebody has restored the patient");
}

#[test]
fn a_patient_who_was_changed_meanwhile_is_shown_as_the_record_is_now() {
    let mut driver = with_patient(80, 24);
    let mut changed = jose();
    changed.id = shared::id::PatientId(1);
    changed.fields.allergies = Some("Nuts".to_owned());
    driver.keys("<ctrl-r>");
    driver.answer(Lane::Person, Ok(one(changed)));
    driver.shows("! Allergies: Nuts");
}

#[test]
fn a_live_change_of_the_patient_is_followed_on_the_page_of_a_visit() {
    let mut driver = with_patient(80, 24);
    let change = |version| {
        let kind = RecordKind::Patient;
        Msg::Live(vec![Live::Record { kind, id: 1, version, is_new: false }])
    };
    let asked = driver.asked(Lane::Person);
    driver.send(change(3));
    assert_eq!(driver.asked(Lane::Person), asked);
    driver.send(change(4));
    assert_eq!(driver.asked(Lane::Person), asked + 1);
}
