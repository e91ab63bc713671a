//! The picker: what is typed, what is found, and what Enter takes.

use shared::doctor::Doctor;

use super::{
    driver::Driver,
    fixtures::{doctor, jose, listed, one, page, people, records},
    looks::looks,
    pages::{doctors, looking_at_doctor, picking, searched},
};
use crate::{
    api::Failure,
    effect::{Effect, Lane, Timer},
    input::chord::{Chord, Key},
    layers::Layer,
    msg::Msg,
    screens::Screen,
    search::PAUSE,
};

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
    driver.on_timer(Timer::Search);
    assert_eq!(
        (driver.asked(Lane::Pick), searched(&driver, Lane::Pick)),
        (before + 2, Some("joh"))
    );
    assert!(!driver.on_timer(Timer::Search), "nothing more was typed");
}

#[test]
fn only_the_newest_answer_counts_in_the_picker() {
    let mut driver = picking(doctors());
    driver.keys("j");
    let old = driver.ticket(Lane::Pick);
    driver.keys("o");
    driver.on_timer(Timer::Search);
    let before = driver.screen();
    assert!(!driver.send(Msg::Reply(old, Ok(records(vec![doctor(9, "Old", "Answer")])))));
    assert_eq!(driver.screen(), before);
}

#[test]
fn enter_waits_for_the_answer_of_what_is_typed() {
    let mut driver = picking(doctors());
    driver.keys("haddad<enter>");
    assert!(matches!(driver.app.layers(), [Layer::Picker(_)]), "the rows are those of before");
    driver.on_timer(Timer::Search);
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
    driver.on_timer(Timer::Search);
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
    assert!(!driver.on_timer(Timer::Search));
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
}

#[test]
fn an_answer_to_the_picker_takes_no_login_away_that_lies_over_it() {
    let mut driver = Driver::with(vec![jose()], 1, 80, 24);
    driver.keys("<down><enter>");
    driver.answer(Lane::Record, Ok(one(jose())));
    driver.keys("<ctrl-g>haddad<enter>");
    driver.answer(Lane::Related, Err(Failure::Expired));
    driver.keys("<f1>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(2, "Omar", "Haddad")])));
    assert!(matches!(driver.app.layers(), [Layer::Picker(_), Layer::Relogin(_)]));
}

#[test]
fn no_character_in_the_picker_or_in_its_question_writes() {
    for c in ' '..='~' {
        let mut driver = picking(doctors());
        for keys in ["", "<down>"] {
            driver.keys(keys);
            driver.send(Msg::Key(Chord::plain(Key::Char(c))));
            assert!(matches!(driver.app.layers(), [Layer::Picker(_)]), "{c}");
        }
        let mut driver = picking(vec![doctor(1, "Sarah", "Johnson")]);
        driver.keys("<enter><down>");
        driver.send(Msg::Key(Chord::plain(Key::Char(c))));
        driver.shows("Assign this patient?");
        assert_eq!(driver.asked(Lane::Save), 0, "{c}");
    }
}

/// José's page with the picker at this size.
fn picker(width: u16, height: u16) -> Driver {
    let mut driver = Driver::looking_at(jose(), width, height);
    driver.keys("<ctrl-g>");
    driver
}

looks! {
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
    picker_of_patients_narrow: {
        let mut driver = looking_at_doctor();
        driver.send(Msg::Resize { width: 40, height: 12 });
        driver.keys("<ctrl-g>");
        driver.answer(Lane::Pick, Ok(listed(page(people(), 900))));
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
        driver.on_timer(Timer::Search);
        driver.answer(Lane::Pick, Ok(records(Vec::<Doctor>::new())));
        driver
    };
    picker_failed: {
        let mut driver = picker(80, 24);
        driver.answer(Lane::Pick, Err(Failure::Offline("connection refused".to_owned())));
        driver
    };
}
