//! Whatever comes in whatever order at whatever size: nothing panics, and what is drawn fits.

use proptest::prelude::*;
use ratatui_core::{backend::TestBackend, terminal::Terminal};
use shared::{Kind, account::Role, visit::VisitStatus};

use super::{
    accounts::{account, at_account},
    driver::Driver,
    fixtures::{
        assigned, assignment, history, jose, listed, lookup, meta, one, page, patient, people,
        problem, session, signed_in, stale, user, visit, visits,
    },
};
use crate::{
    api::{Call, Failure, Reply},
    effect::{Effect, Lane, ScreenId, Slot, Ticket, Timer},
    input::chord::{Chord, Key},
    live::Live,
    msg::{Desk, Msg},
    resource::{RecordKind, Secret},
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

/// A message, or an answer to what was asked last in a lane.
#[derive(Clone, Debug)]
enum Event {
    Msg(Msg),
    Answer(Lane, Result<Reply, Failure>),
}

fn key() -> impl Strategy<Value = Chord> {
    let named = prop::sample::select(vec![
        Key::Enter,
        Key::Esc,
        Key::Tab,
        Key::BackTab,
        Key::Backspace,
        Key::Delete,
        Key::Insert,
        Key::Up,
        Key::Down,
        Key::Left,
        Key::Right,
        Key::Home,
        Key::End,
        Key::PageUp,
        Key::PageDown,
        Key::F(1),
        Key::F(10),
        Key::F(10),
    ]);
    prop_oneof![
        4 => named.prop_map(Chord::plain),
        4 => prop::sample::select(vec!['a', 'e', 'f', 's', 'x', 'u', 'n', 'y', '?', ':', '/', 'G',
            'M', 'q', 't', 'm', '1', ' ', '李', '\u{301}', '\u{200d}', '\u{202e}', '\t'])
            .prop_map(|c| Chord::plain(Key::Char(c))),
        3 => prop::sample::select("abcdefgklnopqrstuvwxyz".chars().collect::<Vec<_>>())
            .prop_map(Chord::ctrl),
    ]
}

fn lane() -> impl Strategy<Value = Lane> {
    prop::sample::select(vec![
        Lane::Meta,
        Lane::Account,
        Lane::List,
        Lane::Pick,
        Lane::Related,
        Lane::Find,
        Lane::Record,
        Lane::History,
        Lane::Namesakes,
        Lane::Person,
        Lane::Presence,
        Lane::Remains,
        Lane::Dashboard,
        Lane::Save,
    ])
}

fn failure() -> impl Strategy<Value = Failure> {
    let mut theirs = jose();
    theirs.version = 9;
    theirs.fields.first_name = Some("Josef".to_owned());
    theirs.fields.city = Some("Boston".to_owned());
    let mut duplicate = problem(Kind::Conflict, &[]);
    let candidates = serde_json::json!([{"patient": jose(), "grade": "certain"}]);
    duplicate.extra.insert("duplicates".into(), candidates);
    let boxed = |problem| Failure::Problem(Box::new(problem));
    prop::sample::select(vec![
        Failure::Offline("connection refused".to_owned()),
        Failure::Unknown("timed out".to_owned()),
        Failure::Expired,
        Failure::Garbled("\u{1b}[2J".to_owned()),
        boxed(problem(Kind::NotFound, &[])),
        boxed(problem(Kind::Internal, &[])),
        boxed(problem(Kind::Validation, &[("email", "is taken"), ("identifiers[0].value", "no")])),
        boxed(problem(Kind::Stale, &[])),
        boxed(stale(&theirs)),
        boxed(duplicate),
    ])
}

/// The answer that fits the lane.
fn good(lane: Lane) -> Vec<Reply> {
    let named = |first: &str| one(patient(9, first, "Gómez"));
    match lane {
        Lane::Meta => vec![Reply::Meta(Box::new(meta()))],
        Lane::Account => vec![
            signed_in(11, 1, "ana"),
            signed_in(21, 1, "ana"),
            signed_in(12, 2, "bob"),
            signed_in(22, 2, "bob"),
            Reply::User(Box::new(user(1, "ana"))),
            Reply::User(Box::new(user(2, "bob"))),
        ],
        Lane::List => vec![
            visits(vec![visit(1, VisitStatus::Waiting), visit(2, VisitStatus::InRoom)]),
            listed(page(people(), 900)),
            listed(page(Vec::new(), 0)),
        ],
        Lane::Record => {
            vec![named("José"), named("\u{202e}\u{1b}[31m"), listed(page(people(), 5))]
        }
        Lane::Pick => vec![listed(page(people(), 900)), listed(page(vec![jose()], 1))],
        Lane::Related => vec![assigned(vec![assignment(5)]), assigned(Vec::new())],
        Lane::Find => {
            vec![lookup(people(), "Gó"), lookup(vec![jose()], ""), lookup(Vec::new(), "x")]
        }
        Lane::History => vec![Reply::History(Box::new(history()))],
        Lane::Namesakes => vec![listed(page(people(), 5)), listed(page(people(), 900))],
        Lane::Person => vec![named("José"), named("Ana")],
        Lane::Presence | Lane::Remains => {
            vec![visits(vec![visit(1, VisitStatus::Waiting)]), visits(Vec::new())]
        }
        Lane::Dashboard => vec![Reply::Dashboard(Box::new(super::dashboard::figures(9)))],
        Lane::Save => vec![
            Reply::Done,
            Reply::Issued(Secret::new("4JX7-2M9C".to_owned(), None)),
            named("José"),
            Reply::Meta(Box::new(meta())),
        ],
    }
}

fn event() -> impl Strategy<Value = Event> {
    let answer = lane().prop_flat_map(|lane| {
        prop_oneof![
            3 => prop::sample::select(good(lane)).prop_map(move |r| Event::Answer(lane, Ok(r))),
            1 => failure().prop_map(move |f| Event::Answer(lane, Err(f))),
        ]
    });
    let timers = vec![
        Timer::Search,
        Timer::Busy,
        Timer::Toast,
        Timer::Retry,
        Timer::Second,
        Timer::Live,
        Timer::Idle,
        Timer::Ahead,
    ];
    let desks = vec![
        Desk::FirstStart { data: "/home/a\u{1b}na/desk".to_owned() },
        Desk::Ready {
            label: "local".to_owned(),
            is_ephemeral: true,
            session: Some(Box::new(session(31, 1, "ana"))),
        },
        Desk::Sample {
            label: "sample desk".to_owned(),
            session: Some(Box::new(session(32, 2, "admin"))),
            identifier: "admin@example.com".to_owned(),
            password: "nobody has chosen it".to_owned(),
            can_go_local: true,
        },
        Desk::Elsewhere { label: "https://desk.example.org".to_owned(), can_go_local: true },
        Desk::Failed { field: Some("email".to_owned()), message: "no".to_owned() },
    ];
    prop_oneof![
        12 => key().prop_map(|chord| Event::Msg(Msg::Key(chord))),
        6 => answer,
        1 => prop::sample::select(timers).prop_map(|timer| Event::Msg(Msg::Timer(timer))),
        1 => (1_u16..=200, 1_u16..=60)
            .prop_map(|(width, height)| Event::Msg(Msg::Resize { width, height })),
        1 => "[a-z\\n\u{1b}李]{0,40}".prop_map(|text| Event::Msg(Msg::Paste(text))),
        1 => (1_i64..12, 1_i64..9).prop_map(|(id, version)| {
            let kind = RecordKind::ALL[usize::try_from(id + version).unwrap() % RecordKind::ALL.len()];
            let change = Live::Record { kind, id, version, is_new: version == 1 };
            Event::Msg(Msg::Live(vec![change, Live::Missed]))
        }),
        1 => (lane(), 0_u64..4, 0..4).prop_map(|(lane, generation, screen)| {
            let owner = (0..screen).fold(ScreenId::APP, |id, _| id.next());
            let slot = Slot { owner, lane };
            Event::Msg(Msg::Reply(Ticket { slot, generation }, Ok(signed_in(42, 2, "bob"))))
        }),
        1 => prop::sample::select(desks).prop_map(|desk| Event::Msg(Msg::Desk(desk))),
    ]
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
