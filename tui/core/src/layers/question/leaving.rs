//! The questions before something typed or under way would be lost by leaving.

use super::{State, ask};
use crate::{intent::Leave, layers::Intent};

/// A form is left that is not saved, perhaps with others: `lost` has the names of all of them, first the
/// one that is shown.
pub fn discard(leave: Leave, lost: &[String]) -> State {
    let mut words = "What you have typed is not saved yet.".to_owned();
    if let Some((_, others @ [_, ..])) = lost.split_first() {
        words.push_str(&format!("\nNot saved either, and discarded too: {}.", others.join("; ")));
    }
    let question =
        ask("Leave the form?", words, "Keep editing").or("Discard", vec![Intent::LeaveNow(leave)]);
    let question = match leave {
        Leave::To(_) => question.or("Park", vec![Intent::ParkThen(leave)]),
        _ => question,
    };
    question.or("Save", vec![Intent::SaveThen(leave)]).about_leaving()
}

/// Parked forms, or forms below the screen, would be lost.
pub fn drop_parked(leave: Leave, lost: &[String]) -> State {
    let words = format!("Not saved yet: {}. Leaving discards it.", lost.join("; "));
    ask("Leave unsaved forms?", words, "Stay")
        .or("Leave", vec![Intent::LeaveNow(leave)])
        .about_leaving()
}

/// Something that is under way would be lost, perhaps with forms: `lost` names all of it.
pub fn drop_unfinished(leave: Leave, lost: &[String]) -> State {
    let words = format!("Not finished yet: {}.", lost.join("; "));
    ask("Leave unfinished work?", words, "Stay")
        .or("Leave", vec![Intent::LeaveNow(leave)])
        .about_leaving()
}

/// A form that can't be saved is left: an account being opened.
pub fn abandon(leave: Leave) -> State {
    let words = "What you have typed is not sent yet.".to_owned();
    ask("Leave the form?", words, "Keep editing")
        .or("Discard", vec![Intent::LeaveNow(leave)])
        .about_leaving()
}
