//! Doctors for the sample data.

use shared::{
    Patch,
    doctor::{DoctorFields, DoctorInput, NewDoctor},
};

use super::{dice::Dice, name, origin, value};
use crate::{
    app::App,
    domain::{
        batches::Pieces,
        records::doctors::{ArrivingDoctor, register_many},
    },
    error::Error,
    services::actor::Actor,
};

/// Specializations, roughly from the most frequent one to the rarest.
const SPECIALIZATIONS: &[&str] = &[
    "General Practice",
    "Internal Medicine",
    "Paediatrics",
    "Surgery",
    "Gynaecology",
    "Orthopaedics",
    "Psychiatry",
    "Cardiology",
    "Dermatology",
    "Ophthalmology",
    "Neurology",
    "Urology",
    "Radiology",
    "Anaesthesiology",
    "Gastroenterology",
    "Oncology",
    "Endocrinology",
    "Nephrology",
    "Rheumatology",
    "Pulmonology",
    "Haematology",
    "Otolaryngology",
    "Geriatrics",
    "Allergology",
];

/// The first `count` sample doctors, the same ones in every run.
pub fn doctors(count: usize) -> impl Iterator<Item = NewDoctor> {
    // Inverted seeds, so that doctors and patients differ.
    (0..count).map(|place| NewDoctor(doctor(place, Dice::new(!(place as u64)))))
}

fn doctor(place: usize, mut dice: Dice) -> DoctorInput {
    let origin = origin(&mut dice);
    let is_woman = dice.percent(50);
    let (first, last) = name(&mut dice, origin, is_woman);
    let end = u32::try_from(SPECIALIZATIONS.len()).unwrap_or_default();
    // The smaller of two numbers, so that the first specializations are more frequent.
    let speciality = dice.below(end).min(dice.below(end)) as usize;
    let mut input = DoctorInput {
        first_name: value(first),
        last_name: last.map_or(Patch::Absent, Patch::Value),
        specialization: value(SPECIALIZATIONS.get(speciality).copied().unwrap_or("Surgery")),
        license_number: value(format!("MD{:06}", place + 1)),
        phone_number: value(dice.digits(origin.phone)),
        years_of_experience: Patch::Value(dice.below(45).into()),
        is_available: Patch::Value(dice.percent(85)),
        ..DoctorInput::default()
    };
    let cities = u32::try_from(origin.cities.len()).unwrap_or_default();
    if let Some((city, state, zip)) = origin.cities.get(dice.below(cities) as usize) {
        (input.city, input.state) = (value(*city), value(*state));
        input.zip_code = value(dice.digits(zip));
    }
    input
}

/// Enters doctors into the directory.
///
/// Fails where a doctor breaks a rule for requests.
pub async fn enter(
    app: &App,
    actor: &Actor,
    doctors: impl Iterator<Item = NewDoctor>,
) -> Result<(), Error> {
    let all = doctors.map(|doctor| DoctorFields::new(&doctor.0).map(ArrivingDoctor::from));
    let all = all.collect::<Result<Vec<_>, _>>()?;
    register_many(&mut Pieces::in_order(app), actor, &all, "doctor.created").await.map(drop)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use shared::read;

    use super::*;

    #[test]
    fn every_doctor_passes_the_rules_that_requests_pass() {
        let mut licenses = std::collections::HashSet::new();
        for doctor in doctors(2_000) {
            assert!(DoctorFields::new(&doctor.0).is_ok());
            let sent = serde_json::to_vec(&doctor).unwrap();
            let read = read::body::<NewDoctor>(&sent, NaiveDate::default());
            assert_eq!(read, Ok(doctor.clone()));
            assert!(licenses.insert(doctor.0.license_number.value().cloned()));
        }
    }
}
