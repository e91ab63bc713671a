//! Problems, the form of every error (RFC 9457), and the errors of single fields from which the
//! problems about input are made.

use std::collections::BTreeMap;

#[cfg(feature = "openapi")]
use poem_openapi::registry::MetaSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::error_codes::Code;

/// An error of one field.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldError {
    /// The stable code, one of `error_codes`, from which a client can make its own sentence.
    pub code: &'static str,
    /// The sentence without its subject, such as `must be between 0 and 150`.
    pub message: String,
    /// The values in the sentence, for clients that make their own.
    pub params: Map<String, Value>,
}

impl FieldError {
    /// A field error without parameters.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), params: Map::new() }
    }

    /// Adds a parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.params.insert(name.to_owned(), value.into());
        self
    }

    /// Whether `error_codes` lists the code with each of these parameters.
    fn is_listed(&self) -> bool {
        Code::from_name(self.code).is_some_and(|code| {
            self.params.keys().all(|param| code.params.iter().any(|(name, _)| name == param))
        })
    }

    /// The member is missing or empty.
    pub fn required() -> Self {
        Self::new("required", "is required")
    }

    /// The member has the wrong JSON type.
    pub fn wrong_type(expected: Expected) -> Self {
        let (code, words) = match expected {
            Expected::String => ("string", "text"),
            Expected::Integer => ("integer", "a whole number"),
            Expected::Boolean => ("boolean", "true or false"),
            Expected::Array => ("array", "a list"),
            Expected::Object => ("object", "an object"),
            Expected::Decimal => ("decimal", "an amount, like \"200.00\""),
        };
        Self::new("wrong_type", format!("must be {words}")).with("expected", code)
    }

    /// The text is longer than its limit, in characters.
    pub fn too_long(max: usize) -> Self {
        Self::new("too_long", format!("must have at most {max} characters")).with("max", max)
    }

    /// The number is outside its range.
    pub fn out_of_range(min: i64, max: i64) -> Self {
        Self::new("out_of_range", format!("must be between {min} and {max}"))
            .with("min", min)
            .with("max", max)
    }

    /// The value is not in a closed list.
    pub fn not_one_of(choices: &[&str]) -> Self {
        Self::new("not_one_of", format!("must be one of {}", choices.join(", ")))
            .with("choices", json!(choices))
    }
}

/// The expected type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// A list.
    Array,
    /// An object.
    Object,
    /// A number with decimals, as text.
    Decimal,
}

/// All errors in a request's input, by field, in the order found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldErrors(Vec<(String, FieldError)>);

impl FieldErrors {
    /// A single error.
    pub fn one(field: impl Into<String>, error: FieldError) -> Self {
        Self(vec![(field.into(), error)])
    }

    /// Required members that are missing.
    pub fn required(missing: impl IntoIterator<Item = Option<&'static str>>) -> Self {
        let missing = missing.into_iter().flatten();
        Self(missing.map(|field| (field.to_owned(), FieldError::required())).collect())
    }

    /// Adds an error.
    pub fn add(&mut self, field: impl Into<String>, error: FieldError) {
        self.0.push((field.into(), error));
    }

    /// Adds all errors of another list.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Whether there is no error.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is an error of this field.
    pub fn concern(&self, field: &str) -> bool {
        self.0.iter().any(|(name, _)| name == field)
    }

    /// The errors in the order found.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &FieldError)> {
        self.0.iter().map(|(field, error)| (field.as_str(), error))
    }

    /// `Ok` if there is no error.
    pub fn into_result(self) -> Result<(), Self> {
        if self.is_empty() { Ok(()) } else { Err(self) }
    }

    /// Every field error as a sentence, by field.
    pub fn messages(&self) -> BTreeMap<String, Vec<String>> {
        let mut messages: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (field, error) in &self.0 {
            messages.entry(field.clone()).or_default().push(error.message.clone());
        }
        messages
    }

    /// Every field error as a code, in the order found.
    ///
    /// In debug builds a code or parameter that [`error_codes`](crate::error_codes) does not list is
    /// a panic.
    pub fn codes(&self) -> Vec<ErrorCode> {
        debug_assert!(self.0.iter().all(|(_, it)| it.is_listed()), "not in error_codes: {self:?}");
        self.0
            .iter()
            .map(|(field, error)| ErrorCode {
                field: field.clone(),
                code: error.code.to_owned(),
                params: error.params.clone().into_iter().collect(),
            })
            .collect()
    }
}

impl std::fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, (field, error)) in self.0.iter().enumerate() {
            let comma = if i == 0 { "" } else { "; " };
            write!(f, "{comma}{field}: {}", error.message)?;
        }
        Ok(())
    }
}

record! {
    /// An error of one field in machine-readable form.
    ErrorCode {
        /// The name of the member or parameter.
        field: String => [max_length(200), example("age")],
        /// The stable code of the error.
        code: String => [only(crate::error_codes::NAMES), example("out_of_range")],
        /// The values in the sentence.
        params: BTreeMap<String, Value>,
    }
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $kind:ident $code:literal $status:literal $title:literal),* $(,)?) => {
        /// The kinds of problems. Each has a page at `/problems/{code}`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Kind { $($(#[doc = $doc])* $kind),* }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// The stable code: the `error` member.
            pub fn code(self) -> &'static str {
                match self { $(Self::$kind => $code),* }
            }

            /// The HTTP status.
            pub fn status(self) -> u16 {
                match self { $(Self::$kind => $status),* }
            }

            /// The `title` member.
            pub fn title(self) -> &'static str {
                match self { $(Self::$kind => $title),* }
            }

            /// The meaning of the problem and its remedy, for its page.
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$kind => concat!($($doc),*)),* }
            }
        }
    };
}

kinds! {
    /// The input does not match the API description. `errors` lists every bad member or parameter
    /// with all its errors. Correct them and send the request again.
    Validation "validation" 400 "Invalid input",
    /// The request for tokens lacks a parameter, repeats one, or has an invalid one. `errors`
    /// lists them. `error` and `error_description` follow RFC 6749.
    InvalidRequest "invalid_request" 400 "Invalid token request",
    /// The e-mail address, username or password is wrong, the e-mail address is not confirmed yet,
    /// or the refresh token is no longer valid. Log in again.
    InvalidGrant "invalid_grant" 400 "Login refused",
    /// `grant_type` must be `password` or `refresh_token`.
    UnsupportedGrantType "unsupported_grant_type" 400 "Unsupported grant type",
    /// There are no scopes: a session has all rights of its user. Leave `scope` out.
    InvalidScope "invalid_scope" 400 "Invalid scope",
    /// The request needs a valid access token in `Authorization: Bearer …`. Log in, or refresh the
    /// token.
    Unauthenticated "unauthenticated" 401 "Not logged in",
    /// Your account may not do this. Ask an administrator.
    Forbidden "forbidden" 403 "Not allowed",
    /// The password is right, but the e-mail address of the account is not confirmed. Send the
    /// code that was mailed to it to `POST /api/auth/verify-email`, or request another one with
    /// `POST /api/auth/verify-email/resend`. Then log in.
    EmailUnverified "email_unverified" 403 "E-mail address not confirmed",
    /// Nothing exists at this URL, or nothing that your account may see.
    NotFound "not_found" 404 "Not found",
    /// The URL exists, but does not support this method. `Allow` lists the supported methods.
    MethodNotAllowed "method_not_allowed" 405 "Method not allowed",
    /// The request did not arrive in time. Send it again.
    Timeout "timeout" 408 "Request took too long",
    /// The change contradicts a stored record, for example because it would be a duplicate.
    /// `errors` names the members.
    Conflict "conflict" 409 "Conflict",
    /// The record has been changed since you read it: its version is not the one in `If-Match`.
    /// `current` is the record as it is now. Nothing was written.
    Stale "stale" 412 "Changed in the meantime",
    /// The body is longer than the limit: 256 KiB, or 8 KiB under /api/auth.
    TooLarge "too_large" 413 "Body too large",
    /// The body must be JSON with `Content-Type: application/json`. At `/api/auth/oauth/token` it
    /// must be a form with `Content-Type: application/x-www-form-urlencoded`.
    UnsupportedMediaType "unsupported_media_type" 415 "Unsupported media type",
    /// The `Idempotency-Key` was already used for another request. Use a new key for each new
    /// request.
    KeyReused "idempotency_key_reused" 422 "Idempotency key reused",
    /// Another user made the last change to the record, so the request needs `If-Match` with the
    /// version that you read.
    PreconditionRequired "precondition_required" 428 "If-Match needed",
    /// Too many attempts. Wait for the number of seconds in `Retry-After` before the next one.
    TooManyRequests "too_many_requests" 429 "Too many attempts",
    /// The server failed to handle the request. Its log has the cause under the request id.
    Internal "internal" 500 "Internal error",
    /// The server is stopping or overloaded, or its database is not available. Try again after
    /// `Retry-After` seconds.
    Unavailable "unavailable" 503 "Unavailable",
    /// The storage for the records is full, so nothing was written. Records can still be read.
    /// Tell the operator of the server, and try again after `Retry-After` seconds.
    StorageFull "storage_full" 507 "No room left",
}

impl Kind {
    /// The kind with this code, as a client finds it in `error`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.code() == code)
    }
}

/// The document of every error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// The URL of a page that explains the kind.
    #[serde(rename = "type")]
    pub type_: String,
    /// The title of the kind.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong, in one sentence.
    pub detail: String,
    /// The kind as a stable code.
    pub error: String,
    /// The same as `detail`, for clients of earlier systems.
    pub message: String,
    /// The same as `status`, for clients of earlier systems.
    pub status_code: u16,
    /// Every bad member or parameter with all its errors.
    #[serde(default)]
    pub errors: BTreeMap<String, Vec<String>>,
    /// The same errors as stable codes.
    #[serde(default)]
    pub error_codes: Vec<ErrorCode>,
    /// The id of the request in the server's log.
    #[serde(default)]
    pub request_id: String,
    /// Further members of some kinds, such as `current`, `changed_by` and `changed_at`.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Problem {
    /// A problem with its detail.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            type_: crate::paths::problem(kind.code()),
            title: kind.title().to_owned(),
            status: kind.status(),
            message: detail.clone(),
            detail,
            error: kind.code().to_owned(),
            status_code: kind.status(),
            errors: BTreeMap::new(),
            error_codes: Vec::new(),
            request_id: String::new(),
            extra: Map::new(),
        }
    }

    /// A problem whose detail and members come from field errors.
    pub fn from_errors(kind: Kind, errors: &FieldErrors) -> Self {
        let mut problem = Self::new(kind, errors.to_string());
        problem.errors = errors.messages();
        problem.error_codes = errors.codes();
        problem
    }
}

#[cfg(feature = "openapi")]
impl crate::describe::Describe for Problem {
    const NAME: Option<&'static str> = Some("Problem");

    fn schema(registry: &mut poem_openapi::registry::Registry) -> MetaSchema {
        use chrono::{DateTime, Utc};
        use poem_openapi::{registry::Registry, types::Type};

        use crate::{
            account::{Account, User},
            assignment::Assignment,
            describe::{Members, Shape},
            doctor::Doctor,
            patient::{MATCHES_MAX, MergeBlocking, Patient, PatientMatch},
            visit::Visit,
        };
        let text = |shape: Shape| shape.max_length(100_000);
        let status = |shape: Shape| shape.range(400, 599);
        let records = [
            (Patient::schema_ref(), Patient::register as fn(&mut Registry)),
            (Doctor::schema_ref(), Doctor::register),
            (Assignment::schema_ref(), Assignment::register),
            (Visit::schema_ref(), Visit::register),
            (User::schema_ref(), User::register),
            (Account::schema_ref(), Account::register),
        ];
        records.iter().for_each(|(_, register)| register(registry));
        let mut members = Members::new(registry);
        let doc = "The URL of a page that explains the kind.";
        members.add::<String>("type", doc, true, text);
        members.add::<String>("title", "The title of the kind.", true, text);
        members.add::<i64>("status", "The HTTP status.", true, status);
        members.add::<String>("detail", "What is wrong, in one sentence.", true, text);
        let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.code()).collect();
        let doc = "The kind as a stable code.";
        members.add::<String>("error", doc, true, |shape| shape.only(&kinds));
        members.add::<String>("message", "The same as `detail`.", true, text);
        members.add::<i64>("status_code", "The same as `status`.", true, status);
        let doc = "Every bad member or parameter with all its errors.";
        members.add::<BTreeMap<String, Vec<String>>>("errors", doc, true, |shape| {
            let sentences = Shape::of::<Vec<String>>().max_items(1_000).with(|sentences| {
                sentences.items = Some(Box::new(text(Shape::of::<String>()).finish()));
            });
            shape.with(|map| map.additional_properties = Some(Box::new(sentences.finish())))
        });
        members.add::<Vec<ErrorCode>>(
            "error_codes",
            "The same errors as stable codes.",
            true,
            |shape| shape.max_items(10_000),
        );
        let doc = "The id of the request in the server's log.";
        members.add::<String>("request_id", doc, true, text);
        let doc = "Only with `stale`: the record as it is now.";
        members.add::<Value>("current", doc, false, |shape| {
            shape.with(|schema| schema.any_of = records.map(|(record, _)| record).into())
        });
        let doc =
            "Only with `stale`: the username of the user who made the last change, or the name.";
        members.add::<String>("changed_by", doc, false, text);
        members.add::<DateTime<Utc>>(
            "changed_at",
            "Only with `stale`: the time of the last change.",
            false,
            |it| it,
        );
        let doc = "Only with `conflict`: the active assignment of this patient to this doctor, or the \
            patient's open visit of this day.";
        members.add::<Value>("existing", doc, false, |shape| {
            let existing = vec![Assignment::schema_ref(), Visit::schema_ref()];
            shape.with(|schema| schema.any_of = existing)
        });
        let doc = "Only with `conflict`: the patients who are likely to be the same person as the one to be \
            registered, the most likely first.";
        members.add::<Vec<PatientMatch>>("duplicates", doc, false, |shape| {
            shape.max_items(MATCHES_MAX as i64)
        });
        let doc = "Only with `conflict`: what stands in the way of undoing a merge.";
        members.add::<MergeBlocking>("blocking", doc, false, |it| it);
        let doc = "Only with `conflict`: the number of active assignments of the doctor.";
        members.add::<i64>("active_assignments", doc, false, |shape| shape.range(1, i64::MAX));
        let doc = "Only in answers of the OAuth 2.0 endpoint: the same as `detail`.";
        members.add::<String>("error_description", doc, false, text);
        let doc = "What went wrong (RFC 9457). Some kinds add members of their own.";
        let anything = Some(Box::new(Shape::of::<Value>().finish()));
        MetaSchema { additional_properties: anything, ..members.finish(doc) }
    }
}
described!(Problem);
