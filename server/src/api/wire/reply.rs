//! Successful answers.

use poem::{IntoResponse, Response, http::header};
use poem_openapi::{
    ApiResponse,
    registry::{
        MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry,
    },
    types::Type,
};
use serde::Serialize;
use shared::{
    Page,
    account::{Account, User, VisibleUser},
    assignment::Assignment,
    doctor::Doctor,
    patient::Patient,
    visit::Visit,
};

use crate::{digest::short_sha256, domain::listing::PageSlice};

/// How an answer may be cached.
#[derive(Clone, Copy)]
pub(crate) enum CachePolicy {
    /// Only by the client, which must revalidate it.
    Private,
    /// Not at all, because it contains tokens.
    Never,
}

/// 200 with a document.
pub(crate) struct Reply<T> {
    body: T,
    version: Option<i64>,
    keep: CachePolicy,
}

impl<T> Reply<T> {
    /// A document other than a single record.
    pub(crate) fn new(body: T) -> Self {
        Self { body, version: None, keep: CachePolicy::Private }
    }

    /// A document that contains tokens.
    pub(crate) fn secret(body: T) -> Self {
        Self { body, version: None, keep: CachePolicy::Never }
    }
}

/// A record with a version.
pub(crate) trait Versioned {
    /// The version.
    fn version(&self) -> i64;
}

macro_rules! versioned {
    ($($record:ty),*) => {$(
        impl Versioned for $record {
            fn version(&self) -> i64 {
                self.version
            }
        }
    )*};
}

versioned!(Patient, Doctor, Assignment, Visit, User, Account);

impl Versioned for VisibleUser {
    fn version(&self) -> i64 {
        match self {
            Self::Account(account) => account.version,
            Self::Brief { version, .. } => *version,
        }
    }
}

/// 200 with a single record and its entity tag.
pub(crate) struct Tagged<T>(pub(crate) T);

/// 200 with a single record and its entity tag. Where the address was that of another record, which leads to this
/// one, the answer says the URL of this one.
pub(crate) struct Located<T> {
    pub(crate) body: T,
    /// The URL, where it is not the requested one.
    pub(crate) location: Option<String>,
}

/// 201 with the new record and its URL.
pub(crate) struct Created<T> {
    pub(crate) body: T,
    pub(crate) version: Option<i64>,
    pub(crate) location: String,
    pub(crate) keep: CachePolicy,
}

/// 204.
pub(crate) struct NoContent;

/// 202 without a document. It reveals nothing about the outcome.
pub(crate) struct Accepted;

/// A page with the URLs of its neighbours.
pub(crate) fn page<T>(
    slice: PageSlice<T>,
    address: &crate::api::wire::address::Address,
) -> Reply<Page<T>> {
    let with_cursor = |cursor: Option<String>| cursor.map(|cursor| address.with_cursor(&cursor));
    Reply::new(Page {
        count: slice.count,
        count_capped: slice.is_capped,
        next: with_cursor(slice.next),
        previous: with_cursor(slice.previous),
        results: slice.rows,
    })
}

fn respond<T: Serialize>(
    status: poem::http::StatusCode,
    body: &T,
    version: Option<i64>,
    keep: CachePolicy,
) -> Response {
    let body = match serde_json::to_vec(body) {
        Ok(body) => body,
        Err(error) => {
            return super::problem::raise(crate::error::Error::Internal(error.into()))
                .into_response();
        }
    };
    let mut response = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json")
        .header(
            header::CACHE_CONTROL,
            match keep {
                CachePolicy::Private => "private, no-cache",
                CachePolicy::Never => "no-store",
            },
        )
        .header(header::VARY, "Authorization");
    if let CachePolicy::Never = keep {
        // RFC 6749, section 5.1.
        response = response.header(header::PRAGMA, "no-cache");
    }
    if let Some(version) = version {
        response = response.header(header::ETAG, format!("\"{version}-{}\"", hash(&body)));
    }
    response.body(body)
}

/// The first bytes of an answer's hash. It also changes if only a computed member changes, such as
/// an age.
pub(crate) fn hash(body: &[u8]) -> String {
    short_sha256(&[body], 16)
}

impl<T: Serialize + Send> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        respond(poem::http::StatusCode::OK, &self.body, self.version, self.keep)
    }
}

impl<T: Serialize + Versioned + Send> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let version = Some(self.0.version());
        respond(poem::http::StatusCode::OK, &self.0, version, CachePolicy::Private)
    }
}

impl<T: Serialize + Versioned + Send> IntoResponse for Located<T> {
    fn into_response(self) -> Response {
        let response = Tagged(self.body).into_response();
        match self.location {
            Some(location) => {
                response.with_header(header::CONTENT_LOCATION, location).into_response()
            }
            None => response,
        }
    }
}

impl<T: Serialize + Send> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let created = poem::http::StatusCode::CREATED;
        let response = respond(created, &self.body, self.version, self.keep);
        response.with_header(header::LOCATION, self.location).into_response()
    }
}

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        Response::builder().status(poem::http::StatusCode::NO_CONTENT).finish()
    }
}

impl IntoResponse for Accepted {
    fn into_response(self) -> Response {
        Response::builder().status(poem::http::StatusCode::ACCEPTED).finish()
    }
}

/// The maximum length of a header in an answer.
pub(crate) const HEADER_MAX: usize = 200;

fn text_header(name: &str, description: &str) -> MetaHeader {
    MetaHeader {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        required: true,
        deprecated: false,
        schema: MetaSchemaRef::Inline(Box::new(MetaSchema {
            max_length: Some(HEADER_MAX),
            ..MetaSchema::new("string")
        })),
    }
}

fn etag() -> MetaHeader {
    text_header("ETag", "The record's version and a hash of this answer.")
}

fn meta<T: Type>(
    status: u16,
    description: &'static str,
    headers: Vec<MetaHeader>,
) -> MetaResponses {
    let content = vec![MetaMediaType { content_type: "application/json", schema: T::schema_ref() }];
    let status = Some(status);
    let response = MetaResponse { description, status, status_range: None, content, headers };
    MetaResponses { responses: vec![response] }
}

pub(crate) fn empty(status: u16, description: &'static str) -> MetaResponse {
    let (content, headers) = (Vec::new(), Vec::new());
    MetaResponse { description, status: Some(status), status_range: None, content, headers }
}

impl<T: Type + Serialize + Send> ApiResponse for Reply<T> {
    fn meta() -> MetaResponses {
        meta::<T>(200, "The answer.", Vec::new())
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Type + Serialize + Versioned + Send> ApiResponse for Tagged<T> {
    fn meta() -> MetaResponses {
        meta::<T>(200, "The record.", vec![etag()])
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Type + Serialize + Versioned + Send> ApiResponse for Located<T> {
    fn meta() -> MetaResponses {
        let doc = "The URL of the record, where the requested one is that of a record that was merged into it.";
        let location = MetaHeader { required: false, ..text_header("Content-Location", doc) };
        meta::<T>(200, "The record.", vec![etag(), location])
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Type + Serialize + Send> ApiResponse for Created<T> {
    fn meta() -> MetaResponses {
        let location = text_header("Location", "The URL of the record.");
        // A session has no entity tag.
        let etag = MetaHeader { required: false, ..etag() };
        meta::<T>(201, "The new record.", vec![location, etag])
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl ApiResponse for Accepted {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: vec![empty(202, "The request is accepted. The outcome is not reported.")],
        }
    }

    fn register(_: &mut Registry) {}
}

impl ApiResponse for NoContent {
    fn meta() -> MetaResponses {
        MetaResponses { responses: vec![empty(204, "Done.")] }
    }

    fn register(_: &mut Registry) {}
}
