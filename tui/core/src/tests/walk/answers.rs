//! What a server can answer to a request: everything that fits it, and everything that goes wrong.

use proptest::prelude::*;
use serde_json::{Value, json};
use shared::{
    Kind, UserId,
    account::{Role, SessionPermission, User},
    assignment::AssignmentPermission,
    id::VisitId,
    visit::{VisitPermission, VisitStatus},
};

use super::super::{
    accounts::{account, record as account_record, rows},
    audit::entries,
    dashboard::figures,
    fixtures::{
        assignment, doctor, history, jose, lookup, matches, meta, pair, patient, people, problem,
        user, visit,
    },
    own::{session as login_session, token},
};
use crate::{
    api::{Call, Failure, Reply, Verb},
    resource::{Answer, Record, RecordKind, Secret},
    session::{Session, SessionHandle},
};

/// How a request ends. The number chooses among several answers of the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Good(u8),
    /// Refused, for one of many reasons.
    Refused(u8),
    /// Somebody else was faster.
    Stale(u8),
    /// It contradicts another record.
    Contradicted(u8),
    Expired,
    Lost,
    Offline,
    Garbled,
}

impl End {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Good(_) => "good",
            Self::Refused(_) => "refused",
            Self::Stale(_) => "stale",
            Self::Contradicted(_) => "contradicted",
            Self::Expired => "expired",
            Self::Lost => "lost",
            Self::Offline => "offline",
            Self::Garbled => "garbled",
        }
    }
}

pub(super) fn end() -> impl Strategy<Value = End> {
    prop_oneof![
        12 => any::<u8>().prop_map(End::Good),
        2 => any::<u8>().prop_map(End::Refused),
        2 => any::<u8>().prop_map(End::Stale),
        2 => any::<u8>().prop_map(End::Contradicted),
        2 => Just(End::Expired),
        2 => Just(End::Lost),
        1 => Just(End::Offline),
        1 => Just(End::Garbled),
    ]
}

/// A user who may do everything. Their number is that of their sessions, modulo ten.
fn somebody(id: i64) -> User {
    let mut somebody = user(id, if id == 1 { "ana" } else { "bob" });
    somebody.role = Role::Admin;
    somebody.permissions = Some(SessionPermission::ALL.to_vec());
    somebody
}

/// A session of a user under the handle of this number and the user's.
pub(super) fn session(number: u64, id: i64) -> Session {
    let handle = SessionHandle::new(number * 10 + id.unsigned_abs());
    Session::new(handle, somebody(id))
}

/// A record of a kind. The number makes it older, newer, archived, hostile.
pub(super) fn record(kind: RecordKind, id: i64, number: u8) -> Record {
    let names = ["José", "\u{202e}\u{1b}[31m", "小龍", "e\u{301}👨\u{200d}👩"];
    let name = names[usize::from(number) % names.len()];
    let version = 3 + i64::from(number % 3);
    let archived = (number % 7 == 6).then(|| "2026-11-18T10:00:00Z".parse().unwrap());
    match kind {
        RecordKind::Patient => {
            let mut it = patient(id, name, "Gómez");
            (it.version, it.archived_at) = (version, archived);
            it.into()
        }
        RecordKind::Doctor => {
            let mut it = doctor(id, name, "Johnson");
            (it.version, it.archived_at) = (version, archived);
            it.into()
        }
        RecordKind::Assignment => {
            let mut it = assignment(id);
            it.version = version;
            it.permissions = Some(AssignmentPermission::ALL.to_vec());
            it.into()
        }
        RecordKind::Visit => {
            let states = VisitStatus::ALL;
            let mut it = visit(1 + id % 30, states[usize::from(number) % states.len()]);
            it.id = VisitId(id);
            it.version = version;
            it.permissions = Some(VisitPermission::ALL.to_vec());
            it.into()
        }
        RecordKind::Account => {
            let mut it = account(id, name, Role::Staff);
            it.version = version;
            account_record(it)
        }
        RecordKind::AuditEntry => {
            let Reply::Page(page) = entries() else { unreachable!() };
            page.results.into_iter().next().unwrap()
        }
        RecordKind::User => {
            let mut it = somebody(id);
            it.version = version;
            it.into()
        }
        RecordKind::LoginSession => login_session(id, name, number == 0).into(),
        RecordKind::ApiToken => token(id, name).into(),
        RecordKind::LikelyPair => pair(id, [jose(), patient(id + 100, name, "Gómez")]).into(),
    }
}

fn page(kind: RecordKind, number: u8) -> Reply {
    let count = [3, 0, 1, 5][usize::from(number) % 4];
    let mut page = rows((1..=count).map(|id| record(kind, id + 6, number)).collect());
    if let Reply::Page(page) = &mut page
        && number.is_multiple_of(3)
    {
        page.count = 900;
        page.next = Some("http://x/api?cursor=n".to_owned());
        page.previous = (number % 2 == 1).then(|| "http://x/api?cursor=p".to_owned());
    }
    page
}

fn json_of(record: &Record) -> Value {
    match record {
        Record::Patient(it) => serde_json::to_value(it),
        Record::Doctor(it) => serde_json::to_value(it),
        Record::Assignment(it) => serde_json::to_value(it),
        Record::Visit(it) => serde_json::to_value(it),
        Record::Account(it) => serde_json::to_value(it),
        Record::AuditEntry(it) => serde_json::to_value(it),
        Record::User(it) => serde_json::to_value(it),
        Record::LoginSession(it) => serde_json::to_value(it),
        Record::ApiToken(it) => serde_json::to_value(it),
        Record::LikelyPair(it) => serde_json::to_value(it),
    }
    .unwrap()
}

/// The record that a write is about.
fn subject(call: &Call) -> Option<(RecordKind, i64)> {
    match call {
        Call::Read { kind, id, .. } | Call::Change { kind, id, .. } | Call::Do { kind, id, .. } => {
            Some((*kind, *id))
        }
        Call::Run { kind, ids, .. } => Some((*kind, *ids.first()?)),
        Call::Create { kind, .. } => Some((*kind, 77)),
        Call::Assign { .. } => Some((RecordKind::Assignment, 78)),
        Call::Merge { id, .. } => Some((RecordKind::Patient, *id)),
        _ => None,
    }
}

fn good(call: &Call, number: u8, logins: u64) -> Reply {
    match call {
        Call::Meta => {
            let mut meta = meta();
            meta.is_registration_open = number.is_multiple_of(2);
            Reply::Meta(Box::new(meta))
        }
        Call::Login(_) | Call::Register(_) => {
            let id = if number % 3 == 2 { 2 } else { 1 };
            Reply::SignedIn(Box::new(session(logins, id)))
        }
        Call::Profile => Reply::User(Box::new(somebody(1 + i64::from(number % 8 == 7)))),
        Call::Lookup { text } if number % 4 == 1 => lookup(Vec::new(), text),
        Call::Lookup { text } if number % 4 == 2 => lookup(vec![jose()], text),
        Call::Lookup { text } => lookup(people(), text),
        Call::Match { .. } => matches(if number % 2 == 1 { people() } else { Vec::new() }),
        // The patient is not in the clinic.
        Call::List { kind: RecordKind::Visit, query }
            if number.is_multiple_of(2) && query.iter().any(|(name, _)| *name == "patient") =>
        {
            rows(Vec::new())
        }
        Call::List { kind, .. } | Call::ListAt { kind, .. } | Call::Namesakes { kind, .. } => {
            page(*kind, number)
        }
        Call::History { .. } => Reply::History(Box::new(history())),
        Call::Dashboard => Reply::Dashboard(Box::new(figures(i64::from(number)))),
        Call::ChangePassword(_) | Call::ResetPassword(_) | Call::TellApart { .. } => Reply::Done,
        Call::Create { kind: kind @ (RecordKind::ApiToken | RecordKind::Account), .. } => {
            Reply::Created(record(*kind, 77, 0), Secret::new("fdt_x".to_owned(), None))
        }
        Call::Run { operation, kind, ids, .. } => match operation.request.answer {
            Answer::Record => Reply::Record(record(*kind, ids[0], number)),
            Answer::Nothing | Answer::Gone => Reply::Done,
            Answer::Code => Reply::Issued(Secret::new("4JX7-2M9C".to_owned(), None)),
        },
        Call::Do { verb: Verb::Archive | Verb::HandOver(_), kind, id, .. } => {
            Reply::Record(record(*kind, *id, 6))
        }
        Call::Read { .. }
        | Call::Create { .. }
        | Call::Change { .. }
        | Call::Do { .. }
        | Call::Merge { .. }
        | Call::Assign { .. } => {
            let (kind, id) = subject(call).unwrap();
            Reply::Record(record(kind, id, number))
        }
    }
}

fn refused(number: u8) -> Failure {
    let kinds = Kind::ALL;
    let errors = [("email", "is taken"), ("first_name", "no"), ("current_password", "is wrong")];
    let errors = &errors[..usize::from(number % 4).min(3)];
    let mut problem = problem(kinds[usize::from(number) % kinds.len()], errors);
    problem.request_id = "5f1c2a7e90b3".to_owned();
    Failure::Problem(Box::new(problem))
}

fn stale(call: &Call, number: u8) -> Failure {
    let mut problem = problem(Kind::Stale, &[]);
    // A server that is not of the same version may leave it out.
    if let Some((kind, id)) = subject(call).filter(|_| number % 8 != 7) {
        let newer = record(kind, id, number);
        problem.extra.insert("current".into(), json_of(&newer));
        problem.extra.insert("changed_by".into(), json!("bob"));
        problem.extra.insert("changed_at".into(), json!("2026-11-20T08:15:42.1Z"));
    }
    Failure::Problem(Box::new(problem))
}

fn contradicted(call: &Call, number: u8) -> Failure {
    let mut problem = problem(Kind::Conflict, &[]);
    let existing = match call {
        Call::Create { kind: RecordKind::Visit, .. } => record(RecordKind::Visit, 5, number),
        _ => record(RecordKind::Assignment, 5, number),
    };
    match number % 3 {
        0 => problem.extra.insert("existing".into(), json_of(&existing)),
        1 => problem.extra.insert("active_assignments".into(), json!(12)),
        _ => {
            let candidates = json!([{"patient": jose(), "grade": "certain"}]);
            problem.extra.insert("duplicates".into(), candidates)
        }
    };
    Failure::Problem(Box::new(problem))
}

/// The answer to a request that ends so. Sessions get the number of logins until now in their handle.
pub(super) fn answer(call: &Call, end: End, logins: u64) -> Result<Reply, Failure> {
    Err(match end {
        End::Good(number) => return Ok(good(call, number, logins)),
        End::Refused(number) => refused(number),
        End::Stale(number) => stale(call, number),
        End::Contradicted(number) => contradicted(call, number),
        End::Expired => Failure::Expired,
        End::Lost => Failure::Unknown("timed out".to_owned()),
        End::Offline => Failure::Offline("connection refused".to_owned()),
        End::Garbled => Failure::Garbled("\u{1b}[2J".to_owned()),
    })
}

/// The id of a user, out of a session's handle.
pub(super) fn owner(handle: SessionHandle) -> UserId {
    let number = (0..100_000).find(|number| SessionHandle::new(*number) == handle).unwrap();
    UserId(i64::try_from(number % 10).unwrap())
}
