//! What is sent about patients: new ones, replacements, changes, and why one is archived or purged.

use chrono::NaiveDate;
use serde::Serialize;

use super::{PatientInput, PatientState};
use crate::{FieldErrors, compatibility::PATIENT as EARLIER, read, rules::REASON_MAX};

/// Members that the server computes; what was read can be sent back.
const COMPUTED: &[&str] = &[
    "full_name",
    "created_by_username",
    "created_at",
    "updated_at",
    "version",
    "archived_at",
    "permissions",
];

/// Read-only members that must be what they are.
const FIXED: &[&str] = &["id", "mrn", "created_by", "linked_user", "date_of_birth_estimated"];

/// Adds what else is wrong, where something is wrong already. What is not there may only be what could
/// not be read, and what a change does not speak of is not known here.
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
    PatientInput;
    /// A patient to be registered.
    NewPatient false false, example {
        "first_name": "José", "last_name": "Gómez", "date_of_birth": "1989-05-25", "gender": "M",
        "phone_number": "+1 555 123 4567", "email": "jose@example.com",
        "address": "427 Balistreri Way", "city": "Chicopee", "state": "MA", "zip_code": "01013",
        "blood_type": "O+", "allergies": "Penicillin",
        "emergency_contact": "Ana Gómez, +1 555 765 4321"
    },
    /// A patient's record as it shall be: an absent member is cleared.
    PatientReplacement true true, example {
        "first_name": "José", "last_name": "Gómez", "date_of_birth": "1989-05-25", "gender": "M",
        "phone_number": "+1 555 999 0000", "city": "Boston", "state": "MA", "blood_type": "O+"
    },
    /// A change to a patient's record: an absent member stays, `null` clears it.
    PatientPatch true false, example {"phone_number": "+1 555 999 0000", "allergies": null},
}

body! {
    /// Why a record is archived, or brought back.
    #[derive(Clone, Debug, Serialize)]
    Archiving, example {"reason": "Entered by mistake"} {
        /// The reason, if one is given.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String> = optional(read::note(REASON_MAX))
            => [max_length(REASON_MAX), example("Moved away")],
    }
}

body! {
    /// Why a record is erased for good.
    Purging, example {"reason": "Asked for by the patient"} {
        /// The reason.
        reason: String = required(read::note(REASON_MAX))
            => [min_length(1), max_length(REASON_MAX), example("Asked for by the patient")],
    }
}
