//! The end of a list of many pages, and one value of several put back.

use serde_json::json;
use shared::{Kind, Patch, history::Change};

use super::{
    driver::Driver,
    fixtures::{history, input, jose, one, page, patient, people, problem},
    looks::look,
};
use crate::{
    api::{Call, Reply},
    effect::Lane,
    resource::Record,
    screens::Screen,
};

/// A full page of a list of so many patients.
fn full(number: i64, count: i64, is_capped: bool, has_next: bool) -> Reply {
    let first = (number - 1) * 50 + 1;
    let last = if has_next { first + 49 } else { first + 2 };
    let mut it = page((first..=last).map(|id| patient(id, "A", "B")).collect(), count);
    it.count_capped = is_capped;
    it.next = has_next.then(|| "http://x/api/patients?cursor=n".to_owned());
    it.previous = (number > 1).then(|| "http://x/api/patients?cursor=p".to_owned());
    Reply::Page(Box::new(it.map(Record::from)))
}

/// The number of the page that was asked for last.
fn asked(driver: &Driver) -> i64 {
    let Call::List { query, .. } = driver.call(Lane::List) else { panic!() };
    let number = query.iter().find(|(name, _)| *name == "page");
    number.map_or(0, |(_, number)| number.parse().unwrap())
}

fn at(count: i64, is_capped: bool) -> Driver {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-r>");
    driver.answer(Lane::List, Ok(full(1, count, is_capped, true)));
    driver.keys("<down>");
    driver
}

#[test]
fn end_goes_to_the_last_row_of_the_last_page() {
    let mut driver = at(903, false);
    driver.keys("<end>");
    assert_eq!(asked(&driver), 19);
    driver.answer(Lane::List, Ok(full(19, 903, false, false)));
    driver.shows("901–903 of 903");
    let Screen::List(state) = driver.app.screen() else { panic!() };
    assert_eq!(state.row().map(|row| row.id()), Some(903));
    // There it stays, and asks for nothing more; a refresh shows the same page.
    let before = driver.asked(Lane::List);
    driver.keys("<up><end>");
    assert_eq!(driver.asked(Lane::List), before);
    driver.keys("<ctrl-r>");
    assert_eq!(asked(&driver), 19);
    driver.answer(Lane::List, Ok(full(19, 903, false, false)));
    driver.keys("<home>");
    assert_eq!(asked(&driver), 0);
    driver.answer(Lane::List, Ok(full(1, 903, false, true)));
    let Screen::List(state) = driver.app.screen() else { panic!() };
    assert_eq!(state.row().map(|row| row.id()), Some(1));
}

#[test]
fn end_finds_the_last_page_of_a_list_that_was_not_counted_to_its_end() {
    for pages in [21, 37, 100, 199, 200] {
        let mut driver = at(1000, true);
        let before = driver.asked(Lane::List);
        driver.keys("<end>");
        for _ in 0..20 {
            let number = asked(&driver);
            if number > pages {
                driver.refuse(Lane::List, problem(Kind::NotFound, &[]));
                continue;
            }
            driver.answer(Lane::List, Ok(full(number, 1000, true, number < pages)));
            if number == pages {
                break;
            }
        }
        let Screen::List(state) = driver.app.screen() else { panic!() };
        assert_eq!(state.row().map(|row| row.id()), Some((pages - 1) * 50 + 3), "{pages}");
        assert!(driver.asked(Lane::List) - before <= 9, "{pages}");
    }
}

#[test]
fn another_key_meanwhile_shows_no_page_in_the_middle() {
    let mut driver = at(1000, true);
    driver.keys("<end><down>");
    let middle = asked(&driver);
    driver.answer(Lane::List, Ok(full(middle, 1000, true, true)));
    assert!(asked(&driver) > middle, "the end is still looked for");
    driver.shows("1–50 of 1,000+");
}

#[test]
fn beyond_the_pages_with_numbers_the_last_of_them_is_shown() {
    let mut driver = at(1000, true);
    driver.keys("<end>");
    for _ in 0..20 {
        let number = asked(&driver);
        driver.answer(Lane::List, Ok(full(number, 1000, true, true)));
        if driver.app.is_idle() {
            break;
        }
    }
    driver.shows("9,951–10,000 of 10,000+");
    let Screen::List(state) = driver.app.screen() else { panic!() };
    assert_eq!(state.row().map(|row| row.id()), Some(10_000));
}

#[test]
fn a_page_that_has_gone_meanwhile_leads_to_the_first() {
    let mut driver = at(903, false);
    driver.keys("<end>");
    driver.refuse(Lane::List, problem(Kind::NotFound, &[]));
    assert_eq!(asked(&driver), 0);
    driver.answer(Lane::List, Ok(full(1, 60, false, true)));
    driver.shows("1–50 of 60");
}

#[test]
fn one_of_several_values_is_put_back() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-r>");
    driver.answer(Lane::Record, Ok(one(jose())));
    let was =
        |field: &str, old: &str| Change { field: field.into(), old: json!(old), new: json!(null) };
    let mut page = history();
    page.results[0].changes = vec![was("city", "Boston"), was("state", "NY")];
    driver.answer(Lane::History, Ok(Reply::History(Box::new(page))));
    driver.keys("<ctrl-p>put back<enter>");
    driver.shows("only City: Boston");
    driver.shows("only State: NY");
    insta::assert_snapshot!("put_back_one_value", look(&driver));
    driver.keys("<down><down><enter><ctrl-s>");
    let Call::Change { body, .. } = driver.call(Lane::Save) else { panic!() };
    let sent = input(body);
    assert_eq!((sent.city, sent.state), (Patch::Absent, Patch::Value("NY".to_owned())));
}

#[test]
fn a_page_that_was_looked_for_and_is_not_there_is_no_failure_to_report() {
    let mut driver = at(1000, true);
    driver.keys("<end>");
    let refused = || shared::Problem { request_id: "r-404".into(), ..problem(Kind::NotFound, &[]) };
    driver.refuse(Lane::List, refused());
    driver.keys("<f12>");
    driver.hides("r-404");
}
