//! Where walks begin: every screen, and every layer over one of them.

use super::{
    Walk,
    answers::{End, session},
};
use crate::{
    api::Call,
    effect::Timer,
    msg::{Desk, Msg},
};

/// A place, as the way to it from the first screen of a session. Everything that is asked on the way is
/// answered well, except by `!` and what stands behind it: the last request, a timer, no answer at all.
const PLACES: &[&[&str]] = &[
    &[],
    &["!waiting"],
    &["gó"],
    &["<f3>"],
    &["<f3>", "!waiting", "gomez<ctrl-x>"],
    &["<f4>"],
    &["<f5>"],
    &["<f6>"],
    &["<f7>"],
    &["<f8>"],
    &["<f9>"],
    &["<ctrl-p>my sessions<enter>"],
    &["<ctrl-p>api tokens<enter>"],
    &["<ctrl-p>likely dup<enter>"],
    &["<ctrl-p>likely dup<enter>", "<enter>"],
    &["<ctrl-p>likely dup<enter>", "<enter>", "<enter>Q<tab><enter>!stale"],
    &["<ctrl-p>likely dup<enter>", "<enter>", "<del>Q<tab><enter>!waiting"],
    &["<ctrl-p>my account<enter>", "<ctrl-e>Q"],
    &["<ctrl-p>my password<enter>a long password<tab>Q"],
    &["<ctrl-p>addresses of the api<enter>"],
    &["<f3>", "<tab><enter>"],
    &["<f3>", "<tab><enter>", "<ctrl-e>Q"],
    &["<f3>", "<tab><enter>", "<ctrl-e>Q<ctrl-s>!lost"],
    &["<f3>", "<tab><enter>", "<ctrl-e>Q<ctrl-s>!stale"],
    &["<f3>", "<tab><enter>", "<ctrl-e>Q<ctrl-s>!expired"],
    &["<f3>", "<tab><enter>", "<ctrl-e>Q<ctrl-s>!waiting"],
    &["<f3>", "<tab><enter>", "<ctrl-e>Q<ctrl-s>!offline"],
    &["<f3>", "<tab><enter>", "<ctrl-e>Q<ctrl-s>!garbled"],
    &["<f3>", "<tab><enter>!unread"],
    &["<f3>", "<tab><enter>", "<ctrl-e>Q<f10>", "<ctrl-n>Q<f10>", "<f10>"],
    &["<f3>", "<tab><enter>", "<ctrl-e>Q!idle"],
    &["<f3>", "<tab><enter>", "<ctrl-e><f1>"],
    &["<f3>", "<tab><enter>", "<ctrl-g>"],
    &["<f3>", "<tab><enter>", "<ctrl-g>", "<tab><enter>"],
    &["<f3>", "<tab><enter>", "<ctrl-a>"],
    &["<f3>", "<tab><enter>", "<ctrl-x>"],
    &["<f3>", "<tab><enter>", "<ctrl-p>put back<enter>"],
    &["<f3>", "<tab><enter>", "ana"],
    &["<f3>", "<ctrl-n>Q"],
    &["<f3>", "<ctrl-n>Q<ctrl-s>!lost"],
    &["<f3>", "<ctrl-n>Q<ctrl-s>!contradicted"],
    &["<f3>", "<tab><insert><insert><ctrl-x>"],
    &["<f3>", "<tab><insert><insert><ctrl-x><down><enter>"],
    &["<f3>", "<tab><insert><insert><ctrl-x><down><enter>!waiting"],
    &["<f3>", "<ctrl-t>"],
    &["<f3>", "<ctrl-o>"],
    &["<f3>", "<f12>"],
    &["<f3>", "<ctrl-p>"],
    &["<f3>", "<f1>"],
    &["<f4>", "<tab><enter>", "<ctrl-e>Q"],
    &["<f4>", "<tab><enter>", "<ctrl-x><down><enter>!contradicted"],
    &["<f4>", "<ctrl-n>Q"],
    &["<f5>", "<tab><enter>", "<ctrl-e>"],
    &["<f5>", "<tab><insert><insert><ctrl-g>"],
    &["<f6>", "<tab><enter>"],
    &["<f8>", "<tab><enter>", "<ctrl-e>Q"],
    &["<f8>", "<tab><enter>", "<ctrl-p>new code<enter><down><enter>"],
    &["<f8>", "<ctrl-n>Q"],
    &["<f9>", "<enter>"],
    &["<ctrl-p>my sessions<enter>", "<enter>"],
    &["<ctrl-p>api tokens<enter>", "<enter>"],
    &["<ctrl-p>api tokens<enter>", "<ctrl-n>Q"],
];

/// Ways to walk from before a session.
const BEFORE: usize = 6;

/// How many places there are.
pub(super) const COUNT: usize = PLACES.len() + BEFORE;

/// The way to the place of this number, for people.
pub(super) fn name(number: usize) -> String {
    PLACES.get(number).map_or_else(|| format!("no session, {number}"), |way| way.join(" "))
}

/// The start of a walk at the place of this number.
pub(super) fn at(number: usize) -> Walk {
    let Some(before) = number.checked_sub(PLACES.len()) else {
        return inside(PLACES[number]);
    };
    let mut walk = Walk::new();
    let label = "https://desk.example.org".to_owned();
    let data = "/home/a\u{1b}na/desk".to_owned();
    match before {
        0 => return walk,
        1 => walk.send(Msg::Desk(Desk::FirstStart { data })),
        2 => {
            walk.send(Msg::Desk(Desk::FirstStart { data }));
            walk.send(Msg::Desk(Desk::Failed {
                field: Some("email".to_owned()),
                message: "no".to_owned(),
            }));
        }
        _ => {
            walk.send(Msg::Desk(Desk::Elsewhere { label, can_go_local: true }));
            walk.answer_all();
            walk.keys(["", "<ctrl-n>Q", "<ctrl-e>Q"][before - 3]);
        }
    }
    walk
}

fn inside(way: &[&str]) -> Walk {
    let mut walk = Walk::new();
    walk.send(Msg::Server("https://desk.example.org".to_owned()));
    walk.send(Msg::Now("2026-11-20T08:30:00Z".parse().unwrap()));
    walk.send(Msg::Desk(Desk::Ready {
        label: "local desk".to_owned(),
        is_ephemeral: false,
        session: Some(Box::new(session(1, 1))),
    }));
    if way.first() == Some(&"!waiting") {
        return walk;
    }
    walk.answer_all();
    for part in way {
        let (keys, then) = part.split_once('!').unwrap_or((part, "answered"));
        walk.keys(keys);
        let is_write = |call: &Call| call.is_write();
        match then {
            "answered" => walk.answer_all(),
            "waiting" => {}
            "idle" => {
                walk.send(Msg::Now("2026-11-20T08:45:00Z".parse().unwrap()));
                walk.send(Msg::Timer(Timer::Idle));
            }
            "lost" => walk.answer_where(is_write, End::Lost),
            "stale" => walk.answer_where(is_write, End::Stale(1)),
            "expired" => walk.answer_where(is_write, End::Expired),
            "offline" => walk.answer_where(is_write, End::Offline),
            "garbled" => walk.answer_where(is_write, End::Garbled),
            "unread" => walk.answer_where(|call| !call.is_write(), End::Garbled),
            "contradicted" => walk.answer_where(is_write, End::Contradicted(1)),
            other => panic!("{other} is no way on"),
        }
    }
    walk
}
