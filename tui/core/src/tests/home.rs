//! The day at the desk, and the find box over other screens.

use std::collections::BTreeMap;

use shared::{
    Kind, Problem,
    visit::{Visit, VisitStatus},
};

use super::{
    driver::Driver,
    fixtures::{jose, lookup, one, patient, people, problem, stale_visit, visit, visits},
    looks::looks,
};
use crate::{
    api::{Call, Failure, Reply, Verb},
    copies::{Copies, Trouble},
    effect::{Lane, Timer},
    layers::Layer,
    msg::Msg,
    resource::RecordKind,
    screens::Screen,
};

/// Logged in, before anything is answered.
fn loading(width: u16, height: u16) -> Driver {
    let mut driver = Driver::at_login(width, height);
    driver.keys("ana<tab>a long password<enter>");
    driver.log_in(1, "ana");
    driver
}

/// A day with three recent people and three visits.
pub(super) fn at_home(width: u16, height: u16) -> Driver {
    let mut driver = loading(width, height);
    driver.answer(Lane::Find, Ok(lookup(people().into_iter().take(3).collect(), "")));
    let all = [(1, VisitStatus::Waiting), (2, VisitStatus::InRoom), (3, VisitStatus::Called)];
    // A list says of no record what may be done with it.
    let listed = |visit: Visit| Visit { permissions: None, ..visit };
    let all = all.map(|(number, status)| listed(visit(number, status)));
    driver.answer(Lane::List, Ok(visits(all.into())));
    driver
}

fn asked(driver: &Driver) -> &str {
    match driver.call(Lane::Find) {
        Call::Lookup { text } => text,
        _ => panic!("nothing was looked up"),
    }
}

fn opened(driver: &Driver) -> (RecordKind, i64) {
    match driver.call(Lane::Record) {
        Call::Read { kind, id, .. } => (*kind, *id),
        _ => panic!("no record was opened"),
    }
}

looks! {
    home: at_home(80, 24);
    home_narrow: at_home(40, 12);
    home_wide: at_home(132, 43);
    home_empty: {
        let mut driver = loading(80, 24);
        driver.answer(Lane::Find, Ok(lookup(Vec::new(), "")));
        driver.answer(Lane::List, Ok(visits(Vec::new())));
        driver
    };
    home_failed: {
        let mut driver = loading(80, 24);
        driver.refuse(Lane::Find, problem(Kind::Internal, &[]));
        driver.refuse(Lane::List, problem(Kind::Internal, &[]));
        driver
    };
    home_found: {
        let mut driver = at_home(80, 24);
        driver.keys("gó");
        driver.on_timer(Timer::Search);
        driver.answer(Lane::Find, Ok(lookup(vec![jose(), patient(14, "Góran", "Nil")], "gó")));
        driver
    };
    home_visit_selected: {
        let mut driver = at_home(80, 24);
        driver.keys("<tab><tab><down>");
        driver
    };
    find_over_a_patient: {
        let mut driver = Driver::looking_at(jose(), 80, 24);
        driver.keys("+1");
        driver.on_timer(Timer::Search);
        driver.answer(Lane::Find, Ok(lookup(vec![jose()], "+1")));
        driver
    };
}

#[test]
fn the_first_screen_says_how_the_copies_of_the_data_are() {
    let mut driver = at_home(80, 24);
    driver.hides("backup");
    let newest = Some("2026-11-20T08:30:00Z".parse().unwrap());
    let mut said = |newest, trouble| {
        driver.send(Msg::Copies(Some(Copies { newest, trouble })));
        let screen = driver.screen();
        let line = screen.lines().find(|line| line.contains("Recent")).unwrap();
        line.split_once("Recent").unwrap().1.trim().to_owned()
    };
    assert_eq!(said(None, None), "");
    let last = said(newest, None);
    assert!(last.starts_with("Last backup 2026-11-20 "), "{last}");
    assert_eq!(said(newest, Some(Trouble::Old)), format!("{last}, long ago"));
    let disk = said(newest, Some(Trouble::SameDisk));
    assert_eq!(disk, format!("{last}, on the disk of the data"));
    let why = "no room is left \u{1b}[2J".to_owned();
    assert_eq!(
        said(newest, Some(Trouble::Failed(why))),
        "No backup was made: no room is left ␛[2J"
    );
    let long = said(None, Some(Trouble::Failed("x".repeat(200))));
    assert!(long.ends_with('…') || long.ends_with('x'), "{long}");
    driver.send(Msg::Copies(None));
    driver.hides("backup");
}

#[test]
fn a_scanner_that_types_a_number_and_enter_twice_opens_the_first_and_then_the_second() {
    let mut driver = at_home(80, 24);
    driver.keys("P000009K<enter>");
    assert_eq!(asked(&driver), "P000009K");
    driver.answer(Lane::Find, Ok(lookup(vec![jose()], "P000009K")));
    assert_eq!(opened(&driver), (RecordKind::Patient, 9));
    driver.answer(Lane::Record, Ok(one(jose())));
    driver.keys("P000010S<enter>");
    assert_eq!(asked(&driver), "P000010S");
    driver.answer(Lane::Find, Ok(lookup(vec![patient(10, "Ana", "Ruiz")], "P000010S")));
    assert_eq!(opened(&driver), (RecordKind::Patient, 10));
    assert!(driver.app.layers().is_empty());
    // One step back is the day at the desk: pages do not pile up.
    driver.answer(Lane::Record, Ok(one(patient(10, "Ana", "Ruiz"))));
    driver.keys("<esc>");
    assert!(matches!(driver.app.screen(), Screen::Home(_)));
}

#[test]
fn enter_never_opens_a_hit_of_an_older_text() {
    let mut driver = at_home(80, 24);
    driver.keys("g");
    driver.answer(Lane::Find, Ok(lookup(vec![jose()], "g")));
    driver.keys("rete<enter>");
    assert_eq!(driver.asked(Lane::Record), 0);
    driver.answer(Lane::Find, Ok(lookup(vec![patient(13, "Grete", "Weiß")], "grete")));
    assert_eq!(opened(&driver), (RecordKind::Patient, 13));
}

#[test]
fn among_several_hits_enter_goes_to_the_rows() {
    let mut driver = at_home(80, 24);
    driver.keys("g<enter>");
    driver.answer(Lane::Find, Ok(lookup(people(), "g")));
    assert_eq!(driver.asked(Lane::Record), 0);
    driver.keys("<down><enter>");
    assert_eq!(opened(&driver), (RecordKind::Patient, 10));
}

#[test]
fn the_next_text_replaces_the_one_before() {
    let mut driver = at_home(80, 24);
    driver.keys("g<enter>");
    driver.answer(Lane::Find, Ok(lookup(people(), "g")));
    driver.on_timer(Timer::Search);
    driver.keys("w");
    assert_eq!(asked(&driver), "w");
}

#[test]
fn a_text_that_was_left_for_a_form_is_replaced_by_the_next_one() {
    let mut driver = at_home(80, 24);
    driver.keys("berg anna<ctrl-n>x");
    driver.keys("<f10>");
    driver.on_timer(Timer::Search);
    driver.keys("w");
    driver.on_timer(Timer::Search);
    assert_eq!(asked(&driver), "w");
}

#[test]
fn a_date_is_looked_up_as_forms_read_it() {
    let mut driver = at_home(80, 24);
    driver.keys("allen 8/5/1993<enter>");
    assert_eq!(asked(&driver), "allen 1993-05-08");
}

#[test]
fn nothing_is_offered_with_nobody() {
    let mut driver = at_home(80, 24);
    driver.keys("zzz<enter>");
    driver.answer(Lane::Find, Ok(lookup(Vec::new(), "zzz")));
    driver.hides("Enter open");
    driver.hides("Ctrl-A");
    driver.shows("Ctrl-N new patient");
}

#[test]
fn what_is_found_follows_a_change_of_its_name() {
    let mut driver = at_home(80, 24);
    driver.keys("jose<enter>");
    driver.answer(Lane::Find, Ok(lookup(vec![jose()], "jose")));
    let before = driver.asked(Lane::Find);
    driver.answer(Lane::Record, Ok(one(patient(9, "Josef", "Gómez"))));
    assert_eq!(driver.asked(Lane::Find), before + 1);
}

#[test]
fn esc_brings_the_day_back() {
    let mut driver = at_home(80, 24);
    driver.keys("g");
    driver.answer(Lane::Find, Ok(lookup(people(), "g")));
    driver.hides("In the clinic now");
    driver.keys("<esc>");
    driver.on_timer(Timer::Search);
    driver.answer(Lane::Find, Ok(lookup(people(), "")));
    driver.shows("In the clinic now");
    driver.hides("Esc back");
}

#[test]
fn the_matching_characters_are_marked() {
    let mut driver = at_home(80, 24);
    driver.keys("+1555");
    driver.on_timer(Timer::Search);
    driver.answer(Lane::Find, Ok(lookup(vec![jose()], "+1555")));
    driver.shows("phone +1 555 123 4567");
}

#[test]
fn a_mistyped_number_says_so() {
    let mut driver = at_home(80, 24);
    driver.keys("P000001C<enter>");
    let mut refused: Problem = problem(
        Kind::Validation,
        &[("q", "is mistyped: the check letter does not fit the digits")],
    );
    refused.error_codes.push(shared::problem::ErrorCode {
        field: "q".to_owned(),
        code: "mistyped_mrn".to_owned(),
        params: BTreeMap::new(),
    });
    driver.refuse(Lane::Find, refused);
    driver.shows("! The medical record number is mistyped: the check letter does not fit");
}

#[test]
fn the_numbers_of_the_day_add_up() {
    let mut driver = at_home(110, 24);
    let figures = Reply::Dashboard(Box::new(super::dashboard::figures(9)));
    driver.answer(Lane::Dashboard, Ok(figures));
    driver.shows("23 arrived = 6 waiting + 1 called + 3 with a doctor + 12 seen + 1 left unseen");
    driver.send(Msg::Resize { width: 80, height: 24 });
    driver.shows("In the clinic now  3 · 23 arrived today: 12 seen, 1 left unseen");
}

#[test]
fn a_visit_is_taken_its_next_step_by_one_key() {
    let mut driver = at_home(80, 24);
    driver.keys("<tab><tab>");
    driver.shows("Ctrl-A call");
    driver.keys("<ctrl-a>");
    let call = driver.call(Lane::Save);
    let verb = Verb::SetStatus("CALLED");
    let is_called = matches!(
        call,
        Call::Do { verb: of, kind: RecordKind::Visit, id: 1, version: 1, .. } if *of == verb
    );
    assert!(is_called);
    let mut called = visit(1, VisitStatus::Called);
    called.version = 2;
    driver.answer(Lane::Save, Ok(Reply::Record(called.into())));
    driver.shows("called since 09:40");
}

#[test]
fn a_visit_that_ends_leaves_the_day() {
    let mut driver = at_home(80, 24);
    driver.keys("<tab><tab><down><ctrl-a>");
    driver.answer(Lane::Save, Ok(Reply::Record(visit(2, VisitStatus::Done).into())));
    let Screen::Home(state) = driver.app.screen() else { panic!() };
    assert_eq!(state.visits.iter().map(|visit| visit.number).collect::<Vec<_>>(), [1, 3]);
    assert!(matches!(driver.call(Lane::List), Call::List { kind: RecordKind::Visit, .. }));
}

#[test]
fn the_selection_stays_with_the_visit_when_others_come() {
    let mut driver = at_home(80, 24);
    driver.keys("<tab><tab><down>");
    driver.keys("<ctrl-r>");
    let all = [(4, VisitStatus::Waiting), (1, VisitStatus::Waiting), (2, VisitStatus::InRoom)];
    let all = all.map(|(number, status)| visit(number, status));
    driver.answer(Lane::List, Ok(visits(all.into())));
    assert!(matches!(driver.app.screen(), Screen::Home(state) if state.at == Some(2)));
}

#[test]
fn esc_closes_the_find_box_and_shows_the_screen_as_it_was() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    let before = driver.screen();
    driver.keys("gomez");
    assert!(matches!(driver.app.layers(), [Layer::Find(_)]));
    driver.keys("<esc>");
    assert_eq!(driver.screen(), before);
}

#[test]
fn an_answer_to_a_find_box_that_was_closed_changes_nothing() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("g");
    let ticket = driver.ticket(Lane::Find);
    driver.keys("<esc>");
    let before = driver.screen();
    driver.send(Msg::Reply(ticket, Ok(lookup(people(), "g"))));
    assert_eq!(driver.screen(), before);
}

#[test]
fn recent_people_never_answer_the_text_of_a_find_box_over_a_page() {
    let mut driver = at_home(80, 24);
    driver.keys("jose<enter>");
    driver.answer(Lane::Find, Ok(lookup(vec![jose()], "jose")));
    // The day below asks again, since a record was read.
    driver.answer(Lane::Record, Ok(one(jose())));
    let below = driver.ticket(Lane::Find);
    driver.keys("weiss<enter>");
    let own = driver.ticket(Lane::Find);
    assert_ne!(below.slot, own.slot);
    driver.send(Msg::Reply(below, Ok(lookup(vec![jose()], "jose"))));
    assert_eq!(driver.asked(Lane::Record), 1, "nobody is opened by that answer");
    driver.send(Msg::Reply(own, Ok(lookup(vec![patient(13, "Grete", "Weiß")], "weiss"))));
    assert_eq!(opened(&driver), (RecordKind::Patient, 13));
}

#[test]
fn an_answer_under_the_help_is_not_lost() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("weiss<f1>");
    driver.on_timer(Timer::Search);
    driver.answer(Lane::Find, Ok(lookup(vec![patient(13, "Grete", "Weiß")], "weiss")));
    driver.keys("<esc>");
    driver.shows("Grete Weiß");
}

#[test]
fn a_space_begins_no_search() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys(" ");
    assert!(driver.app.layers().is_empty());
}

#[test]
fn a_find_that_the_server_does_not_answer_is_shown_as_such() {
    let mut driver = at_home(80, 24);
    driver.keys("g");
    driver.answer(Lane::Find, Err(Failure::Offline("refused".to_owned())));
    driver.shows("! No answer yet.");
    driver.shows("! The server is not available: refused.");
}

#[test]
fn the_section_of_today_begins_with_an_empty_find_box() {
    let mut driver = at_home(80, 24);
    driver.keys("jose");
    driver.on_timer(Timer::Search);
    driver.found(vec![jose()], "jose");
    driver.keys("<enter>");
    driver.answer(Lane::Record, Ok(one(jose())));
    driver.keys("<f2>");
    driver.shows("Find name, phone, MRN");
    driver.shows("In the clinic now");
    driver.on_timer(Timer::Search);
    assert_eq!(asked(&driver), "");
    // Back from the record, what was searched is still there.
    driver.keys("jose");
    driver.on_timer(Timer::Search);
    driver.found(vec![jose()], "jose");
    driver.keys("<enter>");
    driver.answer(Lane::Record, Ok(one(jose())));
    driver.keys("<esc>");
    driver.shows("› Find jose");
}

#[test]
fn a_visit_of_today_gets_another_status_where_it_stands() {
    let mut driver = at_home(80, 24);
    driver.keys("<tab><tab><ctrl-x>");
    driver.shows("Left unseen");
    // Whoever is found or was opened is not archived from here.
    driver.keys("<esc><esc><down><ctrl-x>");
    assert!(driver.app.layers().is_empty(), "{}", driver.screen());
}

#[test]
fn the_next_visit_is_not_meant_where_another_desk_has_ended_the_selected_one() {
    let mut driver = at_home(80, 24);
    driver.keys("<tab><tab><ctrl-a>");
    driver.refuse(Lane::Save, stale_visit(1, VisitStatus::Done));
    let before = driver.asked(Lane::Save);
    driver.keys("<ctrl-a>");
    assert_eq!(driver.asked(Lane::Save), before, "{}", driver.screen());
}

#[test]
fn a_recent_patient_stays_selected_where_the_order_changes() {
    let mut driver = at_home(80, 24);
    let mut recent: Vec<_> = people().into_iter().take(3).collect();
    driver.keys("<down><down><ctrl-r>");
    recent.rotate_left(1);
    driver.found(recent, "");
    driver.keys("<enter>");
    assert_eq!(opened(&driver), (RecordKind::Patient, people()[1].id.0));
}

#[test]
fn a_search_that_has_failed_is_sent_again_by_enter() {
    for key in ["", "<f3>"] {
        let mut driver = at_home(80, 24);
        let lane = if key.is_empty() { Lane::Find } else { Lane::List };
        driver.keys(key);
        driver.keys("jose");
        driver.on_timer(Timer::Search);
        driver.refuse(lane, problem(Kind::Internal, &[]));
        let before = driver.asked(lane);
        driver.keys("<enter>");
        assert_eq!(driver.asked(lane), before + 1, "{key}");
        // A refused one waits for nothing: commands go on.
        driver.refuse(lane, problem(Kind::Internal, &[]));
        driver.keys("<ctrl-p>");
        driver.shows("Actions");
    }
}

#[test]
fn a_recent_patient_who_is_not_seen_any_more_is_not_meant() {
    let mut driver = at_home(80, 24);
    driver.keys("<down><down><down>");
    driver.send(Msg::Resize { width: 80, height: 12 });
    driver.keys("<enter>");
    driver.shows("Today");
    assert!(matches!(driver.app.screen(), Screen::Home(_)));
}
