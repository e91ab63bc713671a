//! A write that the end of a session stopped is work that is not saved: nobody drops it unasked.

use serde_json::json;

use super::{
    driver::Driver,
    fixtures::{jose, records},
};
use crate::{
    api::{Call, Failure},
    effect::{Effect, Lane},
    layers::Layer,
    resource::Record,
    screens::Screen,
};

/// José has arrived with a fever, but Ana's session was over.
fn stopped() -> Driver {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-a>");
    driver.answer(Lane::Pick, Ok(records(Vec::<Record>::new())));
    driver.keys("Fever<enter>");
    driver.answer(Lane::Save, Err(Failure::Expired));
    driver.shows("Log in again");
    driver
}

fn has_quit(driver: &Driver) -> bool {
    driver.last.iter().any(|effect| matches!(effect, Effect::Quit))
}

/// The arrival is sent once more, as it was typed.
fn is_sent_again(driver: &mut Driver) {
    driver.shows("The arrival was not saved");
    driver.keys("<right><enter>");
    assert_eq!(driver.asked(Lane::Save), 2);
    let Call::Create { body, .. } = driver.call(Lane::Save) else { panic!("it is no arrival") };
    assert_eq!(body, &json!({"patient": 9, "is_urgent": false, "reason": "Fever"}));
}

#[test]
fn another_user_is_asked_before_the_arrival_is_dropped() {
    let mut driver = stopped();
    driver.keys("<backtab><ctrl-u>bob<tab>a long password<enter>");
    driver.log_in(2, "bob");
    driver.shows("You are bob now; ana has unsaved work.");
    driver.keys("<esc><backtab><ctrl-u>ana<tab>a long password<enter>");
    driver.log_in(1, "ana");
    is_sent_again(&mut driver);
}

#[test]
fn another_user_who_drops_the_arrival_is_told_so() {
    let mut driver = stopped();
    driver.keys("<backtab><ctrl-u>bob<tab>a long password<enter>");
    driver.log_in(2, "bob");
    driver.keys("<tab><enter>");
    driver.shows("The unsaved work of the user before was dropped.");
    assert_eq!(driver.asked(Lane::Save), 1);
}

#[test]
fn the_program_does_not_end_at_the_login_without_a_question() {
    let mut driver = stopped();
    driver.keys("<ctrl-q>");
    assert!(!has_quit(&driver));
    driver.shows("Leave unfinished work?");
    driver.shows("José Gómez");
    driver.shows("the arrival was not saved");
    driver.keys("<right><enter>");
    assert!(has_quit(&driver));
}

#[test]
fn a_page_that_is_left_leaves_its_arrival_to_the_next_login() {
    let mut driver = stopped();
    driver.keys("<esc><esc>");
    assert!(matches!(driver.app.screen(), Screen::List(_)));
    driver.keys("<ctrl-r>");
    driver.answer(Lane::List, Err(Failure::Expired));
    driver.keys("a long password<enter>");
    driver.log_in(1, "ana");
    is_sent_again(&mut driver);
}

#[test]
fn a_form_that_is_discarded_leaves_nothing_to_be_sent() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e>x<ctrl-s>");
    driver.answer(Lane::Save, Err(Failure::Expired));
    driver.keys("<esc><esc><right><enter>");
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
    assert!(!driver.app.has_unsaved());
    driver.keys("<ctrl-r>");
    driver.answer(Lane::Record, Err(Failure::Expired));
    driver.keys("a long password<enter>");
    driver.log_in(1, "ana");
    assert!(driver.app.layers().is_empty());
}

#[test]
fn an_arrival_that_is_asked_about_again_is_still_not_saved() {
    let mut driver = stopped();
    driver.keys("a long password<enter>");
    driver.log_in(1, "ana");
    driver.shows("Send it now?");
    assert!(driver.app.has_unsaved());
    driver.keys("<ctrl-q>");
    assert!(!has_quit(&driver));
    driver.shows("Leave unfinished work?");
    driver.keys("<esc>");
    assert!(matches!(driver.app.layers(), [Layer::Question(_)]));
    driver.keys("<esc>");
    assert!(!driver.app.has_unsaved(), "it was left");
}
