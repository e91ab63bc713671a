//! A text that has found somebody is replaced by the next one.

use super::{
    driver::Driver,
    fixtures::{jose, lookup, people, visits},
};
use crate::{
    api::Call,
    effect::{Lane, Timer},
    screens::Screen,
};

/// At the day's screen.
fn at_home() -> Driver {
    let mut driver = Driver::at_login(80, 24);
    driver.keys("ana<tab>a long password<enter>");
    driver.log_in(1, "ana");
    driver.answer(Lane::Find, Ok(lookup(Vec::new(), "")));
    driver.answer(Lane::List, Ok(visits(Vec::new())));
    driver
}

/// At the day's screen, where “gomez” has found José, of whom it was nearly said that he has arrived.
fn after_a_find() -> Driver {
    let mut driver = at_home();
    driver.keys("gomez<ctrl-a>");
    driver.on_timer(Timer::Search);
    driver.answer(Lane::Find, Ok(lookup(vec![jose()], "gomez")));
    driver.shows("The patient has arrived");
    driver.keys("<esc>");
    driver
}

fn asked(driver: &Driver) -> &str {
    match driver.call(Lane::Find) {
        Call::Lookup { text } => text,
        _ => panic!("nothing was looked up"),
    }
}

#[test]
fn keys_that_neither_type_nor_move_leave_a_found_text_to_be_replaced() {
    for keys in ["", "<f2>", "<f12><esc>", "<f1><esc>", "<insert>"] {
        let mut driver = after_a_find();
        driver.keys(keys);
        driver.keys("r");
        driver.on_timer(Timer::Search);
        assert_eq!(asked(&driver), "r", "after {keys}");
    }
}

#[test]
fn a_text_is_replaced_after_one_of_several_was_opened_from_the_rows() {
    let mut driver = at_home();
    driver.keys("gomez<enter>");
    driver.on_timer(Timer::Search);
    driver.answer(Lane::Find, Ok(lookup(people(), "gomez")));
    driver.keys("<down><enter>");
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
    driver.keys("<f2>r");
    driver.on_timer(Timer::Search);
    assert_eq!(asked(&driver), "r");
}

#[test]
fn a_key_that_moves_goes_on_with_a_found_text() {
    for keys in ["<left><right>", "<home><end>"] {
        let mut driver = after_a_find();
        driver.keys(keys);
        driver.keys("r");
        driver.on_timer(Timer::Search);
        assert_eq!(asked(&driver), "gomezr", "after {keys}");
    }
}
