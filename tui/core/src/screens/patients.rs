//! The patients: the list, one of them, and the form.

pub mod detail;
pub mod form;
pub mod list;

use shared::{PartialDate, patient::Patient};

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
