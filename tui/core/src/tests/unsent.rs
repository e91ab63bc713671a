//! What was typed on a layer is not lost where its write can't be done now.

use serde_json::{Value, json};
use shared::Kind;

use super::{
    driver::Driver,
    fixtures::{doctor, jose, one, problem, records},
};
use crate::{
    api::{Call, Failure, Verb},
    effect::Lane,
    key::IdempotencyKey,
    resource::RecordKind,
};

fn away() -> Failure {
    Failure::Offline("nothing answers at clinic:8000".to_owned())
}

/// The visit that is created, with its key.
fn arrival(driver: &Driver) -> (Value, IdempotencyKey) {
    match driver.call(Lane::Save) {
        Call::Create { kind: RecordKind::Visit, body, key, .. } => (body.clone(), key.clone()),
        _ => panic!("no visit is created"),
    }
}

/// Who is assigned to whom, why, and under which key.
fn assigned(driver: &Driver) -> (i64, i64, Option<String>, IdempotencyKey) {
    match driver.call(Lane::Save) {
        Call::Assign { patient, doctor, reason, key, .. } => {
            (*patient, *doctor, reason.clone(), key.clone())
        }
        _ => panic!("nobody is assigned"),
    }
}

/// José has arrived with a fever, and it is being saved.
fn arrived() -> Driver {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-a>");
    driver.answer(Lane::Pick, Ok(records(Vec::<crate::resource::Record>::new())));
    driver.keys("Fever<enter>");
    driver
}

#[test]
fn an_arrival_that_reached_no_server_is_sent_again_as_it_was_typed() {
    for failure in [away(), Failure::Problem(Box::new(problem(Kind::Unavailable, &[])))] {
        let mut driver = arrived();
        let sent = arrival(&driver);
        assert_eq!(sent.0, json!({"patient": 9, "is_urgent": false, "reason": "Fever"}));
        for times in 2..4 {
            driver.answer(Lane::Save, Err(failure.clone()));
            driver.shows("The arrival was not saved.");
            driver.shows("Typed: “Fever”");
            driver.keys("<right><enter>");
            assert_eq!(driver.asked(Lane::Save), times);
            assert_eq!(arrival(&driver), sent, "under its key it is done once");
        }
    }
}

#[test]
fn an_arrival_that_failed_while_somebody_was_elsewhere_says_what_was_typed() {
    let mut driver = arrived();
    driver.keys("<f12>");
    driver.answer(Lane::Save, Err(away()));
    driver.keys("<esc>");
    driver.shows("The arrival was not saved.");
    driver.shows("Fever");
    assert!(driver.app.layers().is_empty(), "nothing lies in the way");
}

#[test]
fn the_reason_of_an_archiving_that_reached_no_server_is_not_lost() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-x>moved away<enter><enter>");
    driver.answer(Lane::Save, Err(away()));
    driver.shows("The record was not archived.");
    driver.keys("<right><enter>");
    let Call::Do { verb: Verb::Archive, reason, .. } = driver.call(Lane::Save) else {
        panic!("something else is sent");
    };
    assert_eq!(reason.as_deref(), Some("moved away"));
}

#[test]
fn a_patient_who_is_not_assigned_because_no_server_answers_can_be_assigned_again() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-g>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(2, "Omar", "Haddad")])));
    driver.keys("<enter>knee<enter><enter>");
    let sent = assigned(&driver);
    assert_eq!((sent.0, sent.1, sent.2.as_deref()), (9, 2, Some("knee")));
    driver.answer(Lane::Save, Err(away()));
    driver.shows("The patient was not assigned.");
    driver.shows("Typed: “knee”");
    driver.keys("<right><enter>");
    assert_eq!(driver.asked(Lane::Save), 2);
    assert_eq!(assigned(&driver), sent);
}

#[test]
fn a_single_key_that_reached_no_server_is_only_told() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-x><tab><enter>");
    driver.answer(Lane::Save, Err(away()));
    driver.shows("nothing answers at clinic:8000");
    assert!(driver.app.layers().is_empty());
}

#[test]
fn what_is_typed_on_a_layer_while_something_else_is_being_saved_is_sent_afterwards() {
    let mut driver = arrived();
    driver.keys("<ctrl-x>moved away<enter><enter>");
    assert_eq!(driver.asked(Lane::Save), 1, "one write at a time");
    driver.shows("The record was not archived. A save is in progress");
    driver.shows("Typed: “moved away”");
    driver.answer(Lane::Save, Ok(one(jose())));
    driver.keys("<right><enter>");
    assert_eq!(driver.asked(Lane::Save), 2);
    assert_eq!(driver.call(Lane::Save).reason(), Some("moved away"));
}
