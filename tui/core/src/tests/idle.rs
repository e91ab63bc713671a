//! A desk at which nothing happens: nothing is drawn, and nobody is asked.

use std::time::Duration;

use shared::account::Role;

use super::{
    accounts::{account, at_account, at_accounts},
    audit::at_audit,
    clock::Clock,
    dashboard::{figures, showing},
    driver::{Driver, LOCK_AFTER},
    fixtures::{history, jose, listed, lookup, page, people, visits},
    home::at_home,
    pages::{doctors, looking_at_doctor, picking},
};
use crate::{api::Reply, effect::Lane, msg::Msg};

const MINUTE: Duration = Duration::from_secs(60);

/// Home with people who are waiting, everything answered.
fn home_with_visits() -> Driver {
    let mut driver = at_home(80, 24);
    driver.answer(Lane::Dashboard, Ok(Reply::Dashboard(Box::new(figures(40)))));
    driver.shows("waiting since");
    driver
}

/// The page of a patient, everything answered.
fn patient() -> Driver {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.answer(Lane::Namesakes, Ok(listed(page(vec![jose()], 1))));
    driver.answer(Lane::Presence, Ok(visits(Vec::new())));
    driver
}

/// Every kind of screen, as it is once everything is answered.
fn settled() -> Vec<(&'static str, Driver)> {
    let mut doctor = looking_at_doctor();
    doctor.answer(Lane::History, Ok(Reply::History(Box::new(history()))));
    let mut form = patient();
    form.keys("<ctrl-e>x");
    form.answer(Lane::Namesakes, Ok(listed(page(vec![jose()], 1))));
    form.answer(Lane::Presence, Ok(visits(Vec::new())));
    let mut picker = picking(doctors());
    picker.answer(Lane::Namesakes, Ok(listed(page(vec![jose()], 1))));
    picker.answer(Lane::Presence, Ok(visits(Vec::new())));
    let mut found = home_with_visits();
    found.keys("g");
    found.answer(Lane::Find, Ok(lookup(vec![jose()], "g")));
    let mut help = home_with_visits();
    help.keys("<f1>");
    vec![
        ("the login", Driver::at_login(80, 24)),
        ("home", home_with_visits()),
        ("home with a text", found),
        ("a list", Driver::with(people(), 5, 80, 24)),
        ("a patient", patient()),
        ("a doctor", doctor),
        ("a form", form),
        ("the picker", picker),
        ("the dashboard", showing(figures(40), 80, 24)),
        ("accounts", at_accounts(80, 24)),
        ("an account", at_account(account(7, "Ines", Role::Staff), 80, 24)),
        ("the audit log", at_audit(80, 24)),
        ("help", help),
    ]
}

#[test]
fn an_idle_minute_draws_nothing_and_asks_nobody() {
    for (place, driver) in settled() {
        assert!(driver.app.is_idle(), "{place}: an answer is missing");
        let mut clock = Clock::start(driver);
        // What was said last passes, and the pause of a search ends.
        clock.pass(Duration::from_secs(5));
        let before = clock.draws;
        clock.pass(MINUTE);
        assert_eq!((clock.draws - before, clock.sent.len()), (0, 0), "{place}");
    }
}

#[test]
fn the_time_alone_draws_nothing_and_asks_nobody() {
    for (place, mut driver) in settled() {
        let before = driver.screen();
        assert!(!driver.send(Msg::Now("2026-11-20T11:59:00Z".parse().unwrap())), "{place}");
        assert!(driver.last.is_empty(), "{place}");
        assert_eq!(driver.screen(), before, "{place}: something shown changes with the time");
    }
}

#[test]
fn a_desk_that_nobody_uses_is_drawn_once_until_it_is_locked_and_never_after_that() {
    let mut clock = Clock::start(home_with_visits());
    clock.keys("<down>");
    let before = clock.draws;
    clock.pass(2 * LOCK_AFTER);
    assert!(clock.driver.app.is_locked());
    assert_eq!(clock.draws - before, 1, "the lock itself");
    clock.pass(24 * 60 * MINUTE);
    assert_eq!((clock.draws - before, clock.sent.len()), (1, 0));
}

#[test]
fn what_is_said_is_drawn_once_when_it_comes_and_once_when_it_passes() {
    let mut clock = Clock::start(patient());
    clock.keys("<ctrl-y>");
    assert_eq!(clock.draws, 1);
    clock.pass(MINUTE);
    assert_eq!(clock.draws, 2);
}
