//! The screens as they look.

use shared::{Kind, patient::Patient};

use super::{
    driver::Driver,
    fixtures::{jose, listed, patient, people, problem, stale},
    looks::looks,
};
use crate::{
    api::Failure,
    effect::{Lane, Timer},
    msg::{Desk, Msg},
};

fn many() -> Vec<Patient> {
    let mut all = people();
    all.extend((14..=50).map(|id| patient(id, "Maria", &format!("Number {id}"))));
    all
}

looks! {
    opening: Driver::new(80, 24);
    opening_failed: {
        let mut driver = Driver::new(80, 24);
        let message = "The file /home/ana/desk.db belongs to somebody else.".to_owned();
        driver.send(Msg::Desk(Desk::Failed { field: None, message }));
        driver
    };
    first_start: {
        let mut driver = Driver::new(80, 24);
        let data = "/home/ana/.local/share/frontdesk/desk.db".to_owned();
        driver.send(Msg::Desk(Desk::FirstStart { data }));
        driver.keys("<down><enter>Ana<tab>ana@<tab>short<tab>");
        driver
    };
    first_start_elsewhere: {
        let mut driver = Driver::new(80, 24);
        driver.send(Msg::Desk(Desk::FirstStart { data: "/srv/desk.db".to_owned() }));
        driver.keys("<up><enter>ftp://desk.example.org<ctrl-s>");
        driver
    };
    login: Driver::at_login(80, 24);
    login_refused: {
        let mut driver = Driver::at_login(80, 24);
        driver.keys("ana<tab>wrong<enter>");
        driver.refuse(Lane::Account, problem(Kind::Unauthenticated, &[]));
        driver
    };
    list: Driver::with(many(), 900, 80, 24);
    list_narrow: Driver::with(many(), 900, 40, 12);
    list_wide: {
        let mut driver = Driver::with(many(), 900, 132, 43);
        driver.keys("<down><down><down>");
        driver
    };
    list_nobody_found: {
        let mut driver = Driver::with(many(), 900, 80, 24);
        driver.keys("gomze");
        driver.on_timer(Timer::Search);
        let none = super::fixtures::page(Vec::new(), 0);
        driver.answer(Lane::List, Ok(listed(none)));
        driver
    };
    filters: {
        let mut driver = Driver::with(many(), 900, 80, 24);
        driver.keys("<ctrl-t><right><tab><tab>Boston<tab>19x<tab>");
        driver
    };
    order: {
        let mut driver = Driver::with(many(), 900, 80, 24);
        driver.keys("<ctrl-o><down><down>");
        driver
    };
    patient_who_died_in_the_archive: {
        let mut patient = jose();
        patient.fields.deceased_on = Some(super::fixtures::day("2026-02-01"));
        patient.archived_at = Some("2026-11-18T10:00:00Z".parse().unwrap());
        Driver::looking_at(patient, 80, 24)
    };
    new_patient: {
        let mut driver = Driver::with(people(), 5, 80, 24);
        driver.keys("<ctrl-n>Ana<tab>Gómez<tab>19890525<tab><tab>f<tab><tab>123<tab>");
        driver
    };
    choice_half_typed: {
        let mut driver = Driver::with(people(), 5, 80, 24);
        driver.keys("<ctrl-n>Ana<tab><tab><tab><tab>o-<tab>a");
        driver
    };
    new_patient_narrow: {
        let mut driver = Driver::with(people(), 5, 40, 12);
        driver.keys("<ctrl-n>Ana<tab>Gómez<tab>1989<tab>12<tab>");
        driver
    };
    edit_patient: {
        let mut driver = Driver::looking_at(jose(), 80, 24);
        driver.keys("<ctrl-e><ctrl-u>Joe");
        driver
    };
    archive: {
        let mut driver = Driver::looking_at(jose(), 80, 24);
        driver.keys("<ctrl-x>");
        driver
    };
    leaving_a_form: {
        let mut driver = Driver::looking_at(jose(), 80, 24);
        driver.keys("<ctrl-e>xyz<esc>");
        driver
    };
    session_over: {
        let mut driver = Driver::looking_at(jose(), 80, 24);
        driver.keys("<ctrl-e>xyz<ctrl-s>");
        driver.answer(Lane::Save, Err(Failure::Expired));
        driver
    };
    conflict: {
        let mut driver = Driver::looking_at(jose(), 80, 24);
        driver.keys("<ctrl-e><ctrl-u>Joe<tab><ctrl-u>Gomes<ctrl-s>");
        let mut theirs = jose();
        theirs.version = 4;
        theirs.fields.first_name = Some("Josef".to_owned());
        theirs.fields.city = Some("Boston".to_owned());
        driver.refuse(Lane::Save, stale(&theirs));
        driver
    };
    leaving_a_form_narrow: {
        let mut driver = Driver::looking_at(jose(), 40, 12);
        driver.keys("<ctrl-e>xyz<esc><right>");
        driver
    };
    new_patient_wide: {
        let mut driver = Driver::with(people(), 5, 132, 43);
        driver.keys("<ctrl-n>Ana<tab>Gómez<tab><tab>30<tab>");
        driver
    };
    answer_lost: {
        let mut driver = Driver::looking_at(jose(), 80, 24);
        driver.keys("<ctrl-e>xyz<ctrl-s>");
        driver.answer(Lane::Save, Err(Failure::Unknown("the connection was reset".to_owned())));
        driver
    };
    help: {
        let mut driver = Driver::looking_at(jose(), 80, 24);
        driver.keys("<f1>");
        driver
    };
    palette: {
        let mut driver = Driver::with(people(), 5, 80, 24);
        driver.keys("<ctrl-p>s");
        driver
    };
    messages: {
        let mut driver = Driver::looking_at(jose(), 80, 24);
        driver.keys("<ctrl-y><f12>");
        driver
    };
    too_small: {
        let mut driver = Driver::with(people(), 5, 80, 24);
        driver.send(Msg::Resize { width: 39, height: 9 });
        driver
    };
}
