//! Under what else a patient is found: names and medical record numbers that it had before.

use super::{Patient, PatientFields, full_name};
use crate::text::fold;

/// The maximum number of former names. The oldest ones are left out.
pub const FORMER_NAMES_MAX: usize = 10;
/// The maximum number of medical record numbers of merged records.
pub const FORMER_MRNS_MAX: usize = 100;

/// The former names and the medical record numbers of merged records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Former {
    /// The full names, the newest first.
    pub names: Vec<String>,
    /// The medical record numbers.
    pub mrns: Vec<String>,
}

impl Former {
    /// Those of a patient.
    pub fn of(patient: &Patient) -> Self {
        Self { names: patient.former_names.clone(), mrns: patient.former_mrns.clone() }
    }

    /// Those of a patient after a change to these members: a name that is replaced is a former one.
    #[must_use]
    pub fn after(patient: &Patient, fields: &PatientFields) -> Self {
        let Self { names, mrns } = Self::of(patient);
        Self {
            names: Self::names(fields, [patient.full_name.clone()].into_iter().chain(names)),
            mrns,
        }
    }

    /// Those of a patient after another record was merged into it, which then has these members.
    #[must_use]
    pub fn merged(patient: &Patient, other: &Patient, fields: &PatientFields) -> Self {
        let (own, others) = (Self::after(patient, fields), Self::of(other));
        let names = own.names.into_iter().chain([other.full_name.clone()]).chain(others.names);
        let mut mrns = own.mrns;
        mrns.extend([other.mrn.clone()].into_iter().chain(others.mrns));
        Self { names: Self::names(fields, names), mrns }
    }

    /// The names that differ from the name in these members and from one another, but for case and accents.
    pub fn names(fields: &PatientFields, all: impl Iterator<Item = String>) -> Vec<String> {
        let name = full_name(fields.first_name.as_deref(), fields.last_name.as_deref());
        let mut known = vec![fold(&name)];
        let is_new = |name: &String| {
            let folded = fold(name);
            let is_new = !known.contains(&folded);
            known.push(folded);
            is_new
        };
        all.filter(is_new).take(FORMER_NAMES_MAX).collect()
    }
}
