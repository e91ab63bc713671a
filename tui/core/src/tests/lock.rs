//! The lock of a desk that nobody uses.

use super::{
    driver::Driver,
    fixtures::{jose, signed_in},
    looks::look,
};
use crate::{
    effect::{Effect, Lane, Timer},
    layers::Layer,
    live::Live,
    msg::Msg,
    screens::Screen,
};

/// Nobody has pressed a key for a while.
fn locked() -> Driver {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e>xyz");
    assert!(driver.on_timer(Timer::Idle));
    driver
}

#[test]
fn a_locked_desk_shows_nothing_of_anybody() {
    let driver = locked();
    for hidden in ["Gómez", "José", "P000009K", "xyz", "Edit patient"] {
        driver.hides(hidden);
    }
    insta::assert_snapshot!("locked", look(&driver));
}

#[test]
fn no_key_but_the_login_does_anything_at_a_locked_desk() {
    let mut driver = locked();
    driver.keys("<esc><f1><f2><f12><ctrl-p><ctrl-s><ctrl-x><f10><ctrl-q><ctrl-c>");
    assert!(driver.app.is_locked());
    assert_eq!(driver.app.layers().len(), 1);
    assert!(driver.app.has_unsaved());
    assert!(!driver.last.iter().any(|effect| matches!(effect, Effect::Quit)));
    driver.hides("Gómez");
}

#[test]
fn the_work_goes_on_after_the_login() {
    let mut driver = locked();
    driver.keys("a long password<enter>");
    driver.log_in(1, "ana");
    assert!(!driver.app.is_locked());
    driver.shows("Joséxyz");
}

#[test]
fn another_user_sees_nothing_of_what_lies_below() {
    let mut driver = locked();
    driver.keys("<backtab><ctrl-u>bob<tab>a long password<enter>");
    driver.answer(Lane::Account, Ok(signed_in(77, 2, "bob")));
    driver.shows("ana has unsaved work");
    driver.hides("Gómez");
    driver.keys("<enter>");
    assert!(driver.app.is_locked(), "back to the lock");
    driver.hides("Gómez");
}

#[test]
fn another_user_who_goes_on_begins_with_the_day() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.on_timer(Timer::Idle);
    driver.keys("<backtab><ctrl-u>bob<tab>a long password<enter>");
    driver.answer(Lane::Account, Ok(signed_in(77, 2, "bob")));
    assert!(matches!(driver.app.screen(), Screen::Home(_)));
    driver.hides("Gómez");
}

#[test]
fn nothing_is_refreshed_at_a_locked_desk_but_after_it() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.on_timer(Timer::Idle);
    let before = driver.calls.len();
    driver.send(Msg::Live(vec![Live::Missed]));
    driver.on_timer(Timer::Live);
    driver.on_timer(Timer::Retry);
    assert_eq!(driver.calls.len(), before);
    driver.keys("a long password<enter>");
    let record = driver.asked(Lane::Record);
    driver.log_in(1, "ana");
    assert_eq!(driver.asked(Lane::Record), record + 1);
}

#[test]
fn a_desk_at_which_nobody_is_logged_in_is_not_locked() {
    let mut driver = Driver::at_login(80, 24);
    assert!(!driver.on_timer(Timer::Idle));
    assert!(!driver.app.layers().iter().any(|layer| matches!(layer, Layer::Relogin(_))));
}
