//! What is sent about doctors: new ones, replacements and changes.

use chrono::NaiveDate;

use super::{DoctorFields, DoctorInput};
use crate::{FieldErrors, compatibility::DOCTOR as EARLIER};

/// Members that the server computes; what was read can be sent back.
const COMPUTED: &[&str] = &[
    "full_name",
    "active_patients",
    "created_by_username",
    "created_at",
    "updated_at",
    "version",
    "archived_at",
    "permissions",
];

/// Read-only members that must be what they are.
const FIXED: &[&str] = &["id", "created_by", "linked_user"];

/// Adds what else is wrong, where something is wrong already. What a change does not speak of is not
/// known here.
fn validate(input: &DoctorInput, is_change: bool, _: NaiveDate, faults: &mut FieldErrors) {
    let Err(more) = DoctorFields::new(input) else { return };
    for (field, complaint) in more.iter() {
        let is_nameless = field == "first_name" && faults.concern("last_name");
        if !is_change && !faults.concern(field) && !is_nameless {
            faults.add(field, complaint.clone());
        }
    }
}

requests! {
    DoctorInput;
    /// A doctor to be entered into the directory.
    NewDoctor false false, example {
        "first_name": "Sarah", "last_name": "Johnson", "specialization": "Cardiology",
        "email": "sarah@example.com", "phone_number": "+1 555 987 6543",
        "license_number": "MD123456", "years_of_experience": 10,
        "clinic_name": "Heart Care Clinic", "consultation_fee": "200.00"
    },
    /// A doctor's entry as it shall be: an absent member is cleared, but `is_available` stays.
    DoctorReplacement true true, example {
        "first_name": "Sarah", "last_name": "Johnson", "specialization": "Cardiology",
        "email": "sarah@example.com", "license_number": "MD123456", "is_available": true
    },
    /// A change to a doctor's entry: an absent member stays, `null` clears it.
    DoctorPatch true false, example {
        "is_available": false, "availability": "Mon-Fri 9AM-5PM"
    },
}
