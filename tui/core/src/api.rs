//! What the core asks of the server, and what comes back.
//!
//! Tokens are not here: the shell keeps them by session, refreshes them, and says
//! [`Failure::Expired`] when that no longer works.

use shared::{
    Page, Problem,
    account::{Login, Registration, User},
    history::HistoryEntry,
    id::PatientId,
    meta::Meta,
    patient::{NewPatient, Patient, PatientFilter, PatientPatch},
};

use crate::session::Session;

/// Names one thing to be created. However often it is sent, the server creates it once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The key of this number in a run of the program, which a random number names.
    pub fn new(run: u128, number: u64) -> Self {
        Self(format!("{run:032x}-{number}"))
    }

    /// As it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One request to the server.
#[derive(Clone)]
pub enum Call {
    /// What a client must know before anybody logs in.
    Meta,
    /// Log in. The shell keeps the tokens, and answers with the session's handle.
    Login(Login),
    /// Open an account, and log in with it.
    Register(Registration),
    /// To whom the session belongs, and what it may do.
    Profile,
    /// A page of patients by its filter.
    Patients(PatientFilter),
    /// A page of patients by the address that `next` or `previous` gave.
    PatientsAt(String),
    /// One patient; `archived` reads one from the archive.
    Patient {
        /// Which.
        id: PatientId,
        /// From the archive.
        archived: bool,
    },
    /// A patient's history: the first page, or the one at an address that `next` gave.
    History {
        /// Whose.
        id: PatientId,
        /// The address of a further page.
        at: Option<String>,
    },
    /// Register a patient.
    CreatePatient {
        /// Who it is.
        new: Box<NewPatient>,
        /// The same for every try to register this one.
        key: IdempotencyKey,
    },
    /// Change a patient, if it is still the version that was read.
    UpdatePatient {
        /// Which.
        id: PatientId,
        /// The version that was read.
        version: i64,
        /// What changes.
        patch: Box<PatientPatch>,
    },
    /// Archive a patient.
    ArchivePatient {
        /// Which.
        id: PatientId,
        /// The version that was read.
        version: i64,
        /// Why, if it is said.
        reason: Option<String>,
    },
    /// Bring a patient back from the archive.
    RestorePatient {
        /// Which.
        id: PatientId,
        /// The version that was read.
        version: i64,
    },
}

impl Call {
    /// Whether it is sent in a session: everything but what comes before one.
    pub fn needs_session(&self) -> bool {
        !matches!(self, Self::Meta | Self::Login(_) | Self::Register(_))
    }

    /// Whether it changes something: such a call is never aborted and never repeated by itself.
    pub fn is_write(&self) -> bool {
        matches!(
            self,
            Self::CreatePatient { .. }
                | Self::UpdatePatient { .. }
                | Self::ArchivePatient { .. }
                | Self::RestorePatient { .. }
                | Self::Register(_)
        )
    }
}

/// A good answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// To [`Call::Meta`].
    Meta(Box<Meta>),
    /// To [`Call::Login`] and [`Call::Register`]: a session has begun.
    SignedIn(Box<Session>),
    /// To [`Call::Profile`].
    User(Box<User>),
    /// To [`Call::Patients`] and [`Call::PatientsAt`].
    Patients(Box<Page<Patient>>),
    /// To everything that answers one patient.
    Patient(Box<Patient>),
    /// To [`Call::History`].
    History(Box<Page<HistoryEntry>>),
}

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

/// What a failure means to the person in front of it.
pub fn sentence(failure: &Failure) -> String {
    match failure {
        Failure::Offline(why) => ended(format!("The server can't be reached: {why}")),
        Failure::Unknown(why) => ended(format!("The answer got lost: {why}")),
        Failure::Expired => "The session is over: log in again.".to_owned(),
        Failure::Problem(problem) if problem.status >= 500 && !problem.request_id.is_empty() => {
            format!("{} (request {})", problem.detail, problem.request_id)
        }
        Failure::Problem(problem) => problem.detail.clone(),
        Failure::Garbled(why) => ended(format!("The server's answer can't be read: {why}")),
    }
}

/// Why the server is away, in a few words that end a sentence.
pub fn reason(failure: &Failure) -> String {
    match failure {
        Failure::Offline(why) | Failure::Unknown(why) => ended(why.clone()),
        other => sentence(other),
    }
}

/// A sentence with its full stop.
fn ended(mut sentence: String) -> String {
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}
