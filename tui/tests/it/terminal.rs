//! What the program does with the terminal, whatever it shows.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use super::{
    person::shell,
    program,
    pty::{Home, Program, Start, key},
};

fn start(home: &Home) -> Program {
    start_with(home, &[], (80, 24))
}

fn start_with(home: &Home, env: &[(&'static str, &'static str)], size: (u16, u16)) -> Program {
    let args = vec!["--ephemeral".to_owned()];
    Program::start(Start { program: program(), home, args, env: env.to_vec(), size })
}

/// Waits until the sample patients are on the screen.
#[track_caller]
fn wait_for_rows(program: &Program) {
    program.wait("the sample patients", |screen| {
        screen.alternate_screen() && has_mrn(&screen.contents())
    });
}

fn has_mrn(text: &str) -> bool {
    text.split_whitespace().any(|word| {
        word.strip_prefix('P')
            .is_some_and(|rest| rest.len() >= 7 && rest.chars().take(6).all(|c| c.is_ascii_digit()))
    })
}

#[test]
fn leaving_gives_the_terminal_back() {
    let home = Home::new();
    let mut program = start(&home);
    wait_for_rows(&program);
    assert!(program.look(|screen| screen.bracketed_paste()));
    program.keys(&key::ctrl('q'));
    assert_eq!(program.end(), 0);
    program.assert_restored();
    assert_eq!(program.shown().trim(), "");
}

#[test]
fn signals_give_the_terminal_back() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let home = Home::new();
        let program = start(&home);
        wait_for_rows(&program);
        program.signal(signal);
        assert_eq!(program.end(), 0, "{signal:?}");
        program.assert_restored();
    }
}

#[test]
fn a_terminal_that_does_not_read_holds_up_neither_keys_nor_the_end() {
    let home = Home::new();
    let mut program = start(&home);
    wait_for_rows(&program);
    program.settle(Duration::from_millis(200));
    program.stop_reading();
    for _ in 0..60 {
        program.keys(&key::ctrl('l'));
    }
    program.keys("/zzyzx");
    program.read_again();
    program.wait_for("zzyzx");

    program.stop_reading();
    for _ in 0..60 {
        program.keys(&key::ctrl('l'));
    }
    let since = Instant::now();
    program.signal(Signal::TERM);
    assert_eq!(program.end(), 0);
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    program.read_again();
    program.assert_restored();
}

#[test]
fn a_terminal_that_is_gone_ends_the_program() {
    let home = Home::new();
    let mut program = start(&home);
    wait_for_rows(&program);
    program.hang_up();
    program.end();
}

#[test]
fn an_idle_screen_writes_nothing() {
    let home = Home::new();
    let program = start(&home);
    wait_for_rows(&program);
    // What passes by itself has passed after this.
    let before = program.settle(Duration::from_secs(6));
    let after = program.settle(Duration::from_secs(2));
    assert_eq!(before, after);
}

#[test]
fn many_sizes_one_after_the_other_end_in_a_whole_screen() {
    let home = Home::new();
    let mut program = start(&home);
    wait_for_rows(&program);
    for step in 0..40_u16 {
        program.resize(1 + (step * 37) % 200, 1 + (step * 13) % 60);
    }
    program.resize(100, 30);
    program.settle(Duration::from_millis(300));
    program.keys(&key::ctrl('l'));
    wait_for_rows(&program);
    program.wait("a screen of 100 columns", |screen| {
        screen.size().1.get() == 100 && screen.contents().lines().count() > 20
    });
}

#[test]
fn a_paste_is_one_edit_and_sends_nothing() {
    let home = Home::new();
    let mut program = start(&home);
    wait_for_rows(&program);
    program.keys("/");
    program.paste("zz\x1b]0;evil\x07yzx\r");
    program.wait("the pasted text, made harmless", |screen| {
        let text = screen.contents();
        text.contains("zz") && text.contains("yzx")
    });
    assert!(program.look(|screen| screen.alternate_screen()));
}

#[test]
fn colours_can_be_turned_off() {
    let is_colored = |program: &Program| {
        program.look(|screen| {
            let (rows, columns) = screen.size();
            (0..rows.get()).any(|row| {
                (0..columns.get()).filter_map(|column| screen.cell(row, column)).any(|cell| {
                    cell.fgcolor() != vt100::Color::Default
                        || cell.bgcolor() != vt100::Color::Default
                })
            })
        })
    };
    let home = Home::new();
    let program = start(&home);
    wait_for_rows(&program);
    assert!(is_colored(&program));
    drop(program);
    let program = start_with(&home, &[("NO_COLOR", "1")], (80, 24));
    wait_for_rows(&program);
    assert!(!is_colored(&program));
}

#[test]
fn a_stopped_program_takes_the_terminal_again() {
    let home = Home::new();
    let mut program = start(&home);
    wait_for_rows(&program);
    program.settle(Duration::from_millis(200));
    program.signal(Signal::STOP);
    program.signal(Signal::CONT);
    program.keys("/zzyzx");
    program.wait_for("zzyzx");
    program.keys(&key::ctrl('c'));
    assert_eq!(program.end(), 0);
    program.assert_restored();
}

#[test]
fn control_z_gives_the_shell_its_terminal_and_fg_the_screens_theirs() {
    let home = Home::new();
    let mut shell = shell(&home);
    shell.keys(&format!("{} --ephemeral\r", program().display()));
    wait_for_rows(&shell);
    shell.keys(key::F3);
    shell.settle(Duration::from_millis(200));
    shell.keys(key::DOWN);
    shell.settle(Duration::from_millis(200));
    shell.keys(&key::ctrl('z'));
    shell.wait("the shell", |screen| {
        !screen.alternate_screen() && screen.contents().contains("Stopped")
    });
    shell.keys("echo still $((6 * 7))\r");
    shell.wait_for("still 42");
    shell.keys("fg\r");
    wait_for_rows(&shell);
    shell.keys(&key::ctrl('q'));
    shell.wait("the shell's fourth prompt", |screen| {
        !screen.alternate_screen() && screen.contents().matches("ready>").count() == 4
    });
    shell.keys("echo status $?\r");
    shell.wait_for("status 0");
}

#[test]
fn a_signal_to_stop_gives_the_shell_its_terminal_as_control_z_does() {
    let home = Home::new();
    let mut shell = shell(&home);
    let pid = home.data().with_file_name("pid");
    let program = program().display();
    shell.keys(&format!("sh -c 'echo $$ >{}; exec {program} --ephemeral'\r", pid.display()));
    wait_for_rows(&shell);
    let pid = std::fs::read_to_string(pid).unwrap().trim().parse().unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::TSTP).unwrap();
    shell.wait("the shell", |screen| {
        !screen.alternate_screen() && screen.contents().contains("Stopped")
    });
    shell.keys("echo still $((6 * 7))\r");
    shell.wait_for("still 42");
    shell.keys("fg\r");
    wait_for_rows(&shell);
    shell.keys(&key::ctrl('q'));
    shell.wait("the shell's fourth prompt", |screen| {
        !screen.alternate_screen() && screen.contents().matches("ready>").count() == 4
    });
}

#[test]
fn a_server_that_never_answers_holds_up_neither_typing_nor_the_end() {
    let home = Home::new();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let args = vec!["--server".to_owned(), silent.local_addr().unwrap().to_string()];
    let mut program = Program::start(Start {
        program: program(),
        home: &home,
        args,
        env: Vec::new(),
        size: (80, 24),
    });
    program.wait_for("Log in to http://127.0.0.1:");
    program.keys("ana@example.com\tsome password\r");
    program.wait_for("Logging in");
    program.keys(&format!("\x1b[Z{}bob@example.com", key::ctrl('u')));
    program.wait_for("bob@example.com");
    let since = Instant::now();
    program.signal(Signal::TERM);
    assert_eq!(program.end(), 0);
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    program.assert_restored();
}

#[test]
fn the_first_frame_waits_for_nothing() {
    let home = Home::new();
    // Addresses of this network answer nobody.
    let args = vec!["--server".to_owned(), "http://192.0.2.1:9".to_owned()];
    let mut program = Program::start(Start {
        program: program(),
        home: &home,
        args,
        env: Vec::new(),
        size: (80, 24),
    });
    program.wait_for("Frontdesk");
    let first = program.first_byte().unwrap();
    assert!(first < Duration::from_secs(2), "{first:?}");
    program.keys(&key::ctrl('q'));
    assert_eq!(program.end(), 0);
    program.assert_restored();
}
