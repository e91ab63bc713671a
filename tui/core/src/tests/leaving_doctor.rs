//! A doctor who leaves: the patients who still wait, and all patients without archiving the doctor.

use shared::{Kind, visit::VisitStatus};

use super::{
    driver::Driver,
    fixtures::{assigned, assignment, doctor, people, problem, records, visit, visits},
    looks::look,
    pages::{archiving, looking_at_doctor},
};
use crate::{
    api::{Call, Handover, Reply, Verb},
    effect::Lane,
    layers::Layer,
    resource::RecordKind,
};

fn archived() -> Reply {
    let mut sarah = doctor(1, "Sarah", "Johnson");
    sarah.archived_at = Some("2026-11-20T09:00:00Z".parse().unwrap());
    Reply::Record(sarah.into())
}

/// What was sent for visits: the doctor and the visit.
fn given(driver: &Driver) -> Vec<(i64, i64)> {
    let given = driver.calls.iter().filter_map(|(_, call)| match call {
        Call::Do {
            verb: Verb::SetMember("doctor", doctor), kind: RecordKind::Visit, id, ..
        } => Some((*doctor, *id)),
        _ => None,
    });
    given.collect()
}

/// Sarah Johnson was archived, and two patients wait for her.
fn left(mut driver: Driver) -> Driver {
    driver.answer(Lane::Save, Ok(archived()));
    let Call::List { kind: RecordKind::Visit, query } = driver.call(Lane::Remains) else {
        panic!()
    };
    assert_eq!(query[..2], [("doctor", "1".to_owned()), ("is_open", "true".to_owned())]);
    let waiting = vec![visit(1, VisitStatus::Waiting), visit(2, VisitStatus::Called)];
    driver.answer(Lane::Remains, Ok(visits(waiting)));
    driver
}

#[test]
fn the_open_visits_go_to_the_doctor_who_has_taken_over_the_patients() {
    let mut driver = archiving();
    driver.keys("<right><enter>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(2, "Omar", "Haddad")])));
    driver.keys("<enter><right><enter>");
    assert!(matches!(
        driver.call(Lane::Save),
        Call::Do { verb: Verb::HandOver(Handover::To(2)), .. }
    ));
    let mut driver = left(driver);
    driver.shows("Open visits of this doctor");
    driver.shows("Sarah Johnson is archived. Omar Haddad has taken over");
    insta::assert_snapshot!("doctor_who_left", look(&driver));
    driver.keys("<right>");
    driver.shows("› To Omar Haddad ‹");
    driver.keys("<enter>");
    for number in [1, 2] {
        let mut now = visit(number, VisitStatus::Waiting);
        now.version = 2;
        driver.answer(Lane::Save, Ok(Reply::Record(now.into())));
    }
    assert_eq!(given(&driver), [(2, 1), (2, 2)]);
    driver.shows("2 of 2 done.");
}

#[test]
fn the_open_visits_go_to_a_doctor_who_is_picked_with_a_result_for_each() {
    let mut driver = looking_at_doctor();
    driver.keys("<ctrl-x><down><enter>");
    let mut driver = left(driver);
    driver.keys("<right>");
    driver.shows("› Pick a doctor ‹");
    driver.keys("<enter>haddad<enter>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(2, "Omar", "Haddad")])));
    driver.shows("Change 2 visits?");
    driver.keys("<enter>");
    driver.answer(Lane::Save, Ok(Reply::Record(visit(1, VisitStatus::Waiting).into())));
    driver.refuse(Lane::Save, problem(Kind::Stale, &[]));
    assert_eq!(given(&driver), [(2, 1), (2, 2)]);
    driver.shows("1 of 2 done, 1 refused.");
}

#[test]
fn a_single_visit_is_not_called_several() {
    let mut driver = archiving();
    driver.keys("<right><enter>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(2, "Omar", "Haddad")])));
    driver.keys("<enter><right><enter>");
    driver.answer(Lane::Save, Ok(archived()));
    driver.answer(Lane::Remains, Ok(visits(vec![visit(1, VisitStatus::Waiting)])));
    driver.keys("<right><enter>");
    driver.shows("Change 1 visit ─");
}

#[test]
fn the_visits_stay_where_that_is_said() {
    for keys in ["<enter>", "<esc>"] {
        let mut driver = archiving();
        driver.keys("<left><enter>");
        let mut driver = left(driver);
        driver.keys(keys);
        assert!(driver.app.layers().is_empty());
        assert!(given(&driver).is_empty());
    }
}

#[test]
fn nothing_is_asked_where_nobody_waits_and_a_failure_is_said() {
    let mut driver = archiving();
    driver.keys("<left><enter>");
    driver.answer(Lane::Save, Ok(archived()));
    driver.answer(Lane::Remains, Ok(visits(Vec::new())));
    assert!(driver.app.layers().is_empty());
    let mut driver = archiving();
    driver.keys("<left><enter>");
    driver.answer(Lane::Save, Ok(archived()));
    driver.refuse(Lane::Remains, problem(Kind::Internal, &[]));
    driver.shows("Open visits of this doctor, Sarah Johnson: not known.");
}

#[test]
fn who_has_gone_on_is_told_and_not_interrupted() {
    let mut driver = archiving();
    driver.keys("<left><enter>");
    driver.answer(Lane::Save, Ok(archived()));
    driver.keys("gom");
    driver.answer(Lane::Remains, Ok(visits(vec![visit(1, VisitStatus::Waiting)])));
    assert!(matches!(driver.app.layers(), [Layer::Find(_)]));
    driver.shows("Open visits of this doctor, Sarah Johnson: 1.");
}

/// A page of assignments, with the address of the next one if there is one.
fn assignments(ids: std::ops::RangeInclusive<i64>, count: i64, has_next: bool) -> Reply {
    let Reply::Page(mut page) = assigned(ids.map(assignment).collect()) else { panic!() };
    page.count = count;
    page.next = has_next.then(|| "http://x/api/assignments?cursor=n".to_owned());
    Reply::Page(page)
}

/// All assignments of Sarah Johnson.
fn of_sarah() -> Driver {
    let mut driver = looking_at_doctor();
    driver.keys("<tab>");
    driver.answer(Lane::List, Ok(assignments(1..=50, 53, true)));
    driver
}

#[test]
fn all_patients_of_a_doctor_are_transferred_without_archiving_the_doctor() {
    let mut driver = of_sarah();
    driver.keys("<ctrl-p>mark all<enter>");
    driver.answer(Lane::List, Ok(assignments(1..=50, 53, true)));
    driver.keys("<ctrl-g>");
    driver.shows("The rows are still being marked.");
    assert!(driver.app.layers().is_empty());
    assert!(matches!(driver.call(Lane::List), Call::ListAt { .. }));
    driver.answer(Lane::List, Ok(assignments(51..=53, 53, false)));
    driver.shows("53 marked");
    driver.keys("<ctrl-g>haddad<enter>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(2, "Omar", "Haddad")])));
    driver.shows("Transfer 53 assignments?");
    driver.keys("<enter>");
    let mut moved = assignment(70);
    (moved.doctor, moved.doctor_name) = (shared::id::DoctorId(2), "Omar Haddad".to_owned());
    for _ in 0..53 {
        driver.answer(Lane::Save, Ok(Reply::Record(moved.clone().into())));
    }
    let sent: Vec<i64> = driver
        .calls
        .iter()
        .filter_map(|(_, call)| match call {
            Call::Do { verb: Verb::Transfer(2), id, .. } => Some(*id),
            _ => None,
        })
        .collect();
    assert_eq!(sent, (1..=53).collect::<Vec<_>>());
    driver.shows("53 of 53 done.");
    // Each line names the doctor who has the patient now.
    driver.shows("✓ José Gómez, P000009K → Omar Haddad");
    driver.hides("→ Sarah Johnson");
}

#[test]
fn the_rows_of_one_page_are_marked_at_once() {
    let mut driver = looking_at_doctor();
    driver.keys("<tab>");
    driver.answer(Lane::List, Ok(assignments(1..=3, 3, false)));
    let before = driver.asked(Lane::List);
    driver.keys("<ctrl-p>mark all<enter>");
    driver.shows("3 marked");
    assert_eq!(driver.asked(Lane::List), before);
}

#[test]
fn no_more_than_five_hundred_are_marked() {
    let mut driver = of_sarah();
    driver.keys("<ctrl-p>mark all<enter>");
    for page in 0..10 {
        let first = page * 50 + 1;
        driver.answer(Lane::List, Ok(assignments(first..=first + 49, 900, true)));
    }
    driver.shows("500 marked: no more can be marked at once.");
    let asked = driver.asked(Lane::List);
    driver.keys("<ctrl-g>");
    assert!(matches!(driver.app.layers(), [Layer::Picker(_)]));
    assert_eq!(driver.asked(Lane::List), asked);
}

#[test]
fn another_search_and_a_failure_end_the_marking() {
    let mut driver = of_sarah();
    driver.keys("<ctrl-p>mark all<enter>g");
    driver.answer(Lane::List, Ok(assignments(1..=50, 53, true)));
    driver.hides("marked");
    let mut driver = of_sarah();
    driver.keys("<ctrl-p>mark all<enter>");
    driver.refuse(Lane::List, problem(Kind::Internal, &[]));
    driver.keys("<ctrl-r>");
    driver.answer(Lane::List, Ok(assignments(1..=50, 53, true)));
    driver.hides("marked");
}

#[test]
fn a_list_whose_rows_can_not_be_marked_has_no_mark_all() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<f7>");
    driver.keys("<ctrl-p>mark all");
    driver.hides("Mark all records");
}
