//! A day at a new desk.

use super::{
    person::{PASSWORD, log_in, quit, register, set_up, start},
    pty::{Home, Program, key},
};

/// Opens the only patient that the list shows.
#[track_caller]
fn open(program: &mut Program, name: &str) {
    program.wait_for("1 of 1");
    program.keys(key::ENTER);
    program.keys(key::ENTER);
    program.wait(&format!("the record of {name}"), |screen| {
        let text = screen.contents();
        text.contains(name) && text.contains("History")
    });
}

#[test]
fn a_day_at_a_new_desk() {
    let home = Home::new();
    let mut program = start(&home);
    program.wait_for("Welcome to Frontdesk.");
    assert!(!home.data().exists(), "nothing is stored before it is asked for");
    set_up(&mut program);

    register(&mut program, "José", "Gómez", "1989-05-25");
    register(&mut program, "Mary", "Major", "1975");
    program.keys("gomez jose 1989");
    open(&mut program, "José Gómez");

    program.keys(&key::ctrl('e'));
    program.wait_for("Edit patient");
    for _ in 0..6 {
        program.keys(key::TAB);
    }
    program.keys("+1 555 765 4321");
    program.keys(&key::ctrl('s'));
    program.wait_for("Saved: José Gómez");
    program.wait_for("+1 555 765 4321");
    quit(program);

    let mut program = start(&home);
    log_in(&mut program, PASSWORD);
    program.wait_for("2 of 2");
    program.keys("5554321");
    program.wait_for("No patient matches");
    program.keys(&key::ctrl('u'));
    program.keys("7654321");
    open(&mut program, "José Gómez");
    program.wait_for("+1 555 765 4321");

    // Typing finds, on the page of a patient too. Esc shows the page again.
    program.keys("xavier");
    program.wait_for("No patient or doctor matches “xavier”.");
    program.keys(key::ESC);
    program.wait_without("xavier");
    program.keys(&key::ctrl('x'));
    program.wait_for("Archive this patient?");
    program.keys("moved away");
    program.keys(key::ENTER);
    program.wait_for("› Archive ‹");
    program.keys(key::ENTER);
    program.wait_without("Archive this patient?");
    quit(program);

    let mut program = start(&home);
    log_in(&mut program, PASSWORD);
    program.wait_for("1 of 1");
    program.wait_for("Major");
    assert!(!program.shown().contains("Gómez"));
    quit(program);
}

#[test]
fn what_one_window_saves_is_seen_in_the_other_without_a_key() {
    let home = Home::new();
    let mut first = start(&home);
    set_up(&mut first);
    let mut second = start(&home);
    log_in(&mut second, PASSWORD);
    second.wait_for("No patients yet.");
    register(&mut first, "José", "Gómez", "1989-05-25");
    second.wait_for("1 of 1");
    second.wait_for("Gómez");
    quit(second);
    quit(first);
}

#[test]
fn two_windows_that_change_the_same_record_overwrite_nothing() {
    let home = Home::new();
    let mut first = start(&home);
    set_up(&mut first);
    register(&mut first, "José", "Gómez", "1989-05-25");
    let mut second = start(&home);
    log_in(&mut second, PASSWORD);
    for program in [&mut first, &mut second] {
        open(program, "José Gómez");
        program.keys(&key::ctrl('e'));
        program.wait_for("Edit patient");
    }
    first.keys(" María");
    first.keys(&key::ctrl('s'));
    first.wait_for("Saved: José María Gómez");
    second.keys(" Luis");
    second.keys(&key::ctrl('s'));
    second.wait("both names", |screen| {
        let text = screen.contents();
        text.contains("José María") && text.contains("José Luis")
    });
    quit(first);
    // Theirs first, then what was typed here after all: nothing of either is lost unseen.
    second.keys(key::LEFT);
    second.keys(&key::ctrl('s'));
    second.wait_for("José María Gómez");
    second.wait_without("José Luis");
    quit(second);
}
