//! What is sent about patients: new ones, replacements, changes, and why one is archived or purged.

use chrono::NaiveDate;
use serde::Serialize;

use super::{PatientInput, PatientState};
use crate::{
    Faults,
    compatibility::PATIENT as EARLIER,
    read::{self, Input, Reader},
    rules::REASON_MAX,
};

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

/// Members without which there is no patient: none alone, since one of two names is enough.
#[cfg(feature = "openapi")]
const REQUIRED: &[&str] = &[];

/// Adds what else is wrong, where something is wrong already. What is not there may only be what could
/// not be read, and what a change does not speak of is not known here.
fn judge(input: &PatientInput, is_change: bool, today: NaiveDate, faults: &mut Faults) {
    let Err(more) = PatientState::default().changed_by(input, today) else { return };
    for (field, complaint) in more.iter() {
        let is_nameless = field == "first_name"
            && (is_change || faults.concern("first_name") || faults.concern("last_name"));
        if !faults.concern(field) && !is_nameless {
            faults.add(field, complaint.clone());
        }
    }
}

requests! {
    PatientInput;
    /// A patient to be registered.
    NewPatient false false,
    /// A patient's record as it shall be: an absent member is cleared.
    PatientReplacement true true,
    /// A change to a patient's record: an absent member stays, `null` clears it.
    PatientPatch true false,
}

/// Why a record is archived, or brought back.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Archiving {
    /// The reason, if one is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Input for Archiving {
    fn read(reader: &mut Reader) -> Self {
        Self { reason: reader.member("reason", read::note(REASON_MAX)).into_value() }
    }
}

/// Why a record is erased for good.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Purging {
    /// The reason.
    pub reason: String,
}

impl Input for Purging {
    fn read(reader: &mut Reader) -> Self {
        let reason = reader.required("reason", read::note(REASON_MAX));
        Self { reason: reason.unwrap_or_default() }
    }
}

#[cfg(feature = "openapi")]
mod description {
    use super::{Archiving, Purging, REASON_MAX};
    use crate::describe::{Describe, Schemas, Shape};

    impl Describe for Archiving {
        fn shape(schemas: &mut Schemas) -> Shape {
            schemas.request(
                "Archiving",
                &["Why a record is archived, or brought back."],
                |object, _| {
                    let reason = Shape::string().max_length(REASON_MAX).nullable();
                    let doc = &["The reason, if one is given."];
                    object.property("reason", doc, reason.example("Moved away"), false);
                },
            )
        }
    }

    impl Describe for Purging {
        fn shape(schemas: &mut Schemas) -> Shape {
            schemas.request("Purging", &["Why a record is erased for good."], |object, _| {
                let reason = Shape::string().min_length(1).max_length(REASON_MAX);
                let doc = &["The reason."];
                object.property("reason", doc, reason.example("Asked for by the patient"), true);
            })
        }
    }
}
