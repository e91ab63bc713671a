//! What is done with records, as requests.

use reqwest::Method;
use serde_json::{Value, json};
use tui_core::{
    api::{Call, Handover, Verb},
    key::IdempotencyKey,
    resource::RecordKind,
};

use super::request::{Request, Target};

/// Method, path with query, body and version.
fn sent(call: &Call) -> (Method, String, Value, Option<i64>) {
    let Ok(request) = Request::new(call) else { panic!("it is no request") };
    let Target::Path { path, query } = &request.target else { panic!("it has no path") };
    let pairs: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let target =
        if pairs.is_empty() { path.clone() } else { format!("{path}?{}", pairs.join("&")) };
    assert!(request.is_write);
    let body = serde_json::from_slice(&request.body.unwrap_or_default()).unwrap();
    (request.method, target, body, request.version)
}

fn doing(verb: Verb, kind: RecordKind, reason: Option<&str>) -> Call {
    let (reason, about) = (reason.map(str::to_owned), String::new());
    Call::Do { verb, kind, id: 7, version: 3, reason, about }
}

#[test]
fn what_is_done_with_a_record_names_its_version() {
    use RecordKind::{Assignment, Doctor, Patient};
    let held = Verb::SetStatus("ON_HOLD");
    for (call, method, target, body) in [
        (
            doing(held, Assignment, None),
            Method::PATCH,
            "/api/assignments/7",
            json!({"status": "ON_HOLD"}),
        ),
        (
            doing(Verb::Transfer(2), Assignment, None),
            Method::POST,
            "/api/assignments/7/transfer",
            json!({"doctor": 2}),
        ),
        (
            doing(Verb::Transfer(2), Assignment, Some("Second opinion")),
            Method::POST,
            "/api/assignments/7/transfer",
            json!({"doctor": 2, "reason_for_visit": "Second opinion"}),
        ),
        (
            doing(Verb::HandOver(Handover::To(2)), Doctor, Some("Left")),
            Method::POST,
            "/api/doctors/7/archive?reassign_to=2",
            json!({"reason": "Left"}),
        ),
        (
            doing(Verb::HandOver(Handover::End), Doctor, Some("Left")),
            Method::POST,
            "/api/doctors/7/archive?end_assignments=true",
            json!({"reason": "Left"}),
        ),
        (
            doing(Verb::Unmerge(12), Patient, Some("Twins")),
            Method::POST,
            "/api/patients/7/unmerge",
            json!({"other": 12, "reason": "Twins"}),
        ),
        (
            doing(Verb::Archive, Doctor, Some("Left")),
            Method::POST,
            "/api/doctors/7/archive",
            json!({"reason": "Left"}),
        ),
    ] {
        assert_eq!(sent(&call), (method, target.to_owned(), body, Some(3)));
    }
}

#[test]
fn an_assignment_is_made_under_a_key() {
    let assign = |reason: Option<&str>| Call::Assign {
        patient: 9,
        doctor: 1,
        reason: reason.map(str::to_owned),
        key: IdempotencyKey::new(1, 2),
        about: String::new(),
    };
    let body = json!({"doctor": 1, "patient": 9, "reason_for_visit": "Chest pain"});
    let target = "/api/assignments".to_owned();
    let call = assign(Some("Chest pain"));
    assert_eq!(sent(&call), (Method::POST, target.clone(), body, None));
    assert!(
        Request::new(&call).is_ok_and(|request| request.key == Some(IdempotencyKey::new(1, 2)))
    );
    let body = json!({"doctor": 1, "patient": 9});
    assert_eq!(sent(&assign(None)), (Method::POST, target, body, None));
}

#[test]
fn a_merge_names_the_versions_of_both_records() {
    let merge = |reason: Option<&str>| Call::Merge {
        id: 9,
        version: 3,
        other: 12,
        body: json!({"other": 12, "other_version": 5, "fields": {"city": "other"}}),
        reason: reason.map(str::to_owned),
        about: String::new(),
    };
    let body = json!({"other": 12, "other_version": 5, "fields": {"city": "other"}});
    let target = "/api/patients/9/merge".to_owned();
    assert_eq!(sent(&merge(None)), (Method::POST, target.clone(), body.clone(), Some(3)));
    let mut reasoned = body;
    reasoned["reason"] = json!("Twice");
    assert_eq!(sent(&merge(Some("Twice"))), (Method::POST, target, reasoned, Some(3)));
}

#[test]
fn people_are_told_apart_for_a_reason_or_none() {
    let telling = |reason: Option<&str>| Call::TellApart {
        patients: [9, 12],
        reason: reason.map(str::to_owned),
        about: String::new(),
    };
    let target = "/api/duplicates/dismiss".to_owned();
    for (reason, body) in [
        (None, json!({"patients": [9, 12]})),
        (Some("Twins"), json!({"patients": [9, 12], "reason": "Twins"})),
    ] {
        assert_eq!(sent(&telling(reason)), (Method::POST, target.clone(), body, None));
    }
}
