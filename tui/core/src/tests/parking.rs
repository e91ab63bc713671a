//! Forms that are put aside for other work, and gone on with.

use proptest::prelude::*;
use serde_json::json;
use shared::{Kind, Patch, patient::PatientInput};

use super::{
    driver::Driver,
    fixtures::{input, jose, listed, one, page, patient, people, problem, stale},
    looks::look,
};
use crate::{
    api::{Call, Failure},
    effect::{Effect, Lane, Timer},
    layers::Layer,
    live::Live,
    msg::Msg,
    resource::RecordKind,
    screens::Screen,
    session::SessionHandle,
};

/// The form that is shown, by its field of this name.
fn value(driver: &Driver, name: &str) -> String {
    match driver.app.screen() {
        Screen::Form(state) => state.form.value(name).to_owned(),
        _ => panic!("it is not the form"),
    }
}

fn is_form(driver: &Driver) -> bool {
    matches!(driver.app.screen(), Screen::Form(_))
}

fn change(driver: &Driver) -> (i64, i64, PatientInput) {
    match driver.call(Lane::Save) {
        Call::Change { id, version, body, .. } => (*id, *version, input(body)),
        _ => panic!("something else was sent"),
    }
}

/// José's form with a changed name, parked.
fn parked() -> Driver {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><ctrl-u>Joe<tab>x<f10>");
    driver
}

/// From the page of a patient to the page of another, who was searched for.
fn open_ana(driver: &mut Driver) {
    driver.keys("<esc>");
    driver.keys("ana");
    driver.on_timer(Timer::Search);
    let ana = patient(10, "Ana", "Ruiz");
    driver.answer(Lane::List, Ok(listed(page(vec![ana.clone()], 1))));
    driver.keys("<enter>");
    driver.answer(Lane::Record, Ok(one(ana)));
    driver.shows("Ana Ruiz");
}

#[test]
fn a_parked_form_is_named_on_every_screen() {
    let mut driver = parked();
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
    driver.shows("1 parked: Edit patient José Gómez  ana\n");
    driver.shows("F10 resume");
    insta::assert_snapshot!("parked_form", look(&driver));
    driver.keys("<esc>");
    driver.shows("1 parked: Edit patient José Gómez");
    open_ana(&mut driver);
    driver.shows("1 parked: Edit patient José Gómez");
    driver.keys("<f4>");
    driver.shows("Doctors");
    driver.shows("1 parked: Edit patient José Gómez");
    driver.send(Msg::Resize { width: 40, height: 12 });
    driver.shows("1 parked");
    insta::assert_snapshot!("parked_form_narrow", look(&driver));
}

#[test]
fn a_wide_terminal_names_the_parked_forms_in_full() {
    let mut driver = Driver::looking_at(jose(), 132, 43);
    driver.keys("<ctrl-e>x<f10><esc><ctrl-n>Peter<f10>");
    driver.shows("2 parked: Edit patient José Gómez; New patient Peter");
    insta::assert_snapshot!("parked_forms_wide", look(&driver));
}

#[test]
fn a_form_that_goes_on_is_left_with_a_question() {
    let mut driver = parked();
    open_ana(&mut driver);
    driver.keys("<f10><esc>");
    driver.shows("Leave the form?");
    driver.keys("<enter>");
    assert_eq!(value(&driver, "first_name"), "Joe");
}

#[test]
fn a_parked_form_goes_on_exactly_where_it_was() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><ctrl-u>Joe<tab><left><left>x<tab><tab><tab>a");
    let before = driver.screen();
    driver.keys("<f10>");
    open_ana(&mut driver);
    driver.keys("<f10>");
    assert_eq!(driver.screen(), before);
    driver.keys("<bs><backtab><backtab><backtab><backtab>z<ctrl-z><ctrl-z>");
    assert_eq!(value(&driver, "first_name"), "", "undo goes on too");
    driver.keys("<ctrl-y><ctrl-s>");
    let (id, version, sent) = change(&driver);
    assert_eq!((id, version), (9, 3));
    assert_eq!(sent.first_name, Patch::Value("Joe".to_owned()));
    assert_eq!(sent.last_name, Patch::Value("Gómxez".to_owned()));
}

#[test]
fn under_a_form_that_goes_on_lies_the_page_of_its_own_record() {
    let mut driver = parked();
    open_ana(&mut driver);
    driver.keys("<f10><ctrl-s>");
    driver.answer(Lane::Record, Ok(one(jose())));
    let mut joe = patient(9, "Joe", "Gómezx");
    joe.version = 4;
    driver.answer(Lane::Save, Ok(one(joe)));
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
    driver.shows("Joe Gómezx");
    driver.hides("parked");
    driver.hides("Ana Ruiz");
}

#[test]
fn one_of_several_parked_forms_is_chosen() {
    let mut driver = parked();
    driver.keys("<esc><ctrl-n>Peter<tab>Pan<f10>");
    driver.shows("2 parked: Edit patient José G");
    driver.keys("<f10>");
    driver.shows("José Gómez, born 1989-05-25, P000009K");
    insta::assert_snapshot!("parked_forms", look(&driver));
    driver.keys("<down><enter>");
    assert_eq!(value(&driver, "first_name"), "Joe");
    driver.shows("1 parked: New patient Peter Pan");
    driver.keys("<f10><f10><esc>");
    assert!(!is_form(&driver), "Esc chooses nothing");
    driver.shows("2 parked");
    driver.keys("<f10><down><enter>");
    assert_eq!(value(&driver, "first_name"), "Peter");
}

#[test]
fn editing_a_record_whose_form_is_parked_goes_on_with_that_form() {
    let mut driver = parked();
    driver.keys("<ctrl-e>");
    assert_eq!(value(&driver, "first_name"), "Joe");
    driver.hides("1 parked");
    driver.shows("The parked form is open again.");
}

#[test]
fn leaving_counts_parked_forms_and_keeps_them_by_default() {
    for keys in ["<ctrl-q>", "<ctrl-c>", "<ctrl-p>log out<enter>"] {
        let mut driver = parked();
        driver.keys(keys);
        driver.shows("Not saved yet: Edit patient José Gómez.");
        driver.keys("<enter>");
        assert!(driver.app.has_unsaved(), "{keys}");
        driver.keys(keys);
        driver.keys("<esc>");
        assert!(driver.app.has_unsaved(), "{keys}");
        driver.keys(keys);
        driver.keys("<right><enter>");
        let is_quit = driver.last.iter().any(|effect| matches!(effect, Effect::Quit));
        assert!(is_quit || !driver.app.has_unsaved(), "{keys}");
    }
}

#[test]
fn sections_leave_parked_forms_alone() {
    let mut driver = parked();
    driver.keys("<f4>");
    assert!(driver.app.layers().is_empty());
    driver.shows("1 parked");
}

#[test]
fn a_section_that_is_opened_over_a_form_offers_to_park_it() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e>x<f4>");
    driver.shows("[ Park ]");
    driver.keys("<right><right><enter>");
    driver.shows("Doctors");
    driver.shows("1 parked: Edit patient José Gómez");
    assert!(driver.app.has_unsaved());
}

#[test]
fn discarding_names_every_form_that_is_lost() {
    let mut driver = parked();
    driver.keys("<esc><ctrl-n>Peter<ctrl-q>");
    driver.shows("Not saved either, and discarded too: Edit patient José");
}

#[test]
fn saving_one_form_on_the_way_out_asks_about_the_other() {
    let mut driver = parked();
    driver.keys("<esc><ctrl-n>Peter<ctrl-q><left><enter>");
    driver.answer(Lane::Save, Ok(one(patient(100, "Peter", ""))));
    assert!(!driver.last.iter().any(|effect| matches!(effect, Effect::Quit)));
    driver.shows("Not saved yet: Edit patient José Gómez.");
}

#[test]
fn the_answer_to_a_save_finds_the_parked_form() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><ctrl-u>Joe<ctrl-s><f10>");
    open_ana(&mut driver);
    let mut joe = patient(9, "Joe", "Gómez");
    joe.version = 4;
    driver.answer(Lane::Save, Ok(one(joe)));
    driver.shows("Saved: Joe Gómez");
    driver.shows("Ana Ruiz");
    driver.hides("1 parked");
    assert!(!driver.app.has_unsaved());
}

#[test]
fn a_new_record_that_is_saved_while_it_is_parked_opens_no_page_over_another() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-n>Peter<ctrl-s><f10>");
    driver.answer(Lane::Save, Ok(one(patient(100, "Peter", "Pan"))));
    driver.shows("Registered: Peter Pan");
    assert!(matches!(driver.app.screen(), Screen::List(_)));
    driver.hides("1 parked");
}

#[test]
fn a_save_on_the_way_out_does_not_leave_once_the_form_is_parked() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e>x<ctrl-q><left><enter><f10>");
    driver.answer(Lane::Save, Ok(one(patient(9, "Joséx", "Gómez"))));
    assert!(!driver.last.iter().any(|effect| matches!(effect, Effect::Quit)));
}

#[test]
fn what_is_refused_waits_at_the_parked_form() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><ctrl-u>Joe<ctrl-s><f10>");
    open_ana(&mut driver);
    driver.refuse(Lane::Save, problem(Kind::Validation, &[("email", "is taken")]));
    driver.shows("! Edit patient José Gómez: Not saved. Correct the marked field");
    driver.keys("<esc><f10>");
    driver.shows("! is taken");
}

#[test]
fn a_conflict_is_shown_once_the_parked_form_is() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><ctrl-u>Joe<ctrl-s><f10>");
    open_ana(&mut driver);
    let mut theirs = jose();
    theirs.version = 4;
    theirs.fields.city = Some("Boston".to_owned());
    driver.refuse(Lane::Save, stale(&theirs));
    assert!(driver.app.layers().is_empty(), "not over another patient");
    driver.keys("<f10>");
    driver.shows("Enter saves the merged record.");
    driver.keys("<enter>");
    let (id, version, sent) = change(&driver);
    assert_eq!((id, version, sent.first_name), (9, 4, Patch::Value("Joe".to_owned())));
}

#[test]
fn a_lost_answer_is_asked_about_at_the_parked_form_under_the_same_key() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-n>Peter<ctrl-s><f10>");
    driver.answer(Lane::Save, Err(Failure::Unknown("timed out".to_owned())));
    driver.shows("! New patient Peter: The server did not answer: timed out.");
    assert!(driver.app.layers().is_empty());
    driver.keys("<esc><f10>");
    driver.shows("Was it saved?");
    driver.keys("<left><enter>");
    let keys = driver.calls.iter().filter_map(|(_, call)| match call {
        Call::Create { key, body, .. } => Some((key.clone(), body.clone())),
        _ => None,
    });
    let keys: Vec<_> = keys.collect();
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0], keys[1]);
    assert_eq!(keys[0].1, json!({"first_name": "Peter"}));
}

#[test]
fn a_change_of_another_desk_is_told_once_the_parked_form_is_shown() {
    let mut driver = parked();
    open_ana(&mut driver);
    let kind = RecordKind::Patient;
    let change = Live::Record { kind, id: 9, version: 4, is_new: false };
    driver.send(Msg::Live(vec![change]));
    driver.hides("Somebody else has changed this record.");
    driver.keys("<f10>");
    driver.shows("Somebody else has changed this record.");
    assert_eq!(value(&driver, "first_name"), "Joe");
}

#[test]
fn the_same_user_finds_parked_forms_after_a_second_login() {
    let mut driver = parked();
    driver.keys("<ctrl-r>");
    driver.answer(Lane::Record, Err(Failure::Expired));
    driver.keys("a long password<enter>");
    driver.log_in(1, "ana");
    driver.answer(Lane::Record, Ok(one(jose())));
    driver.shows("1 parked");
    driver.keys("<f10>");
    assert_eq!(value(&driver, "first_name"), "Joe");
    driver.keys("<ctrl-s>");
    assert_eq!(driver.sessions.last().unwrap(), &Some(SessionHandle::new(2)));
}

#[test]
fn a_save_that_the_end_of_the_session_stopped_is_asked_about_at_its_form() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><ctrl-u>Joe<ctrl-s><f10>");
    driver.answer(Lane::Save, Err(Failure::Expired));
    driver.keys("a long password<enter>");
    driver.log_in(1, "ana");
    assert!(driver.app.layers().is_empty());
    driver.keys("<f10>");
    driver.shows("The change was not saved: the session was over.");
    driver.keys("<right><enter>");
    assert_eq!(driver.asked(Lane::Save), 2);
    assert_eq!(driver.sessions.last().unwrap(), &Some(SessionHandle::new(2)));
}

#[test]
fn another_user_is_asked_before_parked_forms_are_dropped() {
    let mut driver = parked();
    driver.keys("<ctrl-r>");
    driver.answer(Lane::Record, Err(Failure::Expired));
    driver.keys("<backtab><ctrl-u>bob<tab>a long password<enter>");
    driver.log_in(2, "bob");
    driver.shows("ana has unsaved work.");
    driver.keys("<tab><enter>");
    driver.hides("parked");
    driver.shows("was dropped");
    assert!(!driver.app.has_unsaved());
    driver.keys("<f10>");
    assert!(!is_form(&driver));
}

#[test]
fn where_nothing_can_be_parked_the_key_does_nothing() {
    let mut driver = Driver::at_login(80, 24);
    driver.keys("ana<f10>");
    driver.shows("Log in to");
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.hides("F10");
    driver.keys("<f10>");
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
    driver.keys("<ctrl-e>xyz<esc><f10>");
    driver.shows("Leave the form?");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

    /// Whatever is opened, parked and gone on with: each typed word is in one form, and in one only.
    #[test]
    fn a_parked_word_is_never_lost_and_never_doubled(
        keys in prop::collection::vec(prop::sample::select(vec![
            "<f10>", "<f10>", "<f10>", "<esc>", "<esc>", "<down>", "<up>", "<f3>", "<f4>", "<ctrl-e>",
            "<ctrl-n>Peter", "<ctrl-r>", "<f1>", "<tab>",
        ]), 1..60),
        choose in prop::collection::vec(any::<bool>(), 60),
    ) {
        let mut driver = Driver::looking_at(jose(), 80, 24);
        driver.keys("<ctrl-e><ctrl-u>Qxyzq");
        for (key, accepts) in keys.into_iter().zip(choose) {
            driver.keys(key);
            if accepts && matches!(driver.app.layers(), [Layer::Choose(_)]) {
                driver.keys("<enter>");
            }
            prop_assert!(driver.app.has_unsaved());
            prop_assert_eq!(driver.app.typed("Qxyzq"), 1);
        }
    }
}
