//! The dashboard: figures about the records that the caller may see.

use chrono::NaiveDate;

use crate::{doctor::SpecializationCount, id::DoctorId, patient::Patient, rules::NAME_MAX};

/// The number of days for which new patients are counted.
pub const DAYS: i64 = 30;
/// The maximum number of listed specialisations.
pub const SPECIALIZATIONS_MAX: i64 = 20;
/// The maximum number of listed doctors.
pub const BUSIEST_MAX: i64 = 10;
/// The maximum number of listed patients.
pub const RECENT_MAX: i64 = 5;

record! {
    /// Figures about the records that the caller may see. Archived records do not count, nor do
    /// the assignments of archived patients. Days are in the clinic's time zone.
    Dashboard {
        /// Patients.
        patients: PatientFigures,
        /// Doctors.
        doctors: DoctorFigures,
        /// Assignments.
        assignments: AssignmentFigures,
        /// The visits of today.
        visits: VisitFigures,
        /// The 5 most recently registered patients, newest first.
        recent_patients: Vec<Patient> => [max_items(RECENT_MAX)],
    }
}

record! {
    /// The number of patients, and of new patients.
    PatientFigures {
        /// All patients.
        total: i64 => [range(0, i64::MAX), example(120)],
        /// Registered today.
        new_today: i64 => [range(0, i64::MAX), example(3)],
        /// Registered today or in the 6 days before.
        new_last_7_days: i64 => [range(0, i64::MAX), example(15)],
        /// Registered on each of the last 30 days, oldest first. The last one is today.
        by_day: Vec<DayCount> => [min_items(DAYS), max_items(DAYS)],
    }
}

record! {
    /// The number for one day.
    DayCount {
        /// The day.
        date: NaiveDate,
        /// The number.
        count: i64 => [range(0, i64::MAX), example(3)],
    }
}

record! {
    /// The number of doctors.
    DoctorFigures {
        /// All doctors.
        total: i64 => [range(0, i64::MAX), example(12)],
        /// Doctors who accept patients.
        available: i64 => [range(0, i64::MAX), example(10)],
        /// The 20 most frequent specialisations, most frequent first.
        by_specialization: Vec<SpecializationCount> => [max_items(SPECIALIZATIONS_MAX)],
    }
}

record! {
    /// The number of assignments.
    AssignmentFigures {
        /// Active assignments: `ACTIVE` and `ON_HOLD`.
        active: i64 => [range(0, i64::MAX), example(80)],
        /// All assignments, by status.
        by_status: StatusCounts,
        /// Assignments whose first day is today, with any status.
        today: i64 => [range(0, i64::MAX), example(4)],
        /// The 10 doctors with the most active assignments, busiest first.
        busiest_doctors: Vec<BusyDoctor> => [max_items(BUSIEST_MAX)],
    }
}

record! {
    /// The numbers of today's visits.
    VisitFigures {
        /// All visits, the sum of the next five numbers.
        arrived: i64 => [range(0, i64::MAX), example(23)],
        /// The patients who are waiting.
        waiting: i64 => [range(0, i64::MAX), example(6)],
        /// The patients who were called.
        called: i64 => [range(0, i64::MAX), example(1)],
        /// The patients who are with a doctor.
        in_room: i64 => [range(0, i64::MAX), example(3)],
        /// The patients who were seen.
        done: i64 => [range(0, i64::MAX), example(12)],
        /// The patients who left without being seen.
        left: i64 => [range(0, i64::MAX), example(1)],
        /// The longest wait of the patients who are waiting now; 0 if nobody is waiting.
        longest_wait_minutes: i64 => [range(0, i64::MAX), example(35)],
    }
}

record! {
    /// A doctor with the number of active assignments.
    BusyDoctor {
        /// The doctor.
        doctor: DoctorId,
        /// The doctor's full name.
        doctor_name: String => [max_length(2 * NAME_MAX + 1), example("Sarah Johnson")],
        /// The number of active assignments.
        active: i64 => [range(1, i64::MAX), example(17)],
    }
}

/// The number of assignments by status.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub struct StatusCounts {
    /// `ACTIVE`.
    pub active: i64,
    /// `ON_HOLD`.
    pub on_hold: i64,
    /// `COMPLETED`.
    pub completed: i64,
    /// `CANCELLED`.
    pub cancelled: i64,
}

#[cfg(feature = "openapi")]
impl crate::describe::Describe for StatusCounts {
    const NAME: Option<&'static str> = Some("StatusCounts");

    fn schema(
        registry: &mut poem_openapi::registry::Registry,
    ) -> poem_openapi::registry::MetaSchema {
        let mut members = crate::describe::Members::new(registry);
        for status in crate::assignment::AssignmentStatus::TEXTS {
            members.add::<i64>(status, "The number of assignments.", true, |shape| {
                shape.range(0, i64::MAX).example(80)
            });
        }
        members.finish("The number of assignments by status.")
    }
}
described!(StatusCounts);
