//! Live changes, as `GET /api/events` reports them.

/// The event after which a client reads everything again, because changes may have been missed.
pub const RESET: &str = "reset";

record! {
    /// The data of an event.
    Changed {
        /// The record's id.
        id: i64 => [range(1, i64::MAX), example(7)],
        /// The record's version after the change.
        version: i64 => [range(1, i64::MAX), example(3)],
    }
}

/// An event of the stream, as the API description shows it: the fields of its lines.
#[cfg(feature = "openapi")]
pub struct StreamEvent;

#[cfg(feature = "openapi")]
impl crate::describe::Describe for StreamEvent {
    const NAME: Option<&'static str> = Some("StreamEvent");

    fn schema(
        registry: &mut poem_openapi::registry::Registry,
    ) -> poem_openapi::registry::MetaSchema {
        use poem_openapi::{
            registry::{MetaSchema, MetaSchemaRef},
            types::Type,
        };
        Changed::register(registry);
        let nothing = MetaSchema {
            title: Some("ResetData".to_owned()),
            description: Some("The data of `reset`: nothing."),
            max_properties: Some(0),
            ..MetaSchema::new("object")
        };
        let data = vec![Changed::schema_ref(), MetaSchemaRef::Inline(Box::new(nothing))];
        let mut members = crate::describe::Members::new(registry);
        let doc = "The number of the event. Numbers rise, with gaps.";
        members.add::<i64>("id", doc, true, |shape| shape.range(0, i64::MAX).example(118));
        members.add::<EventName>("event", "The name of the event.", true, |shape| shape);
        let doc = "The data of the event: a line of JSON.";
        members.add::<serde_json::Value>("data", doc, true, |shape| {
            shape.with(|schema| schema.any_of = data)
        });
        members.finish("An event of the stream of changes.")
    }
}
#[cfg(feature = "openapi")]
described!(StreamEvent);

choice! {
    /// The name of an event: the kind of record and the action.
    EventName {
        /// A patient was registered, or imported.
        PatientCreated = "patient.created",
        /// A patient's record was changed.
        PatientUpdated = "patient.updated",
        /// A patient was archived.
        PatientArchived = "patient.archived",
        /// A patient was restored from the archive.
        PatientRestored = "patient.restored",
        /// A patient was erased.
        PatientPurged = "patient.purged",
        /// Two records of one patient were merged: one event for each.
        PatientMerged = "patient.merged",
        /// The merge of two records was undone: one event for each.
        PatientUnmerged = "patient.unmerged",
        /// An account was linked to a patient, or unlinked.
        PatientLinked = "patient.linked",
        /// A doctor was added to the directory, or imported.
        DoctorCreated = "doctor.created",
        /// A doctor's entry was changed.
        DoctorUpdated = "doctor.updated",
        /// A doctor was archived.
        DoctorArchived = "doctor.archived",
        /// A doctor was restored from the archive.
        DoctorRestored = "doctor.restored",
        /// An account was linked to a doctor, or unlinked.
        DoctorLinked = "doctor.linked",
        /// A patient was assigned to a doctor.
        AssignmentCreated = "assignment.created",
        /// An assignment was changed.
        AssignmentUpdated = "assignment.updated",
        /// An assignment has ended.
        AssignmentEnded = "assignment.ended",
        /// An ended assignment was reactivated.
        AssignmentReopened = "assignment.reopened",
        /// An assignment was completed because another doctor takes over.
        AssignmentTransferred = "assignment.transferred",
        /// A patient has arrived.
        VisitCreated = "visit.created",
        /// A visit was changed, or its patient was corrected.
        VisitUpdated = "visit.updated",
        /// Changes may have been missed: read everything again.
        Reset = "reset",
    }
}
