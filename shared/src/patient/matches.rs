//! Patients who may be the same person.

use std::str::FromStr;

use super::Patient;
use crate::{
    id::PatientId,
    likeness::{Grade, Likeness},
    query,
};

/// The maximum number of patients in an answer who may be the same person.
pub const MATCHES_MAX: usize = 10;

record! {
    /// A patient who may be the same person as another one.
    PatientMatch {
        /// The patient, without clinical members.
        patient: Box<Patient>,
        /// How likely it is.
        grade: Grade,
        /// The same as a number, by which matches are ordered. A better grade has a higher score.
        score: f64 => [with(|it| (it.minimum, it.maximum) = (Some(0.0), Some(1.0))), example(0.97)],
        /// What agrees.
        reasons: Vec<Likeness> => [max_items(Likeness::ALL.len() as i64)],
    }
}

record! {
    /// The patients who may be the same person.
    PatientMatches {
        /// The patients, the most likely first.
        results: Vec<PatientMatch> => [max_items(MATCHES_MAX as i64)],
    }
}

record! {
    /// Two patients who may be one person.
    LikelyPair {
        /// The id of the pair.
        id: i64 => [range(1, i64::MAX), example(1)],
        /// Both patients, without clinical members. The one who was registered first comes first.
        patients: Vec<Patient> => [min_items(2), max_items(2)],
        /// How likely it is.
        grade: Grade,
        /// The same as a number, by which pairs are ordered.
        score: f64 => [with(|it| (it.minimum, it.maximum) = (Some(0.0), Some(1.0))), example(0.97)],
        /// What agrees.
        reasons: Vec<Likeness> => [max_items(Likeness::ALL.len() as i64)],
    }
}

#[cfg(feature = "openapi")]
impl crate::page::Listed for LikelyPair {
    const PAGE: &'static str = "LikelyPairPage";
}

filter! {
    /// The filters of the list of patients who may be one person.
    PairFilter, in pages {
        /// How likely it is.
        grade: Grade = query::parsed(20, Grade::from_str),
        /// One of the two patients.
        patient: PatientId = query::parsed(20, PatientId::from_str),
    }
}
