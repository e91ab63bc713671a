//! The dashboard: figures over what somebody may see.

use chrono::NaiveDate;

use crate::{doctor::SpecializationCount, id::DoctorId, patient::Patient, rules::NAME_MAX};

/// Days of which the new patients are counted.
pub const DAYS: i64 = 30;
/// Most specialisations that are shown.
pub const SPECIALIZATIONS_MAX: i64 = 20;
/// Most doctors that are shown.
pub const BUSIEST_MAX: i64 = 10;
/// Most patients that are shown.
pub const RECENT_MAX: i64 = 5;

record! {
    /// Figures over what the caller may see. What is archived does not count, nor do the assignments
    /// of archived patients. Days are the clinic's.
    Dashboard {
        /// Patients.
        patients: PatientFigures,
        /// Doctors.
        doctors: DoctorFigures,
        /// Assignments.
        assignments: AssignmentFigures,
        /// The visits of today.
        visits: VisitFigures,
        /// The 5 patients who were registered last, the newest first.
        recent_patients: Vec<Patient> => [max_items(RECENT_MAX)],
    }
}

record! {
    /// How many patients there are, and how many have come.
    PatientFigures {
        /// All of them.
        total: i64 => [range(0, i64::MAX), example(120)],
        /// Registered today.
        new_today: i64 => [range(0, i64::MAX), example(3)],
        /// Registered today or on one of the 6 days before.
        new_last_7_days: i64 => [range(0, i64::MAX), example(15)],
        /// Registered on each of the last 30 days: the oldest first, the last one is today.
        by_day: Vec<DayCount> => [min_items(DAYS), max_items(DAYS)],
    }
}

record! {
    /// How many there were on a day.
    DayCount {
        /// The day.
        date: NaiveDate,
        /// How many.
        count: i64 => [range(0, i64::MAX), example(3)],
    }
}

record! {
    /// How many doctors there are.
    DoctorFigures {
        /// All of them.
        total: i64 => [range(0, i64::MAX), example(12)],
        /// Those who take patients.
        available: i64 => [range(0, i64::MAX), example(10)],
        /// The 20 most frequent specialisations, the most frequent first.
        by_specialization: Vec<SpecializationCount> => [max_items(SPECIALIZATIONS_MAX)],
    }
}

record! {
    /// How many assignments there are.
    AssignmentFigures {
        /// Those that are active: `ACTIVE` and `ON_HOLD`.
        active: i64 => [range(0, i64::MAX), example(80)],
        /// All of them, by how they stand.
        by_status: StatusCounts,
        /// Those that count from today, however they stand.
        today: i64 => [range(0, i64::MAX), example(4)],
        /// The 10 doctors with the most active assignments, the busiest first.
        busiest_doctors: Vec<BusyDoctor> => [max_items(BUSIEST_MAX)],
    }
}

record! {
    /// How many patients have come today.
    VisitFigures {
        /// All of them: the sum of the five that follow.
        arrived: i64 => [range(0, i64::MAX), example(23)],
        /// Those who wait.
        waiting: i64 => [range(0, i64::MAX), example(6)],
        /// Those who were called.
        called: i64 => [range(0, i64::MAX), example(1)],
        /// Those who are with a doctor.
        in_room: i64 => [range(0, i64::MAX), example(3)],
        /// Those who were seen.
        done: i64 => [range(0, i64::MAX), example(12)],
        /// Those who left without being seen.
        left: i64 => [range(0, i64::MAX), example(1)],
        /// The longest time for which one of those who wait has waited; 0 where nobody waits.
        longest_wait_minutes: i64 => [range(0, i64::MAX), example(35)],
    }
}

record! {
    /// A doctor, and how many patients are in the doctor's care.
    BusyDoctor {
        /// The doctor.
        doctor: DoctorId,
        /// The doctor's names.
        doctor_name: String => [max_length(2 * NAME_MAX + 1), example("Sarah Johnson")],
        /// The active assignments.
        active: i64 => [range(1, i64::MAX), example(17)],
    }
}

/// How many assignments stand how.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub struct StatusCounts {
    /// In the doctor's care.
    pub active: i64,
    /// Resting.
    pub on_hold: i64,
    /// Come to their end.
    pub completed: i64,
    /// Called off.
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
            members.add::<i64>(status, "How many.", true, |shape| {
                shape.range(0, i64::MAX).example(80)
            });
        }
        members.finish("How many assignments stand how.")
    }
}
described!(StatusCounts);
