//! What a key costs: `update`, and `view` with the diff and the bytes of its frame, in a list in which
//! 10,000 rows are loaded.
//!
//! `cargo bench -p tui-core`; `cargo bench -p tui-core -- view` for a part.

#![expect(clippy::unwrap_used, reason = "a measurement that can't be taken ends here")]

use std::io::{BufWriter, sink};

use divan::{Bencher, black_box};
use ratatui_core::{
    layout::Rect,
    terminal::{Terminal, TerminalOptions, Viewport},
};
use ratatui_crossterm::CrosstermBackend;
use serde_json::json;
use shared::{Page, account::User, patient::Patient};
use tui_core::{
    api::Reply,
    app::{App, update},
    date::DateOrder,
    effect::{Effect, Lane, Ticket, Timer},
    input::chord::{Chord, Key},
    msg::{Desk, Msg},
    resource::Record,
    session::{Session, SessionHandle},
    theme::Theme,
    view::view,
    world::Options,
};

/// The sizes of a terminal that are measured.
const SIZES: [(u16, u16); 2] = [(80, 24), (200, 50)];
/// Rows of the list. No page of the API is as long.
const LOADED: i64 = 10_000;
/// Rows of a page, as the program asks for it.
const PAGE_SIZE: i64 = 50;

fn main() {
    divan::main();
}

/// Moves among the rows.
#[divan::bench]
fn update_row(bencher: Bencher<'_, '_>) {
    let mut app = list(SIZES[0], LOADED);
    let mut is_down = false;
    bencher.bench_local(|| {
        is_down = !is_down;
        press(&mut app, if is_down { Key::Down } else { Key::Up })
    });
}

/// Types a character into the search and removes it again.
#[divan::bench]
fn update_character(bencher: Bencher<'_, '_>) {
    let mut app = list(SIZES[0], LOADED);
    press(&mut app, Key::Char('g'));
    let mut is_typed = false;
    bencher.bench_local(|| {
        is_typed = !is_typed;
        press(&mut app, if is_typed { Key::Char('o') } else { Key::Backspace })
    });
}

/// The pause in typing is over: the text is sent.
#[divan::bench]
fn update_search_sent(bencher: Bencher<'_, '_>) {
    let mut app = list(SIZES[0], LOADED);
    for letter in ['g', 'o'] {
        press(&mut app, Key::Char(letter));
    }
    bencher
        .with_inputs(|| app.clone())
        .bench_local_refs(|app| update(app, Msg::Timer(Timer::Search)));
}

/// Takes the answer to a search: a page of rows.
#[divan::bench]
fn update_answer(bencher: Bencher<'_, '_>) {
    let mut app = list(SIZES[0], PAGE_SIZE);
    let effects = press(&mut app, Key::Char('g'));
    let ticket = ticket(&effects, Lane::List);
    bencher.with_inputs(|| (app.clone(), page(PAGE_SIZE))).bench_local_values(
        |(mut app, reply)| {
            let effects = update(&mut app, Msg::Reply(ticket, Ok(reply)));
            (app, effects)
        },
    );
}

/// Another row is selected.
#[divan::bench(args = SIZES)]
fn view_row(bencher: Bencher<'_, '_>, size: (u16, u16)) {
    let app = list(size, LOADED);
    let mut next = app.clone();
    press(&mut next, Key::Down);
    draw_in_turn(bencher, size, &app, &next);
}

/// A character is typed.
#[divan::bench(args = SIZES)]
fn view_character(bencher: Bencher<'_, '_>, size: (u16, u16)) {
    let mut app = list(size, LOADED);
    press(&mut app, Key::Char('g'));
    let mut next = app.clone();
    press(&mut next, Key::Char('o'));
    draw_in_turn(bencher, size, &app, &next);
}

/// All rows are other ones.
#[divan::bench(args = SIZES)]
fn view_page(bencher: Bencher<'_, '_>, size: (u16, u16)) {
    let app = list(size, LOADED);
    let mut next = app.clone();
    press(&mut next, Key::End);
    draw_in_turn(bencher, size, &app, &next);
}

/// Draws two states in turn on the terminal of the program, whose bytes go nowhere.
fn draw_in_turn(bencher: Bencher<'_, '_>, (width, height): (u16, u16), one: &App, other: &App) {
    let viewport = Viewport::Fixed(Rect { x: 0, y: 0, width, height });
    let backend = CrosstermBackend::new(BufWriter::with_capacity(64 * 1024, sink()));
    let mut terminal = Terminal::with_options(backend, TerminalOptions { viewport }).unwrap();
    let theme = Theme::ansi();
    let mut is_other = false;
    bencher.bench_local(|| {
        is_other = !is_other;
        let app = if is_other { other } else { one };
        black_box(terminal.draw(|frame| view(app, &theme, frame)).unwrap().count)
    });
}

fn press(app: &mut App, key: Key) -> Vec<Effect> {
    update(app, Msg::Key(Chord::plain(key)))
}

/// A list of so many patients with the focus on its rows.
fn list((width, height): (u16, u16), rows: i64) -> App {
    let mut app = App::new(Options {
        width,
        height,
        today: chrono::NaiveDate::from_ymd_opt(2026, 11, 20).unwrap(),
        date_order: DateOrder::DayFirst,
        last_login: String::new(),
        lock_after: None,
        page_size: PAGE_SIZE,
        run: 0,
    });
    let session = Some(Box::new(Session::new(SessionHandle::new(1), user())));
    let label = "local desk".to_owned();
    update(&mut app, Msg::Desk(Desk::Ready { label, is_ephemeral: false, session }));
    let effects = press(&mut app, Key::F(3));
    let ticket = ticket(&effects, Lane::List);
    update(&mut app, Msg::Reply(ticket, Ok(page(rows))));
    press(&mut app, Key::Down);
    app
}

fn page(rows: i64) -> Reply {
    let results = (1..=rows).map(|id| Record::from(patient(id))).collect();
    let page = Page { count: rows, count_capped: false, next: None, previous: None, results };
    Reply::Page(Box::new(page))
}

fn ticket(effects: &[Effect], lane: Lane) -> Ticket {
    let mut tickets = effects.iter().filter_map(|effect| match effect {
        Effect::Call { ticket, .. } if ticket.slot.lane == lane => Some(*ticket),
        _ => None,
    });
    tickets.next_back().unwrap()
}

fn user() -> User {
    let time = "2026-11-01T08:30:00Z";
    serde_json::from_value(json!({
        "id": 1, "username": "ana", "name": "Ana", "role": "staff", "is_active": true,
        "is_staff": true, "email_verified": true, "created_at": time, "updated_at": time,
        "version": 1, "permissions": ["create_patient"],
    }))
    .unwrap()
}

fn patient(id: i64) -> Patient {
    let time = "2026-11-01T08:30:00Z";
    serde_json::from_value(json!({
        "id": id, "mrn": shared::Mrn::from_sequence(id).to_string(), "first_name": "José",
        "last_name": format!("Gómez {id}"), "full_name": format!("José Gómez {id}"),
        "identifiers": [], "date_of_birth": "1989-05-25", "date_of_birth_estimated": false,
        "age": 37, "gender": "M", "phone_number": "+1 555 123 4567", "city": "Chicopee",
        "created_by": 1, "created_by_username": "ana", "created_at": time, "updated_at": time,
        "version": 1,
    }))
    .unwrap()
}
