//! Links of accounts to the doctors and patients who own them.

use super::{Answer, Deed, Method, Operation, Pick, Purpose, Request};
use crate::{input::action::Action, resource::RecordKind};

/// How an account is linked to a record of a kind.
pub struct Link {
    /// The account that is picked.
    pub pick: Pick,
    /// The consequences, in the question.
    pub effect: &'static str,
}

impl Link {
    /// The link of accounts of a role, which the query names.
    pub(super) const fn new(
        only: &'static [(&'static str, &'static str)],
        effect: &'static str,
    ) -> Self {
        let pick = Pick {
            word: "link account",
            kind: RecordKind::Account,
            title: "Link which account?",
            purpose: Purpose::Link,
            only,
        };
        Self { pick, effect }
    }
}

/// The end of a link.
pub(super) const UNLINK: Operation = Operation {
    action: Action::Unlink,
    label: "unlink account",
    help: "End the link of this record to an account.",
    deed: Deed::Unlink,
    title: "Unlink the account?",
    effect: "The account no longer reads what it reads because of the link. Account and record stay.",
    answer: "Unlink",
    done: "Unlinked",
    not_done: "The account was not unlinked",
    is_dangerous: true,
    request: Request {
        method: Method::Delete,
        below: "/user",
        is_versioned: true,
        answer: Answer::Nothing,
    },
};
