//! What goes wrong around the program while somebody works in it: no word is lost, nothing is done twice,
//! and nothing goes out under another name.

use std::{
    sync::mpsc::{Receiver, channel},
    thread,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::{
    between::{Between, Fate},
    desk::served_at,
    person::{EMAIL, PASSWORD, quit, register, set_up, start, start_at, to_patients},
    pty::{DEADLINE, Home, Program, key},
    users::{BOB, BOBS_PASSWORD, ask, log_in_as, make_bob, token},
};

/// A client of the desk that another window serves, at the list of patients.
#[track_caller]
fn client(home: &Home, between: &Between) -> Program {
    let mut program = start_at(home, &between.url());
    log_in_as(&mut program, EMAIL, PASSWORD);
    to_patients(&mut program);
    program.wait_for("Search");
    program
}

/// Types a new patient, who is not saved yet.
#[track_caller]
fn type_ana(program: &mut Program) {
    program.keys(&key::ctrl('n'));
    program.wait_for("First name");
    program.keys("Ana\tGomez");
    program.wait_for("Gomez");
}

fn kill(server: Pid) -> Box<dyn FnOnce() + Send> {
    Box::new(move || kill_process(server, Signal::KILL).unwrap())
}

fn patients(url: &str) -> Value {
    ask(url, "GET", "/api/patients", &token(url), None)
}

/// Another window takes the desk over whose server has died. Answers its address.
#[track_caller]
fn take_over(home: &Home, between: &Between) -> (Program, String) {
    let window = start(home);
    window.wait_for("Log in to local desk");
    let url = served_at(home);
    between.pass_on_to(&url);
    (window, url)
}

/// Saves a new patient at a server that dies of it, and asks its successor what became of it. Says whether
/// the patient was saved.
#[track_caller]
fn save_while_the_server_dies(fate: impl FnOnce(Box<dyn FnOnce() + Send>) -> Fate) -> bool {
    let home = Home::new();
    let mut first = start(&home);
    set_up(&mut first);
    let between = Between::new(&served_at(&home));
    let away = Home::new();
    let mut program = client(&away, &between);
    type_ana(&mut program);
    between.let_next("POST /api/patients HTTP", fate(kill(first.pid())));
    program.keys(&key::ctrl('s'));
    program.wait_for("Was it saved?");
    first.end();
    let (second, url) = take_over(&home, &between);

    program.keys(key::TAB);
    program.wait_for("› Check ‹");
    program.keys(key::ENTER);
    let is_found = |text: &str| text.contains("Yes: show it");
    program.wait("what became of it", |screen| {
        let text = screen.contents();
        is_found(&text) || text.contains("The record was not saved. Ctrl-S saves it.")
    });
    let was_saved = is_found(&program.shown());
    if was_saved {
        program.keys(key::TAB);
        program.wait_for("› Yes: show it ‹");
        program.keys(key::ENTER);
    } else {
        assert!(program.shown().contains("Gomez"), "the words are lost:\n{}", program.shown());
        program.keys(&key::ctrl('s'));
    }
    program.wait_for("History");
    program.wait_for("Ana Gomez");
    let patients = patients(&url);
    assert_eq!(patients["count"], 1, "{patients}");
    assert_eq!(patients["results"][0]["full_name"], "Ana Gomez");
    quit(program);
    quit(second);
    was_saved
}

#[test]
fn what_a_dying_server_did_not_hear_of_was_not_saved() {
    assert!(!save_while_the_server_dies(Fate::Unheard));
}

#[test]
fn what_a_server_did_before_it_died_was_saved() {
    assert!(save_while_the_server_dies(Fate::Unanswered));
}

#[test]
fn what_a_server_began_before_it_died_was_saved_or_not_and_is_there_once() {
    // Either answer is right. Both end with one patient.
    save_while_the_server_dies(Fate::Cut);
}

#[test]
fn a_change_that_a_server_did_before_it_died_was_saved_after_all() {
    let home = Home::new();
    let mut first = start(&home);
    set_up(&mut first);
    register(&mut first, "José", "Gómez", "1989-05-25");
    let between = Between::new(&served_at(&home));
    let away = Home::new();
    let mut program = client(&away, &between);
    program.wait_for("1 of 1");
    program.keys(&key::ctrl('e'));
    program.wait_for("Edit patient");
    program.keys(" María");
    between.let_next("PATCH /api/patients/", Fate::Unanswered(kill(first.pid())));
    program.keys(&key::ctrl('s'));
    program.wait_for("Was it saved?");
    first.end();
    let (second, url) = take_over(&home, &between);
    program.keys(key::TAB);
    program.wait_for("› Check ‹");
    program.keys(key::ENTER);
    program.wait_for("The record was saved.");
    program.wait_for("José María Gómez");
    let patient = &patients(&url)["results"][0];
    assert_eq!((&patient["first_name"], &patient["version"]), (&json!("José María"), &json!(2)));
    quit(program);
    quit(second);
}

#[test]
fn a_form_outlives_its_server_and_a_signal_ends_it() {
    let home = Home::new();
    let mut first = start(&home);
    set_up(&mut first);
    let away = Home::new();
    let mut program = start_at(&away, &served_at(&home));
    log_in_as(&mut program, EMAIL, PASSWORD);
    to_patients(&mut program);
    program.wait_for("No patients yet.");
    type_ana(&mut program);
    first.signal(Signal::KILL);
    first.end();
    program.keys(&key::ctrl('s'));
    program.wait_for("Not saved.");
    program.wait_for("Ctrl-S tries again.");
    assert!(program.shown().contains("Gomez"), "{}", program.shown());
    program.signal(Signal::TERM);
    assert_eq!(program.end(), 0);
    program.assert_restored();
}

/// Holds a request up. Answers what the test hears when it has come, and what lets it go on.
fn hold() -> (Fate, Receiver<()>, impl FnOnce()) {
    let ((come, has_come), (go, may_go)) = (channel(), channel::<()>());
    let held = Box::new(move || {
        come.send(()).unwrap();
        // An error says that the test is over.
        let _ = may_go.recv();
    });
    (Fate::Late(held), has_come, move || go.send(()).unwrap())
}

#[test]
fn a_save_that_runs_when_the_program_is_ended_is_brought_to_its_end() {
    let home = Home::new();
    let mut first = start(&home);
    set_up(&mut first);
    let url = served_at(&home);
    for is_closed in [false, true] {
        let before = patients(&url)["count"].as_i64().unwrap();
        let between = Between::new(&url);
        let away = Home::new();
        let mut program = client(&away, &between);
        type_ana(&mut program);
        program.keys(&format!("{before}"));
        let (late, has_come, go_on) = hold();
        between.let_next("POST /api/patients HTTP", late);
        program.keys(&key::ctrl('s'));
        has_come.recv_timeout(DEADLINE).unwrap();
        if is_closed {
            program.hang_up();
        } else {
            program.signal(Signal::TERM);
            // The terminal is given back at once, the save goes on behind it.
            program.wait("the terminal's own screen", |screen| !screen.alternate_screen());
        }
        let waiting = thread::spawn(go_on);
        program.end();
        waiting.join().unwrap();
        if !is_closed {
            program.assert_restored();
        }
        assert_eq!(patients(&url)["count"], before + 1, "is_closed: {is_closed}");
    }
    quit(first);
}

#[test]
fn a_form_goes_on_after_its_session_was_ended_elsewhere() {
    let home = Home::new();
    let mut first = start(&home);
    set_up(&mut first);
    let url = served_at(&home);
    let admin = token(&url);
    let bob = make_bob(&url, &admin);
    let away = Home::new();
    let mut program = start_at(&away, &url);
    log_in_as(&mut program, BOB, BOBS_PASSWORD);
    to_patients(&mut program);
    program.wait_for("No patients yet.");
    type_ana(&mut program);
    ask(&url, "DELETE", &format!("/api/users/{bob}/sessions"), &admin, None);
    program.keys(&key::ctrl('s'));
    program.wait_for("Log in again");
    assert_eq!(patients(&url)["count"], 0);
    program.keys(BOBS_PASSWORD);
    program.keys(key::ENTER);
    program.wait_for("Send it now?");
    assert_eq!(patients(&url)["count"], 0, "a write is sent again on somebody's word only");
    program.keys(key::TAB);
    program.wait_for("› Send it ‹");
    program.keys(key::ENTER);
    program.wait_for("Registered: Ana Gomez");
    let patient = &patients(&url)["results"][0];
    assert_eq!(patient["created_by"], bob);
    quit(program);
    quit(first);
}

#[test]
fn somebody_who_goes_on_in_the_place_of_another_writes_nothing_of_theirs() {
    let home = Home::new();
    let mut first = start(&home);
    set_up(&mut first);
    let url = served_at(&home);
    let admin = token(&url);
    let bob = make_bob(&url, &admin);
    let away = Home::new();
    let mut program = start_at(&away, &url);
    log_in_as(&mut program, BOB, BOBS_PASSWORD);
    to_patients(&mut program);
    program.wait_for("No patients yet.");
    type_ana(&mut program);
    ask(&url, "DELETE", &format!("/api/users/{bob}/sessions"), &admin, None);
    program.keys(&key::ctrl('s'));
    program.wait_for("Log in again");
    program.keys(key::BACKTAB);
    program.keys(&key::ctrl('u'));
    log_in_as(&mut program, EMAIL, PASSWORD);
    program.wait_for("Another user");
    program.keys(key::TAB);
    program.wait_for("› Drop it and go on ‹");
    program.keys(key::ENTER);
    program.wait_for("The unsaved work of the user before was dropped.");
    program.keys(key::F3);
    program.wait_for("No patients yet.");
    assert!(!program.shown().contains("Gomez"));
    program.keys(&key::ctrl('n'));
    program.wait_for("First name");
    assert!(!program.shown().contains("Gomez"), "{}", program.shown());
    program.keys("Otto\tMajor");
    program.keys(&key::ctrl('s'));
    program.wait_for("Registered: Otto Major");
    let patients = patients(&url);
    assert_eq!(patients["count"], 1, "{patients}");
    assert_ne!(patients["results"][0]["created_by"], bob);
    quit(program);
    quit(first);
}
