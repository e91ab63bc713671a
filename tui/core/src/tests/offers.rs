//! What is offered, and what is not because it would be refused.

use shared::{Kind, patient::PatientPermission};

use super::{
    driver::{Driver, filter},
    fixtures::{jose, listed, one, page, people, problem, stale, user},
};
use crate::{
    api::{Call, Failure, Reply, Verb},
    effect::Lane,
    msg::Msg,
    screens::Screen,
    session::{Session, SessionHandle},
};

#[test]
fn what_would_be_refused_is_not_offered() {
    let mut patient = jose();
    patient.permissions = Some(vec![PatientPermission::History]);
    let mut driver = Driver::looking_at(patient, 80, 24);
    driver.hides("edit");
    driver.hides("archive");
    driver.keys("<ctrl-e><ctrl-x>");
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
    assert!(driver.app.layers().is_empty());
}

#[test]
fn a_history_that_may_not_be_read_is_not_asked_for() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<down><enter>");
    let mut patient = jose();
    patient.permissions = Some(Vec::new());
    driver.answer(Lane::Record, Ok(one(patient)));
    assert_eq!(driver.asked(Lane::History), 0);
}

#[test]
fn a_session_that_may_not_register_patients_is_not_offered_to() {
    let mut driver = Driver::at_login(80, 24);
    driver.keys("ana<tab>a long password<enter>");
    let mut ana = user(1, "ana");
    ana.permissions = Some(Vec::new());
    let session = Session::new(SessionHandle::new(1), ana);
    driver.answer(Lane::Account, Ok(Reply::SignedIn(Box::new(session))));
    driver.keys("<f3>");
    driver.answer(Lane::List, Ok(listed(page(Vec::new(), 0))));
    driver.hides("new patient");
    driver.keys("<ctrl-n>");
    assert!(matches!(driver.app.screen(), Screen::List(_)));
    driver.keys("<ctrl-t>");
    driver.hides("Archived");
}

#[test]
fn archiving_names_the_person_and_is_cancelled_by_default() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-x>");
    driver.shows("José Gómez, born 1989-05-25, P000009K");
    driver.keys("<enter>");
    assert_eq!(driver.asked(Lane::Save), 0);
    driver.keys("<ctrl-x>Moved away<tab><enter>");
    let Call::Do { verb: Verb::Archive, version, reason, .. } = driver.call(Lane::Save) else {
        panic!()
    };
    assert_eq!((*version, reason.as_deref()), (3, Some("Moved away")));
    let mut archived = jose();
    archived.archived_at = Some("2026-11-20T09:00:00Z".parse().unwrap());
    driver.answer(Lane::Save, Ok(one(archived)));
    driver.shows("ARCHIVED 2026-11-20");
    driver.shows("Ctrl-K restore");
    driver.hides("Ctrl-X archive");
    driver.keys("<ctrl-k><right><enter>");
    assert!(matches!(driver.call(Lane::Save), Call::Do { verb: Verb::Restore, .. }));
}

#[test]
fn a_reason_goes_with_the_archiving_whichever_way_it_is_answered() {
    for keys in ["<enter><enter>", "<tab><enter>", "<down><enter>"] {
        let mut driver = Driver::looking_at(jose(), 80, 24);
        driver.keys(&format!("<ctrl-x>Moved away{keys}"));
        let Call::Do { verb: Verb::Archive, reason, .. } = driver.call(Lane::Save) else {
            panic!()
        };
        assert_eq!(reason.as_deref(), Some("Moved away"), "{keys}");
    }
}

#[test]
fn enter_in_the_reason_keeps_it_and_archives_nobody_yet() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-x>Moved<enter>");
    driver.shows("› Archive ‹");
    driver.shows("Moved");
    assert_eq!(driver.asked(Lane::Save), 0);
    // Whoever goes on typing has not decided.
    driver.keys(" away");
    driver.shows("› Cancel ‹");
    driver.keys("<enter><esc>");
    assert_eq!(driver.asked(Lane::Save), 0);
}

#[test]
fn archiving_what_was_changed_meanwhile_shows_it_first() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-x><tab><enter>");
    let mut theirs = jose();
    theirs.version = 4;
    theirs.full_name = "Josef Gómez".to_owned();
    driver.refuse(Lane::Save, stale(&theirs));
    driver.shows("Josef Gómez");
    driver.shows("Somebody else has changed the record");
}

#[test]
fn the_help_lists_what_holds_here_and_runs_it() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<f1>");
    driver.shows("Edit the record.");
    driver.hides("Add a record");
    driver.keys("archive<enter>");
    driver.shows("Archive this patient?");
}

#[test]
fn the_footer_of_a_form_says_what_enter_does_in_the_field() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e>");
    driver.shows("Enter next field");
    driver.keys("<backtab>");
    driver.shows("Enter new line");
}

#[test]
fn no_key_is_listed_twice() {
    let mut driver = Driver::at_login(80, 24);
    driver.keys("<f1>");
    driver.hides("Ctrl-Z Ctrl-Z");
}

#[test]
fn all_patients_are_one_action_away_where_the_filters_leave_nobody() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-t><right><ctrl-s>");
    driver.answer(Lane::List, Ok(listed(page(Vec::new(), 0))));
    driver.keys("<ctrl-p>show all<enter>");
    let filter = filter(&driver, Lane::List);
    assert_eq!(filter.gender, None);
}

#[test]
fn the_palette_finds_what_has_no_key() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-p>mess<enter>");
    driver.shows("No messages yet.");
}

#[test]
fn a_record_that_is_gone_says_so_and_names_the_way_back() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<down><enter>");
    driver.refuse(Lane::Record, problem(Kind::NotFound, &[]));
    // Nor is it in the archive.
    driver.refuse(Lane::Record, problem(Kind::NotFound, &[]));
    driver.shows("! Not found");
    driver.keys("<esc>");
    assert!(matches!(driver.app.screen(), Screen::List(_)));
}

#[test]
fn hostile_text_from_the_server_is_shown_as_text() {
    let mut patient = jose();
    patient.full_name = "Jo\u{1b}]52;c;aGk=\u{7}sé\u{202e}".to_owned();
    patient.fields.allergies = Some("x\u{9b}31m".to_owned());
    let driver = Driver::looking_at(patient, 80, 24);
    driver.shows("Jo␛]52;c;aGk=␇sé‹U+202E›");
    driver.shows("x‹U+009B›31m");
}

#[test]
fn the_cursor_is_always_in_the_focused_field() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("gó");
    driver.shows("cursor: 11,1");
    driver.keys("<left>");
    driver.shows("cursor: 10,1");
    driver.keys("<ctrl-n>");
    driver.shows("cursor: 15,2");
}

#[test]
fn keys_that_old_terminals_send_as_letters_with_control_are_what_they_mean() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("gox<ctrl-h><ctrl-i>");
    driver.shows("Search go");
    driver.hides("Search gox");
    driver.answer(Lane::List, Ok(listed(page(people(), 5))));
    driver.keys("<ctrl-m>");
    assert!(matches!(driver.app.screen(), Screen::Detail(_)));
}

#[test]
fn a_key_that_means_nothing_draws_nothing() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    for chord in super::driver::chords("<f11><ctrl-v><enter> ") {
        assert!(!driver.send(Msg::Key(chord)));
    }
    let old = driver.ticket(Lane::List);
    assert!(!driver.send(Msg::Reply(old, Err(Failure::Expired))));
}

#[test]
fn a_terminal_that_is_too_small_says_so_and_loses_nothing() {
    let mut driver = Driver::looking_at(jose(), 80, 24);
    driver.keys("<ctrl-e>xyz");
    driver.send(Msg::Resize { width: 20, height: 5 });
    driver.shows("Please enlarge");
    driver.keys("<esc><right><enter><ctrl-q>");
    driver.send(Msg::Resize { width: 80, height: 24 });
    driver.shows("Joséxyz");
}
