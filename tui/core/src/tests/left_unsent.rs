//! What was not sent, or not answered, leaves a trace where it is not sent again: a message says whose it
//! was.

use super::{
    driver::Driver,
    fixtures::{doctor, jose, one, patient, records},
};
use crate::{api::Failure, effect::Lane, layers::Layer, resource::Record, screens::Screen};

/// The newest message.
fn said(driver: &Driver) -> String {
    driver.app.notices().newest().map(|notice| notice.text.clone()).unwrap_or_default()
}

/// The patient whose page is shown has arrived.
fn arrives(driver: &mut Driver) {
    driver.keys("<ctrl-a>");
    driver.answer(Lane::Pick, Ok(records(Vec::<Record>::new())));
    driver.keys("<enter>");
}

/// The arrival of José is being saved, and Ana Ruiz has arrived meanwhile.
fn ana_waits() -> Driver {
    let mut driver = Driver::with(vec![jose(), patient(10, "Ana", "Ruiz")], 2, 80, 24);
    driver.keys("<down><enter>");
    driver.answer(Lane::Record, Ok(one(jose())));
    arrives(&mut driver);
    driver.keys("<esc><down><enter>");
    driver.answer(Lane::Record, Ok(one(patient(10, "Ana", "Ruiz"))));
    arrives(&mut driver);
    assert_eq!(driver.asked(Lane::Save), 1, "one write at a time");
    driver
}

/// A fast typist types on, over whatever is asked.
fn types_on(driver: &mut Driver) {
    driver.keys("peter<enter>");
    assert!(driver.app.layers().is_empty(), "{}", driver.screen());
}

#[test]
fn an_arrival_behind_a_save_leaves_a_message_with_the_name() {
    let mut driver = ana_waits();
    driver.shows("Send it again?");
    driver.shows("Ana Ruiz, born 1989-05-25");
    types_on(&mut driver);
    assert_eq!(driver.asked(Lane::Save), 1);
    driver.shows("Ana Ruiz");
    let said = said(&driver);
    assert!(said.starts_with("Ana Ruiz, born 1989-05-25"), "{said}");
    assert!(said.contains("The arrival was not saved."), "{said}");
    driver.keys("<f12>");
    driver.shows("The arrival was not saved.");
}

#[test]
fn an_assignment_whose_answer_got_lost_leaves_a_message_with_the_names() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-g>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(2, "Omar", "Haddad")])));
    driver.keys("<enter>knee<enter><enter>");
    driver.answer(Lane::Save, Err(Failure::Unknown("it hung up".to_owned())));
    driver.shows("Was it done?");
    driver.shows("José Gómez, born 1989-05-25, P000009K");
    driver.shows("Omar Haddad");
    driver.shows("The patient was not assigned, or only the answer");
    driver.keys("<ctrl-q>");
    driver.shows("the question whether it was done");
    driver.keys("<esc>");
    types_on(&mut driver);
    let said = said(&driver);
    for part in ["José Gómez", "Omar Haddad", "or only the answer", "Typed: “knee”"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn an_arrival_that_the_end_of_the_session_stopped_is_left_for_good_and_said() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    arrives(&mut driver);
    driver.answer(Lane::Save, Err(Failure::Expired));
    driver.keys("a long password<enter>");
    driver.log_in(1, "ana");
    driver.shows("Send it now?");
    driver.shows("José Gómez, born 1989-05-25, P000009K");
    driver.shows("Leave it");
    driver.hides("Not yet");
    types_on(&mut driver);
    let said = said(&driver);
    assert!(said.starts_with("José Gómez"), "{said}");
    assert!(said.contains("The arrival was not saved. The session had ended."), "{said}");
}

#[test]
fn the_save_of_a_form_that_was_left_is_asked_about_by_name() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e>xyz<ctrl-s><esc><right><enter>");
    assert!(matches!(driver.app.screen(), Screen::Detail(_)), "{}", driver.screen());
    driver.answer(Lane::Save, Err(Failure::Expired));
    driver.keys("a long password<enter>");
    driver.log_in(1, "ana");
    driver.shows("Send it now?");
    driver.shows("José Gómez, born 1989-05-25, P000009K");
    driver.keys("<esc>");
    let said = said(&driver);
    assert!(said.starts_with("José Gómez"), "{said}");
    assert!(said.contains("The change was not saved."), "{said}");
}

#[test]
fn a_form_that_the_end_of_the_session_stopped_is_edited_on() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e>xyz<ctrl-s>");
    driver.answer(Lane::Save, Err(Failure::Expired));
    driver.keys("a long password<enter>");
    driver.log_in(1, "ana");
    assert!(matches!(driver.app.layers(), [Layer::Question(_)]));
    driver.shows("Keep editing");
    driver.hides("Not yet");
    driver.keys("<esc>");
    driver.shows("Joséxyz");
    assert!(!driver.app.notices().is_error(), "the form itself shows what is not saved");
}
