//! Patients.

mod form;

use chrono::{DateTime, Utc};
use shared::{
    PartialDate,
    account::SessionPermission,
    patient::{ClinicalMember, Gender, Patient, PatientPermission},
    rules::PLACE_MAX,
};

use super::{Banner, Column, Deed, Filter, FilterInput, Order, Resource, RowHead, Section, Words};
use crate::{record::Record, text::display, world::World};

/// The table of patients.
pub(super) static PATIENTS: Resource = Resource {
    words: Words {
        title: "Patients",
        archive: "Archived patients",
        search: "/ name, phone, MRN, date of birth",
        no_match: "Nobody matches",
        advice: "Fewer letters find more; a phone number or a date of birth works too.",
        filter_advice: ", Ctrl-T looks by city",
        create: ", Ctrl-N registers a new patient",
        none_left: "Nobody is left by these filters.",
        none: "No patients yet.",
        create_first: "Ctrl-N registers the first.",
        one: "Patient",
        entity: "patient",
        created: "registered",
        archive_title: "Archive this patient?",
        archive_effect: "The record leaves every list, and active assignments end. It can be brought back.",
        restore_title: "Bring this patient back?",
    },
    columns: &[
        column("Name", 0, 0, |record| cell(record, |patient| Some(patient.full_name.clone()))),
        column("Born", 11, 1, |record| cell(record, |patient| Some(born_of(patient)))),
        Column {
            is_right: true,
            ..column("Age", 3, 4, |record| cell(record, |patient| Some(patient.age?.to_string())))
        },
        column("Sex", 3, 3, |record| {
            cell(record, |patient| Some(patient.gender?.as_str().to_owned()))
        }),
        column("MRN", 9, 2, |record| cell(record, |patient| Some(patient.mrn.clone()))),
        column("Phone", 17, 5, |record| cell(record, |patient| patient.phone_number.clone())),
        column("City", 18, 6, |record| cell(record, |patient| patient.city.clone())),
    ],
    orders: &[
        order(None, "by last name; a search: best matches first"),
        order(Some("last_name"), "by last name"),
        order(Some("-last_name"), "by last name, Z to A"),
        order(Some("first_name"), "by first name"),
        order(Some("date_of_birth"), "oldest first"),
        order(Some("-date_of_birth"), "youngest first"),
        order(Some("-created_at"), "newest record first"),
        order(Some("-updated_at"), "last changed first"),
    ],
    filters: &[
        filter("gender", "Sex", FilterInput::Choice(&sexes("all")), |sex| {
            sex.parse().map_or_else(|_| sex.to_owned(), |sex: Gender| sex.word().to_owned())
        }),
        filter("blood_type", "Blood type", FilterInput::Choice(&blood_types("all")), |blood| {
            format!("blood type {blood}")
        }),
        filter("city", "City", FilterInput::Text(PLACE_MAX), |city| format!("city {city}")),
        Filter {
            hint: "1980, 1980-05-25",
            ..filter("born_from", "Born from", FilterInput::FirstDay, |day| {
                format!("born from {day}")
            })
        },
        Filter {
            hint: "1989, 1989-05-25",
            ..filter("born_to", "Born to", FilterInput::LastDay, |day| format!("born to {day}"))
        },
        Filter {
            permission: Some(SessionPermission::ReadArchivedPatients),
            ..filter("archived", "Archived", FilterInput::Choice(ARCHIVED), |_| {
                "archived".to_owned()
            })
        },
    ],
    create: SessionPermission::CreatePatient,
    row,
    named,
    banner,
    page,
    allows,
    archived_at,
    label,
    value,
    form: form::FORM,
};

/// The sexes as choices. The first is the name of the empty value.
const fn sexes(empty: &'static str) -> [(&'static str, &'static str); 5] {
    [("", empty), ("F", "female"), ("M", "male"), ("O", "other"), ("U", "unknown")]
}

/// The blood types as choices. The first is the name of the empty value.
const fn blood_types(empty: &'static str) -> [(&'static str, &'static str); 9] {
    [
        ("", empty),
        ("A+", "A+"),
        ("A-", "A-"),
        ("B+", "B+"),
        ("B-", "B-"),
        ("AB+", "AB+"),
        ("AB-", "AB-"),
        ("O+", "O+"),
        ("O-", "O-"),
    ]
}

/// A date of birth as it is shown: with `~` in front where it is an estimate.
fn born(date: Option<PartialDate>, is_estimated: bool) -> String {
    match date {
        Some(date) if is_estimated => format!("~{date}"),
        Some(date) => date.to_string(),
        None => String::new(),
    }
}

fn born_of(patient: &Patient) -> String {
    born(patient.date_of_birth, patient.date_of_birth_estimated)
}

const ARCHIVED: &[(&str, &str)] = &[("", "no"), ("true", "yes: only archived")];

const fn column(head: &'static str, width: u16, rank: u8, value: fn(&Record) -> String) -> Column {
    Column { head, width, rank, is_right: false, value }
}

const fn order(ordering: Option<&'static str>, words: &'static str) -> Order {
    Order { ordering, words }
}

const fn filter(
    name: &'static str,
    label: &'static str,
    input: FilterInput,
    words: fn(&str) -> String,
) -> Filter {
    Filter { name, label, input, hint: "", words, permission: None }
}

fn cell(record: &Record, value: impl Fn(&Patient) -> Option<String>) -> String {
    let Record::Patient(patient) = record;
    value(patient).map(|text| display(&text).into_owned()).unwrap_or_default()
}

fn row(record: &Record) -> RowHead {
    let Record::Patient(patient) = record;
    let death = |day| vec![format!("† died {day}"), "† died".to_owned(), "†".to_owned()];
    RowHead {
        name: display(&patient.full_name).into_owned(),
        code: display(&patient.mrn).into_owned(),
        notes: patient.deceased_on.map(death).unwrap_or_default(),
    }
}

fn named(record: &Record) -> String {
    let Record::Patient(patient) = record;
    let born = born_of(patient);
    let born = if born.is_empty() { born } else { format!(", born {born}") };
    format!("{}{born}, {}", display(&patient.full_name), display(&patient.mrn))
}

fn allows(record: &Record, deed: Deed) -> bool {
    let Record::Patient(patient) = record;
    patient.allows(match deed {
        Deed::Update => PatientPermission::Update,
        Deed::Archive => PatientPermission::Archive,
        Deed::Restore => PatientPermission::Restore,
        Deed::History => PatientPermission::History,
    })
}

fn archived_at(record: &Record) -> Option<DateTime<Utc>> {
    let Record::Patient(patient) = record;
    patient.archived_at
}

/// Who it is: name, sex, age and medical record number; a death as a warning.
fn banner(record: &Record) -> Banner {
    let Record::Patient(patient) = record;
    let sex = match patient.gender {
        None => "sex not said",
        Some(Gender::Unknown) => "sex unknown",
        Some(Gender::Other) => "other sex",
        Some(gender) => gender.word(),
    };
    let age = match (patient.age, patient.deceased_on) {
        (Some(age), Some(_)) => format!("died at {age}"),
        (Some(age), None) => format!("{age} years"),
        (None, _) => "age unknown".to_owned(),
    };
    let born = match born_of(patient) {
        born if born.is_empty() => String::new(),
        born => format!(" · born {born}"),
    };
    Banner {
        name: display(&patient.full_name).into_owned(),
        code: format!("MRN {}", display(&patient.mrn)),
        line: format!("{sex} · {age}{born}"),
        warning: patient.deceased_on.map(|day| format!("† died {day}")),
    }
}

fn page(record: &Record, world: &World) -> Vec<Section> {
    let Record::Patient(patient) = record;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let clinical = |member, value, otherwise: &str| match patient.withheld.contains(&member) {
        true => otherwise.to_owned(),
        false => text(value),
    };
    let allergies = if patient.has_allergies { "recorded, but not shown" } else { "" };
    let allergies = clinical(ClinicalMember::Allergies, &patient.allergies, allergies);
    let history = clinical(ClinicalMember::MedicalHistory, &patient.medical_history, "not shown");
    let born = match born_of(patient) {
        born if patient.date_of_birth_estimated => format!("{born} (estimated from an age)"),
        born => born,
    };
    let identifiers = patient.identifiers.iter().map(|i| format!("{}: {}", i.system, i.value));
    let registered =
        format!("{} by {}", world.stamp(&patient.created_at), patient.created_by_username);
    let changed = format!("{} (version {})", world.stamp(&patient.updated_at), patient.version);
    vec![
        Section {
            title: "Contact",
            fields: vec![
                ("Phone", text(&patient.phone_number)),
                ("E-mail", text(&patient.email)),
                ("Address", text(&patient.address)),
                ("City", text(&patient.city)),
                ("State", text(&patient.state)),
                ("Zip code", text(&patient.zip_code)),
                ("Language", text(&patient.preferred_language)),
                ("In an emergency", text(&patient.emergency_contact)),
            ],
        },
        Section {
            title: "Medical",
            fields: vec![
                ("Allergies", allergies),
                ("Blood type", patient.blood_type.map(|b| b.to_string()).unwrap_or_default()),
                ("Medical history", history),
            ],
        },
        Section {
            title: "Record",
            fields: vec![
                ("Date of birth", born),
                ("Died", patient.deceased_on.map(|day| day.to_string()).unwrap_or_default()),
                ("Identifiers", identifiers.collect::<Vec<_>>().join("\n")),
                ("Registered", registered),
                ("Last changed", changed),
            ],
        },
    ]
}

fn label(field: &str) -> Option<&'static str> {
    Some(match field {
        "date_of_birth_estimated" => "Birth is an estimate",
        "mrn" => "MRN",
        "gender" => "Sex",
        "phone_number" => "Phone",
        "email" => "E-mail",
        "deceased_on" => "Died",
        "preferred_language" => "Language",
        "emergency_contact" => "In an emergency",
        _ => return None,
    })
}

fn value(field: &str, code: &str) -> Option<&'static str> {
    code.parse().ok().filter(|_| field == "gender").map(Gender::word)
}
