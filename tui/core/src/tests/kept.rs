//! Reasons that were typed beside a question.

use super::{
    driver::Driver,
    fixtures::{assignment, doctor, jose, listed, page, people, records},
};
use crate::{api::Reply, effect::Lane};

/// The question whether to assign one patient to both doctors of the list.
fn ask_for_two(driver: &mut Driver) {
    driver.keys("<down><home><insert><insert><ctrl-g>");
    driver.answer(Lane::Pick, Ok(listed(page(vec![jose()], 1))));
    driver.keys("<enter>");
    driver.shows("Assign 2 doctors?");
}

#[test]
fn a_reason_for_several_doctors_is_not_proposed_again_once_it_is_written() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<f4>");
    let doctors = vec![doctor(1, "Sarah", "Johnson"), doctor(2, "Omar", "Haddad")];
    driver.answer(Lane::List, Ok(records(doctors.clone())));
    ask_for_two(&mut driver);
    driver.keys("Flu season<esc><esc>");
    driver.keys("<ctrl-p>unmark<enter>");
    ask_for_two(&mut driver);
    driver.shows("Flu season");
    driver.keys("<enter>");
    driver.answer(Lane::Save, Ok(Reply::Record(assignment(6).into())));
    driver.answer(Lane::Save, Ok(Reply::Record(assignment(7).into())));
    driver.keys("<enter>");
    driver.answer(Lane::List, Ok(records(doctors)));
    ask_for_two(&mut driver);
    driver.hides("Flu season");
}

#[test]
fn what_was_typed_for_an_arrival_outlives_a_change_of_the_patient() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-a>cough<esc><ctrl-e><tab>x<ctrl-s>");
    let mut changed = jose();
    changed.version += 1;
    driver.answer(Lane::Save, Ok(Reply::Record(changed.into())));
    driver.keys("<ctrl-a>");
    driver.shows("cough");
}
