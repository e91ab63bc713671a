//! The audit log.

use serde_json::json;
use shared::{
    Kind, UserId,
    account::Role,
    audit::AuditEntry,
    history::{Change, RecordName},
    id::AuditId,
};

use super::{
    accounts::{account, as_admin, at_account, rows},
    driver::Driver,
    fixtures::problem,
};
use crate::{
    api::{Call, Reply},
    effect::Lane,
    layers::Layer,
    resource::RecordKind,
    screens::Screen,
};

pub(super) fn entry(id: i64, action: &str, entity: &str, changes: Vec<Change>) -> AuditEntry {
    AuditEntry {
        id: AuditId(id),
        at: "2026-11-20T08:30:00Z".parse().unwrap(),
        actor: Some(UserId(1)),
        actor_username: "ana".to_owned(),
        actor_role: Some(Role::Admin),
        token: None,
        action: action.to_owned(),
        entity: entity.to_owned(),
        entity_id: Some(9),
        version: Some(4),
        address: Some("192.0.2.7".to_owned()),
        request_id: Some("5f1c2a7e90b3".to_owned()),
        reason: None,
        changes,
        names: vec![
            named("patient", 9, "José Gómez"),
            named("user", 9, "ines"),
            named("patient", 10, "Ana Ruiz"),
        ],
    }
}

pub(super) fn named(entity: &str, id: i64, name: &str) -> RecordName {
    RecordName { entity: entity.to_owned(), id, name: name.to_owned() }
}

pub(super) fn entries() -> Reply {
    let change = |field: &str, old, new| Change { field: field.to_owned(), old, new };
    let changes = vec![
        change("gender", json!("M"), json!("F")),
        change("phone_number", json!(null), json!("+1 555 123 4567")),
    ];
    rows(vec![
        entry(3, "patient.updated", "patient", changes).into(),
        entry(2, "auth.login_failed", "user", Vec::new()).into(),
    ])
}

/// At the audit log.
pub(super) fn at_audit(width: u16, height: u16) -> Driver {
    let mut driver = as_admin(width, height);
    driver.keys("<f9>");
    driver.answer(Lane::List, Ok(entries()));
    driver
}

#[test]
fn an_entry_shows_changed_fields_address_and_request() {
    let mut driver = at_audit(80, 24);
    driver.shows("patient updated");
    driver.shows("2026-11-20 09:30");
    driver.shows("newest first");
    driver.keys("<enter>");
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
    assert_eq!(driver.asked(Lane::Record), 0, "an entry is read with its list");
    assert_eq!(driver.asked(Lane::History), 0);
    for words in ["192.0.2.7", "5f1c2a7e90b3", "Sex: male → female", "Phone: — → +1 555 123 4567"]
    {
        driver.shows(words);
    }
    driver.keys("<esc>");
    assert!(matches!(driver.app.screen(), Screen::List(_)));
}

#[test]
fn nothing_in_the_audit_log_can_be_created_changed_or_archived() {
    let mut driver = at_audit(80, 24);
    driver.hides("Ctrl-N");
    driver.hides("Ctrl-E");
    driver.keys("<ctrl-n>");
    driver.shows("Nothing can be added to this list.");
    driver.keys("<ctrl-e>");
    driver.shows("Nothing can be changed in this list.");
    driver.keys("<ctrl-o>");
    driver.shows("This list has one order.");
    driver.keys("<enter>");
    for (keys, why) in [
        ("<ctrl-e>", "It can't be changed."),
        ("<ctrl-x>", "It can't be archived."),
        ("<ctrl-k>", "It can't be archived."),
    ] {
        driver.keys(keys);
        driver.shows(why);
    }
    assert!(driver.app.layers().is_empty());
    assert_eq!(driver.asked(Lane::Save), 0);
}

#[test]
fn the_filters_of_the_audit_log_are_sent_with_days_as_moments_in_the_clinic() {
    let mut driver = at_audit(80, 24);
    driver.keys(
        "<ctrl-t>#7<tab>patient.updated<tab>patient<tab>9<tab>2026-11-19<tab>2026-11-20<ctrl-s>",
    );
    let Call::List { kind: RecordKind::AuditEntry, query } = driver.call(Lane::List) else {
        panic!()
    };
    for pair in [
        ("actor", "7"),
        ("action", "patient.updated"),
        ("entity", "patient"),
        ("entity_id", "9"),
        // Midnight in Berlin; the last day is in the span.
        ("from", "2026-11-18T23:00:00Z"),
        ("to", "2026-11-20T23:00:00Z"),
    ] {
        assert!(query.iter().any(|(n, v)| (*n, v.as_str()) == pair), "{pair:?} in {query:?}");
    }
    driver.shows("by account #7 · patient.updated · patient · #9");
    driver.keys("<ctrl-t>");
    driver.shows("2026-11-19");
    driver.hides("23:00");
}

#[test]
fn a_number_needs_its_kind_of_record() {
    let mut driver = at_audit(80, 24);
    driver.keys("<ctrl-t><tab><tab><tab>9<ctrl-s>");
    driver.shows("needs the kind of record above");
    driver.keys("<backtab>doctor<ctrl-s>");
    let Call::List { query, .. } = driver.call(Lane::List) else { panic!() };
    assert!(query.contains(&("entity_id", "9".to_owned())));
    driver.keys("<ctrl-t>x<ctrl-s>");
    driver.shows("must be a positive whole number");
}

#[test]
fn the_audit_log_has_no_search_and_letters_find_people() {
    let mut driver = at_audit(80, 24);
    driver.hides("Search");
    let asked = driver.asked(Lane::List);
    driver.keys("<ctrl-f>gomez");
    assert!(matches!(driver.app.layers(), [Layer::Find(_)]));
    assert_eq!(driver.asked(Lane::List), asked);
    driver.keys("<esc><down><enter>");
    driver.shows("auth login failed");
}

#[test]
fn a_refused_audit_log_says_why() {
    let mut driver = as_admin(80, 24);
    driver.keys("<f9>");
    driver.refuse(Lane::List, problem(Kind::Forbidden, &[]));
    driver.shows("! Not allowed");
    driver.hides("tries again");
}

#[test]
fn the_page_of_a_record_leads_to_what_the_audit_log_has_about_it() {
    let mut driver = at_account(account(7, "Ines", Role::Staff), 80, 24);
    driver.keys("<ctrl-p>audit of this<enter>");
    let Call::List { kind: RecordKind::AuditEntry, query } = driver.call(Lane::List) else {
        panic!()
    };
    assert!(query.contains(&("entity", "user".to_owned())));
    assert!(query.contains(&("entity_id", "7".to_owned())));
    driver.answer(Lane::List, Ok(entries()));
    driver.shows("account · #7");
    driver.keys("<esc>");
    driver.shows("Ines Soto");

    let mut driver = Driver::looking_at(super::fixtures::jose(), 80, 24);
    driver.keys("<ctrl-p>audit of this");
    driver.hides("what the audit log has");
}
