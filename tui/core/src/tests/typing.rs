//! How a typed text is sent: with its first key, and then at a pace that no server has to fear.

use std::time::Duration;

use super::{
    clock::{Clock, Sent},
    driver::Driver,
    fixtures::{jose, people},
    home::at_home,
    pages::{doctors, picking},
};
use crate::api::Call;

/// The longest wait of a key, and the shortest time between two requests.
const PAUSE: Duration = Duration::from_millis(30);

/// Every place where a text is searched for.
fn places() -> [(&'static str, Driver); 4] {
    [
        ("home", at_home(80, 24)),
        ("a list", Driver::with(people(), 5, 80, 24)),
        ("the find box over a page", Driver::looking_at(jose(), 80, 24)),
        ("the picker", picking(doctors())),
    ]
}

fn text(sent: &Sent) -> &str {
    match &sent.call {
        Call::Lookup { text } => text,
        Call::List { query, .. } => {
            query.iter().find(|(name, _)| *name == "search").map_or("", |(_, value)| value)
        }
        _ => panic!("it is no search"),
    }
}

#[test]
fn the_first_key_is_sent_at_once_and_each_later_one_within_the_pause() {
    for (place, driver) in places() {
        let mut clock = Clock::start(driver);
        let mut typed = String::new();
        let mut typed_at = Vec::new();
        for letter in "gomez jose luis".chars() {
            clock.keys(&letter.to_string());
            typed.push(letter);
            typed_at.push((clock.now, typed.trim().to_owned()));
            clock.pass(Duration::from_millis(7));
        }
        clock.pass(PAUSE);
        let (first, last) = (&clock.sent[0], clock.sent.last().unwrap());
        assert_eq!((first.at, text(first)), (Duration::ZERO, "g"), "{place}");
        assert_eq!(text(last), "gomez jose luis", "{place}");
        for (at, typed) in typed_at {
            let is_sent = |sent: &Sent| sent.at >= at && text(sent).starts_with(&typed);
            let sent = clock.sent.iter().find(|sent| is_sent(sent));
            let sent = sent.unwrap_or_else(|| panic!("{place}: {typed:?} was not sent"));
            assert!(sent.at - at <= PAUSE, "{place}: {typed:?} waited {:?}", sent.at - at);
        }
    }
}

#[test]
fn a_server_that_does_not_answer_has_one_search_to_do_and_a_pause_between_two() {
    for (place, driver) in places() {
        let mut clock = Clock::start(driver);
        for turn in 0..300 {
            clock.keys(["a", "b", "c"][turn % 3]);
            clock.pass(Duration::from_millis(2));
        }
        clock.pass(Duration::from_secs(5));
        assert_eq!(clock.most_under_way, 1, "{place}");
        let pauses: Vec<_> = clock.sent.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
        assert!(pauses.iter().all(|pause| *pause >= PAUSE), "{place}: {pauses:?}");
        // 600 ms of keys: one search at the beginning and one after each pause, none beyond the last key.
        assert_eq!(clock.sent.len(), 21, "{place}");
    }
}
