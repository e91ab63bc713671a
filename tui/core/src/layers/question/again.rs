//! Questions about writes that were not done, or whose answer got lost: whether to send them again. Where they
//! are not sent again, a message stays that says so.

use super::{State, ask};
use crate::{
    api::{Call, Verb},
    layers::Intent,
    text::display,
};

/// What was not done because a write was not sent or was refused.
fn not_done(call: &Call) -> &'static str {
    match call {
        Call::Create { .. } | Call::Assign { .. } => {
            let created = call.kind().and_then(|kind| kind.table().words.created.as_ref());
            created.map_or("The record was not created", |created| created.not_done)
        }
        Call::Change { .. } => "The change was not saved",
        Call::Run { operation, .. } => operation.not_done,
        Call::ChangePassword(_) => "The password was not changed",
        Call::Merge { .. } => "The records were not merged",
        Call::TellApart { .. } => "The patients stay in the list of likely duplicates",
        Call::Do { verb, .. } => match verb {
            Verb::Archive | Verb::HandOver(_) => "The record was not archived",
            Verb::Restore => "The record was not restored",
            Verb::SetStatus(_) => "The status was not changed",
            Verb::SetMember(..) => "The record was not changed",
            Verb::Link(_) => "The account was not linked",
            Verb::Transfer(_) => "The patient was not transferred",
            Verb::Unmerge(_) => "The merge was not undone",
        },
        _ => "Nothing was done",
    }
}

/// A write that the end of the session stopped. A form still has what was typed.
pub fn resend(call: &Call, is_form: bool) -> State {
    let said = format!("{}: the session was over. Nothing was sent a second time.", not_done(call));
    match call {
        Call::Create { .. } | Call::Change { .. } if is_form => {
            ask("Send it now?", said, "Keep editing").or("Send it", vec![Intent::SaveAgain])
        }
        _ => {
            let left = unsent_words(call, "The session had ended.");
            again("Send it now?", call, &said, left, "Send it")
        }
    }
}

/// A write of a layer, which is closed already, was not done for this reason: what it was about, and what
/// was typed for it, in words.
pub fn unsent_words(call: &Call, why: &str) -> String {
    in_words(call, ": ", &format!("{}. {why}", not_done(call)))
}

/// The same as a question. Nothing that was typed for the write is lost.
pub fn unsent(call: &Call, why: &str) -> State {
    let said = format!("{}. {why}", not_done(call));
    again("Send it again?", call, &said, unsent_words(call, why), "Send it again")
}

/// A call that creates a record, or assigns a patient, got no answer. Under its key it is done once.
pub fn unsure(call: &Call) -> State {
    let lost = format!("{}, or only the answer of the server got lost.", not_done(call));
    let said = format!("{lost} Sending it again does nothing twice.");
    let state = again("Was it done?", call, &said, in_words(call, ": ", &lost), "Send it again");
    let unfinished = format!("the question whether it was done{}", in_brackets(call));
    State { unfinished: Some(unfinished), ..state }
}

/// What was not done, as a part of a sentence.
pub fn undone(call: &Call) -> String {
    format!("{}{}", not_done(call).replacen("The ", "the ", 1), in_brackets(call))
}

fn in_brackets(call: &Call) -> String {
    call.about().map(|about| format!(" ({about})")).unwrap_or_default()
}

/// Asks whether to send a write again. `left` stays as a message where it is not.
fn again(title: &str, call: &Call, said: &str, left: String, answer: &'static str) -> State {
    let state = ask(title, in_words(call, "\n", said), "Leave it")
        .or_else(vec![Intent::Warn(left)])
        .or(answer, vec![Intent::Write(call.clone())]);
    State { unfinished: Some(undone(call)), ..state }
}

/// What a write is about, before a sentence on it, and what was typed for it.
fn in_words(call: &Call, between: &str, said: &str) -> String {
    let about = call.about().map(|about| format!("{about}{between}")).unwrap_or_default();
    let typed = call.reason().map(|reason| format!("\nTyped: “{}”", display(reason)));
    format!("{about}{said}{}", typed.unwrap_or_default())
}
