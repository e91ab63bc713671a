//! A patient's fields in the form: from the record to text, and from text to the members of a
//! request.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Value, json};
use shared::{
    Faults,
    patient::{Patient, PatientInput},
    read::Reader,
};

use crate::form::{Form, field::Field};

const SEXES: &[(&str, &str)] =
    &[("", "not said"), ("F", "female"), ("M", "male"), ("O", "other"), ("U", "unknown")];
const BLOOD: &[(&str, &str)] = &[
    ("", "not said"),
    ("A+", "A+"),
    ("A-", "A-"),
    ("B+", "B+"),
    ("B-", "B-"),
    ("AB+", "AB+"),
    ("AB-", "AB-"),
    ("O+", "O+"),
    ("O-", "O-"),
];

/// The fields of the form, with a patient's values or empty.
pub fn of(patient: Option<&Patient>) -> Vec<Field> {
    let values = patient.map(values).unwrap_or_default();
    let value = |name: &str| values.get(name).map_or("", String::as_str);
    let line = |name, label| Field::text(name, label, value(name));
    let notes = |name, label, rows| Field::notes(name, label, value(name), rows);
    vec![
        line("first_name", "First name").half(),
        line("last_name", "Last name").half(),
        line("date_of_birth", "Born")
            .hint("1989-05-25, 1989-05, 1989, 19890525; t is today")
            .half(),
        line("age", "or age").hint("where no date of birth is known").half(),
        Field::choice("gender", "Sex", SEXES, value("gender")).half(),
        Field::choice("blood_type", "Blood type", BLOOD, value("blood_type")).half(),
        line("phone_number", "Phone").half(),
        line("email", "E-mail").half(),
        notes("address", "Address", 2),
        line("city", "City").half(),
        line("zip_code", "Zip code").half(),
        line("state", "State").half(),
        line("deceased_on", "Died on").hint("shown as deceased from then on").half(),
        line("emergency_contact", "In emergency").hint("whom to call, with the number"),
        notes("allergies", "Allergies", 2),
        notes("medical_history", "Med. history", 3),
        notes("identifiers", "Identifiers", 2).hint("one a line, like: insurance: X123456789"),
    ]
}

/// A patient's values as the form shows them.
pub fn values(patient: &Patient) -> BTreeMap<&'static str, String> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let lines = patient.identifiers.iter().map(|i| format!("{}: {}", i.system, i.value));
    BTreeMap::from([
        ("first_name", text(&patient.first_name)),
        ("last_name", text(&patient.last_name)),
        ("date_of_birth", patient.date_of_birth.map(|date| date.to_string()).unwrap_or_default()),
        ("deceased_on", patient.deceased_on.map(|date| date.to_string()).unwrap_or_default()),
        ("gender", patient.gender.map(|gender| gender.to_string()).unwrap_or_default()),
        ("phone_number", text(&patient.phone_number)),
        ("email", text(&patient.email)),
        ("address", text(&patient.address)),
        ("city", text(&patient.city)),
        ("state", text(&patient.state)),
        ("zip_code", text(&patient.zip_code)),
        ("blood_type", patient.blood_type.map(|blood| blood.to_string()).unwrap_or_default()),
        ("allergies", text(&patient.allergies)),
        ("medical_history", text(&patient.medical_history)),
        ("emergency_contact", text(&patient.emergency_contact)),
        ("identifiers", lines.collect::<Vec<_>>().join("\n")),
    ])
}

/// Reads the form: in a change only the fields that differ from the record, in a new record only
/// those that are filled in.
pub fn read(form: &Form, is_change: bool, today: NaiveDate) -> (PatientInput, Faults) {
    let is_sent = |field: &&Field| {
        if is_change { field.is_changed() } else { !field.value().trim().is_empty() }
    };
    let members = form.fields.iter().filter(is_sent);
    let members = members.map(|field| (field.name.to_owned(), member(field, today))).collect();
    let mut reader = Reader::from_members(members);
    let input = PatientInput::read(&mut reader);
    (input, reader.finish())
}

fn member(field: &Field, today: NaiveDate) -> Value {
    let text = field.value().trim();
    match field.name {
        _ if text.is_empty() => Value::Null,
        "date_of_birth" | "deceased_on" => date(text, today).into(),
        "age" => text.parse::<i64>().map_or_else(|_| text.into(), Value::from),
        "identifiers" => text.lines().filter_map(identifier).collect(),
        _ => text.into(),
    }
}

/// A date as it is written in a hurry: `t` is today, eight digits are a day.
pub fn date(text: &str, today: NaiveDate) -> String {
    let is_short = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    match text.to_ascii_lowercase().as_str() {
        "t" | "today" => today.to_string(),
        _ => match (text.get(..4), text.get(4..6), text.get(6..)) {
            (Some(year), Some(month), Some(day)) if is_short => format!("{year}-{month}-{day}"),
            _ => text.to_owned(),
        },
    }
}

fn identifier(line: &str) -> Option<Value> {
    let line = line.trim();
    match line.split_once(':') {
        _ if line.is_empty() => None,
        Some((system, value)) => Some(json!({"system": system.trim(), "value": value.trim()})),
        None => Some(json!({"system": line, "value": null})),
    }
}
