//! The one box for whatever is typed.

#[cfg(feature = "openapi")]
use poem_openapi::{
    registry::{MetaSchema, Registry},
    types::Type as _,
};
use serde::{Deserialize, Serialize};

#[cfg(feature = "openapi")]
use crate::describe::{Describe, Members};
use crate::{
    FieldError,
    doctor::Doctor,
    patient::Patient,
    query::Query,
    read::{self, Reader},
    rules::SEARCH_MAX,
};

/// Most records that are found.
pub const FOUND_MAX: i64 = 20;
/// Longest line about a record.
pub const LABEL_MAX: usize = 500;

choice! {
    /// How a typed text was read.
    Reading {
        /// The id after `#`.
        Id = "id",
        /// A medical record number, or its beginning.
        Mrn = "mrn",
        /// An e-mail address, or its beginning.
        Email = "email",
        /// A date of birth, as much of it as was typed.
        DateOfBirth = "date_of_birth",
        /// The first or the last digits of a phone number.
        Phone = "phone",
        /// A patient's identifier or a doctor's licence number, or their beginning.
        Identifier = "identifier",
        /// The beginnings of names.
        Name = "name",
    }
}

choice! {
    /// What of a record has matched.
    Why {
        /// The id.
        Id = "id",
        /// The patient's medical record number.
        Mrn = "mrn",
        /// The e-mail address.
        Email = "email",
        /// The patient's date of birth.
        DateOfBirth = "date_of_birth",
        /// The phone number.
        Phone = "phone",
        /// One of the patient's identifiers.
        Identifier = "identifier",
        /// The doctor's licence number.
        License = "license",
        /// The names.
        Name = "name",
        /// The doctor's specialisation.
        Specialization = "specialization",
        /// The name of the doctor's clinic.
        Clinic = "clinic",
        /// The doctor's city.
        City = "city",
    }
}

choice! {
    /// What kind of record was found.
    FoundKind {
        /// A patient.
        Patient = "patient",
        /// A doctor.
        Doctor = "doctor",
    }
}

record! {
    /// What a typed text has found.
    Lookup {
        /// How the text was read, in the order in which the readings weigh. None where nothing was
        /// typed.
        read_as: Vec<Reading> => [max_items(7)],
        /// What was found, the best first: patients and doctors, at most 20.
        results: Vec<Found> => [max_items(FOUND_MAX)],
    }
}

record! {
    /// A record that was found.
    Found {
        /// What kind of record it is.
        kind: FoundKind,
        /// Its id, among the records of its kind.
        id: i64 => [range(1, i64::MAX), example(1)],
        /// It in one line.
        label: String => [max_length(LABEL_MAX), example("José Gómez, 1989-05-25, P000001B")],
        /// What of it has matched. Of a text of several words the name, if one matches it, else what
        /// the first word matches.
        why: Why,
        /// The record, as in its list.
        record: FoundRecord,
    }
}

/// A record of either kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FoundRecord {
    /// A patient.
    Patient(Box<Patient>),
    /// A doctor.
    Doctor(Box<Doctor>),
}

#[cfg(feature = "openapi")]
impl Describe for FoundRecord {
    const NAME: Option<&'static str> = None;

    fn schema(registry: &mut Registry) -> MetaSchema {
        Patient::register(registry);
        Doctor::register(registry);
        MetaSchema { one_of: vec![Patient::schema_ref(), Doctor::schema_ref()], ..MetaSchema::ANY }
    }
}
described!(FoundRecord);

/// What is looked up.
#[derive(Clone, Debug, PartialEq)]
pub struct LookupQuery {
    /// What was typed.
    pub q: String,
}

impl Query for LookupQuery {
    fn read(reader: &mut Reader) -> Option<Self> {
        // Nothing typed is found nowhere; a parameter that is missing is a mistake.
        let typed =
            |value| read::line(SEARCH_MAX)(value).map(|text| Some(text.unwrap_or_default()));
        Some(Self { q: reader.required("q", typed)? })
    }
}

#[cfg(feature = "openapi")]
impl Describe for LookupQuery {
    const NAME: Option<&'static str> = None;

    fn schema(registry: &mut Registry) -> MetaSchema {
        let mut members = Members::new(registry);
        let doc = "What was typed: a medical record number, digits of a phone number, a date of \
            birth, an e-mail address, an id after `#`, or words of a name, also with a date.";
        members.add::<String>("q", doc, true, |shape| shape.max_length(SEARCH_MAX));
        members.finish("")
    }
}
described!(LookupQuery);

impl LookupQuery {
    /// The parameter, as a client puts it into the address.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        vec![("q", self.q.clone())]
    }
}

/// What is said of an id after `#` that can't be one.
pub fn not_an_id() -> FieldError {
    FieldError::new("invalid_id", "must be a positive whole number after #")
}
