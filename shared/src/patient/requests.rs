//! What is sent about patients: new ones, replacements, changes, and why one is archived or purged.

use serde::Serialize;

use super::PatientInput;
use crate::{
    read::{self, Input, Reader},
    rules::REASON_MAX,
};

/// Members that the server computes; what was read can be sent back.
const COMPUTED: &[&str] = &[
    "full_name",
    "date_of_birth_estimated",
    "created_by_username",
    "created_at",
    "updated_at",
    "version",
    "archived_at",
    "permissions",
];

/// Read-only members that must be what they are.
const FIXED: &[&str] = &["id", "mrn", "created_by"];

macro_rules! patient_request {
    ($($(#[doc = $doc:literal])* $name:ident $sent_back:literal $replaces:literal),* $(,)?) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub PatientInput);

        impl Input for $name {
            fn read(reader: &mut Reader) -> Self {
                let mut input = PatientInput::read(reader);
                if $sent_back {
                    reader.ignore(COMPUTED);
                    input.echo = reader.echo(FIXED);
                }
                if $replaces {
                    input.clear_absent();
                }
                Self(input)
            }
        }

        #[cfg(feature = "openapi")]
        impl crate::describe::Describe for $name {
            fn shape(schemas: &mut crate::describe::Schemas) -> crate::describe::Shape {
                schemas.request(stringify!($name), &[$($doc),*], |object, schemas| {
                    PatientInput::describe_members(object, schemas);
                    if $sent_back {
                        for name in COMPUTED.iter().chain(FIXED) {
                            let doc = &["Read-only: may be sent back as it was read."];
                            object.property(name, doc, crate::describe::Shape::any(), false);
                        }
                    }
                })
            }
        }
    )*};
}

patient_request! {
    /// A patient to be registered.
    NewPatient false false,
    /// A patient's record as it shall be: an absent member is cleared.
    PatientReplacement true true,
    /// A change to a patient's record: an absent member stays, `null` clears it.
    PatientPatch true false,
}

/// Why a record is archived.
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
            schemas.request("Archiving", &["Why a record is archived."], |object, _| {
                let reason = Shape::string().max_length(REASON_MAX).nullable();
                let doc = &["The reason, if one is given."];
                object.property("reason", doc, reason.example("Moved away"), false);
            })
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
