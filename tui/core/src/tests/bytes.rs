//! What a frame costs on the line to the terminal, in bytes, as the program's backend writes it.

use std::{cell::RefCell, io, rc::Rc};

use ratatui_core::{
    layout::Rect,
    terminal::{Terminal, TerminalOptions, Viewport},
};
use ratatui_crossterm::CrosstermBackend;

use shared::{account::Role, patient::Patient};

use super::{
    accounts::{account, at_account, at_accounts},
    audit::at_audit,
    dashboard::{figures, showing},
    driver::Driver,
    fixtures::{history, jose, lookup, patient, people},
    home::at_home,
    own::at_sessions,
    pages::{doctors, looking_at_doctor, picking},
};
use crate::{
    api::Reply,
    effect::{Lane, Timer},
    theme::Theme,
    view::view,
};

/// What the shell writes around each frame: the beginning and the end of a synchronized update.
const AROUND: usize = "\x1b[?2026h\x1b[?2026l".len();
/// The most bytes of a whole screen of 80×24.
const SCREEN_MAX: usize = 8 * 1024;
/// The most bytes of a frame after a typed character, where no rows change.
const CHARACTER_MAX: usize = 150;

#[derive(Clone, Default)]
struct Sink(Rc<RefCell<Vec<u8>>>);

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A terminal at the end of a line.
struct Line {
    terminal: Terminal<CrosstermBackend<Sink>>,
    sink: Sink,
}

impl Line {
    fn new(width: u16, height: u16) -> Self {
        let sink = Sink::default();
        let viewport = Viewport::Fixed(Rect { x: 0, y: 0, width, height });
        let backend = CrosstermBackend::new(sink.clone());
        let terminal = Terminal::with_options(backend, TerminalOptions { viewport }).unwrap();
        Self { terminal, sink }
    }

    /// Draws a frame. Answers its bytes.
    fn draw(&mut self, driver: &Driver) -> Vec<u8> {
        self.terminal.draw(|frame| view(&driver.app, &Theme::ansi(), frame)).unwrap();
        self.sink.0.take()
    }
}

/// Screens at 80×24 that are full of text, and those with the most styles.
fn screens() -> Vec<(&'static str, Driver)> {
    let mut list = Driver::with(many(), 900, 80, 24);
    list.keys("<down><down>");
    let mut marked = Driver::with(many(), 900, 80, 24);
    marked.keys("<down><insert><insert><insert><insert><insert>");
    let mut found = at_home(80, 24);
    found.keys("g");
    found.answer(Lane::Find, Ok(lookup(many(), "g")));
    let mut doctor = looking_at_doctor();
    doctor.answer(Lane::History, Ok(Reply::History(Box::new(history()))));
    vec![
        ("the login", Driver::at_login(80, 24)),
        ("home", at_home(80, 24)),
        ("what was found", found),
        ("a list", list),
        ("a list with marks", marked),
        ("a patient", Driver::looking_at(jose(), 80, 24)),
        ("a doctor", doctor),
        ("a new patient", after(Driver::with(people(), 5, 80, 24), "<ctrl-n>")),
        ("a form", after(Driver::looking_at(jose(), 80, 24), "<ctrl-e>")),
        ("the picker", picking(doctors())),
        ("the filters", after(Driver::with(many(), 900, 80, 24), "<ctrl-t><tab><tab>")),
        ("a question", after(Driver::looking_at(jose(), 80, 24), "<ctrl-x>")),
        ("the palette", after(Driver::looking_at(jose(), 80, 24), "<ctrl-p>")),
        ("help", after(Driver::looking_at(jose(), 80, 24), "<f1>")),
        ("the dashboard", showing(figures(40), 80, 24)),
        ("accounts", at_accounts(80, 24)),
        ("an account", at_account(account(7, "Ines", Role::Staff), 80, 24)),
        ("the audit log", at_audit(80, 24)),
        ("sessions", at_sessions(80, 24)),
    ]
}

fn many() -> Vec<Patient> {
    let mut all = people();
    all.extend((14..=50).map(|id| patient(id, "Maria", &format!("Number {id}"))));
    all
}

fn after(mut driver: Driver, keys: &str) -> Driver {
    driver.keys(keys);
    driver
}

#[test]
fn a_whole_screen_of_80_by_24_takes_8_kilobytes_at_most() {
    for (place, driver) in screens() {
        let bytes = Line::new(80, 24).draw(&driver);
        assert!(bytes.len() + AROUND <= SCREEN_MAX, "{place}: {} bytes", bytes.len());
        // The screen is on the line: otherwise the budget would hold for anything.
        let mut parts = driver.screen();
        parts.retain(|c| !c.is_whitespace());
        assert!(bytes.len() > parts.len() / 2, "{place}: {} bytes", bytes.len());
    }
}

/// Types a key and holds its frame to the budget, if no other row than that of the cursor changes. Says
/// whether that was so.
fn is_within_budget(line: &mut Line, driver: &mut Driver, key: &str, place: &str) -> bool {
    let rows = |driver: &Driver| -> Vec<String> {
        driver.screen().lines().map(ToOwned::to_owned).collect()
    };
    let before = rows(driver);
    line.draw(driver);
    driver.keys(key);
    let bytes = line.draw(driver);
    let after = rows(driver);
    let count = bytes.len() + AROUND;
    let changed = before.iter().zip(&after).filter(|(before, after)| before != after).count();
    // The last line says where the cursor is.
    let is_measured = changed <= 2;
    let text = String::from_utf8_lossy(&bytes).replace('\x1b', "ESC");
    assert!(!is_measured || count <= CHARACTER_MAX, "{place}, {key}: {count} bytes, {text}");
    is_measured
}

#[test]
fn a_typed_character_takes_150_bytes_at_most_where_no_other_row_changes() {
    for (place, mut driver) in screens() {
        // The first one may open the find box or begin another text; the rows of a list of actions change
        // until none of them fits.
        driver.keys("zzz");
        let mut line = Line::new(80, 24);
        for key in ["g", "o", "1", "<bs>", "z"] {
            assert!(is_within_budget(&mut line, &mut driver, key, place), "{place}: {key}");
            driver.on_timer(Timer::Search);
            let sent = line.draw(&driver).len() + AROUND;
            assert!(sent <= CHARACTER_MAX, "{place}: {sent} bytes for what is being sent");
        }
    }
}

#[test]
fn a_typed_character_takes_150_bytes_at_most_in_every_field_of_a_form() {
    let mut driver = Driver::with(people(), 5, 80, 50);
    driver.keys("<ctrl-n>");
    let mut line = Line::new(80, 50);
    let mut measured = Vec::new();
    for field in 0..17 {
        let place = format!("field {field}");
        let keys = ["T", "-", "1", "d", "<bs>", "9", "8"];
        let within =
            keys.iter().filter(|key| is_within_budget(&mut line, &mut driver, key, &place));
        measured.push(within.count());
        driver.keys("<tab>");
    }
    // Dates and choices explain themselves in the row below.
    let texts = measured.iter().filter(|count| **count >= 6).count();
    assert!(texts >= 12, "{measured:?}");
}

#[test]
fn a_frame_in_which_nothing_has_changed_moves_the_cursor_and_no_more() {
    for (place, driver) in screens() {
        let mut line = Line::new(80, 24);
        line.draw(&driver);
        let bytes = line.draw(&driver);
        assert!(bytes.len() <= 30, "{place}: {:?}", String::from_utf8_lossy(&bytes));
    }
}
