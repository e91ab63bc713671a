//! Text that would act on the terminal if it got there, on every screen. And a terminal that does not read.

use std::{fs, time::Duration};

use serde_json::{Value, json};
use shared::text::is_refused;

use super::{
    between::Between,
    desk::served_at,
    person::{EMAIL, PASSWORD, quit, set_up, start, start_at},
    pty::{Home, Program, key},
    users::{ask, log_in_as, token},
};

/// What stands in the records. Every answer has [`HOSTILE`] in its place.
const MARK: &str = "Zqx";
/// Sequences that clear, colour, reset and retitle a terminal, in one byte too; line breaks, overrides of
/// the direction, and characters on whose width terminals disagree. As a part of JSON.
const HOSTILE: &str = r"\u001b[3J\u001b[31m\u001bc\u001b]0;evil\u0007\u009b2J\u001b[?1003h\r\n\b\u0085\u202eevil\u2066\u200b👨‍👩‍👧e\u0301❤️小龍ﷺ";

/// What the program writes before it draws a screen anew, and at the end of every frame.
const CLEAR: &str = "\u{1b}[0m\u{1b}[2J";
const END_OF_FRAME: &str = "\u{1b}[?2026l";
/// Longer than a request runs before the screen says so.
const QUIET: Duration = Duration::from_millis(300);

/// Records of every kind with the mark in every member that takes words. Answers how many patients.
fn fill(url: &str) -> usize {
    let admin = token(url);
    let send = |path: &str, body: Value| ask(url, "POST", path, &admin, Some(body));
    const PATIENTS: usize = 30;
    let mut patient = Value::Null;
    for number in 0..PATIENTS {
        patient = send(
            "/api/patients",
            json!({
                "first_name": format!("Ana{MARK}"), "last_name": format!("L{number:02}{MARK}"),
                "date_of_birth": format!("{}-05-25", 1950 + number), "address": format!("1 {MARK}"),
                "city": format!("C{MARK}"), "state": format!("S{MARK}"),
                "zip_code": MARK, "allergies": format!("Nuts{MARK}"),
                "medical_history": format!("Asthma{MARK}"),
                "emergency_contact": format!("E{MARK}"),
                "identifiers": [{"system": MARK, "value": format!("{MARK}{number}")}],
            }),
        );
    }
    let doctor = send(
        "/api/doctors",
        json!({
            "first_name": format!("Sarah{MARK}"), "last_name": format!("J{MARK}"),
            "specialization": format!("Card{MARK}"),
        }),
    );
    let assigned = json!({
        "patient": patient["id"], "doctor": doctor["id"], "reason_for_visit": format!("Fever{MARK}"),
        "notes": format!("Notes{MARK}"),
    });
    let assigned = send("/api/assignments", assigned);
    let visit = json!({
        "patient": patient["id"], "assignment": assigned["id"], "reason": format!("Fever{MARK}"),
    });
    send("/api/visits", visit);
    let account = json!({
        "email": "otto@example.com", "role": "staff", "first_name": format!("Otto{MARK}"),
        "last_name": format!("M{MARK}"),
    });
    send("/api/users", account);
    send("/api/auth/tokens", json!({"name": format!("Export{MARK}"), "scopes": ["read"]}));
    PATIENTS
}

/// Draws a screen bit by bit, and then at once.
#[track_caller]
fn look_at(program: &mut Program, keys: &str, words: &str) {
    program.keys(keys);
    program.wait_for(words);
    // What takes longer than this says so on the screen.
    program.settle(QUIET);
    program.wait("all answers", |screen| {
        let text = screen.contents();
        !["Searching …", "Loading …", "Saving …"].iter().any(|activity| text.contains(activity))
    });
    program.settle(QUIET);
    let before = program.written().len();
    program.keys(&key::ctrl('l'));
    program.wait_written("the screen drawn anew", |written| {
        let since = String::from_utf8_lossy(&written[before..]).into_owned();
        since.split_once(CLEAR).is_some_and(|(_, frame)| frame.contains(END_OF_FRAME))
    });
}

/// Every screen that was drawn anew looked the same before. Answers how many there were.
fn assert_no_stray_cells(written: &str) -> usize {
    let mut parser = vt100::Parser::default();
    // Blanks that were drawn look like cells that were not.
    let shown = |parser: &vt100::Parser| {
        let lines = parser.screen().contents();
        lines.lines().map(|line| format!("{}\n", line.trim_end())).collect::<String>()
    };
    let mut count = 0;
    let mut rest = written;
    while let Some(at) = rest.find(CLEAR) {
        let (drawn, anew) = rest.split_at(at);
        parser.process(drawn.as_bytes());
        let before = shown(&parser);
        let frame = anew.find(END_OF_FRAME).unwrap_or(anew.len());
        let (anew, after) = anew.split_at(frame);
        parser.process(anew.as_bytes());
        // The first one is the screen before the program.
        if !before.trim().is_empty() {
            let anew = shown(&parser);
            assert!(before == anew, "stray cells:\n{before}\ninstead of:\n{anew}");
            count += 1;
        }
        rest = after;
    }
    count
}

/// Nothing was written that the program does not write itself: styles by number, places, its modes.
fn assert_no_sequence_of_others(written: &str) {
    let modes = ["?1049", "?2004", "?25", "?2026"];
    let mut rest = written;
    while let Some(at) = rest.find(|c: char| is_refused(c)) {
        let (_, sequence) = rest.split_at(at);
        let near: String = sequence.chars().take(20).collect();
        let sequence = sequence.strip_prefix("\u{1b}[");
        let Some(sequence) = sequence else { panic!("a raw control character: {near:?}") };
        let end = sequence.find(|c: char| !matches!(c, '0'..='9' | ';' | '?')).unwrap();
        let (numbers, end) = sequence.split_at(end);
        let is_own = match end.chars().next() {
            // No plain colours: the backend writes them as 38;5;n.
            Some('m') => !matches!(numbers, "30" | "31" | "32" | "33" | "34" | "35" | "36" | "37"),
            Some('H') => !numbers.is_empty(),
            Some('J') => numbers == "2",
            Some('h' | 'l') => modes.contains(&numbers),
            _ => false,
        };
        assert!(is_own, "a sequence of somebody else: {near:?}");
        rest = end;
    }
}

#[test]
fn hostile_text_acts_on_no_screen_and_leaves_no_stray_cell() {
    let home = Home::new();
    let mut first = start(&home);
    set_up(&mut first);
    let url = served_at(&home);
    let patients = fill(&url);
    let between = Between::new(&url);
    between.replace(MARK, HOSTILE);
    let away = Home::new();
    let mut program = start_at(&away, &between.url());
    log_in_as(&mut program, EMAIL, PASSWORD);
    let down = key::DOWN.repeat(patients - 4);
    let ctrl = key::ctrl;
    let palette = |name: &str| format!("{}{name}{}", ctrl('p'), key::ENTER);
    // Esc alone, since what follows it at once makes another key of it.
    let screens: &[(&str, &str)] = &[
        (key::F2, "for Sarah␛[3J"),
        (key::F3, "30 of 30"),
        (&format!("{}{down}", key::TAB), "L26␛[3J"),
        (key::END, "L29␛[3J"),
        (key::HOME, "L00␛[3J"),
        ("L29", "1 of 1"),
        (key::ENTER, "Allergies: Nuts␛[3J"),
        (key::END, "In an emergency"),
        (&ctrl('g'), "J␛[3J"),
        (key::ESC, "In an emergency"),
        (&ctrl('a'), "· Visit"),
        (key::ESC, "In an emergency"),
        (&ctrl('x'), "Archive this patient?"),
        (key::ESC, "In an emergency"),
        (&ctrl('e'), "Edit patient"),
        (&key::TAB.repeat(2), "›Born"),
        (key::ESC, "In an emergency"),
        ("Sarah", "doctor, Card␛[3J"),
        (key::ESC, "In an emergency"),
        (key::F4, "Card␛[3J"),
        (&format!("{}{}", key::TAB, key::ENTER), "· Doctor"),
        (&ctrl('e'), "Edit doctor"),
        (key::F5, "1 of 1"),
        (&format!("{}{}", key::TAB, key::ENTER), "· Assignment"),
        (key::F6, "1 of 1"),
        (key::ENTER, "· Visit"),
        (key::F7, "Sarah␛[3J"),
        (key::F8, "Otto␛"),
        (key::F9, "Audit log"),
        (key::ENTER, "Audit entry"),
        (&format!("{}{}", key::F2, palette("api tokens")), "Export␛"),
        (&format!("{}{}", key::F2, key::F12), "Messages"),
    ];
    for (keys, words) in screens {
        look_at(&mut program, keys, words);
    }
    program.keys(key::ESC);
    // A key right behind an escape would be one with Alt.
    program.wait_without("Messages, newest");
    let written = String::from_utf8(program.written()).unwrap();
    assert_no_sequence_of_others(&written);
    assert_eq!(assert_no_stray_cells(&written), screens.len());
    quit(program);
    quit(first);
}

/// The most memory that a process has had, in KiB.
fn peak(program: &Program) -> u64 {
    let path = format!("/proc/{}/status", program.pid().as_raw_nonzero());
    let status = fs::read_to_string(path).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn a_terminal_that_does_not_read_costs_no_memory_and_is_shown_everything_afterwards() {
    let home = Home::new();
    let mut first = start(&home);
    set_up(&mut first);
    let url = served_at(&home);
    let away = Home::new();
    let mut program = start_at(&away, &url);
    log_in_as(&mut program, EMAIL, PASSWORD);
    program.wait_for("Recent");
    program.keys(key::F3);
    program.wait_for("No patients yet.");
    program.settle(QUIET);
    let before = peak(&program);
    program.stop_reading();
    for _ in 0..500 {
        program.keys(&format!("{}zzyzx{}", key::ctrl('l'), key::ctrl('u')));
    }
    // Live changes come in, too.
    fill(&url);
    program.keys("L07");
    program.read_again();
    program.wait_for("1 of 1");
    program.wait_for("L07");
    let grown = peak(&program) - before;
    assert!(grown < 16 * 1024, "{grown} KiB more");
    quit(program);
    quit(first);
}
