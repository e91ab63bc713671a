//! A session that ends while somebody types: no text lands in the login that the end asks for.

use super::{
    driver::Driver,
    fixtures::{jose, lookup, signed_in},
};
use crate::{
    api::Failure,
    effect::{Effect, Lane, Timer},
    layers::Layer,
    live::{Live, PAUSE},
    msg::Msg,
};

fn is_asked(driver: &Driver) -> bool {
    driver.app.layers().iter().any(|layer| matches!(layer, Layer::Relogin(_)))
}

/// At the find box, which a change of a visit has just made ask for the visits again.
fn at_home() -> Driver {
    let mut driver = Driver::at_login(80, 24);
    driver.keys("ana<tab>a long password<enter>");
    driver.log_in(1, "ana");
    driver.answer(Lane::Find, Ok(lookup(Vec::new(), "")));
    driver.send(Msg::Live(vec![Live::Missed]));
    assert!(
        driver
            .last
            .iter()
            .any(|effect| matches!(effect, Effect::Arm(Timer::Live, pause) if *pause == PAUSE))
    );
    driver
}

#[test]
fn the_end_of_the_session_waits_until_the_name_is_typed() {
    let mut driver = at_home();
    driver.keys("gom");
    driver.answer(Lane::List, Err(Failure::Expired));
    assert!(!is_asked(&driver));
    driver.shows("The session is over. Enter goes to the login");
    driver.keys("ez<ctrl-w>gomez");
    assert!(!is_asked(&driver));
    driver.shows("gomez");
    driver.keys("<enter>");
    assert!(is_asked(&driver));
    driver.keys("a long password<enter>");
    driver.answer(Lane::Account, Ok(signed_in(2, 1, "ana")));
    assert!(driver.app.layers().is_empty());
    driver.shows("gomez");
    driver.hides("The session is over");
}

#[test]
fn a_field_that_is_only_about_to_be_typed_in_keeps_its_text_too() {
    let mut driver = at_home();
    driver.answer(Lane::List, Err(Failure::Expired));
    driver.keys("gomez");
    assert!(!is_asked(&driver));
    driver.shows("gomez");
    driver.keys("<f3>");
    assert!(is_asked(&driver), "every command leads to the login");
}

#[test]
fn a_search_that_the_end_of_the_session_stops_is_typed_to_its_end() {
    let mut driver = at_home();
    driver.keys("g");
    driver.answer(Lane::Find, Err(Failure::Expired));
    driver.keys("omez");
    driver.shows("gomez");
    driver.send(Msg::Paste(" 1989".to_owned()));
    driver.shows("gomez 1989");
    driver.keys("<ctrl-r>");
    assert!(is_asked(&driver));
}

#[test]
fn a_command_that_waits_for_its_answer_is_asked_at_once() {
    let mut driver = at_home();
    driver.keys("<ctrl-r>");
    driver.answer(Lane::List, Err(Failure::Expired));
    assert!(is_asked(&driver));
}

#[test]
fn a_save_whose_answer_comes_while_another_field_is_typed_in_does_not_take_that_text() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><ctrl-u>Joe<ctrl-s><f10><f3>");
    driver.keys("gom");
    driver.answer(Lane::Save, Err(Failure::Expired));
    driver.keys("ez");
    assert!(!is_asked(&driver));
    driver.shows("gomez");
}

#[test]
fn the_login_comes_as_soon_as_no_field_has_the_focus() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-r>gomez");
    driver.answer(Lane::Record, Err(Failure::Expired));
    assert!(!is_asked(&driver));
    driver.keys("<esc>");
    assert!(is_asked(&driver));
}

#[test]
fn a_second_end_of_the_session_is_said_once_and_a_lock_asks_for_the_login_itself() {
    let mut driver = at_home();
    driver.keys("gom");
    driver.answer(Lane::List, Err(Failure::Expired));
    driver.answer(Lane::Dashboard, Err(Failure::Expired));
    let said = |notice: &&crate::notice::Notice| notice.text.starts_with("The session is over");
    assert_eq!(driver.app.notices().log().filter(said).count(), 1);
    driver.ring(Timer::Idle);
    driver.keys("a long password<enter>");
    driver.log_in(1, "ana");
    assert!(driver.app.layers().is_empty());
    driver.keys("<f3>");
    assert!(!is_asked(&driver));
}
