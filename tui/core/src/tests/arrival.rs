//! Patients who arrive: two keys where the doctor is known, another doctor by typing.

use shared::{
    Kind,
    visit::{VisitPermission, VisitStatus},
};

use super::{
    driver::Driver,
    fixtures::{assignment, doctor, jose, lookup, one, people, problem, records, visit, visits},
    looks::look,
};
use crate::{
    api::{Call, Failure, Reply, Verb},
    effect::Lane,
    layers::Layer,
    resource::RecordKind,
    screens::Screen,
};

/// The members of the visit that is created.
fn created(driver: &Driver) -> serde_json::Value {
    match driver.call(Lane::Save) {
        Call::Create { kind: RecordKind::Visit, body, .. } => body.clone(),
        _ => panic!("no visit is created"),
    }
}

/// José has arrived, and is assigned to a doctor or not.
fn arriving(is_assigned: bool) -> Driver {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-a>");
    let assigned = is_assigned.then(|| assignment(5));
    driver.answer(Lane::Pick, Ok(records(assigned.into_iter().collect())));
    driver
}

#[test]
fn the_doctor_of_the_active_assignment_is_proposed() {
    let mut driver = arriving(true);
    insta::assert_snapshot!("arrival", look(&driver));
    driver.keys("<enter>");
    let expected = serde_json::json!({"patient": 9, "is_urgent": false, "assignment": 5});
    assert_eq!(created(&driver), expected);
    driver.answer(Lane::Save, Ok(Reply::Record(visit(1, VisitStatus::Waiting).into())));
    driver.shows("Arrived: ");
}

#[test]
fn enter_waits_until_the_assignments_are_known() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-a><enter>");
    assert_eq!(driver.asked(Lane::Save), 0);
    driver.answer(Lane::Pick, Ok(records(vec![assignment(5)])));
    assert_eq!(created(&driver)["assignment"], 5);
}

#[test]
fn an_answer_under_the_help_is_not_lost_and_sends_nothing() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-a><enter><f1>");
    driver.answer(Lane::Pick, Ok(records(vec![assignment(5)])));
    assert_eq!(driver.asked(Lane::Save), 0);
    driver.keys("<esc>");
    driver.shows("Sarah Johnson (assigned)");
    driver.keys("<enter>");
    assert_eq!(created(&driver)["assignment"], 5);
}

#[test]
fn an_arrival_that_the_end_of_the_session_stopped_is_sent_on_request() {
    let mut driver = arriving(false);
    driver.keys("<enter>");
    driver.answer(Lane::Save, Err(Failure::Expired));
    driver.keys("a long password<enter>");
    driver.log_in(1, "ana");
    driver.shows("The arrival was not saved");
    driver.keys("<right><enter>");
    assert_eq!(driver.asked(Lane::Save), 2);
    assert_eq!(created(&driver)["patient"], 9);
}

#[test]
fn enter_is_not_taken_for_a_yes_where_the_assignments_are_not_known() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-a><enter>");
    driver.refuse(Lane::Pick, problem(Kind::Internal, &[]));
    assert_eq!(driver.asked(Lane::Save), 0);
    driver.keys("<enter>");
    assert_eq!(created(&driver), serde_json::json!({"patient": 9, "is_urgent": false}));
}

#[test]
fn a_patient_without_a_doctor_waits_for_nobody_yet() {
    let mut driver = arriving(false);
    driver.keys("Fever<insert><enter>");
    let expected = serde_json::json!({"patient": 9, "is_urgent": true, "reason": "Fever"});
    assert_eq!(created(&driver), expected);
}

#[test]
fn another_doctor_is_picked_by_typing_and_nothing_typed_is_lost() {
    let mut driver = arriving(true);
    driver.keys("Fever<insert><pgdn><enter>omar<enter>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(2, "Omar", "Haddad")])));
    driver.shows("Omar Haddad");
    driver.shows("Fever");
    driver.shows("! urgent");
    driver.answer(Lane::Pick, Ok(records(vec![assignment(5)])));
    driver.keys("<enter>");
    let expected =
        serde_json::json!({"patient": 9, "is_urgent": true, "reason": "Fever", "doctor": 2});
    assert_eq!(created(&driver), expected);
}

#[test]
fn esc_in_the_picker_shows_the_arrival_with_all_that_was_typed() {
    let mut driver = arriving(true);
    driver.keys("Fever<insert><pgdn><enter>om<esc>");
    assert!(matches!(driver.app.layers(), [Layer::Arrival(_)]));
    driver.shows("Fever");
    driver.shows("! urgent");
}

#[test]
fn a_patient_who_is_here_already_leads_to_the_visit() {
    let mut driver = arriving(false);
    driver.keys("<enter>");
    let mut here = problem(Kind::Conflict, &[]);
    let existing = serde_json::to_value(visit(7, VisitStatus::Called)).unwrap();
    here.extra.insert("existing".into(), existing);
    driver.refuse(Lane::Save, here);
    driver.shows("This patient is already in the clinic.");
    assert!(
        matches!(driver.app.screen(), Screen::Detail(state) if state.kind == RecordKind::Visit)
    );
}

#[test]
fn a_text_that_finds_one_patient_arrives_by_one_key() {
    let mut driver = Driver::at_login(80, 24);
    driver.keys("ana<tab>a long password<enter>");
    driver.log_in(1, "ana");
    driver.answer(Lane::Find, Ok(lookup(people(), "")));
    driver.keys("jose<ctrl-a>");
    driver.answer(Lane::Find, Ok(lookup(vec![jose()], "jose")));
    assert!(matches!(driver.app.layers(), [Layer::Arrival(_)]));
    driver.shows("José Gómez, born 1989-05-25, P000009K");
}

#[test]
fn a_row_of_the_list_arrives_by_one_key() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<down><down><ctrl-a>");
    driver.shows("P000010L");
    assert!(matches!(driver.app.layers(), [Layer::Arrival(_)]));
}

#[test]
fn letters_are_the_reason_and_never_an_answer() {
    let mut driver = arriving(false);
    driver.keys("yes no 1");
    assert_eq!(driver.asked(Lane::Save), 0);
    driver.keys("<esc>");
    assert_eq!(driver.asked(Lane::Save), 0);
    assert!(driver.app.layers().is_empty());
}

#[test]
fn a_visit_goes_back_or_ends_by_a_question() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<f6>");
    driver.answer(Lane::List, Ok(visits(vec![visit(1, VisitStatus::Called)])));
    driver.shows("Ctrl-A in the room");
    driver.keys("<down><ctrl-x>");
    driver.shows("Change the status of this visit?");
    driver.keys("<right><enter>");
    let call = driver.call(Lane::Save);
    assert!(matches!(call, Call::Do { verb: Verb::SetStatus("LEFT"), id: 1, .. }));
    driver.keys("<ctrl-x><enter>");
    assert_eq!(driver.asked(Lane::Save), 1, "it is kept by Enter alone");
}

#[test]
fn a_lost_answer_says_so_and_a_second_try_makes_no_second_visit() {
    let mut driver = arriving(false);
    driver.keys("<enter>");
    driver.answer(Lane::Save, Err(Failure::Unknown("timed out".to_owned())));
    driver.shows("Was it done?");
    let Call::Create { key, .. } = driver.call(Lane::Save).clone() else { panic!() };
    driver.keys("<right><enter>");
    let Call::Create { key: again, .. } = driver.call(Lane::Save) else { panic!() };
    assert_eq!(key, *again);
    assert_eq!(driver.asked(Lane::Save), 2);
}

#[test]
fn a_session_that_may_create_no_visits_is_not_offered_to() {
    let mut archived = jose();
    archived.archived_at = Some("2026-11-20T09:00:00Z".parse().unwrap());
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<down><enter>");
    driver.answer(Lane::Record, Ok(one(archived)));
    driver.hides("Ctrl-A");
    driver.keys("<ctrl-a>");
    assert!(driver.app.layers().is_empty());
}

/// The page of a visit with every permission.
fn at_visit() -> Driver {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<f6>");
    let mut it = visit(1, VisitStatus::Waiting);
    it.permissions = Some(VisitPermission::ALL.to_vec());
    driver.answer(Lane::List, Ok(visits(vec![it.clone()])));
    driver.keys("<down><enter>");
    driver.answer(Lane::Record, Ok(Reply::Record(it.into())));
    driver
}

fn changed(driver: &Driver) -> Verb {
    match driver.call(Lane::Save) {
        Call::Do { verb, kind: RecordKind::Visit, id: 1, version: 1, .. } => *verb,
        _ => panic!("the visit is not changed"),
    }
}

#[test]
fn the_patient_of_a_visit_is_corrected_by_typing_after_a_question() {
    let mut driver = at_visit();
    driver.keys("<ctrl-p>correct<enter>");
    driver.answer(Lane::Pick, Ok(records(people())));
    driver.keys("jose<enter>");
    driver.answer(Lane::Pick, Ok(records(vec![jose()])));
    driver.shows("Change the patient of this visit?");
    driver.shows("José Gómez, born 1989-05-25, P000009K");
    driver.keys("<esc>");
    assert_eq!(driver.asked(Lane::Save), 0);
    driver.keys("<ctrl-p>correct<enter>jose<enter>");
    driver.answer(Lane::Pick, Ok(records(vec![jose()])));
    driver.keys("<right><enter>");
    assert_eq!(changed(&driver), Verb::SetMember("patient", 9));
}

#[test]
fn a_visit_goes_to_another_doctor() {
    let mut driver = at_visit();
    driver.shows("Ctrl-G for doctor");
    driver.keys("<ctrl-g>omar<enter>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(2, "Omar", "Haddad")])));
    driver.shows("Change the doctor of this visit?");
    driver.keys("<right><enter>");
    assert_eq!(changed(&driver), Verb::SetMember("doctor", 2));
}

#[test]
fn the_page_of_a_visit_offers_its_status_too() {
    let mut driver = at_visit();
    driver.keys("<ctrl-x><right><right><enter>");
    assert_eq!(changed(&driver), Verb::SetStatus("CALLED"));
}

#[test]
fn who_may_not_correct_a_visit_is_not_offered_to() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<f6>");
    let mut it = visit(1, VisitStatus::Waiting);
    it.permissions = Some(vec![VisitPermission::History]);
    driver.answer(Lane::List, Ok(visits(vec![it.clone()])));
    driver.keys("<down><enter>");
    driver.answer(Lane::Record, Ok(Reply::Record(it.into())));
    driver.hides("Ctrl-G");
    driver.keys("<ctrl-p>correct");
    driver.hides("correct patient");
}
