//! The end of the morning: what the screens say, what the server has, and what was done have to agree.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    clerk::{Clerk, Typed},
    clinic::{Clinic, LEAVING, STAYING},
};

/// How many visits have each status, in the words of the screens and in those of the API.
pub(super) const CLOSING: [(&str, &str, usize); 5] = [
    ("Waiting", "WAITING", 22),
    ("Called", "CALLED", 1),
    ("With a doctor", "IN_ROOM", 2),
    ("Seen", "DONE", 4),
    ("Left unseen", "LEFT", 1),
];

fn text<'a>(row: &'a Value, member: &str) -> &'a str {
    row[member].as_str().unwrap_or_default()
}

/// The records of the clinic by what the ledgers call them.
struct Records {
    /// By kind and id.
    names: BTreeMap<(String, i64), String>,
    /// By kind and name.
    rows: BTreeMap<(String, String), Value>,
}

impl Records {
    fn read(clinic: &Clinic) -> Self {
        let mut records = Self { names: BTreeMap::new(), rows: BTreeMap::new() };
        let patients = clinic.all("/api/patients");
        let codes: BTreeMap<i64, String> = patients
            .iter()
            .map(|row| (row["id"].as_i64().unwrap(), text(row, "mrn").to_owned()))
            .collect();
        for row in patients {
            records.take("patient", text(&row, "mrn").to_owned(), row);
        }
        for row in clinic.all("/api/visits") {
            records.take("visit", text(&row, "mrn").to_owned(), row);
        }
        let archived = clinic.all("/api/doctors?archived=true");
        for row in clinic.all("/api/doctors").into_iter().chain(archived) {
            records.take("doctor", text(&row, "full_name").to_owned(), row);
        }
        for row in clinic.all("/api/assignments") {
            let code = codes[&row["patient"].as_i64().unwrap()].clone();
            records.take("assignment", code, row);
        }
        for row in clinic.all("/api/assignments?is_active=false") {
            let code = codes[&row["patient"].as_i64().unwrap()].clone();
            records.names.insert(("assignment".to_owned(), row["id"].as_i64().unwrap()), code);
        }
        records
    }

    fn take(&mut self, kind: &str, name: String, row: Value) {
        let id = row["id"].as_i64().unwrap();
        self.names.insert((kind.to_owned(), id), name.clone());
        let before = self.rows.insert((kind.to_owned(), name), row);
        assert_eq!(before, None, "two records of one name");
    }

    /// Whose record an audit event is about.
    fn named(&self, event: &Value) -> Option<&str> {
        let key = (text(event, "entity").to_owned(), event["entity_id"].as_i64()?);
        self.names.get(&key).map(String::as_str)
    }
}

/// The numbers on every screen and those of the API are the same.
pub(super) fn visits_add_up(clinic: &Clinic, clerks: &mut [&mut Clerk]) {
    let all: usize = CLOSING.iter().map(|(_, _, count)| count).sum();
    for clerk in clerks {
        clerk.keys("<f2>");
        let seen = CLOSING[3].2;
        let left = CLOSING[4].2;
        clerk
            .sees_line(&["In the clinic now  ", &format!("{} · {all} arrived", all - seen - left)]);
        clerk.keys("<f7>");
        clerk.sees_number("= Arrived ", all);
        for (word, _, count) in CLOSING {
            clerk.sees_number(&format!(" {word} "), count);
        }
    }
    let visits = clinic.all("/api/visits");
    assert_eq!(visits.len(), all);
    for (_, status, count) in CLOSING {
        let with = visits.iter().filter(|visit| visit["status"] == status).count();
        assert_eq!(with, count, "{status}");
        assert_eq!(clinic.all(&format!("/api/visits?status={status}")).len(), count);
    }
    let numbers: Vec<i64> = visits.iter().map(|visit| visit["number"].as_i64().unwrap()).collect();
    let mut sorted = numbers.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (1..=30).collect::<Vec<_>>(), "no number is missing or there twice");
}

/// Every word that was typed stands in its record, but for those that somebody chose to replace and for
/// the reason of an archiving. Those are in the log.
pub(super) fn no_word_is_lost(clinic: &Clinic, clerks: &[&Clerk], replaced: &[(&str, &str)]) {
    let records = Records::read(clinic);
    let events = clinic.all("/api/audit");
    let words = clerks.iter().flat_map(|clerk| clerk.typed.iter().map(move |word| (clerk, word)));
    for (clerk, word) in words {
        let Typed { kind, whose, member, value } = word;
        let record = &records.rows[&((*kind).to_owned(), whose.clone())];
        let is_logged = |event: &Value| {
            let is_change =
                |change: &Value| text(change, "field") == *member && text(change, "new") == value;
            text(event, "actor_username") == clerk.name
                && records.named(event) == Some(whose)
                && (event["changes"].as_array().unwrap().iter().any(is_change)
                    || (*member == "reason" && text(event, "reason") == value))
        };
        let is_member = record.get(member).is_some() && !replaced.contains(&(*member, value));
        match is_member {
            true => assert_eq!(text(record, member), value, "{member} of {whose}: {record}"),
            false => assert!(events.iter().any(is_logged), "{member} of {whose}: {value}"),
        }
    }
}

/// Everybody whom the doctor who left has cared for is assigned to the colleague, and nobody waits for the
/// one who left.
pub(super) fn nobody_is_without_a_doctor(clinic: &Clinic) {
    let assignments = clinic.all("/api/assignments");
    let names = |name: &str| assignments.iter().filter(|row| row["doctor_name"] == name).count();
    assert_eq!((names(LEAVING.name), clinic.in_care.len()), (0, 8));
    let visits = clinic.all("/api/visits?is_open=true");
    assert!(visits.iter().all(|visit| visit["doctor_name"] != LEAVING.name), "{visits:?}");
    let records = Records::read(clinic);
    for code in &clinic.in_care {
        let row = &records.rows[&("assignment".to_owned(), code.clone())];
        assert_eq!(row["doctor_name"], STAYING.name);
    }
}

/// Every write since the doors opened is in the audit log under the name of the one who did it, once, and
/// nothing else is. Nobody has read the record of a patient who was somebody else's business.
pub(super) fn every_entry_bears_the_right_name(clinic: &Clinic, clerks: &[&Clerk]) {
    let records = Records::read(clinic);
    let events = clinic.all("/api/audit");
    let of_the_morning = |event: &&Value| event["id"].as_i64().unwrap() > clinic.eve;
    let mut done: Vec<(&str, String, String)> = Vec::new();
    for event in events.iter().filter(of_the_morning) {
        let Some(whose) = records.named(event) else { continue };
        let (name, action) = (text(event, "actor_username"), text(event, "action"));
        if !event["version"].is_null() {
            done.push((name, action.to_owned(), whose.to_owned()));
            continue;
        }
        let reader = clerks.iter().find(|clerk| clerk.name == name);
        if text(event, "entity") == "patient" && name != "Root" {
            let is_own = reader.is_some_and(|clerk| clerk.met.contains(whose));
            assert!(is_own, "{name} has read {whose}: {event}");
        }
    }
    let of_clerk = |clerk: &Clerk| {
        let name = clerk.name;
        let write =
            move |(action, whose): &(&str, String)| (name, (*action).to_owned(), whose.clone());
        clerk.done.iter().map(write).collect::<Vec<_>>()
    };
    let mut missing = Vec::new();
    for write in clerks.iter().flat_map(|clerk| of_clerk(clerk)) {
        match done.iter().position(|known| *known == write) {
            Some(at) => drop(done.swap_remove(at)),
            None => missing.push(write),
        }
    }
    assert!(missing.is_empty() && done.is_empty(), "missing: {missing:?}; unexpected: {done:?}");
}
