//! The first start: a look around before anybody has to think of a password.

use super::{driver::Driver, fixtures::session, looks::looks};
use crate::{
    effect::Effect,
    msg::{Desk, Msg},
    screens::Screen,
};

fn first_start(width: u16, height: u16) -> Driver {
    let mut driver = Driver::new(width, height);
    let data = "/home/ana/.local/share/frontdesk".to_owned();
    driver.send(Msg::Desk(Desk::FirstStart { data }));
    driver
}

/// A sample desk, to which the first start has led or the command line.
fn sample(can_go_local: bool) -> Msg {
    Msg::Desk(Desk::Sample {
        label: "sample desk".to_owned(),
        session: Some(Box::new(session(7, 1, "admin"))),
        identifier: "admin@example.com".to_owned(),
        password: "nobody has chosen it".to_owned(),
        can_go_local,
    })
}

fn looking_around() -> Driver {
    let mut driver = first_start(80, 24);
    driver.keys("<enter>");
    driver.send(sample(true));
    driver
}

fn wants(driver: &Driver, is_wanted: impl Fn(&Effect) -> bool) -> bool {
    driver.last.iter().any(is_wanted)
}

looks! {
    ways: first_start(80, 24);
    ways_narrow: {
        let mut driver = first_start(40, 10);
        driver.keys("<down>");
        driver
    };
    ways_at_work: {
        let mut driver = first_start(80, 24);
        driver.keys("<enter>");
        driver
    };
    set_up_password: {
        let mut driver = first_start(80, 24);
        driver.keys("<down><enter>Ana<tab>ana@example.com<tab>");
        driver
    };
    sample_desk: looking_around();
}

#[test]
fn one_key_opens_a_desk_with_invented_people_and_no_password_is_asked_for() {
    let mut driver = first_start(80, 24);
    driver.hides("assword again");
    driver.keys("<enter>");
    assert!(wants(&driver, |effect| matches!(effect, Effect::LookAround)));
    driver.shows("Inventing people");
    driver.keys("<enter><down><enter>");
    assert!(driver.last.is_empty(), "it is opened once, and nothing else meanwhile");
    driver.send(sample(true));
    assert!(matches!(driver.app.screen(), Screen::Home(_)));
    driver.shows("sample desk (invented people)");
    driver.shows("Everybody here is invented.");
}

#[test]
fn a_sample_desk_that_does_not_open_leaves_the_choice() {
    let mut driver = first_start(80, 24);
    driver.keys("<enter>");
    let message = "no temporary folder can be made".to_owned();
    driver.send(Msg::Desk(Desk::Failed { field: None, message }));
    driver.shows("! no temporary folder can be made");
    driver.keys("<down><enter>");
    driver.shows("Your name");
}

#[test]
fn from_the_sample_one_step_leads_to_the_set_up() {
    let mut driver = looking_around();
    driver.keys("<ctrl-p>set up<enter>");
    assert!(wants(&driver, |effect| matches!(effect, Effect::GoLocal)));
    driver.send(Msg::Desk(Desk::FirstStart { data: "/srv/desk".to_owned() }));
    assert!(wants(&driver, |effect| matches!(effect, Effect::EndSession(_))));
    driver.hides("invented people)");
    driver.shows("The desk stores its data in /srv/desk");
    driver.shows("›Your name");
    driver.keys("<esc>");
    driver.shows("› Set up this desk");
}

#[test]
fn what_is_typed_at_the_sample_desk_is_left_only_on_somebodys_word() {
    let mut driver = looking_around();
    driver.keys("<ctrl-n>Ana<ctrl-p>set up<enter>");
    driver.shows("Leave the form?");
    assert!(!wants(&driver, |effect| matches!(effect, Effect::GoLocal)));
    driver.keys("<right><enter>");
    assert!(wants(&driver, |effect| matches!(effect, Effect::GoLocal)));
}

#[test]
fn the_set_up_is_offered_only_where_a_look_around_began() {
    for (desk, words) in [
        (sample(false), "a desk that was asked for by the command line"),
        (
            Msg::Desk(Desk::Ready {
                label: "local desk".to_owned(),
                is_ephemeral: false,
                session: Some(Box::new(session(7, 1, "ana"))),
            }),
            "a desk for work",
        ),
    ] {
        let mut driver = Driver::new(80, 24);
        driver.send(desk);
        driver.keys("<ctrl-p>set up the");
        driver.shows("No action matches.");
        assert!(matches!(driver.app.screen(), Screen::Home(_)), "{words}");
    }
}

#[test]
fn letters_choose_no_way() {
    let mut driver = first_start(80, 24);
    driver.keys("slcxy 1");
    assert!(driver.last.is_empty());
    driver.shows("› Look around");
}

#[test]
fn the_password_says_how_much_is_missing_and_then_how_long_it_is() {
    let mut driver = first_start(80, 24);
    driver.keys("<down><enter><tab><tab>fourteen chars");
    driver.shows("14 of at least 15");
    driver.keys("!");
    driver.shows("15 characters");
    driver.hides("of at least");
}
