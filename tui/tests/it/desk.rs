//! The local desk: who serves it, and who may use it.

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt};

use rustix::process::Signal;

use super::{
    person::{
        EMAIL, PASSWORD, log_in, quit, register, set_up, start, start_plainly, try_to_log_in,
    },
    program,
    pty::{Home, Program, Start, key},
};

#[test]
fn a_wrong_password_says_so_and_the_right_one_still_works() {
    let home = Home::new();
    let mut program = start(&home);
    set_up(&mut program);
    quit(program);
    let mut program = start(&home);
    try_to_log_in(&mut program, "three loud red lamps");
    program.wait_for("password");
    program.wait("the refusal", |screen| screen.contents().to_lowercase().contains("wrong"));
    program.keys(&key::ctrl('u'));
    program.keys(PASSWORD);
    program.keys(key::ENTER);
    program.wait_for("Recent");
    quit(program);
}

#[test]
fn the_desk_copies_its_data_and_says_so_on_its_first_screen() {
    let home = Home::new();
    let mut desk = start(&home);
    set_up(&mut desk);
    quit(desk);
    let mut desk = start(&home);
    try_to_log_in(&mut desk, PASSWORD);
    desk.wait_for("Last backup 20");
    desk.wait_for(", on the disk of the data");
    quit(desk);
    let made: Vec<_> = fs::read_dir(home.data().join("backups")).unwrap().flatten().collect();
    let [made] = made.as_slice() else { panic!("{made:?}") };
    assert!(made.file_name().to_string_lossy().ends_with(".sqlite.zst"));
    assert_eq!(made.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    // A disk that is not plugged in.
    let stick = home.data().join("stick");
    let args = [
        "--data",
        &home.data().display().to_string(),
        "--backup-dir",
        &stick.display().to_string(),
    ]
    .map(str::to_owned);
    let options = Start {
        program: program(),
        home: &home,
        args: args.into(),
        env: Vec::new(),
        size: (80, 24),
    };
    let mut desk = Program::start(options);
    try_to_log_in(&mut desk, PASSWORD);
    desk.wait_for("No backup was made: can't read the folder");
    quit(desk);
    assert!(!stick.exists());
}

#[test]
fn a_second_window_joins_the_desk_and_takes_over_when_the_first_is_closed() {
    let home = Home::new();
    // So the first window serves at another port than the second one will.
    let usual_port = TcpListener::bind("127.0.0.1:8000");
    let mut first = start(&home);
    set_up(&mut first);
    drop(usual_port);
    let first_address = shown_address(&home);
    let mut second = start(&home);
    log_in(&mut second, PASSWORD);
    second.wait_for("No patients yet.");
    second.wait_for(&first_address);
    register(&mut first, "José", "Gómez", "1989-05-25");
    second.keys("gomez");
    second.wait_for("Gómez");
    quit(first);

    second.keys(&key::ctrl('u'));
    second.keys("jose");
    second.wait_for("1 of 1");
    second.keys(&key::ctrl('u'));
    register(&mut second, "Mary", "Major", "1975");
    second.wait_for("Major");

    let mut third = start(&home);
    log_in(&mut third, PASSWORD);
    third.wait_for("2 of 2");
    quit(third);
    assert_ne!(shown_address(&home), first_address);
    second.wait_for(&shown_address(&home));
    quit(second);
}

#[test]
fn a_window_takes_over_from_one_that_was_killed() {
    let home = Home::new();
    let mut first = start(&home);
    set_up(&mut first);
    let mut second = start(&home);
    log_in(&mut second, PASSWORD);
    second.wait_for("No patients yet.");
    first.signal(Signal::KILL);
    first.end();
    // A write, and nothing before it that would find out.
    register(&mut second, "Mary", "Major", "1975");
    second.wait_for("1 of 1");
    quit(second);
}

#[test]
fn a_server_elsewhere_is_remembered_until_a_local_desk_is_asked_for() {
    let home = Home::new();
    let mut first = start(&home);
    set_up(&mut first);
    let url = served_at(&home);

    let away = Home::new();
    let mut program = start(&away);
    program.wait_for("Welcome to Frontdesk.");
    program.keys(&key::DOWN.repeat(2));
    program.wait_for("› Connect to a server");
    program.keys(key::ENTER);
    program.keys("http://127.0.0.1:9");
    program.keys(&key::ctrl('s'));
    program.wait_for("nothing answers at 127.0.0.1:9");
    program.keys(&key::ctrl('u'));
    program.keys(&url);
    program.keys(&key::ctrl('s'));
    program.wait_for(&format!("Log in to {url}"));
    quit(program);
    assert!(!away.data().exists(), "nothing is stored where nothing was wanted");

    let program = start_plainly(&away);
    program.wait_for(&format!("Log in to {url}"));
    quit(program);
    let mut program = start_plainly(&away);
    program.wait_for("Ctrl-O opens the local desk");
    program.keys(&key::ctrl('o'));
    program.wait_for("Welcome to Frontdesk.");
    quit(program);
    let program = start_plainly(&away);
    program.wait_for("Welcome to Frontdesk.");
    quit(program);
    let program = start(&away);
    program.wait_for("Welcome to Frontdesk.");
    quit(program);
    quit(first);
}

#[test]
fn a_folder_that_can_not_be_made_is_said_on_the_screen() {
    let home = Home::new();
    fs::write(home.data(), "a file stands where the folder should be").unwrap();
    let program = start(&home);
    program.wait_for("The desk can't be opened.");
    quit(program);
}

/// The address as the header shows it.
fn shown_address(home: &Home) -> String {
    served_at(home).replace("http://", "local desk at ")
}

/// The address that the desk says to other windows.
pub(crate) fn served_at(home: &Home) -> String {
    let files = fs::read_dir(home.data()).unwrap();
    let texts = files.filter_map(|file| fs::read_to_string(file.unwrap().path()).ok());
    let mut lines = texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
    lines.find(|line| line.starts_with("http://127.0.0.1:")).unwrap()
}

#[test]
fn only_their_owner_reads_data_and_log() {
    let home = Home::new();
    let mut program = start(&home);
    set_up(&mut program);
    quit(program);
    let mut files = 0;
    for entry in fs::read_dir(home.data()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}: {mode:o}", entry.path().display());
        files += 1;
    }
    assert!(files > 0);
}

#[test]
fn no_secret_is_in_the_settings() {
    let home = Home::new();
    let mut program = start(&home);
    set_up(&mut program);
    quit(program);
    let text = fs::read_to_string(home.settings().join("client.json")).unwrap();
    let settings: serde_json::Value = serde_json::from_str(&text).unwrap();
    let expected = serde_json::json!({
        "is_registration_open": false,
        "is_month_first": false,
        "lock_after_minutes": 10,
        "last_login": EMAIL,
    });
    assert_eq!(settings, expected);
}
