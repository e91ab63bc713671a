//! A second person of one name is registered just after the first was seen; and what begins a form by
//! accident.

use super::{
    driver::Driver,
    fixtures::{jose, listed, lookup, one, page, people, visits},
};
use crate::{
    effect::{Lane, Timer},
    screens::Screen,
};

/// At the day's screen, where this text has found José.
fn found(typed: &str) -> Driver {
    let mut driver = Driver::at_login(80, 24);
    driver.keys("ana<tab>a long password<enter>");
    driver.log_in(1, "ana");
    driver.answer(Lane::Find, Ok(lookup(Vec::new(), "")));
    driver.answer(Lane::List, Ok(visits(Vec::new())));
    driver.keys(typed);
    driver.on_timer(Timer::Search);
    driver.answer(Lane::Find, Ok(lookup(vec![jose()], typed)));
    driver
}

/// The names and the date of birth with which the form begins.
fn begun(driver: &Driver) -> [String; 3] {
    let Screen::Form(state) = driver.app.screen() else { panic!("it is not the form") };
    ["first_name", "last_name", "date_of_birth"].map(|name| state.form.value(name).to_owned())
}

const NOTHING: [&str; 3] = ["", "", ""];

#[test]
fn a_name_that_found_somebody_is_carried_into_the_form() {
    for (typed, expected) in [
        ("jose gomez 1990", ["Jose", "Gomez", "1990"]),
        ("gomez", ["", "Gomez", ""]),
        ("555 123", NOTHING),
        ("P000009K", NOTHING),
        ("gomez 555 123", NOTHING),
    ] {
        let mut driver = found(typed);
        driver.keys("<ctrl-n>");
        assert_eq!(begun(&driver), expected, "{typed}");
    }
}

#[test]
fn looking_at_the_matches_does_not_use_the_name_up() {
    let mut driver = found("jose gomez");
    driver.keys("<down><ctrl-n>");
    assert_eq!(begun(&driver), ["Jose", "Gomez", ""]);
}

#[test]
fn the_name_of_a_match_that_was_opened_does_not_begin_the_next_form() {
    for keys in ["<enter><esc>", "<ctrl-a><esc>"] {
        let mut driver = found("jose gomez");
        driver.keys(keys);
        driver.keys("<ctrl-n>");
        assert_eq!(begun(&driver), NOTHING, "{keys}");
        driver.keys("<esc><ctrl-p>from search<enter>");
        assert_eq!(begun(&driver), ["Jose", "Gomez", ""], "{keys}");
    }
}

#[test]
fn another_letter_makes_it_a_new_name() {
    let mut driver = found("jose gomez");
    driver.keys("<enter><esc>ruiz");
    driver.on_timer(Timer::Search);
    driver.answer(Lane::Find, Ok(lookup(vec![jose()], "ruiz")));
    driver.keys("<ctrl-n>");
    assert_eq!(begun(&driver), ["", "Ruiz", ""]);
}

#[test]
fn a_list_carries_the_name_until_a_match_was_opened() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("jose gomez");
    driver.on_timer(Timer::Search);
    driver.answer(Lane::List, Ok(listed(page(vec![jose(), people().remove(1)], 2))));
    let mut opened = driver.clone();
    driver.keys("<enter><ctrl-n>");
    assert_eq!(begun(&driver), ["Jose", "Gomez", ""]);
    opened.keys("<enter><enter>");
    opened.answer(Lane::Record, Ok(one(jose())));
    opened.keys("<esc><ctrl-n>");
    assert_eq!(begun(&opened), NOTHING);
}

#[test]
fn the_copied_values_of_a_relative_are_no_new_record() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-p>relative<enter><ctrl-s>");
    assert_eq!(driver.asked(Lane::Save), 0);
    driver.shows("Nothing to save yet: all values are copied. Type the name first.");
    assert_eq!(begun(&driver)[1], "Gómez");
    driver.keys("<ctrl-s>");
    assert_eq!(driver.asked(Lane::Save), 0);
    driver.keys("Ana<ctrl-s>");
    assert_eq!(driver.asked(Lane::Save), 1);
}
