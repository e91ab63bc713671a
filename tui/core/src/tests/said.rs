//! What questions and messages say about a record: to whom a number belongs, what ends, and a name once.

use shared::account::Role;

use super::{
    accounts::{account, record},
    driver::Driver,
    fixtures::{assignment, doctor, jose, listed, page, people, records},
};
use crate::{
    api::Reply,
    effect::{Lane, Timer},
};

#[test]
fn the_transfer_of_several_names_each_patient_with_the_doctor_they_leave() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<f5>");
    driver.answer(Lane::List, Ok(records(vec![assignment(5), assignment(6)])));
    driver.keys("<insert><insert><ctrl-g>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(2, "Omar", "Haddad")])));
    driver.keys("<enter>");
    driver.shows("│ José Gómez, P000009K, from Sarah Johnson  ");
    driver.shows("│ to Omar Haddad, Cardiology");
}

#[test]
fn the_archiving_of_a_patient_says_that_an_open_visit_ends() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-x>");
    driver.shows("an open visit ends as “left unseen”.");
    driver.shows("The record can be restored with its assignments; the visit");
}

#[test]
fn the_archiving_of_a_doctor_says_that_visits_stay() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<f4>");
    driver.answer(Lane::List, Ok(records(vec![doctor(1, "Sarah", "Johnson")])));
    driver.keys("<down><enter>");
    driver.answer(Lane::Record, Ok(Reply::Record(doctor(1, "Sarah", "Johnson").into())));
    driver.keys("<ctrl-x>");
    driver.shows("│ The doctor no longer appears in lists. Visits for the  ");
    driver.shows("│ doctor stay as they are. The record can be restored.");
}

#[test]
fn an_account_that_is_called_as_it_logs_in_is_named_once() {
    let mut bob = account(2, "Bob", Role::Member);
    (bob.name, bob.username, bob.email) = ("Bob".to_owned(), Some("Bob".to_owned()), None);
    let record = record(bob);
    assert_eq!(record.said(), "Bob");
    assert_eq!(record.named(), "Bob");
}

#[test]
fn leaving_with_unsaved_forms_is_stay_or_leave() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e>x<f10><ctrl-q>");
    driver.shows("› Stay ‹");
    driver.shows("Leaving discards it.");
    driver.hides("Keep them");
}

#[test]
fn the_reason_of_an_assignment_is_not_said_to_be_that_of_the_visit() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-g>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(1, "Sarah", "Johnson")])));
    driver.keys("<enter>");
    driver.shows("Assign this patient?");
    driver.shows("may be left empty");
    driver.hides("for the visit");
}

#[test]
fn a_searched_date_that_does_not_exist_is_said_to() {
    let mut driver = Driver::with(people(), 5, 132, 24);
    driver.keys("31/02/1980");
    driver.on_timer(Timer::Search);
    driver.answer(Lane::List, Ok(listed(page(Vec::new(), 0))));
    driver.shows("No patient matches “31/02/1980”. The date 31/02/1980 does not exist.");
    driver.keys("<f2>ruiz 31/02/1980");
    driver.on_timer(Timer::Search);
    driver.found(Vec::new(), "ruiz 31/02/1980");
    driver.shows("“ruiz 31/02/1980”. The date 31/02/1980 does not exist.");
    driver.keys("<ctrl-u>ruiz 28/02/1980");
    driver.on_timer(Timer::Search);
    driver.found(Vec::new(), "ruiz 1980-02-28");
    driver.shows("No patient or doctor matches");
    driver.hides("does not exist");
}

#[test]
fn a_number_from_the_search_has_no_empty_label() {
    let mut driver = Driver::with(people(), 5, 132, 24);
    driver.keys("P000020P000030P000040");
    driver.on_timer(Timer::Search);
    driver.answer(Lane::List, Ok(listed(page(Vec::new(), 0))));
    driver.keys("<ctrl-n>");
    driver.shows("From the search: identifiers P000020P000030P000040.");
}

#[test]
fn a_narrow_form_says_that_it_is_not_saved() {
    let mut driver = Driver::with(people(), 5, 40, 24);
    driver.keys("<ctrl-n>x");
    driver.shows("not saved yet");
}

#[test]
fn the_hint_of_a_reason_is_whole_where_the_terminal_is_narrow() {
    for height in [17, 20, 24] {
        let mut driver = Driver::looking_at(jose(), 40, height);
        driver.keys("<ctrl-x>");
        driver.shows("│         may be left empty            │");
        driver.keys("<esc><ctrl-g>");
        driver.answer(Lane::Pick, Ok(records(vec![doctor(1, "Sarah", "Johnson")])));
        driver.keys("<enter>");
        driver.shows("│         may be left empty            │");
    }
}
