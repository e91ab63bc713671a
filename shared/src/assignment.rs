//! Assignments: patients in the care of doctors.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use crate::{
    FieldError, FieldErrors, Patch, UserId,
    compatibility::ASSIGNMENT as EARLIER,
    date::parse_day,
    doctor::SPECIALIZATION_MAX,
    id::{AssignmentId, DoctorId, PatientId, id},
    moment::{MOMENT_MAX, Moment},
    query::{self, Ordering},
    read,
    rules::{EMAIL_MAX, NAME_MAX, NOTE_MAX, SEARCH_MAX},
};

choice! {
    /// How an assignment stands. The first two are active.
    AssignmentStatus {
        /// The patient is in the doctor's care.
        Active = "ACTIVE",
        /// It rests.
        OnHold = "ON_HOLD",
        /// The care has come to its end.
        Completed = "COMPLETED",
        /// It was called off.
        Cancelled = "CANCELLED",
    }
}

impl AssignmentStatus {
    /// Whether the patient is in the doctor's care.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Active | Self::OnHold)
    }
}

fields! {
    /// What a request says about an assignment.
    AssignmentInput => AssignmentFields {
        /// How it stands; `ACTIVE` unless it is said.
        status: AssignmentStatus = kept (read::parsed(20, AssignmentStatus::from_str))
            or AssignmentStatus::Active => [example("ACTIVE")],
        /// Why the patient comes.
        reason_for_visit: String = (read::note(NOTE_MAX))
            => [max_length(NOTE_MAX), example("Regular checkup")],
        /// Notes.
        notes: String = (read::note(NOTE_MAX)) => [max_length(NOTE_MAX), example("Prefers mornings")],
        /// The day from which it counts; today unless it is said.
        assigned_date: NaiveDate = kept (read::parsed(10, parse_day)),
    }
    also {
        /// `false` means `CANCELLED`.
        is_active: bool = (read::boolean) => [never_null(), example(true)],
    }
}

impl AssignmentFields {
    /// The values of a new assignment.
    ///
    /// Fails where status and `is_active` contradict each other.
    pub fn new(input: &AssignmentInput, today: NaiveDate) -> Result<Self, FieldErrors> {
        let mut input = input.clone();
        if input.assigned_date.is_absent() {
            input.assigned_date = Patch::Value(today);
        }
        let fields = input.create()?;
        Ok(Self { status: status(None, fields.status, &input)?, ..fields })
    }

    /// Lays an input over these values.
    ///
    /// Fails where status and `is_active` contradict each other. An `is_active` that comes back as it
    /// was read says nothing beside another status.
    pub fn changed_by(&self, input: &AssignmentInput) -> Result<Self, FieldErrors> {
        let mut fields = self.clone();
        let faults = input.apply(&mut fields);
        fields.status = status(Some(self.status), fields.status, input)?;
        faults.into_result().map(|()| fields)
    }
}

/// The status that is meant by `status` and `is_active` together, after the one that was stored.
fn status(
    stored: Option<AssignmentStatus>,
    status: AssignmentStatus,
    input: &AssignmentInput,
) -> Result<AssignmentStatus, FieldErrors> {
    match input.is_active.value().copied() {
        None => Ok(status),
        Some(told) if told == status.is_active() => Ok(status),
        Some(true) if input.status.value().is_none() => Ok(AssignmentStatus::Active),
        Some(false) if input.status.value().is_none() => Ok(AssignmentStatus::Cancelled),
        Some(told) if stored.is_some_and(|stored| stored.is_active() == told) => Ok(status),
        Some(_) => {
            let message = format!("must agree with status, which is {status}");
            Err(FieldErrors::one("is_active", FieldError::new("disagrees", message)))
        }
    }
}

/// Members that the server computes; what was read can be sent back.
const COMPUTED: &[&str] = &[
    "patient_name",
    "doctor_name",
    "specialization",
    "assigned_at",
    "assigned_by_username",
    "ended_at",
    "created_at",
    "updated_at",
    "version",
    "permissions",
];

/// Read-only members that must be what they are.
const FIXED: &[&str] = &["id", "patient", "doctor", "assigned_by"];

/// Adds what else is wrong, where something is wrong already.
fn validate(input: &AssignmentInput, is_change: bool, today: NaiveDate, faults: &mut FieldErrors) {
    if is_change || faults.concern("status") {
        return;
    }
    if let Err(more) = AssignmentFields::new(input, today) {
        faults.extend(more);
    }
}

requests! {
    AssignmentInput;
    /// An assignment as it shall be: an absent member is cleared, but `status` and `assigned_date`
    /// stay.
    AssignmentReplacement true true, example {
        "reason_for_visit": "Regular checkup", "notes": "Prefers mornings"
    },
    /// A change to an assignment: an absent member stays, `null` clears it.
    AssignmentPatch true false, example {"status": "ON_HOLD"},
}

body! {
    /// A patient to be put into the care of a doctor.
    #[derive(Clone, Debug)]
    NewAssignment, earlier EARLIER,
        example {"patient": 1, "doctor": 1, "reason_for_visit": "Regular checkup"}
    {
        /// The patient's id.
        patient: PatientId = required(id),
        /// The doctor's id.
        doctor: DoctorId = required(id),
        /// Everything else.
        input: AssignmentInput = embedded(AssignmentInput::read),
    }
}

body! {
    /// Another doctor for the same patient.
    #[derive(Clone, Debug)]
    Transfer, earlier EARLIER, example {"doctor": 2, "reason_for_visit": "Second opinion"} {
        /// The doctor who takes over.
        doctor: DoctorId = required(id) => [example(2)],
        /// Why; what was said before unless something else is said.
        reason_for_visit: String = patch(read::note(NOTE_MAX))
            => [max_length(NOTE_MAX), example("Second opinion")],
    }
}

record! {
    /// A patient in the care of a doctor.
    Assignment over AssignmentFields, permissions AssignmentPermission, pages "AssignmentPage" {
        /// The record's id.
        id: AssignmentId,
        /// The patient.
        patient: PatientId,
        /// The patient's names.
        patient_name: String => [max_length(2 * NAME_MAX + 1), example("José Gómez")],
        /// The doctor.
        doctor: DoctorId,
        /// The doctor's names.
        doctor_name: String => [max_length(2 * NAME_MAX + 1), example("Sarah Johnson")],
        /// The doctor's specialisation.
        specialization: String => [max_length(SPECIALIZATION_MAX), example("Cardiology")],
        /// What can be changed of it.
        #[serde(flatten)]
        fields: AssignmentFields,
        /// Whether the patient is in the doctor's care: `ACTIVE` and `ON_HOLD`.
        is_active: bool,
        /// When it was entered.
        assigned_at: DateTime<Utc>,
        /// Who entered it.
        assigned_by: UserId,
        /// That user's username, or name where there is no username.
        assigned_by_username: String => [max_length(EMAIL_MAX), example("ana")],
        /// When it ended.
        ended_at: Option<DateTime<Utc>> => [example(Value::Null)],
    }
}

choice! {
    /// What somebody may do with an assignment.
    AssignmentPermission {
        /// Replace or change it.
        Update = "update",
        /// End it.
        End = "end",
        /// Put the patient into another doctor's care.
        Transfer = "transfer",
        /// Read its history.
        History = "history",
    }
}

choice! {
    /// The fields by which a list of assignments can be ordered.
    AssignmentOrder {
        /// The day from which it counts.
        AssignedDate = "assigned_date",
        /// When the record was created.
        CreatedAt = "created_at",
        /// When it was last changed.
        UpdatedAt = "updated_at",
        /// The id.
        Id = "id",
    }
}

filter! {
    /// Which assignments a list shows, and in which order.
    AssignmentFilter, in pages {
        /// Words of the patient's or the doctor's name, each of which must match.
        search: String = read::line(SEARCH_MAX) => [max_length(SEARCH_MAX)],
        /// The patient.
        patient: PatientId = query::parsed(20, PatientId::from_str),
        /// The doctor.
        doctor: DoctorId = query::parsed(20, DoctorId::from_str),
        /// How it stands.
        status: AssignmentStatus = query::parsed(20, AssignmentStatus::from_str),
        /// Whether it is active. Active ones are shown unless this or `status` says otherwise.
        is_active: bool = query::boolean,
        /// Counts from this day or later.
        assigned_from: NaiveDate = query::parsed(10, parse_day),
        /// Counts from this day or earlier.
        assigned_to: NaiveDate = query::parsed(10, parse_day),
        /// Changed at this time or later; quickest with the ordering updated_at.
        updated_from: Moment = query::parsed(MOMENT_MAX, Moment::from_str),
        /// Changed before this time.
        updated_to: Moment = query::parsed(MOMENT_MAX, Moment::from_str),
        /// One of assigned_date, created_at, updated_at and id; `-` in front for descending. Without
        /// it: newest first.
        ordering: Ordering<AssignmentOrder> = query::ordering,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(stored: Option<AssignmentStatus>, json: &str) -> Result<String, String> {
        let today = NaiveDate::default();
        let input = read::body::<AssignmentPatch>(json.as_bytes(), today).unwrap().0;
        let new = AssignmentFields::new(&AssignmentInput::default(), today).unwrap();
        let changed = match stored {
            Some(status) => AssignmentFields { status, ..new }.changed_by(&input),
            None => AssignmentFields::new(&input, today),
        };
        changed.map(|changed| changed.status.to_string()).map_err(|faults| faults.to_string())
    }

    #[test]
    fn false_means_cancelled_and_true_opens_again() {
        let active = Some(AssignmentStatus::Active);
        let held = Some(AssignmentStatus::OnHold);
        let done = Some(AssignmentStatus::Completed);
        for (stored, json, expected) in [
            (None, "{}", "ACTIVE"),
            (None, r#"{"is_active": false}"#, "CANCELLED"),
            (active, r#"{"is_active": false}"#, "CANCELLED"),
            (done, r#"{"is_active": false}"#, "COMPLETED"),
            (done, r#"{"is_active": true}"#, "ACTIVE"),
            (held, r#"{"is_active": true}"#, "ON_HOLD"),
            (active, r#"{"status": "completed", "is_active": true}"#, "COMPLETED"),
            (active, r#"{"status": "COMPLETED", "is_active": false}"#, "COMPLETED"),
        ] {
            assert_eq!(changed(stored, json).as_deref(), Ok(expected), "{stored:?} {json}");
        }
        let refused = changed(done, r#"{"status": "CANCELLED", "is_active": true}"#).unwrap_err();
        assert!(refused.contains("is_active: must agree with status"), "{refused}");
    }
}
