//! Importing patients.

use chrono::NaiveDate;
use shared::{
    FieldErrors,
    patient::{Identifier, PatientInput, PatientState},
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
        records::patients::{self, Claimed, OnDuplicate, Registration},
    },
    error::Error,
    services::actor::Actor,
};

/// The columns of a file with patients.
pub(super) const LAYOUT: Layout = Layout {
    synthea: &["ID", "BIRTHDATE", "FIRST", "LAST", "GENDER"],
    of_synthea: synthea,
    members: PatientInput::MEMBERS,
    special: &[
        ("source_id", Meaning::SourceId),
        ("identifiers", Meaning::Identifiers),
        ("age", Meaning::Number("age")),
    ],
    given_out: &["id", "mrn"],
    instead: "; call it source_id to keep it as an identifier",
    like: "first_name and date_of_birth",
};

fn synthea(name: &str) -> Meaning {
    match name {
        "ID" => Meaning::SourceId,
        "BIRTHDATE" => Meaning::Member("date_of_birth"),
        "DEATHDATE" => Meaning::Member("deceased_on"),
        "SSN" => Meaning::Identifier("ssn"),
        "PASSPORT" => Meaning::Identifier("passport"),
        "FIRST" => Meaning::Name("first_name"),
        "MIDDLE" => Meaning::Name("middle_name"),
        "LAST" => Meaning::Name("last_name"),
        "GENDER" => Meaning::Member("gender"),
        "ADDRESS" => Meaning::Member("address"),
        "CITY" => Meaning::Member("city"),
        "STATE" => Meaning::Member("state"),
        "ZIP" => Meaning::Member("zip_code"),
        _ => Meaning::Ignored,
    }
}

/// Patients, as records to import.
#[derive(Debug)]
pub(super) struct Patients;

impl Subject for Patients {
    const LAYOUT: &'static Layout = &LAYOUT;
    type State = PatientState;
    type Key = Identifier;
    type Claimed = Claimed;

    fn read(reader: &mut Reader, today: NaiveDate) -> Result<PatientState, FieldErrors> {
        PatientState::default().changed_by(&PatientInput::read(reader), today)
    }

    /// The source id, or else all identifiers.
    fn key(state: &PatientState, source: &str) -> Vec<Identifier> {
        let all = &state.fields.identifiers;
        match all.iter().find(|identifier| identifier.system == source) {
            Some(identifier) => vec![identifier.clone()],
            None => all.clone(),
        }
    }

    async fn already_there(
        app: &App,
        keys: &[&[Identifier]],
        claimed: &Claimed,
    ) -> Result<Vec<bool>, Error> {
        patients::already_there(app, keys, claimed).await
    }

    async fn check(
        app: &App,
        actor: &Actor,
        states: &[PatientState],
        claimed: &mut Claimed,
        on_duplicate: OnDuplicate,
    ) -> Result<Vec<Registration>, Error> {
        patients::check_many(app, actor, states, claimed, on_duplicate).await
    }

    async fn register(
        pieces: &mut Pieces<'_>,
        actor: &Actor,
        states: &[PatientState],
        on_duplicate: OnDuplicate,
    ) -> Result<Vec<Registration>, Error> {
        patients::register_many(pieces, actor, states, "patient.imported", Some(on_duplicate)).await
    }
}
