//! A record at a glance: the banner on its page and above its form, and the page below it.

use shared::{
    Page, PartialDate,
    patient::{ClinicalMember, Patient, PatientFields},
};

use super::{
    driver::Driver,
    fixtures::{doctor, jose, listed, one, page, patient, people, user},
    looks::looks,
};
use crate::{
    api::{Call, Failure, Reply},
    effect::Lane,
    resource::{Record, RecordKind},
    screens::Screen,
    session::{Session, SessionHandle},
};

/// All rows of a list.
pub(super) fn rows(results: Vec<Record>) -> Page<Record> {
    let count = i64::try_from(results.len()).unwrap();
    Page { count, count_capped: false, next: None, previous: None, results }
}

/// A patient about whom there is much to know.
fn known() -> Patient {
    let mut patient = jose();
    patient.date_of_birth_estimated = true;
    patient.fields.date_of_birth = Some(PartialDate::Year(1989));
    patient.fields.deceased_on = Some(super::fixtures::day("2026-02-01"));
    patient.fields.allergies = Some(
        "Penicillin, all of its kind\nNuts\n\nContrast media with iodine: shock in 2019".into(),
    );
    patient
}

/// Looking at somebody with two namesakes.
fn with_namesakes(patient: Patient, width: u16, height: u16) -> Driver {
    let mut driver = Driver::looking_at(patient, width, height);
    driver.answer(Lane::Namesakes, Ok(listed(page(same(), 4))));
    driver
}

/// What a search for José Gómez finds: himself, two of the same name and one of another.
fn same() -> Vec<Patient> {
    let others =
        [patient(21, "JOSE", "Gomez"), patient(22, "José", "Gómez"), patient(23, "José", "Gómezo")];
    std::iter::once(jose()).chain(others).collect()
}

looks! {
    glance: with_namesakes(known(), 80, 24);
    glance_narrow: with_namesakes(known(), 40, 12);
    glance_in_form: {
        let mut driver = with_namesakes(known(), 80, 24);
        driver.keys("<ctrl-e>x");
        driver.answer(Lane::Namesakes, Ok(listed(page(same(), 4))));
        driver
    };
    glance_in_form_narrow: {
        let mut driver = with_namesakes(known(), 40, 12);
        driver.keys("<ctrl-e>x");
        driver
    };
    glance_withheld: Driver::looking_at(jose().without_clinical(), 80, 24);
    glance_nothing_recorded: {
        let mut patient = jose();
        patient.has_allergies = false;
        patient.fields =
            PatientFields { first_name: Some("Jo".to_owned()), ..PatientFields::default() };
        patient.full_name = "Jo".to_owned();
        patient.age = None;
        Driver::looking_at(patient, 80, 24)
    };
    glance_doctor: {
        let mut driver = Driver::with(people(), 5, 80, 24);
        driver.keys("<f4>");
        let sarah = Record::from(doctor(4, "Sarah", "Johnson"));
        driver.answer(Lane::List, Ok(Reply::Page(Box::new(rows(vec![sarah.clone()])))));
        driver.keys("<down><enter>");
        driver.answer(Lane::Record, Ok(Reply::Record(sarah)));
        driver
    };
}

#[test]
fn the_banner_says_who_it_is_on_the_page_and_above_the_form() {
    for (width, height) in [(40, 12), (80, 24), (132, 43)] {
        let mut driver = with_namesakes(known(), width, height);
        for keys in ["", "<ctrl-e>"] {
            driver.keys(keys);
            if !keys.is_empty() {
                driver.answer(Lane::Namesakes, Ok(listed(page(same(), 4))));
            }
            for words in ["Gómez, José", "P000009K", "died at about 37", "born ~1989", "† died"]
            {
                driver.shows(words);
            }
            driver.shows("2 others with this name");
            driver.shows("! Allergies: Penicillin");
        }
    }
}

#[test]
fn an_estimated_age_is_told_as_one() {
    let mut patient = known();
    patient.fields.deceased_on = None;
    Driver::looking_at(patient, 80, 24).shows("male · about 37 years · born ~1989");
    Driver::looking_at(jose(), 80, 24).shows("male · 37 years · born 1989-05-25");
}

#[test]
fn allergies_are_named_as_far_as_the_answer_shows_them() {
    Driver::looking_at(jose(), 80, 24).shows("! Allergies: Penicillin");
    let mut withheld = jose();
    withheld.fields.allergies = None;
    withheld.withheld = vec![ClinicalMember::Allergies];
    Driver::looking_at(withheld.clone(), 80, 24).shows("! Allergies: recorded, but not shown");
    withheld.has_allergies = false;
    Driver::looking_at(withheld, 80, 24).shows("No allergies recorded");
}

#[test]
fn only_others_of_exactly_this_name_are_counted() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    let Call::Namesakes { kind: RecordKind::Patient, query } = driver.call(Lane::Namesakes) else {
        panic!()
    };
    assert!(query.contains(&("search", "José Gómez".to_owned())), "{query:?}");
    driver.hides("with this name");
    driver.answer(Lane::Namesakes, Ok(listed(page(same(), 4))));
    driver.shows("2 others with this name");
    // There are further pages, so nobody knows how many there are.
    driver.keys("<ctrl-r>");
    driver.answer(Lane::Namesakes, Ok(listed(page(same(), 60))));
    driver.shows("2 or more others with this name");
    driver.keys("<ctrl-r>");
    driver.answer(Lane::Namesakes, Ok(listed(page(vec![jose()], 1))));
    driver.hides("with this name");
}

#[test]
fn a_number_of_namesakes_that_can_not_be_known_is_not_told() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.answer(Lane::Namesakes, Err(Failure::Offline("connection refused".to_owned())));
    driver.shows("others with this name: not known");
    // The account of a doctor sees some patients only.
    let mut driver = Driver::at_login(80, 24);
    driver.keys("ana<tab>a long password<enter>");
    let mut ana = user(1, "ana");
    ana.permissions = Some(Vec::new());
    let session = Session::new(SessionHandle::new(1), ana);
    driver.answer(Lane::Account, Ok(Reply::SignedIn(Box::new(session))));
    driver.keys("<f3>");
    driver.answer(Lane::List, Ok(listed(page(vec![jose()], 1))));
    driver.keys("<down><enter>");
    driver.answer(Lane::Record, Ok(one(jose())));
    driver.shows("Gómez, José");
    assert_eq!(driver.asked(Lane::Namesakes), 0);
}

#[test]
fn a_record_with_another_name_has_other_namesakes() {
    let mut driver = with_namesakes(jose(), 80, 24);
    driver.keys("<ctrl-r>");
    let asked = driver.asked(Lane::Namesakes);
    driver.answer(Lane::Record, Ok(one(patient(9, "Josef", "Gómez"))));
    driver.hides("with this name");
    assert_eq!(driver.asked(Lane::Namesakes), asked + 1);
    let Call::Namesakes { query, .. } = driver.call(Lane::Namesakes) else { panic!() };
    assert!(query.contains(&("search", "Josef Gómez".to_owned())), "{query:?}");
}

#[test]
fn a_long_alert_leaves_the_page_its_room() {
    let mut patient = jose();
    patient.fields.allergies = Some("Penicillin and its kind. ".repeat(100));
    let driver = Driver::looking_at(patient, 40, 12);
    driver.shows(" …");
    driver.shows("Contact");
}

#[test]
fn a_name_that_is_only_one_word_is_not_turned_round() {
    let mut patient = jose();
    patient.fields.last_name = None;
    patient.full_name = "José".to_owned();
    let record = Record::from(patient);
    assert_eq!(record.sorted_name(), None);
    let driver = Driver::looking_at(jose(), 80, 24);
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
    driver.shows("Gómez, José  José Gómez");
}
