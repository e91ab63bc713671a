//! Request bodies: JSON, limited in size and time, and read so that the answer names every error.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use chrono::NaiveDate;
use poem::{Request, RequestBody, Result, http::header};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaParamIn, MetaRequest, MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};
use shared::{
    FieldError, FieldErrors, paths,
    read::{self, Input},
};

use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use super::{
    compatibility::MemberNames,
    params::header_schema,
    problem::{Refusal, raise},
};
use crate::{
    app::App,
    digest::sha256,
    domain::idempotency::{IdempotencyKey, Replayed},
    error::Error,
};

/// The header that identifies repetitions of the same request.
pub(crate) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
/// The maximum length of the header, in bytes.
pub(crate) const IDEMPOTENCY_KEY_MAX: usize = 255;
/// The maximum number of bytes in a body.
pub(crate) const BODY_MAX: usize = 256 * 1024;
/// The maximum number of bytes in a body with credentials.
const BODY_MAX_AUTH: usize = 8 * 1024;
/// The maximum number of bytes of a refused body that are still read.
const DISCARD_MAX: u64 = 4 * 1024 * 1024;
/// How long a body may take to arrive.
pub(crate) const BODY_TIME: Duration = Duration::from_secs(10);

/// How long a body may take to arrive, if the connection has a limit of its own.
#[derive(Clone, Copy)]
pub(crate) struct BodyTime(pub(crate) Duration);

impl BodyTime {
    pub(crate) fn of(request: &Request) -> Duration {
        request.extensions().get().map_or(BODY_TIME, |Self(time)| *time)
    }
}

/// The limit for a path.
pub(crate) fn body_max(path: &str) -> usize {
    if path.starts_with(paths::AUTH) { BODY_MAX_AUTH } else { BODY_MAX }
}

/// The bytes of a body, up to the limit for its path.
pub(crate) async fn bytes(request: &Request, body: &mut RequestBody) -> Result<Vec<u8>> {
    let (max, time) = (body_max(request.uri().path()), BodyTime::of(request));
    let Ok(body) = body.take() else { return Ok(Vec::new()) };
    let mut reader = body.into_async_read();
    let (mut bytes, mut start) = (Vec::new(), (&mut reader).take(max as u64 + 1));
    match tokio::time::timeout(time, start.read_to_end(&mut bytes)).await {
        Ok(Ok(count)) if count > max => {
            discard(reader, time).await;
            Err(Refusal::TooLarge(max).raise())
        }
        Ok(Ok(_)) => Ok(bytes),
        Ok(Err(_)) => Err(raise(Error::Invalid(FieldErrors::one(
            "body",
            FieldError::new("broken_off", "ended too early"),
        )))),
        Err(_) => Err(Refusal::Timeout.raise()),
    }
}

/// A body that two owners share: the operation, and the layer that reads what the operation has
/// left.
#[derive(Clone)]
pub(crate) struct BodyRemainder(Arc<Mutex<Pin<Box<dyn AsyncRead + Send>>>>);

impl BodyRemainder {
    /// Takes the body of a request, if there is one, and puts a shared handle back, so that the
    /// rest of it can be read later. If a client is still sending when the answer is complete,
    /// hyper closes the connection, and the client's next request fails.
    pub(crate) fn of(request: &mut Request) -> Option<Self> {
        let headers = request.headers();
        let has_body = headers.contains_key(header::CONTENT_LENGTH)
            || headers.contains_key(header::TRANSFER_ENCODING);
        if !has_body {
            return None;
        }
        let body: Pin<Box<dyn AsyncRead + Send>> = Box::pin(request.take_body().into_async_read());
        let rest = Self(Arc::new(Mutex::new(body)));
        request.set_body(poem::Body::from_async_read(rest.clone()));
        Some(rest)
    }
}

impl AsyncRead for BodyRemainder {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let mut body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        body.as_mut().poll_read(context, buffer)
    }
}

/// Reads the rest of a refused body. Otherwise, a client that is still sending would find its
/// connection closed and never see the answer.
pub(crate) async fn discard(body: impl AsyncRead + Unpin, time: Duration) {
    let (mut rest, mut nowhere) = (body.take(DISCARD_MAX), tokio::io::sink());
    let discarded = tokio::io::copy(&mut rest, &mut nowhere);
    // The answer is the same whether or not this succeeds.
    drop(tokio::time::timeout(time, discarded).await);
}

fn today(request: &Request) -> Result<NaiveDate> {
    let app = request
        .data::<App>()
        .ok_or_else(|| raise(Error::internal("the request has no application state")))?;
    Ok(app.clock().today())
}

/// Whether `Content-Type` names a suitable type, in UTF-8.
pub(crate) fn has_media_type(request: &Request, fits: impl Fn(&str) -> bool) -> bool {
    let content_type = request.headers().get(header::CONTENT_TYPE);
    let essence = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = essence.split(';').map(str::trim);
    let is_fit = parts.next().is_some_and(fits);
    let is_utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    });
    is_fit && is_utf8
}

fn is_json(request: &Request) -> bool {
    has_media_type(request, |essence| {
        essence.eq_ignore_ascii_case("application/json")
            || essence.to_ascii_lowercase().ends_with("+json")
    })
}

/// Parses a body. An absent optional body counts as an empty object.
fn parse<T: Input>(request: &Request, mut bytes: Vec<u8>, is_required: bool) -> Result<T> {
    let says_its_type = request.headers().contains_key(header::CONTENT_TYPE);
    if bytes.is_empty() && !is_required {
        bytes = b"{}".to_vec();
    } else if !is_json(request) && (says_its_type || !bytes.is_empty()) {
        return Err(Refusal::UnsupportedMediaType("application/json").raise());
    }
    let (read, names) = read::body_as_sent(&bytes, today(request)?);
    if let Some(wording) = request.extensions().get::<MemberNames>() {
        wording.keep(names);
    }
    read.map_err(|errors| raise(errors.into()))
}

/// A required body.
pub(crate) struct Body<T>(pub(crate) T);

/// An optional body, which counts as an empty object if it is absent.
pub(crate) struct OptionalBody<T>(pub(crate) T);

/// A body that creates a record, with the key under which the request may be sent again.
pub(crate) struct NewBody<T> {
    pub(crate) body: T,
    pub(crate) idempotency_key: Option<IdempotencyKey>,
}

/// Describes a type of body as an extractor. `$read` is the function that reads it.
macro_rules! take_body {
    ($name:ident, $is_required:literal, [$($type:ident),*], $read:ident) => {
        impl<'a, T: Input + Type> ApiExtractor<'a> for $name<T> {
            const TYPES: &'static [ApiExtractorType] = &[$(ApiExtractorType::$type),*];
            type ParamType = ();
            type ParamRawType = ();

            fn register(registry: &mut Registry) {
                T::register(registry);
            }

            fn request_meta() -> Option<MetaRequest> {
                let (content_type, schema) = ("application/json", T::schema_ref());
                let content = vec![MetaMediaType { content_type, schema }];
                Some(MetaRequest { description: None, content, required: $is_required })
            }

            /// Used only if the types include a parameter.
            fn param_in() -> Option<MetaParamIn> {
                Some(MetaParamIn::Header)
            }

            fn param_schema_ref() -> Option<MetaSchemaRef> {
                idempotency_key_schema()
            }

            async fn from_request(
                request: &'a Request,
                body: &mut RequestBody,
                _: ExtractParamOptions<()>,
            ) -> Result<Self> {
                $read(request, body).await
            }
        }
    };
}

take_body!(Body, true, [RequestObject], required);
take_body!(OptionalBody, false, [RequestObject], optional);
take_body!(NewBody, true, [RequestObject, Parameter], with_key);

async fn required<T: Input>(request: &Request, body: &mut RequestBody) -> Result<Body<T>> {
    parse(request, bytes(request, body).await?, true).map(Body)
}

async fn optional<T: Input>(request: &Request, body: &mut RequestBody) -> Result<OptionalBody<T>> {
    parse(request, bytes(request, body).await?, false).map(OptionalBody)
}

async fn with_key<T: Input>(request: &Request, body: &mut RequestBody) -> Result<NewBody<T>> {
    let key = idempotency_key(request)?;
    let bytes = bytes(request, body).await?;
    let replayed: Replayed = request.extensions().get().cloned().unwrap_or_default();
    let idempotency_key =
        key.map(|key| IdempotencyKey { key, digest: digest(request, &bytes), replayed });
    Ok(NewBody { body: parse(request, bytes, true)?, idempotency_key })
}

fn idempotency_key_schema() -> Option<MetaSchemaRef> {
    let description = "A text of the client's choice. If the client repeats the request within 24 hours with the same key and body, \
        the server creates nothing and repeats the first successful answer.";
    let key = MetaSchema {
        description: Some(description),
        min_length: Some(1),
        max_length: Some(IDEMPOTENCY_KEY_MAX),
        pattern: Some("^[\\x20-\\x7e]*$".to_owned()),
        ..MetaSchema::new("string")
    };
    header_schema(IDEMPOTENCY_KEY, key)
}

/// The hash of a request, which identifies its repetitions.
fn digest(request: &Request, body: &[u8]) -> String {
    sha256(&[request.uri().path().as_bytes(), b"\n", body])
}

fn idempotency_key(request: &Request) -> Result<Option<String>> {
    let mut keys = request.headers().get_all(IDEMPOTENCY_KEY).iter();
    let Some(first) = keys.next() else { return Ok(None) };
    let key = first.to_str().unwrap_or_default().trim();
    let is_good = (1..=IDEMPOTENCY_KEY_MAX).contains(&key.len()) && keys.next().is_none();
    if is_good && key.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
        return Ok(Some(key.to_owned()));
    }
    let message = format!("must be a single text of 1 to {IDEMPOTENCY_KEY_MAX} ASCII characters");
    let error = FieldError::new("invalid_key", message);
    Err(raise(Error::invalid(IDEMPOTENCY_KEY, error)))
}
