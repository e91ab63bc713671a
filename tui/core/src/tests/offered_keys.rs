//! The footer says what a key does where it stands.

use super::{
    driver::Driver,
    fixtures::{doctor, jose, listed, lookup, page, patient, people, records},
};
use crate::{
    api::{Call, Reply},
    effect::{Lane, Timer},
    msg::Msg,
};

#[test]
fn a_locked_desk_offers_no_help() {
    for keys in ["", "<f1><esc>"] {
        let mut driver = Driver::looking_at(jose(), 80, 24);
        driver.shows("F1 help");
        driver.keys("<ctrl-p>lock<enter>");
        driver.keys(keys);
        driver.hides("F1");
        driver.hides("help");
    }
}

/// José has arrived, with a date of death or none.
fn arriving(died: Option<&str>) -> Driver {
    let mut patient = jose();
    patient.fields.deceased_on = died.map(|day| day.parse().unwrap());
    let mut driver = Driver::looking_at(patient, 80, 24);
    driver.keys("<ctrl-a>");
    driver.answer(Lane::Pick, Ok(records(Vec::<shared::assignment::Assignment>::new())));
    driver
}

#[test]
fn enter_is_called_after_the_selected_answer_of_an_arrival() {
    let mut driver = arriving(None);
    driver.shows("Enter arrived");
    driver.keys("<down>");
    driver.hides("Enter arrived");
    driver.shows("Enter choose the doctor");
    driver.keys("<enter>");
    driver.shows("For which doctor?");
}

#[test]
fn enter_is_not_called_arrived_where_it_registers_nothing() {
    let mut driver = arriving(Some("2026-10-01"));
    driver.shows("Enter don't register");
    driver.keys("pain");
    driver.shows("Enter next choice");
    driver.keys("<enter>");
    assert_eq!(driver.asked(Lane::Save), 0);
    driver.shows("Enter arrived");
}

#[test]
fn enter_does_nothing_in_the_palette_where_no_action_matches() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-p>");
    driver.shows("Enter do it");
    driver.keys("qqqq");
    driver.shows("No action matches.");
    driver.hides("Enter do it");
    let before = driver.asked(Lane::Find);
    driver.keys("<enter>weiss<enter>");
    driver.shows("No action matches.");
    assert_eq!(driver.asked(Lane::Find), before);
}

#[test]
fn the_picker_says_that_there_are_no_doctors_whatever_is_typed() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-g>");
    let none = || Ok(records(Vec::<shared::doctor::Doctor>::new()));
    driver.answer(Lane::Pick, none());
    driver.keys("yes<enter>");
    driver.answer(Lane::Pick, none());
    driver.shows("No doctors yet.");
    driver.hides("No doctor matches");
    driver.keys("<esc><ctrl-g>");
    driver.answer(Lane::Pick, Ok(records(vec![doctor(1, "Sarah", "Johnson")])));
    driver.keys("yes<enter>");
    driver.answer(Lane::Pick, none());
    driver.shows("No doctor matches");
}

#[test]
fn the_login_after_a_code_belongs_to_nobody_yet() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-p>log out<enter>");
    driver.keys("<enter>bob<ctrl-e>4jx7 2m9c<tab>a long password<tab>a long password<enter>");
    driver.answer(Lane::Account, Ok(Reply::Done));
    driver.shows("The password is set. Log in with it.");
    let crate::screens::Screen::Login(login) = driver.app.screen() else { panic!() };
    assert_eq!((login.form.value("email"), login.form.value("password")), ("", ""));
    assert_eq!(login.form.focused().map(|field| field.name), Some("email"));
}

#[test]
fn an_empty_field_of_the_first_start_is_asked_for_in_good_english() {
    let mut driver = Driver::new(80, 24);
    let data = "/home/ana/.local/share/frontdesk".to_owned();
    driver.send(Msg::Desk(crate::msg::Desk::FirstStart { data }));
    driver.keys("<down><enter><ctrl-s>");
    driver.shows("Enter your e-mail address.");
}

/// Two patients match what is typed.
fn several() -> Vec<shared::patient::Patient> {
    people().into_iter().take(2).collect()
}

#[test]
fn enter_is_said_to_go_to_the_rows_where_several_match_on_today() {
    let mut driver = Driver::with(people(), 5, 132, 24);
    driver.keys("<f2>");
    driver.answer(Lane::Find, Ok(lookup(people(), "")));
    driver.keys("go");
    driver.on_timer(Timer::Search);
    driver.found(several(), "go");
    driver.shows("Enter to the rows");
    driver.hides("Enter open");
    driver.hides("Ctrl-A");
    driver.hides("Ctrl-E");
    driver.keys("<enter>");
    driver.shows("Enter open");
    driver.shows("Ctrl-A arrived");
}

#[test]
fn enter_is_said_to_go_to_the_rows_where_several_match_in_a_list() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.shows("Enter to the rows");
    driver.keys("<enter>");
    driver.shows("Enter open");
    driver.keys("<esc>go");
    driver.on_timer(Timer::Search);
    driver.answer(Lane::List, Ok(listed(page(several(), 2))));
    driver.shows("Enter to the rows");
    driver.keys("m");
    driver.on_timer(Timer::Search);
    driver.answer(Lane::List, Ok(listed(page(vec![jose()], 1))));
    driver.shows("Enter open");
}

#[test]
fn the_find_box_over_a_page_registers_an_arrival() {
    for is_late in [false, true] {
        let mut driver = Driver::looking_at(jose(), 80, 24);
        driver.keys("weiss");
        driver.on_timer(Timer::Search);
        let found = vec![patient(13, "Grete", "Weiß")];
        if is_late {
            driver.keys("<ctrl-a>");
            driver.found(found, "weiss");
        } else {
            driver.found(found, "weiss");
            driver.shows("Ctrl-A arrived");
            driver.keys("<ctrl-a>");
        }
        driver.shows("The patient has arrived");
        driver.shows("│ Grete Weiß");
        driver.answer(Lane::Pick, Ok(records(Vec::<shared::assignment::Assignment>::new())));
        driver.keys("<enter>");
        let Call::Create { body, .. } = driver.call(Lane::Save) else { panic!() };
        assert_eq!(body["patient"], 13);
    }
}

#[test]
fn an_arrival_among_several_matches_over_a_page_is_chosen_first() {
    let mut driver = Driver::looking_at(jose(), 132, 24);
    driver.keys("go");
    driver.on_timer(Timer::Search);
    driver.found(several(), "go");
    driver.shows("Enter to the rows");
    driver.hides("Ctrl-A");
    driver.keys("<ctrl-a>");
    driver.shows("Ctrl-A arrived");
    driver.keys("<ctrl-a>");
    driver.shows("The patient has arrived");
}
