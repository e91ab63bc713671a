//! Patients who are in the clinic: on their pages, and in the list of visits.

use shared::visit::VisitStatus;

use super::{
    driver::Driver,
    fixtures::{jose, one, people, problem, visit, visits},
    looks::look,
};
use crate::{
    api::{Call, Reply},
    effect::{Effect, Lane, Timer},
    live::Live,
    msg::Msg,
    resource::RecordKind,
    screens::Screen,
};

/// An open visit of José.
fn of_jose(status: VisitStatus) -> shared::visit::Visit {
    let mut it = visit(3, status);
    it.fields.patient = shared::id::PatientId(9);
    it
}

/// José's page while he is in the clinic.
fn present(status: VisitStatus) -> Driver {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.answer(Lane::Presence, Ok(visits(vec![of_jose(status)])));
    driver
}

#[test]
fn the_page_says_that_the_patient_is_in_the_clinic() {
    let driver = present(VisitStatus::Waiting);
    let Call::List { kind: RecordKind::Visit, query } = driver.call(Lane::Presence) else {
        panic!()
    };
    assert!(query.contains(&("patient", "9".to_owned())));
    assert!(query.contains(&("is_open", "true".to_owned())));
    driver.shows("in the clinic: waiting since 09:03, for Sarah Johnson");
    insta::assert_snapshot!("patient_in_the_clinic", look(&driver));
}

#[test]
fn a_patient_who_is_elsewhere_has_no_such_line() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.answer(Lane::Presence, Ok(visits(Vec::new())));
    driver.hides("in the clinic");
    driver.refuse_presence();
    driver.shows("in the clinic now: not known");
}

#[test]
fn the_form_says_it_too() {
    let mut driver = present(VisitStatus::Called);
    driver.keys("<ctrl-e>");
    driver.answer(Lane::Presence, Ok(visits(vec![of_jose(VisitStatus::Called)])));
    driver.shows("in the clinic: called since 09:40, for Sarah Johnson");
}

#[test]
fn the_page_follows_the_visit() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.answer(Lane::Presence, Ok(visits(Vec::new())));
    let new = Live::Record { kind: RecordKind::Visit, id: 3, version: 1, is_new: true };
    driver.send(Msg::Live(vec![new]));
    driver.answer(Lane::Presence, Ok(visits(vec![of_jose(VisitStatus::Waiting)])));
    driver.shows("in the clinic: waiting");
    driver.on_timer(Timer::Live);
    let other = Live::Record { kind: RecordKind::Visit, id: 4, version: 9, is_new: false };
    let asked = driver.asked(Lane::Presence);
    driver.send(Msg::Live(vec![other]));
    assert_eq!(driver.asked(Lane::Presence), asked, "that is the visit of somebody else");
    let ended = Live::Record { kind: RecordKind::Visit, id: 3, version: 5, is_new: false };
    driver.send(Msg::Live(vec![ended]));
    driver.answer(Lane::Presence, Ok(visits(Vec::new())));
    driver.hides("in the clinic");
}

#[test]
fn an_arrival_at_this_desk_is_shown_on_the_page() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.answer(Lane::Presence, Ok(visits(Vec::new())));
    driver.keys("<ctrl-a>");
    driver.answer(Lane::Pick, Ok(visits(Vec::new())));
    driver.keys("<enter>");
    let asked = driver.asked(Lane::Presence);
    driver.answer(Lane::Save, Ok(Reply::Record(of_jose(VisitStatus::Waiting).into())));
    assert_eq!(driver.asked(Lane::Presence), asked + 1);
}

#[test]
fn who_is_in_the_clinic_does_not_arrive_again() {
    let mut driver = present(VisitStatus::Waiting);
    driver.shows("Ctrl-A to the visit");
    driver.keys("<ctrl-a>");
    driver.shows("This patient is already in the clinic.");
    assert!(driver.app.layers().is_empty());
    let Screen::Detail(state) = driver.app.screen() else { panic!() };
    assert_eq!(state.kind, RecordKind::Visit);
    assert!(matches!(driver.call(Lane::Record), Call::Read { kind: RecordKind::Visit, id: 3, .. }));
}

/// The list of visits with one in each state.
fn at_visits(width: u16, height: u16) -> Driver {
    let mut driver = Driver::with(people(), 5, width, height);
    driver.keys("<f6>");
    let all = VisitStatus::ALL.iter().zip(1..).map(|(status, number)| visit(number, *status));
    driver.answer(Lane::List, Ok(visits(all.collect())));
    driver
}

#[test]
fn the_list_of_visits_says_how_long_each_one_waits() {
    let driver = at_visits(80, 24);
    driver.shows("since 09:01");
    // Number 3 came at 9:03 and went in at 9:40.
    driver.shows("37 min");
    insta::assert_snapshot!("visits_that_wait", look(&driver));
}

#[test]
fn the_help_of_a_list_of_visits_archives_nothing() {
    let mut driver = at_visits(80, 40);
    driver.keys("<f1>");
    driver.shows("! Say that the patient has left");
    driver.hides("Archive the record");
    driver.keys("<esc><enter>");
    driver.answer(Lane::Record, Ok(Reply::Record(visit(1, VisitStatus::Waiting).into())));
    driver.keys("<f1>ctrl-x");
    driver.shows("│ Say that the patient has left, or give the visit another status.");
}

#[test]
fn a_visit_that_has_ended_says_what_is_left_to_do() {
    let mut driver = at_visits(80, 24);
    driver.keys("<down><end><enter>");
    driver.answer(Lane::Record, Ok(Reply::Record(visit(5, VisitStatus::Left).into())));
    driver.keys("<ctrl-a>");
    driver.shows("The visit has ended: left unseen. Ctrl-X gives it another status.");
    driver.keys("<ctrl-x>");
    driver.shows("Change the status of this visit?");
    driver.hides("can't be archived");
}

#[test]
fn a_wide_day_shows_the_reasons_too() {
    for (width, is_shown) in [(80, false), (132, true)] {
        let mut driver = Driver::at_login(width, 24);
        driver.keys("ana<tab>a long password<enter>");
        driver.log_in(1, "ana");
        driver.answer(Lane::List, Ok(visits(vec![visit(1, VisitStatus::Waiting)])));
        assert_eq!(driver.screen().contains("for Sarah Johnson         Fever"), is_shown);
    }
}

#[test]
fn one_sign_alone_stands_where_the_focus_is() {
    let signs = |driver: &Driver| driver.screen().matches('›').count();
    let mut driver = Driver::with(people(), 5, 80, 24);
    assert_eq!(signs(&driver), 1, "{}", driver.screen());
    driver.shows("\n·Gómez, José");
    driver.keys("<down>");
    assert_eq!(signs(&driver), 1, "{}", driver.screen());
    driver.shows("\n›Gómez, José");
}

#[test]
fn a_text_at_the_desk_is_replaced_after_a_form_was_gone_on_with() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e>x<f10><f2>");
    driver.keys("ber");
    driver.on_timer(Timer::Search);
    driver.keys("<f10><f10><esc>w");
    driver.on_timer(Timer::Search);
    let Call::Lookup { text } = driver.call(Lane::Find) else { panic!() };
    assert_eq!(text, "w");
    assert!(!driver.last.iter().any(|effect| matches!(effect, Effect::Quit)));
    assert_eq!(driver.asked(Lane::Save), 0);
}

impl Driver {
    /// The server can't say whether the patient is in the clinic.
    fn refuse_presence(&mut self) {
        self.keys("<ctrl-r>");
        self.answer(Lane::Record, Ok(one(jose())));
        self.refuse(Lane::Presence, problem(shared::Kind::Internal, &[]));
    }
}
