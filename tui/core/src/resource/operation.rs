//! Operations on the records of a kind beyond changing their members: the permission, the question
//! before it, and the request.

use std::fmt;

use chrono::{DateTime, Utc};
use serde_json::Value;
use shared::account::SessionPermission;

use super::{Deed, Table};
use crate::{input::action::Action, world::World};

/// Who may do something with the records of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Every user.
    Everybody,
    /// A session with this permission.
    With(SessionPermission),
}

impl Access {
    /// Whether the session has it.
    pub fn is_given(self, world: &World) -> bool {
        match self {
            Self::Everybody => world.session().is_some(),
            Self::With(permission) => world.may(permission),
        }
    }
}

/// How the server serves one record of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// At the path of the list, with its id.
    ById,
    /// At the path of the kind, of which there is one record.
    Alone,
    /// Not at all: its row in the list is the whole record.
    InList,
}

/// An operation on one record, which says no more than which record: its request is a fact of the table. It
/// is confirmed before it is sent. What says more, as a reason or another record, is a verb of the call.
pub struct Operation {
    /// The action with which it begins.
    pub action: Action,
    /// The name of the action for this kind.
    pub label: &'static str,
    /// The help for this kind, as a sentence.
    pub help: &'static str,
    /// What the record has to permit.
    pub deed: Deed,
    /// The title of the question.
    pub title: &'static str,
    /// The consequences, in the question.
    pub effect: &'static str,
    /// The answer that sends it.
    pub answer: &'static str,
    /// The result, before the name of the record.
    pub done: &'static str,
    /// What is said where the end of the session stopped it.
    pub not_done: &'static str,
    /// Whether it takes something away.
    pub is_dangerous: bool,
    /// The request.
    pub request: Request,
}

/// The question whether to do the operation of [`Action::Archive`] with all listed records that permit it.
pub struct Others {
    /// The title of the question.
    pub title: &'static str,
    /// The consequences.
    pub effect: &'static str,
    /// The answer that sends it.
    pub answer: &'static str,
}

/// The request of an operation.
#[derive(Clone, Copy)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// What follows the path of the record, with its slash.
    pub below: &'static str,
    /// Whether `If-Match` names the version that was read.
    pub is_versioned: bool,
    /// What a good answer holds.
    pub answer: Answer,
}

/// The method of an operation.
#[derive(Clone, Copy)]
pub enum Method {
    /// POST without a body.
    Post,
    /// DELETE.
    Delete,
    /// PATCH with this body.
    Patch(fn() -> Value),
}

/// What the good answer to an operation holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The record as it is now.
    Record,
    /// Nothing; the record is still there.
    Nothing,
    /// Nothing; the record is gone.
    Gone,
    /// A one-time code.
    Code,
}

/// A text that the server shows once: a one-time code, an API token. Whoever has it has an access. So it
/// has no `Display`, and its `Debug` leaves it out.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    text: String,
    /// The time until which it is valid, if it ends.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Secret {
    /// A secret as the server gave it.
    pub fn new(text: String, expires_at: Option<DateTime<Utc>>) -> Self {
        Self { text, expires_at }
    }

    /// The text, for the screen and the clipboard.
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Table {
    /// The operation that begins with an action, if the kind has one.
    pub fn operation(&self, action: Action) -> Option<&'static Operation> {
        self.operations.iter().find(|operation| operation.action == action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_in_its_debug_form() {
        let secret = Secret::new("4JX7-2M9C".to_owned(), None);
        assert_eq!(format!("{secret:?}"), "Secret");
        assert_eq!(secret.reveal(), "4JX7-2M9C");
    }
}
