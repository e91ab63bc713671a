//! Relations between records of different kinds.

use crate::{
    resource::{Record, RecordKind},
    world::World,
};

/// A record to be picked for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick {
    /// What it is called.
    pub word: &'static str,
    /// The kind of what is picked.
    pub kind: RecordKind,
    /// The title of the picker.
    pub title: &'static str,
    /// What follows.
    pub purpose: Purpose,
    /// The filters of what can be picked.
    pub only: &'static [(&'static str, &'static str)],
}

/// What a record is picked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A doctor, to whom a patient is assigned.
    DoctorOfPatient,
    /// A patient, who is assigned to a doctor.
    PatientOfDoctor,
    /// A doctor, who takes over the patient of an assignment.
    Transfer,
    /// A doctor, who takes over all patients of a doctor.
    HandOver,
    /// A doctor, for whom a patient has come.
    Arrival {
        /// Whether the visit is urgent.
        is_urgent: bool,
    },
    /// An account, which is linked to a doctor or a patient.
    Link,
    /// A record that this member of the subject refers to from now on.
    Member(&'static str),
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
