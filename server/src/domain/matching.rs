//! Whether two records are about the same person: a pure function of what they say.
//!
//! Two things decide. How alike the names are, and how alike the dates of birth: people who share only one of
//! them are twins, or a father and his son of one name, so they are never more than possible. What else agrees
//! (a phone number, an e-mail address, an identifier) moves the grade within that.

mod births;
mod names;
mod sought;

use std::collections::HashSet;

use shared::{
    likeness::{Grade, Likeness, PHONE_DIGITS},
    patient::{Gender, Identifier, Patient, PatientFields, PatientState},
    text::{digits, fold_case},
};

use births::{Birth, BirthLikeness};
use names::{NameLikeness, Names};

pub(crate) use sought::Sought;

/// What is compared of a person.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Person {
    names: Names,
    former_names: Vec<Names>,
    birth: Birth,
    phone: Option<String>,
    email: Option<String>,
    identifiers: HashSet<Identifier>,
    gender: Option<Gender>,
}

/// A comparison of two people that speaks for one person.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) grade: Grade,
    /// From 0 to 1. A better grade has a higher score.
    pub(crate) score: f64,
    pub(crate) reasons: Vec<Likeness>,
}

impl Person {
    /// What is compared of a stored patient.
    pub(crate) fn of_patient(patient: &Patient) -> Self {
        Self::of(&patient.state()).formerly(&patient.former_names)
    }

    /// The same person with names that were replaced.
    pub(crate) fn formerly(mut self, names: &[String]) -> Self {
        self.former_names = names.iter().map(|name| Names::of(Some(name), None)).collect();
        self
    }

    /// What is compared of a person.
    pub(crate) fn of(state: &PatientState) -> Self {
        let fields = &state.fields;
        let PatientFields { first_name, last_name, email, phone_number, .. } = fields;
        Self {
            names: Names::of(first_name.as_deref(), last_name.as_deref()),
            former_names: Vec::new(),
            birth: Birth::of(fields.date_of_birth, state.date_of_birth_estimated),
            phone: phone_number.as_deref().map(digits),
            email: email.as_deref().map(fold_case),
            identifiers: fields.identifiers.iter().cloned().collect(),
            gender: fields.gender.filter(|gender| matches!(gender, Gender::Male | Gender::Female)),
        }
    }

    /// Compares two people. `None` where nothing speaks for one person.
    pub(crate) fn compare(&self, other: &Self) -> Option<Verdict> {
        let names = self.compare_names(other);
        let births = self.birth.compare(&other.birth);
        let contacts = self.same_contacts(other);
        let is_reached_alike = !contacts.is_empty();
        let has_same_number = contacts.contains(&Likeness::SameIdentifier);
        let grade = grade(names, births, is_reached_alike, has_same_number)?;
        // Twins may have names that differ in one letter.
        let differ = self.gender.is_some() && other.gender.is_some() && self.gender != other.gender;
        let is_twin_like = differ && names == NameLikeness::Similar;
        let are_generations = self.names.are_generations(&other.names);
        let grade = if is_twin_like || are_generations { Grade::Possible } else { grade };
        let reasons: Vec<_> = names
            .reason()
            .into_iter()
            .chain(births.reason())
            .chain(contacts.iter().copied())
            .collect();
        let weight: f64 = reasons.iter().map(|reason| weight(*reason)).sum();
        let weight = if differ { weight / 2.0 } else { weight };
        Some(Verdict { grade, score: score(grade, weight), reasons })
    }

    fn compare_names(&self, other: &Self) -> NameLikeness {
        let is_former = |one: &Self, other: &Self| {
            one.former_names.iter().any(|name| name.compare(&other.names) == NameLikeness::Same)
        };
        match self.names.compare(&other.names) {
            likeness @ (NameLikeness::Same | NameLikeness::Similar) => likeness,
            _ if is_former(self, other) || is_former(other, self) => NameLikeness::Former,
            likeness => likeness,
        }
    }

    /// The ways to reach a person, and the numbers, that both have.
    fn same_contacts(&self, other: &Self) -> Vec<Likeness> {
        let is_same_phone = match (&self.phone, &other.phone) {
            (Some(one), Some(other)) => last_digits(one) == last_digits(other),
            _ => false,
        };
        let is_same_email = self.email.is_some() && self.email == other.email;
        let is_same_identifier = !self.identifiers.is_disjoint(&other.identifiers);
        [
            (is_same_phone, Likeness::SamePhone),
            (is_same_email, Likeness::SameEmail),
            (is_same_identifier, Likeness::SameIdentifier),
        ]
        .into_iter()
        .filter_map(|(is_same, likeness)| is_same.then_some(likeness))
        .collect()
    }
}

fn last_digits(phone: &str) -> &str {
    phone.get(phone.len().saturating_sub(PHONE_DIGITS)..).unwrap_or(phone)
}

/// The grade that follows from the names and the dates of birth, from whether both people are reached in the same
/// way or have the same number, and from whether they have the same number.
fn grade(
    names: NameLikeness,
    births: BirthLikeness,
    is_reached_alike: bool,
    has_same_number: bool,
) -> Option<Grade> {
    use BirthLikeness as Born;
    use Grade::{Certain, Possible, Probable};
    use NameLikeness as Name;
    // Somebody who has another name now.
    let names = if names == Name::Former { Name::Similar } else { names };
    let grade = match (names, births) {
        (Name::Same, Born::Same) if is_reached_alike => Certain,
        (Name::Same, Born::Same) => Probable,
        (Name::Same, Born::FittingMonth) if is_reached_alike => Certain,
        (Name::Same, Born::FittingMonth) => Probable,
        (Name::Same, Born::Fitting | Born::Unknown | Born::Swapped | Born::Similar)
            if is_reached_alike =>
        {
            Probable
        }
        // Namesakes.
        (Name::Same, Born::Different) if !is_reached_alike => return None,
        // A father and his son, or somebody of whom little is known.
        (Name::Same, _) => Possible,
        (Name::Similar, Born::Same) if has_same_number => Certain,
        (Name::Similar, Born::Same) => Probable,
        (Name::Similar, Born::FittingMonth | Born::Fitting) if is_reached_alike => Probable,
        (Name::Similar, Born::FittingMonth | Born::Fitting) => Possible,
        (Name::Similar, _) if is_reached_alike => Possible,
        // Somebody who has married, a nickname, or twins.
        (Name::SameFirst | Name::SameLast, Born::Same) => Possible,
        (Name::SameFirst | Name::SameLast, Born::FittingMonth | Born::Fitting)
            if is_reached_alike =>
        {
            Possible
        }
        (_, Born::Same) if is_reached_alike => Possible,
        _ if has_same_number => Possible,
        _ => return None,
    };
    Some(grade)
}

/// How much a likeness says, for the order among pairs of one grade.
fn weight(likeness: Likeness) -> f64 {
    match likeness {
        Likeness::SameName => 0.4,
        Likeness::SimilarName | Likeness::FormerName => 0.3,
        Likeness::SameDateOfBirth => 0.3,
        Likeness::FittingDateOfBirth | Likeness::SwappedDayAndMonth => 0.2,
        Likeness::SameIdentifier => 0.2,
        Likeness::SameFirstName | Likeness::SameLastName | Likeness::SimilarDateOfBirth => 0.15,
        Likeness::SamePhone | Likeness::SameEmail => 0.1,
    }
}

/// The score, within the part that belongs to the grade.
fn score(grade: Grade, weight: f64) -> f64 {
    let (least, most) = match grade {
        Grade::Certain => (0.95, 1.0),
        Grade::Probable => (0.65, 0.95),
        Grade::Possible => (0.2, 0.65),
    };
    let score: f64 = least + (most - least) * weight.clamp(0.0, 0.99);
    // Two digits are enough, and look the same everywhere.
    (score * 100.0).floor() / 100.0
}

#[cfg(test)]
mod tests;
