//! Values from the history that are put back, and the last save that is taken back.

use serde_json::json;
use shared::{Kind, PartialDate, Patch, history::Change, patient::PatientInput};

use super::{
    driver::Driver,
    fixtures::{history, input, jose, one, patient, problem, stale},
    looks::look,
};
use crate::{
    api::{Call, Failure, Reply},
    effect::Lane,
    input::action::Action,
    layers::Layer,
    live::Live,
    msg::Msg,
    resource::RecordKind,
    screens::Screen,
    session::SessionHandle,
};

fn change(driver: &Driver) -> (i64, i64, PatientInput) {
    match driver.call(Lane::Save) {
        Call::Change { id, version, body, .. } => (*id, *version, input(body)),
        _ => panic!("something else was sent"),
    }
}

fn value(driver: &Driver, name: &str) -> String {
    match driver.app.screen() {
        Screen::Form(state) => state.form.value(name).to_owned(),
        _ => panic!("it is not the form"),
    }
}

/// José's page with these changes as the newest entry of the history.
fn changed(changes: Vec<Change>) -> Driver {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-r>");
    driver.answer(Lane::Record, Ok(one(jose())));
    let mut page = history();
    page.results[0].changes = changes;
    driver.answer(Lane::History, Ok(Reply::History(Box::new(page))));
    driver
}

fn was(field: &str, old: serde_json::Value) -> Change {
    Change { field: field.into(), old, new: json!(null) }
}

#[test]
fn an_entry_of_the_history_is_put_back_as_a_change_to_be_saved() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-p>put back<enter>");
    driver.shows("2026-11-19 11:22  ana  changed");
    driver.shows("City: Boston → Chicopee");
    driver.hides("registered");
    insta::assert_snapshot!("put_back", look(&driver));
    driver.keys("<enter>");
    assert_eq!(value(&driver, "city"), "Boston");
    assert!(driver.app.has_unsaved());
    assert_eq!(driver.asked(Lane::Save), 0, "nothing is saved by itself");
    driver.keys("<ctrl-s>");
    let city = Patch::Value("Boston".to_owned());
    assert_eq!(change(&driver), (9, 3, PatientInput { city, ..PatientInput::default() }));
}

#[test]
fn values_of_every_kind_are_put_back() {
    let ids = json!([{"system": "ssn", "value": "999"}, {"system": "passport", "value": "X1"}]);
    let mut driver = changed(vec![
        was("identifiers", ids),
        was("gender", json!("F")),
        was("allergies", json!(null)),
        was("date_of_birth", json!("1989-05")),
        was("medical_history", json!("Two\nlines")),
        was("mrn", json!("P000001B")),
    ]);
    driver.keys("<ctrl-p>put back<enter><enter>");
    for (name, expected) in [
        ("identifiers", "ssn: 999\npassport: X1"),
        ("gender", "F"),
        ("allergies", ""),
        ("date_of_birth", "1989-05"),
        ("medical_history", "Two\nlines"),
    ] {
        assert_eq!(value(&driver, name), expected);
    }
    driver.keys("<ctrl-s>");
    let (_, _, sent) = change(&driver);
    assert_eq!(sent.date_of_birth, Patch::Value(PartialDate::Month(1989, 5)));
    assert_eq!(sent.allergies, Patch::Null);
}

#[test]
fn an_estimated_birth_comes_back_as_an_estimate() {
    let mut driver = changed(vec![
        was("date_of_birth", json!("1996")),
        was("date_of_birth_estimated", json!(true)),
    ]);
    driver.keys("<ctrl-p>put back<enter><enter>");
    assert_eq!(value(&driver, "date_of_birth"), "~1996");
}

#[test]
fn one_value_of_an_entry_is_left_out_by_undo_in_its_field() {
    let mut driver = changed(vec![was("city", json!("Boston")), was("state", json!("NY"))]);
    driver.keys("<ctrl-p>put back<enter><enter>");
    while !driver.screen().contains("›City") {
        driver.keys("<tab>");
    }
    driver.keys("<ctrl-z><ctrl-s>");
    let (_, _, sent) = change(&driver);
    assert_eq!((sent.city, sent.state), (Patch::Absent, Patch::Value("NY".to_owned())));
}

#[test]
fn leaving_what_was_put_back_asks_and_keeps_it() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-p>put back<enter><enter><esc>");
    driver.shows("Leave the form?");
    driver.keys("<esc>");
    assert_eq!(value(&driver, "city"), "Boston");
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-p>put back<enter><esc>");
    assert!(driver.app.layers().is_empty());
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
}

#[test]
fn nothing_is_put_back_into_a_form_that_is_parked() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e>x<f10><ctrl-p>put back<enter><enter>");
    driver.shows("Nothing was put back: the form of this record is parked.");
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
    driver.shows("1 parked");
}

#[test]
fn the_entries_to_put_back_fit_a_small_terminal() {
    let mut driver = Driver::looking_at(jose(), 40, 12);
    driver.keys("<ctrl-p>put back<enter>");
    insta::assert_snapshot!("put_back_narrow", look(&driver));
}

#[test]
fn nothing_is_put_back_where_that_makes_no_sense() {
    let mut reader = jose();
    reader.permissions = Some(vec![shared::patient::PatientPermission::History]);
    let mut archived = jose();
    archived.archived_at = Some("2026-11-18T10:00:00Z".parse().unwrap());
    for patient in [reader, archived] {
        let mut driver = Driver::looking_at(patient, 80, 24);
        driver.keys("<ctrl-p>put back");
        driver.hides("Put values from the history");
    }
}

#[test]
fn earlier_entries_are_read_on_request() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-r>");
    driver.answer(Lane::Record, Ok(one(jose())));
    let mut page = history();
    page.next = Some("http://x/api/patients/9/history?cursor=n".to_owned());
    driver.answer(Lane::History, Ok(Reply::History(Box::new(page))));
    driver.keys("<ctrl-p>put back<enter><end><enter>");
    let Call::History { address: Some(_), .. } = driver.call(Lane::History) else { panic!() };
    driver.shows("Choose again");
}

/// José, whose first name and city were just changed.
fn saved() -> Driver {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><ctrl-u>Joe<ctrl-s>");
    driver.answer(Lane::Save, Ok(one(joe(4))));
    driver.shows("Saved: Joe Gómez");
    driver
}

fn joe(version: i64) -> shared::patient::Patient {
    let mut joe = patient(9, "Joe", "Gómez");
    joe.version = version;
    joe
}

const UNDO: &str = "<ctrl-p>undo save<enter><right><enter>";

#[test]
fn the_last_save_is_taken_back_over_the_version_that_it_made() {
    let mut driver = saved();
    driver.keys(UNDO);
    let first_name = Patch::Value("José".to_owned());
    assert_eq!(change(&driver), (9, 4, PatientInput { first_name, ..PatientInput::default() }));
    let mut back = jose();
    back.version = 5;
    driver.answer(Lane::Save, Ok(one(back)));
    driver.shows("Undone: the last save of Joe Gómez.");
    driver.shows("Gómez, José");
    driver.keys(UNDO);
    assert_eq!(driver.asked(Lane::Save), 2, "once");
}

#[test]
fn a_record_that_was_changed_since_is_left_alone() {
    let mut driver = saved();
    driver.keys(UNDO);
    let mut theirs = joe(5);
    theirs.full_name = "Josef Gómez".to_owned();
    driver.refuse(Lane::Save, stale(&theirs));
    driver.shows("Nothing was undone: Joe Gómez was changed after the last save.");
    driver.shows("Josef Gómez");
    driver.keys(UNDO);
    assert_eq!(driver.asked(Lane::Save), 2);
    // Nor is it offered once another version was read.
    let mut driver = saved();
    driver.keys("<ctrl-r>");
    driver.answer(Lane::Record, Ok(one(joe(5))));
    driver.keys("<ctrl-p>undo save");
    driver.hides("Take the last save back");
}

#[test]
fn a_change_of_another_desk_ends_the_offer() {
    for (version, is_offered) in [(4, true), (5, false)] {
        let mut driver = saved();
        let kind = RecordKind::Patient;
        driver.send(Msg::Live(vec![Live::Record { kind, id: 9, version, is_new: false }]));
        assert_eq!(driver.app.is_available(Action::UndoSave), is_offered);
    }
}

#[test]
fn it_is_offered_only_after_a_change_and_for_the_last_one() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys(UNDO);
    assert_eq!(driver.asked(Lane::Save), 0);
    let mut driver = saved();
    driver.keys("<ctrl-e><tab><ctrl-u>Gomes<ctrl-s>");
    let mut again = joe(5);
    again.fields.last_name = Some("Gomes".to_owned());
    driver.answer(Lane::Save, Ok(one(again)));
    driver.keys(UNDO);
    let (_, version, sent) = change(&driver);
    assert_eq!(version, 5);
    assert_eq!(sent.first_name, Patch::Absent);
    assert_eq!(sent.last_name, Patch::Value("Gómez".to_owned()));
}

#[test]
fn every_way_in_which_it_can_fail_is_said() {
    for (failure, said) in [
        (Failure::Offline("refused".to_owned()), "was not undone."),
        (Failure::Unknown("timed out".to_owned()), "may or may not have been undone"),
        (
            Failure::Problem(Box::new(problem(Kind::Validation, &[("first_name", "is bad")]))),
            "was not undone: is bad.",
        ),
    ] {
        let mut driver = saved();
        driver.keys(UNDO);
        driver.answer(Lane::Save, Err(failure));
        let screen = driver.screen().replace('\n', " ");
        let words: Vec<_> = screen.split_whitespace().collect();
        assert!(words.join(" ").contains(said), "{said}: {screen}");
    }
}

#[test]
fn the_end_of_the_session_sends_nothing_by_itself_and_another_user_undoes_nothing() {
    let mut driver = saved();
    driver.keys(UNDO);
    driver.answer(Lane::Save, Err(Failure::Expired));
    driver.keys("a long password<enter>");
    driver.log_in(1, "ana");
    driver.shows("The last save was not undone: the session had ended.");
    assert_eq!(driver.asked(Lane::Save), 2);
    driver.keys("<esc>");
    driver.keys(UNDO);
    assert_eq!(driver.asked(Lane::Save), 3);
    assert_eq!(driver.sessions.last().unwrap(), &Some(SessionHandle::new(2)));

    let mut driver = saved();
    driver.keys("<ctrl-p>log out<enter>bob<tab>a long password<enter>");
    driver.log_in(2, "bob");
    driver.keys(UNDO);
    assert_eq!(driver.asked(Lane::Save), 1);
}

#[test]
fn a_save_that_the_rules_do_not_let_back_says_why() {
    let mut estimated = jose();
    estimated.fields.date_of_birth = Some(PartialDate::Year(1996));
    estimated.date_of_birth_estimated = true;
    let mut driver = Driver::looking_at(estimated, 80, 24);
    driver.keys("<ctrl-e><tab><tab>");
    assert_eq!(value(&driver, "date_of_birth"), "~1996");
    driver.keys("<ctrl-u>25.5.1989<ctrl-s>");
    driver.answer(Lane::Save, Ok(one(joe(4))));
    driver.keys(UNDO);
    assert_eq!(driver.asked(Lane::Save), 1);
    driver.shows("can't be undone: must agree with");
}

#[test]
fn undo_of_a_save_waits_for_layers_to_be_left() {
    let mut driver = saved();
    driver.keys("<ctrl-x>");
    assert!(matches!(driver.app.layers(), [Layer::Question(_)]));
    assert!(!driver.app.is_available(Action::UndoSave));
}

#[test]
fn undo_asks_first_and_names_the_record() {
    let mut driver = saved();
    driver.keys("<ctrl-p>undo save<enter>");
    driver.shows("Undo the last save of Joe Gómez?");
    driver.shows("Its values become those from before the save.");
    assert_eq!(driver.asked(Lane::Save), 1);
    driver.keys("<enter>");
    assert_eq!(driver.asked(Lane::Save), 1, "keeping it is the default");
    driver.keys(UNDO);
    assert_eq!(driver.asked(Lane::Save), 2);
}
