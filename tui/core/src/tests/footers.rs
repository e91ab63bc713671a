//! The footer offers what does something.

use shared::visit::VisitStatus;

use super::{
    driver::Driver,
    fixtures::{doctor, jose, lookup, people, records, visit, visits},
};
use crate::effect::Lane;

/// The day at the desk, with recent people and a visit.
fn at_home() -> Driver {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<f2>");
    driver.answer(Lane::Find, Ok(lookup(people(), "")));
    driver.answer(Lane::List, Ok(visits(vec![visit(1, VisitStatus::Waiting)])));
    driver
}

/// The text of the line with the selected row.
fn selected(driver: &Driver) -> String {
    let screen = driver.screen();
    screen.lines().find(|line| line.contains('›')).unwrap_or_default().to_owned()
}

#[test]
fn tab_goes_from_the_find_box_to_recent_people_to_visits_and_back() {
    let mut driver = at_home();
    driver.shows("Tab to the rows");
    driver.keys("<tab>");
    assert!(selected(&driver).contains("Gómez"), "{}", driver.screen());
    driver.keys("<tab>");
    assert!(selected(&driver).contains("waiting since"), "{}", driver.screen());
    driver.keys("<tab>");
    assert!(selected(&driver).contains("Find"), "{}", driver.screen());
}

#[test]
fn tab_goes_to_what_was_found() {
    let mut driver = at_home();
    driver.keys("go");
    assert!(driver.on_timer(crate::effect::Timer::Search));
    driver.found(people(), "go");
    driver.shows("Enter to the rows");
    driver.keys("<tab>");
    assert!(selected(&driver).contains("Gómez"), "{}", driver.screen());
    driver.keys("<tab>");
    assert!(selected(&driver).contains("Find"), "{}", driver.screen());
}

#[test]
fn tab_is_not_offered_where_nothing_was_found() {
    let mut driver = at_home();
    driver.keys("zz");
    assert!(driver.on_timer(crate::effect::Timer::Search));
    driver.found(Vec::new(), "zz");
    driver.hides("Tab to the rows");
}

#[test]
fn no_page_is_offered_where_everything_fits_on_one() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e><f1>");
    driver.hides("PgDn page down");
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-g>");
    driver.answer(Lane::Pick, Ok(records(Vec::<shared::doctor::Doctor>::new())));
    driver.hides("PgDn page down");
    driver.hides("Enter pick");
    driver.keys("<esc><ctrl-g>");
    let many = (1..30).map(|id| doctor(id, "Sarah", "Johnson")).collect::<Vec<_>>();
    driver.answer(Lane::Pick, Ok(records(many)));
    driver.shows("PgDn page down");
    driver.shows("Enter pick");
}

#[test]
fn a_locked_desk_offers_no_way_back() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-p>lock<enter>");
    driver.shows("The desk is locked.");
    driver.hides("Esc back");
    driver.keys("<esc>");
    driver.shows("The desk is locked.");
}
