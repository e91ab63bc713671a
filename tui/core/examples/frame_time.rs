//! How long one key takes in a list with a full page of 100 rows: `update` and `view`, in
//! microseconds. Run it with `cargo run --release -p tui-core --example frame_time`.

use std::{hint::black_box, time::Instant};

use ratatui_core::{backend::TestBackend, terminal::Terminal};
use serde_json::json;
use shared::{Page, account::User, patient::Patient};
use tui_core::{
    api::Reply,
    app::{App, update},
    effect::{Effect, Lane, Ticket},
    input::chord::{Chord, Key},
    msg::{Desk, Msg},
    resource::Record,
    session::{Session, SessionHandle},
    theme::Theme,
    view::view,
    world::Options,
};

const KEYS: usize = 2_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for (width, height) in [(80, 24), (200, 50)] {
        let mut app = list(width, height)?;
        let mut terminal = Terminal::new(TestBackend::new(width, height))?;
        terminal.draw(|frame| view(&app, &Theme::ansi(), frame))?;
        let mut times: Vec<(u128, u128)> = Vec::with_capacity(KEYS);
        for turn in 0..KEYS {
            let down = (turn / 99).is_multiple_of(2);
            let key = if down { Key::Down } else { Key::Up };
            let begun = Instant::now();
            black_box(update(&mut app, Msg::Key(Chord::plain(key))));
            let updated = begun.elapsed().as_micros();
            terminal.draw(|frame| view(&app, &Theme::ansi(), frame))?;
            times.push((updated, begun.elapsed().as_micros() - updated));
        }
        report(&format!("{width}×{height} update"), times.iter().map(|(update, _)| *update));
        report(&format!("{width}×{height} view and diff"), times.iter().map(|(_, view)| *view));
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this program prints what it measures")]
fn report(what: &str, times: impl Iterator<Item = u128>) {
    let mut times: Vec<u128> = times.collect();
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    println!("{what}: p50 {} µs, p99 {} µs", at(50), at(99));
}

/// A list of 100 patients with the focus on its rows.
fn list(width: u16, height: u16) -> Result<App, Box<dyn std::error::Error>> {
    let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 20).unwrap_or_default();
    let mut app = App::new(Options {
        width,
        height,
        today,
        date_order: tui_core::date::DateOrder::DayFirst,
        last_login: String::new(),
        lock_after: None,
        page_size: 100,
        run: 0,
    });
    let time = "2026-11-01T08:30:00Z";
    let user: User = serde_json::from_value(json!({
        "id": 1, "username": "ana", "name": "Ana", "role": "staff", "is_active": true,
        "is_staff": true, "email_verified": true, "created_at": time, "updated_at": time,
        "version": 1, "permissions": ["create_patient"],
    }))?;
    let session = Some(Box::new(Session::new(SessionHandle::new(1), user)));
    let label = "local desk".to_owned();
    let ready = Desk::Ready { label, is_ephemeral: false, session };
    let effects = update(&mut app, Msg::Desk(ready));
    let patients: Result<Vec<Patient>, _> = (1..=100).map(patient).collect();
    let page =
        Page { count: 100, count_capped: false, next: None, previous: None, results: patients? };
    let reply = Reply::Page(Box::new(page.map(Record::from)));
    update(&mut app, Msg::Reply(ticket(&effects, Lane::List)?, Ok(reply)));
    update(&mut app, Msg::Key(Chord::plain(Key::Down)));
    Ok(app)
}

fn ticket(effects: &[Effect], lane: Lane) -> Result<Ticket, String> {
    let mut tickets = effects.iter().filter_map(|effect| match effect {
        Effect::Call { ticket, .. } if ticket.slot.lane == lane => Some(*ticket),
        _ => None,
    });
    tickets.next_back().ok_or_else(|| format!("nothing was asked in {lane:?}"))
}

fn patient(id: i64) -> Result<Patient, serde_json::Error> {
    let time = "2026-11-01T08:30:00Z";
    serde_json::from_value(json!({
        "id": id, "mrn": shared::Mrn::from_sequence(id).to_string(), "first_name": "José",
        "last_name": format!("Gómez {id}"), "full_name": format!("José Gómez {id}"),
        "identifiers": [], "date_of_birth": "1989-05-25", "date_of_birth_estimated": false,
        "age": 37, "gender": "M", "phone_number": "+1 555 123 4567", "city": "Chicopee",
        "created_by": 1, "created_by_username": "ana", "created_at": time, "updated_at": time,
        "version": 1,
    }))
}
