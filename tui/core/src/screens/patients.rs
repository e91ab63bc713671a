//! The patients: the list, one of them, and the form.

pub mod form;

use shared::{Page, PartialDate, patient::Patient};

use crate::{
    api::{Failure, Reply},
    record::Record,
};

fn foreign() -> Failure {
    Failure::Garbled("it answers something else".to_owned())
}

/// The page of patients in an answer.
fn patients_in(answer: Result<Reply, Failure>) -> Result<Page<Patient>, Failure> {
    let Reply::Page(page) = answer? else { return Err(foreign()) };
    Ok(page.map(|Record::Patient(patient)| *patient))
}

/// The blood types, as choices.
pub(crate) const BLOOD_TYPES: &[(&str, &str)] = &[
    ("", "all"),
    ("A+", "A+"),
    ("A-", "A-"),
    ("B+", "B+"),
    ("B-", "B-"),
    ("AB+", "AB+"),
    ("AB-", "AB-"),
    ("O+", "O+"),
    ("O-", "O-"),
];

/// A date of birth as it is shown: with `~` in front where it is an estimate.
pub fn born(patient: &Patient) -> String {
    born_of(patient.date_of_birth, patient.date_of_birth_estimated)
}

/// The same from its parts.
pub fn born_of(date: Option<PartialDate>, is_estimated: bool) -> String {
    match date {
        Some(date) if is_estimated => format!("~{date}"),
        Some(date) => date.to_string(),
        None => String::new(),
    }
}
