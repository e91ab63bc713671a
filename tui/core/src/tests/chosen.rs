//! What can be chosen: a doctor who takes over is another one, and an action of the audit log is typed as it
//! is shown.

use super::{
    audit::at_audit,
    driver::Driver,
    fixtures::{assigned, assignment, doctor, people, records},
};
use crate::{
    api::Call,
    effect::{Lane, Timer},
};

#[test]
fn nobody_transfers_a_patient_to_the_same_doctor() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<f5>");
    driver.answer(Lane::List, Ok(assigned(vec![assignment(5)])));
    driver.keys("<down><ctrl-g>");
    let doctors = vec![doctor(1, "Sarah", "Johnson"), doctor(2, "Gregory", "House")];
    driver.answer(Lane::Pick, Ok(records(doctors)));
    driver.keys("<enter><enter>");
    driver.shows("Gregory House");
    driver.hides("to Sarah Johnson");
}

#[test]
fn the_other_one_of_two_who_match_is_not_taken_for_the_only_one() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<f5>");
    driver.answer(Lane::List, Ok(assigned(vec![assignment(5)])));
    driver.keys("<down><ctrl-g>sarah<enter>");
    let doctors = || vec![doctor(1, "Sarah", "Johnson"), doctor(2, "Sarah", "Brown")];
    driver.on_timer(Timer::Search);
    driver.answer(Lane::Pick, Ok(records(doctors())));
    driver.hides("to Sarah Brown");
    driver.keys("<enter>");
    driver.shows("to Sarah Brown");
    driver.keys("<esc><ctrl-g>johnson<enter>");
    driver.on_timer(Timer::Search);
    driver.answer(Lane::Pick, Ok(records(doctors().into_iter().take(1).collect())));
    driver.shows("Only Sarah Johnson matches");
}

#[test]
fn an_action_is_typed_as_the_rows_say_it_or_as_the_api_does() {
    for (typed, code) in [
        ("patient archived", "patient.archived"),
        ("Patient archived", "patient.archived"),
        ("patient.archived", "patient.archived"),
        ("api token created", "api_token.created"),
        ("user password changed", "user.password_changed"),
        ("user.password_changed", "user.password_changed"),
    ] {
        let mut driver = at_audit(80, 24);
        driver.keys(&format!("<ctrl-t><tab>{typed}<ctrl-s>"));
        let Call::List { query, .. } = driver.call(Lane::List) else { panic!() };
        assert!(query.contains(&("action", code.to_owned())), "{typed}: {query:?}");
    }
}
