//! Waits whose end is known: they are counted down, once on the screen, and nothing counts when nobody
//! waits.

use shared::Kind;

use super::{
    driver::Driver,
    fixtures::{jose, listed, page, people, problem},
    looks::look,
};
use crate::{
    api::{Failure, RETRY_AFTER, Reply},
    effect::{Effect, Lane, Timer},
    msg::Msg,
};

fn hung() -> Failure {
    Failure::Offline("desk hangs".to_owned())
}

/// A refusal with the seconds before which no other attempt is taken.
fn busy(kind: Kind, seconds: u64, detail: &str) -> Failure {
    let mut problem = problem(kind, &[]);
    detail.clone_into(&mut problem.detail);
    problem.extra.insert(RETRY_AFTER.to_owned(), seconds.into());
    Failure::Problem(Box::new(problem))
}

fn is_armed(driver: &Driver, timer: Timer) -> bool {
    driver.last.iter().any(|effect| matches!(effect, Effect::Arm(armed, _) if *armed == timer))
}

/// The day at the desk, of which no part has an answer.
fn nothing_answers() -> Driver {
    let mut driver = Driver::at_login(80, 24);
    driver.keys("ana<tab>a long password<enter>");
    driver.log_in(1, "ana");
    for lane in [Lane::Find, Lane::List, Lane::Dashboard] {
        driver.answer(lane, Err(hung()));
    }
    driver
}

#[test]
fn a_hung_server_is_named_once_and_the_next_try_is_counted_down() {
    let mut driver = nothing_answers();
    insta::assert_snapshot!("nothing_answers", look(&driver));
    assert_eq!(driver.screen().matches("desk hangs").count(), 1);
    driver.shows("Retrying in 2 s; Ctrl-R retries");
    assert!(driver.on_timer(Timer::Second));
    driver.shows("Retrying in 1 s");
    assert!(is_armed(&driver, Timer::Second));
    // The last second ends with the try itself.
    assert!(!driver.on_timer(Timer::Second));
    assert!(!is_armed(&driver, Timer::Second));
    driver.on_timer(Timer::Retry);
    driver.shows("Retrying …");
    assert!(!is_armed(&driver, Timer::Second), "nothing is counted while it is tried");
}

#[test]
fn several_reads_that_fail_together_wait_as_long_as_one() {
    let mut driver = nothing_answers();
    assert!(!is_armed(&driver, Timer::Retry), "the first has begun the wait");
    driver.on_timer(Timer::Retry);
    for lane in [Lane::Find, Lane::List, Lane::Dashboard] {
        driver.answer(lane, Err(hung()));
    }
    driver.shows("Retrying in 4 s");
}

#[test]
fn nothing_is_counted_once_the_server_answers() {
    let mut driver = nothing_answers();
    driver.keys("<ctrl-r>");
    assert!(driver.last.iter().any(|e| matches!(e, Effect::Disarm(Timer::Retry))));
    driver.answer(Lane::List, Ok(listed(page(Vec::new(), 0))));
    driver.hides("Trying");
    assert!(!driver.on_timer(Timer::Second), "the second that was under way draws nothing");
    assert!(driver.last.is_empty());
}

#[test]
fn nothing_is_counted_at_a_locked_desk() {
    let mut driver = nothing_answers();
    driver.on_timer(Timer::Idle);
    assert!(!driver.on_timer(Timer::Second));
    assert!(driver.last.is_empty());
    // The try that comes due is made when somebody is there again.
    driver.on_timer(Timer::Retry);
    let before = driver.asked(Lane::List);
    driver.keys("a long password<enter>");
    driver.log_in(1, "ana");
    assert_eq!(driver.asked(Lane::List), before + 1);
}

#[test]
fn too_many_attempts_say_when_the_next_one_is_taken() {
    let mut driver = Driver::at_login(80, 24);
    driver.keys("ana<tab>wrong<enter>");
    let detail = "too many attempts: try again in 3 s";
    driver.answer(Lane::Account, Err(busy(Kind::TooManyRequests, 3, detail)));
    driver.shows("! too many attempts. Try again in 3 s.");
    assert!(is_armed(&driver, Timer::Second));
    driver.on_timer(Timer::Second);
    driver.shows("Try again in 2 s.");
    driver.on_timer(Timer::Second);
    driver.on_timer(Timer::Second);
    driver.shows("! too many attempts. Try again now.");
    assert!(!is_armed(&driver, Timer::Second));
    assert!(!driver.on_timer(Timer::Second));
    // What was said is kept as the server said it.
    driver.keys("<f12>");
    driver.shows("too many attempts: try again in 3 s");
}

#[test]
fn another_attempt_is_free_to_be_made_at_any_time_and_ends_the_count() {
    let mut driver = Driver::at_login(80, 24);
    driver.keys("ana<tab>wrong<enter>");
    driver.answer(Lane::Account, Err(busy(Kind::TooManyRequests, 30, "too many attempts")));
    driver.keys("right<enter>");
    assert_eq!(driver.asked(Lane::Account), 2);
    driver.hides("Try again in");
    assert!(!driver.on_timer(Timer::Second));
    assert!(!is_armed(&driver, Timer::Second));
}

#[test]
fn a_read_for_which_the_server_has_no_time_is_made_again_when_it_said() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-r>");
    driver.answer(Lane::List, Err(busy(Kind::Unavailable, 5, "too much is waiting already")));
    driver.shows("! The server is busy: too much is waiting already. Retrying in 5 s");
    let wait = driver.last.iter().find_map(|effect| match effect {
        Effect::Arm(Timer::Retry, wait) => Some(wait.as_secs()),
        _ => None,
    });
    assert_eq!(wait, Some(5));
    let before = driver.asked(Lane::List);
    driver.on_timer(Timer::Retry);
    assert_eq!(driver.asked(Lane::List), before + 1);
    driver.answer(Lane::List, Ok(listed(page(people(), 5))));
    driver.hides("has no time");
}

#[test]
fn reads_that_are_put_off_together_do_not_call_each_other_up() {
    let mut driver = Driver::at_login(80, 24);
    driver.keys("ana<tab>a long password<enter>");
    driver.log_in(1, "ana");
    let calls = driver.calls.len();
    for lane in [Lane::Find, Lane::List, Lane::Dashboard] {
        driver.answer(lane, Err(busy(Kind::Unavailable, 5, "too much is waiting already")));
    }
    assert_eq!(driver.calls.len(), calls);
}

#[test]
fn a_save_for_which_the_server_has_no_time_is_never_repeated_by_itself() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e>xyz<ctrl-s>");
    driver.answer(Lane::Save, Err(busy(Kind::Unavailable, 5, "too much is waiting already")));
    driver.shows("Try again in 5 s.");
    driver.shows("xyz");
    let saves = driver.asked(Lane::Save);
    driver.on_timer(Timer::Second);
    driver.on_timer(Timer::Retry);
    assert_eq!(driver.asked(Lane::Save), saves);
}

#[test]
fn an_idle_desk_counts_nothing() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    assert!(!driver.on_timer(Timer::Second));
    driver.send(Msg::Live(Vec::new()));
    driver.keys("<ctrl-y>");
    assert!(!is_armed(&driver, Timer::Second), "what passes by itself is not counted");
    driver.answer(Lane::Namesakes, Ok(Reply::Done));
    assert!(!is_armed(&driver, Timer::Second));
}
