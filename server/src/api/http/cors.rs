//! Cross-origin requests (CORS): the origins whose pages may use the API, and the headers that
//! their scripts may send and read. poem's own middleware allows every origin where none is
//! configured, so this module replaces it.

use poem::{
    Request, Response,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
const REQUEST_HEADERS: &str = "Authorization, Content-Type, If-Match, If-None-Match, \
    Idempotency-Key, X-Request-Id, Last-Event-ID";
const RESPONSE_HEADERS: &str = "ETag, Idempotency-Replayed, Location, Retry-After, X-Request-Id";
/// Seconds for which a browser may remember the answer to a preflight request.
const MAX_AGE: &str = "3600";

/// The `Origin` of the request, where it is an allowed one.
pub(crate) fn allowed(headers: &HeaderMap, origins: &[String]) -> Option<HeaderValue> {
    let mut sent = headers.get_all(header::ORIGIN).iter();
    let origin = sent.next().filter(|_| sent.next().is_none())?;
    let is_known = origins.iter().any(|known| known.as_bytes() == origin.as_bytes());
    is_known.then(|| origin.clone())
}

/// The answer to a preflight request from a page of an allowed origin; `None` for every other
/// request.
pub(crate) fn preflight(request: &Request, origins: &[String]) -> Option<Response> {
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

/// Allows the page to read the answer. Where any origin is configured, every answer carries `Vary:
/// Origin`, so that a cache does not hand one page's answer to another.
pub(crate) fn decorate(headers: &mut HeaderMap, origins: &[String], asks: Option<HeaderValue>) {
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
