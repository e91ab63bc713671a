//! Two records of one person: the list of likely duplicates, both records side by side, and what becomes of them.

use serde_json::json;
use shared::{
    Kind, Page,
    account::SessionPermission,
    history::{Change, HistoryEntry, RecordName},
    patient::{LikelyPair, Patient, PatientPermission},
};

use super::{
    driver::Driver,
    fixtures::{history, jose, pair, patient, problem, stale, user},
    looks::look,
};
use crate::{
    api::{Call, Reply, Verb},
    effect::Lane,
    layers::Layer,
    resource::RecordKind,
    session::{Session, SessionHandle},
};

fn other() -> Patient {
    let mut other = patient(12, "Jose", "Gomez Soto");
    other.mrn = "P000012H".to_owned();
    other.fields.phone_number = None;
    other.fields.city = Some("Salem".to_owned());
    other.fields.allergies = Some("Latex".to_owned());
    other.version = 5;
    other
}

fn listed(pairs: Vec<LikelyPair>) -> Reply {
    let count = i64::try_from(pairs.len()).unwrap();
    let results = pairs.into_iter().map(Into::into).collect();
    Reply::Page(Box::new(Page { count, count_capped: false, next: None, previous: None, results }))
}

/// The list of likely duplicates of somebody who may merge records, or may not.
fn desk(may_merge: bool, width: u16, height: u16) -> Driver {
    let mut driver = Driver::at_login(width, height);
    driver.keys("ana<tab>a long password<enter>");
    let mut ana = user(1, "ana");
    if may_merge {
        ana.permissions.as_mut().unwrap().push(SessionPermission::MergePatients);
    }
    let session = Session::new(SessionHandle::new(1), ana);
    driver.answer(Lane::Account, Ok(Reply::SignedIn(Box::new(session))));
    driver
}

fn compared(width: u16, height: u16) -> Driver {
    let mut driver = desk(true, width, height);
    driver.keys("<ctrl-p>likely dup<enter>");
    driver.answer(Lane::List, Ok(listed(vec![pair(4, [jose(), other()])])));
    driver.shows("José Gómez / Jose Gomez Soto");
    driver.keys("<enter>");
    driver.shows("Reading both records");
    for record in [jose(), other()] {
        driver.answer(Lane::Compare, Ok(Reply::Record(record.into())));
    }
    driver
}

fn body(driver: &Driver) -> (i64, i64, serde_json::Value, Option<String>) {
    let Call::Merge { id, version, body, reason, .. } = driver.call(Lane::Save) else { panic!() };
    (*id, *version, body.clone(), reason.clone())
}

#[test]
fn both_records_are_shown_side_by_side() {
    for (name, width, height) in [("compare", 80, 24), ("compare_wide", 130, 40)] {
        insta::assert_snapshot!(name, look(&compared(width, height)));
    }
    let driver = compared(80, 40);
    for words in ["✓ P000009", "  P000012H", "✓ Penicillin", "  Latex"] {
        driver.shows(words);
    }
}

#[test]
fn a_merge_takes_what_was_chosen() {
    let mut driver = compared(80, 40);
    // The name, from the right; the rest as it is offered.
    driver.keys("<down><right><enter>");
    driver.shows("Merge both records?");
    assert_eq!(driver.asked(Lane::Save), 0);
    driver.keys("Registered twice<tab><enter>");
    let (id, version, body, reason) = body(&driver);
    assert_eq!((id, version), (9, 3));
    assert_eq!(reason.as_deref(), Some("Registered twice"));
    assert_eq!((&body["other"], &body["other_version"]), (&json!(12), &json!(5)));
    let fields = &body["fields"];
    assert_eq!((&fields["first_name"], &fields["city"]), (&json!("other"), &json!("this")));
    assert_eq!(fields["allergies"], "this");
    assert!(fields.get("last_name").is_some() && fields.get("identifiers").is_none());
    driver.answer(Lane::Save, Ok(Reply::Record(jose().into())));
    driver.shows("Merged: José Gómez");
    assert!(driver.app.layers().is_empty());
    assert!(matches!(driver.call(Lane::List), Call::List { kind: RecordKind::LikelyPair, .. }));
}

#[test]
fn the_other_record_may_stay() {
    let mut driver = compared(80, 40);
    driver.keys("<right><enter>");
    driver.keys("<tab><enter>");
    let (id, version, body, _) = body(&driver);
    assert_eq!((id, version), (12, 5));
    assert_eq!((&body["other"], &body["other_version"]), (&json!(9), &json!(3)));
    // What the record that stays lacks comes from the other one.
    assert_eq!(body["fields"]["phone_number"], "other");
    assert_eq!(body["fields"]["city"], "this");
}

#[test]
fn different_people_leave_the_list_for_a_reason() {
    let mut driver = compared(80, 24);
    driver.keys("<del>");
    driver.shows("Different people?");
    driver.keys("Twins<tab><enter>");
    let Call::TellApart { patients, reason, .. } = driver.call(Lane::Save) else { panic!() };
    assert_eq!((*patients, reason.as_deref()), ([9, 12], Some("Twins")));
    driver.answer(Lane::Save, Ok(Reply::Done));
    driver.shows("Different people:");
    assert!(driver.app.layers().is_empty());
}

#[test]
fn a_record_that_was_changed_meanwhile_is_read_again() {
    let mut driver = compared(80, 24);
    driver.keys("<enter><tab><enter>");
    driver.refuse(Lane::Save, stale(&other()));
    driver.shows("Somebody else has changed the record");
    assert!(matches!(driver.app.layers(), [Layer::Compare(_)]));
    assert!(matches!(driver.call(Lane::Compare), Call::Read { id: 9, .. }));
    driver.answer(Lane::Compare, Ok(Reply::Record(other().into())));
}

#[test]
fn values_that_do_not_fit_are_not_sent() {
    let mut driver = desk(true, 80, 40);
    driver.keys("<ctrl-p>likely dup<enter>");
    let mut dead = other();
    dead.fields.deceased_on = "1950-01-01".parse().ok();
    dead.fields.date_of_birth = None;
    driver.answer(Lane::List, Ok(listed(vec![pair(4, [jose(), dead.clone()])])));
    driver.keys("<enter>");
    driver.answer(Lane::Compare, Ok(Reply::Record(jose().into())));
    driver.answer(Lane::Compare, Ok(Reply::Record(dead.into())));
    driver.keys("<enter>");
    driver.shows("deceased on must not be before the date of birth");
    assert!(matches!(driver.app.layers(), [Layer::Compare(_)]));
}

#[test]
fn a_pair_that_is_gone_is_not_compared() {
    let mut driver = desk(true, 80, 24);
    driver.keys("<ctrl-p>likely dup<enter>");
    driver.answer(Lane::List, Ok(listed(vec![pair(4, [jose(), other()])])));
    driver.keys("<enter>");
    driver.refuse(Lane::Compare, problem(Kind::NotFound, &[]));
    assert!(driver.app.layers().is_empty());
    // The list is asked for again.
    driver.answer(Lane::List, Ok(listed(vec![pair(4, [jose(), other()])])));
    driver.keys("<esc><enter>");
    let survivor = patient(77, "Ana", "Soto");
    driver.answer(Lane::Compare, Ok(Reply::Record(survivor.into())));
    driver.shows("merged in the meantime");
    assert!(driver.app.layers().is_empty());
}

/// José's page, with the changes of these events in the history, the newest first.
fn merged(events: &[(&str, serde_json::Value, serde_json::Value)]) -> Driver {
    let mut jose = jose();
    jose.former_mrns = vec!["P000012H".to_owned()];
    jose.former_names = vec!["Jose Gomez Soto".to_owned()];
    jose.permissions.as_mut().unwrap().push(PatientPermission::Merge);
    let mut driver = Driver::with(vec![jose.clone()], 1, 80, 40);
    driver.keys("<down><enter>");
    driver.answer(Lane::Record, Ok(Reply::Record(jose.into())));
    let mut page = history();
    let first = page.results[0].clone();
    page.results = events
        .iter()
        .map(|(action, old, new)| HistoryEntry {
            action: (*action).to_owned(),
            changes: vec![Change {
                field: "merged".to_owned(),
                old: old.clone(),
                new: new.clone(),
            }],
            names: vec![RecordName {
                entity: "patient".to_owned(),
                id: 12,
                name: "Jose Gomez Soto".to_owned(),
            }],
            ..first.clone()
        })
        .collect();
    driver.answer(Lane::History, Ok(Reply::History(Box::new(page))));
    driver
}

#[test]
fn a_merge_is_undone_from_the_page_of_the_record() {
    let mut driver = merged(&[("patient.merged", json!(null), json!(12))]);
    for words in ["Formerly", "Jose Gomez Soto", "Merged with", "P000012H"] {
        driver.shows(words);
    }
    driver.keys("<ctrl-p>undo merge<enter>");
    driver.shows("Jose Gomez Soto is restored");
    driver.keys("Twins<tab><enter>");
    let Call::Do { verb, id, version, reason, .. } = driver.call(Lane::Save) else { panic!() };
    assert_eq!((*verb, *id, *version), (Verb::Unmerge(12), 9, 3));
    assert_eq!(reason.as_deref(), Some("Twins"));
    driver.answer(Lane::Save, Ok(Reply::Record(jose().into())));
    driver.shows("The merge was undone: José Gómez");
}

#[test]
fn the_history_tells_what_is_of_the_merged_record() {
    let mut driver = Driver::with(vec![jose()], 1, 100, 40);
    driver.keys("<down><enter>");
    driver.answer(Lane::Record, Ok(Reply::Record(jose().into())));
    let mut page = history();
    page.results.truncate(1);
    page.results[0].merged = Some(12);
    page.results[0].action = "patient.updated".to_owned();
    page.results[0].changes =
        vec![Change { field: "city".to_owned(), old: json!("Salem"), new: json!("Boston") }];
    driver.answer(Lane::History, Ok(Reply::History(Box::new(page))));
    driver.shows("changed (record #12, merged)");
    // The other record's values are not put into this one.
    driver.keys("<ctrl-p>put back");
    driver.hides("Put values from the history back");
}

#[test]
fn only_a_merge_that_stands_can_be_undone() {
    let undone = ("patient.unmerged", json!(12), json!(null));
    let merge = |id: i64| ("patient.merged", json!(null), json!(id));
    let mut driver = merged(&[undone.clone(), merge(12)]);
    driver.keys("<ctrl-p>undo merge");
    driver.hides("The other record is restored");
    let mut driver = merged(&[undone, merge(12), merge(14)]);
    driver.keys("<ctrl-p>undo merge<enter>");
    driver.shows("#14 is restored");
}

#[test]
fn only_those_who_may_merge_are_offered_the_list() {
    let mut driver = desk(false, 80, 24);
    driver.keys("<ctrl-p>likely dup");
    driver.hides("likely duplicates");
}
