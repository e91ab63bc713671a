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
};
use crate::{
    app::App,
    domain::{
        batches::Pieces,
        records::{
            doctors::{self, Claimed, Known},
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
    ],
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
    type State = DoctorFields;
    type Key = Known;
    type Claimed = Claimed;

    fn read(reader: &mut Reader, _: NaiveDate) -> Result<DoctorFields, FieldErrors> {
        DoctorFields::new(&DoctorInput::read(reader))
    }

    fn key(fields: &DoctorFields, _: &str) -> Vec<Known> {
        vec![Known::by(fields)]
    }

    async fn already_there(
        app: &App,
        keys: &[&[Known]],
        claimed: &Claimed,
    ) -> Result<Vec<bool>, Error> {
        doctors::already_there(app, keys, claimed).await
    }

    async fn check(
        app: &App,
        _: &Actor,
        fields: &[DoctorFields],
        claimed: &mut Claimed,
        _: OnDuplicate,
    ) -> Result<Vec<Registration>, Error> {
        Ok(outcomes(doctors::find_taken(app, fields, claimed).await?))
    }

    async fn register(
        pieces: &mut Pieces<'_>,
        actor: &Actor,
        fields: &[DoctorFields],
        _: OnDuplicate,
    ) -> Result<Vec<Registration>, Error> {
        Ok(outcomes(doctors::register_many(pieces, actor, fields, "doctor.imported").await?))
    }
}

/// What became of doctors, of whom none is a likely duplicate.
fn outcomes(verdicts: Vec<Result<(), FieldErrors>>) -> Vec<Registration> {
    let outcome = |verdict| match verdict {
        Ok(()) => Registration::Done(None),
        Err(errors) => Registration::Refused(errors),
    };
    verdicts.into_iter().map(outcome).collect()
}
