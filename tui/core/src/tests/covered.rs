//! A page that is still being read when another screen comes over it: its form does not open there.

use super::{
    driver::Driver,
    fixtures::{jose, one, patient},
};
use crate::{api::Call, effect::Lane, msg::Msg, screens::Screen};

/// The form of José is parked, and the page of Ana is being read to edit her.
fn reading_ana() -> Driver {
    let ana = patient(10, "Ana", "Ruiz");
    let mut driver = Driver::with(vec![jose(), ana], 2, 80, 24);
    driver.keys("<down><enter>");
    driver.answer(Lane::Record, Ok(one(jose())));
    driver.keys("<ctrl-e>x<f10><esc><down><ctrl-e>");
    assert!(matches!(driver.call(Lane::Record), Call::Read { id: 10, .. }));
    driver
}

/// The read of Ana is answered after these keys.
fn answered_after(keys: &str) -> Driver {
    let mut driver = reading_ana();
    let read = driver.ticket(Lane::Record);
    driver.keys(keys);
    driver.send(Msg::Reply(read, Ok(one(patient(10, "Ana", "Ruiz")))));
    driver
}

#[test]
fn a_form_that_is_resumed_meanwhile_keeps_what_is_typed_to_itself() {
    let mut driver = answered_after("<f10>yz");
    driver.shows("Edit patient");
    driver.shows("Joséxyz");
    driver.keys("w<ctrl-s>");
    assert!(matches!(driver.call(Lane::Save), Call::Change { id: 9, .. }));
}

#[test]
fn a_screen_that_the_palette_opens_meanwhile_stays() {
    let mut driver = answered_after("<ctrl-p>password<enter>secret");
    assert!(matches!(driver.app.screen(), Screen::Password(_)), "{}", driver.screen());
    driver.keys("<esc><tab><enter>");
    driver.shows("Ruiz, Ana");
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
}

#[test]
fn the_form_opens_where_nothing_came_over_the_page() {
    let driver = answered_after("");
    assert!(matches!(driver.app.screen(), Screen::Form(_)));
    driver.shows("Ana");
}
