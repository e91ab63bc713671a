//! Dates in the patient's form, and moments as the clinic's clock shows them.

use serde_json::json;
use shared::{PartialDate, Patch, history::Change, patient::PatientInput};

use super::{
    driver::{Driver, filter},
    fixtures::{history, input, jose, meta, one, people},
};
use crate::{
    api::{Call, Reply},
    date::DateOrder,
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
fn a_date_of_birth_is_taken_as_people_write_it_and_said_in_full() {
    for (typed, born, said) in [
        ("31.12.1990", "1990-12-31", "1990-12-31, Monday, 35 years"),
        ("12/31/1990", "1990-12-31", "1990-12-31, Monday, 35 years"),
        ("3/7/1989", "1989-07-03", "1989-07-03, Monday, 37 years (the day first)"),
        ("3JUL89", "1989-07-03", "1989-07-03, Monday, 37 years (89 read as 1989)"),
        ("T-1", "2026-11-19", "2026-11-19, Thursday, under 1 year"),
        ("T-30y", "1996-11-20", "1996-11-20, Wednesday, 30 years"),
        ("1989-05", "1989-05", "1989-05, May, 37 years"),
        ("1989", "1989", "1989, 37 years"),
    ] {
        let mut driver = Driver::with(people(), 5, 80, 24);
        driver.keys(&format!("<ctrl-n>Ana<tab><tab>{typed}"));
        driver.shows(said);
        driver.keys("<ctrl-s>");
        let day = PartialDate::parse(born).unwrap();
        assert_eq!(sent(&driver).date_of_birth, Patch::Value(day), "{typed}");
        assert_eq!(sent(&driver).age, Patch::Absent, "{typed}");
    }
}

#[test]
fn a_date_that_can_mean_two_days_is_read_by_the_setting() {
    for (order, born, said) in [
        (DateOrder::DayFirst, "1990-04-03", "(the day first)"),
        (DateOrder::MonthFirst, "1990-03-04", "(the month first)"),
    ] {
        let mut driver = Driver::ordered(order, people());
        driver.keys("<ctrl-n>Ana<tab><tab>03/04/1990");
        driver.shows(said);
        driver.keys("<ctrl-s>");
        let day = PartialDate::parse(born).unwrap();
        assert_eq!(sent(&driver).date_of_birth, Patch::Value(day));
    }
    let mut driver = Driver::ordered(DateOrder::MonthFirst, people());
    driver.keys("<ctrl-n>Ana<tab><tab><f1>");
    driver.shows("7.3.1989 (the month first)");
    driver.keys("<esc><esc><right><enter><ctrl-t><tab><tab><tab>03/04/1980");
    driver.shows("1980-03-04, Tuesday (the month first)");
}

#[test]
fn a_year_cut_short_is_not_guessed() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-n>Ana<tab><tab>1/2/03<ctrl-s>");
    driver.shows("! must have a year of four digits");
    assert_eq!(driver.asked(Lane::Save), 0);
}

#[test]
fn a_birthday_is_never_in_the_future() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-n>Ana<tab><tab>T+3d");
    driver.shows("2026-11-23, Monday: in the future");
    driver.keys("<ctrl-s>");
    driver.shows("! must not be in the future");
    assert_eq!(driver.asked(Lane::Save), 0);
}

#[test]
fn an_estimated_birth_is_sent_as_an_age() {
    for (typed, age, said) in
        [("~42", 42, "about 1984, 42 years"), ("~1984", 42, "about 1984, 42 years")]
    {
        let mut driver = Driver::with(people(), 5, 80, 24);
        driver.keys(&format!("<ctrl-n>Ana<tab><tab>{typed}"));
        driver.shows(said);
        driver.shows("age 42, estimated");
        driver.keys("<ctrl-s>");
        assert_eq!(sent(&driver).age, Patch::Value(age));
        assert_eq!(sent(&driver).date_of_birth, Patch::Absent);
    }
}

#[test]
fn an_estimate_over_a_known_date_is_refused_where_it_is_typed() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><tab><tab><ctrl-u>~50<ctrl-s>");
    driver.shows("! must agree with the date of birth 1989-05-25");
    assert_eq!(driver.asked(Lane::Save), 0);
    driver.shows("›Born");
}

#[test]
fn a_date_that_is_left_stands_in_full_and_undo_brings_back_what_was_typed() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-n>Ana<tab><tab>t-1<tab>");
    driver.shows("2026-11-19");
    driver.hides("t-1");
    driver.keys("<backtab><ctrl-z>");
    driver.shows("t-1");
    driver.shows("2026-11-19, Thursday, under 1 year");
    // A date that was there already, typed in another way, is no change.
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><tab><tab><ctrl-u>25.5.1989<tab>");
    assert!(!driver.app.has_unsaved());
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
