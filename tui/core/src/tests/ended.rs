//! A session that the server has ended is noticed without a key.

use super::{
    driver::Driver,
    fixtures::{jose, people, signed_in},
};
use crate::{
    api::Reply,
    effect::{Effect, Lane},
    layers::Layer,
    msg::Msg,
};

fn used(driver: &Driver) -> crate::session::SessionHandle {
    driver.app.world().session().unwrap().handle()
}

#[test]
fn an_ended_session_asks_for_a_login_at_once_and_the_typed_words_stay() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-n>Peter");
    assert!(driver.send(Msg::SessionOver(used(&driver))));
    driver.shows("The session has ended. Enter goes to the login");
    driver.keys("<enter>");
    assert!(matches!(driver.app.layers(), [Layer::Relogin(_)]));
    // Another request of the same session that is refused asks no second time.
    driver.send(Msg::SessionOver(used(&driver)));
    assert!(matches!(driver.app.layers(), [Layer::Relogin(_)]));
    driver.keys("a long password<enter>");
    driver.answer(Lane::Account, Ok(signed_in(2, 1, "ana")));
    driver.shows("Peter");
    assert!(driver.last.iter().any(|effect| matches!(effect, Effect::Listen(_))));
    assert!(driver.app.layers().is_empty());
}

#[test]
fn where_nothing_is_typed_the_login_comes_by_itself() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    assert!(driver.send(Msg::SessionOver(used(&driver))));
    assert!(matches!(driver.app.layers(), [Layer::Relogin(_)]));
}

#[test]
fn the_end_of_another_session_changes_nothing() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    let Reply::SignedIn(other) = signed_in(9, 1, "ana") else { panic!() };
    let before = driver.screen();
    assert!(!driver.send(Msg::SessionOver(other.handle())));
    assert_eq!(driver.screen(), before);
}
