//! Drivers at the pages of assignments and doctors, and what they have sent.

use shared::{
    Kind, Problem,
    assignment::{Assignment, AssignmentStatus},
    doctor::Doctor,
};

use super::{
    driver::Driver,
    fixtures::{assigned, assignment, doctor, jose, people, problem, records},
};
use crate::{
    api::{Call, Reply, Verb},
    effect::Lane,
};

pub(super) fn doctors() -> Vec<Doctor> {
    let mut all = vec![doctor(1, "Sarah", "Johnson"), doctor(2, "Omar", "Haddad")];
    all[1].fields.is_available = false;
    all[1].active_patients = 40;
    all
}

pub(super) fn with_status(status: AssignmentStatus) -> Assignment {
    let mut it = assignment(5);
    it.fields.status = status;
    it.is_active = status.is_active();
    it
}

/// The list of assignments, with these.
pub(super) fn at_assignments(all: Vec<Assignment>, width: u16, height: u16) -> Driver {
    let mut driver = Driver::with(people(), 5, width, height);
    driver.keys("<f5>");
    driver.answer(Lane::List, Ok(assigned(all)));
    driver
}

/// The page of an assignment.
pub(super) fn looking_at(it: Assignment) -> Driver {
    let mut driver = at_assignments(vec![it.clone()], 80, 24);
    driver.keys("<down><enter>");
    driver.answer(Lane::Record, Ok(Reply::Record(it.into())));
    driver
}

/// The page of a doctor.
pub(super) fn looking_at_doctor() -> Driver {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<f4>");
    driver.answer(Lane::List, Ok(records(doctors())));
    driver.keys("<down><enter>");
    driver.answer(Lane::Record, Ok(Reply::Record(doctors().remove(0).into())));
    driver.answer(Lane::Related, Ok(assigned(vec![assignment(5)])));
    driver
}

/// José's page with the picker of doctors open, and these found.
pub(super) fn picking(found: Vec<Doctor>) -> Driver {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-g>");
    driver.answer(Lane::Pick, Ok(records(found)));
    driver
}

pub(super) fn verb(driver: &Driver) -> (Verb, i64, i64, Option<&str>) {
    let Call::Do { verb, id, version, reason, .. } = driver.call(Lane::Save) else {
        panic!("nothing is done with a record")
    };
    (*verb, *id, *version, reason.as_deref())
}

pub(super) fn searched(driver: &Driver, lane: Lane) -> Option<&str> {
    let Call::List { query, .. } = driver.call(lane) else { panic!() };
    query.iter().find(|(name, _)| *name == "search").map(|(_, value)| value.as_str())
}

pub(super) fn conflict(member: &str, value: impl Into<serde_json::Value>) -> Problem {
    let mut problem = problem(Kind::Conflict, &[("id", "is refused")]);
    problem.extra.insert(member.to_owned(), value.into());
    problem
}

/// A doctor who shall be archived, and has patients.
pub(super) fn archiving() -> Driver {
    let mut driver = looking_at_doctor();
    driver.keys("<ctrl-x>Left<down><enter>");
    driver.refuse(Lane::Save, conflict("active_assignments", 12));
    driver
}
