//! What was given up, shown below or picked before, once somebody comes back to it.

use shared::Kind;

use super::{
    driver::Driver,
    fixtures::{assignment, doctor, jose, one, problem, records},
};
use crate::{
    api::{Call, Failure},
    effect::{Lane, Timer},
    layers::Layer,
    live::Live,
    msg::Msg,
    resource::RecordKind,
    screens::Screen,
};

#[test]
fn a_search_that_was_closed_is_not_sent_again_after_the_login() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("jo");
    driver.on_timer(Timer::Search);
    driver.answer(Lane::Find, Err(Failure::Expired));
    driver.keys("<esc>");
    let before = driver.asked(Lane::Find);
    driver.keys("a long password<enter>");
    driver.log_in(1, "ana");
    assert!(driver.app.layers().is_empty(), "{}", driver.screen());
    assert_eq!(driver.asked(Lane::Find), before);
}

#[test]
fn the_page_under_a_form_that_is_parked_follows_what_was_changed_meanwhile() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e>x");
    let change = Live::Record { kind: RecordKind::Patient, id: 9, version: 4, is_new: false };
    driver.send(Msg::Live(vec![change]));
    driver.on_timer(Timer::Live);
    let before = driver.asked(Lane::Record);
    driver.keys("<f10>");
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
    assert_eq!(driver.asked(Lane::Record), before + 1);
}

#[test]
fn a_doctor_who_was_picked_for_an_arrival_stays_where_another_one_is_not_picked() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    let assigned = || Ok(records(vec![assignment(5)]));
    driver.keys("<ctrl-a>");
    driver.answer(Lane::Pick, assigned());
    driver.keys("Fever<insert><pgdn><enter>omar<enter>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(2, "Omar", "Haddad")])));
    driver.answer(Lane::Pick, assigned());
    driver.keys("<pgdn><enter>sa<esc>");
    assert!(matches!(driver.app.layers(), [Layer::Arrival(_)]));
    driver.shows("› Omar Haddad");
    driver.answer(Lane::Pick, assigned());
    driver.keys("<enter>");
    let Call::Create { body, .. } = driver.call(Lane::Save) else { panic!() };
    let expected =
        serde_json::json!({"patient": 9, "is_urgent": true, "reason": "Fever", "doctor": 2});
    assert_eq!(*body, expected);
}

#[test]
fn a_record_that_is_archived_while_it_is_read_again_is_read_from_the_archive() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-x><tab><enter>");
    let kind = RecordKind::Patient;
    // The report of the archiving comes before its answer.
    driver.send(Msg::Live(vec![Live::Record { kind, id: 9, version: 4, is_new: false }]));
    assert!(matches!(driver.call(Lane::Record), Call::Read { is_archived: false, .. }));
    let mut archived = jose();
    archived.archived_at = Some("2026-11-20T09:00:00Z".parse().unwrap());
    archived.version = 4;
    driver.answer(Lane::Save, Ok(one(archived)));
    driver.refuse(Lane::Record, problem(Kind::NotFound, &[]));
    assert!(matches!(driver.call(Lane::Record), Call::Read { is_archived: true, .. }));
    driver.hides("no such record");
}
