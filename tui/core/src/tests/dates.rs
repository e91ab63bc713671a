//! Dates in the patient's form, and moments as the clinic's clock shows them.

use serde_json::json;
use shared::{PartialDate, Patch, history::Change, patient::PatientInput};

use super::{
    driver::{Driver, filter},
    fixtures::{history, input, jose, meta, one, people},
};
use crate::{
    api::{Call, Reply},
    effect::Lane,
};

fn sent(driver: &Driver) -> PatientInput {
    let Call::Create { body, .. } = driver.call(Lane::Save) else { panic!() };
    input(body)
}

#[test]
fn an_age_makes_an_estimated_year_and_says_so() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-n>Ana<tab><tab><tab>30");
    driver.shows("born ~1996");
    driver.keys("<ctrl-s>");
    assert_eq!(sent(&driver).age, Patch::Value(30));
}

#[test]
fn today_and_partial_dates_are_dates_of_birth() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-n>Ana<tab><tab>t");
    driver.shows("age 0");
    driver.keys("<ctrl-u>1989-05<ctrl-s>");
    assert_eq!(sent(&driver).date_of_birth, Patch::Value(PartialDate::Month(1989, 5)));
}

#[test]
fn a_date_of_birth_is_taken_as_people_write_it_and_told_in_full() {
    for typed in ["31.12.1990", "31/12/1990", "12/31/1990"] {
        let mut driver = Driver::with(people(), 5, 80, 24);
        driver.keys(&format!("<ctrl-n>Ana<tab><tab>{typed}"));
        driver.shows("31 December 1990");
        driver.shows("age 35");
        driver.keys("<ctrl-s>");
        let day = PartialDate::parse("1990-12-31").unwrap();
        assert_eq!(sent(&driver).date_of_birth, Patch::Value(day));
    }
}

#[test]
fn a_date_that_can_mean_two_days_is_asked_back_and_not_sent() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-n>Ana<tab><tab>03/04/1990<ctrl-s>");
    driver.shows("! day or month first?");
    driver.shows("1990-04-03");
    driver.shows("1990-03-04");
    assert_eq!(driver.asked(Lane::Save), 0);
}

#[test]
fn filters_take_the_same_dates() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-t><tab><tab><tab>31.12.1980<ctrl-s>");
    let filter = filter(&driver, Lane::List);
    assert_eq!(filter.born_from.unwrap().to_string(), "1980-12-31");
}

#[test]
fn a_time_zone_that_nobody_knows_is_utc_and_says_so() {
    let mut driver = Driver::looking_at(jose(), 140, 40);
    driver.shows("2026-11-01 09:30 by ana");
    driver.shows("2026-11-19 11:22  ana  changed");
    let mut strange = meta();
    strange.time_zone = "Moon/Tranquility".to_owned();
    driver.send(crate::msg::Msg::Today(super::fixtures::day("2026-11-21")));
    driver.answer(Lane::Meta, Ok(Reply::Meta(Box::new(strange))));
    driver.shows("2026-11-01 08:30 UTC by ana");
}

#[test]
fn a_history_reads_as_people_say_it() {
    let mut driver = Driver::looking_at(jose(), 140, 40);
    driver.keys("<ctrl-r>");
    driver.answer(Lane::Record, Ok(one(jose())));
    let mut page = history();
    let change = |field: &str, old, new| Change { field: field.into(), old, new };
    let ids = json!([{"system": "ssn", "value": "999"}, {"system": "passport", "value": "X1"}]);
    page.results[0].changes = vec![
        change("identifiers", json!([]), ids.clone()),
        change("gender", json!("M"), json!(null)),
        change("date_of_birth_estimated", json!(true), json!(false)),
    ];
    page.results[1].changes = vec![change("mrn", json!(null), json!("P000009K"))];
    driver.answer(Lane::History, Ok(Reply::History(Box::new(page))));
    for words in [
        "Identifiers: — → ssn: 999, passport: X1",
        "Sex: male → —",
        "Birth is an estimate: yes → no",
        "registered",
        "MRN: P000009K",
    ] {
        driver.shows(words);
    }
}
