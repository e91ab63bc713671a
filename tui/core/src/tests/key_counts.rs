//! The keys of the tasks at the desk, beside the text that is typed.

use shared::visit::VisitStatus;

use super::{
    driver::{Driver, chords},
    fixtures::{assignment, doctor, jose, listed, lookup, one, page, patient, records, visit},
};
use crate::{
    api::{Call, Reply, Verb},
    effect::{Lane, Timer},
    resource::RecordKind,
    screens::Screen,
};

/// A task, with the keys that were pressed for it and are no text.
struct Task {
    driver: Driver,
    keys: usize,
}

impl Task {
    /// Begins at the desk.
    fn at_the_desk() -> Self {
        let mut driver = Driver::at_login(80, 24);
        driver.keys("ana<tab>a long password<enter>");
        driver.log_in(1, "ana");
        driver.answer(Lane::Find, Ok(lookup(Vec::new(), "")));
        Self { driver, keys: 0 }
    }

    /// Begins at José's page.
    fn at_jose() -> Self {
        Self { driver: Driver::looking_at(jose(), 80, 24), keys: 0 }
    }

    fn keys(&mut self, keys: &str) {
        self.keys += chords(keys).iter().filter(|chord| !chord.is_printable()).count();
        self.driver.keys(keys);
    }

    fn answer(&mut self, lane: Lane, reply: Reply) {
        self.driver.answer(lane, Ok(reply));
    }

    /// Finds José at the desk, and opens his page.
    fn open_jose(&mut self) {
        self.keys("jose<enter>");
        self.answer(Lane::Find, lookup(vec![jose()], "jose"));
        self.answer(Lane::Record, one(jose()));
    }

    fn sent(&self) -> &Call {
        self.driver.call(Lane::Save)
    }
}

#[test]
fn finding_and_opening_takes_one() {
    let mut task = Task::at_the_desk();
    task.open_jose();
    task.driver.shows("Gómez, José");
    assert_eq!(task.keys, 1);
}

#[test]
fn the_next_patient_takes_one() {
    let mut task = Task::at_jose();
    task.keys("ruiz<enter>");
    task.answer(Lane::Find, lookup(vec![patient(10, "Ana", "Ruiz")], "ruiz"));
    task.answer(Lane::Record, one(patient(10, "Ana", "Ruiz")));
    task.driver.shows("Ruiz, Ana");
    assert_eq!(task.keys, 1);
}

#[test]
fn registering_takes_two() {
    let mut task = Task::at_the_desk();
    task.keys("peter pan 1990");
    task.driver.on_timer(Timer::Search);
    task.answer(Lane::Find, lookup(Vec::new(), "peter pan 1990"));
    task.keys("<ctrl-n><ctrl-s>");
    let Call::Create { kind: RecordKind::Patient, body, .. } = task.sent() else { panic!() };
    assert_eq!(body["last_name"], "Pan");
    assert_eq!(task.keys, 2);
}

#[test]
fn an_arrival_takes_two() {
    let mut task = Task::at_the_desk();
    task.keys("jose<ctrl-a>");
    task.answer(Lane::Find, lookup(vec![jose()], "jose"));
    task.answer(Lane::Pick, records(vec![assignment(5)]));
    task.keys("<enter>");
    assert!(matches!(task.sent(), Call::Create { kind: RecordKind::Visit, .. }));
    task.answer(Lane::Save, Reply::Record(visit(1, VisitStatus::Waiting).into()));
    assert_eq!(task.keys, 2);
}

#[test]
fn changing_a_phone_takes_four() {
    let mut task = Task::at_the_desk();
    task.open_jose();
    task.keys("<ctrl-p>phone<enter>+49 30 1234567<ctrl-s>");
    let Call::Change { id: 9, version: 3, body, .. } = task.sent() else { panic!() };
    assert_eq!(*body, serde_json::json!({"phone_number": "+49 30 1234567"}));
    assert_eq!(task.keys, 4);
}

#[test]
fn assigning_takes_four() {
    let mut task = Task::at_the_desk();
    task.open_jose();
    task.keys("<ctrl-g>johnson<enter>");
    task.answer(Lane::Pick, records(vec![doctor(1, "Sarah", "Johnson")]));
    task.keys("<enter>");
    assert!(matches!(task.sent(), Call::Assign { patient: 9, doctor: 1, .. }));
    assert_eq!(task.keys, 4);
}

#[test]
fn archiving_takes_three() {
    let mut task = Task::at_jose();
    task.keys("<ctrl-x>Moved away<enter><enter>");
    let Call::Do { verb: Verb::Archive, id: 9, reason, .. } = task.sent() else { panic!() };
    assert_eq!(reason.as_deref(), Some("Moved away"));
    assert_eq!(task.keys, 3);
    let mut task = Task::at_jose();
    task.keys("<ctrl-x><down><enter>");
    assert!(matches!(task.sent(), Call::Do { verb: Verb::Archive, id: 9, reason: None, .. }));
    assert_eq!(task.keys, 3);
}

#[test]
fn restoring_takes_four() {
    let mut archived = jose();
    archived.archived_at = Some("2026-11-20T09:00:00Z".parse().unwrap());
    for begin in [Task::at_the_desk, Task::at_jose] {
        let mut task = begin();
        task.keys("<ctrl-p>archived<enter>");
        let Call::List { kind: RecordKind::Patient, query } = task.driver.call(Lane::List) else {
            panic!()
        };
        assert!(query.contains(&("archived", "true".to_owned())));
        task.answer(Lane::List, listed(page(vec![archived.clone()], 900)));
        task.keys("jose<ctrl-k>");
        task.answer(Lane::List, listed(page(vec![archived.clone()], 1)));
        task.keys("<enter>");
        assert!(matches!(task.sent(), Call::Do { verb: Verb::Restore, id: 9, .. }));
        assert_eq!(task.keys, 4);
    }
}

#[test]
fn another_section_takes_one() {
    for (keys, kind) in [("<f3>", RecordKind::Patient), ("<f6>", RecordKind::Visit)] {
        let mut task = Task::at_the_desk();
        task.keys(keys);
        assert!(matches!(task.driver.app.screen(), Screen::List(state) if state.kind == kind));
        assert_eq!(task.keys, 1);
    }
}

#[test]
fn logging_out_takes_two() {
    let mut task = Task::at_jose();
    task.keys("<ctrl-p>log out<enter>");
    assert!(matches!(task.driver.app.screen(), Screen::Login(_)));
    assert_eq!(task.keys, 2);
}
