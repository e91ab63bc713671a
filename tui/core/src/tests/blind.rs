//! Keys pressed blindly: a name typed into the wrong screen.

use proptest::prelude::*;

use super::{
    driver::Driver,
    fixtures::{jose, people, stale},
};
use crate::{
    effect::Lane,
    input::chord::{Chord, Key},
    layers::Layer,
    msg::Msg,
    screens::Screen,
};

/// Every character of a keyboard, and some that are not on one.
fn characters() -> Vec<char> {
    (' '..='~').chain(['é', 'ß', '李', '\u{301}']).collect()
}

/// Types it, and says what there is that must not be: a form, a question, something sent.
fn typed(driver: &mut Driver, text: &str) -> Option<String> {
    let layers = driver.app.layers().len();
    for c in text.chars() {
        driver.send(Msg::Key(Chord::plain(Key::Char(c))));
    }
    let is_asked = driver.app.layers().len() > layers
        && matches!(driver.app.layers().last(), Some(Layer::Question(_) | Layer::Conflict(_)));
    let is_form = matches!(driver.app.screen(), Screen::Form(_));
    (is_asked || is_form || driver.asked(Lane::Save) > 0).then(|| driver.screen())
}

#[test]
fn a_name_typed_on_an_open_patient_archives_nobody() {
    for name in ["xavier", "ulla", "emil", "nora\u{301}"] {
        let mut driver = Driver::looking_at(jose(), 80, 24);
        assert_eq!(typed(&mut driver, name), None);
        driver.keys("<enter>");
        assert_eq!(typed(&mut driver, name), None);
        assert!(matches!(driver.app.screen(), Screen::Detail(_)));
        assert!(matches!(driver.app.layers(), [Layer::Find(_)]));
    }
}

#[test]
fn no_single_character_begins_a_change() {
    let mut archived = jose();
    archived.archived_at = Some("2026-11-20T09:00:00Z".parse().unwrap());
    for c in characters() {
        for patient in [jose(), archived.clone()] {
            let mut driver = Driver::looking_at(patient, 80, 24);
            assert_eq!(typed(&mut driver, &c.to_string()), None, "{c} at a patient");
        }
        let mut driver = Driver::with(people(), 5, 80, 24);
        assert_eq!(typed(&mut driver, &c.to_string()), None, "{c} in the search");
        driver.keys("<ctrl-u><down>");
        assert_eq!(typed(&mut driver, &c.to_string()), None, "{c} among the rows");
    }
}

#[test]
fn no_character_answers_a_question() {
    for c in characters() {
        let mut driver = Driver::looking_at(jose(), 80, 24);
        driver.keys("<ctrl-x>");
        typed(&mut driver, &c.to_string());
        assert!(matches!(driver.app.layers(), [Layer::Question(_)]), "{c}");
        driver.shows("› Cancel ‹");
        assert_eq!(driver.asked(Lane::Save), 0, "{c}");

        let mut driver = Driver::looking_at(jose(), 80, 24);
        driver.keys("<ctrl-e><ctrl-u>Joe<esc>");
        typed(&mut driver, &c.to_string());
        assert!(matches!(driver.app.layers().first(), Some(Layer::Question(_))), "{c}");
        assert!(driver.app.has_unsaved(), "{c}");
        assert_eq!(driver.asked(Lane::Save), 0, "{c}");

        let mut driver = Driver::looking_at(jose(), 80, 24);
        driver.keys("<ctrl-e><ctrl-u>Joe<ctrl-s>");
        let mut theirs = jose();
        theirs.version = 4;
        theirs.fields.first_name = Some("Josef".to_owned());
        driver.refuse(Lane::Save, stale(&theirs));
        typed(&mut driver, &c.to_string());
        driver.keys("<esc>");
        if driver.app.layers().is_empty() {
            continue;
        }
        assert_eq!(driver.asked(Lane::Save), 1, "{c}");
        driver.shows("? choose");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn whatever_is_typed_on_an_open_patient_changes_nothing(
        text in prop::collection::vec(prop::sample::select(characters()), 1..30),
    ) {
        let text: String = text.into_iter().collect();
        let mut driver = Driver::looking_at(jose(), 80, 24);
        prop_assert_eq!(typed(&mut driver, &text), None);
    }
}
