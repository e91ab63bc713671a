//! Relations between records of different kinds.

use crate::{
    resource::{Record, RecordKind},
    world::World,
};

/// The records of which one is picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick {
    /// Their kind.
    pub kind: RecordKind,
    /// The title of the picker.
    pub title: &'static str,
    /// The filters of what can be picked.
    pub only: &'static [(&'static str, &'static str)],
}

/// What is picked for the records of a kind, one or several at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PickFor {
    /// What it is called.
    pub word: &'static str,
    /// What it does, as the help says it.
    pub help: &'static str,
    /// What follows.
    pub purpose: Purpose,
    /// What can be picked.
    pub pick: Pick,
}

/// What a record is picked for. It can be done with several records at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A doctor, to whom patients are assigned.
    DoctorOfPatient,
    /// A patient, who is assigned to doctors.
    PatientOfDoctor,
    /// A doctor, who takes over the patients of assignments.
    Transfer,
    /// A record that this member refers to from now on.
    Member(&'static str),
}

/// The records for which one is picked, and what follows.
#[derive(Clone, Debug, PartialEq)]
pub enum Errand {
    /// The purpose, with each of these records.
    Each(Purpose, Vec<Record>),
    /// A doctor takes over all patients of this one.
    HandOver {
        /// The doctor who is archived then.
        doctor: Record,
        /// The reason that was typed for the archiving.
        reason: Option<String>,
    },
    /// A patient has come for a doctor.
    Arrival {
        /// The patient.
        patient: Record,
        /// The doctor who was picked before.
        doctor: Option<Record>,
        /// The reason that was typed for the visit.
        reason: Option<String>,
        /// Whether the visit is urgent.
        is_urgent: bool,
    },
    /// An account is linked to this record.
    Link(Record),
}

impl Errand {
    /// The record that is not offered, because nothing would change: the doctor who hands over, or the one
    /// of whom all patients are transferred.
    pub fn left_out(&self) -> Option<i64> {
        match self {
            Self::HandOver { doctor, .. } => Some(doctor.id()),
            Self::Each(Purpose::Transfer, assignments) => {
                let mut doctors = assignments.iter().map(|record| match record {
                    Record::Assignment(it) => Some(it.doctor.0),
                    _ => None,
                });
                let first = doctors.next()??;
                doctors.all(|doctor| doctor == Some(first)).then_some(first)
            }
            Self::Each(..) | Self::Arrival { .. } | Self::Link(_) => None,
        }
    }

    /// The reason that was typed before.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::HandOver { reason, .. } | Self::Arrival { reason, .. } => reason.as_deref(),
            Self::Each(..) | Self::Link(_) => None,
        }
    }
}

/// The records of another kind that belong to a record.
pub struct Related {
    /// Their kind.
    pub kind: RecordKind,
    /// The query's parameter that takes the record's id.
    pub filter: &'static str,
    /// The title of the section.
    pub title: &'static str,
    /// What going to their list is called.
    pub list: &'static str,
    /// What one of them is called.
    pub one: &'static str,
    /// What is said where there are none.
    pub none: &'static str,
    /// One of them in a line.
    pub line: fn(&Record) -> String,
}

/// The open record of another kind that says where a person is now.
pub struct Presence {
    /// Its kind. It is not the kind of the records that the page lists.
    pub kind: RecordKind,
    /// The query's parameter that takes the person's id.
    pub filter: &'static str,
    /// The further parameters, which leave open records only.
    pub only: &'static [(&'static str, &'static str)],
    /// It in a line.
    pub line: fn(&Record, &World) -> String,
    /// What is said where the person is there already.
    pub already: &'static str,
}

/// The open records of another kind that still name a record after it was archived.
pub struct Remains {
    /// Their kind.
    pub kind: RecordKind,
    /// The query's parameter, and the member, that has the record's id.
    pub member: &'static str,
    /// The further parameters, which leave open records only.
    pub only: &'static [(&'static str, &'static str)],
    /// The question what becomes of them.
    pub title: &'static str,
    /// The sentence, after a space, that the record of this name has taken over the rest.
    pub taken_over: fn(&str) -> String,
    /// The answer that leaves them.
    pub leave: &'static str,
    /// The answer that gives them to the record of this name, which has taken over the rest.
    pub same: fn(&str) -> String,
    /// The answer that picks a record for them.
    pub pick: &'static str,
    /// The title of the picker.
    pub pick_title: &'static str,
}

/// The record to which a list belongs.
#[derive(Clone, Debug, PartialEq)]
pub struct Owner {
    /// The query's parameter.
    pub filter: &'static str,
    /// The record's id.
    pub id: i64,
    /// The record's name, safe to be drawn.
    pub name: String,
}
