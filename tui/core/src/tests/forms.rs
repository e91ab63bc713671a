//! The form of a patient: nothing that is typed is lost.

use serde_json::{Value, json};
use shared::{Kind, Patch, patient::PatientInput};

use super::{
    driver::{Driver, filter},
    fixtures::{input, jose, listed, matches, one, page, patient, people, problem, stale},
};
use crate::{
    api::{Call, Failure},
    effect::{Effect, Lane, Slot},
    msg::Msg,
    screens::Screen,
};

fn sent(driver: &Driver) -> (Option<i64>, PatientInput) {
    match driver.call(Lane::Save) {
        Call::Create { body, .. } => (None, input(body)),
        Call::Change { version, body, .. } => (Some(*version), input(body)),
        _ => panic!("something else was sent"),
    }
}

/// The form's values as somebody sees them.
fn value(driver: &Driver, name: &str) -> String {
    match driver.app.screen() {
        Screen::Form(state) => state.form.value(name).to_owned(),
        _ => panic!("it is not the form"),
    }
}

fn editing() -> Driver {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><ctrl-u>Joe");
    driver
}

fn saved(driver: &mut Driver, patient: shared::patient::Patient) {
    driver.answer(Lane::Save, Ok(one(patient)));
}

#[test]
fn a_change_carries_only_what_was_changed_and_the_version_that_was_read() {
    let mut driver = editing();
    driver.keys("<ctrl-s>");
    let expected =
        PatientInput { first_name: Patch::Value("Joe".to_owned()), ..PatientInput::default() };
    assert_eq!(sent(&driver), (Some(3), expected));
    let mut joe = patient(9, "Joe", "Gómez");
    joe.version = 4;
    saved(&mut driver, joe);
    driver.shows("Saved: Joe Gómez, P000009K");
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
    driver.keys("<esc>");
    driver.shows("Gómez, Joe");
}

#[test]
fn a_cleared_field_is_sent_as_null() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><tab><tab><tab><tab><tab><tab><ctrl-u><ctrl-s>");
    assert_eq!(sent(&driver).1.phone_number, Patch::Null);
    assert_eq!(sent(&driver).1.email, Patch::Absent);
}

#[test]
fn a_form_in_which_nothing_was_changed_sends_nothing() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><ctrl-s>");
    assert_eq!(driver.asked(Lane::Save), 0);
    driver.shows("Nothing was changed");
}

#[test]
fn a_new_patient_carries_only_what_is_filled_in() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-n>Ana<tab><tab>19890525<tab><tab>f<ctrl-s>");
    let input = sent(&driver).1;
    assert_eq!(
        serde_json::to_value(&input).unwrap(),
        json!({
            "first_name": "Ana", "date_of_birth": "1989-05-25", "gender": "F"
        })
    );
    saved(&mut driver, patient(100, "Ana", ""));
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
    driver.shows("Registered: Ana");
}

#[test]
fn what_is_withheld_is_not_shown_as_missing_and_has_no_field() {
    let mut driver = Driver::looking_at(jose().without_clinical(), 80, 30);
    driver.shows("recorded, but not shown");
    driver.shows("Medical history  not shown");
    driver.keys("<ctrl-e>");
    driver.shows("Edit patient");
    let Screen::Form(state) = driver.app.screen() else { panic!() };
    assert!(state.form.field("first_name").is_some());
    assert!(["allergies", "medical_history"].iter().all(|name| state.form.field(name).is_none()));
    driver.keys("y<ctrl-s>");
    assert_eq!(serde_json::to_value(sent(&driver).1).unwrap(), json!({"first_name": "Joséy"}));
    let none = shared::patient::Patient { has_allergies: false, ..jose() };
    Driver::looking_at(none.without_clinical(), 80, 30).hides("recorded, but not shown");
}

#[test]
fn identifiers_are_written_one_a_line() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-n>Ana<backtab>insurance: X1<enter>  passport:Y2<ctrl-s>");
    let sent = serde_json::to_value(sent(&driver).1.identifiers.value()).unwrap();
    assert_eq!(sent[0], json!({"system": "insurance", "value": "X1"}));
    assert_eq!(sent[1], json!({"system": "passport", "value": "Y2"}));
}

#[test]
fn a_fault_is_shown_once_its_field_is_left_and_on_saving() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-n><tab><tab>19x");
    driver.hides("must be a date");
    driver.keys("<tab>");
    driver.shows("! Enter a date, like");
    driver.keys("<ctrl-s>");
    assert_eq!(driver.asked(Lane::Save), 0);
    driver.shows("Enter a first name or a last name.");
    driver.shows("Not saved");
}

#[test]
fn a_refusal_lands_beside_the_fields_and_the_rest_is_said_below() {
    let mut driver = editing();
    driver.send(Msg::Resize { width: 80, height: 30 });
    driver.keys("<ctrl-s>");
    let errors =
        [("email", "is taken"), ("identifiers[0].value", "is known"), ("clinic", "is shut")];
    driver.refuse(Lane::Save, problem(Kind::Validation, &errors));
    driver.shows("! is taken");
    driver.shows("! line 1, value: is known");
    driver.shows("Not saved: clinic: is shut");
    assert_eq!(value(&driver, "first_name"), "Joe");
}

#[test]
fn a_server_that_is_away_leaves_the_form_and_another_try_saves() {
    let mut driver = editing();
    driver.keys("<ctrl-s>");
    driver.answer(Lane::Save, Err(Failure::Offline("refused".to_owned())));
    driver.shows("Not saved");
    assert_eq!(value(&driver, "first_name"), "Joe");
    driver.keys("<ctrl-s>");
    assert_eq!(driver.asked(Lane::Save), 2);
}

#[test]
fn a_save_that_runs_is_neither_aborted_nor_sent_twice() {
    let mut driver = editing();
    driver.keys("<ctrl-s><ctrl-s>");
    assert_eq!(driver.asked(Lane::Save), 1);
    assert!(
        !driver
            .last
            .iter()
            .any(|effect| matches!(effect, Effect::Abort(Slot { lane: Lane::Save, .. })))
    );
    driver.shows("being saved");
}

#[test]
fn a_lost_answer_is_never_repeated_by_itself_and_can_be_checked() {
    let mut driver = editing();
    driver.keys("<ctrl-s>");
    driver.answer(Lane::Save, Err(Failure::Unknown("timed out".to_owned())));
    driver.shows("Was it saved?");
    assert_eq!(driver.asked(Lane::Save), 1);
    driver.keys("<right><enter>");
    let mut joe = jose();
    joe.version = 4;
    joe.fields.first_name = Some("Joe".to_owned());
    driver.answer(Lane::Record, Ok(one(joe)));
    driver.shows("The record was saved.");
    assert!(!driver.app.has_unsaved());
}

#[test]
fn a_lost_answer_that_was_not_saved_is_saved_again_on_ones_own_word() {
    let mut driver = editing();
    driver.keys("<ctrl-s>");
    driver.answer(Lane::Save, Err(Failure::Unknown("timed out".to_owned())));
    driver.keys("<esc>");
    assert_eq!(value(&driver, "first_name"), "Joe");
    driver.keys("<ctrl-r><ctrl-r>");
    driver.answer(Lane::Record, Ok(one(jose())));
    driver.shows("The record was not saved");
    driver.keys("<ctrl-s>");
    assert_eq!(driver.asked(Lane::Save), 2);
}

#[test]
fn a_new_patient_whose_answer_was_lost_is_looked_for() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-n>José<tab>Gómez<ctrl-s>");
    driver.answer(Lane::Save, Err(Failure::Unknown("timed out".to_owned())));
    driver.keys("<right><enter>");
    let filter = filter(&driver, Lane::Record);
    assert_eq!(filter.search.as_deref(), Some("José Gómez"));
    driver.answer(Lane::Record, Ok(listed(page(vec![jose()], 1))));
    driver.shows("registered 2026-11-01 09:30 by ana");
    driver.keys("<esc>");
    assert_eq!(value(&driver, "last_name"), "Gómez");
}

#[test]
fn leaving_a_changed_form_asks_and_keeps_it_by_default() {
    for keys in ["<esc>", "<ctrl-q>", "<ctrl-c>"] {
        let mut driver = editing();
        driver.keys(keys);
        driver.shows("Keep editing");
        driver.keys("<enter>");
        assert_eq!(value(&driver, "first_name"), "Joe", "{keys}");
        driver.keys(keys);
        driver.keys("<esc>");
        assert_eq!(value(&driver, "first_name"), "Joe", "{keys}");
    }
    let mut driver = editing();
    driver.keys("<esc><right><enter>");
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
    let mut driver = editing();
    driver.keys("<ctrl-q><right><enter>");
    assert!(driver.last.iter().any(|effect| matches!(effect, Effect::Quit)));
}

#[test]
fn saving_on_the_way_out_leaves_once_it_is_saved() {
    let mut driver = editing();
    driver.keys("<ctrl-q><left><enter>");
    assert_eq!(driver.asked(Lane::Save), 1);
    assert!(!driver.last.iter().any(|effect| matches!(effect, Effect::Quit)));
    saved(&mut driver, patient(9, "Joe", "Gómez"));
    assert!(driver.last.iter().any(|effect| matches!(effect, Effect::Quit)));
}

#[test]
fn an_unchanged_form_is_left_without_a_question() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e>x<bs><esc>");
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
}

#[test]
fn undo_and_redo_are_per_field() {
    let mut driver = editing();
    driver.keys("<tab>x<backtab><ctrl-z><ctrl-z>");
    assert_eq!(value(&driver, "first_name"), "José");
    assert_eq!(value(&driver, "last_name"), "Gómezx");
    driver.keys("<ctrl-y><ctrl-y>");
    assert_eq!(value(&driver, "first_name"), "Joe");
}

#[test]
fn a_paste_is_one_edit_and_never_submits() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><ctrl-u>");
    driver.send(Msg::Paste("Jo\nBob\r\n".to_owned()));
    assert_eq!(value(&driver, "first_name"), "Jo Bob");
    assert_eq!(driver.asked(Lane::Save), 0);
    driver.keys("<ctrl-z>");
    assert_eq!(value(&driver, "first_name"), "");
}

#[test]
fn changes_to_different_fields_are_merged_with_one_key() {
    let mut driver = editing();
    driver.keys("<ctrl-s>");
    let mut theirs = jose();
    theirs.version = 4;
    theirs.fields.city = Some("Boston".to_owned());
    driver.refuse(Lane::Save, stale(&theirs));
    driver.shows("Saved by bob, 2026-11-20 09:15.");
    driver.shows("Enter saves the merged record.");
    driver.keys("<enter>");
    let expected =
        PatientInput { first_name: Patch::Value("Joe".to_owned()), ..PatientInput::default() };
    assert_eq!(sent(&driver), (Some(4), expected));
    assert_eq!(value(&driver, "city"), "Boston");
}

#[test]
fn a_field_that_both_have_changed_is_chosen_by_somebody() {
    for (key, first_name) in [("<right>", "Joe"), ("<left>", "Josef")] {
        let mut driver = editing();
        driver.keys("<tab><ctrl-u>Gomes<ctrl-s>");
        let mut theirs = jose();
        theirs.version = 4;
        theirs.fields.first_name = Some("Josef".to_owned());
        driver.refuse(Lane::Save, stale(&theirs));
        driver.keys("<enter>");
        assert_eq!(driver.asked(Lane::Save), 1, "nothing is sent before it is chosen");
        driver.keys(key);
        driver.keys("<enter>");
        assert_eq!(value(&driver, "first_name"), first_name);
        let (version, patch) = sent(&driver);
        assert_eq!(version, Some(4));
        assert_eq!(patch.last_name, Patch::Value("Gomes".to_owned()));
        assert_eq!(patch.first_name.is_absent(), key == "<left>");
    }
}

#[test]
fn a_conflict_in_which_all_of_theirs_is_taken_shows_theirs() {
    let mut driver = editing();
    driver.keys("<ctrl-s>");
    let mut theirs = jose();
    theirs.version = 4;
    theirs.fields.first_name = Some("Josef".to_owned());
    theirs.full_name = "Josef Gómez".to_owned();
    driver.refuse(Lane::Save, stale(&theirs));
    driver.keys("<left><enter>");
    assert_eq!(driver.asked(Lane::Save), 1);
    driver.answer(Lane::Record, Ok(one(theirs)));
    driver.shows("Josef Gómez");
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
}

#[test]
fn a_second_form_over_a_likely_duplicate_leaves_the_first_as_it_was() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-n>José<tab>Gomez<ctrl-s>");
    let mut duplicate = problem(Kind::Conflict, &[]);
    duplicate.extra.insert("duplicates".into(), json!([{"patient": jose()}]));
    driver.refuse(Lane::Save, duplicate);
    driver.keys("<right><enter>");
    driver.answer(Lane::Record, Ok(one(jose())));
    driver.keys("<ctrl-e>!<ctrl-s>");
    saved(&mut driver, patient(9, "José!", "Gómez"));
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
    driver.keys("<esc>");
    assert_eq!(value(&driver, "last_name"), "Gomez");
}

#[test]
fn the_focused_field_is_seen_on_the_smallest_terminal() {
    let mut driver = Driver::looking_at(jose(), 40, 10);
    driver.keys("<ctrl-e>");
    for _ in 0..17 {
        driver.shows("›");
        driver.hides("cursor: 0,0");
        driver.keys("<tab>");
    }
}

#[test]
fn a_conflict_can_be_left_and_the_form_is_as_it_was() {
    let mut driver = editing();
    driver.keys("<ctrl-s>");
    let mut theirs = jose();
    theirs.version = 4;
    theirs.fields.first_name = Some("Josef".to_owned());
    driver.refuse(Lane::Save, stale(&theirs));
    driver.keys("<esc>");
    assert_eq!(value(&driver, "first_name"), "Joe");
    driver.keys("<ctrl-s>");
    assert_eq!(sent(&driver).0, Some(3));
}

#[test]
fn likely_duplicates_are_named_and_the_form_stays_below() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-n>José<tab>Gomez<ctrl-s>");
    let mut duplicate = problem(Kind::Conflict, &[]);
    let candidates = json!([{"patient": jose(), "grade": "certain", "score": 99, "reasons": []}]);
    duplicate.extra.insert("duplicates".into(), candidates);
    driver.refuse(Lane::Save, duplicate);
    driver.shows("José Gómez, 1989-05-25, P000009K");
    driver.keys("<right><enter>");
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
    driver.keys("<esc>");
    assert_eq!(value(&driver, "last_name"), "Gomez");
}

/// A new patient who is refused since one is likely to be the same person.
fn refused_as_a_duplicate(typed: &str) -> Driver {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys(&format!("<ctrl-n>José<tab>Gomez{typed}<ctrl-s>"));
    let mut duplicate = problem(Kind::Conflict, &[]);
    let reasons = json!(["same_name", "same_phone"]);
    let candidates =
        json!([{"patient": jose(), "grade": "certain", "score": 0.99, "reasons": reasons}]);
    duplicate.extra.insert("duplicates".into(), candidates);
    driver.refuse(Lane::Save, duplicate);
    driver
}

fn registered(driver: &Driver) -> Value {
    match driver.call(Lane::Save) {
        Call::Create { body, .. } => body.clone(),
        _ => panic!("something else was sent"),
    }
}

fn row_of(driver: &Driver, words: &str) -> Option<usize> {
    driver.screen().lines().position(|line| line.contains(words))
}

#[test]
fn who_is_here_already_is_said_while_a_new_patient_is_typed() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-n>José<tab>Gomez<tab>");
    assert_eq!(driver.asked(Lane::Likely), 0, "a name alone says too little");
    driver.keys("1989-05-25<tab>");
    let asked = |driver: &Driver| match driver.call(Lane::Likely) {
        Call::Match { body } => body.clone(),
        _ => panic!("something else was asked"),
    };
    let person = json!({"first_name": "José", "last_name": "Gomez", "date_of_birth": "1989-05-25"});
    assert_eq!(asked(&driver), person);
    let first = row_of(&driver, "First name");
    driver.answer(Lane::Likely, Ok(matches(vec![jose(), patient(12, "Jose", "Gomez")])));
    driver.shows("! Probably here: José Gómez, 1989-05-25, P000009K, 1 more");
    assert_eq!(row_of(&driver, "First name"), first, "no field moves");
    // What was asked is not asked again.
    driver.keys("<tab>");
    assert_eq!(driver.asked(Lane::Likely), 1);
    driver.keys("<backtab><backtab><ctrl-u>1970<tab>");
    assert_eq!(driver.asked(Lane::Likely), 2);
    driver.answer(Lane::Likely, Ok(matches(Vec::new())));
    driver.hides("Probably here");
    driver.shows("A first or a last name is enough");
}

#[test]
fn who_may_be_the_same_is_not_asked_about_a_patient_who_is_edited() {
    let mut driver = editing();
    driver.keys("<tab><tab><tab>");
    assert_eq!(driver.asked(Lane::Likely), 0);
}

#[test]
fn a_failure_to_compare_disturbs_nobody() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-n>José<tab>Gomez<tab>1989<tab>");
    driver.answer(Lane::Likely, Err(Failure::Offline("connection refused".to_owned())));
    driver.shows("A first or a last name is enough");
    driver.keys("<ctrl-s>");
    assert_eq!(driver.asked(Lane::Save), 1);
}

#[test]
fn somebody_who_is_somebody_else_is_registered_for_a_reason() {
    let mut driver = refused_as_a_duplicate("");
    driver.shows("José Gómez, 1989-05-25, P000009K (same name, same phone)");
    driver.keys("his cousin<enter>");
    driver.shows("› Register somebody else ‹");
    driver.keys("<enter>");
    let body = registered(&driver);
    assert_eq!(body["duplicates_seen"], json!([9]));
    assert_eq!(body["duplicates_reason"], json!("his cousin"));
    // Another one is asked about too, and both are named then.
    let mut duplicate = problem(Kind::Conflict, &[]);
    let other = json!([{"patient": patient(12, "Jose", "Gomez"), "grade": "probable"}]);
    duplicate.extra.insert("duplicates".into(), other);
    driver.refuse(Lane::Save, duplicate);
    driver.keys("<left><enter>");
    let body = registered(&driver);
    assert_eq!(body["duplicates_seen"], json!([9, 12]));
    assert_eq!(body["duplicates_reason"], json!("his cousin"));
    saved(&mut driver, patient(20, "José", "Gomez"));
    driver.shows("José Gomez");
}

#[test]
fn the_record_that_is_there_already_takes_what_was_typed() {
    let mut driver = refused_as_a_duplicate("<tab><tab><tab><tab><tab>555 000 1111");
    driver.keys("<right><right>");
    driver.shows("› Use it, with what I typed ‹");
    driver.keys("<enter>");
    driver.answer(Lane::Record, Ok(one(jose())));
    // The name differs by an accent only, and stays as it is.
    assert_eq!(value(&driver, "last_name"), "Gómez");
    assert_eq!(value(&driver, "phone_number"), "555 000 1111");
    driver.keys("<ctrl-s>");
    let phone_number = Patch::Value("555 000 1111".to_owned());
    let expected = PatientInput { phone_number, ..PatientInput::default() };
    assert_eq!(sent(&driver), (Some(3), expected));
}

#[test]
fn of_several_who_may_be_the_same_each_can_be_used() {
    let mut driver = refused_as_a_duplicate("<tab><tab><tab><tab><tab>555 000 1111");
    driver.keys("<esc>");
    driver.keys("<ctrl-s>");
    let mut duplicate = problem(Kind::Conflict, &[]);
    let candidate = |patient: Value| json!({"patient": patient, "grade": "probable"});
    let both = [json!(patient(12, "Jose", "Gomez")), json!(jose())].map(candidate);
    duplicate.extra.insert("duplicates".into(), json!(both));
    driver.refuse(Lane::Save, duplicate);
    driver.shows(&format!("Show {}", patient(12, "Jose", "Gomez").mrn));
    driver.keys("<right><right><right><right>");
    driver.shows(&format!("› Use {}, with what I typed ‹", jose().mrn));
    driver.keys("<enter>");
    driver.answer(Lane::Record, Ok(one(jose())));
    assert_eq!(value(&driver, "phone_number"), "555 000 1111");
}

#[test]
fn a_session_that_ends_is_renewed_over_the_form_and_the_save_waits_for_a_word() {
    let mut driver = editing();
    driver.keys("<ctrl-s>");
    driver.answer(Lane::Save, Err(Failure::Expired));
    driver.shows("Log in again");
    driver.keys("a long password<enter>");
    driver.log_in(1, "ana");
    driver.shows("The change was not saved: the session was over.");
    assert_eq!(driver.asked(Lane::Save), 1);
    driver.keys("<right><enter>");
    assert_eq!(driver.asked(Lane::Save), 2);
    assert_eq!(value(&driver, "first_name"), "Joe");
}
