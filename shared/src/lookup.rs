//! The quick search, which takes any text.

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
    matched::{MatchedPart, PARTS_MAX, Why},
    patient::Patient,
    query::Query,
    read::{self, Reader},
    rules::SEARCH_MAX,
    search::Reading,
};

/// The maximum number of results.
pub const FOUND_MAX: i64 = 20;
/// The longest label of a result.
pub const LABEL_MAX: usize = 500;

choice! {
    /// The kind of a result.
    FoundKind {
        /// A patient.
        Patient = "patient",
        /// A doctor.
        Doctor = "doctor",
    }
}

record! {
    /// The results for a typed text.
    Lookup {
        /// The interpretations of the text, the most likely first. Empty for an empty text.
        read_as: Vec<Reading> => [max_items(7)],
        /// The matching patients and doctors, best first, at most 20. Where these are fewer than five, up to
        /// five patients of other spelling follow. For an empty text, the patients whom the caller has opened
        /// or written last, newest first.
        results: Vec<Found> => [max_items(FOUND_MAX)],
    }
}

record! {
    /// A result.
    Found {
        /// The kind of the record.
        kind: FoundKind,
        /// The record's id, unique among records of its kind.
        id: i64 => [range(1, i64::MAX), example(1)],
        /// A one-line description.
        label: String => [max_length(LABEL_MAX), example("José Gómez, 1989-05-25, P000001B")],
        /// The part of the record that matches. For several words, it is the name if one of them
        /// matches it, otherwise the match of the first word.
        why: Why,
        /// The parts of the record that match, by member and place. Absent for an empty text and for
        /// another spelling.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        matched: Option<Vec<MatchedPart>> => [max_items(PARTS_MAX), optional()],
        /// The record, as in its list, without `matched`.
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

/// The query of the quick search.
#[derive(Clone, Debug, PartialEq)]
pub struct LookupQuery {
    /// The typed text.
    pub q: String,
}

impl Query for LookupQuery {
    fn read(reader: &mut Reader) -> Option<Self> {
        // An empty text asks for the latest patients, but an absent parameter is an error.
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
        let doc = "The typed text: a medical record number, digits of a phone number, a date of \
            birth, an e-mail address, an id after `#`, or words of a name, optionally with a date. Empty for the patients \
            whom the caller has opened or written last.";
        members.add::<String>("q", doc, true, |shape| shape.max_length(SEARCH_MAX));
        members.finish("")
    }
}
described!(LookupQuery);

impl LookupQuery {
    /// The query parameters for a request.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        vec![("q", self.q.clone())]
    }
}

/// The error for text after `#` that is not an id.
pub fn not_an_id() -> FieldError {
    FieldError::new("invalid_id", "must be a positive whole number after #")
}
