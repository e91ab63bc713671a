//! Live changes: what is shown follows them, and nothing that somebody does is disturbed.

use super::{
    driver::Driver,
    fixtures::{jose, listed, one, page, patient, people},
};
use crate::{
    api::Call,
    effect::{Effect, Lane, Timer},
    live::Live,
    msg::Msg,
    resource::RecordKind,
    screens::Screen,
};

fn changed(id: i64, version: i64) -> Live {
    Live::Record { kind: RecordKind::Patient, id, version, is_new: false }
}

fn created(id: i64) -> Live {
    Live::Record { kind: RecordKind::Patient, id, version: 1, is_new: true }
}

fn tell(driver: &mut Driver, change: Live) -> bool {
    driver.send(Msg::Live(vec![change]))
}

#[test]
fn a_session_listens_from_its_beginning() {
    let mut driver = Driver::at_login(80, 24);
    driver.keys("ana<tab>a long password<enter>");
    driver.log_in(1, "ana");
    assert!(driver.last.iter().any(|effect| matches!(effect, Effect::Listen(_))));
}

#[test]
fn a_list_follows_without_moving_off_the_selected_person() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<down><down>");
    let before = driver.asked(Lane::List);
    assert!(!tell(&mut driver, created(77)), "nothing is drawn before the answer");
    assert_eq!(driver.asked(Lane::List), before + 1);
    let mut more = people();
    more.insert(0, patient(77, "Aaron", "Abel"));
    driver.answer(Lane::List, Ok(listed(page(more, 6))));
    let Screen::List(state) = driver.app.screen() else { panic!() };
    assert_eq!(state.row().unwrap().id(), 10);
}

#[test]
fn many_changes_a_second_lead_to_one_refresh_a_second() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    let before = driver.asked(Lane::List);
    for version in 4..34 {
        tell(&mut driver, changed(9, version));
    }
    assert_eq!(driver.asked(Lane::List), before + 1);
    driver.on_timer(Timer::Live);
    assert_eq!(driver.asked(Lane::List), before + 2);
    driver.on_timer(Timer::Live);
    assert_eq!(driver.asked(Lane::List), before + 2, "nothing has changed since");
}

#[test]
fn changes_of_others_than_those_on_the_screen_ask_for_nothing() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    let before = driver.calls.len();
    tell(&mut driver, changed(500, 2));
    let doctor = Live::Record { kind: RecordKind::Doctor, id: 9, version: 9, is_new: true };
    tell(&mut driver, doctor);
    // This version is on the screen already: it was saved here.
    tell(&mut driver, changed(9, 3));
    assert_eq!(driver.calls.len(), before);
}

#[test]
fn a_text_that_is_being_searched_is_not_disturbed() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("g");
    let before = driver.asked(Lane::List);
    tell(&mut driver, changed(9, 4));
    assert_eq!(driver.asked(Lane::List), before);
}

#[test]
fn an_open_record_is_read_again() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    let before = driver.asked(Lane::Record);
    tell(&mut driver, changed(9, 4));
    assert_eq!(driver.asked(Lane::Record), before + 1);
    let mut theirs = patient(9, "Josef", "Gómez");
    theirs.version = 4;
    driver.answer(Lane::Record, Ok(one(theirs)));
    driver.shows("Josef");
}

#[test]
fn a_form_keeps_what_is_typed_and_says_that_somebody_was_faster() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e>xyz");
    assert!(tell(&mut driver, changed(9, 4)));
    driver.shows("Somebody else has changed this record.");
    driver.shows("Joséxyz");
    driver.keys("<ctrl-s>");
    let Call::Change { version, .. } = driver.call(Lane::Save) else { panic!() };
    assert_eq!(*version, 3, "the server decides by the version that was read");
}

#[test]
fn the_save_that_is_under_way_is_no_change_of_somebody_else() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e>xyz<ctrl-s>");
    tell(&mut driver, changed(9, 4));
    driver.hides("Somebody has just changed");
}

#[test]
fn a_list_that_was_covered_follows_when_it_is_shown_again() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    let before = driver.asked(Lane::List);
    tell(&mut driver, created(77));
    assert_eq!(driver.asked(Lane::List), before);
    driver.on_timer(Timer::Live);
    driver.keys("<esc>");
    assert_eq!(driver.asked(Lane::List), before + 1);
}

#[test]
fn whatever_may_have_been_missed_is_asked_for_again() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    let before = driver.asked(Lane::List);
    tell(&mut driver, Live::Missed);
    assert_eq!(driver.asked(Lane::List), before + 1);
}
