//! What takes one record while several rows are marked, and what the marks look like below a layer.

use shared::visit::VisitStatus;

use super::{
    driver::Driver,
    fixtures::{people, visit, visits},
};
use crate::{
    api::{Call, Verb},
    effect::Lane,
};

/// The list of patients with the first two marked, and another row selected.
fn marked(width: u16) -> Driver {
    let mut driver = Driver::with(people(), 5, width, 24);
    driver.keys("<insert><insert>");
    driver
}

#[test]
fn an_arrival_is_refused_while_several_rows_are_marked() {
    let mut driver = marked(80);
    driver.hides("Ctrl-A");
    driver.keys("<ctrl-a>");
    assert!(driver.app.layers().is_empty());
    driver.shows("2 rows are marked, and arrived takes one. Insert removes a mark.");
}

#[test]
fn an_arrival_is_that_of_the_only_marked_row() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<insert><down><ctrl-a>");
    driver.shows("José Gómez, born 1989-05-25, P000009K");
}

#[test]
fn a_step_of_a_visit_is_refused_while_several_are_marked() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<f6>");
    let rows = (1..4).map(|number| visit(number, VisitStatus::Waiting)).collect();
    driver.answer(Lane::List, Ok(visits(rows)));
    driver.keys("<insert>");
    let mut one = driver.clone();
    one.keys("<ctrl-a>");
    assert!(matches!(
        one.call(Lane::Save),
        Call::Do { verb: Verb::SetStatus("CALLED"), id: 1, .. }
    ));
    driver.keys("<insert><ctrl-a>");
    assert_eq!(driver.asked(Lane::Save), 0);
    driver.shows("2 rows are marked");
}

#[test]
fn marks_are_not_shown_below_a_layer() {
    for width in [40, 80, 120] {
        let mut driver = marked(width);
        driver.keys("<down><up>");
        driver.shows("✓");
        driver.shows("»");
        driver.keys("<ctrl-g>");
        driver.hides("✓");
        driver.hides("»");
        driver.keys("<esc>");
        driver.shows("✓");
    }
}
