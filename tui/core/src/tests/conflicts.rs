//! Two versions of a record: what is chosen, and long values.

use super::{
    driver::Driver,
    fixtures::{jose, stale},
    looks::look,
};
use crate::{effect::Lane, screens::Screen};

/// José was changed at two desks: the medical history at both, the first name at this one.
fn conflict(width: u16, height: u16) -> Driver {
    let long = |desk: &str| {
        let words: Vec<_> = (1..=60).map(|number| format!("{desk}{number}")).collect();
        words.join(" ")
    };
    let mut driver = Driver::looking_at(jose(), width, height);
    driver.keys("<ctrl-e><ctrl-u>Joe");
    for _ in 0..40 {
        let Screen::Form(state) = driver.app.screen() else { panic!() };
        if state.form.focused().is_some_and(|field| field.name == "medical_history") {
            break;
        }
        driver.keys("<tab>");
    }
    driver.keys(&format!("<ctrl-u>{}<ctrl-s>", long("mine")));
    let mut theirs = jose();
    theirs.version = 4;
    theirs.fields.medical_history = Some(long("theirs"));
    driver.refuse(Lane::Save, stale(&theirs));
    driver.shows("Changed in the meantime");
    driver
}

#[test]
fn long_values_are_read_in_full() {
    for (width, height) in [(80, 24), (40, 12)] {
        let mut driver = conflict(width, height);
        let mut seen = String::new();
        for _ in 0..20 {
            seen.push_str(&driver.screen());
            driver.keys("<pgdn>");
        }
        for word in ["theirs1 ", "theirs30 ", "theirs60", "mine1 ", "mine30 ", "mine60"] {
            assert!(seen.contains(word), "{word} at {width}×{height}");
        }
        driver.shows("First name");
        driver.keys(&"<up>".repeat(60));
        driver.shows("Med. history  ? choose");
        driver.keys(&"<down>".repeat(60));
        driver.shows("First name");
    }
    insta::assert_snapshot!("conflict_long", look(&conflict(80, 24)));
}

#[test]
fn a_page_key_reads_on_and_then_goes_to_the_next_field() {
    let mut driver = conflict(40, 12);
    driver.hides("mine60");
    for _ in 0..20 {
        driver.keys("<pgdn>");
    }
    driver.shows("First name");
    driver.keys("<home>");
    driver.shows("Med. history");
}

#[test]
fn enter_saves_nothing_before_every_clash_is_decided() {
    let mut driver = conflict(80, 24);
    driver.keys("<down><down><enter>");
    assert_eq!(driver.asked(Lane::Save), 1);
    driver.shows("Med. history: choose ←");
    driver.keys("<left><enter>");
    assert_eq!(driver.asked(Lane::Save), 2);
}
