//! What is read again: after a server that was away, under screens that close, and on an open page.

use std::time::Duration;

use shared::{Kind, Page, history::HistoryEntry, visit::VisitStatus};

use super::{
    driver::Driver,
    fixtures::{history, jose, lookup, one, people, problem, visit, visits},
};
use crate::{
    api::{Call, Failure, Reply},
    effect::{Effect, Lane, Timer},
    live::Live,
    msg::Msg,
    resource::RecordKind,
    screens::Screen,
};

/// At home, with three visits.
fn at_home() -> Driver {
    let mut driver = Driver::at_login(80, 24);
    driver.keys("ana<tab>a long password<enter>");
    driver.log_in(1, "ana");
    driver.answer(Lane::Find, Ok(lookup(people(), "")));
    let all = [1, 2, 3].map(|number| visit(number, VisitStatus::InRoom));
    driver.answer(Lane::List, Ok(visits(all.into())));
    driver
}

fn waits(driver: &Driver) -> Option<Duration> {
    driver.last.iter().find_map(|effect| match effect {
        Effect::Arm(Timer::Retry, wait) => Some(*wait),
        _ => None,
    })
}

#[test]
fn the_wait_for_a_server_that_is_away_grows_once_for_all_reads_of_a_round() {
    let mut driver = at_home();
    driver.keys("<ctrl-r>");
    for seconds in [2, 4, 8] {
        let mut waited = Vec::new();
        for lane in [Lane::Find, Lane::List, Lane::Dashboard] {
            driver.answer(lane, Err(Failure::Offline("refused".to_owned())));
            waited.extend(waits(&driver));
        }
        assert_eq!(waited, [Duration::from_secs(seconds)]);
        let before = driver.calls.len();
        driver.on_timer(Timer::Retry);
        assert_eq!(driver.calls.len(), before + 3, "all are tried again together");
    }
}

#[test]
fn a_search_while_the_server_is_away_does_not_put_the_next_try_off() {
    let mut driver = at_home();
    driver.keys("g");
    driver.answer(Lane::Find, Err(Failure::Offline("refused".to_owned())));
    assert!(waits(&driver).is_some());
    driver.on_timer(Timer::Search);
    driver.keys("o");
    driver.answer(Lane::Find, Err(Failure::Offline("refused".to_owned())));
    assert_eq!(waits(&driver), None, "the timer runs already");
    driver.on_timer(Timer::Retry);
    driver.answer(Lane::Find, Ok(lookup(people(), "go")));
    driver.hides("is away");
}

#[test]
fn the_screen_below_one_that_closes_by_itself_follows_what_was_changed_meanwhile() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-p>my password<enter>");
    driver.keys("a long password<tab>a longer password<tab>a longer password<ctrl-s>");
    let before = driver.asked(Lane::List);
    let kind = RecordKind::Patient;
    driver.send(Msg::Live(vec![Live::Record { kind, id: 77, version: 1, is_new: true }]));
    assert_eq!(driver.asked(Lane::List), before);
    driver.on_timer(Timer::Live);
    driver.answer(Lane::Save, Ok(Reply::Done));
    assert!(matches!(driver.app.screen(), Screen::List(_)));
    assert_eq!(driver.asked(Lane::List), before + 1);
}

/// Entries of a history with these ids, newest first.
fn entries(ids: std::ops::RangeInclusive<i64>) -> Vec<HistoryEntry> {
    let one = history().results.remove(0);
    let entry = |id: i64| HistoryEntry {
        id: shared::id::AuditId(id),
        actor_username: format!("user{id}"),
        ..one.clone()
    };
    ids.rev().map(entry).collect()
}

fn page(results: Vec<HistoryEntry>, next: Option<&str>) -> Reply {
    let next = next.map(str::to_owned);
    let (count, count_capped, previous) = (30, false, None);
    Reply::History(Box::new(Page { count, count_capped, next, previous, results }))
}

/// A page whose history was read to its second page, scrolled to the end.
fn reading() -> Driver {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-r>");
    driver.answer(Lane::Record, Ok(one(jose())));
    driver.answer(Lane::History, Ok(page(entries(20..=30), Some("/more"))));
    driver.keys("<end>");
    driver.answer(Lane::History, Ok(page(entries(10..=19), None)));
    driver.keys("<end>");
    driver.shows("user10");
    driver
}

fn changed_elsewhere(driver: &mut Driver) {
    let kind = RecordKind::Patient;
    driver.send(Msg::Live(vec![Live::Record { kind, id: 9, version: 4, is_new: false }]));
    let mut newer = jose();
    newer.version = 4;
    driver.answer(Lane::Record, Ok(one(newer)));
}

#[test]
fn a_live_change_leaves_the_history_that_is_being_read_where_it_is() {
    let mut driver = reading();
    let before = driver.screen();
    changed_elsewhere(&mut driver);
    driver.answer(Lane::History, Ok(page(entries(21..=31), Some("/more"))));
    assert_eq!(driver.screen(), before);
    let Screen::Detail(state) = driver.app.screen() else { panic!() };
    let users: Vec<_> = state.history.iter().map(|entry| &*entry.actor_username).collect();
    assert_eq!(users, (10..=31).rev().map(|id| format!("user{id}")).collect::<Vec<_>>());
}

#[test]
fn a_history_with_a_gap_is_read_from_its_newest_page_on() {
    let mut driver = reading();
    changed_elsewhere(&mut driver);
    driver.answer(Lane::History, Ok(page(entries(90..=99), Some("/more"))));
    driver.keys("<end>");
    driver.shows("PgDn shows earlier entries.");
    driver.hides("user10");
}

#[test]
fn the_visit_after_one_that_has_ended_is_selected_and_the_last_one_at_the_end() {
    for (keys, ended, selected) in
        [("", 1, Some(2)), ("<down>", 2, Some(3)), ("<down><down>", 3, Some(2))]
    {
        let mut driver = at_home();
        driver.keys(&format!("<tab><tab>{keys}<ctrl-a>"));
        let done = visit(ended, VisitStatus::Done);
        driver.answer(Lane::Save, Ok(Reply::Record(done.into())));
        let left = [1, 2, 3].into_iter().filter(|number| *number != ended);
        let left = left.map(|number| visit(number, VisitStatus::InRoom)).collect();
        driver.answer(Lane::List, Ok(visits(left)));
        let Screen::Home(state) = driver.app.screen() else { panic!() };
        assert_eq!(state.visit().map(|visit| visit.number), selected);
    }
}

#[test]
fn the_selection_stays_with_its_visit_when_one_above_ends() {
    let mut driver = at_home();
    driver.keys("<tab><tab><ctrl-a><down><down>");
    let done = visit(1, VisitStatus::Done);
    driver.answer(Lane::Save, Ok(Reply::Record(done.into())));
    let Screen::Home(state) = driver.app.screen() else { panic!() };
    assert_eq!(state.visit().map(|visit| visit.number), Some(3));
}

#[test]
fn no_visit_is_selected_for_the_next_key_when_another_desk_has_ended_the_selected_one() {
    let mut driver = at_home();
    driver.keys("<tab><tab><down>");
    driver.send(Msg::Live(vec![Live::Missed]));
    let left = [1, 3].map(|number| visit(number, VisitStatus::InRoom));
    driver.answer(Lane::List, Ok(visits(left.into())));
    driver.keys("<ctrl-a>");
    assert_eq!(driver.asked(Lane::Save), 0, "nobody else is taken a step on");
}

#[test]
fn somebody_who_was_archived_since_they_were_found_is_shown_from_the_archive() {
    let mut driver = at_home();
    driver.keys("jose<enter>");
    driver.answer(Lane::Find, Ok(lookup(vec![jose()], "jose")));
    driver.refuse(Lane::Record, problem(Kind::NotFound, &[]));
    let Call::Read { id: 9, is_archived: true, .. } = driver.call(Lane::Record) else { panic!() };
    let mut archived = jose();
    archived.archived_at = Some("2026-11-20T09:00:00Z".parse().unwrap());
    driver.answer(Lane::Record, Ok(one(archived)));
    driver.shows("Gómez");
    assert!(driver.app.is_available(crate::input::action::Action::Restore));
}

#[test]
fn somebody_who_is_nowhere_is_looked_for_twice_and_then_said_to_be_gone() {
    let mut driver = at_home();
    driver.keys("jose<enter>");
    driver.answer(Lane::Find, Ok(lookup(vec![jose()], "jose")));
    let before = driver.asked(Lane::Record);
    driver.refuse(Lane::Record, problem(Kind::NotFound, &[]));
    driver.refuse(Lane::Record, problem(Kind::NotFound, &[]));
    assert_eq!(driver.asked(Lane::Record), before + 1);
    driver.shows(Kind::NotFound.title());
    driver.keys("<ctrl-r>");
    let Call::Read { is_archived: false, .. } = driver.call(Lane::Record) else { panic!() };
}
