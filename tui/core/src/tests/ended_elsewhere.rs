//! A visit that was changed here and that another desk ends: the next key is not used for its neighbour.

use shared::visit::{Visit, VisitStatus};

use super::{
    driver::Driver,
    fixtures::{stale_visit, visit, visits},
    home::at_home,
    slipped::{at_the_second, in_room},
};
use crate::{
    api::{Call, Reply},
    effect::{Lane, Timer},
    live::Live,
    msg::Msg,
    resource::RecordKind,
    screens::Screen,
};

/// The second visit in its second version, as this desk has saved it.
fn saved_here() -> Visit {
    Visit { version: 2, ..in_room(2) }
}

/// The server reports a version of the second visit.
fn report(driver: &mut Driver, version: i64) {
    let change = Live::Record { kind: RecordKind::Visit, id: 2, version, is_new: false };
    driver.send(Msg::Live(vec![change]));
}

/// The rows are read, and the second visit is not among them.
fn read_without_it(driver: &mut Driver) {
    driver.answer(Lane::List, Ok(visits([1, 3].map(in_room).into())));
}

/// The list of visits with the second one selected, after its form was saved and left.
fn after_the_form() -> Driver {
    let mut driver = at_the_second();
    driver.keys("<ctrl-e>");
    driver.answer(Lane::Record, Ok(Reply::Record(in_room(2).into())));
    driver.keys("<tab><tab>x<ctrl-s>");
    driver.answer(Lane::Save, Ok(Reply::Record(saved_here().into())));
    driver.keys("<esc>");
    driver
}

/// Presses the key for the next step, which does nothing but say that the record has left.
fn is_refused_its_step(driver: &mut Driver) {
    let before = driver.asked(Lane::Save);
    driver.keys("<ctrl-a>");
    assert_eq!(driver.asked(Lane::Save), before, "{}", driver.screen());
    driver.shows("The selected record has left this list. Check which one is selected now.");
}

#[test]
fn after_a_form_was_saved_here() {
    let mut driver = after_the_form();
    let before = driver.asked(Lane::List);
    report(&mut driver, 3);
    assert_eq!(driver.asked(Lane::List), before + 1);
    read_without_it(&mut driver);
    is_refused_its_step(&mut driver);
}

#[test]
fn after_a_form_was_saved_here_where_no_event_tells_of_it() {
    let mut driver = after_the_form();
    driver.keys("<ctrl-r>");
    read_without_it(&mut driver);
    is_refused_its_step(&mut driver);
}

#[test]
fn between_a_step_here_and_the_rows_that_are_read_after_it() {
    let mut driver = at_the_second();
    driver.keys("<ctrl-a>");
    driver.answer(Lane::Save, Ok(Reply::Record(saved_here().into())));
    report(&mut driver, 3);
    read_without_it(&mut driver);
    is_refused_its_step(&mut driver);
}

#[test]
fn the_report_of_a_step_here_is_no_other_desk() {
    let mut driver = at_the_second();
    driver.keys("<ctrl-a>");
    let done = Visit { version: 2, ..visit(2, VisitStatus::Done) };
    driver.answer(Lane::Save, Ok(Reply::Record(done.into())));
    report(&mut driver, 2);
    read_without_it(&mut driver);
    driver.keys("<ctrl-a>");
    let Call::Do { id, .. } = driver.call(Lane::Save) else { panic!() };
    assert_eq!(*id, 3);
}

#[test]
fn at_home_after_a_step_here() {
    let mut driver = at_home(80, 24);
    driver.keys("<tab><tab><ctrl-a>");
    let called = Visit { version: 2, ..visit(1, VisitStatus::Called) };
    driver.answer(Lane::Save, Ok(Reply::Record(called.into())));
    driver.on_timer(Timer::Toast);
    driver.keys("<ctrl-a>");
    driver.refuse(Lane::Save, stale_visit(1, VisitStatus::Done));
    let Screen::Home(state) = driver.app.screen() else { panic!() };
    assert_eq!(state.visit(), None);
    let before = driver.asked(Lane::Save);
    driver.keys("<ctrl-a>");
    assert_eq!(driver.asked(Lane::Save), before, "{}", driver.screen());
}
