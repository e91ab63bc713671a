//! Patients who may be the same person.

use super::Patient;
use crate::likeness::{Grade, Likeness};

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
