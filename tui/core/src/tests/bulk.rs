//! Marked rows, and what is done with all of them.

use std::collections::BTreeSet;

use shared::{Kind, assignment::AssignmentStatus, visit::VisitStatus};

use super::{
    driver::Driver,
    fixtures::{
        assigned, assignment, doctor, jose, listed, one, page, people, problem, records, visit,
        visits,
    },
    looks::looks,
};
use crate::{
    api::{Call, Failure, Reply, Verb},
    effect::{Lane, Timer},
    layers::Layer,
    msg::Msg,
};

/// The list of patients with the first three marked.
fn marked(width: u16, height: u16) -> Driver {
    let mut driver = Driver::with(people(), 5, width, height);
    driver.keys("<insert><insert><insert>");
    driver
}

/// The ids of the records with which something was done, in their order.
fn written(driver: &Driver) -> Vec<i64> {
    let ids = driver.calls.iter().filter_map(|(_, call)| match call {
        Call::Do { id, .. } => Some(*id),
        Call::Assign { patient, .. } => Some(*patient),
        _ => None,
    });
    ids.collect()
}

fn archived(id: i64) -> Result<Reply, Failure> {
    let mut patient = people().into_iter().find(|patient| patient.id.0 == id).unwrap();
    patient.archived_at = Some("2026-11-20T09:00:00Z".parse().unwrap());
    Ok(one(patient))
}

#[test]
fn marks_are_counted_and_taken_away() {
    let mut driver = marked(80, 24);
    driver.shows("3 marked");
    driver.shows("✓Gómez, José");
    driver.keys("<down><up><up><insert>");
    driver.shows("2 marked");
    driver.keys("<ctrl-p>unmark<enter>");
    driver.hides("marked");
}

#[test]
fn marks_are_kept_by_the_record_and_not_by_the_place() {
    let mut driver = marked(80, 24);
    driver.keys("gomez");
    driver.on_timer(Timer::Search);
    driver.answer(Lane::List, Ok(listed(page(vec![people().remove(4)], 1))));
    driver.shows("3 marked");
    driver.hides("✓");
    driver.keys("<ctrl-u>");
    driver.on_timer(Timer::Search);
    let mut moved = people();
    moved.reverse();
    driver.answer(Lane::List, Ok(listed(page(moved, 5))));
    driver.shows("✓Gómez, José");
    driver.hides("✓Weiß");
}

#[test]
fn one_question_says_how_many_and_is_cancelled_by_default() {
    let mut driver = marked(80, 24);
    driver.keys("<ctrl-x>");
    driver.shows("Archive 3 patients?");
    driver.shows("José Gómez, born 1989-05-25, P000009K");
    driver.keys("<enter>");
    assert_eq!(driver.asked(Lane::Save), 0);
    driver.shows("3 marked");
}

#[test]
fn marked_records_are_archived_one_after_another_with_a_result_each() {
    let mut driver = marked(80, 24);
    driver.keys("<ctrl-x>Moved away<down><enter>");
    assert_eq!(written(&driver), [9]);
    driver.answer(Lane::Save, archived(9));
    assert_eq!(written(&driver), [9, 10]);
    let mut refused = problem(Kind::Forbidden, &[]);
    "belongs to somebody else".clone_into(&mut refused.detail);
    driver.refuse(Lane::Save, refused);
    driver.answer(Lane::Save, archived(11));
    driver.shows("✓ José Gómez, P000009K: done");
    driver.shows("P000010L: belongs to");
    driver.shows("2 of 3 done, 1 refused.");
    for (_, call) in driver.calls.iter().filter(|(ticket, _)| ticket.slot.lane == Lane::Save) {
        let Call::Do { verb: Verb::Archive, version: 3, reason, .. } = call else { panic!() };
        assert_eq!(reason.as_deref(), Some("Moved away"));
    }
    // What was refused stays marked.
    driver.keys("<enter>");
    driver.shows("1 marked");
}

#[test]
fn a_row_that_somebody_else_has_changed_says_so_and_the_others_go_on() {
    let mut driver = marked(80, 24);
    driver.keys("<ctrl-x><down><enter>");
    driver.refuse(Lane::Save, problem(Kind::Stale, &[]));
    driver.shows("! José Gómez, P000009K: somebody else has changed the record");
    assert_eq!(written(&driver), [9, 10]);
}

#[test]
fn esc_stops_after_the_write_that_runs() {
    let mut driver = marked(80, 24);
    driver.keys("<ctrl-x><down><enter><esc>");
    driver.shows("Stopped: 0 of 3 done, 2 not sent.");
    driver.answer(Lane::Save, archived(9));
    assert_eq!(written(&driver), [9]);
    driver.shows("2 marked");
}

#[test]
fn a_server_that_is_away_gets_no_further_writes() {
    let mut driver = marked(80, 24);
    driver.keys("<ctrl-x><down><enter>");
    driver.answer(Lane::Save, Err(Failure::Offline("connection refused".to_owned())));
    assert_eq!(written(&driver), [9]);
    driver.shows("0 of 3 done, 3 not sent.");
    driver.keys("<enter>");
    driver.shows("3 marked");
}

#[test]
fn a_session_that_ends_among_several_writes_goes_on_after_the_login() {
    let mut driver = marked(80, 24);
    driver.keys("<ctrl-x><down><enter>");
    driver.answer(Lane::Save, Err(Failure::Expired));
    driver.keys("a long password<enter>");
    driver.log_in(1, "ana");
    driver.keys("<right><enter>");
    driver.answer(Lane::Save, archived(9));
    assert_eq!(written(&driver), [9, 9, 10]);
}

#[test]
fn marked_patients_are_assigned_to_one_doctor_each_under_a_key_of_its_own() {
    let mut driver = marked(80, 24);
    driver.keys("<ctrl-g>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(1, "Sarah", "Johnson")])));
    driver.keys("<enter>");
    driver.shows("Assign 3 patients?");
    driver.shows("to Sarah Johnson, Cardiology");
    driver.keys("Flu season<down><enter>");
    for id in [6, 7, 8] {
        driver.answer(Lane::Save, Ok(Reply::Record(assignment(id).into())));
    }
    assert_eq!(written(&driver), [9, 10, 11]);
    let keys: BTreeSet<&str> = driver
        .calls
        .iter()
        .filter_map(|(_, call)| match call {
            Call::Assign { key, doctor: 1, reason, .. } => {
                assert_eq!(reason.as_deref(), Some("Flu season"));
                Some(key.as_str())
            }
            _ => None,
        })
        .collect();
    assert_eq!(keys.len(), 3);
    driver.shows("3 of 3 done.");
    driver.keys("<enter>");
    driver.hides("marked");
}

/// The list of assignments with both marked: one active, one completed.
fn marked_assignments() -> Driver {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<f5>");
    let mut ended = assignment(6);
    ended.fields.status = AssignmentStatus::Completed;
    driver.answer(Lane::List, Ok(assigned(vec![assignment(5), ended])));
    driver.keys("<insert><insert>");
    driver
}

#[test]
fn marked_assignments_get_one_status() {
    let mut driver = marked_assignments();
    driver.keys("<ctrl-x>");
    driver.shows("Change the status of 2 assignments?");
    driver.shows("› Keep them ‹");
    driver.keys("<right><enter>");
    let Call::Do { verb, id, .. } = driver.call(Lane::Save) else { panic!() };
    assert_eq!((*verb, *id), (Verb::SetStatus("ON_HOLD"), 5));
}

#[test]
fn marked_assignments_are_transferred_to_one_doctor() {
    let mut driver = marked_assignments();
    driver.keys("<ctrl-g>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(2, "Omar", "Haddad")])));
    driver.keys("<enter><down><enter>");
    driver.answer(Lane::Save, Ok(Reply::Record(assignment(7).into())));
    let ended = problem(Kind::Conflict, &[("status", "has ended")]);
    driver.refuse(Lane::Save, ended);
    assert_eq!(written(&driver), [5, 6]);
    driver.shows("1 of 2 done, 1 refused.");
}

#[test]
fn one_marked_record_is_asked_about_by_its_name() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<insert><ctrl-x>");
    driver.shows("Archive this patient?");
    driver.shows("José Gómez, born 1989-05-25, P000009K");
    driver.keys("<down><enter>");
    driver.answer(Lane::Save, archived(9));
    driver.hides("marked");
}

#[test]
fn marked_records_of_the_archive_are_restored() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<insert><ctrl-t><backtab><right><ctrl-s>");
    driver.hides("marked");
    driver.answer(Lane::List, archived_list());
    driver.keys("<insert><insert><ctrl-k>");
    driver.shows("Restore 2 patients?");
    driver.keys("<right><enter>");
    assert!(matches!(driver.call(Lane::Save), Call::Do { verb: Verb::Restore, id: 9, .. }));
    driver.answer(Lane::Save, Ok(one(jose())));
    assert_eq!(written(&driver), [9, 10]);
}

fn archived_list() -> Result<Reply, Failure> {
    let mut all = people();
    for patient in &mut all {
        patient.archived_at = Some("2026-11-20T09:00:00Z".parse().unwrap());
    }
    Ok(listed(page(all, 5)))
}

#[test]
fn marked_visits_get_one_status() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<f6>");
    let two = vec![visit(1, VisitStatus::Waiting), visit(2, VisitStatus::Called)];
    driver.answer(Lane::List, Ok(visits(two)));
    driver.keys("<insert><insert><ctrl-x>");
    driver.shows("Change the status of 2 visits?");
    driver.shows("› Keep them ‹");
    driver.keys("<left><enter>");
    let Call::Do { verb, id, version, .. } = driver.call(Lane::Save) else { panic!() };
    assert_eq!((*verb, *id, *version), (Verb::SetStatus("WAITING"), 1, 1));
}

#[test]
fn the_results_can_be_left_at_any_size() {
    let mut driver = marked(80, 24);
    driver.keys("<ctrl-x><down><enter>");
    driver.send(Msg::Resize { width: 40, height: 10 });
    assert!(matches!(driver.app.layers(), [Layer::Results(_)]));
    driver.keys("<esc>");
    assert!(driver.app.layers().is_empty());
}

fn half_done(mut driver: Driver) -> Driver {
    driver.keys("<ctrl-x><down><enter>");
    driver.answer(Lane::Save, archived(9));
    let mut refused = problem(Kind::Forbidden, &[]);
    "belongs to somebody else, and only the front desk may archive it"
        .clone_into(&mut refused.detail);
    driver.refuse(Lane::Save, refused);
    driver
}

looks! {
    list_with_marks: {
        let mut driver = marked(80, 24);
        driver.keys("<down><up><up>");
        driver
    };
    archive_several: {
        let mut driver = marked(80, 24);
        driver.keys("<ctrl-x>");
        driver
    };
    results: half_done(marked(80, 24));
    results_narrow: half_done(marked(40, 12));
}
