//! Operations of administrators on accounts, beyond changing their members.

use serde_json::json;

use crate::{
    input::action::Action,
    resource::{Answer, Deed, Method, Operation, Request},
};

/// The operations.
pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        action: Action::Archive,
        label: "deactivate",
        help: "Deactivate the account: nobody can log in with it.",
        deed: Deed::Archive,
        title: "Deactivate this account?",
        effect: "Its sessions, API tokens and one-time codes end, and nobody can log in with it. What \
                 its owner has entered stays. It can be activated again.",
        answer: "Deactivate",
        done: "Deactivated",
        not_done: "The account was not deactivated",
        is_dangerous: true,
        request: Request {
            method: Method::Delete,
            below: "",
            is_versioned: true,
            answer: Answer::Nothing,
        },
    },
    Operation {
        action: Action::Restore,
        label: "activate",
        help: "Activate the account again.",
        deed: Deed::Restore,
        title: "Activate this account?",
        effect: "Its owner can log in again, with the same password. API tokens do not come back.",
        answer: "Activate",
        done: "Activated",
        not_done: "The account was not activated",
        is_dangerous: false,
        request: Request {
            method: Method::Patch(|| json!({"is_active": true})),
            below: "",
            is_versioned: true,
            answer: Answer::Record,
        },
    },
    Operation {
        action: Action::IssueCode,
        label: "new code",
        help: "Create a one-time code with which the owner of the account sets a password.",
        deed: Deed::IssueCode,
        title: "Create a one-time code?",
        effect: "With the code, the owner of the account sets a new password. Earlier codes become \
                 invalid. The password in use works until then.",
        answer: "Create the code",
        done: "One-time code created",
        not_done: "No one-time code was created",
        is_dangerous: false,
        request: Request {
            method: Method::Post,
            below: "/code",
            is_versioned: false,
            answer: Answer::Code,
        },
    },
    Operation {
        action: Action::EndSessions,
        label: "end sessions",
        help: "End all sessions of the account.",
        deed: Deed::EndSessions,
        title: "End all sessions of this account?",
        effect: "Everybody who uses the account has to log in again. API tokens stay valid.",
        answer: "End them",
        done: "All sessions ended",
        not_done: "The sessions were not ended",
        is_dangerous: true,
        request: Request {
            method: Method::Delete,
            below: "/sessions",
            is_versioned: false,
            answer: Answer::Nothing,
        },
    },
];
