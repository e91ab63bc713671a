//! The words by which people look for an action or a field, beside its name.

use shared::visit::{VisitPermission, VisitStatus};

use super::{
    accounts::at_account,
    driver::Driver,
    fixtures::{jose, people, visit, visits},
    told::at_visit,
};
use crate::{
    api::Call,
    effect::{Effect, Lane},
    resource::RecordKind,
};

/// The actions that the palette finds by a text.
fn found(driver: &mut Driver, typed: &str) -> String {
    driver.keys(&format!("<ctrl-p>{typed}"));
    let screen = driver.screen();
    driver.keys("<esc>");
    assert!(!screen.contains("No action matches."), "{typed} finds nothing:\n{screen}");
    screen
}

#[test]
fn an_action_is_found_by_other_words_for_it() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    for (typed, action) in [
        ("sign out", "log out"),
        ("exit", "quit"),
        ("reopen", "assignments"),
        ("hold", "assignments"),
        ("complete", "assignments"),
        ("close", "in the clinic"),
        ("minute", "lock"),
    ] {
        assert!(found(&mut driver, typed).contains(action), "{typed}: {}", driver.screen());
    }
}

#[test]
fn an_action_of_a_visit_is_found_by_other_words_for_it() {
    let mut called = visit(2, VisitStatus::Called);
    called.permissions = Some(vec![VisitPermission::Update, VisitPermission::CorrectPatient]);
    let mut driver = at_visit(called);
    assert!(found(&mut driver, "wrong").contains("correct patient"));
    for typed in ["reopen", "complete", "close"] {
        assert!(found(&mut driver, typed).contains("status"), "{typed}");
    }
}

#[test]
fn an_administrator_finds_the_audit_log_by_what_it_answers() {
    let mut driver =
        at_account(super::accounts::account(7, "Ines", shared::account::Role::Staff), 80, 24);
    assert!(found(&mut driver, "who changed").contains("audit log"));
}

#[test]
fn a_field_is_found_by_other_words_for_it() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    assert!(found(&mut driver, "telephone").contains("Phone"));
    assert!(found(&mut driver, "allergy").contains("Allergies"));
}

#[test]
fn the_name_of_an_action_comes_before_another_word_for_one() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-p>archived");
    driver.shows("│›archived");
}

#[test]
fn what_is_still_open_is_listed_by_the_word_close() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-p>close<enter>");
    driver.answer(Lane::List, Ok(visits(vec![visit(1, VisitStatus::Waiting)])));
    let Call::List { kind: RecordKind::Visit, query } = driver.call(Lane::List) else { panic!() };
    assert!(query.contains(&("is_open", "true".to_owned())), "{query:?}");
    assert!(!driver.last.iter().any(|effect| matches!(effect, Effect::Quit)));
}

#[test]
fn a_form_goes_to_the_field_that_the_palette_finds() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><ctrl-p>phone");
    driver.shows("Go to this field: phone number.");
    driver.keys("<enter><ctrl-u>5551234");
    let field = driver.app.screen().field().unwrap();
    assert_eq!((field.name, field.value()), ("phone_number", "5551234"));
    driver.keys("<ctrl-p>allergies<enter>");
    assert_eq!(driver.app.screen().field().unwrap().name, "allergies");
}
