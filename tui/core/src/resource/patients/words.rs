//! The values and members of patients in words.

use shared::{
    PartialDate,
    patient::{Gender, Patient},
};

/// A date of birth as it is shown: with `~` in front where it is an estimate.
pub(super) fn born(date: Option<PartialDate>, is_estimated: bool) -> String {
    match date {
        Some(date) if is_estimated => format!("~{date}"),
        Some(date) => date.to_string(),
        None => String::new(),
    }
}

pub(super) fn born_of(patient: &Patient) -> String {
    born(patient.date_of_birth, patient.date_of_birth_estimated)
}

/// The letter of a sex. That it is unknown has no letter.
pub(super) fn sex(gender: Gender) -> &'static str {
    if gender == Gender::Unknown { "?" } else { gender.as_str() }
}

pub(super) fn label(field: &str) -> Option<&'static str> {
    Some(match field {
        "date_of_birth_estimated" => "Birth is an estimate",
        "mrn" => "MRN",
        "gender" => "Sex",
        "phone_number" => "Phone",
        "email" => "E-mail",
        "linked_user" => "Account",
        "deceased_on" => "Died",
        "preferred_language" => "Language",
        "emergency_contact" => "In an emergency",
        _ => return None,
    })
}

pub(super) fn value(field: &str, code: &str) -> Option<&'static str> {
    code.parse().ok().filter(|_| field == "gender").map(Gender::word)
}
