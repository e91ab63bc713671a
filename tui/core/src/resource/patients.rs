//! The lists of patients.

use shared::{
    account::SessionPermission,
    patient::{Gender, Patient},
    rules::PLACE_MAX,
};

use super::{Column, Filter, FilterInput, Order, Resource, RowHead, Words};
use crate::{
    record::Record,
    screens::patients::{BLOOD_TYPES, born},
    text::display,
};

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
    },
    columns: &[
        column("Name", 0, 0, |record| cell(record, |patient| Some(patient.full_name.clone()))),
        column("Born", 11, 1, |record| cell(record, |patient| Some(born(patient)))),
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
        filter("gender", "Sex", FilterInput::Choice(SEXES), |sex| {
            sex.parse().map_or_else(|_| sex.to_owned(), |sex: Gender| sex.word().to_owned())
        }),
        filter("blood_type", "Blood type", FilterInput::Choice(BLOOD_TYPES), |blood| {
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
};

const SEXES: &[(&str, &str)] =
    &[("", "all"), ("F", "female"), ("M", "male"), ("O", "other"), ("U", "unknown")];
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
