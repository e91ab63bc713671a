//! Keys that lead to another page of a list, while the page that is shown is read again because of a live
//! change, and live changes while another page is on its way.

use shared::patient::Patient;

use super::{
    driver::Driver,
    fixtures::{listed, page, patient, people},
    list::{found, selected},
};
use crate::{
    api::{Call, Reply},
    effect::Lane,
    live::Live,
    msg::Msg,
};

/// What the list has asked for last: the end of an address, or the number of a page, or nothing of both for
/// the first page.
fn asked(driver: &Driver) -> String {
    match driver.call(Lane::List) {
        Call::ListAt { address, .. } => address.rsplit('=').next().unwrap().to_owned(),
        Call::List { query, .. } => {
            let number = query.iter().find(|(name, _)| *name == "page");
            number.map(|(_, number)| number.clone()).unwrap_or_default()
        }
        _ => panic!("it is no list"),
    }
}

/// A page of two patients in the middle of so many.
fn middle(first: i64, count: i64, is_capped: bool) -> Reply {
    let two: Vec<Patient> = (first..first + 2).map(|id| patient(id, "Six", "Ty")).collect();
    let mut it = page(two, count);
    it.count_capped = is_capped;
    it.next = Some("http://x/api/patients?cursor=third".to_owned());
    it.previous = Some("http://x/api/patients?cursor=first".to_owned());
    listed(it)
}

/// The first row of the second page of many.
fn at_the_second_page(is_capped: bool) -> Driver {
    let mut driver = Driver::with(people(), 900, 80, 24);
    driver.keys("<down><pgdn><down>");
    driver.answer(Lane::List, Ok(middle(60, 900, is_capped)));
    driver
}

/// Changes may have been missed: what is asked is asked again.
fn refresh(driver: &mut Driver) {
    let before = driver.asked(Lane::List);
    driver.send(Msg::Live(vec![Live::Missed]));
    assert_eq!(driver.asked(Lane::List), before + 1);
}

#[test]
fn a_page_is_turned_while_the_one_before_is_read_again() {
    for keys in ["<down><down>", "<pgdn><pgdn>"] {
        let mut driver = at_the_second_page(false);
        refresh(&mut driver);
        assert_eq!(asked(&driver), "n");
        driver.keys(keys);
        assert_eq!(asked(&driver), "third", "{keys}");
    }
    let mut driver = at_the_second_page(false);
    refresh(&mut driver);
    driver.keys("<up>");
    assert_eq!(asked(&driver), "first");
}

#[test]
fn the_end_and_the_beginning_are_reached_while_the_page_is_read_again() {
    let mut driver = at_the_second_page(false);
    refresh(&mut driver);
    driver.keys("<end>");
    assert_eq!(asked(&driver), "18");
    let mut driver = at_the_second_page(false);
    refresh(&mut driver);
    driver.keys("<home>");
    assert_eq!(asked(&driver), "");
}

#[test]
fn a_page_that_is_being_turned_is_asked_for_again() {
    let mut driver = at_the_second_page(false);
    driver.keys("<down><down>");
    refresh(&mut driver);
    assert_eq!(asked(&driver), "third");
    driver.answer(Lane::List, Ok(middle(62, 900, false)));
    driver.shows("8–9 of 900");
    assert_eq!(selected(&driver).0, 62);
    driver.keys("<up>");
    driver.hides("The selected record has left this list");
}

#[test]
fn the_first_page_is_asked_for_again_where_a_key_has_led_there() {
    let mut driver = at_the_second_page(false);
    driver.keys("<home>");
    refresh(&mut driver);
    assert_eq!(asked(&driver), "");
    driver.answer(Lane::List, found(people(), 900));
    assert_eq!(selected(&driver).0, 9);
}

#[test]
fn the_search_for_the_last_page_goes_on() {
    let mut driver = at_the_second_page(true);
    driver.keys("<end>");
    let number = asked(&driver);
    refresh(&mut driver);
    assert_eq!(asked(&driver), number);
    driver.answer(Lane::List, Ok(middle(5_000, 900, true)));
    let next: i64 = asked(&driver).parse().unwrap();
    assert!(next > number.parse().unwrap());
}

#[test]
fn all_rows_are_marked_from_the_first_page_on() {
    let mut driver = at_the_second_page(false);
    driver.keys("<ctrl-p>mark all<enter>");
    assert_eq!(asked(&driver), "");
    refresh(&mut driver);
    assert_eq!(asked(&driver), "");
}

#[test]
fn a_page_that_was_not_answered_is_asked_for_again_by_the_key() {
    let mut driver = at_the_second_page(false);
    driver.keys("<down><down>");
    driver.answer(Lane::List, Err(crate::api::Failure::Offline("refused".to_owned())));
    let before = driver.asked(Lane::List);
    driver.keys("<down>");
    assert_eq!((driver.asked(Lane::List), &*asked(&driver)), (before + 1, "third"));
}
