//! Requests to the server and its answers.
//!
//! Tokens are not here: the shell keeps them by session, refreshes them, and says
//! [`Failure::Expired`] when that no longer works.

mod failure;

use serde_json::Value;
use shared::{
    Page,
    account::{Login, PasswordChange, PasswordReset, Registration, User},
    dashboard::Dashboard,
    history::HistoryEntry,
    lookup::Lookup,
    meta::Meta,
    patient::PatientMatches,
};

pub use self::failure::{
    Failure, Missing, RETRY_AFTER, absence, active_assignments, is_away, is_passing, missing,
    refusal, sentence, wait,
};
use crate::{
    key::IdempotencyKey,
    resource::{Operation, Record, RecordKind, Secret},
    session::Session,
};

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
    /// The records that a text finds, whatever it is; for an empty one the recent people.
    Lookup {
        /// The text.
        text: String,
    },
    /// The patients who may be the same person.
    Match {
        /// What is known about the person.
        body: Value,
    },
    /// A page of the records of a kind.
    List {
        /// Their kind.
        kind: RecordKind,
        /// The query's parameters.
        query: Vec<(&'static str, String)>,
    },
    /// A page of a list, at the address that `next` or `previous` gave.
    ListAt {
        /// The kind of its records.
        kind: RecordKind,
        /// The address.
        address: String,
    },
    /// One record.
    Read {
        /// Its kind.
        kind: RecordKind,
        /// Its id.
        id: i64,
        /// Whether it is read from the archive.
        is_archived: bool,
    },
    /// A page of a record's history.
    History {
        /// The record's kind.
        kind: RecordKind,
        /// The record's id.
        id: i64,
        /// The address of a further page, which `next` gave. The first page has none.
        address: Option<String>,
    },
    /// The first page of the records that a name finds.
    Namesakes {
        /// Their kind.
        kind: RecordKind,
        /// The query's parameters.
        query: Vec<(&'static str, String)>,
    },
    /// The figures of the dashboard.
    Dashboard,
    /// Create a record.
    Create {
        /// Its kind.
        kind: RecordKind,
        /// Its members.
        body: Value,
        /// The same for every try to create this record.
        key: IdempotencyKey,
        /// What it is about, in words. It is not sent.
        about: String,
    },
    /// Change a record, if it still has the version that was read.
    Change {
        /// Its kind.
        kind: RecordKind,
        /// Its id.
        id: i64,
        /// The version that was read.
        version: i64,
        /// The members that change.
        body: Value,
        /// What it is about, in words. It is not sent.
        about: String,
    },
    /// Do an operation of their kind's table with records, one after the other up to the first that fails.
    Run {
        /// The operation.
        operation: &'static Operation,
        /// The kind of the records.
        kind: RecordKind,
        /// Their ids.
        ids: Vec<i64>,
        /// The version that was read, where the operation names it.
        version: Option<i64>,
    },
    /// Change one's own password.
    ChangePassword(PasswordChange),
    /// Set a password with a one-time code.
    ResetPassword(PasswordReset),
    /// Do something with a record that says more than which record, if it still has the version that was
    /// read.
    Do {
        /// What is done.
        verb: Verb,
        /// The record's kind.
        kind: RecordKind,
        /// The record's id.
        id: i64,
        /// The version that was read.
        version: i64,
        /// The reason, if one is given.
        reason: Option<String>,
        /// What it is about, in words. It is not sent.
        about: String,
    },
    /// Merge another record of the same person into a patient's, if both still have the versions that were read.
    Merge {
        /// The id of the record that stays.
        id: i64,
        /// The version of it that was read.
        version: i64,
        /// The id of the other record.
        other: i64,
        /// The other record with its version, and from which record the members are taken.
        body: Value,
        /// The reason, if one is given.
        reason: Option<String>,
        /// What it is about, in words. It is not sent.
        about: String,
    },
    /// Say that two patients are different people.
    TellApart {
        /// Their ids.
        patients: [i64; 2],
        /// The reason, if one is given.
        reason: Option<String>,
        /// What it is about, in words. It is not sent.
        about: String,
    },
    /// Assign a patient to a doctor.
    Assign {
        /// The patient's id.
        patient: i64,
        /// The doctor's id.
        doctor: i64,
        /// The reason for the visit, if one is given.
        reason: Option<String>,
        /// The same for every try to make this assignment.
        key: IdempotencyKey,
        /// What it is about, in words. It is not sent.
        about: String,
    },
}

/// A write about one version of one record that says more than which record: a reason, a status, another
/// record. The shell knows the request of each. A write that says no more is an [`Operation`], which the
/// table of its kind states with its request. Both are beside the change of members in a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Archive it.
    Archive,
    /// Archive a doctor who has patients.
    HandOver(Handover),
    /// Restore it from the archive.
    Restore,
    /// Give an assignment another status.
    SetStatus(&'static str),
    /// Let a member refer to the record with this id.
    SetMember(&'static str, i64),
    /// Link the account with this id to a doctor or a patient.
    Link(i64),
    /// Transfer the patient of an assignment to the doctor with this id.
    Transfer(i64),
    /// Undo the merge of the patient with this id into the record.
    Unmerge(i64),
}

/// What happens to the active assignments of a doctor who is archived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handover {
    /// They end.
    End,
    /// The doctor with this id takes the patients over.
    To(i64),
}

impl Call {
    /// Whether it is sent in a session: everything but what comes before one.
    pub fn needs_session(&self) -> bool {
        let is_before = matches!(self, Self::Login(_) | Self::Register(_) | Self::ResetPassword(_));
        !is_before && !matches!(self, Self::Meta)
    }

    /// Whether it changes something: such a call is never aborted and never repeated by itself.
    pub fn is_write(&self) -> bool {
        matches!(
            self,
            Self::Create { .. }
                | Self::Change { .. }
                | Self::Do { .. }
                | Self::Run { .. }
                | Self::ChangePassword(_)
                | Self::ResetPassword(_)
                | Self::Assign { .. }
                | Self::Merge { .. }
                | Self::TellApart { .. }
                | Self::Register(_)
        )
    }

    /// Whether a form sends it, which keeps what was typed until it is saved.
    pub fn is_of_form(&self) -> bool {
        match self {
            Self::Create { kind, .. } => kind.table().create.is_some(),
            Self::Change { .. } | Self::ChangePassword(_) => true,
            _ => false,
        }
    }

    /// What a write is about, in words, where it has any.
    pub fn about(&self) -> Option<&str> {
        match self {
            Self::Create { about, .. }
            | Self::Change { about, .. }
            | Self::Do { about, .. }
            | Self::Merge { about, .. }
            | Self::TellApart { about, .. }
            | Self::Assign { about, .. } => Some(about),
            _ => None,
        }
    }

    /// The kind of the record that it answers, or would have created. None for calls about no record.
    pub fn kind(&self) -> Option<RecordKind> {
        match self {
            Self::List { kind, .. }
            | Self::ListAt { kind, .. }
            | Self::Read { kind, .. }
            | Self::History { kind, .. }
            | Self::Namesakes { kind, .. }
            | Self::Create { kind, .. }
            | Self::Change { kind, .. }
            | Self::Run { kind, .. }
            | Self::Do { kind, .. } => Some(*kind),
            Self::Assign { .. } => Some(RecordKind::Assignment),
            Self::Merge { .. } => Some(RecordKind::Patient),
            Self::TellApart { .. } => Some(RecordKind::LikelyPair),
            Self::Meta
            | Self::Login(_)
            | Self::Register(_)
            | Self::Profile
            | Self::Lookup { .. }
            | Self::Match { .. }
            | Self::Dashboard
            | Self::ChangePassword(_)
            | Self::ResetPassword(_) => None,
        }
    }

    /// The questions whose reason a write has used.
    pub fn questions(&self) -> &'static [&'static str] {
        match self {
            Self::Assign { .. } => &["assign"],
            Self::Create { .. } => &["arrival", "urgent arrival"],
            Self::Do { verb: Verb::Archive | Verb::HandOver(_), .. } => &["archive"],
            Self::Do { verb: Verb::Transfer(_), .. } => &["transfer"],
            Self::Do { verb: Verb::Unmerge(_), .. } => &["unmerge"],
            _ => &[],
        }
    }

    /// The records that a write is about. A new record is about the person whose page shows it.
    pub fn records(&self) -> Vec<(RecordKind, i64)> {
        match self {
            Self::Change { kind, id, .. } | Self::Do { kind, id, .. } => vec![(*kind, *id)],
            Self::Run { kind, ids, .. } => ids.iter().map(|id| (*kind, *id)).collect(),
            Self::Merge { id, other, .. } | Self::TellApart { patients: [id, other], .. } => {
                [id, other].map(|id| (RecordKind::Patient, *id)).to_vec()
            }
            Self::Assign { patient, doctor, .. } => {
                vec![(RecordKind::Patient, *patient), (RecordKind::Doctor, *doctor)]
            }
            Self::Create { kind: new, body, .. } => {
                let person = |kind: &RecordKind| {
                    let presence = kind.table().presence.as_ref()?;
                    let id = body.get(presence.filter).filter(|_| presence.kind == *new)?;
                    Some((*kind, id.as_i64()?))
                };
                RecordKind::ALL.iter().filter_map(person).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The same call with a reason, where it has room for one.
    #[must_use]
    pub fn with_reason(mut self, given: Option<String>) -> Self {
        if let Self::Do { reason, .. }
        | Self::Assign { reason, .. }
        | Self::Merge { reason, .. }
        | Self::TellApart { reason, .. } = &mut self
        {
            *reason = given;
        }
        self
    }

    /// The reason that was typed for it, if there is one.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Do { reason, .. }
            | Self::Assign { reason, .. }
            | Self::Merge { reason, .. }
            | Self::TellApart { reason, .. } => reason.as_deref(),
            Self::Create { body, .. } => body.get("reason").and_then(Value::as_str),
            _ => None,
        }
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
    /// To [`Call::List`], [`Call::ListAt`] and [`Call::Namesakes`].
    Page(Box<Page<Record>>),
    /// To [`Call::Lookup`].
    Lookup(Box<Lookup>),
    /// To [`Call::Match`].
    Matches(PatientMatches),
    /// To everything that answers one record.
    Record(Record),
    /// To a creation whose answer holds a secret.
    Created(Record, Secret),
    /// To an operation that answers a secret.
    Issued(Secret),
    /// To everything that answers nothing.
    Done,
    /// To [`Call::History`].
    History(Box<Page<HistoryEntry>>),
    /// To [`Call::Dashboard`].
    Dashboard(Box<Dashboard>),
}

impl Reply {
    /// The page that was asked for. Fails on any other answer, as all of these.
    pub fn page(self) -> Result<Page<Record>, Failure> {
        match self {
            Self::Page(page) => Ok(*page),
            _ => Err(Failure::unexpected()),
        }
    }

    /// The record that was asked for.
    pub fn record(self) -> Result<Record, Failure> {
        match self {
            Self::Record(record) => Ok(record),
            _ => Err(Failure::unexpected()),
        }
    }

    /// The record that was written, with the secret in the answer, if there is one.
    pub fn written(self) -> Result<(Record, Option<Secret>), Failure> {
        match self {
            Self::Record(record) => Ok((record, None)),
            Self::Created(record, secret) => Ok((record, Some(secret))),
            _ => Err(Failure::unexpected()),
        }
    }

    /// The hits that were asked for.
    pub fn lookup(self) -> Result<Lookup, Failure> {
        match self {
            Self::Lookup(lookup) => Ok(*lookup),
            _ => Err(Failure::unexpected()),
        }
    }

    /// The patients who may be the same person.
    pub fn matches(self) -> Result<PatientMatches, Failure> {
        match self {
            Self::Matches(matches) => Ok(matches),
            _ => Err(Failure::unexpected()),
        }
    }

    /// The page of a history that was asked for.
    pub fn history(self) -> Result<Page<HistoryEntry>, Failure> {
        match self {
            Self::History(page) => Ok(*page),
            _ => Err(Failure::unexpected()),
        }
    }

    /// The figures that were asked for.
    pub fn dashboard(self) -> Result<Box<Dashboard>, Failure> {
        match self {
            Self::Dashboard(figures) => Ok(figures),
            _ => Err(Failure::unexpected()),
        }
    }
}
