//! Requests about patients: new ones, replacements and changes, and the reasons for archiving and
//! purging.

use chrono::NaiveDate;
use serde::Serialize;

use super::{Patient, PatientInput, PatientState};
use crate::{FieldErrors, compatibility::PATIENT as EARLIER, read, rules::REASON_MAX};

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

requests! {
    PatientInput of Patient;
    /// A new patient.
    NewPatient false false, example {
        "first_name": "José", "last_name": "Gómez", "date_of_birth": "1989-05-25", "gender": "M",
        "phone_number": "+1 555 123 4567", "email": "jose@example.com",
        "address": "427 Balistreri Way", "city": "Chicopee", "state": "MA", "zip_code": "01013",
        "blood_type": "O+", "allergies": "Penicillin",
        "emergency_contact": "Ana Gómez, +1 555 765 4321"
    },
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
