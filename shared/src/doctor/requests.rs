//! Requests about doctors: new ones, replacements and changes.

use chrono::NaiveDate;

use super::{Doctor, DoctorFields, DoctorInput};
use crate::{FieldErrors, compatibility::DOCTOR as EARLIER};

/// The read-only members. A client may send them back unchanged.
const FIXED: &[&str] = &["id", "created_by", "linked_user"];

/// Adds further errors to those already found. Stored values that a change does not mention are
/// not known here.
fn validate(input: &DoctorInput, is_change: bool, _: NaiveDate, errors: &mut FieldErrors) {
    let Err(more) = DoctorFields::new(input) else { return };
    for (field, error) in more.iter() {
        let is_nameless = field == "first_name" && errors.concern("last_name");
        if !is_change && !errors.concern(field) && !is_nameless {
            errors.add(field, error.clone());
        }
    }
}

requests! {
    DoctorInput of Doctor;
    /// A new doctor in the directory.
    NewDoctor false false, example {
        "first_name": "Sarah", "last_name": "Johnson", "specialization": "Cardiology",
        "email": "sarah@example.com", "phone_number": "+1 555 987 6543",
        "license_number": "MD123456", "years_of_experience": 10,
        "clinic_name": "Heart Care Clinic", "consultation_fee": "200.00"
    },
    /// The replacement of a doctor. Absent members are cleared, except `is_available`, which
    /// stays.
    DoctorReplacement true true, example {
        "first_name": "Sarah", "last_name": "Johnson", "specialization": "Cardiology",
        "email": "sarah@example.com", "license_number": "MD123456", "is_available": true
    },
    /// A change to a doctor. An absent member stays, and `null` clears it.
    DoctorPatch true false, example {
        "is_available": false, "availability": "Mon-Fri 9AM-5PM"
    },
}
