//! Importing visits.

use std::str::FromStr;

use chrono::NaiveDate;
use shared::{
    FieldError, FieldErrors,
    date::parse_day,
    read::{Reader, boolean, note, parsed, whole},
    rules::REASON_MAX,
    visit::VisitStatus,
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
        named::{DoctorNamed, PatientNamed},
        visits::VisitOrigin,
    },
    domain::{
        batches::Pieces,
        records::{
            patients::{OnDuplicate, Registration},
            visits::{self, ArrivingVisit, ClaimedVisits, VisitKey},
        },
    },
    error::Error,
    services::actor::Actor,
};

/// The highest number that a visit of a file can have. No clinic has as many visits on a day.
const NUMBER_MAX: i64 = 1_000_000;

/// The columns of a file with visits.
const LAYOUT: Layout = Layout {
    synthea: &[],
    of_synthea: |_| Meaning::Ignored,
    members: &[
        "day",
        PatientNamed::MEMBERS[0],
        PatientNamed::MEMBERS[1],
        PatientNamed::MEMBERS[2],
        DoctorNamed::MEMBERS[0],
        DoctorNamed::MEMBERS[1],
        DoctorNamed::MEMBERS[2],
        DoctorNamed::MEMBERS[3],
        DoctorNamed::MEMBERS[4],
        "assigned_at",
        "reason",
        "status",
        "arrived_at",
        "called_at",
        "started_at",
        "ended_at",
    ],
    special: &[("number", Meaning::Number("number")), ("is_urgent", Meaning::Flag("is_urgent"))],
    needed: &["mrn"],
    given_out: &["id"],
    instead: "",
    like: "day, mrn and arrived_at",
};

/// Visits, as records to import.
#[derive(Debug)]
pub(super) struct Visits;

impl Subject for Visits {
    const LAYOUT: &'static Layout = &LAYOUT;
    type State = ArrivingVisit;
    type Key = VisitKey;
    type Claimed = ClaimedVisits;

    fn read(reader: &mut Reader, today: NaiveDate) -> Result<ArrivingVisit, FieldErrors> {
        let mut errors = FieldErrors::default();
        let patient = patient_named(reader, &mut errors);
        let doctor = doctor_named(reader);
        let day = reader.required("day", parsed(10, parse_day));
        let number = reader.member("number", whole(1, NUMBER_MAX)).into_value();
        let arrived_at = reader.required("arrived_at", past(today));
        let reason = reader.member("reason", note(REASON_MAX)).into_value();
        let is_urgent = reader.member("is_urgent", boolean).into_value().unwrap_or_default();
        let status = reader.member("status", parsed(20, VisitStatus::from_str)).into_value();
        let status = status.unwrap_or(VisitStatus::Done);
        let mut time = |name| reader.member(name, past(today)).into_value();
        let assigned_at = time("assigned_at");
        let members = ["called_at", "started_at", "ended_at"];
        let given = members.map(&mut time);
        let (Some(day), Some(arrived_at)) = (day, arrived_at) else { return Err(errors) };
        let times = status.stamp(given, arrived_at);
        for (member, (given, kept)) in members.into_iter().zip(given.into_iter().zip(times)) {
            if given.is_some() && kept.is_none() {
                let message = format!("contradicts status, which is {status}");
                errors.add(member, FieldError::new("disagrees", message));
            }
        }
        errors.into_result()?;
        let origin = VisitOrigin { day, number, arrived_at, times };
        Ok(ArrivingVisit { patient, doctor, assigned_at, reason, is_urgent, status, origin })
    }

    fn key(visit: &ArrivingVisit, _: &str) -> Vec<VisitKey> {
        vec![VisitKey::of(visit)]
    }

    async fn already_there(
        app: &App,
        keys: &[&[VisitKey]],
        claimed: &ClaimedVisits,
    ) -> Result<Vec<bool>, Error> {
        visits::already_there(app, keys, claimed).await
    }

    async fn check(
        app: &App,
        actor: &Actor,
        all: &[ArrivingVisit],
        claimed: &mut ClaimedVisits,
        _: OnDuplicate,
    ) -> Result<Vec<Registration>, Error> {
        Ok(outcomes(visits::check_many(app, actor, all, claimed).await?))
    }

    async fn register(
        pieces: &mut Pieces<'_>,
        actor: &Actor,
        all: &[ArrivingVisit],
        _: OnDuplicate,
    ) -> Result<Vec<Registration>, Error> {
        Ok(outcomes(visits::register_many(pieces, actor, all).await?))
    }
}
