//! Texts that are whole on small terminals, and lists that say what their records say.

use shared::visit::{Visit, VisitStatus};

use super::{
    accounts::rows,
    driver::Driver,
    fixtures::{patient, people, visit, visits},
    own::token,
};
use crate::{api::Reply, effect::Lane};

fn at_visits(of: Vec<Visit>, width: u16, height: u16) -> Driver {
    let mut driver = Driver::with(people(), 5, width, height);
    driver.keys("<f6>");
    driver.answer(Lane::List, Ok(visits(of)));
    driver
}

#[test]
fn the_keys_of_the_filters_are_explained_in_full() {
    for (width, height) in [(80, 24), (40, 24)] {
        let mut driver = Driver::with(people(), 5, width, height);
        driver.keys("<ctrl-t>");
        let screen = driver.screen().replace('│', " ");
        let words = screen.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("Esc leaves the list unchanged."), "{screen}");
    }
}

#[test]
fn every_answer_about_several_visits_is_whole() {
    let all = VisitStatus::ALL.iter().zip(1..).map(|(status, number)| visit(number, *status));
    let mut driver = at_visits(all.collect(), 80, 24);
    driver.keys("<insert><insert><insert><insert><insert><ctrl-x>");
    for answer in ["Keep them", "Left unseen", "Waiting", "Called", "Seen", "With a doctor"] {
        driver.shows(answer);
    }
}

#[test]
fn the_numbers_of_the_day_are_whole_at_every_width() {
    for (width, last) in [
        (132, "1 left unseen\n"),
        (100, "left unseen\n"),
        (80, "left unseen\n"),
        (40, "· 19 today\n"),
    ] {
        let mut driver = Driver::with(people(), 5, width, 24);
        driver.keys("<f2>");
        driver.answer(Lane::List, Ok(visits(vec![visit(1, VisitStatus::Waiting)])));
        let mut board = super::dashboard::figures(1);
        let visits = &mut board.visits;
        (visits.arrived, visits.waiting, visits.called) = (19, 5, 1);
        (visits.in_room, visits.done, visits.left) = (10, 2, 1);
        driver.answer(Lane::Dashboard, Ok(Reply::Dashboard(Box::new(board))));
        driver.shows(last);
    }
}

#[test]
fn a_death_is_never_a_word_alone() {
    let mut antonio = patient(12, "Antonio", "Abshire");
    antonio.fields.deceased_on = Some("2026-10-01".parse().unwrap());
    for width in [40, 50, 60, 80] {
        let driver = Driver::with(vec![antonio.clone()], 1, width, 24);
        driver.shows("† died");
    }
}

#[test]
fn a_token_without_a_time_says_why() {
    let mut never = token(1, "reports");
    (never.last_used_at, never.expires_at) = (None, None);
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-p>API tokens<enter>");
    driver.answer(Lane::List, Ok(rows(vec![never.into()])));
    driver.shows("never");
    driver.shows("when revoked");
}

#[test]
fn nobody_waits_in_a_visit_that_has_ended() {
    let driver = at_visits(vec![visit(1, VisitStatus::Done), visit(2, VisitStatus::Left)], 80, 24);
    driver.shows("Waits");
    driver.hides(" min");
    at_visits(vec![visit(3, VisitStatus::InRoom)], 80, 24).shows("37 min");
}

#[test]
fn several_records_are_listed_in_the_order_of_the_list() {
    let listed = (1..4).rev().map(|number| visit(number, VisitStatus::Waiting)).collect();
    let mut driver = at_visits(listed, 80, 24);
    driver.keys("<insert><insert><insert><ctrl-x>");
    let screen = driver.screen();
    let places = [3, 2, 1].map(|number| screen.find(&format!("visit {number}, waiting")).unwrap());
    assert!(places.is_sorted(), "{screen}");
}
