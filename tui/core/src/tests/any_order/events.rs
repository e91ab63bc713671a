//! What may come: messages, keys and answers of every kind.

use proptest::prelude::*;
use shared::{Kind, visit::VisitStatus};

use super::super::{
    driver::NAMED,
    fixtures::{
        assigned, assignment, history, jose, listed, lookup, matches, meta, one, page, patient,
        people, problem, session, signed_in, stale, user, visit, visits,
    },
};
use crate::{
    api::{Failure, Reply},
    effect::{Lane, ScreenId, Slot, Ticket, Timer},
    input::chord::{Chord, Key},
    live::Live,
    msg::{Desk, Msg},
    resource::{RecordKind, Secret},
};

/// A message, or an answer to what was asked last in a lane.
#[derive(Clone, Debug)]
pub(super) enum Event {
    Msg(Msg),
    Answer(Lane, Result<Reply, Failure>),
}

pub(super) fn key() -> impl Strategy<Value = Chord> {
    let named = [NAMED, &[Key::F(1), Key::F(10), Key::F(10)]].concat();
    let named = prop::sample::select(named);
    prop_oneof![
        4 => named.prop_map(Chord::plain),
        4 => prop::sample::select(vec!['a', 'e', 'f', 's', 'x', 'u', 'n', 'y', '?', ':', '/', 'G',
            'M', 'q', 't', 'm', '1', ' ', '李', '\u{301}', '\u{200d}', '\u{202e}', '\t'])
            .prop_map(|c| Chord::plain(Key::Char(c))),
        3 => prop::sample::select("abcdefgklnopqrstuvwxyz".chars().collect::<Vec<_>>())
            .prop_map(Chord::ctrl),
    ]
}

pub(super) fn lane() -> impl Strategy<Value = Lane> {
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
        Lane::Likely,
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
pub(super) fn good(lane: Lane) -> Vec<Reply> {
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
        Lane::Likely => vec![matches(people()), matches(vec![jose()]), matches(Vec::new())],
        Lane::Person | Lane::Compare => vec![named("José"), named("Ana")],
        Lane::Presence | Lane::Remains => {
            vec![visits(vec![visit(1, VisitStatus::Waiting)]), visits(Vec::new())]
        }
        Lane::Dashboard => vec![Reply::Dashboard(Box::new(super::super::dashboard::figures(9)))],
        Lane::Save => vec![
            Reply::Done,
            Reply::Issued(Secret::new("4JX7-2M9C".to_owned(), None)),
            named("José"),
            Reply::Meta(Box::new(meta())),
        ],
    }
}

pub(super) fn event() -> impl Strategy<Value = Event> {
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
