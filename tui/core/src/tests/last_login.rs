//! The name of the last login.

use super::{
    driver::Driver,
    fixtures::{problem, today},
    looks::look,
};
use crate::{
    api::Call,
    date::DateOrder,
    effect::{Effect, Lane},
    msg::{Desk, Msg},
    world::Options,
};

fn started(last_login: &str) -> Driver {
    let options = Options {
        width: 80,
        height: 24,
        today: today(),
        date_order: DateOrder::DayFirst,
        last_login: last_login.to_owned(),
        lock_after: None,
        page_size: 50,
        run: 7,
    };
    Driver::started(options)
}

/// Name and password of the login that was sent.
fn sent(driver: &Driver) -> (&str, &str) {
    let Call::Login(login) = driver.call(Lane::Account) else { panic!() };
    (&login.identifier, &login.password)
}

fn remembered(driver: &Driver) -> Option<&str> {
    driver.last.iter().find_map(|effect| match effect {
        Effect::RememberLogin(name) => Some(name.as_str()),
        _ => None,
    })
}

#[test]
fn the_last_name_is_kept_by_enter_and_replaced_by_typing() {
    let mut driver = started("ana").opened();
    insta::assert_snapshot!("login_remembered", look(&driver));
    driver.keys("<enter>a long password<enter>");
    assert_eq!(sent(&driver), ("ana", "a long password"));
    let mut driver = started("ana").opened();
    driver.keys("bob<tab>a long password<enter>");
    assert_eq!(sent(&driver), ("bob", "a long password"));
}

#[test]
fn a_login_that_works_is_remembered_once_and_never_its_password() {
    let mut driver = started("").opened();
    driver.keys("ana<tab>a long password<enter>");
    driver.log_in(1, "ana");
    assert_eq!(remembered(&driver), Some("ana"));
    driver.keys("<ctrl-p>log out<enter>");
    driver.shows("ana");
    driver.keys("<enter>a long password<enter>");
    driver.log_in(1, "ana");
    assert_eq!(remembered(&driver), None, "it is known already");
}

#[test]
fn a_login_that_is_refused_is_not_remembered() {
    let mut driver = started("").opened();
    driver.keys("ana<tab>wrong<enter>");
    driver.refuse(Lane::Account, problem(shared::Kind::Unauthenticated, &[]));
    assert_eq!(remembered(&driver), None);
}

#[test]
fn a_throw_away_desk_remembers_nobody() {
    let mut driver = started("");
    let label = "local desk".to_owned();
    driver.send(Msg::Desk(Desk::Ready { label, is_ephemeral: true, session: None }));
    driver.keys("ana<tab>a long password<enter>");
    driver.log_in(1, "ana");
    assert_eq!(remembered(&driver), None);
}
