//! Two users at one desk: what one has typed or asked never leaves as the other's.

use shared::Kind;

use super::{
    driver::Driver,
    fixtures::{jose, listed, one, page, patient, people, problem, session, user},
};
use crate::{
    api::{Call, Failure, Reply},
    effect::{Effect, Lane},
    layers::Layer,
    msg::{Desk, Msg},
    screens::Screen,
    session::SessionHandle,
};

/// Bob is editing a patient, and his session is over.
fn bob_is_stopped() -> Driver {
    let mut driver = Driver::at_login(80, 24);
    driver.keys("bob<tab>a long password<enter>");
    driver.log_in(2, "bob");
    driver.keys("<f3>");
    driver.answer(Lane::List, Ok(listed(page(vec![jose()], 1))));
    driver.keys("<down><enter>");
    driver.answer(Lane::Record, Ok(one(jose())));
    driver.keys("<ctrl-e><ctrl-u>Joe<ctrl-s>");
    driver.answer(Lane::Save, Err(Failure::Expired));
    driver.shows("Log in again");
    driver
}

/// Ana logs in at the question that is asked over bob's form.
fn ana_logs_in(driver: &mut Driver) {
    driver.keys("<backtab><ctrl-u>ana<tab>a long password<enter>");
    driver.log_in(1, "ana");
    driver.shows("You are ana now; bob has unsaved work.");
}

fn ends(driver: &Driver, number: u64) -> bool {
    let handle = SessionHandle::new(number);
    driver.last.iter().any(|effect| matches!(effect, Effect::EndSession(h) if *h == handle))
}

/// The session of the last request.
fn last_session(driver: &Driver) -> Option<SessionHandle> {
    *driver.sessions.last().unwrap()
}

#[test]
fn what_bob_has_typed_is_never_saved_by_ana() {
    let mut driver = bob_is_stopped();
    ana_logs_in(&mut driver);
    driver.keys("<esc>");
    driver.shows("Log in again");
    assert!(ends(&driver, 2), "ana's session, which nobody goes on in, is ended");
    driver.keys("<esc><ctrl-s>");
    driver.shows("  bob\n");
    assert_eq!(driver.asked(Lane::Save), 2);
    assert_eq!(last_session(&driver), Some(SessionHandle::new(1)), "it is bob's, or nobody's");
    driver.answer(Lane::Save, Err(Failure::Expired));
    driver.keys("a long password<enter>");
    driver.log_in(2, "bob");
    driver.keys("<tab><enter>");
    assert_eq!(last_session(&driver), Some(SessionHandle::new(3)), "bob's next session");
}

#[test]
fn another_user_who_goes_on_gets_nothing_that_was_typed_before() {
    let mut driver = bob_is_stopped();
    ana_logs_in(&mut driver);
    assert!(driver.app.has_unsaved());
    driver.keys("<tab><enter>");
    assert!(!driver.app.has_unsaved());
    assert!(matches!(driver.app.screen(), Screen::Home(_)));
    driver.shows("  ana\n");
    driver.shows("was dropped");
    assert!(ends(&driver, 1), "bob's session is not left behind");
    assert_eq!(last_session(&driver), Some(SessionHandle::new(2)));
    assert_eq!(driver.asked(Lane::Save), 1, "nothing that waited is sent");
}

#[test]
fn a_slow_answer_to_the_user_before_changes_nothing_for_the_next() {
    let mut driver = bob_is_stopped();
    // Reads of bob's, on their way in the session that is over.
    driver.keys("<esc><esc><tab><enter><ctrl-r>");
    let read = driver.ticket(Lane::Record);
    ana_takes_over(&mut driver);
    let before = driver.screen();
    let late = one(patient(9, "Josef", "Gómez"));
    assert!(!driver.send(Msg::Reply(read, Ok(late))));
    assert_eq!(driver.screen(), before);
    assert!(!driver.send(Msg::Reply(read, Err(Failure::Expired))));
    assert_eq!(driver.screen(), before);
}

/// Bob logs out, and Ana logs in.
fn ana_takes_over(driver: &mut Driver) {
    driver.keys("<ctrl-p>log out<enter>ana<tab>a long password<enter>");
    driver.log_in(1, "ana");
    driver.keys("<f3>");
    driver.answer(Lane::List, Ok(listed(page(people(), 5))));
    driver.shows("  ana\n");
}

#[test]
fn an_archiving_that_waited_for_a_login_is_not_offered_to_the_next_user() {
    for (id, name, offers) in [(1, "ana", true), (2, "bob", false)] {
        let mut driver = Driver::looking_at(jose(), 80, 24);
        driver.keys("<ctrl-x><tab><enter>");
        driver.answer(Lane::Save, Err(Failure::Expired));
        driver.keys("a long password<enter>");
        driver.log_in(id, name);
        driver.shows(if offers { "Send it now?" } else { "ana has unsaved work" });
        driver.keys("<tab><enter>");
        assert!(driver.app.layers().is_empty());
        assert_eq!(driver.asked(Lane::Save), if offers { 2 } else { 1 }, "{name}");
        if !offers {
            // Nor when the session of the next user is over in its turn.
            driver.keys("<ctrl-r>");
            driver.answer(Lane::List, Err(Failure::Expired));
            driver.keys("a long password<enter>");
            driver.log_in(id, name);
            assert!(driver.app.layers().is_empty());
        }
    }
}

#[test]
fn what_was_said_to_the_user_before_is_not_read_by_the_next() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-y><ctrl-p>log out<enter>");
    driver.hides("P000009K");
    driver.keys("bob<tab>a long password<enter>");
    driver.log_in(2, "bob");
    driver.keys("<ctrl-p>mess<enter>");
    driver.shows("No messages yet.");
}

#[test]
fn a_save_of_the_user_before_that_still_runs_is_not_told_to_the_next() {
    let mut driver = bob_is_stopped();
    driver.keys("<esc><esc><tab><enter><ctrl-r><ctrl-e><ctrl-u>Joe<ctrl-s>");
    let save = driver.ticket(Lane::Save);
    driver.answer(Lane::Record, Err(Failure::Expired));
    driver.keys("<f1>");
    ana_logs_in(&mut driver);
    driver.keys("<tab><enter>");
    let before = driver.screen();
    let saved = one(patient(9, "Joe", "Gómez"));
    assert!(!driver.send(Msg::Reply(save, Ok(saved))));
    assert_eq!(driver.screen(), before);
    // Nor is the next user kept from saving.
    driver.keys("<ctrl-n>Mary<ctrl-s>");
    assert!(matches!(driver.call(Lane::Save), Call::Create { .. }));
}

#[test]
fn what_was_asked_in_the_session_before_is_asked_again_in_the_next_of_the_same_user() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-r>");
    let read = driver.ticket(Lane::Record);
    driver.answer(Lane::Record, Err(Failure::Expired));
    driver.keys("a long password<enter>");
    driver.log_in(1, "ana");
    assert!(driver.app.layers().is_empty());
    assert_ne!(driver.ticket(Lane::Record), read);
    assert_eq!(last_session(&driver), Some(SessionHandle::new(2)));
}

#[test]
fn an_answer_that_finds_the_session_renewed_meanwhile_asks_nobody_to_log_in_again() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-r><ctrl-p>");
    driver.answer(Lane::Record, Ok(one(jose())));
    let history = driver.ticket(Lane::History);
    driver.keys("<esc><ctrl-r>");
    driver.answer(Lane::Record, Err(Failure::Expired));
    driver.keys("a long password<enter>");
    driver.log_in(1, "ana");
    // The history was asked for in the session that is over.
    driver.send(Msg::Reply(history, Err(Failure::Expired)));
    assert!(driver.app.layers().is_empty());
    assert_eq!(last_session(&driver), Some(SessionHandle::new(2)));
    assert!(matches!(driver.call(Lane::History), Call::History { .. }));
}

#[test]
fn a_session_that_turns_out_to_be_somebody_elses_is_used_no_more() {
    let mut driver = Driver::at_login(80, 24);
    driver.keys("ana<tab>a long password<enter>");
    let mut bare = user(1, "ana");
    bare.permissions = None;
    let bare = crate::session::Session::new(SessionHandle::new(5), bare);
    driver.answer(Lane::Account, Ok(Reply::SignedIn(Box::new(bare))));
    driver.answer(Lane::Account, Ok(Reply::User(Box::new(user(2, "bob")))));
    assert!(ends(&driver, 5));
    driver.shows("Log in again");
    driver.shows("  ana\n");
    driver.hides("bob");
}

#[test]
fn a_session_goes_on_only_at_the_desk_at_which_it_began() {
    let ready = |label: &str, session| {
        let label = label.to_owned();
        Msg::Desk(Desk::Ready { label, is_ephemeral: false, session })
    };
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-n>Mary");
    driver.send(ready("local desk", Some(Box::new(session(9, 1, "ana")))));
    assert!(driver.app.has_unsaved(), "the same desk: nothing is lost");
    assert!(ends(&driver, 9));
    driver.send(ready("https://elsewhere.example", None));
    driver.shows("Log in to https://elsewhere.example");
    assert!(driver.app.world().user().is_none());
}

#[test]
fn a_refused_second_login_leaves_the_first_users_work() {
    let mut driver = bob_is_stopped();
    driver.keys("wrong<enter>");
    driver.refuse(Lane::Account, problem(Kind::Unauthenticated, &[]));
    assert!(matches!(driver.app.layers(), [Layer::Relogin(_)]));
    assert!(driver.app.has_unsaved());
    driver.shows("  bob\n");
    driver.keys("right<enter>");
    let Call::Login(login) = driver.call(Lane::Account) else { panic!() };
    assert_eq!((login.identifier.as_str(), login.password.as_str()), ("bob", "right"));
}
