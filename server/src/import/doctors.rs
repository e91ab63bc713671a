//! Importing doctors.

use chrono::NaiveDate;
use shared::{
    FieldErrors,
    doctor::{DoctorFields, DoctorInput},
    read::Reader,
};

use super::{
    Subject,
    header::{Layout, Meaning},
    outcomes,
    row::past,
};
use crate::{
    app::App,
    domain::{
        batches::Pieces,
        records::{
            doctors::{self, ArrivingDoctor, Claimed, DoctorKey, DoctorTimes},
            patients::{OnDuplicate, Registration},
        },
    },
    error::Error,
    services::actor::Actor,
};

/// The columns of a file with doctors.
pub(super) const LAYOUT: Layout = Layout {
    synthea: &["ID", "NAME", "SPECIALITY"],
    of_synthea: synthea,
    members: DoctorInput::MEMBERS,
    special: &[
        ("years_of_experience", Meaning::Number("years_of_experience")),
        ("is_available", Meaning::Flag("is_available")),
        ("created_at", Meaning::Member("created_at")),
        ("archived_at", Meaning::Member("archived_at")),
    ],
    needed: &["first_name", "last_name"],
    given_out: &["id"],
    instead: "",
    like: "last_name and specialization",
};

fn synthea(name: &str) -> Meaning {
    match name {
        "NAME" => Meaning::FullName,
        "SPECIALITY" => Meaning::Member("specialization"),
        "ADDRESS" => Meaning::Member("clinic_address"),
        "CITY" => Meaning::Member("city"),
        "STATE" => Meaning::Member("state"),
        "ZIP" => Meaning::Member("zip_code"),
        _ => Meaning::Ignored,
    }
}

/// Doctors, as records to import.
#[derive(Debug)]
pub(super) struct Doctors;

impl Subject for Doctors {
    const LAYOUT: &'static Layout = &LAYOUT;
    type State = ArrivingDoctor;
    type Key = DoctorKey;
    type Claimed = Claimed;

    fn read(reader: &mut Reader, today: NaiveDate) -> Result<ArrivingDoctor, FieldErrors> {
        let input = DoctorInput::read(reader);
        let mut time = |name| reader.member(name, past(today)).into_value();
        let times =
            DoctorTimes { created_at: time("created_at"), archived_at: time("archived_at") };
        Ok(ArrivingDoctor { fields: DoctorFields::new(&input)?, times })
    }

    fn key(doctor: &ArrivingDoctor, _: &str) -> Vec<DoctorKey> {
        vec![DoctorKey::of(doctor)]
    }

    async fn already_there(
        app: &App,
        keys: &[&[DoctorKey]],
        claimed: &Claimed,
    ) -> Result<Vec<bool>, Error> {
        doctors::already_there(app, keys, claimed).await
    }

    async fn check(
        app: &App,
        _: &Actor,
        all: &[ArrivingDoctor],
        claimed: &mut Claimed,
        _: OnDuplicate,
    ) -> Result<Vec<Registration>, Error> {
        Ok(outcomes(doctors::find_taken(app, all, claimed).await?))
    }

    async fn register(
        pieces: &mut Pieces<'_>,
        actor: &Actor,
        all: &[ArrivingDoctor],
        _: OnDuplicate,
    ) -> Result<Vec<Registration>, Error> {
        Ok(outcomes(doctors::register_many(pieces, actor, all, "doctor.imported").await?))
    }
}
