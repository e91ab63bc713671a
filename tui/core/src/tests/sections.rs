//! Sections: a function key leads to each, and nothing typed is lost on the way.

use shared::{Kind, Page, doctor::Doctor};

use super::{
    driver::Driver,
    fixtures::{doctor, jose, people, problem},
};
use crate::{
    api::{Call, Failure, Reply, Verb},
    effect::Lane,
    resource::{Record, RecordKind},
    screens::Screen,
};

fn doctors(results: Vec<Doctor>) -> Reply {
    let page = Page {
        count: results.len() as i64,
        count_capped: false,
        next: None,
        previous: None,
        results: results.into_iter().map(Record::from).collect(),
    };
    Reply::Page(Box::new(page))
}

/// The list of doctors, with two of them.
fn at_doctors() -> Driver {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<f4>");
    let two = vec![doctor(1, "Sarah", "Johnson"), doctor(2, "Omar", "Haddad")];
    driver.answer(Lane::List, Ok(doctors(two)));
    driver
}

fn kind(driver: &Driver) -> RecordKind {
    match driver.app.screen() {
        Screen::List(state) => state.kind,
        _ => panic!("it is not a list"),
    }
}

#[test]
fn one_function_key_leads_to_a_section_from_anywhere() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<f4>");
    assert_eq!(kind(&driver), RecordKind::Doctor);
    driver.keys("<f3>");
    assert_eq!(kind(&driver), RecordKind::Patient);
    assert!(matches!(driver.call(Lane::List), Call::List { kind: RecordKind::Patient, .. }));
}

#[test]
fn the_key_of_the_section_that_is_open_leads_back_to_its_list_as_it_was() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<down><down><enter>");
    let before = driver.asked(Lane::List);
    driver.keys("<f3>");
    assert!(matches!(driver.app.screen(), Screen::List(state) if state.cursor.at() == 1));
    assert_eq!(driver.asked(Lane::List), before);
}

#[test]
fn a_form_that_is_not_saved_is_asked_about_before_another_section() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e>x<f4>");
    driver.shows("Leave the form?");
    driver.keys("<esc>");
    assert!(driver.app.has_unsaved());
    driver.keys("<f4><right><enter>");
    assert_eq!(kind(&driver), RecordKind::Doctor);
    assert!(!driver.app.has_unsaved());
}

#[test]
fn saving_on_the_way_to_another_section_ends_there() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e>x<f4><left><enter>");
    assert!(matches!(driver.call(Lane::Save), Call::Change { .. }));
    let mut saved = jose();
    (saved.version, saved.fields.first_name) = (4, Some("Joséx".to_owned()));
    driver.answer(Lane::Save, Ok(Reply::Record(saved.into())));
    assert_eq!(kind(&driver), RecordKind::Doctor);
}

#[test]
fn nobody_who_is_not_logged_in_gets_to_a_section() {
    let mut driver = Driver::at_login(80, 24);
    driver.keys("<f3><f4>");
    assert!(matches!(driver.app.screen(), Screen::Login(_)));
}

#[test]
fn doctors_are_listed_opened_edited_and_archived() {
    let mut driver = at_doctors();
    driver.shows("Johnson, Sarah");
    driver.shows("Cardiology");
    driver.keys("<down><enter>");
    driver.answer(Lane::Record, Ok(Reply::Record(doctor(1, "Sarah", "Johnson").into())));
    driver.keys("<ctrl-e>y<ctrl-s>");
    let Call::Change { kind: RecordKind::Doctor, id: 1, version: 3, body, .. } =
        driver.call(Lane::Save)
    else {
        panic!("the doctor is not changed")
    };
    assert_eq!(body["first_name"], "Sarahy");
    let mut saved = doctor(1, "Sarahy", "Johnson");
    saved.version = 4;
    driver.answer(Lane::Save, Ok(Reply::Record(saved.into())));
    driver.shows("Saved: Sarahy Johnson");
    driver.keys("<ctrl-x>");
    driver.shows("Sarahy Johnson");
    driver.keys("<tab><enter>");
    let call = driver.call(Lane::Save);
    let archived = matches!(
        call,
        Call::Do { verb: Verb::Archive, kind: RecordKind::Doctor, id: 1, version: 4, .. }
    );
    assert!(archived);
    driver.refuse(Lane::Save, problem(Kind::Conflict, &[]));
    driver.shows("Conflict");
}

#[test]
fn a_new_doctor_is_shown_and_the_list_is_read_again() {
    let mut driver = at_doctors();
    driver.shows("Ctrl-N new doctor");
    driver.keys("<ctrl-n>Ada<tab>Okafor<tab>Dermatology<ctrl-s>");
    let Call::Create { kind: RecordKind::Doctor, body, .. } = driver.call(Lane::Save) else {
        panic!("no doctor is created")
    };
    assert_eq!(body["last_name"], "Okafor");
    let lists = driver.asked(Lane::List);
    driver.answer(Lane::Save, Ok(Reply::Record(doctor(3, "Ada", "Okafor").into())));
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
    assert_eq!(driver.asked(Lane::List), lists + 1);
}

#[test]
fn an_answer_for_the_section_that_was_left_changes_nothing() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-r>");
    let old = driver.ticket(Lane::List);
    driver.keys("<f4>");
    let before = driver.screen();
    assert!(!driver.send(crate::msg::Msg::Reply(old, Err(Failure::Offline("away".to_owned())))));
    assert_eq!(driver.screen(), before);
}
