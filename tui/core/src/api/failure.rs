//! Why there is no good answer, and what that means to the person in front of it.

use shared::{Kind, Problem};

use crate::{sentences::again, text::display};

/// Why there is no good answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// The server can't be reached; nothing was sent.
    Offline(String),
    /// The request was sent and no answer came: a write may have been done or not.
    Unknown(String),
    /// The session is over: log in again.
    Expired,
    /// The server refused.
    Problem(Box<Problem>),
    /// The answer is not what it should be.
    Garbled(String),
}

impl Failure {
    /// The answer to something that was not asked for.
    pub fn unexpected() -> Self {
        Self::Garbled("it is not what was asked for".to_owned())
    }
}

/// What a failure means to the person in front of it.
pub fn sentence(failure: &Failure) -> String {
    match failure {
        Failure::Offline(why) => ended(format!("The server can't be reached: {why}")),
        Failure::Unknown(why) => ended(format!("The server did not answer: {why}")),
        Failure::Expired => "The session has ended. Log in again.".to_owned(),
        Failure::Problem(problem) => refusal(problem),
        Failure::Garbled(why) => ended(format!("The server's answer can't be read: {why}")),
    }
}

/// What a problem says. A refused member is called by its words. A failure of the server names the request,
/// by which an operator finds it in the log.
pub fn refusal(problem: &Problem) -> String {
    if problem.status >= 500 && !problem.request_id.is_empty() {
        return format!("{} (request {})", problem.detail, problem.request_id);
    }
    if problem.errors.is_empty() {
        return problem.detail.clone();
    }
    let is_mrn = problem.error_codes.iter().any(|error| error.code == "mistyped_mrn");
    let subject = |member: &str| match member {
        "q" | "search" if is_mrn => "medical record number".to_owned(),
        "q" => "search".to_owned(),
        "reassign_to" => "doctor who takes over".to_owned(),
        other => other.replace('_', " "),
    };
    let errors = problem.errors.iter();
    let said = errors.map(|(member, why)| format!("The {} {}.", subject(member), why.join("; ")));
    said.collect::<Vec<_>>().join(" ")
}

/// That the server is away and why, in one sentence.
pub fn absence(failure: &Failure) -> String {
    match failure {
        Failure::Offline(why) | Failure::Unknown(why) => {
            ended(format!("The server is not available: {why}"))
        }
        other => ended(format!("The server is busy: {}", sentence(other))),
    }
}

/// What a failed read means where its answer would stand. That the server is away stands in the status,
/// once for everything that is missing.
pub fn missing(failure: &Failure) -> String {
    if is_away(failure) { "No answer yet.".to_owned() } else { sentence(failure) }
}

/// Why something is missing that was asked for, and whether the key that asks again is offered.
#[derive(Clone, Debug, PartialEq)]
pub struct Missing {
    /// The reason, as a sentence.
    pub why: String,
    /// Whether asking again may help. Not where the server has refused, and not where it is asked again
    /// without a key.
    pub can_retry: bool,
}

impl Missing {
    /// What a failed read leaves missing.
    pub fn of(failure: &Failure) -> Self {
        let can_retry = match failure {
            _ if is_away(failure) => false,
            Failure::Problem(problem) => is_passing(problem),
            Failure::Garbled(_) => true,
            Failure::Offline(_) | Failure::Unknown(_) | Failure::Expired => false,
        };
        Self { why: missing(failure), can_retry }
    }

    /// The reason in a line of its own, with the key that asks again where that may help. Safe to be drawn.
    pub fn line(&self) -> String {
        let advice = self.advice().map(|advice| format!(" {advice}")).unwrap_or_default();
        format!("! {}{advice}", display(&self.why))
    }

    /// Which key asks again, where that may help.
    pub fn advice(&self) -> Option<String> {
        self.can_retry.then(again)
    }
}

/// Whether a read is tried again by itself: no answer came, or the server has no time for it.
pub fn is_away(failure: &Failure) -> bool {
    matches!(failure, Failure::Offline(_) | Failure::Unknown(_)) || wait(failure).is_some()
}

/// Whether the server has refused for a reason of its own, and may not a little later.
pub fn is_passing(problem: &Problem) -> bool {
    problem.status >= 500 || problem.error == Kind::TooManyRequests.code()
}

/// The number of active assignments because of which a record was not archived.
pub fn active_assignments(problem: &Problem) -> Option<i64> {
    problem.extra.get("active_assignments")?.as_i64()
}

/// The member of a problem that holds the seconds of the header `Retry-After`: the shell puts them there.
pub const RETRY_AFTER: &str = "retry_after";

/// The seconds before which the server takes no other attempt, where it has said so.
pub fn wait(failure: &Failure) -> Option<u64> {
    let Failure::Problem(problem) = failure else { return None };
    problem.extra.get(RETRY_AFTER)?.as_u64()
}

/// A sentence with its full stop.
fn ended(mut sentence: String) -> String {
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}
