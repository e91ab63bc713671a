//! A list from which the selected record goes away while somebody looks at it.

use shared::visit::VisitStatus;

use super::{
    driver::Driver,
    fixtures::{people, stale_visit, visit, visits},
};
use crate::{
    api::{Call, Reply},
    effect::{Lane, Timer},
    live::Live,
    msg::Msg,
};

/// The list of three visits, with the second one selected.
pub(super) fn at_the_second() -> Driver {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<f6>");
    driver.answer(Lane::List, Ok(visits([1, 2, 3].map(in_room).into())));
    driver.keys("<tab><down>");
    driver
}

pub(super) fn in_room(number: i64) -> shared::visit::Visit {
    visit(number, VisitStatus::InRoom)
}

#[test]
fn a_key_for_a_record_that_another_desk_took_away_is_not_used_for_its_neighbour() {
    let mut driver = at_the_second();
    driver.send(Msg::Live(vec![Live::Missed]));
    driver.answer(Lane::List, Ok(visits([1, 3].map(in_room).into())));
    driver.keys("<ctrl-a>");
    assert_eq!(driver.asked(Lane::Save), 0);
    driver.shows("The selected record has left this list. Check which one is selected now.");
    driver.keys("<ctrl-a>");
    let Call::Do { id, .. } = driver.call(Lane::Save) else { panic!() };
    assert_eq!(*id, in_room(3).id.0);
}

#[test]
fn the_neighbour_of_a_record_that_was_changed_here_is_next() {
    let mut driver = at_the_second();
    driver.keys("<ctrl-a>");
    let mut done = visit(2, VisitStatus::Done);
    done.version += 1;
    driver.answer(Lane::Save, Ok(Reply::Record(done.into())));
    driver.answer(Lane::List, Ok(visits([1, 3].map(in_room).into())));
    driver.keys("<ctrl-a>");
    let Call::Do { id, .. } = driver.call(Lane::Save) else { panic!() };
    assert_eq!(*id, in_room(3).id.0);
}

#[test]
fn a_row_that_is_chosen_afterwards_is_meant() {
    let mut driver = at_the_second();
    driver.send(Msg::Live(vec![Live::Missed]));
    driver.answer(Lane::List, Ok(visits([1, 3].map(in_room).into())));
    driver.keys("<up><ctrl-a>");
    let Call::Do { id, .. } = driver.call(Lane::Save) else { panic!() };
    assert_eq!(*id, in_room(1).id.0);
}

/// The second visit leaves the rows that are read because of a change by another desk.
fn take_away(driver: &mut Driver) {
    driver.send(Msg::Live(vec![Live::Missed]));
    driver.answer(Lane::List, Ok(visits([1, 3].map(in_room).into())));
}

#[test]
fn a_record_that_was_taken_away_stays_away_however_often_the_rows_are_read() {
    let mut driver = at_the_second();
    take_away(&mut driver);
    driver.keys("");
    driver.on_timer(Timer::Live);
    take_away(&mut driver);
    driver.keys("<ctrl-a>");
    assert_eq!(driver.asked(Lane::Save), 0);
}

#[test]
fn a_record_that_was_changed_here_before_is_taken_away_like_any_other() {
    let mut driver = at_the_second();
    driver.keys("<ctrl-a>");
    let mut changed = in_room(2);
    changed.version += 1;
    driver.answer(Lane::Save, Ok(Reply::Record(changed.clone().into())));
    driver.answer(Lane::List, Ok(visits(vec![in_room(1), changed, in_room(3)])));
    driver.on_timer(Timer::Live);
    take_away(&mut driver);
    let before = driver.asked(Lane::Save);
    driver.keys("<ctrl-a>");
    assert_eq!(driver.asked(Lane::Save), before);
}

#[test]
fn a_record_that_another_desk_has_changed_first_is_taken_away_by_that_desk() {
    let mut driver = at_the_second();
    driver.keys("<ctrl-a>");
    driver.refuse(Lane::Save, stale_visit(2, VisitStatus::Done));
    driver.answer(Lane::List, Ok(visits([1, 3].map(in_room).into())));
    let before = driver.asked(Lane::Save);
    driver.keys("<ctrl-a>");
    assert_eq!(driver.asked(Lane::Save), before);
}
