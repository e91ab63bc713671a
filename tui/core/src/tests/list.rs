//! The list of patients: searching, moving, turning pages.

use shared::{Kind, id::PatientId, patient::PatientFilter};

use super::{
    driver::Driver,
    fixtures::{listed, one, page, patient, people, problem},
};
use crate::{
    api::{Call, Failure, Reply},
    app::TOAST_FOR,
    effect::{Effect, Lane, Slot, Timer},
    msg::Msg,
    screens::Screen,
    search::PAUSE,
};

pub(super) fn found(patients: Vec<shared::patient::Patient>, count: i64) -> Result<Reply, Failure> {
    Ok(listed(page(patients, count)))
}

fn filter(driver: &Driver) -> PatientFilter {
    super::driver::filter(driver, Lane::List)
}

pub(super) fn selected(driver: &Driver) -> PatientId {
    match driver.app.screen() {
        Screen::List(state) => PatientId(state.row().unwrap().id()),
        _ => panic!("it is not the list"),
    }
}

fn arms(driver: &Driver, timer: Timer) -> bool {
    driver.last.iter().any(|effect| matches!(effect, Effect::Arm(armed, _) if *armed == timer))
}

#[test]
fn a_search_is_sent_with_the_first_key_and_then_after_each_pause() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    let before = driver.asked(Lane::List);
    driver.keys("g");
    assert_eq!(filter(&driver).search.as_deref(), Some("g"));
    let armed = driver
        .last
        .iter()
        .any(|effect| matches!(effect, Effect::Arm(Timer::Search, pause) if *pause == PAUSE));
    assert!(armed);
    driver.keys("om");
    assert_eq!(driver.asked(Lane::List), before + 1);
    assert!(driver.on_timer(Timer::Search));
    assert_eq!(driver.asked(Lane::List), before + 2);
    assert_eq!(filter(&driver).search.as_deref(), Some("gom"));
    assert!(!driver.on_timer(Timer::Search), "nothing waits any more");
    driver.keys("e");
    assert_eq!(filter(&driver).search.as_deref(), Some("gome"));
}

#[test]
fn the_same_text_is_not_asked_for_twice() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("g");
    driver.answer(Lane::List, found(people(), 5));
    let before = driver.asked(Lane::List);
    driver.keys("o<bs>");
    assert!(!driver.on_timer(Timer::Search));
    assert_eq!(driver.asked(Lane::List), before);
}

#[test]
fn enter_waits_for_the_answer_to_the_typed_text_and_opens_a_single_hit() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("p000013");
    driver.on_timer(Timer::Search);
    driver.keys("<enter>");
    assert!(matches!(driver.app.screen(), Screen::List(_)));
    driver.answer(Lane::List, found(vec![patient(13, "Grete", "Weiß")], 1));
    assert!(matches!(driver.call(Lane::Record), Call::Read { id: 13, .. }));
}

#[test]
fn enter_sends_at_once_what_waits_for_the_pause() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("weiss<enter>");
    assert_eq!(filter(&driver).search.as_deref(), Some("weiss"));
}

#[test]
fn enter_goes_to_the_rows_where_several_match() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("g<enter>");
    driver.answer(Lane::List, found(people(), 5));
    assert!(matches!(driver.app.screen(), Screen::List(state) if !state.is_searching));
    driver.keys("<down><enter>");
    assert!(matches!(driver.call(Lane::Record), Call::Read { id: 10, .. }));
}

#[test]
fn after_enter_or_esc_the_next_character_replaces_the_text() {
    for end in ["<enter>", "<down>", "<enter><down>", "<enter><esc>"] {
        let mut driver = Driver::with(people(), 5, 80, 24);
        driver.keys("gomez");
        driver.on_timer(Timer::Search);
        driver.answer(Lane::List, found(people(), 5));
        driver.on_timer(Timer::Search);
        driver.keys(end);
        driver.keys("w");
        assert_eq!(filter(&driver).search.as_deref(), Some("w"), "{end}");
        // One undo brings the text before back.
        driver.keys("<ctrl-z>");
        driver.shows("Search gomez");
    }
}

#[test]
fn a_printed_character_among_the_rows_begins_a_search() {
    for letter in ["j", "k", "g", "G", "q", "f", "s", "?", ":", "/", "1"] {
        let mut driver = Driver::with(people(), 5, 80, 24);
        driver.keys(&format!("<down>{letter}"));
        assert_eq!(filter(&driver).search.as_deref(), Some(letter));
        assert!(driver.app.layers().is_empty());
    }
}

#[test]
fn enter_waits_also_where_nobody_was_found_before() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("zzz");
    driver.on_timer(Timer::Search);
    driver.answer(Lane::List, found(Vec::new(), 0));
    driver.keys("<esc>P000013P<enter>");
    driver.answer(Lane::List, found(vec![patient(13, "Grete", "Weiß")], 1));
    assert!(matches!(driver.call(Lane::Record), Call::Read { id: 13, .. }));
}

#[test]
fn a_refresh_asks_for_the_text_that_is_typed() {
    let mut driver = Driver::with(people(), 900, 80, 24);
    driver.keys("<down><end><pgdn>");
    let mut second = page(vec![patient(60, "Six", "Ty")], 900);
    second.previous = Some("http://x/api/patients?cursor=p".to_owned());
    driver.answer(Lane::List, Ok(listed(second)));
    driver.keys("weiss<enter><ctrl-r>");
    assert_eq!(filter(&driver).search.as_deref(), Some("weiss"));
    driver.keys("<down><pgdn>");
    assert!(matches!(driver.call(Lane::List), Call::List { .. }), "no page of an older text");
}

#[test]
fn pasted_text_among_the_rows_is_searched_for() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<down>");
    driver.send(Msg::Paste("P000009K\n".to_owned()));
    assert_eq!(filter(&driver).search.as_deref(), Some("P000009K"));
}

#[test]
fn an_answer_to_an_older_search_changes_nothing_and_draws_nothing() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("a");
    driver.on_timer(Timer::Search);
    let old = driver.ticket(Lane::List);
    driver.keys("b");
    assert!(driver.last.iter().any(|e| matches!(e, Effect::Abort(Slot { lane: Lane::List, .. }))));
    driver.on_timer(Timer::Search);
    let before = driver.screen();
    assert!(!driver.send(Msg::Reply(old, found(Vec::new(), 0))));
    assert_eq!(driver.screen(), before);
    driver.answer(Lane::List, found(vec![patient(77, "Abby", "B")], 1));
    driver.shows("Abby B");
}

#[test]
fn typing_back_to_a_text_that_was_not_answered_asks_again() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("a");
    driver.on_timer(Timer::Search);
    driver.keys("b<bs>");
    assert!(driver.on_timer(Timer::Search));
    assert_eq!(filter(&driver).search.as_deref(), Some("a"));
}

#[test]
fn rows_stay_while_others_are_asked_for_and_when_that_fails() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("x");
    driver.on_timer(Timer::Search);
    driver.shows("Gómez, José");
    driver.answer(Lane::List, Err(Failure::Offline("refused".to_owned())));
    driver.shows("Gómez, José");
    driver.shows("Not up to date: No answer yet.");
    driver.shows("! The server is not available: refused.");
}

#[test]
fn the_selection_stays_with_the_patient_when_the_rows_move() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<down><down><down>");
    assert_eq!(selected(&driver), PatientId(11));
    driver.keys("<ctrl-r>");
    let mut moved = people();
    moved.insert(0, patient(8, "Aaron", "First"));
    driver.answer(Lane::List, found(moved, 6));
    assert_eq!(selected(&driver), PatientId(11));
}

#[test]
fn filters_and_order_are_sent_and_named() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-t><right><tab>ab-<tab>Boston<tab>1980<tab>1989-02<ctrl-s>");
    let asked = filter(&driver);
    assert_eq!(asked.city.as_deref(), Some("Boston"));
    assert_eq!(asked.blood_type.map(|blood| blood.to_string()).as_deref(), Some("AB-"));
    assert_eq!(asked.born_from.map(|day| day.to_string()).as_deref(), Some("1980-01-01"));
    assert_eq!(asked.born_to.map(|day| day.to_string()).as_deref(), Some("1989-02-28"));
    driver.answer(Lane::List, found(people(), 5));
    driver.shows("female");
    driver.shows("city Boston");
    driver.keys("<ctrl-o><end><enter>");
    assert_eq!(
        filter(&driver).ordering.map(|order| order.to_string()).as_deref(),
        Some("-updated_at")
    );
    driver.answer(Lane::List, found(people(), 5));
    driver.keys("<ctrl-p>show all<enter>");
    assert_eq!(filter(&driver).city, None);
}

#[test]
fn a_filter_that_breaks_a_rule_is_not_sent() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    let before = driver.asked(Lane::List);
    driver.keys("<ctrl-t><tab><tab><tab>1990<tab>1980<ctrl-s>");
    assert_eq!(driver.asked(Lane::List), before);
    driver.shows("must not be before the first day");
}

#[test]
fn a_request_is_shown_as_running_only_after_a_while() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-r>");
    assert!(arms(&driver, Timer::Busy));
    driver.hides("Searching …");
    driver.on_timer(Timer::Busy);
    driver.shows("Searching …");
    driver.answer(Lane::List, found(people(), 5));
    driver.hides("Searching …");
    assert!(!driver.on_timer(Timer::Busy));
}

#[test]
fn nothing_is_armed_when_nothing_runs() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    let disarmed = driver.last.iter().any(|e| matches!(e, Effect::Disarm(Timer::Busy)));
    assert!(disarmed);
    driver.keys("<down><down><down><up><up><ctrl-f>");
    let is_other = |e: &Effect| matches!(e, Effect::Arm(timer, _) if *timer != Timer::Idle);
    assert!(!driver.last.iter().any(is_other));
}

#[test]
fn what_passes_passes_and_an_error_stays_until_it_is_dismissed() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<down><ctrl-y>");
    assert!(driver.last.iter().any(|e| matches!(e, Effect::Copy(mrn) if mrn == "P000009K")));
    assert!(
        driver.last.iter().any(|e| matches!(e, Effect::Arm(Timer::Toast, t) if *t == TOAST_FOR))
    );
    driver.shows("was sent to the terminal");
    driver.on_timer(Timer::Toast);
    driver.hides("was sent to the terminal");
    driver.keys("<f12>");
    driver.shows("was sent to the terminal");
}

#[test]
fn a_server_that_is_away_is_tried_again_after_waits_that_grow() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-r>");
    let wait = |driver: &Driver| {
        driver.last.iter().find_map(|effect| match effect {
            Effect::Arm(Timer::Retry, wait) => Some(wait.as_secs()),
            _ => None,
        })
    };
    let mut waits = Vec::new();
    for _ in 0..7 {
        driver.answer(Lane::List, Err(Failure::Offline("refused".to_owned())));
        waits.extend(wait(&driver));
        driver.shows("The server is not available");
        assert!(driver.on_timer(Timer::Retry));
    }
    assert_eq!(waits, [2, 4, 8, 16, 32, 60, 60]);
    driver.answer(Lane::List, found(people(), 5));
    driver.hides("The server is not available");
    assert!(driver.last.iter().any(|e| matches!(e, Effect::Disarm(Timer::Retry))));
}

#[test]
fn a_row_is_edited_without_opening_it_first() {
    for key in ["<down><ctrl-e>", "<ctrl-e>"] {
        let mut driver = Driver::with(people(), 5, 80, 24);
        driver.keys(key);
        // Typed ahead of the form: not another search.
        driver.keys("xny");
        assert!(driver.app.layers().is_empty());
        driver.answer(Lane::Record, Ok(one(super::fixtures::jose())));
        assert!(matches!(driver.app.screen(), Screen::Form(_)));
        driver.shows("xny");
        driver.keys("<ctrl-z><esc>");
        assert!(matches!(driver.app.screen(), Screen::Detail(_)));
    }
}

#[test]
fn a_row_that_may_not_be_edited_is_shown_and_says_so() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<down><ctrl-e>");
    let mut jose = super::fixtures::jose();
    jose.permissions = Some(Vec::new());
    driver.answer(Lane::Record, Ok(one(jose)));
    driver.shows("may not edit this record");
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
}

#[test]
fn a_name_and_enter_twice_never_opens_who_stood_there_before() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("weiss<enter><enter>");
    assert!(matches!(driver.app.screen(), Screen::List(_)));
    driver.answer(Lane::List, found(vec![patient(13, "Grete", "Weiß")], 1));
    assert!(matches!(driver.call(Lane::Record), Call::Read { id: 13, .. }));
    // Among several, somebody has to choose.
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("weiss<enter><enter>");
    driver.answer(Lane::List, found(people(), 5));
    assert!(matches!(driver.app.screen(), Screen::List(_)));
    driver.keys("<enter>");
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
}

#[test]
fn what_can_not_be_looked_for_does_not_leave_the_patients_before_as_if_found() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("p 000 001 c");
    driver.on_timer(Timer::Search);
    let fault = ("search", "is mistyped: the check letter does not fit the digits");
    driver.refuse(Lane::List, problem(Kind::Validation, &[fault]));
    driver.shows("! The search is mistyped: the check letter");
    driver.hides("José");
    driver.keys("<ctrl-u>");
    driver.on_timer(Timer::Search);
    driver.answer(Lane::List, found(people(), 5));
    driver.shows("José");
}

#[test]
fn a_date_is_looked_for_as_people_write_it() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("gomez 25.5.1989");
    driver.on_timer(Timer::Search);
    assert_eq!(filter(&driver).search.as_deref(), Some("gomez 1989-05-25"));
    driver.shows("gomez 25.5.1989");
}
