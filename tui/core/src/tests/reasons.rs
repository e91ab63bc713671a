//! Reasons that were typed and not used: they are there again. And the answers that are selected at first.

use shared::{Kind, visit::VisitStatus};

use super::{
    driver::Driver,
    fixtures::{assignment, doctor, jose, people, problem, records, visit, visits},
    pages::{doctors, looking_at, picking},
};
use crate::{
    api::{Call, Failure, Reply, Verb},
    effect::Lane,
    layers::Layer,
    resource::RecordKind,
};

/// José's page with the question whether to assign him to a doctor.
fn assigning(driver: &mut Driver, id: i64, last: &str) {
    driver.keys("<ctrl-g>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(id, "A", last)])));
    driver.keys("<enter>");
    driver.shows("Assign this patient?");
}

fn reason(driver: &Driver) -> Option<&str> {
    match driver.call(Lane::Save) {
        Call::Assign { reason, .. } | Call::Do { reason, .. } => reason.as_deref(),
        Call::Create { kind: RecordKind::Visit, body, .. } => body["reason"].as_str(),
        _ => panic!("nothing with a reason was sent"),
    }
}

#[test]
fn a_reason_is_there_again_for_the_same_patient_only() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    assigning(&mut driver, 1, "Johnson");
    driver.keys("Chest pain<esc>");
    assert!(driver.app.layers().is_empty());
    assigning(&mut driver, 2, "Haddad");
    driver.shows("Chest pain");
    driver.keys("<esc><ctrl-x>");
    driver.hides("Chest pain");
    driver.keys("<esc><ctrl-g>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(2, "A", "Haddad")])));
    driver.keys("<enter><enter>");
    assert_eq!(reason(&driver), Some("Chest pain"));
}

#[test]
fn a_reason_is_kept_until_it_has_been_written() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    assigning(&mut driver, 1, "Johnson");
    driver.keys("Chest pain<enter>");
    driver.answer(Lane::Save, Err(Failure::Offline("connection refused".to_owned())));
    driver.keys("<esc>");
    assigning(&mut driver, 1, "Johnson");
    driver.shows("Chest pain");
    driver.keys("<enter>");
    assert_eq!(reason(&driver), Some("Chest pain"));
    driver.answer(Lane::Save, Ok(Reply::Record(assignment(6).into())));
    assigning(&mut driver, 1, "Johnson");
    driver.hides("Chest pain");
}

#[test]
fn the_reason_of_an_arrival_is_there_again() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-a>Fever<esc>");
    assert!(driver.app.layers().is_empty());
    driver.keys("<ctrl-a>");
    driver.shows("Fever");
    driver.answer(Lane::Pick, Ok(records(vec![assignment(5)])));
    driver.keys("<enter>");
    assert_eq!(reason(&driver), Some("Fever"));
    let mut arrived = visit(9, VisitStatus::Waiting);
    arrived.patient_name = "José Gómez".to_owned();
    driver.answer(Lane::Save, Ok(Reply::Record(arrived.into())));
    driver.keys("<ctrl-a>");
    driver.hides("Fever");
}

#[test]
fn a_reason_that_was_emptied_stays_empty() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    assigning(&mut driver, 1, "Johnson");
    driver.keys("Chest pain<esc>");
    assigning(&mut driver, 1, "Johnson");
    driver.keys("<ctrl-u><esc>");
    assigning(&mut driver, 1, "Johnson");
    driver.hides("Chest pain");
}

#[test]
fn another_user_sees_no_reason_of_the_one_before() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-x>Moved away<esc><ctrl-p>log out<enter>bob<tab>a long password<enter>");
    driver.log_in(2, "bob");
    driver.keys("<f3>");
    driver.answer(Lane::List, Ok(records(vec![jose()])));
    driver.keys("<down><ctrl-x>");
    driver.shows("Archive this patient?");
    driver.hides("Moved away");
}

#[test]
fn enter_before_the_picker_has_its_answer_waits_for_it() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-g><enter>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(1, "Sarah", "Johnson")])));
    driver.shows("Assign this patient?");
    // Among several, it goes to the rows, where the next one picks.
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-g><enter>");
    driver.answer(Lane::Pick, Ok(records(doctors())));
    assert!(matches!(driver.app.layers(), [Layer::Picker(_)]));
    driver.keys("<enter>");
    driver.shows("Assign this patient?");
}

#[test]
fn what_harms_nothing_is_done_by_enter() {
    let mut driver = picking(vec![doctor(1, "Sarah", "Johnson")]);
    driver.keys("<enter>");
    driver.shows("› Assign ‹");
    driver.keys("<enter>");
    assert!(matches!(driver.call(Lane::Save), Call::Assign { .. }));

    let mut driver = looking_at(assignment(5));
    driver.keys("<ctrl-g>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(2, "Omar", "Haddad")])));
    driver.keys("<enter>");
    driver.shows("› Transfer ‹");
    // An arrow and Enter do it, as in every question.
    driver.keys("<down>");
    driver.shows("› Transfer ‹");
    driver.keys("<up>");
    driver.shows("› Don't transfer ‹");
    driver.keys("<down><enter>");
    assert!(matches!(driver.call(Lane::Save), Call::Do { verb: Verb::Transfer(2), .. }));
}

#[test]
fn what_is_warned_of_is_not_done_by_enter() {
    let mut driver = picking(vec![doctors().remove(1)]);
    driver.keys("<enter>");
    driver.shows("! accepts no patients");
    driver.shows("› Don't assign ‹");
    driver.keys("<enter>");
    assert_eq!(driver.asked(Lane::Save), 0);
}

#[test]
fn what_takes_something_away_is_not_done_by_enter() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-x>");
    driver.shows("› Cancel ‹");
    driver.keys("<enter>");
    assert_eq!(driver.asked(Lane::Save), 0);
    // A typed reason leads to the answer first.
    driver.keys("<ctrl-x>Moved<enter>");
    driver.shows("› Archive ‹");
    assert_eq!(driver.asked(Lane::Save), 0);
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e>x<esc>");
    driver.shows("› Keep editing ‹");
}

#[test]
fn a_visit_ends_or_goes_back_by_a_key_an_arrow_and_enter() {
    for (status, first) in [
        (VisitStatus::Waiting, "LEFT"),
        (VisitStatus::InRoom, "LEFT"),
        (VisitStatus::Left, "WAITING"),
        (VisitStatus::Done, "IN_ROOM"),
    ] {
        let mut driver = Driver::with(people(), 5, 80, 24);
        driver.keys("<f6>");
        driver.answer(Lane::List, Ok(visits(vec![visit(1, status)])));
        driver.keys("<ctrl-x><right><enter>");
        let Call::Do { verb: Verb::SetStatus(sent), .. } = driver.call(Lane::Save) else {
            panic!()
        };
        assert_eq!(*sent, first);
    }
}

#[test]
fn an_assignment_keeps_its_status_by_default() {
    let mut driver = looking_at(assignment(5));
    driver.keys("<ctrl-x>");
    driver.shows("› Keep it ‹");
}

#[test]
fn a_refused_arrival_keeps_its_reason() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-a>Fever");
    driver.answer(Lane::Pick, Ok(records(vec![assignment(5)])));
    driver.keys("<enter>");
    driver.refuse(Lane::Save, problem(Kind::Internal, &[]));
    driver.keys("<esc><ctrl-a>");
    driver.shows("Fever");
}
