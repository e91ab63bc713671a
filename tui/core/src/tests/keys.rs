//! What is created carries a key from its first try on, so that it is created once.

use shared::{Kind, Patch, patient::PatientInput};

use super::{
    driver::Driver,
    fixtures::{input, listed, one, page, patient, people, problem},
};
use crate::{
    api::{Call, Failure},
    effect::Lane,
    screens::Screen,
};

/// A new patient's form whose first try got no answer.
fn lost() -> Driver {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-n>Ana<tab>Gomez<ctrl-s>");
    lose(&mut driver);
    driver.shows("Was it saved?");
    driver
}

fn lose(driver: &mut Driver) {
    driver.answer(Lane::Save, Err(Failure::Unknown("timed out".to_owned())));
}

/// Every try to register somebody: its key and what was sent.
fn tries(driver: &Driver) -> Vec<(String, PatientInput)> {
    let tries = driver.calls.iter().filter_map(|(_, call)| match call {
        Call::Create { body, key, .. } => Some((key.as_str().to_owned(), input(body))),
        _ => None,
    });
    tries.collect()
}

fn save_again(driver: &mut Driver) {
    driver.keys("<backtab><enter>");
}

#[test]
fn saving_again_sends_the_same_under_the_same_key() {
    let mut driver = lost();
    save_again(&mut driver);
    let tries = tries(&driver);
    assert_eq!(tries.len(), 2);
    assert_eq!(tries[0], tries[1]);
    let saved = patient(100, "Ana", "Gomez");
    driver.answer(Lane::Save, Ok(one(saved)));
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
}

#[test]
fn every_form_has_a_key_of_its_own() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    for _ in 0..2 {
        driver.keys("<ctrl-n>Ana<ctrl-s>");
        driver.answer(Lane::Save, Ok(one(patient(100, "Ana", "Gomez"))));
        driver.keys("<esc>");
    }
    let tries = tries(&driver);
    assert_eq!(tries[0].1, tries[1].1);
    assert_ne!(tries[0].0, tries[1].0);
}

#[test]
fn what_is_typed_after_a_lost_answer_is_saved_as_a_change_of_the_one_patient() {
    let mut driver = lost();
    driver.keys("<esc>-Ruiz<ctrl-s>");
    driver.shows("Was it saved?");
    save_again(&mut driver);
    let sent = tries(&driver);
    assert_eq!(sent[0], sent[1], "the try whose answer got lost, as it was");
    driver.answer(Lane::Save, Ok(one(patient(100, "Ana", "Gomez"))));
    driver.shows("Your later input is not saved");
    driver.keys("<ctrl-s>");
    let Call::Change { id, body, .. } = driver.call(Lane::Save) else { panic!() };
    let patch = input(body);
    assert_eq!((*id, &patch.last_name), (100, &Patch::Value("Gomez-Ruiz".to_owned())));
    assert_eq!(tries(&driver).len(), 2);
}

#[test]
fn a_key_that_turns_out_to_be_used_leads_to_the_patient_who_was_saved() {
    let mut driver = lost();
    // The server says that nobody of this name is there; the first try is still at work.
    driver.keys("<right><enter>");
    driver.answer(Lane::Record, Ok(listed(page(Vec::new(), 0))));
    driver.keys("-Ruiz<ctrl-s>");
    let sent = tries(&driver);
    assert_eq!(sent[0].0, sent[1].0, "one form, one key");
    assert_ne!(sent[0].1, sent[1].1);
    driver.refuse(Lane::Save, problem(Kind::KeyReused, &[]));
    let sent = tries(&driver);
    assert_eq!((sent.len(), &sent[2]), (3, &sent[0]));
    driver.answer(Lane::Save, Ok(one(patient(100, "Ana", "Gomez"))));
    driver.shows("Your later input is not saved");
    driver.keys("<ctrl-s>");
    assert!(matches!(driver.call(Lane::Save), Call::Change { .. }));
}

#[test]
fn of_several_lost_tries_the_one_that_was_done_is_found() {
    let mut driver = lost();
    driver.keys("<right><enter>");
    driver.answer(Lane::Record, Ok(listed(page(Vec::new(), 0))));
    driver.keys("-Ruiz<ctrl-s>");
    lose(&mut driver);
    save_again(&mut driver);
    driver.refuse(Lane::Save, problem(Kind::KeyReused, &[]));
    let sent = tries(&driver);
    assert_eq!((&sent[2], &sent[3]), (&sent[1], &sent[0]), "the newest first, then the one before");
    driver.refuse(Lane::Save, problem(Kind::KeyReused, &[]));
    driver.shows("An earlier attempt was saved.");
    assert_eq!(tries(&driver).len(), 4, "it comes to an end");
}

#[test]
fn a_try_that_could_not_be_sent_again_leaves_the_doubt() {
    let mut driver = lost();
    save_again(&mut driver);
    driver.answer(Lane::Save, Err(Failure::Offline("nothing answers".to_owned())));
    driver.shows("Not sent again.");
    driver.keys("<ctrl-s>");
    driver.shows("Was it saved?");
    save_again(&mut driver);
    driver.refuse(Lane::Save, problem(Kind::Internal, &[]));
    driver.keys("<ctrl-s>");
    driver.shows("Was it saved?");
    assert_eq!(tries(&driver).len(), 3);
}

#[test]
fn the_end_of_the_session_changes_no_key() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-n>Ana<ctrl-s>");
    driver.answer(Lane::Save, Err(Failure::Expired));
    driver.keys("a long password<enter>");
    driver.log_in(1, "ana");
    driver.keys("<right><enter>");
    let sent = tries(&driver);
    assert_eq!(sent[0], sent[1]);
}
