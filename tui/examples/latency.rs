//! Measures the real program in a pseudo-terminal over a desk with 10,000 sample patients: time to
//! the first frame, time from a key to the screen, bytes of an idle screen. Asserts nothing.
//!
//! `cargo run --release -p tui --example latency` (after `cargo build --release`).

#![expect(clippy::print_stdout, reason = "the report is what it is for")]
#![expect(clippy::unwrap_used, reason = "a measurement that can't be taken ends here")]
#![expect(clippy::panic, clippy::indexing_slicing, reason = "the tests' terminal uses them")]

#[expect(dead_code, reason = "the tests use the rest of it")]
#[path = "../tests/it/pty.rs"]
mod pty;

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use server::{
    config::{Database, Settings},
    domain::upgrade,
    sample,
};

use self::pty::{Home, Program, Start, key};

/// Patients in the database.
const PATIENTS: usize = 10_000;
/// Keys that are measured.
const KEYS: usize = 400;
/// Starts that are measured.
const STARTS: usize = 10;

fn main() {
    let program = program();
    let home = Home::new();
    let login = furnish(&home);
    println!("{}, {PATIENTS} patients", program.display());
    let mut firsts = Vec::new();
    let mut logins = Vec::new();
    for _ in 0..STARTS {
        let since = Instant::now();
        let running = start(&program, &home);
        running.wait("the login", |screen| screen.contents().contains("Log in to local desk"));
        logins.push(since.elapsed());
        firsts.extend(running.first_byte());
    }
    report("start to first byte", firsts);
    report("start to login", logins);
    let mut running = start(&program, &home);
    running.wait("the login", |screen| screen.contents().contains("Log in to local desk"));
    running.keys(&login.0);
    running.keys(key::TAB);
    running.keys(&login.1);
    running.keys(key::ENTER);
    wait_for_rows(&running);
    running.settle(Duration::from_millis(500));
    running.keys("/");
    let quiet = running.settle(Duration::from_millis(500));
    let times = type_keys(&mut running);
    let bytes = running.settle(Duration::from_millis(500)) - quiet;
    report("key to screen", times);
    println!("bytes per key: {}", bytes / KEYS);
    let before = running.settle(Duration::from_secs(6));
    let ticks = cpu_ticks(&running);
    let after = running.settle(Duration::from_secs(10));
    println!("idle, 10 s: {} bytes, {} ticks of CPU", after - before, cpu_ticks(&running) - ticks);
    println!("memory: {}", memory(&running));
    running.keys(&key::ctrl('q'));
    running.end();
}

/// Makes the desk's data; answers the administrator's e-mail address and password.
fn furnish(home: &Home) -> (String, String) {
    let database = Database::Sqlite(home.data().join("frontdesk.sqlite"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let app = upgrade::open_on(Settings::defaults(), &database).await.unwrap();
        let login = sample::create(&app, PATIENTS).await.unwrap();
        app.close().await;
        login
    })
}

fn program() -> PathBuf {
    let example = std::env::current_exe().unwrap();
    example.parent().and_then(|folder| folder.parent()).unwrap().join("frontdesk")
}

fn start(program: &std::path::Path, home: &Home) -> Program {
    let args = vec!["--data".to_owned(), home.data().display().to_string()];
    Program::start(Start { program, home, args, env: Vec::new(), size: (120, 40) })
}

/// The end of the loading: a list has a medical record number in it.
fn wait_for_rows(running: &Program) {
    running.wait("rows", |screen| {
        screen.contents().split_whitespace().any(|word| {
            word.len() >= 8 && word.starts_with("P0") && word[1..7].parse::<u32>().is_ok()
        })
    });
}

/// Types into the search field, one key at a time; a field that is full is emptied.
fn type_keys(running: &mut Program) -> Vec<Duration> {
    let mut times = Vec::new();
    for number in 0..KEYS {
        if number % 20 == 0 {
            running.keys(&key::ctrl('u'));
            running.settle(Duration::from_millis(300));
        }
        let before = running.look(|screen| screen.cursor_position());
        let since = Instant::now();
        running.keys(["m", "a", "r", "i"][number % 4]);
        running.wait("the letter", |screen| screen.cursor_position().1 > before.1);
        times.push(since.elapsed());
    }
    times
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |part: usize| {
        let index = (times.len() * part / 100).min(times.len() - 1);
        times[index].as_secs_f64() * 1_000.0
    };
    println!("{what}: p50 {:.2} ms, p99 {:.2} ms, most {:.2} ms", at(50), at(99), at(100));
}

fn memory(running: &Program) -> String {
    let status = fs::read_to_string(format!("/proc/{}/status", running.pid())).unwrap_or_default();
    let lines =
        status.lines().filter(|line| line.starts_with("VmRSS") || line.starts_with("VmHWM"));
    lines
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect::<Vec<_>>()
        .join(", ")
}

/// User and system time in ticks of 10 ms.
fn cpu_ticks(running: &Program) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", running.pid())).unwrap_or_default();
    let fields: Vec<&str> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    [11, 12].iter().filter_map(|index| fields.get(*index)?.parse::<u64>().ok()).sum()
}
