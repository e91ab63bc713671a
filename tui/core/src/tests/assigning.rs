//! Assignments: their status, assigning, transferring, and archiving a doctor who has patients.

use shared::{
    Kind, Problem,
    assignment::{Assignment, AssignmentFilter, AssignmentStatus},
    doctor::Doctor,
    patient::PatientPermission,
    query::Query as _,
    read::Reader,
};

use super::{
    driver::Driver,
    fixtures::{assigned, assignment, doctor, jose, listed, one, page, people, problem, records},
};
use crate::{
    api::{Call, Failure, Handover, Reply, Verb},
    effect::{Effect, Lane, Timer},
    layers::Layer,
    msg::Msg,
    record::RecordKind,
    screens::Screen,
    search::PAUSE,
};

fn doctors() -> Vec<Doctor> {
    let mut all = vec![doctor(1, "Sarah", "Johnson"), doctor(2, "Omar", "Haddad")];
    all[1].fields.is_available = false;
    all[1].active_patients = 40;
    all
}

fn with_status(status: AssignmentStatus) -> Assignment {
    let mut it = assignment(5);
    it.fields.status = status;
    it.is_active = status.is_active();
    it
}

/// The list of assignments, with these.
fn at_assignments(all: Vec<Assignment>, width: u16, height: u16) -> Driver {
    let mut driver = Driver::with(people(), 5, width, height);
    driver.keys("<f5>");
    driver.answer(Lane::List, Ok(assigned(all)));
    driver
}

/// The page of an assignment.
fn looking_at(it: Assignment) -> Driver {
    let mut driver = at_assignments(vec![it.clone()], 80, 24);
    driver.keys("<down><enter>");
    driver.answer(Lane::Record, Ok(Reply::Record(it.into())));
    driver
}

/// The page of a doctor.
fn looking_at_doctor() -> Driver {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<f4>");
    driver.answer(Lane::List, Ok(records(doctors())));
    driver.keys("<down><enter>");
    driver.answer(Lane::Record, Ok(Reply::Record(doctors().remove(0).into())));
    driver.answer(Lane::Related, Ok(assigned(vec![assignment(5)])));
    driver
}

/// José's page with the picker of doctors open, and these found.
fn picking(found: Vec<Doctor>) -> Driver {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-g>");
    driver.answer(Lane::Pick, Ok(records(found)));
    driver
}

fn verb(driver: &Driver) -> (Verb, i64, i64, Option<&str>) {
    let Call::Do { verb, id, version, reason, .. } = driver.call(Lane::Save) else {
        panic!("nothing is done with a record")
    };
    (*verb, *id, *version, reason.as_deref())
}

fn searched(driver: &Driver, lane: Lane) -> Option<&str> {
    let Call::List { query, .. } = driver.call(lane) else { panic!() };
    query.iter().find(|(name, _)| *name == "search").map(|(_, value)| value.as_str())
}

fn conflict(member: &str, value: impl Into<serde_json::Value>) -> Problem {
    let mut problem = problem(Kind::Conflict, &[("id", "is refused")]);
    problem.extra.insert(member.to_owned(), value.into());
    problem
}

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
        driver.shows("Changed: José Gómez → Sarah Johnson");
    }
}

#[test]
fn an_assignment_is_kept_by_default() {
    let mut driver = looking_at(assignment(5));
    driver.keys("<ctrl-x>");
    driver.shows("What becomes of this assignment?");
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
    driver.shows("Somebody has changed the record");
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
    driver.shows("Ana Gómez → Sarah Johnson");
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
    use shared::{assignment::AssignmentOrder, doctor::DoctorOrder, patient::PatientOrder};
    let is_known = |kind, name: &str| match kind {
        RecordKind::Patient => name.parse::<PatientOrder>().is_ok(),
        RecordKind::Doctor => name.parse::<DoctorOrder>().is_ok(),
        RecordKind::Assignment => name.parse::<AssignmentOrder>().is_ok(),
        RecordKind::Visit => false,
    };
    for kind in [RecordKind::Patient, RecordKind::Doctor, RecordKind::Assignment, RecordKind::Visit]
    {
        for ordering in kind.table().orders.iter().filter_map(|order| order.ordering) {
            assert!(is_known(kind, ordering.trim_start_matches('-')), "{kind:?}: {ordering}");
        }
    }
}

#[test]
fn a_patient_is_assigned_with_four_keys_beside_the_text() {
    let mut driver = picking(doctors());
    driver.keys("john<enter>");
    driver.ring(Timer::Search);
    driver.answer(Lane::Pick, Ok(records(vec![doctor(1, "Sarah", "Johnson")])));
    driver.shows("José Gómez, born 1989-05-25, P000009K");
    driver.shows("to Sarah Johnson, Cardiology");
    driver.shows("› Don't assign ‹");
    // Ctrl-G, Enter, then an arrow and Enter.
    driver.keys("<down><enter>");
    let Call::Assign { patient, doctor, reason, .. } = driver.call(Lane::Save) else { panic!() };
    assert_eq!((*patient, *doctor, reason.as_deref()), (9, 1, None));
    let before = driver.asked(Lane::Related);
    driver.answer(Lane::Save, Ok(Reply::Record(assignment(6).into())));
    driver.shows("Assigned: José Gómez → Sarah Johnson");
    assert_eq!(driver.asked(Lane::Related), before + 1, "the page shows the new assignment");
}

#[test]
fn the_reason_goes_with_the_assignment() {
    let mut driver = picking(vec![doctor(1, "Sarah", "Johnson")]);
    driver.keys("<enter>Chest pain<enter><enter>");
    let Call::Assign { reason, .. } = driver.call(Lane::Save) else { panic!() };
    assert_eq!(reason.as_deref(), Some("Chest pain"));
}

#[test]
fn nobody_is_assigned_by_default_or_with_esc() {
    for keys in ["<enter><enter>", "<enter><esc>", "<enter><down><esc>", "<esc>"] {
        let mut driver = picking(vec![doctor(1, "Sarah", "Johnson")]);
        driver.keys(keys);
        assert_eq!(driver.asked(Lane::Save), 0, "{keys}");
        assert!(driver.app.layers().is_empty(), "{keys}");
    }
}

#[test]
fn a_patient_is_picked_for_a_doctor_with_date_of_birth_and_number() {
    let mut driver = looking_at_doctor();
    driver.keys("<ctrl-g>");
    assert!(matches!(driver.call(Lane::Pick), Call::List { kind: RecordKind::Patient, .. }));
    driver.answer(Lane::Pick, Ok(listed(page(people(), 5))));
    driver.shows("1989-05-25");
    driver.shows("P000009K");
    driver.keys("<down><down><enter>");
    driver.shows("Ana María Fernández");
    driver.shows("to Sarah Johnson, Cardiology");
    driver.keys("<down><enter>");
    assert!(matches!(driver.call(Lane::Save), Call::Assign { patient: 10, doctor: 1, .. }));
}

#[test]
fn a_doctor_who_accepts_no_patients_is_warned_about() {
    let mut driver = picking(vec![doctors().remove(1)]);
    driver.keys("<enter>");
    driver.shows("! accepts no patients");
}

#[test]
fn an_existing_assignment_is_opened_instead_of_refused() {
    let mut driver = picking(vec![doctor(1, "Sarah", "Johnson")]);
    driver.keys("<enter><down><enter>");
    let existing = serde_json::to_value(assignment(77)).unwrap();
    driver.refuse(Lane::Save, conflict("existing", existing));
    driver.shows("This patient is assigned to this doctor already.");
    let Screen::Detail(state) = driver.app.screen() else { panic!() };
    assert_eq!(
        state.record.as_ref().map(|it| (it.kind(), it.id())),
        Some((RecordKind::Assignment, 77))
    );
}

#[test]
fn an_assignment_whose_answer_got_lost_is_sent_again_under_its_key() {
    let mut driver = picking(vec![doctor(1, "Sarah", "Johnson")]);
    driver.keys("<enter><down><enter>");
    driver.answer(Lane::Save, Err(Failure::Unknown("timed out".to_owned())));
    driver.shows("Was it done?");
    driver.keys("<right><enter>");
    let keys: Vec<&str> = driver
        .calls
        .iter()
        .filter_map(|(_, call)| match call {
            Call::Assign { key, .. } => Some(key.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0], keys[1]);
}

#[test]
fn every_assignment_has_a_key_of_its_own() {
    let mut driver = picking(vec![doctor(1, "Sarah", "Johnson")]);
    driver.keys("<enter><down><enter>");
    let Call::Assign { key, .. } = driver.call(Lane::Save).clone() else { panic!() };
    driver.answer(Lane::Save, Ok(Reply::Record(assignment(6).into())));
    driver.keys("<ctrl-g>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(1, "Sarah", "Johnson")])));
    driver.keys("<enter><down><enter>");
    let Call::Assign { key: second, .. } = driver.call(Lane::Save) else { panic!() };
    assert_ne!(&key, second);
}

#[test]
fn what_may_not_be_assigned_is_not_offered() {
    let mut patient = jose();
    patient.permissions = Some(vec![PatientPermission::Update]);
    let mut driver = Driver::with(vec![patient.clone()], 1, 80, 24);
    driver.keys("<down><enter>");
    driver.answer(Lane::Record, Ok(one(patient)));
    driver.hides("Ctrl-G assign");
    driver.keys("<ctrl-g>");
    assert!(driver.app.layers().is_empty());
}

#[test]
fn a_search_in_the_picker_is_sent_with_the_first_key_and_then_at_a_pace() {
    let mut driver = picking(doctors());
    let before = driver.asked(Lane::Pick);
    driver.keys("j");
    assert_eq!((driver.asked(Lane::Pick), searched(&driver, Lane::Pick)), (before + 1, Some("j")));
    let armed = driver
        .last
        .iter()
        .any(|effect| matches!(effect, Effect::Arm(Timer::Search, pause) if *pause == PAUSE));
    assert!(armed);
    driver.keys("oh");
    assert_eq!(driver.asked(Lane::Pick), before + 1);
    driver.ring(Timer::Search);
    assert_eq!(
        (driver.asked(Lane::Pick), searched(&driver, Lane::Pick)),
        (before + 2, Some("joh"))
    );
    assert!(!driver.ring(Timer::Search), "nothing more was typed");
}

#[test]
fn only_the_newest_answer_counts_in_the_picker() {
    let mut driver = picking(doctors());
    driver.keys("j");
    let old = driver.ticket(Lane::Pick);
    driver.keys("o");
    driver.ring(Timer::Search);
    let before = driver.screen();
    assert!(!driver.send(Msg::Reply(old, Ok(records(vec![doctor(9, "Old", "Answer")])))));
    assert_eq!(driver.screen(), before);
}

#[test]
fn enter_waits_for_the_answer_of_what_is_typed() {
    let mut driver = picking(doctors());
    driver.keys("haddad<enter>");
    assert!(matches!(driver.app.layers(), [Layer::Picker(_)]), "the rows are those of before");
    driver.ring(Timer::Search);
    driver.answer(Lane::Pick, Ok(records(vec![doctor(2, "Omar", "Haddad")])));
    driver.shows("to Omar Haddad");
    // Among several, somebody has to choose.
    let mut driver = picking(doctors());
    driver.keys("a<enter>");
    driver.answer(Lane::Pick, Ok(records(doctors())));
    assert!(matches!(driver.app.layers(), [Layer::Picker(_)]));
    driver.keys("<down><enter>");
    driver.shows("to Omar Haddad");
}

#[test]
fn a_character_among_the_rows_begins_another_search() {
    let mut driver = picking(doctors());
    driver.keys("a");
    driver.answer(Lane::Pick, Ok(records(doctors())));
    driver.keys("<enter>");
    driver.ring(Timer::Search);
    driver.keys("h");
    assert_eq!(searched(&driver, Lane::Pick), Some("h"));
}

#[test]
fn a_closed_picker_asks_nothing_more() {
    let mut driver = picking(doctors());
    driver.keys("j<esc>");
    assert!(
        driver
            .last
            .iter()
            .any(|effect| matches!(effect, Effect::Abort(slot) if slot.lane == Lane::Pick))
    );
    assert!(!driver.ring(Timer::Search));
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
}

#[test]
fn an_answer_to_the_picker_takes_no_login_away_that_lies_over_it() {
    let mut driver = Driver::with(vec![jose()], 1, 80, 24);
    driver.keys("<down><enter>");
    driver.answer(Lane::Record, Ok(one(jose())));
    driver.keys("<ctrl-g>haddad<enter>");
    driver.answer(Lane::Related, Err(Failure::Expired));
    driver.answer(Lane::Pick, Ok(records(vec![doctor(2, "Omar", "Haddad")])));
    assert!(matches!(driver.app.layers(), [Layer::Picker(_), Layer::Relogin(_)]));
}

#[test]
fn an_assignment_is_transferred_with_its_version() {
    let mut driver = looking_at(assignment(5));
    driver.keys("<ctrl-g>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(2, "Omar", "Haddad")])));
    driver.keys("<enter>");
    driver.shows("José Gómez → Sarah Johnson, Cardiology");
    driver.shows("to Omar Haddad, Cardiology");
    driver.keys("Second opinion<enter><enter>");
    assert_eq!(verb(&driver), (Verb::Transfer(2), 5, 2, Some("Second opinion")));
    let mut opened = assignment(6);
    (opened.doctor, opened.doctor_name) = (shared::id::DoctorId(2), "Omar Haddad".to_owned());
    driver.answer(Lane::Save, Ok(Reply::Record(opened.into())));
    driver.shows("Transferred: José Gómez → Omar Haddad");
    assert!(matches!(driver.call(Lane::Record), Call::Read { id: 5, .. }));
    driver.answer(Lane::Record, Ok(Reply::Record(with_status(AssignmentStatus::Completed).into())));
    driver.shows("ended: completed");
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
    driver.shows("José Gómez, since 2026-11-03");
}

/// A doctor who shall be archived, and has patients.
fn archiving() -> Driver {
    let mut driver = looking_at_doctor();
    driver.keys("<ctrl-x>Left<down><enter>");
    driver.refuse(Lane::Save, conflict("active_assignments", 12));
    driver
}

#[test]
fn a_doctor_with_patients_is_kept_by_default() {
    let mut driver = archiving();
    driver.shows("12 active assignments");
    driver.shows("› Keep the doctor ‹");
    driver.keys("<enter>");
    assert_eq!(driver.asked(Lane::Save), 1);
}

#[test]
fn all_assignments_of_a_doctor_end_together_with_the_archiving() {
    let mut driver = archiving();
    driver.keys("<left><enter>");
    assert_eq!(verb(&driver), (Verb::HandOver(Handover::End), 1, 3, Some("Left")));
    let mut archived = doctor(1, "Sarah", "Johnson");
    archived.archived_at = Some("2026-11-20T09:00:00Z".parse().unwrap());
    driver.answer(Lane::Save, Ok(Reply::Record(archived.into())));
    driver.shows("Archived: Sarah Johnson, #1. All assignments have ended.");
}

#[test]
fn all_patients_of_a_doctor_go_to_another_together_with_the_archiving() {
    let mut driver = archiving();
    driver.keys("<right><enter>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(2, "Omar", "Haddad")])));
    driver.keys("<enter>");
    driver.shows("All patients of Sarah Johnson, Cardiology");
    driver.shows("go to Omar Haddad, Cardiology");
    driver.shows("› Keep the doctor ‹");
    driver.keys("<right><enter>");
    assert_eq!(verb(&driver), (Verb::HandOver(Handover::To(2)), 1, 3, Some("Left")));
}

#[test]
fn a_refusal_to_end_assignments_of_others_says_why_and_changes_nothing() {
    let mut driver = archiving();
    driver.keys("<left><enter>");
    let mut refused = problem(Kind::Forbidden, &[]);
    "only the front desk may change their assignments".clone_into(&mut refused.detail);
    driver.refuse(Lane::Save, refused);
    driver.shows("only the front desk may change their assignments");
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

macro_rules! looks {
    ($($name:ident: $driver:expr;)*) => {$(
        #[test]
        fn $name() {
            let driver: Driver = $driver;
            insta::assert_snapshot!(stringify!($name), driver.screen());
        }
    )*};
}

fn assignments() -> Vec<Assignment> {
    let mut all = vec![assignment(5), with_status(AssignmentStatus::OnHold), assignment(7)];
    all[1].patient_name = "Ana María Fernández de la Cruz y Santander".to_owned();
    all[2].doctor_name = "Omar\u{1b}[2J Haddad".to_owned();
    all
}

/// José's page with the picker at this size.
fn picker(width: u16, height: u16) -> Driver {
    let mut driver = Driver::looking_at(jose(), width, height);
    driver.keys("<ctrl-g>");
    driver
}

looks! {
    assignments_list: at_assignments(assignments(), 80, 24);
    assignments_list_narrow: at_assignments(assignments(), 40, 12);
    assignments_list_wide: {
        let mut driver = at_assignments(assignments(), 132, 43);
        driver.keys("<down><down>");
        driver
    };
    assignments_list_empty: at_assignments(Vec::new(), 80, 24);
    assignments_list_forbidden: {
        let mut driver = Driver::with(people(), 5, 80, 24);
        driver.keys("<f5>");
        driver.refuse(Lane::List, problem(Kind::Forbidden, &[]));
        driver
    };
    assignment_page: looking_at(assignment(5));
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
    picker_loading: picker(80, 24);
    picker_of_doctors: picking(doctors());
    picker_of_doctors_narrow: {
        let mut driver = picker(40, 12);
        driver.answer(Lane::Pick, Ok(records(doctors())));
        driver.keys("<down>");
        driver
    };
    picker_of_patients: {
        let mut driver = looking_at_doctor();
        driver.keys("<ctrl-g>");
        driver.answer(Lane::Pick, Ok(listed(page(people(), 900))));
        driver.keys("<down><down>");
        driver
    };
    picker_of_patients_wide: {
        let mut driver = looking_at_doctor();
        driver.send(Msg::Resize { width: 132, height: 43 });
        driver.keys("<ctrl-g>");
        driver.answer(Lane::Pick, Ok(listed(page(people(), 5))));
        driver
    };
    picker_nobody_found: {
        let mut driver = picking(doctors());
        driver.keys("hadad");
        driver.ring(Timer::Search);
        driver.answer(Lane::Pick, Ok(records(Vec::<Doctor>::new())));
        driver
    };
    picker_failed: {
        let mut driver = picker(80, 24);
        driver.answer(Lane::Pick, Err(Failure::Offline("connection refused".to_owned())));
        driver
    };
    assign_question: {
        let mut driver = picking(vec![doctors().remove(1)]);
        driver.keys("<enter>Chest pain");
        driver
    };
    transfer_question_narrow: {
        let mut driver = looking_at(assignment(5));
        driver.send(Msg::Resize { width: 40, height: 12 });
        driver.keys("<ctrl-g>");
        driver.answer(Lane::Pick, Ok(records(vec![doctor(2, "Omar", "Haddad")])));
        driver.keys("<enter>");
        driver
    };
    doctor_page: looking_at_doctor();
    doctor_with_patients: archiving();
}
