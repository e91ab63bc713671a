//! Visits of patients to the clinic.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};

use crate::{
    FieldError, FieldErrors, Patch, UserId,
    compatibility::Members,
    date::parse_day,
    id::{AssignmentId, DoctorId, PatientId, VisitId, id},
    moment::{MOMENT_MAX, Moment},
    query, read,
    rules::{EMAIL_MAX, NAME_MAX, REASON_MAX},
};

choice! {
    /// The status of a visit. The first three are open.
    VisitStatus {
        /// The patient has arrived and waits.
        Waiting = "WAITING",
        /// The patient was called.
        Called = "CALLED",
        /// The patient is with the doctor.
        InRoom = "IN_ROOM",
        /// The doctor has seen the patient.
        Done = "DONE",
        /// The patient left without being seen.
        Left = "LEFT",
    }
}

/// The times at which a patient was called, went in and left.
pub type VisitTimes = [Option<DateTime<Utc>>; 3];

impl VisitStatus {
    /// Whether the visit is open, that is, the patient is in the clinic.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Done | Self::Left)
    }

    /// The times of a visit that has this status from `now` on. The time of this status is stamped
    /// unless there is one, those of earlier statuses stay, and those of later ones are cleared.
    pub fn stamp(self, [called, started, ended]: VisitTimes, now: DateTime<Utc>) -> VisitTimes {
        match self {
            Self::Waiting => [None; 3],
            Self::Called => [called.or(Some(now)), None, None],
            Self::InRoom => [called, started.or(Some(now)), None],
            Self::Done | Self::Left => [called, started, ended.or(Some(now))],
        }
    }
}

fields! {
    /// The members of a visit in a request.
    VisitInput => VisitFields {
        /// The patient.
        patient: PatientId = required (id) => [example(1)],
        /// The doctor.
        doctor: DoctorId = (id) => [example(1)],
        /// The assignment. It must be one of this patient, and it sets the doctor.
        assignment: AssignmentId = (id) => [example(1)],
        /// The reason for the visit.
        reason: String = (read::note(REASON_MAX)) => [max_length(REASON_MAX), example("Fever")],
        /// Whether the visit comes before those that are not urgent.
        is_urgent: bool = kept (read::boolean) or false => [example(false)],
        /// The status. The default is `WAITING`.
        status: VisitStatus = kept (read::parsed(20, VisitStatus::from_str)) or VisitStatus::Waiting
            => [example("WAITING")],
    }
    also {}
}

/// Read-only members that must be what they are.
const FIXED: &[&str] = &["id", "created_by"];

/// No earlier system has visits.
const EARLIER: Members = &[];

/// Adds the error that the visit would have no patient, unless the member has one already.
fn validate(input: &VisitInput, is_change: bool, _: NaiveDate, errors: &mut FieldErrors) {
    let is_without = match input.patient {
        Patch::Value(_) => false,
        Patch::Null => true,
        Patch::Absent => !is_change,
    };
    if is_without && !errors.concern("patient") {
        errors.add("patient", FieldError::required());
    }
}

requests! {
    VisitInput of Visit;
    /// A patient who has arrived.
    NewVisit false false, references ["patient", "doctor", "assignment"],
        example {"patient": 1, "reason": "Fever"},
    /// A change to a visit. An absent member stays, `null` clears it.
    VisitPatch true false, references ["patient", "doctor", "assignment"],
        example {"status": "CALLED"},
}

record! {
    /// A visit of a patient to the clinic on one day.
    Visit over VisitFields, permissions VisitPermission, pages "VisitPage" {
        /// The record's id.
        id: VisitId,
        /// The number of the visit on its day, from 1. No number is used twice.
        number: i64 => [range(1, i64::MAX), example(7)],
        /// The day, by the clinic's time zone.
        day: NaiveDate,
        /// The members that can be changed.
        #[serde(flatten)]
        fields: VisitFields,
        /// The full name of the patient.
        patient_name: String => [max_length(2 * NAME_MAX + 1), example("José Gómez")],
        /// The medical record number of the patient.
        mrn: String => [max_length(20), example("P000001B")],
        /// The full name of the doctor.
        doctor_name: Option<String> => [max_length(2 * NAME_MAX + 1), example("Sarah Johnson")],
        /// The time of arrival.
        arrived_at: DateTime<Utc>,
        /// The time at which the patient was called.
        called_at: Option<DateTime<Utc>>,
        /// The time at which the patient went in.
        started_at: Option<DateTime<Utc>>,
        /// The time at which the visit ended.
        ended_at: Option<DateTime<Utc>>,
        /// The user who created the record.
        created_by: UserId,
        /// The username of that user, or the name if there is no username.
        created_by_username: String => [max_length(EMAIL_MAX), example("ana")],
    }
}

choice! {
    /// A permission for a visit.
    VisitPermission {
        /// Change reason, urgency and status.
        Update = "update",
        /// Correct the patient.
        CorrectPatient = "correct_patient",
        /// Read the history.
        History = "history",
    }
}

filter! {
    /// The filters of a list of visits.
    VisitFilter, in pages {
        /// The day. The default is today.
        day: NaiveDate = query::parsed(10, parse_day),
        /// The doctor.
        doctor: DoctorId = query::parsed(20, DoctorId::from_str),
        /// The patient.
        patient: PatientId = query::parsed(20, PatientId::from_str),
        /// The status.
        status: VisitStatus = query::parsed(20, VisitStatus::from_str),
        /// Whether the visit is open (`WAITING`, `CALLED`, `IN_ROOM`).
        is_open: bool = query::boolean,
        /// The earliest time of the last change.
        updated_from: Moment = query::parsed(MOMENT_MAX, Moment::from_str),
        /// The time before which the last change was made.
        updated_to: Moment = query::parsed(MOMENT_MAX, Moment::from_str),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reaching_a_status_stamps_its_time_and_going_back_clears_the_later_ones() {
        use VisitStatus::{Called, Done, InRoom, Left, Waiting};
        let time = |seconds| DateTime::from_timestamp(seconds, 0);
        let now = time(9).unwrap();
        // The times before and after, in which 9 is now and 0 none.
        let times = |times: [i64; 3]| times.map(|at| time(at).filter(|_| at > 0));
        for (before, status, after) in [
            ([0, 0, 0], Waiting, [0, 0, 0]),
            ([0, 0, 0], Called, [9, 0, 0]),
            ([0, 0, 0], InRoom, [0, 9, 0]),
            ([0, 0, 0], Done, [0, 0, 9]),
            ([0, 0, 0], Left, [0, 0, 9]),
            ([1, 0, 0], Waiting, [0, 0, 0]),
            ([1, 0, 0], Called, [1, 0, 0]),
            ([1, 0, 0], InRoom, [1, 9, 0]),
            ([1, 0, 0], Done, [1, 0, 9]),
            ([1, 0, 0], Left, [1, 0, 9]),
            ([1, 2, 0], Waiting, [0, 0, 0]),
            ([1, 2, 0], Called, [1, 0, 0]),
            ([0, 2, 0], Called, [9, 0, 0]),
            ([1, 2, 0], InRoom, [1, 2, 0]),
            ([1, 2, 0], Done, [1, 2, 9]),
            ([1, 2, 0], Left, [1, 2, 9]),
            ([1, 2, 3], Waiting, [0, 0, 0]),
            ([1, 2, 3], Called, [1, 0, 0]),
            ([1, 2, 3], InRoom, [1, 2, 0]),
            ([1, 0, 3], InRoom, [1, 9, 0]),
            ([1, 2, 3], Done, [1, 2, 3]),
            ([1, 2, 3], Left, [1, 2, 3]),
        ] {
            assert_eq!(status.stamp(times(before), now), times(after), "{before:?} {status}");
        }
    }
}
