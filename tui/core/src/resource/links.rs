//! Links of accounts to the doctors and patients who own them.

use super::{Answer, Deed, Method, Operation, Pick, Request};
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
        let pick = Pick { kind: RecordKind::Account, title: "Link which account?", only };
        Self { pick, effect }
    }
}

/// The end of a link.
pub(super) const UNLINK: Operation = Operation {
    action: Action::Unlink,
    label: "unlink account",
    help: "Remove the link between this record and its account.",
    deed: Deed::Unlink,
    title: "Unlink the account?",
    effect: "The account loses the access that the link gave. The account and the record stay.",
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
