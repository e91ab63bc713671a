//! What can happen, in the mixture in which it leads far.

use proptest::{prelude::*, sample::Index};

use super::{
    super::driver::NAMED,
    answers::{End, end},
};
use crate::{
    effect::Timer,
    input::chord::{Chord, Key},
    live::Live,
    msg::{Desk, Msg},
    resource::RecordKind,
};

/// One thing that happens.
#[derive(Clone, Debug)]
pub(super) enum Event {
    Msg(Msg),
    /// The user types what only they type.
    Type,
    /// A request ends that is waited for.
    Answer(Index, End),
    /// An answer comes that nobody waits for any more.
    Late(Index, End),
}

const PRINTED: &str = "aefsxunyqtm1 09.:/?!-@李\u{301}\u{200d}\u{202e}\t";

/// Actions that only the palette has, found by the beginning of their names.
const FOUND: &[&str] = &["new code", "put back", "undo save", "my pass", "relative", "link", "end"];

fn key() -> impl Strategy<Value = Chord> {
    let printed: Vec<char> = PRINTED.chars().collect();
    prop_oneof![
        3 => Just(Chord::plain(Key::Enter)),
        6 => prop::sample::select(NAMED).prop_map(Chord::plain),
        2 => prop::sample::select(printed).prop_map(|c| Chord::plain(Key::Char(c))),
        2 => (1_u8..=12).prop_map(|number| Chord::plain(Key::F(number))),
        2 => Just(Chord::ctrl('s')),
        4 => prop::sample::select("abcdefgklnopqrstuvwxyz".chars().collect::<Vec<_>>())
            .prop_map(Chord::ctrl),
    ]
}

fn msg() -> impl Strategy<Value = Msg> {
    let timers = vec![
        Timer::Search,
        Timer::Busy,
        Timer::Toast,
        Timer::Retry,
        Timer::Live,
        Timer::Idle,
        Timer::Second,
        Timer::Ahead,
    ];
    let moments = vec!["2026-11-20T08:15:42Z", "2026-11-20T23:59:59Z", "1970-01-01T00:00:00Z"];
    prop_oneof![
        4 => prop::sample::select(timers).prop_map(Msg::Timer),
        3 => size().prop_map(|(width, height)| Msg::Resize { width, height }),
        3 => "[a-z0-9\\r\\n\\t\u{1b}\u{9b}李]{0,60}".prop_map(Msg::Paste),
        2 => (0..RecordKind::ALL.len(), 1_i64..12, 1_i64..9).prop_map(|(kind, id, version)| {
            let kind = RecordKind::ALL[kind];
            Msg::Live(vec![Live::Record { kind, id, version, is_new: version == 1 }])
        }),
        1 => Just(Msg::Live(vec![Live::Missed])),
        1 => Just(Msg::Today("2026-11-21".parse().unwrap())),
        1 => prop::sample::select(moments).prop_map(|at| Msg::Now(at.parse().unwrap())),
        1 => Just(Msg::Desk(Desk::Moved { label: "local desk at 127.0.0.1:9".to_owned() })),
    ]
}

/// A size of the terminal: mostly one at which something is shown.
fn size() -> impl Strategy<Value = (u16, u16)> {
    prop_oneof![
        4 => (40_u16..=100, 10_u16..=30),
        1 => (1_u16..=300, 1_u16..=100),
        1 => Just((80, 24)),
    ]
}

/// What happens one after another.
pub(super) fn events() -> impl Strategy<Value = Vec<Event>> {
    let word = |word: &str| word.chars().map(|c| Chord::plain(Key::Char(c))).collect::<Vec<_>>();
    let found = prop::sample::select(FOUND).prop_map(move |name| {
        let mut keys = vec![Chord::ctrl('p')];
        keys.extend(word(name));
        keys.push(Chord::plain(Key::Enter));
        keys
    });
    let keys = |keys: Vec<Chord>| keys.into_iter().map(|key| Event::Msg(Msg::Key(key))).collect();
    let one = prop_oneof![
        10 => key().prop_map(|chord| Event::Msg(Msg::Key(chord))),
        2 => Just(Event::Type),
        9 => (any::<Index>(), end()).prop_map(|(which, end)| Event::Answer(which, end)),
        1 => (any::<Index>(), end()).prop_map(|(which, end)| Event::Late(which, end)),
        3 => msg().prop_map(Event::Msg),
    ];
    let several = prop_oneof![
        30 => one.prop_map(|event| vec![event]),
        1 => found.prop_map(keys),
    ];
    prop::collection::vec(several, 1..50).prop_map(|all| all.concat())
}
