//! Requests about patients: new ones, replacements and changes, people to compare with patients, and the
//! reasons for archiving and purging.

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Value;

use super::{Patient, PatientInput, PatientState};
use crate::{
    FieldErrors,
    compatibility::PATIENT as EARLIER,
    id::{PatientId, ids},
    read,
    rules::REASON_MAX,
};

/// The maximum number of likely duplicates that a new patient names as seen.
pub const SEEN_MAX: usize = 100;

/// The read-only members. A client may send them back unchanged.
const FIXED: &[&str] = &["id", "mrn", "created_by", "linked_user", "date_of_birth_estimated"];

/// Adds further errors to those already found. A member may be absent here only because it was
/// invalid, and stored values that a change does not mention are not known.
fn validate(input: &PatientInput, is_change: bool, today: NaiveDate, errors: &mut FieldErrors) {
    let Err(more) = PatientState::default().changed_by(input, today) else { return };
    for (field, error) in more.iter() {
        let is_nameless = field == "first_name"
            && (is_change || errors.concern("first_name") || errors.concern("last_name"));
        if !errors.concern(field) && !is_nameless {
            errors.add(field, error.clone());
        }
    }
}

body! {
    /// A new patient.
    #[derive(Clone, Debug, Default, PartialEq, Serialize)]
    NewPatient, earlier EARLIER, validate validate_new, example {
        "first_name": "José", "last_name": "Gómez", "date_of_birth": "1989-05-25", "gender": "M",
        "phone_number": "+1 555 123 4567", "email": "jose@example.com",
        "address": "427 Balistreri Way", "city": "Chicopee", "state": "MA", "zip_code": "01013",
        "blood_type": "O+", "allergies": "Penicillin",
        "emergency_contact": "Ana Gómez, +1 555 765 4321"
    } {
        /// What is known about the patient.
        #[serde(flatten)]
        input: PatientInput = embedded(PatientInput::read),
        /// The patients who are likely to be the same person, and whom the sender has looked at: this is
        /// somebody else. A likely duplicate that is not named here is a conflict.
        #[serde(skip_serializing_if = "Option::is_none")]
        duplicates_seen: Option<Vec<PatientId>> = optional(ids(SEEN_MAX))
            => [max_items(SEEN_MAX as i64), unique_items(), example(Value::Array(Vec::new()))],
        /// Why this is somebody else.
        #[serde(skip_serializing_if = "Option::is_none")]
        duplicates_reason: Option<String> = optional(read::note(REASON_MAX))
            => [max_length(REASON_MAX), example(Value::Null)],
    }
}

impl From<PatientInput> for NewPatient {
    /// A new patient, without a word about duplicates.
    fn from(input: PatientInput) -> Self {
        Self { input, ..Self::default() }
    }
}

fn validate_new(new: &NewPatient, today: NaiveDate, errors: &mut FieldErrors) {
    validate(&new.input, false, today, errors);
}

body! {
    /// What is known about a person, to find the patients who may be the same.
    #[derive(Clone, Debug, Default, PartialEq, Serialize)]
    PersonToMatch, earlier EARLIER, validate validate_person, example {
        "first_name": "Jose", "last_name": "Gomez", "date_of_birth": "1989-05",
        "phone_number": "555 123 4567"
    } {
        /// What is known.
        #[serde(flatten)]
        input: PatientInput = embedded(PatientInput::read),
    }
}

fn validate_person(person: &PersonToMatch, today: NaiveDate, errors: &mut FieldErrors) {
    let Err(more) = PatientState::of_person(&person.input, today) else { return };
    for (field, error) in more.iter() {
        if !errors.concern(field) {
            errors.add(field, error.clone());
        }
    }
}

requests! {
    PatientInput of Patient;
    /// The replacement of a patient. Absent members are cleared.
    PatientReplacement true true, example {
        "first_name": "José", "last_name": "Gómez", "date_of_birth": "1989-05-25", "gender": "M",
        "phone_number": "+1 555 999 0000", "city": "Boston", "state": "MA", "blood_type": "O+"
    },
    /// A change to a patient. An absent member stays, and `null` clears it.
    PatientPatch true false, example {"phone_number": "+1 555 999 0000", "allergies": null},
}

body! {
    /// The reason for archiving or restoring a record.
    #[derive(Clone, Debug, Serialize)]
    Archiving, example {"reason": "Entered by mistake"} {
        /// The reason, if one is given.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String> = optional(read::note(REASON_MAX))
            => [max_length(REASON_MAX), example("Moved away")],
    }
}

body! {
    /// The reason for erasing a record.
    Purging, example {"reason": "Requested by the patient"} {
        /// The reason.
        reason: String = required(read::note(REASON_MAX))
            => [min_length(1), max_length(REASON_MAX), example("Requested by the patient")],
    }
}
