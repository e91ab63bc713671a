//! Whatever comes in whatever order at whatever size: nothing panics, and what is drawn fits.

mod events;

use proptest::prelude::*;
use ratatui_core::{backend::TestBackend, terminal::Terminal};
use shared::account::Role;

use self::events::{Event, event, good, lane};
use super::{
    accounts::{account, at_account},
    driver::Driver,
    fixtures::{jose, people},
};
use crate::{
    api::{Call, Failure, Reply},
    effect::{Effect, Lane, Timer},
    input::chord::{Chord, Key},
    msg::Msg,
    resource::Secret,
    session::SessionHandle,
    theme::Theme,
    view::view,
};

/// What the first user types, and nobody else.
const TYPED: &str = "Qxyzq";

/// The user of a session: the last digit of its handle's number.
fn owner(handle: SessionHandle) -> i64 {
    (0..100).find(|number| SessionHandle::new(*number) == handle).unwrap() as i64 % 10
}

/// Sends a message. Whatever leaves with it leaves in a session of the user who is shown, and
/// where that is another one than before, nothing of the one before is left.
fn send(driver: &mut Driver, msg: Msg) -> bool {
    let user = |driver: &Driver| driver.app.world().user().map(|user| user.id.0);
    let before = user(driver);
    let is_handled = driver.send(msg);
    for effect in &driver.last {
        if let Effect::Call { session, call, .. } = effect {
            assert_eq!(session.is_some(), call.needs_session());
            assert!(session.is_none_or(|handle| Some(owner(handle)) == user(driver)));
            // What the tests type at the start, for the first user.
            if let Call::Change { body, .. } = call
                && body.to_string().contains(TYPED)
            {
                assert_eq!(user(driver), Some(1));
            }
        }
    }
    if before.is_some() && user(driver) != before {
        assert!(!driver.app.has_unsaved(), "work of the user before is left");
        assert!(driver.app.layers().is_empty(), "a question to the user before is left");
    }
    is_handled
}

fn draw(driver: &Driver) {
    let world = driver.app.world();
    for (width, height) in [(world.width, world.height), (13, 3)] {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| view(&driver.app, &Theme::ansi(), frame)).unwrap();
        let cells = terminal.backend().buffer().content().iter();
        let symbols: String = cells.map(|cell| cell.symbol()).collect();
        assert!(!symbols.contains(['\u{1b}', '\u{202e}']), "something acts on the terminal");
    }
}

fn play(mut driver: Driver, events: Vec<Event>) {
    draw(&driver);
    for event in events {
        match event {
            Event::Msg(Msg::Reply(ticket, result)) => {
                let newest = driver.calls.iter().rev().find(|(t, _)| t.slot == ticket.slot);
                let is_stale = newest.is_none_or(|(newest, _)| *newest != ticket);
                let before = is_stale.then(|| driver.screen());
                let is_handled = send(&mut driver, Msg::Reply(ticket, result));
                assert!(!(is_stale && is_handled), "a stale answer counted");
                assert!(before.is_none_or(|before| before == driver.screen()));
            }
            Event::Msg(msg) => {
                send(&mut driver, msg);
            }
            Event::Answer(lane, result) => {
                let asked = driver.calls.iter().rev().find(|(ticket, _)| ticket.slot.lane == lane);
                if let Some((ticket, _)) = asked {
                    let ticket = *ticket;
                    send(&mut driver, Msg::Reply(ticket, result));
                }
            }
        }
        draw(&driver);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..Default::default() })]

    #[test]
    fn nothing_panics_from_the_start(
        (width, height) in (1_u16..=200, 1_u16..=60),
        events in prop::collection::vec(event(), 1..60),
    ) {
        play(Driver::new(width, height), events);
    }

    #[test]
    fn nothing_panics_in_a_form(
        (width, height) in (40_u16..=140, 10_u16..=40),
        events in prop::collection::vec(event(), 1..60),
    ) {
        let mut driver = Driver::looking_at(jose(), 80, 24);
        driver.send(Msg::Resize { width, height });
        driver.keys("<ctrl-e>");
        play(driver, events);
    }

    #[test]
    fn nothing_panics_among_marked_rows(
        (width, height) in (1_u16..=140, 1_u16..=40),
        (begun, events) in (
            prop::sample::select(vec!["", "<ctrl-g>", "<ctrl-x>", "<ctrl-x><down><enter>"]),
            prop::collection::vec(event(), 1..60),
        ),
    ) {
        let mut driver = Driver::with(people(), 5, 80, 24);
        driver.keys(&format!("<insert><insert><insert>{begun}"));
        driver.send(Msg::Resize { width, height });
        play(driver, events);
    }

    #[test]
    fn nothing_panics_at_an_account(
        (width, height) in (40_u16..=140, 10_u16..=40),
        events in prop::collection::vec(event(), 1..60),
    ) {
        let mut driver = at_account(account(7, "Ines", Role::Staff), 80, 24);
        driver.send(Msg::Resize { width, height });
        driver.keys("<ctrl-p>new code<enter><right><enter>");
        let code = Secret::new("4JX7-2M9C".to_owned(), None);
        driver.answer(Lane::Save, Ok(Reply::Issued(code)));
        play(driver, events);
    }

    #[test]
    fn two_users_at_one_desk_never_share_anything(events in prop::collection::vec(
        prop_oneof![
            3 => event(),
            // Sessions end, and somebody logs in over what is typed.
            1 => lane().prop_map(|lane| Event::Answer(lane, Err(Failure::Expired))),
            2 => prop::sample::select(good(Lane::Account))
                .prop_map(|reply| Event::Answer(Lane::Account, Ok(reply))),
            2 => prop::sample::select(vec![Key::Enter, Key::Tab, Key::Esc])
                .prop_map(|key| Event::Msg(Msg::Key(Chord::plain(key)))),
            1 => Just(Event::Msg(Msg::Key(Chord::ctrl('s')))),
        ], 1..80)
    ) {
        let mut driver = Driver::looking_at(jose(), 80, 24);
        driver.keys(&format!("<ctrl-e>{TYPED}<ctrl-s>"));
        driver.answer(Lane::Save, Err(Failure::Expired));
        driver.keys("a long password<enter>");
        play(driver, events);
    }

    #[test]
    fn a_parked_form_never_goes_over_to_another_user(events in prop::collection::vec(
        prop_oneof![
            2 => event(),
            1 => lane().prop_map(|lane| Event::Answer(lane, Err(Failure::Expired))),
            2 => prop::sample::select(good(Lane::Account))
                .prop_map(|reply| Event::Answer(Lane::Account, Ok(reply))),
            2 => prop::sample::select(vec![Key::F(10), Key::Enter, Key::Tab, Key::Esc])
                .prop_map(|key| Event::Msg(Msg::Key(Chord::plain(key)))),
            1 => Just(Event::Msg(Msg::Key(Chord::ctrl('s')))),
        ], 1..80)
    ) {
        let mut driver = Driver::looking_at(jose(), 80, 24);
        driver.keys(&format!("<ctrl-e>{TYPED}<f10><ctrl-r>"));
        driver.answer(Lane::Record, Err(Failure::Expired));
        driver.keys("a long password<enter>");
        play(driver, events);
    }

    #[test]
    fn every_layer_is_left_with_esc(events in prop::collection::vec(event(), 1..40)) {
        let mut driver = Driver::looking_at(jose(), 80, 24);
        for event in events {
            // A lock is left by logging in.
            if let Event::Msg(msg) = event
                && !matches!(msg, Msg::Timer(Timer::Idle))
            {
                driver.send(msg);
            }
        }
        driver.send(Msg::Resize { width: 80, height: 24 });
        for _ in 0..driver.app.layers().len() {
            let before = driver.app.layers().len();
            driver.keys("<esc>");
            prop_assert!(driver.app.layers().len() < before);
        }
    }

    #[test]
    fn a_form_is_never_lost_but_by_a_confirmed_discard_or_a_save(
        events in prop::collection::vec(event(), 1..50),
    ) {
        let mut driver = Driver::looking_at(jose(), 80, 24);
        driver.keys("<ctrl-e>xyz");
        for event in events {
            // Discarding, saving and another user are the ways out: none of them is taken here.
            match event {
                Event::Msg(Msg::Key(chord)) if chord.key != Key::Enter => {
                    let is_edit = chord == Chord::ctrl('u') || chord == Chord::ctrl('w')
                        || chord == Chord::ctrl('z') || chord == Chord::ctrl('y')
                        || matches!(chord.key, Key::Backspace | Key::Delete | Key::Char(_));
                    if !is_edit || chord == Chord::ctrl('q') || chord == Chord::ctrl('c') {
                        driver.send(Msg::Key(chord));
                    }
                }
                Event::Msg(msg @ (Msg::Timer(_) | Msg::Resize { .. })) => {
                    driver.send(msg);
                }
                Event::Answer(lane, Err(failure)) => {
                    let asked = driver.calls.iter().rev().find(|(ticket, _)| ticket.slot.lane == lane);
                    if let Some((ticket, _)) = asked {
                        let ticket = *ticket;
                        driver.send(Msg::Reply(ticket, Err(failure)));
                    }
                }
                _ => {}
            }
            prop_assert!(driver.app.has_unsaved());
            prop_assert!(!driver.last.iter().any(|e| matches!(e, Effect::Quit)));
        }
    }
}
