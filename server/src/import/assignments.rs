//! Importing assignments of patients to doctors.

use chrono::NaiveDate;
use shared::{
    FieldError, FieldErrors,
    assignment::{AssignmentFields, AssignmentInput},
    read::Reader,
};

use super::{
    Subject,
    header::{Layout, Meaning},
    outcomes,
    row::{doctor_named, past, patient_named},
};
use crate::{
    app::App,
    db::{
        assignments::AssignmentTimes,
        named::{DoctorNamed, PatientNamed},
    },
    domain::{
        batches::Pieces,
        records::{
            assignments::{self, ArrivingAssignment, AssignmentKey, ClaimedAssignments},
            patients::{OnDuplicate, Registration},
        },
    },
    error::Error,
    services::actor::Actor,
};

/// The columns of a file with assignments.
const LAYOUT: Layout = Layout {
    synthea: &[],
    of_synthea: |_| Meaning::Ignored,
    members: &[
        PatientNamed::MEMBERS[0],
        PatientNamed::MEMBERS[1],
        PatientNamed::MEMBERS[2],
        DoctorNamed::MEMBERS[0],
        DoctorNamed::MEMBERS[1],
        DoctorNamed::MEMBERS[2],
        DoctorNamed::MEMBERS[3],
        DoctorNamed::MEMBERS[4],
        "status",
        "reason_for_visit",
        "notes",
        "assigned_date",
        "assigned_at",
        "ended_at",
    ],
    special: &[],
    needed: &["mrn"],
    given_out: &["id"],
    instead: "",
    like: "mrn, doctor_last_name and status",
};

/// Assignments, as records to import.
#[derive(Debug)]
pub(super) struct Assignments;

impl Subject for Assignments {
    const LAYOUT: &'static Layout = &LAYOUT;
    type State = ArrivingAssignment;
    type Key = AssignmentKey;
    type Claimed = ClaimedAssignments;

    fn read(reader: &mut Reader, today: NaiveDate) -> Result<ArrivingAssignment, FieldErrors> {
        let mut errors = FieldErrors::default();
        let patient = patient_named(reader, &mut errors);
        let doctor = doctor_named(reader);
        if doctor.by().is_none() {
            errors.add("doctor_last_name", FieldError::required());
        }
        let fields = AssignmentFields::new(&AssignmentInput::read(reader), today);
        let mut time = |name| reader.member(name, past(today)).into_value();
        let times =
            AssignmentTimes { assigned_at: time("assigned_at"), ended_at: time("ended_at") };
        let fields = match fields {
            Ok(fields) if errors.is_empty() => fields,
            Ok(_) => return Err(errors),
            Err(more) => {
                errors.extend(more);
                return Err(errors);
            }
        };
        if fields.status.is_active() && times.ended_at.is_some() {
            let message = format!("contradicts status, which is {}", fields.status);
            return Err(FieldErrors::one("ended_at", FieldError::new("disagrees", message)));
        }
        Ok(ArrivingAssignment { patient, doctor, fields, times })
    }

    fn key(assignment: &ArrivingAssignment, _: &str) -> Vec<AssignmentKey> {
        vec![AssignmentKey::of(assignment)]
    }

    async fn already_there(
        app: &App,
        keys: &[&[AssignmentKey]],
        claimed: &ClaimedAssignments,
    ) -> Result<Vec<bool>, Error> {
        assignments::already_there(app, keys, claimed).await
    }

    async fn check(
        app: &App,
        actor: &Actor,
        all: &[ArrivingAssignment],
        claimed: &mut ClaimedAssignments,
        _: OnDuplicate,
    ) -> Result<Vec<Registration>, Error> {
        Ok(outcomes(assignments::check_many(app, actor, all, claimed).await?))
    }

    async fn register(
        pieces: &mut Pieces<'_>,
        actor: &Actor,
        all: &[ArrivingAssignment],
        _: OnDuplicate,
    ) -> Result<Vec<Registration>, Error> {
        Ok(outcomes(assignments::register_many(pieces, actor, all).await?))
    }
}
