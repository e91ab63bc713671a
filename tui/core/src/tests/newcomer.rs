//! What somebody meets who has never seen the desk.

use super::{
    fixtures::{doctor, records},
    pages::picking,
};
use crate::{api::Call, effect::Lane};

#[test]
fn an_arrow_chooses_an_answer_beside_a_reason_that_is_not_typed() {
    let mut driver = picking(vec![doctor(1, "Sarah", "Johnson")]);
    driver.keys("<enter>");
    driver.shows("› Assign ‹");
    driver.keys("<left>");
    driver.shows("› Don't assign ‹");
    driver.keys("<right>");
    driver.shows("› Assign ‹");
    driver.keys("<enter>");
    assert!(matches!(driver.call(Lane::Save), Call::Assign { reason: None, .. }));
}

#[test]
fn an_arrow_within_the_reason_chooses_an_answer_and_takes_no_letter_away() {
    let mut driver = picking(vec![doctor(1, "Sarah", "Johnson")]);
    driver.keys("<enter>pain<left><left>");
    driver.shows("› Don't assign ‹");
    driver.keys("<right>");
    driver.shows("› Assign ‹");
    driver.keys("<enter>");
    let Call::Assign { reason, .. } = driver.call(Lane::Save) else { panic!() };
    assert_eq!(reason.as_deref(), Some("pain"));
}

#[test]
fn where_there_is_no_doctor_to_pick_the_way_to_enter_one_is_said() {
    let driver = picking(Vec::new());
    driver.shows("No doctors yet. Esc leaves this; they are entered in their list, F4.");
    let driver = {
        let mut driver = picking(vec![doctor(1, "Sarah", "Johnson")]);
        driver.keys("z");
        driver.answer(Lane::Pick, Ok(records(Vec::<shared::doctor::Doctor>::new())));
        driver
    };
    driver.hides("F4.");
}
