//! Importing patients.

use chrono::NaiveDate;
use shared::{
    FieldError, FieldErrors, Mrn,
    mrn::MRN_MAX,
    patient::{FORMER_MRNS_MAX, FORMER_NAMES_MAX, Former, PatientInput, PatientState},
    read::{Reader, boolean, parsed},
    rules::NAME_MAX,
    text::{Lines, clean},
};

use super::{
    Subject,
    header::{Layout, Meaning},
    row::{past, texts},
};
use crate::{
    app::App,
    domain::{
        batches::Pieces,
        records::patients::{
            self, Arriving, Claimed, OnDuplicate, PatientKey, Provenance, Registration,
        },
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
        ("mrn", Meaning::Member("mrn")),
        ("date_of_birth_estimated", Meaning::Flag("date_of_birth_estimated")),
        ("former_names", Meaning::Texts("former_names")),
        ("former_mrns", Meaning::Texts("former_mrns")),
        ("created_at", Meaning::Member("created_at")),
    ],
    needed: &["first_name", "last_name"],
    given_out: &["id"],
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

/// The highest place in the sequence of medical record numbers that a file can bring. Enough are left behind it.
const PLACE_MAX: i64 = 999_999_999_999;

/// A medical record number that the sequence can be set ahead of.
fn mrn(text: &str) -> Result<Mrn, FieldError> {
    let mrn = Mrn::parse(text)?;
    match mrn.place() {
        1..=PLACE_MAX => Ok(mrn),
        _ => Err(FieldError::new("out_of_range", "must have 1 to 12 digits, and not be 0")),
    }
}

fn former_mrn(text: &str) -> Result<String, FieldError> {
    mrn(text).map(|mrn| mrn.as_str().to_owned())
}

fn former_name(text: &str) -> Result<String, FieldError> {
    clean(text, Lines::One, 2 * NAME_MAX + 1)
}

/// Patients, as records to import.
#[derive(Debug)]
pub(super) struct Patients;

impl Subject for Patients {
    const LAYOUT: &'static Layout = &LAYOUT;
    type State = Arriving;
    type Key = PatientKey;
    type Claimed = Claimed;

    fn read(reader: &mut Reader, today: NaiveDate) -> Result<Arriving, FieldErrors> {
        let input = PatientInput::read(reader);
        let is_estimated = reader.member("date_of_birth_estimated", boolean).into_value();
        let former = Former {
            names: reader
                .member("former_names", texts(FORMER_NAMES_MAX, former_name))
                .into_value()
                .unwrap_or_default(),
            mrns: reader
                .member("former_mrns", texts(FORMER_MRNS_MAX, former_mrn))
                .into_value()
                .unwrap_or_default(),
        };
        let mrn = reader.member("mrn", parsed(MRN_MAX, mrn)).into_value();
        let created_at = reader.member("created_at", past(today)).into_value();
        let mut state = PatientState::default().changed_by(&input, today)?;
        if is_estimated == Some(true) {
            if state.fields.date_of_birth.is_none() {
                let error = FieldError::new("disagrees", "needs a date of birth");
                return Err(FieldErrors::one("date_of_birth_estimated", error));
            }
            state.date_of_birth_estimated = true;
        }
        Ok(Arriving { state, provenance: Provenance { mrn, former, created_at } })
    }

    /// The medical record number, or else the source id, or else all identifiers.
    fn key(Arriving { state, provenance }: &Arriving, source: &str) -> Vec<PatientKey> {
        if let Some(mrn) = &provenance.mrn {
            return vec![PatientKey::mrn(mrn, &state.fields)];
        }
        let all = state.fields.identifiers.iter().cloned();
        let mut of_source = all.clone().filter(|identifier| identifier.system == source);
        match of_source.next() {
            Some(identifier) => vec![PatientKey::Identifier(identifier)],
            None => all.map(PatientKey::Identifier).collect(),
        }
    }

    async fn already_there(
        app: &App,
        keys: &[&[PatientKey]],
        claimed: &Claimed,
    ) -> Result<Vec<bool>, Error> {
        patients::already_there(app, keys, claimed).await
    }

    async fn check(
        app: &App,
        actor: &Actor,
        states: &[Arriving],
        claimed: &mut Claimed,
        on_duplicate: OnDuplicate,
    ) -> Result<Vec<Registration>, Error> {
        patients::check_many(app, actor, states, claimed, on_duplicate).await
    }

    async fn register(
        pieces: &mut Pieces<'_>,
        actor: &Actor,
        states: &[Arriving],
        on_duplicate: OnDuplicate,
    ) -> Result<Vec<Registration>, Error> {
        patients::register_many(pieces, actor, states, "patient.imported", Some(on_duplicate)).await
    }
}
