//! The field in which a search is typed: the same on a list, in a picker and over the palette.

use super::{
    driver::Driver,
    fixtures::{jose, listed, page, people, records},
    pages::{doctors, picking, searched},
};
use crate::effect::{Lane, Timer};

/// Longer than every field.
const LONG: &str =
    "a specialisation with a name that is far longer than the field in which it is typed";

#[test]
fn of_a_long_text_the_end_is_seen_where_it_is_typed() {
    let mut palette = Driver::looking_at(jose(), 80, 24);
    palette.keys("<f1>");
    for mut driver in [picking(doctors()), palette] {
        driver.keys(LONG);
        driver.shows("than the field in which it is typed");
        // The cursor is behind the last character, and still in the field.
        let screen = driver.screen();
        let row = screen.lines().position(|line| line.contains("it is typed")).unwrap();
        let line = screen.lines().nth(row).unwrap();
        let end = line.find("it is typed").map(|at| line[..at].chars().count() + 11).unwrap();
        assert!(screen.ends_with(&format!("cursor: {end},{row}\n")), "{screen}");
    }
}

#[test]
fn the_picker_says_what_can_be_typed() {
    let mut driver = picking(doctors());
    driver.shows("Find name, specialisation, clinic, licence");
    driver.keys("j");
    driver.hides("specialisation, clinic");
}

#[test]
fn behind_an_enter_that_found_nothing_the_next_character_replaces_the_text() {
    let mut driver = picking(doctors());
    driver.keys("x<enter>");
    driver.answer(Lane::Pick, Ok(records(Vec::<shared::doctor::Doctor>::new())));
    driver.on_timer(Timer::Search);
    driver.keys("h");
    assert_eq!(searched(&driver, Lane::Pick), Some("h"));
}

#[test]
fn an_enter_behind_which_all_rows_are_marked_holds_no_keys_back() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("a<ctrl-p>mark all<enter><enter>");
    driver.answer(Lane::List, Ok(listed(page(people(), 5))));
    driver.shows("5 marked");
    driver.keys("b");
    driver.on_timer(Timer::Search);
    assert_eq!(searched(&driver, Lane::List), Some("b"));
}
