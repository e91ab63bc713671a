//! The form of a patient: from the record to text, and from text to the members of a request.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Value, json};
use shared::{
    FieldError, FieldErrors, PartialDate,
    date::AGE_MAX,
    patient::{
        EMERGENCY_CONTACT_MAX, Patient, PatientFilter, PatientInput, PatientOrder, PatientState,
    },
    query::Ordering,
    read::Reader,
    rules::{ADDRESS_MAX, NAME_MAX, NOTE_MAX, PLACE_MAX, ZIP_MAX},
};

use super::{blood_types, born, born_of, sexes};
use crate::{
    date::{self, Typed},
    form::{Form, accepts::Accepts, field::Field},
    sentences::NAME_NEEDED,
};

const SEXES: &[(&str, &str)] = &sexes("not recorded");
const BLOOD_TYPES: &[(&str, &str)] = &blood_types("not recorded");

const BORN: &str = "1989-07-03, 3/7/1989, 1989, T-1, ~42";
const DIED: &str = "shown as deceased from then on";

/// What relatives are likely to share, in words and by the names of the fields.
pub(super) const SHARED_BY_RELATIVES: &[(&str, &[&str])] = &[
    ("last name", &["last_name"]),
    ("address", &["address", "city", "zip_code", "state"]),
    ("phone", &["phone_number"]),
    ("emergency contact", &["emergency_contact"]),
];

/// The fields of the form, with a patient's values or empty. What was withheld has no field: an empty
/// one would look as if nothing were recorded.
pub(super) fn fields(patient: Option<&Patient>) -> Vec<Field> {
    let withheld = patient.map(|patient| patient.withheld.as_slice()).unwrap_or_default();
    let values = patient.map(values).unwrap_or_default();
    let value = |name: &str| values.get(name).map_or("", String::as_str);
    let line = |name, label| Field::text(name, label, value(name));
    let text = |name, label, max| line(name, label).accepts(Accepts::Text(max));
    let notes = |name, label, rows| {
        Field::notes(name, label, value(name), rows).accepts(Accepts::Text(NOTE_MAX))
    };
    let whole = Accepts::Whole(0, AGE_MAX);
    let mut fields = vec![
        text("first_name", "First name", NAME_MAX).needed(NAME_NEEDED).half(),
        text("last_name", "Last name", NAME_MAX).half(),
        line("date_of_birth", "Born")
            .accepts(Accepts::Birth)
            .hint(BORN)
            .also("birthday dob")
            .half(),
        line("age", "or age").accepts(whole).hint("if the date of birth is unknown").half(),
        Field::choice("gender", "Sex", SEXES, value("gender")).half(),
        Field::choice("blood_type", "Blood type", BLOOD_TYPES, value("blood_type")).half(),
        line("phone_number", "Phone").accepts(Accepts::Phone).also("telephone mobile").half(),
        line("email", "E-mail").accepts(Accepts::Email).half(),
        Field::long("address", "Address", value("address"), 2).accepts(Accepts::Text(ADDRESS_MAX)),
        text("city", "City", PLACE_MAX).half(),
        text("zip_code", "Zip code", ZIP_MAX).half(),
        text("state", "State", PLACE_MAX).half(),
        line("deceased_on", "Died on").accepts(Accepts::PastDay).hint(DIED).half(),
        line("preferred_language", "Language")
            .accepts(Accepts::Language)
            .hint("a language code, like es or pt-BR"),
        text("emergency_contact", "In emergency", EMERGENCY_CONTACT_MAX)
            .hint("a name and a phone number"),
        notes("allergies", "Allergies", 2).also("allergy"),
        notes("medical_history", "Med. history", 3),
        notes("identifiers", "Identifiers", 2)
            .accepts(Accepts::Identifiers)
            .hint("one per line, like insurance: X123456789"),
    ];
    fields.retain(|field| withheld.iter().all(|member| member.as_str() != field.name));
    fields
}

/// A patient's values as the form shows them.
pub(super) fn values(patient: &Patient) -> BTreeMap<&'static str, String> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let lines = patient.identifiers.iter().map(|i| format!("{}: {}", i.system, i.value));
    BTreeMap::from([
        ("first_name", text(&patient.first_name)),
        ("last_name", text(&patient.last_name)),
        ("date_of_birth", born_of(patient)),
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
        ("preferred_language", text(&patient.preferred_language)),
        ("emergency_contact", text(&patient.emergency_contact)),
        ("identifiers", lines.collect::<Vec<_>>().join("\n")),
    ])
}

/// Reads the form: in a change only the fields that differ from the record, in a new record only
/// those that are filled in.
fn read(form: &Form, is_change: bool, today: NaiveDate) -> (PatientInput, FieldErrors) {
    let is_sent = |field: &&Field| {
        if is_change { field.is_changed() } else { !field.value().trim().is_empty() }
    };
    let mut faults = FieldErrors::default();
    let mut members = Vec::new();
    for field in form.fields.iter().filter(is_sent) {
        match member(form, field, today) {
            Ok((name, value)) => members.push((name.to_owned(), value)),
            Err(error) => faults.add(field.name, error),
        }
    }
    let mut reader = Reader::from_members(members);
    let input = PatientInput::read(&mut reader);
    faults.extend(reader.finish());
    (input, faults)
}

/// The member of a request that a field sets, and its value.
fn member(
    form: &Form,
    field: &Field,
    today: NaiveDate,
) -> Result<(&'static str, Value), FieldError> {
    let text = field.value().trim();
    let value = match field.name {
        _ if text.is_empty() => Value::Null,
        "date_of_birth" => match date::read(text, form.calendar(today))?.typed {
            Typed::On(date) => date.to_string().into(),
            Typed::Aged(age) => return Ok(("age", age.into())),
            Typed::About(year) => {
                let counted_on = form.date("deceased_on", today).map_or(today, PartialDate::latest);
                return Ok(("age", year.age_on(counted_on).into()));
            }
        },
        "deceased_on" => date::read(text, form.calendar(today))?.date(today).to_string().into(),
        "age" => text.parse::<i64>().map_or_else(|_| text.into(), Value::from),
        "identifiers" => text.lines().filter_map(identifier).collect(),
        _ => text.into(),
    };
    Ok((field.name, value))
}

fn identifier(line: &str) -> Option<Value> {
    let line = line.trim();
    match line.split_once(':') {
        _ if line.is_empty() => None,
        Some((system, value)) => Some(json!({"system": system.trim(), "value": value.trim()})),
        None => Some(json!({"system": line, "value": null})),
    }
}

pub(super) fn read_and_judge(
    form: &Form,
    base: Option<&Patient>,
    today: NaiveDate,
) -> (Value, FieldErrors) {
    let (input, mut errors) = read(form, base.is_some(), today);
    if let Err(more) = stored(base).changed_by(&input, today) {
        let stem = |name: &str| name.split('[').next().unwrap_or(name).to_owned();
        let known: Vec<String> = errors.iter().map(|(name, _)| stem(name)).collect();
        for (name, error) in more.iter().filter(|(name, _)| !known.contains(&stem(name))) {
            errors.add(name, error.clone());
        }
    }
    (json!(input), errors)
}

fn stored(base: Option<&Patient>) -> PatientState {
    base.map(Patient::state).unwrap_or_default()
}

/// The state that the form would make, if it breaks no rule.
pub(super) fn outcome(
    form: &Form,
    base: Option<&Patient>,
    today: NaiveDate,
) -> Option<PatientState> {
    let (input, _) = read(form, base.is_some(), today);
    stored(base).changed_by(&input, today).ok()
}

/// The age that follows from a date of birth, and the other way round.
pub(super) fn follows(
    form: &Form,
    base: Option<&Patient>,
    field: &Field,
    today: NaiveDate,
) -> Option<String> {
    let typed = field.value().trim();
    let is_read = match field.name {
        "date_of_birth" => date::read(typed, form.calendar(today)).is_ok(),
        "age" => !typed.is_empty(),
        _ => false,
    };
    let outcome = outcome(form, base, today).filter(|_| is_read)?;
    let age = outcome.age(today)?;
    let is_estimated = outcome.date_of_birth_estimated;
    Some(match field.name {
        "age" => format!("born {}", born(outcome.fields.date_of_birth, is_estimated)),
        _ => format!("age {age}{}", if is_estimated { ", estimated" } else { "" }),
    })
}

pub(super) fn trace(form: &Form) -> Vec<(&'static str, String)> {
    let name = ["first_name", "last_name", "date_of_birth"].map(|name| form.value(name));
    let search = name.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
    let filter = PatientFilter {
        search: Some(search),
        ordering: Some(Ordering::descending(PatientOrder::CreatedAt)),
        page_size: Some(5),
        ..PatientFilter::default()
    };
    filter.pairs()
}
