//! Turning the pages of a list.

use shared::{Kind, id::PatientId};

use super::{
    driver::Driver,
    fixtures::{listed, page, patient, people, problem},
    list::{found, selected},
};
use crate::{api::Call, effect::Lane};

#[test]
fn moving_past_the_end_turns_the_page_and_back() {
    let mut driver = Driver::with(people(), 900, 80, 24);
    driver.keys("<down><pgdn><down>");
    assert!(
        matches!(driver.call(Lane::List), Call::ListAt { address, .. } if address.ends_with("n"))
    );
    let mut second = page(vec![patient(60, "Six", "Ty"), patient(61, "Sixty", "One")], 900);
    second.previous = Some("http://x/api/patients?cursor=p".to_owned());
    driver.answer(Lane::List, Ok(listed(second)));
    driver.shows("6–7 of 900");
    assert_eq!(selected(&driver), PatientId(60));
    driver.keys("<up>");
    assert!(
        matches!(driver.call(Lane::List), Call::ListAt { address, .. } if address.ends_with("p"))
    );
    driver.answer(Lane::List, found(people(), 900));
    driver.shows("1–5 of 900");
    assert_eq!(selected(&driver), PatientId(13));
}

#[test]
fn a_key_that_is_held_down_turns_one_page() {
    let mut driver = Driver::with(people(), 900, 80, 24);
    let before = driver.asked(Lane::List);
    driver.keys("<down><pgdn><down><down><down><pgdn>");
    assert_eq!(driver.asked(Lane::List), before + 1);
}

#[test]
fn a_capped_count_says_that_there_are_more() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-r>");
    let mut many = page(people(), 1_000);
    many.count_capped = true;
    driver.answer(Lane::List, Ok(listed(many)));
    driver.shows("1–5 of 1,000+");
}

#[test]
fn rows_beyond_a_capped_count_say_how_many_there_are_at_least() {
    let mut driver = Driver::with(people(), 3, 80, 24);
    driver.keys("<ctrl-r>");
    let mut many = page(people(), 3);
    (many.count_capped, many.next) = (true, Some("/api/patients?cursor=n".to_owned()));
    driver.answer(Lane::List, Ok(listed(many.clone())));
    driver.shows("1–5 of 5+");
    driver.keys("<ctrl-r>");
    many.next = None;
    driver.answer(Lane::List, Ok(listed(many)));
    driver.shows("1–5 of 5\n");
}

#[test]
fn a_page_that_is_gone_leads_to_the_first() {
    let mut driver = Driver::with(people(), 900, 80, 24);
    driver.keys("<down><end><pgdn>");
    driver.refuse(Lane::List, problem(Kind::NotFound, &[]));
    assert!(matches!(driver.call(Lane::List), Call::List { .. }));
}
