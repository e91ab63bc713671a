//! Assignments: their list, page and form, their status, and where they are shown beside others.

use shared::{
    Kind,
    assignment::{Assignment, AssignmentFilter, AssignmentStatus},
    query::Query as _,
    read::Reader,
};

use super::{
    driver::Driver,
    fixtures::{assigned, assignment, jose, one, problem},
    looks::looks,
    pages::{at_assignments, looking_at, looking_at_doctor, verb, with_status},
};
use crate::{
    api::{Call, Failure, Reply, Verb},
    effect::{Lane, Timer},
    live::Live,
    msg::Msg,
    resource::RecordKind,
    screens::Screen,
};

#[test]
fn a_status_is_chosen_with_the_arrows_and_sent_with_the_version() {
    for (before, keys, after) in [
        (AssignmentStatus::Active, "<right>", AssignmentStatus::OnHold),
        (AssignmentStatus::Active, "<right><right>", AssignmentStatus::Completed),
        (AssignmentStatus::Active, "<left>", AssignmentStatus::Cancelled),
        (AssignmentStatus::OnHold, "<right>", AssignmentStatus::Active),
        (AssignmentStatus::Completed, "<right>", AssignmentStatus::Active),
        (AssignmentStatus::Cancelled, "<right>", AssignmentStatus::Active),
    ] {
        let mut driver = looking_at(with_status(before));
        driver.keys(&format!("<ctrl-x>{keys}<enter>"));
        assert_eq!(verb(&driver), (Verb::SetStatus(after.as_str()), 5, 2, None), "{before} {keys}");
        let mut changed = with_status(after);
        changed.version = 3;
        driver.answer(Lane::Save, Ok(Reply::Record(changed.into())));
        driver.shows("Changed: José Gómez, P000009K → Sarah Johnson");
    }
}

#[test]
fn an_assignment_is_kept_by_default() {
    let mut driver = looking_at(assignment(5));
    driver.keys("<ctrl-x>");
    driver.shows("Change the status of this assignment?");
    driver.shows("› Keep it ‹");
    driver.keys("<enter><ctrl-x><right><esc>");
    assert_eq!(driver.asked(Lane::Save), 0);
    assert!(driver.app.layers().is_empty());
}

#[test]
fn a_status_that_somebody_else_has_changed_is_shown_first() {
    let mut driver = looking_at(assignment(5));
    driver.keys("<ctrl-x><right><enter>");
    let mut theirs = with_status(AssignmentStatus::Completed);
    theirs.version = 3;
    let mut stale = problem(Kind::Stale, &[]);
    stale.extra.insert("current".into(), serde_json::to_value(&theirs).unwrap());
    driver.refuse(Lane::Save, stale);
    driver.shows("ended: completed");
    driver.shows("Somebody else has changed the record");
}

#[test]
fn a_row_is_changed_without_opening_it() {
    let mut driver = at_assignments(vec![assignment(5)], 80, 24);
    driver.keys("<down><ctrl-x><right><enter>");
    assert_eq!(verb(&driver), (Verb::SetStatus("ON_HOLD"), 5, 2, None));
    let before = driver.asked(Lane::List);
    driver.answer(Lane::Save, Ok(Reply::Record(with_status(AssignmentStatus::OnHold).into())));
    assert_eq!(driver.asked(Lane::List), before + 1, "the list is read again");
}

#[test]
fn a_row_of_an_earlier_search_is_not_changed() {
    let mut driver = at_assignments(vec![assignment(5)], 80, 24);
    driver.keys("ana<ctrl-x>");
    assert!(driver.app.layers().is_empty());
    let mut other = assignment(6);
    other.patient_name = "Ana Gómez".to_owned();
    driver.answer(Lane::List, Ok(assigned(vec![other])));
    driver.shows("Ana Gómez, P000009K → Sarah Johnson");
    // Among several, somebody has to choose.
    let mut driver = at_assignments(vec![assignment(5)], 80, 24);
    driver.keys("ana<ctrl-g>");
    driver.answer(Lane::List, Ok(assigned(vec![assignment(5), assignment(6)])));
    assert!(driver.app.layers().is_empty());
}

#[test]
fn the_form_of_an_assignment_sends_what_was_changed() {
    let mut driver = looking_at(assignment(5));
    driver.keys("<ctrl-e>on h<tab><ctrl-u>20.11.2026<ctrl-s>");
    let Call::Change { body, version, .. } = driver.call(Lane::Save) else { panic!() };
    assert_eq!(*version, 2);
    let sent = serde_json::json!({"status": "ON_HOLD", "assigned_date": "2026-11-20"});
    assert_eq!(*body, sent);
}

#[test]
fn the_filters_of_assignments_are_those_of_the_api() {
    let mut driver = at_assignments(vec![assignment(5)], 80, 24);
    driver.keys("<ctrl-t>compl<tab>yes<tab>2026-11<tab>2026-11<ctrl-s>");
    let Call::List { query, .. } = driver.call(Lane::List) else { panic!() };
    let text = |(name, value): &(&str, String)| ((*name).to_owned(), value.clone().into());
    let mut reader = Reader::from_members(query.iter().map(text).collect());
    let filter = AssignmentFilter::read(&mut reader).unwrap();
    assert!(reader.finish().is_empty(), "{query:?}");
    assert_eq!(filter.status, Some(AssignmentStatus::Completed));
    assert_eq!(filter.is_active, Some(false));
    assert_eq!(filter.assigned_from.map(|day| day.to_string()).as_deref(), Some("2026-11-01"));
    assert_eq!(filter.assigned_to.map(|day| day.to_string()).as_deref(), Some("2026-11-30"));
}

#[test]
fn every_order_of_every_kind_is_one_of_the_api() {
    use shared::{
        account::UserOrder, assignment::AssignmentOrder, doctor::DoctorOrder, patient::PatientOrder,
    };
    let is_known = |kind: RecordKind, name: &str| match kind {
        RecordKind::Patient => name.parse::<PatientOrder>().is_ok(),
        RecordKind::Doctor => name.parse::<DoctorOrder>().is_ok(),
        RecordKind::Assignment => name.parse::<AssignmentOrder>().is_ok(),
        RecordKind::Account => name.parse::<UserOrder>().is_ok(),
        _ => false,
    };
    for kind in RecordKind::ALL.iter().copied() {
        for ordering in kind.table().orders.iter().filter_map(|order| order.ordering) {
            assert!(is_known(kind, ordering.trim_start_matches('-')), "{kind:?}: {ordering}");
        }
    }
}

#[test]
fn a_patients_page_shows_the_assignments_and_leads_to_their_list() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    let Call::List { kind, query } = driver.call(Lane::Related) else { panic!() };
    assert_eq!(*kind, RecordKind::Assignment);
    assert!(query.contains(&("patient", "9".to_owned())));
    driver.shows("No doctor is assigned.");
    driver.hides("Tab shows the list");
    driver.keys("<ctrl-r>");
    driver.answer(Lane::Record, Ok(one(jose())));
    driver.answer(Lane::Related, Ok(assigned(vec![assignment(5)])));
    driver.shows("1 in all · Tab shows the list");
    driver.shows("Doctor  Sarah Johnson, since");
    driver.keys("<tab>");
    let Call::List { kind, query } = driver.call(Lane::List) else { panic!() };
    assert_eq!(*kind, RecordKind::Assignment);
    assert!(query.contains(&("patient", "9".to_owned())), "{query:?}");
    driver.answer(Lane::List, Ok(assigned(vec![assignment(5)])));
    driver.shows("of José Gómez");
    driver.keys("<down><esc><esc>");
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
    // Also where there are none.
    driver.keys("<tab>");
    driver.answer(Lane::List, Ok(assigned(Vec::new())));
    driver.keys("<esc>");
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
}

#[test]
fn a_doctors_page_shows_the_patients() {
    let driver = looking_at_doctor();
    let Call::List { query, .. } = driver.call(Lane::Related) else { panic!() };
    assert!(query.contains(&("doctor", "1".to_owned())));
    driver.shows("José Gómez, P000009K, since");
}

#[test]
fn a_page_follows_the_assignments_that_are_made_at_other_desks() {
    let mut driver = looking_at_doctor();
    let asked = |driver: &Driver| driver.asked(Lane::Record);
    let change = |id, version, is_new| {
        Msg::Live(vec![Live::Record { kind: RecordKind::Assignment, id, version, is_new }])
    };
    let before = asked(&driver);
    driver.send(change(500, 3, false));
    driver.send(change(5, 2, false));
    assert_eq!(asked(&driver), before, "another one, and one that is shown as it is");
    driver.send(change(5, 3, false));
    assert_eq!(asked(&driver), before + 1);
    driver.on_timer(Timer::Live);
    driver.send(change(501, 1, true));
    assert_eq!(asked(&driver), before + 2, "it may be of this doctor");
}

#[test]
fn the_end_of_the_session_names_what_was_not_done() {
    let mut driver = looking_at(assignment(5));
    driver.keys("<ctrl-x><right><enter>");
    driver.answer(Lane::Save, Err(Failure::Expired));
    driver.keys("a long password<enter>");
    driver.log_in(1, "ana");
    driver.shows("The status was not changed");
    driver.keys("<right><enter>");
    assert_eq!(driver.asked(Lane::Save), 2);
}

fn assignments() -> Vec<Assignment> {
    let mut all = vec![assignment(5), with_status(AssignmentStatus::OnHold), assignment(7)];
    all[1].patient_name = "Ana María Fernández de la Cruz y Santander".to_owned();
    all[2].doctor_name = "Omar\u{1b}[2J Haddad".to_owned();
    all
}

looks! {
    assignments_list: at_assignments(assignments(), 80, 24);
    assignments_list_narrow: at_assignments(assignments(), 40, 12);
    assignments_list_wide: {
        let mut driver = at_assignments(assignments(), 132, 43);
        driver.keys("<down><down>");
        driver
    };
    assignment_page_ended: looking_at(with_status(AssignmentStatus::Completed));
    assignment_form: {
        let mut driver = looking_at(assignment(5));
        driver.keys("<ctrl-e><tab>");
        driver
    };
    assignment_status: {
        let mut driver = looking_at(assignment(5));
        driver.keys("<ctrl-x><right>");
        driver
    };
    assignment_status_narrow: {
        let mut driver = looking_at(assignment(5));
        driver.send(Msg::Resize { width: 40, height: 12 });
        driver.keys("<ctrl-x>");
        driver
    };
}
