//! What the screens say: whole sentences, keys from the key table, and no number with the wrong noun.

use std::{fs, path::Path};

use serde_json::json;
use shared::{
    Kind,
    date::PartialDate,
    patient::{Gender, Patient},
};

use super::{
    dashboard::{figures, showing},
    driver::Driver,
    fixtures::{jose, listed, page, patient, people, problem},
};
use crate::{
    effect::{Lane, Timer},
    input::{keymap::with_keys, table::TABLE},
    resource::RecordKind,
};

/// The lines of code of a folder's files, without comments and tests, each with its file.
fn code(folder: &Path, all: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() && name != "tests" {
            code(&path, all);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            let text = fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
            let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            all.extend(lines.map(|line| (path.display().to_string(), line.to_owned())));
        }
    }
}

#[test]
fn no_sentence_names_a_key_that_is_not_from_the_table() {
    let mut all = Vec::new();
    code(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    assert!(all.len() > 5_000, "the sources are not where they were");
    for (file, line) in all {
        let texts: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
        for word in ["Ctrl-", "PgDn", "PgUp", "Esc ", " Esc", "Insert:"] {
            let is_own = file.ends_with("input/chord.rs");
            let named = texts.iter().find(|text| text.contains(word));
            assert!(is_own || named.is_none(), "{file}: {line}");
        }
    }
}

#[test]
fn the_keys_in_the_sentences_of_every_kind_are_actions_of_the_table() {
    assert_eq!(with_keys("{Refresh} tries again."), "Ctrl-R tries again.");
    for kind in RecordKind::ALL {
        let search = kind.table().search.as_ref();
        let searched = search.map_or(["", ""], |search| [search.advice, search.filter_advice]);
        let create = kind.table().create.as_ref();
        let created = create.map_or(["", ""], |create| [create.not_found, create.first]);
        for words in searched.into_iter().chain(created) {
            for part in words.split('{').skip(1) {
                let (name, _) = part.split_once('}').unwrap();
                assert!(TABLE.iter().any(|entry| entry.name == name), "{words}");
            }
            assert!(!with_keys(words).contains(['{', '}']), "{words}");
        }
    }
}

fn born(text: &str, age: i64) -> Patient {
    let mut it = jose();
    it.fields.date_of_birth = Some(PartialDate::parse(text).unwrap());
    (it.date_of_birth_estimated, it.age) = (false, Some(age));
    it
}

#[test]
fn an_age_that_follows_from_a_year_alone_is_about_that() {
    Driver::looking_at(born("1990", 36), 80, 24).shows("about 36 years");
    let driver = Driver::looking_at(born("1990-03-01", 36), 80, 24);
    driver.shows("36 years");
    driver.hides("about 36 years");
    Driver::looking_at(born("2025-03-01", 1), 80, 24).shows("1 year ·");
}

#[test]
fn an_unknown_sex_is_no_letter_in_lists() {
    let mut unknown = patient(9, "Gil", "North");
    unknown.fields.gender = Some(Gender::Unknown);
    let driver = Driver::with(vec![unknown], 1, 80, 24);
    let screen = driver.screen();
    let row = screen.lines().find(|line| line.contains("Gil")).unwrap();
    assert!(row.contains(" ? ") && !row.contains(" U "), "{screen}");
}

#[test]
fn a_missing_name_is_asked_for_in_a_sentence() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><ctrl-u><tab><ctrl-u><tab>");
    driver.shows("! Enter a first name or a last name.");
    driver.hides("is required");
}

#[test]
fn a_date_that_can_not_be_read_is_answered_with_examples() {
    for (typed, says) in [
        ("soon", "(the day first), or a year."),
        ("31.2.1990", "! This date does not exist."),
        ("~x", "! must have an age or a year after ~"),
        ("T-x", "! must have a number of days"),
    ] {
        let mut driver = Driver::looking_at(jose(), 132, 43);
        driver.keys(&format!("<ctrl-e><tab><tab><ctrl-u>{typed}<tab>"));
        driver.shows(says);
        driver.hides("must be a date");
    }
}

#[test]
fn one_patient_is_said_in_the_singular() {
    let mut figures = figures(0);
    figures.patients.total = 1;
    let driver = showing(figures, 80, 24);
    driver.shows("1 patient · ");
    driver.hides("1 patients");
}

#[test]
fn a_mistyped_record_number_is_said_to_be_that() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("p000001x");
    driver.on_timer(Timer::Search);
    let mut refused = problem(Kind::Validation, &[("search", "is mistyped")]);
    refused.error_codes = serde_json::from_value(json!([
        {"field": "search", "code": "mistyped_mrn", "params": {}}
    ]))
    .unwrap();
    driver.refuse(Lane::List, refused);
    driver.shows("The medical record number is mistyped.");
}

#[test]
fn nothing_that_matches_the_filters_is_said_in_a_sentence() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-t><tab><tab>boston<ctrl-s>");
    driver.answer(Lane::List, Ok(listed(page(Vec::new(), 0))));
    driver.shows("No patient matches these filters.");
    driver.shows("Ctrl-T changes the filters.");
}
