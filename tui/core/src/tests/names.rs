//! Histories and the audit log show people by their names.

use serde_json::json;
use shared::{
    history::{Change, HistoryEntry, RecordName},
    id::AuditId,
    page::Page,
    visit::VisitStatus,
};

use super::{
    audit::{at_audit, named},
    driver::Driver,
    fixtures::{people, visit, visits},
};
use crate::{api::Reply, effect::Lane};

/// The page of a visit whose history has this entry.
fn at_visit(action: &str, changes: &[(&str, Option<i64>, i64)], names: Vec<RecordName>) -> Driver {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<f2>");
    let it = visit(1, VisitStatus::Waiting);
    driver.answer(Lane::List, Ok(visits(vec![it.clone()])));
    driver.keys("<down><enter>");
    driver.answer(Lane::Record, Ok(Reply::Record(it.into())));
    let change = |(field, old, new): &(&str, Option<i64>, i64)| Change {
        field: (*field).to_owned(),
        old: json!(old),
        new: json!(new),
    };
    let entry = HistoryEntry {
        merged: None,
        id: AuditId(1),
        at: "2026-11-20T08:30:00Z".parse().unwrap(),
        action: action.to_owned(),
        actor: None,
        actor_username: "ana".to_owned(),
        address: None,
        request_id: None,
        reason: None,
        version: Some(2),
        changes: changes.iter().map(change).collect(),
        names,
    };
    let results = vec![entry];
    let page = Page { count: 1, count_capped: false, next: None, previous: None, results };
    driver.answer(Lane::History, Ok(Reply::History(Box::new(page))));
    driver
}

#[test]
fn the_history_of_a_visit_names_the_patients_and_the_doctor() {
    let names = vec![
        named("patient", 1, "José Gómez"),
        named("patient", 3, "Ana Ruiz"),
        named("doctor", 3, "Sarah Johnson"),
    ];
    let changes = [("patient", Some(1), 3), ("doctor", None, 3)];
    let driver = at_visit("visit.patient_corrected", &changes, names);
    driver.shows("Patient: José Gómez → Ana Ruiz");
    driver.shows("Doctor: — → Sarah Johnson");
}

#[test]
fn a_record_without_a_name_is_shown_by_its_number() {
    let names = vec![named("patient", 3, "Ana Ruiz")];
    let changes = [("patient", Some(1), 3), ("assignment", Some(4), 5)];
    let driver = at_visit("visit.patient_corrected", &changes, names);
    driver.shows("Patient: #1 → Ana Ruiz");
    driver.shows("Assignment: #4 → #5");
}

#[test]
fn the_audit_log_shows_the_names_of_its_records() {
    let mut driver = at_audit(80, 24);
    driver.shows("José Gómez");
    driver.keys("<enter>");
    driver.shows("ana · José Gómez, patient #9");
}
