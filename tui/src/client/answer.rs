//! Answers: read up to a bound, then understood.

use reqwest::{Response, StatusCode, header};
use serde::de::DeserializeOwned;
use shared::{Problem, account::IssuedCode};
use tui_core::{
    api::{Failure, RETRY_AFTER, Reply},
    resource::{RecordKind, Secret},
};

use super::{failure::Broken, request::Request};

/// The most bytes of an answer.
const MOST: usize = 8 * 1024 * 1024;

/// What a good answer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// What a client must know.
    Meta,
    /// A user and tokens.
    Session,
    /// The next tokens.
    Refreshed,
    /// A user.
    User,
    /// What a text finds.
    Lookup,
    /// The patients who may be the same person.
    Matches,
    /// A page of records.
    Page(RecordKind),
    /// One record.
    Record(RecordKind),
    /// A new record, of some kinds with a secret.
    Created(RecordKind),
    /// A one-time code.
    Code,
    /// A page of a history.
    History,
    /// The figures of the dashboard.
    Dashboard,
    /// Nothing.
    Nothing,
}

/// An answer with its whole body.
pub(super) struct Answer {
    /// The HTTP status.
    pub(super) status: StatusCode,
    /// The seconds before which no other attempt is taken, where the server says so.
    wait: Option<u64>,
    body: Vec<u8>,
}

impl Answer {
    /// Reads the body to its end.
    pub(super) async fn read(mut response: Response) -> Result<Self, Broken> {
        let status = response.status();
        let wait = response.headers().get(header::RETRY_AFTER);
        let wait = wait.and_then(|wait| wait.to_str().ok()?.trim().parse().ok());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > MOST {
                return Err(Broken::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Self { status, wait, body })
    }

    /// The body as what it should be.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(|e| unreadable(&e))
    }

    /// The reply that it is to a request.
    pub(super) fn into_reply(self, request: &Request) -> Result<Reply, Failure> {
        if !self.status.is_success() {
            return Err(self.into_failure(request.is_write));
        }
        Ok(match request.expected {
            Expected::Meta => Reply::Meta(Box::new(self.json()?)),
            Expected::User => Reply::User(Box::new(self.json()?)),
            Expected::Lookup => Reply::Lookup(Box::new(self.json()?)),
            Expected::Matches => Reply::Matches(self.json()?),
            Expected::Page(kind) => {
                Reply::Page(Box::new(kind.page(&self.body).map_err(|e| unreadable(&e))?))
            }
            Expected::Record(kind) => {
                Reply::Record(kind.record(&self.body).map_err(|e| unreadable(&e))?)
            }
            Expected::Created(kind) => {
                let (record, secret) = kind.created(&self.body).map_err(|e| unreadable(&e))?;
                match secret {
                    Some(secret) => Reply::Created(record, secret),
                    None => Reply::Record(record),
                }
            }
            Expected::Code => {
                let IssuedCode { code, expires_at } = self.json()?;
                Reply::Issued(Secret::new(code, Some(expires_at)))
            }
            Expected::Nothing => Reply::Done,
            Expected::History => Reply::History(Box::new(self.json()?)),
            Expected::Dashboard => Reply::Dashboard(Box::new(self.json()?)),
            Expected::Session | Expected::Refreshed => {
                return Err(Failure::Garbled("nobody has asked for it".to_owned()));
            }
        })
    }

    /// The failure that it is: a problem, or something that no Frontdesk server says.
    pub(super) fn into_failure(self, is_write: bool) -> Failure {
        if let Ok(mut problem) = serde_json::from_slice::<Problem>(&self.body) {
            if let Some(wait) = self.wait {
                problem.extra.insert(RETRY_AFTER.to_owned(), wait.into());
            }
            return Failure::Problem(Box::new(problem));
        }
        let status = self.status.as_u16();
        if self.status.is_server_error() {
            let sentence = format!("a server on the way answered with status {status}");
            // Some gateway gave up: what is behind it may have done the work.
            return if is_write { Failure::Unknown(sentence) } else { Failure::Offline(sentence) };
        }
        Failure::Garbled(format!(
            "it has status {status}, without the reason that a Frontdesk server gives"
        ))
    }
}

/// The failure for JSON that is not what was expected. It names the place, and not the text, which may
/// be somebody's data.
fn unreadable(error: &serde_json::Error) -> Failure {
    let place = format!("line {}, column {}", error.line(), error.column());
    Failure::Garbled(format!("it is not what a Frontdesk server says ({place})"))
}
