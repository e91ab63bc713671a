//! Assignments of patients to doctors.

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
    mrn::MRN_MAX,
    query::{self, Ordering},
    read,
    rules::{EMAIL_MAX, NAME_MAX, NOTE_MAX, SEARCH_MAX},
};

choice! {
    /// The status of an assignment. The first two count as active.
    AssignmentStatus {
        /// The doctor is treating the patient.
        Active = "ACTIVE",
        /// The treatment is paused.
        OnHold = "ON_HOLD",
        /// The treatment is finished.
        Completed = "COMPLETED",
        /// The assignment was called off.
        Cancelled = "CANCELLED",
    }
}

impl AssignmentStatus {
    /// Whether the assignment counts as active.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Active | Self::OnHold)
    }
}

fields! {
    /// The members of an assignment that a request can set.
    AssignmentInput => AssignmentFields as assignment_fields {
        /// The status. The default is `ACTIVE`.
        status: AssignmentStatus = kept (read::parsed(20, AssignmentStatus::from_str))
            or AssignmentStatus::Active => [example("ACTIVE")],
        /// The reason for the visit.
        reason_for_visit: String = (read::note(NOTE_MAX))
            => [max_length(NOTE_MAX), example("Regular checkup")],
        /// Notes.
        notes: String = (read::note(NOTE_MAX)) => [max_length(NOTE_MAX), example("Prefers mornings")],
        /// The first day of the assignment. The default is today.
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
    /// Fails if `status` and `is_active` contradict each other.
    pub fn new(input: &AssignmentInput, today: NaiveDate) -> Result<Self, FieldErrors> {
        let mut input = input.clone();
        if input.assigned_date.is_absent() {
            input.assigned_date = Patch::Value(today);
        }
        let fields = input.create()?;
        Ok(Self { status: status(None, fields.status, &input)?, ..fields })
    }

    /// Applies an input to these values.
    ///
    /// Fails if `status` and `is_active` contradict each other. An `is_active` with the stored
    /// value is ignored if the request changes `status`.
    pub fn changed_by(&self, input: &AssignmentInput) -> Result<Self, FieldErrors> {
        let mut fields = self.clone();
        let errors = input.apply(&mut fields);
        fields.status = status(Some(self.status), fields.status, input)?;
        errors.into_result().map(|()| fields)
    }
}

/// The status that `status` and `is_active` mean together, given the stored one.
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
            let message = format!("contradicts status, which is {status}");
            Err(FieldErrors::one("is_active", FieldError::new("disagrees", message)))
        }
    }
}

/// The read-only members. A client may send them back unchanged.
const FIXED: &[&str] = &["id", "patient", "doctor", "assigned_by"];

/// Adds further errors to those already found.
fn validate(input: &AssignmentInput, is_change: bool, today: NaiveDate, errors: &mut FieldErrors) {
    if is_change || errors.concern("status") {
        return;
    }
    if let Err(more) = AssignmentFields::new(input, today) {
        errors.extend(more);
    }
}

requests! {
    AssignmentInput of Assignment;
    /// The replacement of an assignment. Absent members are cleared, except `status` and
    /// `assigned_date`, which stay.
    AssignmentReplacement true true, example {
        "reason_for_visit": "Regular checkup", "notes": "Prefers mornings"
    },
    /// A change to an assignment. An absent member stays, and `null` clears it.
    AssignmentPatch true false, example {"status": "ON_HOLD"},
}

body! {
    /// A new assignment of a patient to a doctor.
    #[derive(Clone, Debug)]
    NewAssignment, earlier EARLIER, references ["patient", "doctor"],
        example {"patient": 1, "doctor": 1, "reason_for_visit": "Regular checkup"}
    {
        /// The patient's id.
        patient: PatientId = required(id),
        /// The doctor's id.
        doctor: DoctorId = required(id),
        /// The other members.
        input: AssignmentInput = embedded(AssignmentInput::read),
    }
}

body! {
    /// A transfer of a patient to another doctor.
    #[derive(Clone, Debug)]
    Transfer, earlier EARLIER, references ["doctor"],
        example {"doctor": 2, "reason_for_visit": "Second opinion"}
    {
        /// The doctor who takes over.
        doctor: DoctorId = required(id) => [example(2)],
        /// The reason. The default is the reason of the transferred assignment.
        reason_for_visit: String = patch(read::note(NOTE_MAX))
            => [max_length(NOTE_MAX), example("Second opinion")],
    }
}

record! {
    /// An assignment of a patient to a doctor.
    Assignment over AssignmentFields, permissions AssignmentPermission, pages "AssignmentPage" {
        /// The record's id.
        id: AssignmentId,
        /// The patient.
        patient: PatientId,
        /// The patient's full name.
        patient_name: String => [max_length(2 * NAME_MAX + 1), example("José Gómez")],
        /// The medical record number of the patient.
        mrn: String => [max_length(MRN_MAX), example("P000001B")],
        /// The doctor.
        doctor: DoctorId,
        /// The doctor's full name.
        doctor_name: String => [max_length(2 * NAME_MAX + 1), example("Sarah Johnson")],
        /// The doctor's specialisation.
        specialization: String => [max_length(SPECIALIZATION_MAX), example("Cardiology")],
        /// The members that can be changed.
        #[serde(flatten)]
        fields: AssignmentFields,
        /// Whether it counts as active: `ACTIVE` and `ON_HOLD`.
        is_active: bool,
        /// The time at which the assignment was made.
        assigned_at: DateTime<Utc>,
        /// The user who made it.
        assigned_by: UserId,
        /// The username of that user, or the name if there is no username.
        assigned_by_username: String => [max_length(EMAIL_MAX), example("ana")],
        /// The time at which it ended.
        ended_at: Option<DateTime<Utc>> => [example(Value::Null)],
    }
}

choice! {
    /// What the caller may do with an assignment.
    AssignmentPermission {
        /// Replace or change it.
        Update = "update",
        /// End it.
        End = "end",
        /// Transfer the patient to another doctor.
        Transfer = "transfer",
        /// Read its history.
        History = "history",
    }
}

choice! {
    /// The fields by which a list of assignments can be ordered.
    AssignmentOrder {
        /// The first day of the assignment.
        AssignedDate = "assigned_date",
        /// The time of creation.
        CreatedAt = "created_at",
        /// The time of the last change.
        UpdatedAt = "updated_at",
        /// The id.
        Id = "id",
    }
}

filter! {
    /// The filters and the ordering of a list of assignments.
    AssignmentFilter, in pages {
        /// Words of the patient's or the doctor's name. Each must match.
        search: String = read::line(SEARCH_MAX) => [max_length(SEARCH_MAX)],
        /// The patient.
        patient: PatientId = query::parsed(20, PatientId::from_str),
        /// The doctor.
        doctor: DoctorId = query::parsed(20, DoctorId::from_str),
        /// The status.
        status: AssignmentStatus = query::parsed(20, AssignmentStatus::from_str),
        /// Whether it is active. Without this and `status`, the list shows active assignments.
        is_active: bool = query::boolean,
        /// The earliest first day.
        assigned_from: NaiveDate = query::parsed(10, parse_day),
        /// The latest first day.
        assigned_to: NaiveDate = query::parsed(10, parse_day),
        /// The earliest time of the last change. Fastest with the ordering updated_at.
        updated_from: Moment = query::parsed(MOMENT_MAX, Moment::from_str),
        /// The time before which the last change was made.
        updated_to: Moment = query::parsed(MOMENT_MAX, Moment::from_str),
        /// One of assigned_date, created_at, updated_at and id; `-` in front for descending. The
        /// default is newest first.
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
        changed.map(|changed| changed.status.to_string()).map_err(|errors| errors.to_string())
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
        assert!(refused.contains("is_active: contradicts status"), "{refused}");
    }
}
