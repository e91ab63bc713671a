//! Measures the real program in a pseudo-terminal, logged in to a real server with 10,000 sample patients:
//! the first frame, keys to the screen (without a search, quiet, while the server hangs, while others change
//! records), a search to its result, an idle screen, memory. Asserts nothing. Beside each key stands the time
//! of a byte that only passes through another pseudo-terminal: a machine that has other work delays both.
//!
//! `cargo run --release -p tui --example latency` (after `cargo build --release`); `-- PROGRAM` measures
//! another build of the program.

#![expect(clippy::print_stdout, reason = "the report is what it is for")]
#![expect(clippy::unwrap_used, reason = "a measurement that can't be taken ends here")]
#![expect(clippy::panic, clippy::indexing_slicing, reason = "the tests' terminal uses them")]

mod desk;
mod echo;
#[expect(dead_code, reason = "the tests use the rest of it")]
#[path = "../../tests/it/pty.rs"]
mod pty;

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use self::{
    desk::Desk,
    echo::Echo,
    pty::{Home, Program, Start, key},
};

/// How many programs run at the same time.
const PLACES: usize = 1;
/// Patients in the database.
const PATIENTS: usize = 10_000;
/// Keys that are measured at a time.
const KEYS: usize = 400;
/// Keys after which the field is emptied.
const WORD: usize = 20;
/// Where the text of the search begins: row and column.
const FIELD: (u16, u16) = (1, 9);
/// Where the rows of the list begin.
const ROWS: u16 = 4;
/// How far down the list the selection goes.
const FAR: usize = 10;
/// The key, as terminals send it.
const UP: &str = "\x1b[A";
/// What marks the selected row.
const MARK: &str = "›";
/// The next key is pressed when nothing was written for so long.
const QUIET: Duration = Duration::from_millis(40);
/// A minute in which nobody does anything.
const MINUTE: Duration = Duration::from_secs(60);
/// Searches that are measured.
const SEARCHES: usize = 40;
/// Starts that are measured.
const STARTS: usize = 20;
/// Changes of records by others, in a second.
const CHANGES: u32 = 30;
/// Bytes of a mebibyte's kibibytes.
const MIB: f64 = 1_024.0;

fn main() {
    let program = std::env::args_os().nth(1).map_or_else(beside_this, PathBuf::from);
    let folder = Home::new();
    fs::create_dir_all(folder.data()).unwrap();
    let desk = Desk::start(&folder.data(), PATIENTS);
    println!("{}, {PATIENTS} patients", program.display());
    starts(&program, &desk);
    let home = Home::new();
    let mut running = log_in(&program, &home, &desk);
    println!("memory after the login: {}", memory(&running));
    to_list(&mut running);
    rows(&mut running);
    keys(&mut running, "key, quiet");
    desk.hanging(|| keys(&mut running, "key, server hangs"));
    // What the gate held back is answered, and what was given up is asked again.
    empty(&mut running);
    let ((), changes) =
        desk.changing(CHANGES, || keys(&mut running, &format!("key, {CHANGES} changes a second")));
    println!("  {changes} changes meanwhile");
    empty(&mut running);
    searches(&mut running);
    idle(&running);
    visit_all(&mut running);
    println!("memory after all screens: {}", memory(&running));
    running.keys(&key::ctrl('q'));
    running.end();
}

/// The program that was built with this one.
fn beside_this() -> PathBuf {
    let example = std::env::current_exe().unwrap();
    example.parent().and_then(|folder| folder.parent()).unwrap().join("frontdesk")
}

fn start(program: &Path, home: &Home, desk: &Desk) -> Program {
    let args = vec!["--server".to_owned(), desk.url.clone()];
    Program::start(Start { program, home, args, env: Vec::new(), size: (120, 40) })
}

fn starts(program: &Path, desk: &Desk) {
    let home = Home::new();
    let mut firsts = Vec::new();
    let mut logins = Vec::new();
    for _ in 0..STARTS {
        let since = Instant::now();
        let running = start(program, &home, desk);
        running.wait_for("Log in to");
        logins.push(since.elapsed());
        firsts.extend(running.first_byte());
    }
    report("start to first frame", firsts);
    report("start to login", logins);
}

fn log_in(program: &Path, home: &Home, desk: &Desk) -> Program {
    let mut running = start(program, home, desk);
    running.wait_for("Log in to");
    for keys in [desk.login.0.as_str(), key::TAB, &desk.login.1, key::ENTER] {
        running.keys(keys);
    }
    running.wait_for("In the clinic now");
    running.settle(Duration::from_millis(500));
    running
}

/// Goes to the patients, all of them.
fn to_list(running: &mut Program) {
    running.keys(key::F3);
    wait_for_all(running);
}

fn wait_for_all(running: &Program) {
    running.wait_for("of 1,000+");
    running.settle(Duration::from_millis(300));
}

/// Empties the search field.
fn empty(running: &mut Program) {
    running.keys(&key::ctrl('u'));
    wait_for_all(running);
}

/// Selects one row after the other, down and up again: nothing is asked of the server.
fn rows(running: &mut Program) {
    running.keys(key::DOWN);
    running.wait("the first row", |screen| selected_row(screen) == Some(0));
    let mut times = Times::new(running);
    for number in 0..KEYS {
        let step = number % (2 * FAR);
        let (pressed, selected) = match step < FAR {
            true => (key::DOWN, step + 1),
            false => (UP, 2 * FAR - step - 1),
        };
        times.take(running, pressed, |screen| selected_row(screen) == Some(selected));
    }
    times.report(running, "key, no search");
    running.keys(key::TAB);
    running.wait("the search field", |screen| !screen.hide_cursor());
}

/// The selected row of the list, as far as it was gone down.
fn selected_row(screen: &vt100::Screen) -> Option<usize> {
    let is_marked = |row: &u16| screen.cell(ROWS + row, 0).is_some_and(|it| it.contents() == MARK);
    (0..).take(FAR + 1).find(is_marked).map(usize::from)
}

/// Types into the search field, one key at a time, and measures from the key to the last byte of its frame.
fn keys(running: &mut Program, what: &str) {
    let mut times = Times::new(running);
    for number in 0..KEYS {
        if number % WORD == 0 {
            running.keys(&key::ctrl('u'));
            running.wait("the empty field", |screen| screen.cursor_position() == FIELD);
            running.settle(Duration::from_millis(300));
        }
        let typed = u16::try_from(number % WORD).unwrap() + 1;
        let after = (FIELD.0, FIELD.1 + typed);
        let letter = ["m", "a", "r", "i"][number % 4];
        times.take(running, letter, |screen| screen.cursor_position() == after);
    }
    times.report(running, what);
}

/// The times of keys, and what the machine took for a byte beside each of them.
struct Times {
    keys: Vec<Duration>,
    echo: Echo,
    echoes: Vec<Duration>,
    bytes: usize,
    cpu: Duration,
}

impl Times {
    fn new(running: &Program) -> Self {
        let (keys, echoes, cpu) = (Vec::new(), Vec::new(), cpu(running));
        Self { keys, echo: Echo::start(), echoes, bytes: 0, cpu }
    }

    /// Presses a key, and measures until the model of the screen has the last byte of its frame.
    fn take(
        &mut self,
        running: &mut Program,
        key: &str,
        is_shown: impl Fn(&vt100::Screen) -> bool,
    ) {
        let written = running.settle(Duration::ZERO);
        let since = Instant::now();
        running.keys(key);
        let shown = running.wait("the frame of a key", is_shown);
        self.keys.push(shown - since);
        self.bytes += running.settle(Duration::ZERO) - written;
        running.settle(QUIET);
        self.echoes.push(self.echo.time());
    }

    fn report(self, running: &Program, what: &str) {
        report(what, self.keys);
        let each = (cpu(running) - self.cpu) / u32::try_from(KEYS).unwrap();
        println!("  {} bytes and {:.2} ms of CPU for each key", self.bytes / KEYS, ms(each));
        report("  a byte there and back", self.echoes);
    }
}

/// Measures from the first key of a search to its rows.
fn searches(running: &mut Program) {
    let mut times = Vec::new();
    for number in 0..SEARCHES {
        let before = running.look(first_row);
        let since = Instant::now();
        running.keys(["z", "q", "k", "u"][number % 4]);
        running.wait("the result", |screen| first_row(screen) != before);
        times.push(since.elapsed());
        empty(running);
    }
    report("first key of a search to its rows", times);
}

/// The first record of the list, below the header, the search, the order and the headings.
fn first_row(screen: &vt100::Screen) -> Option<String> {
    screen.rows(0, 120).nth(4)
}

fn idle(running: &Program) {
    // What passes by itself passes before.
    let before = running.settle(Duration::from_secs(6));
    let cpu = cpu(running);
    let after = running.settle(MINUTE);
    let used = self::cpu(running) - cpu;
    println!("idle minute: {} bytes, {:.2} ms of CPU", after - before, ms(used));
}

/// Opens every section, a page, a form, the help and the palette.
fn visit_all(running: &mut Program) {
    let (down, esc) = (key::DOWN, key::ESC);
    let (edit, palette, filters) = (key::ctrl('e'), key::ctrl('p'), key::ctrl('t'));
    let sections = ["\x1bOQ", key::F3, "\x1bOS", "\x1b[15~", "\x1b[17~", "\x1b[18~", "\x1b[19~"];
    for section in sections.into_iter().chain(["\x1b[20~"]) {
        running.keys(section);
        running.settle(Duration::from_millis(400));
        // The rows, a page, its form, and back.
        for keys in [down, key::ENTER, &edit, esc, esc, &palette, esc, &filters, esc, "\x1bOP", esc]
        {
            running.keys(keys);
            running.settle(Duration::from_millis(150));
        }
    }
    for _ in 0..20 {
        running.keys(key::F3);
        running.settle(Duration::from_millis(50));
        running.keys("\x1b[6~");
        running.settle(Duration::from_millis(50));
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |part: usize| ms(times[(times.len() * part / 100).min(times.len() - 1)]);
    let (least, most) = (at(0), at(100));
    println!("{what}: least {least:.2}, p50 {:.2}, p99 {:.2}, most {most:.2} ms", at(50), at(99));
}

/// What is resident, what of that is the program's own, and the most there was.
fn memory(running: &Program) -> String {
    let status = fs::read_to_string(format!("/proc/{}/status", running.pid())).unwrap_or_default();
    let value = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|rest| rest.trim_matches([':', '\t', ' ']).split(' ').next());
        kib.and_then(|kib| kib.parse::<f64>().ok()).unwrap_or_default() / MIB
    };
    let (resident, own, most) = (value("VmRSS"), value("RssAnon"), value("VmHWM"));
    format!("{resident:.1} MiB resident, {own:.1} MiB of it not from files, at most {most:.1} MiB")
}

/// The time for which its threads have run.
fn cpu(running: &Program) -> Duration {
    let tasks = fs::read_dir(format!("/proc/{}/task", running.pid())).unwrap();
    let used = tasks.filter_map(|task| {
        let text = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(used.sum())
}
