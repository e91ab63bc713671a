//! What a person does at the desk, in steps.

use super::{
    program,
    pty::{Home, Program, Start, key},
};

/// The administrator's e-mail address.
pub(crate) const EMAIL: &str = "ana@example.com";
/// The administrator's password.
pub(crate) const PASSWORD: &str = "three quiet green lamps";

/// Starts the program over a home's data.
pub(crate) fn start(home: &Home) -> Program {
    let args = vec!["--data".to_owned(), home.data().display().to_string()];
    Program::start(Start { program: program(), home, args, env: Vec::new(), size: (80, 24) })
}

/// Starts the program as a client of a server, and waits for the login.
#[track_caller]
pub(crate) fn start_at(home: &Home, url: &str) -> Program {
    let args = vec!["--server".to_owned(), url.to_owned()];
    let program =
        Program::start(Start { program: program(), home, args, env: Vec::new(), size: (80, 24) });
    program.wait_for(&format!("Log in to {url}"));
    program
}

/// Starts the program without a word.
pub(crate) fn start_plainly(home: &Home) -> Program {
    Program::start(Start {
        program: program(),
        home,
        args: Vec::new(),
        env: Vec::new(),
        size: (80, 24),
    })
}

/// The first start: becomes the administrator, and goes to the patients.
#[track_caller]
pub(crate) fn set_up(program: &mut Program) {
    program.wait_for("› Look around");
    program.keys(key::DOWN);
    program.wait_for("› Set up this desk");
    program.keys(key::ENTER);
    become_administrator(program);
}

/// Fills in the form of the first start, and goes to the patients.
#[track_caller]
pub(crate) fn become_administrator(program: &mut Program) {
    program.wait_for("Your name");
    for text in ["Ana Admin", EMAIL, PASSWORD] {
        program.keys(text);
        program.keys(key::TAB);
    }
    program.keys(PASSWORD);
    program.keys(&key::ctrl('s'));
    to_patients(program);
    program.wait_for("No patients yet.");
}

/// Logs in at the next start, and goes to the patients.
#[track_caller]
pub(crate) fn log_in(program: &mut Program, password: &str) {
    try_to_log_in(program, password);
    to_patients(program);
}

/// Goes to the patients from the first screen of a session.
#[track_caller]
pub(crate) fn to_patients(program: &mut Program) {
    program.wait_for("Recent");
    program.keys(key::F3);
}

/// Types e-mail address and password at the next start.
#[track_caller]
pub(crate) fn try_to_log_in(program: &mut Program, password: &str) {
    program.wait_for("Log in to local desk");
    program.keys(EMAIL);
    program.keys(key::TAB);
    program.keys(password);
    program.keys(key::ENTER);
}

/// Registers a patient from the list, and goes back to it.
#[track_caller]
pub(crate) fn register(program: &mut Program, first: &str, last: &str, born: &str) {
    program.keys(&key::ctrl('n'));
    program.wait_for("First name");
    for text in [first, last, born] {
        program.keys(text);
        program.keys(key::TAB);
    }
    program.keys(&key::ctrl('s'));
    program.wait_for(&format!("Registered: {first} {last}"));
    program.keys(key::ESC);
    program.wait_for("Search");
}

/// Leaves the program.
#[track_caller]
pub(crate) fn quit(mut program: Program) {
    program.keys(&key::ctrl('q'));
    assert_eq!(program.end(), 0);
    program.assert_restored();
}

/// A shell with a short prompt, which starts programs and has jobs.
pub(crate) fn shell(home: &Home) -> Program {
    let shell = Program::start(Start {
        program: "bash".as_ref(),
        home,
        args: ["--norc", "--noprofile", "-i"].map(str::to_owned).to_vec(),
        env: vec![("PS1", "ready> ")],
        size: (80, 24),
    });
    shell.wait_for("ready>");
    shell
}
