//! The desk and the session: opening, setting up, logging in and out.

use shared::Kind;

use super::{
    driver::Driver,
    fixtures::{jose, listed, meta, page, people, problem, session, signed_in, user},
};
use crate::{
    api::{Call, Failure, Reply},
    effect::{Effect, Lane, Timer},
    msg::{Desk, Msg},
    screens::Screen,
    session::{Session, SessionHandle},
};

/// Whether the last message ended the session of this number.
fn ends(driver: &Driver, number: u64) -> bool {
    let handle = SessionHandle::new(number);
    driver.last.iter().any(|effect| matches!(effect, Effect::EndSession(h) if *h == handle))
}

fn first_start() -> Driver {
    let mut driver = Driver::new(80, 24);
    driver.send(Msg::Desk(Desk::FirstStart { data: "/srv/desk.db".to_owned() }));
    driver
}

const ADMIN: &str = "<down><enter>Ana Gómez<tab>ana@example.com<tab>\
                     a long enough password<tab>a long enough password";

fn ready(session: Option<Session>) -> Msg {
    let (label, session) = ("local desk".to_owned(), session.map(Box::new));
    Msg::Desk(Desk::Ready { label, is_ephemeral: false, session })
}

#[test]
fn the_first_frame_needs_no_network() {
    let driver = Driver::new(80, 24);
    assert!(driver.last.is_empty());
    driver.shows("Opening the desk");
}

#[test]
fn the_first_administrator_is_set_up_and_logged_in() {
    let mut driver = first_start();
    driver.shows("/srv/desk.db");
    driver.keys(ADMIN);
    driver.keys("<ctrl-s>");
    let Some(Effect::SetUp(admin)) = driver.last.first() else { panic!("it was not set up") };
    assert_eq!((admin.email.as_str(), admin.is_registration_open), ("ana@example.com", false));
    driver.send(ready(None));
    let Call::Login(login) = driver.call(Lane::Account) else { panic!() };
    assert_eq!(login.identifier, "ana@example.com");
    driver.log_in(1, "ana");
    assert!(matches!(driver.app.screen(), Screen::Home(_)));
}

#[test]
fn a_set_up_that_fails_says_why_beside_the_field_and_keeps_what_was_typed() {
    let mut driver = first_start();
    driver.keys(ADMIN);
    driver.keys("<ctrl-s>");
    let message = "is a well-known one".to_owned();
    driver.send(Msg::Desk(Desk::Failed { field: Some("password".to_owned()), message }));
    driver.shows("! is a well-known one");
    driver.shows("ana@example.com");
}

#[test]
fn the_rules_for_the_administrator_hold_before_anything_is_sent() {
    let mut driver = first_start();
    driver.keys("<down><enter><tab>ana@<tab>short<tab>shorter<ctrl-s>");
    assert!(driver.last.is_empty());
    for words in [
        "must be an e-mail address",
        "must have at least 15 characters",
        "must be the same as the password",
    ] {
        driver.shows(words);
    }
}

#[test]
fn a_server_elsewhere_can_be_chosen_and_what_was_typed_comes_back() {
    let mut driver = first_start();
    driver.keys("<down><enter>Ana<esc><down><enter>https://desk.example.org/<ctrl-s>");
    assert!(matches!(
        driver.last.first(),
        Some(Effect::Connect { url }) if url == "https://desk.example.org"
    ));
    let message = "there is no such server".to_owned();
    driver.send(Msg::Desk(Desk::Failed { field: Some("url".to_owned()), message }));
    driver.shows("there is no such server");
    driver.keys("<esc><up><enter>");
    driver.shows("Ana");
}

#[test]
fn a_desk_where_somebody_is_logged_in_already_shows_the_day() {
    let mut driver = Driver::new(80, 24);
    driver.send(ready(Some(session(7, 1, "ana"))));
    assert!(matches!(driver.app.screen(), Screen::Home(_)));
    assert_eq!(driver.asked(Lane::Account), 0, "the session says whose it is");
    assert_eq!(
        driver.sessions,
        [
            Some(SessionHandle::new(7)),
            Some(SessionHandle::new(7)),
            Some(SessionHandle::new(7)),
            None
        ],
        "people, visits, numbers, and what needs none"
    );
}

#[test]
fn a_refused_login_keeps_the_name_and_takes_the_next_password_from_its_beginning() {
    let mut driver = Driver::at_login(80, 24);
    driver.keys("ana<tab>wrong<enter>");
    let mut refused = problem(Kind::Unauthenticated, &[]);
    refused.detail = "The password is wrong.".to_owned();
    driver.refuse(Lane::Account, refused);
    driver.shows("! The password is wrong.");
    driver.shows("ana");
    driver.keys("<ctrl-z>right<enter>");
    assert_eq!(driver.asked(Lane::Account), 2);
    let Call::Login(login) = driver.call(Lane::Account) else { panic!() };
    assert_eq!((login.identifier.as_str(), login.password.as_str()), ("ana", "right"));
    // Also where the password was not looked at.
    driver.refuse(Lane::Account, problem(Kind::TooManyRequests, &[]));
    driver.keys("right<enter>");
    let Call::Login(login) = driver.call(Lane::Account) else { panic!() };
    assert_eq!(login.password, "right");
    // What did not reach the server is sent again as it is.
    driver.answer(Lane::Account, Err(Failure::Offline("nothing answers".to_owned())));
    driver.keys("<enter>");
    let Call::Login(login) = driver.call(Lane::Account) else { panic!() };
    assert_eq!(login.password, "right");
}

#[test]
fn an_account_is_offered_only_where_registration_is_open() {
    let mut driver = Driver::at_login(80, 24);
    driver.hides("No account yet?");
    driver.keys("<ctrl-n>");
    assert!(matches!(driver.app.screen(), Screen::Login(_)));
    driver.send(ready(None));
    let mut open = meta();
    open.is_registration_open = true;
    driver.answer(Lane::Meta, Ok(Reply::Meta(Box::new(open))));
    driver.keys("<ctrl-n>Ana María Gómez<tab>ana@example.com<tab><tab>password1<tab>password1");
    driver.keys("<enter>");
    let Call::Register(registration) = driver.call(Lane::Account) else { panic!() };
    assert_eq!(registration.first_name.as_deref(), Some("Ana María"));
    driver.refuse(Lane::Account, problem(Kind::Conflict, &[("email", "is taken")]));
    driver.shows("! is taken");
    driver.keys("<esc>");
    driver.shows("Leave the form?");
}

#[test]
fn a_read_that_the_end_of_the_session_stopped_is_done_after_the_login() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-r>");
    driver.answer(Lane::Record, Err(Failure::Expired));
    driver.shows("Log in again");
    driver.shows("José Gómez");
    let before = driver.asked(Lane::Record);
    driver.keys("a long password<enter>");
    driver.log_in(1, "ana");
    driver.hides("Log in again");
    assert_eq!(driver.asked(Lane::Record), before + 1);
}

#[test]
fn an_answer_that_comes_twice_counts_once() {
    let mut driver = Driver::at_login(80, 24);
    driver.keys("ana<tab>a long password<enter>");
    let ticket = driver.ticket(Lane::Account);
    driver.log_in(1, "ana");
    assert!(!driver.send(Msg::Reply(ticket, Ok(signed_in(8, 2, "bob")))));
    driver.shows("  ana\n");
    assert!(ends(&driver, 8), "a session for which nobody waits is ended");
}

#[test]
fn logging_out_forgets_what_was_on_the_screen() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-p>log out<enter>");
    assert!(ends(&driver, 1));
    driver.hides("José");
    driver.keys("bob<tab>a long password<enter>");
    driver.log_in(2, "bob");
    driver.answer(Lane::List, Ok(listed(page(people(), 5))));
    driver.shows("  bob\n");
}

#[test]
fn a_profile_without_permissions_is_completed() {
    let mut driver = Driver::at_login(80, 24);
    driver.keys("ana<tab>a long password<enter>");
    let mut bare = user(1, "ana");
    bare.permissions = None;
    let bare = Session::new(SessionHandle::new(1), bare);
    driver.answer(Lane::Account, Ok(Reply::SignedIn(Box::new(bare))));
    assert!(matches!(driver.call(Lane::Account), Call::Profile));
    driver.answer(Lane::Account, Ok(Reply::User(Box::new(user(1, "ana")))));
    driver.keys("<ctrl-n>");
    assert!(matches!(driver.app.screen(), Screen::Form(_)));
}

#[test]
fn an_address_needs_no_scheme() {
    let mut driver = first_start();
    driver.keys("<up><enter>desk.example.org<ctrl-s>");
    assert!(matches!(
        driver.last.first(),
        Some(Effect::Connect { url }) if url == "desk.example.org"
    ));
}

fn elsewhere() -> Driver {
    let mut driver = Driver::new(80, 24);
    let label = "https://desk.example.org".to_owned();
    driver.send(Msg::Desk(Desk::Elsewhere { label, can_go_local: true }));
    driver
}

#[test]
fn a_server_that_is_away_says_why() {
    let mut driver = elsewhere();
    let why = "the certificate of desk.example.org is not trusted (expired)".to_owned();
    driver.answer(Lane::Meta, Err(Failure::Offline(why)));
    driver.shows("! The server is not available: the certificate of desk.example.org is not");
    driver.shows("(expired). Retrying in 2 s");
    driver.on_timer(Timer::Retry);
    driver.on_timer(Timer::Busy);
    driver.shows("(expired). Retrying …");
}

#[test]
fn from_a_server_elsewhere_there_is_a_way_back_to_the_local_desk() {
    let mut driver = elsewhere();
    let why = "nothing answers at desk.example.org".to_owned();
    driver.answer(Lane::Meta, Err(Failure::Offline(why)));
    driver.keys("<ctrl-o>");
    assert!(matches!(driver.last.first(), Some(Effect::GoLocal)));
    driver.send(Msg::Desk(Desk::FirstStart { data: "/srv".to_owned() }));
    driver.shows("Welcome to Frontdesk.");
    driver.hides("desk.example.org");
    driver.hides("is away");
    let mut driver = elsewhere();
    driver.keys("<ctrl-p>local desk<enter>");
    assert!(matches!(driver.last.first(), Some(Effect::GoLocal)));
}

#[test]
fn at_the_local_desk_there_is_no_way_to_it() {
    let mut driver = Driver::at_login(80, 24);
    driver.hides("Ctrl-O");
    driver.keys("<ctrl-o>");
    assert!(driver.last.is_empty());
}

#[test]
fn whoever_logs_out_of_a_throw_away_desk_can_log_in_again() {
    let mut driver = Driver::new(80, 24);
    driver.send(Msg::Desk(Desk::Sample {
        label: "local desk".to_owned(),
        session: Some(Box::new(session(1, 1, "ana"))),
        identifier: "admin@example.com".to_owned(),
        password: "nobody knows it".to_owned(),
        can_go_local: false,
    }));
    driver.keys("<ctrl-p>log out<enter>");
    driver.keys("<enter>");
    let Call::Login(login) = driver.call(Lane::Account) else { panic!() };
    assert_eq!(login.password, "nobody knows it");
    // Nor is it lost where something was typed behind it.
    driver.refuse(Lane::Account, problem(Kind::Unauthenticated, &[]));
    driver.keys("<enter>");
    let Call::Login(login) = driver.call(Lane::Account) else { panic!() };
    assert_eq!(login.password, "nobody knows it");
}
