//! What is told: of marked fields, of what is already so, of a visit's doctor, and to whom.

use shared::{
    account::{Role, SessionPermission},
    visit::{Visit, VisitStatus},
};

use super::{
    accounts::{account, at_account},
    driver::Driver,
    fixtures::{doctor, jose, lookup, people, records, user, visit, visits},
};
use crate::{
    api::Reply,
    effect::Lane,
    session::{Session, SessionHandle},
};

/// Looking at a visit.
pub(super) fn at_visit(visit: Visit) -> Driver {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<f6>");
    driver.answer(Lane::List, Ok(visits(vec![visit.clone()])));
    driver.keys("<down><enter>");
    driver.answer(Lane::Record, Ok(Reply::Record(visit.into())));
    driver
}

#[test]
fn several_marked_fields_are_called_fields() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><tab><tab><ctrl-u>abc<tab><tab><tab><tab><ctrl-u>abc<ctrl-s>");
    driver.shows("Not saved. Correct the marked fields.");
}

#[test]
fn an_active_account_is_said_to_be_active() {
    let mut driver = at_account(account(7, "Ines", Role::Staff), 80, 24);
    driver.keys("<ctrl-k>");
    driver.shows("The account is active.");
    let mut off = account(7, "Ines", Role::Staff);
    off.is_active = false;
    off.permissions = Some(Vec::new());
    let mut driver = at_account(off, 80, 24);
    driver.keys("<ctrl-x>");
    driver.shows("The account is not active.");
}

#[test]
fn the_new_doctor_of_a_visit_is_named() {
    let mut driver = at_visit(visit(2, VisitStatus::Called));
    driver.keys("<ctrl-g>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(4, "Gregory", "House")])));
    driver.keys("<enter><enter>");
    let mut changed = visit(2, VisitStatus::Called);
    changed.doctor_name = Some("Gregory House".to_owned());
    changed.version += 1;
    driver.answer(Lane::Save, Ok(Reply::Record(changed.into())));
    driver.shows("Changed: 小龍 李, P000002C, visit 2 on 2026-11-20 · called");
}

#[test]
fn the_help_of_visits_speaks_of_visits() {
    let mut driver = at_visit(visit(2, VisitStatus::Called));
    driver.keys("<f1>ctrl-g");
    driver.shows("Choose the doctor for whom the patient has come.");
    driver.keys("<esc><esc><f1>insert");
    driver.shows("What is done next is done with all marked rows.");
    driver.hides("assign");
}

#[test]
fn who_may_not_register_an_arrival_is_not_told_how() {
    let empty = |driver: &mut Driver| {
        driver.keys("<f2>");
        driver.answer(Lane::Find, Ok(lookup(Vec::new(), "")));
        driver.answer(Lane::List, Ok(visits(Vec::new())));
    };
    let mut driver = Driver::at_login(80, 24);
    driver.keys("ana<tab>a long password<enter>");
    let mut ana = user(1, "ana");
    ana.permissions = Some(vec![SessionPermission::CreatePatient]);
    driver.answer(
        Lane::Account,
        Ok(Reply::SignedIn(Box::new(Session::new(SessionHandle::new(1), ana)))),
    );
    empty(&mut driver);
    driver.shows("Nobody.");
    driver.hides("registers an arrival");

    let mut driver = Driver::with(people(), 5, 80, 24);
    empty(&mut driver);
    driver.shows("registers an arrival");
}
