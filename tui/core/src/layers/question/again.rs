//! Questions about writes that were not done: whether to send them again.

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
        Call::Do { verb, .. } => match verb {
            Verb::Archive | Verb::HandOver(_) => "The record was not archived",
            Verb::Restore => "The record was not restored",
            Verb::SetStatus(_) => "The status was not changed",
            Verb::SetMember(..) => "The record was not changed",
            Verb::Link(_) => "The account was not linked",
            Verb::Transfer(_) => "The patient was not transferred",
        },
        _ => "Nothing was done",
    }
}

/// A write that the end of the session stopped.
pub fn resend(call: &Call, is_form: bool) -> State {
    let what = not_done(call);
    let words = format!("{what}: the session was over. Nothing was sent a second time.");
    let again = match call {
        Call::Create { .. } | Call::Change { .. } if is_form => Intent::SaveAgain,
        other => Intent::Write(other.clone()),
    };
    ask("Send it now?", words, "Not yet").or("Send it", vec![again])
}

/// A write of a layer, which is closed already, was not done for this reason: what was typed for it, in
/// words.
pub fn unsent_words(call: &Call, why: &str) -> String {
    let typed = call.reason().map(|reason| format!("\nTyped: “{}”", display(reason)));
    format!("{}. {why}{}", not_done(call), typed.unwrap_or_default())
}

/// The same as a question. Nothing that was typed for the write is lost.
pub fn unsent(call: &Call, why: &str) -> State {
    ask("Send it again?", unsent_words(call, why), "Leave it")
        .or("Send it again", vec![Intent::Write(call.clone())])
}
