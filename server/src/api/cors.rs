//! Pages of other origins: which may use the API, and what their scripts may send and read. poem's
//! own layer allows every origin where none is named, so this is ours.

use poem::{
    Request, Response,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
const REQUEST_HEADERS: &str = "Authorization, Content-Type, If-Match, If-None-Match, \
    Idempotency-Key, X-Request-Id, Last-Event-ID";
const RESPONSE_HEADERS: &str = "ETag, Idempotency-Replayed, Location, Retry-After, X-Request-Id";
/// Seconds that a browser may remember the answer about a preflight.
const MAX_AGE: &str = "3600";

/// The origin of the page that asks, where it is an allowed one.
pub(super) fn allowed(headers: &HeaderMap, origins: &[String]) -> Option<HeaderValue> {
    let mut sent = headers.get_all(header::ORIGIN).iter();
    let origin = sent.next().filter(|_| sent.next().is_none())?;
    let is_known = origins.iter().any(|known| known.as_bytes() == origin.as_bytes());
    is_known.then(|| origin.clone())
}

/// The answer to a browser that asks beforehand, for a page of an allowed origin.
pub(super) fn preflight(request: &Request, origins: &[String]) -> Option<Response> {
    let headers = request.headers();
    let is_preflight = request.method() == Method::OPTIONS
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if !is_preflight || allowed(headers, origins).is_none() {
        return None;
    }
    let response = Response::builder()
        .status(StatusCode::NO_CONTENT)
        .header(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS)
        .header(header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS)
        .header(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    Some(response.finish())
}

/// Lets the page read the answer. Where there are allowed origins at all, every answer says that it
/// depends on the origin: a cache must not hand one page's answer to another.
pub(super) fn decorate(headers: &mut HeaderMap, origins: &[String], asks: Option<HeaderValue>) {
    if origins.is_empty() {
        return;
    }
    let mut vary: Vec<_> =
        headers.get_all(header::VARY).iter().map(HeaderValue::as_bytes).collect();
    vary.push(b"Origin");
    if let Ok(vary) = HeaderValue::from_bytes(&vary.join(&b", "[..])) {
        headers.insert(header::VARY, vary);
    }
    if let Some(origin) = asks {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let exposed = HeaderValue::from_static(RESPONSE_HEADERS);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
}
