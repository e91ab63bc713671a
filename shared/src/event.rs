//! Live changes, as `GET /api/events` tells of them.

/// The event that says that changes may have been missed: whoever hears it reads everything anew.
pub const RESET: &str = "reset";

record! {
    /// What the data of an event says about the record that was written.
    Changed {
        /// The record's id.
        id: i64 => [range(1, i64::MAX), example(7)],
        /// Its version after the write.
        version: i64 => [range(1, i64::MAX), example(3)],
    }
}

choice! {
    /// What an event is called: the kind of record, and what was done with it.
    EventName {
        /// A patient was registered, or imported.
        PatientCreated = "patient.created",
        /// A patient's record was changed.
        PatientUpdated = "patient.updated",
        /// A patient was archived.
        PatientArchived = "patient.archived",
        /// A patient came back from the archive.
        PatientRestored = "patient.restored",
        /// A patient's record was erased.
        PatientPurged = "patient.purged",
        /// An account was linked to a patient, or no longer is.
        PatientLinked = "patient.linked",
        /// A doctor was entered into the directory, or imported.
        DoctorCreated = "doctor.created",
        /// A doctor's entry was changed.
        DoctorUpdated = "doctor.updated",
        /// A doctor was archived.
        DoctorArchived = "doctor.archived",
        /// A doctor came back from the archive.
        DoctorRestored = "doctor.restored",
        /// An account was linked to a doctor, or no longer is.
        DoctorLinked = "doctor.linked",
        /// A patient was assigned to a doctor.
        AssignmentCreated = "assignment.created",
        /// An assignment was changed.
        AssignmentUpdated = "assignment.updated",
        /// An assignment has ended.
        AssignmentEnded = "assignment.ended",
        /// An assignment that had ended is active again.
        AssignmentReopened = "assignment.reopened",
        /// An assignment was completed, since another doctor takes over.
        AssignmentTransferred = "assignment.transferred",
        /// A patient has arrived.
        VisitCreated = "visit.created",
        /// A visit was changed, or its patient was corrected.
        VisitUpdated = "visit.updated",
        /// Changes may have been missed: read everything again.
        Reset = "reset",
    }
}
