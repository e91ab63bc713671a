//! Assigning a patient, transferring one, and archiving a doctor who has patients.

use shared::{Kind, assignment::AssignmentStatus, patient::PatientPermission};

use super::{
    driver::Driver,
    fixtures::{assignment, doctor, jose, listed, one, page, people, problem, records},
    looks::looks,
    pages::{
        archiving, conflict, doctors, looking_at, looking_at_doctor, picking, verb, with_status,
    },
};
use crate::{
    api::{Call, Failure, Handover, Reply, Verb},
    effect::{Lane, Timer},
    msg::Msg,
    resource::RecordKind,
    screens::Screen,
};

#[test]
fn a_patient_is_assigned_with_three_keys_beside_the_text() {
    let mut driver = picking(doctors());
    driver.keys("john<enter>");
    driver.on_timer(Timer::Search);
    driver.answer(Lane::Pick, Ok(records(vec![doctor(1, "Sarah", "Johnson")])));
    driver.shows("José Gómez, born 1989-05-25, P000009K");
    driver.shows("to Sarah Johnson, Cardiology");
    driver.shows("› Assign ‹");
    // Ctrl-G, Enter, and Enter.
    driver.keys("<enter>");
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
    driver.keys("<enter>Chest pain<enter>");
    let Call::Assign { reason, .. } = driver.call(Lane::Save) else { panic!() };
    assert_eq!(reason.as_deref(), Some("Chest pain"));
}

#[test]
fn nobody_is_assigned_with_esc_or_by_the_other_answer() {
    for keys in ["<enter><up><enter>", "<enter><esc>", "<enter><down><esc>", "<esc>"] {
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
    driver.shows("This patient is already assigned to this doctor.");
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
fn an_assignment_is_transferred_with_its_version() {
    let mut driver = looking_at(assignment(5));
    driver.keys("<ctrl-g>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(2, "Omar", "Haddad")])));
    driver.keys("<enter>");
    driver.shows("│ José Gómez, P000009K  ");
    driver.shows("│ from Sarah Johnson  ");
    driver.shows("│ to Omar Haddad, Cardiology");
    driver.keys("Second opinion<enter>");
    assert_eq!(verb(&driver), (Verb::Transfer(2), 5, 2, Some("Second opinion")));
    let mut opened = assignment(6);
    (opened.doctor, opened.doctor_name) = (shared::id::DoctorId(2), "Omar Haddad".to_owned());
    driver.answer(Lane::Save, Ok(Reply::Record(opened.into())));
    driver.shows("Transferred: José Gómez, P000009K → Omar Haddad");
    assert!(matches!(driver.call(Lane::Record), Call::Read { id: 5, .. }));
    driver.answer(Lane::Record, Ok(Reply::Record(with_status(AssignmentStatus::Completed).into())));
    driver.shows("ended: completed");
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

looks! {
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
    doctor_with_patients: archiving();
}
