//! What a [`Call`] is in HTTP.

use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};
use shared::{
    id::PatientId,
    paths,
    patient::{Archiving, TellingApart, Unmerging},
};
use tui_core::resource::{self, Answer};
use tui_core::{
    api::{Call, Failure, Handover, Verb},
    key::IdempotencyKey,
    resource::RecordKind,
};

use super::answer::Expected;

/// Where a request goes.
pub(super) enum Target {
    /// A path of the API.
    Path {
        /// The path.
        path: String,
        /// The query's pairs, not encoded.
        query: Vec<(&'static str, String)>,
    },
    /// An address that the server gave.
    Given(String),
}

/// A request that can be sent, and sent again.
pub(super) struct Request {
    /// GET, POST, PATCH, DELETE.
    pub(super) method: Method,
    /// Where it goes.
    pub(super) target: Target,
    /// The body, as JSON.
    pub(super) body: Option<Vec<u8>>,
    /// The version that `If-Match` names.
    pub(super) version: Option<i64>,
    /// The key of what is created: under it, that is done once.
    pub(super) key: Option<IdempotencyKey>,
    /// What a good answer holds.
    pub(super) expected: Expected,
    /// Whether it changes something.
    pub(super) is_write: bool,
}

impl Request {
    /// The request for a call.
    pub(super) fn new(call: &Call) -> Result<Self, Failure> {
        let mut request = match call {
            Call::Meta => Self::get(paths::META, Expected::Meta),
            Call::Login(login) => Self::post(paths::LOGIN, Expected::Session).with_body(login)?,
            Call::Register(new) => Self::post(paths::REGISTER, Expected::Session).with_body(new)?,
            Call::Profile => Self::get(paths::PROFILE, Expected::User),
            Call::Lookup { text } => {
                Self::get(paths::LOOKUP, Expected::Lookup).with_query(vec![("q", text.clone())])
            }
            Call::Match { body } => {
                Self::post(paths::PATIENT_MATCH, Expected::Matches).with_body(body)?
            }
            Call::List { kind, query } | Call::Namesakes { kind, query } => {
                Self::get(kind.path(), Expected::Page(*kind)).with_query(query.clone())
            }
            Call::ListAt { kind, address } => Self::given(address, Expected::Page(*kind)),
            Call::Read { kind, id, is_archived } => {
                let archived = is_archived.then(|| ("archived", true.to_string()));
                Self::get(kind.one(*id), Expected::Record(*kind))
                    .with_query(archived.into_iter().collect())
            }
            Call::History { address: Some(address), .. } => Self::given(address, Expected::History),
            Call::History { kind, id, address: None } => {
                Self::get(format!("{}/history", kind.one(*id)), Expected::History)
            }
            Call::Run { operation, kind, ids, version } => {
                let id = ids.first().copied().unwrap_or_default();
                Self::operation(&operation.request, *kind, id, *version)?
            }
            Call::ChangePassword(change) => {
                Self::post(paths::PASSWORD, Expected::Nothing).with_body(change)?
            }
            Call::ResetPassword(reset) => {
                Self::post(paths::PASSWORD_RESET, Expected::Nothing).with_body(reset)?
            }
            Call::Dashboard => Self::get(paths::DASHBOARD, Expected::Dashboard),
            Call::Create { kind, body, key, .. } => {
                let mut request =
                    Self::post(kind.path(), Expected::Created(*kind)).with_body(body)?;
                request.key = Some(key.clone());
                request
            }
            Call::Change { kind, id, version, body, .. } => {
                Self::to(Method::PATCH, kind.one(*id), Expected::Record(*kind))
                    .if_match(*version)
                    .with_body(body)?
            }
            Call::Do { verb, kind, id, version, reason, .. } => {
                Self::of_verb(*verb, &kind.one(*id), Expected::Record(*kind), reason.clone())?
                    .if_match(*version)
            }
            Call::Merge { id, version, body, reason, .. } => {
                let mut body = body.clone();
                if let (Some(reason), Some(members)) = (reason, body.as_object_mut()) {
                    members.insert("reason".to_owned(), json!(reason));
                }
                let expected = Expected::Record(RecordKind::Patient);
                let path = paths::patient_merge(PatientId(*id));
                let mut request = Self::post(path, expected).with_body(&body)?;
                request.version = Some(*version);
                request
            }
            Call::TellApart { patients, reason, .. } => {
                let telling = TellingApart {
                    patients: patients.map(PatientId).to_vec(),
                    reason: reason.clone(),
                };
                Self::post(paths::DUPLICATES_DISMISS, Expected::Nothing).with_body(&telling)?
            }
            Call::Assign { patient, doctor, reason, key, .. } => {
                let mut body = json!({"patient": patient, "doctor": doctor});
                insert_reason(&mut body, reason.clone());
                let expected = Expected::Record(RecordKind::Assignment);
                let mut request = Self::post(paths::ASSIGNMENTS, expected).with_body(&body)?;
                request.key = Some(key.clone());
                request
            }
        };
        request.is_write = call.is_write();
        Ok(request)
    }

    /// An operation on one record.
    fn operation(
        request: &resource::Request,
        kind: RecordKind,
        id: i64,
        version: Option<i64>,
    ) -> Result<Self, Failure> {
        let path = format!("{}{}", kind.one(id), request.below);
        let expected = match request.answer {
            Answer::Record => Expected::Record(kind),
            Answer::Code => Expected::Code,
            Answer::Nothing | Answer::Gone => Expected::Nothing,
        };
        let built = match request.method {
            resource::Method::Post => Self::post(path, expected),
            resource::Method::Delete => Self::to(Method::DELETE, path, expected),
            resource::Method::Patch(body) => {
                Self::to(Method::PATCH, path, expected).with_body(&body())?
            }
        };
        Ok(Self { version, ..built })
    }

    /// What is done with the record at a path.
    fn of_verb(
        verb: Verb,
        path: &str,
        expected: Expected,
        reason: Option<String>,
    ) -> Result<Self, Failure> {
        let to = |segment: &str| Self::post(format!("{path}/{segment}"), expected);
        match verb {
            Verb::Archive => to("archive").with_body(&Archiving { reason }),
            Verb::Restore => to("restore").with_body(&Archiving { reason }),
            Verb::HandOver(handover) => {
                let parameter = match handover {
                    Handover::End => ("end_assignments", true.to_string()),
                    Handover::To(doctor) => ("reassign_to", doctor.to_string()),
                };
                to("archive").with_query(vec![parameter]).with_body(&Archiving { reason })
            }
            Verb::SetStatus(status) => {
                Self::to(Method::PATCH, path, expected).with_body(&json!({"status": status}))
            }
            Verb::SetMember(member, id) => {
                Self::to(Method::PATCH, path, expected).with_body(&json!({member: id}))
            }
            Verb::Link(user) => Self::to(Method::PUT, format!("{path}/user"), expected)
                .with_body(&json!({"user": user})),
            Verb::Unmerge(other) => {
                to("unmerge").with_body(&Unmerging { other: PatientId(other), reason })
            }
            Verb::Transfer(doctor) => {
                let mut body = json!({"doctor": doctor});
                insert_reason(&mut body, reason);
                to("transfer").with_body(&body)
            }
        }
    }

    /// A POST to a path, without a body yet.
    pub(super) fn post(path: impl Into<String>, expected: Expected) -> Self {
        Self::to(Method::POST, path, expected)
    }

    /// Adds a body.
    pub(super) fn with_body(mut self, body: &impl Serialize) -> Result<Self, Failure> {
        let bytes = serde_json::to_vec(body).map_err(|e| Failure::Garbled(e.to_string()))?;
        self.body = Some(bytes);
        Ok(self)
    }

    fn get(path: impl Into<String>, expected: Expected) -> Self {
        Self::to(Method::GET, path, expected)
    }

    fn to(method: Method, path: impl Into<String>, expected: Expected) -> Self {
        let target = Target::Path { path: path.into(), query: Vec::new() };
        Self { method, target, body: None, version: None, key: None, expected, is_write: false }
    }

    fn given(address: &str, expected: Expected) -> Self {
        let mut request = Self::get("", expected);
        request.target = Target::Given(address.to_owned());
        request
    }

    fn with_query(mut self, pairs: Vec<(&'static str, String)>) -> Self {
        if let Target::Path { query, .. } = &mut self.target {
            *query = pairs;
        }
        self
    }

    fn if_match(mut self, version: i64) -> Self {
        self.version = Some(version);
        self
    }
}

/// Adds the reason for the visit. Without one, the member stays absent.
fn insert_reason(body: &mut Value, reason: Option<String>) {
    if let (Some(members), Some(reason)) = (body.as_object_mut(), reason) {
        members.insert("reason_for_visit".to_owned(), reason.into());
    }
}
