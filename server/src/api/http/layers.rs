//! What happens around every request, in one place and one order: its id, whether it may come in
//! at all, its address brought to one form, errors and panics made documents, headers, and one line
//! in the log.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, OnceLock},
    time::Instant,
};

use futures_util::FutureExt;
use poem::{
    Endpoint, Request, Response, Result,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
};
use shared::{FieldError, FieldErrors, Kind, Problem, UserId, paths};

use super::{
    caller::{Caller, host_name},
    cors,
};
use crate::{
    api::{
        routes::Routes,
        wire::{
            address::{Address, set_path},
            body::{BodyRemainder, BodyTime, body_max, discard},
            compatibility::{self, MemberNames, PathMatch},
            params::{TAGS_MAX, too_many_tags},
            problem::{self, Refusal},
        },
    },
    app::App,
    domain::idempotency::Replayed,
    keys::random_text,
    services::actor::Origin,
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Says that an answer was given before, to a request with the same `Idempotency-Key`.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Longest `User-Agent` that is kept.
const USER_AGENT_MAX: usize = 200;

/// Longest query string.
const QUERY_MAX: usize = 8 * 1024;

/// The outermost endpoint.
pub(crate) struct Layers<E> {
    app: App,
    routes: &'static Routes,
    inner: E,
}

impl<E> Layers<E> {
    pub(crate) fn new(app: App, routes: &'static Routes, inner: E) -> Self {
        Self { app, routes, inner }
    }
}

impl<E: Endpoint<Output = Response>> Endpoint for Layers<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let started = Instant::now();
        let request_id = request_id(request.headers());
        let settings = self.app.settings();
        let caller = Caller::of(&request, &settings.trusted_proxies);
        let page = cors::allowed(request.headers(), &settings.cors_origins);
        let address = caller.address.map(|address| address.to_string());
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let origin = Origin {
            address: address.clone(),
            request_id: Some(request_id.clone()),
            user_agent: user_agent(request.headers()),
        };
        request.extensions_mut().insert(Arc::new(origin));
        request.extensions_mut().insert(self.app.clone());
        let body_time = BodyTime::of(&request);
        let user = LoggedUser::default();
        request.extensions_mut().insert(user.clone());
        let mut response = match self.admit(&mut request, &caller, &request_id) {
            Some(refused) => {
                discard(request.take_body().into_async_read(), body_time).await;
                refused
            }
            None => {
                let rest = BodyRemainder::of(&mut request);
                let answer = self.answer(request, &request_id).await;
                // These two have taken in, or waited for, what there is.
                let is_done = matches!(
                    answer.status(),
                    StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT
                );
                if let Some(rest) = rest.filter(|_| !is_done) {
                    discard(rest, body_time).await;
                }
                answer
            }
        };
        if response.status() == StatusCode::METHOD_NOT_ALLOWED
            && let Ok(allow) = HeaderValue::from_str(self.routes.allow(&path))
        {
            response.headers_mut().insert(header::ALLOW, allow);
        }
        decorate(response.headers_mut(), &request_id);
        cors::decorate(response.headers_mut(), &settings.cors_origins, page);
        let status = response.status().as_u16();
        let route = self.routes.template(&path);
        let took = started.elapsed();
        self.app.metrics().note_request(method.as_str(), route, status, took);
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let user = user.0.get().map(|id| id.0);
        // A level has to be known when the program is compiled.
        macro_rules! log {
            ($level:ident) => {
                tracing::$level!(target: "access", request_id, method = %method, path, status, ms,
                    user, address)
            };
        }
        if is_probe(&path) && !response.status().is_server_error() {
            log!(debug);
        } else {
            log!(info);
        }
        Ok(response)
    }
}

/// Who a request is from, for its line in the log. The guard fills it in.
#[derive(Clone, Default)]
pub(crate) struct LoggedUser(Arc<OnceLock<UserId>>);

impl LoggedUser {
    /// Notes who has proved to be logged in.
    pub(crate) fn set(&self, id: UserId) {
        // A second guard of one request finds the same user.
        let _ = self.0.set(id);
    }
}

/// Whether this is the path of a health check, which programs request every few seconds.
fn is_probe(path: &str) -> bool {
    let path = path.strip_suffix('/').unwrap_or(path);
    [paths::HEALTHZ, paths::READYZ, paths::METRICS].contains(&path)
}

impl<E: Endpoint<Output = Response>> Layers<E> {
    /// Lets a request in, or refuses it before any operation has seen it.
    fn admit(&self, request: &mut Request, caller: &Caller, request_id: &str) -> Option<Response> {
        let refuse = |problem| Some(problem::finish(problem, request_id));
        let path = request.uri().path().trim_end_matches('/');
        let is_stopping = self.app.is_draining() && path != paths::HEALTHZ;
        if is_stopping || (self.app.is_stop_announced() && path == paths::READYZ) {
            let mut response = refuse(Problem::new(Kind::Unavailable, "the server is stopping"))?;
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            if is_stopping {
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            return Some(response);
        }
        let host = match &caller.host {
            Some(host) if self.is_allowed(host) => host,
            _ => {
                let error = FieldError::new(
                    "unknown_host",
                    "is not a name of this server; its operator adds names with --allowed-hosts",
                );
                return Some(problem::invalid(FieldErrors::one("Host", error), request_id));
            }
        };
        if let Some(answer) = cors::preflight(request, &self.app.settings().cors_origins) {
            return Some(answer);
        }
        let length = request.headers().get(header::CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        let max = body_max(request.uri().path());
        if length.is_some_and(|length| length > max as u64) {
            let detail = Refusal::TooLarge(max).to_string();
            return refuse(Problem::new(Kind::TooLarge, detail));
        }
        let decode = |text: &str| {
            percent_encoding::percent_decode_str(text)
                .decode_utf8()
                .map(std::borrow::Cow::into_owned)
        };
        let query = request.uri().query().unwrap_or_default().to_owned();
        if query.len() > QUERY_MAX {
            let message = format!("must have at most {QUERY_MAX} characters");
            let error = FieldError::new("too_long", message).with("max", QUERY_MAX);
            return Some(problem::invalid(FieldErrors::one("query", error), request_id));
        }
        if decode(request.uri().path()).is_err() || decode(&query).is_err() {
            let error = FieldError::new("not_utf8", "is not UTF-8");
            return Some(problem::invalid(FieldErrors::one("address", error), request_id));
        }
        normalise(request);
        let base = match &self.app.settings().public_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => format!("{}://{host}", caller.scheme),
        };
        let pairs = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let path = request.uri().path().to_owned();
        // The links of a list keep the spelling in which it was asked for.
        request.extensions_mut().insert(Address { base, path, pairs });
        match compatibility::rewrite(request) {
            PathMatch::Known => None,
            PathMatch::WithoutMethod => Some(problem::no_such_method(request_id)),
        }
    }

    /// Whether a request may name this host, whatever its port: otherwise somebody could put
    /// addresses of theirs into our answers.
    fn is_allowed(&self, host: &str) -> bool {
        let settings = self.app.settings();
        let name = host_name(host);
        let is_loopback =
            name.eq_ignore_ascii_case("localhost") || matches!(name, "127.0.0.1" | "[::1]");
        let listens = settings.listen.ip().to_string();
        let listens = if settings.listen.is_ipv6() { format!("[{listens}]") } else { listens };
        let public = settings.public_url.as_ref().and_then(|url| url.host_str());
        is_loopback
            || name == listens
            || public.is_some_and(|public| public.eq_ignore_ascii_case(name))
            || settings.allowed_hosts.iter().any(|host| host.eq_ignore_ascii_case(name))
    }

    async fn answer(&self, mut request: Request, request_id: &str) -> Response {
        let wording = MemberNames::default();
        request.extensions_mut().insert(wording.clone());
        let replayed = Replayed::default();
        request.extensions_mut().insert(replayed.clone());
        let if_none_match = request.headers().get(header::IF_NONE_MATCH).cloned();
        let is_read = request.method() == Method::GET;
        let call = AssertUnwindSafe(self.inner.call(request)).catch_unwind();
        let result = match call.await {
            Ok(result) => result,
            Err(panic) => Err(Refusal::Panic(panic_text(panic.as_ref())).raise()),
        };
        match result {
            Ok(response)
                if is_read
                    && response.status().is_success()
                    && if_none_match.as_ref().is_some_and(|tags| tags.len() > TAGS_MAX) =>
            {
                problem::respond(&problem::raise(too_many_tags("If-None-Match")), request_id)
            }
            Ok(response) if is_read => fresh(response, if_none_match.as_ref()),
            Ok(mut response) => {
                if replayed.get() {
                    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
                }
                response
            }
            Err(error) => problem::respond(&wording.applied_to(error), request_id),
        }
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// The caller's own id if it is one that can stand in a log, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let sent = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let fits = |id: &&str| {
        (8..=64).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    match sent.filter(fits) {
        Some(id) => id.to_owned(),
        None => random_text::<12>().unwrap_or_else(|_| "no-random-numbers".to_owned()),
    }
}

fn user_agent(headers: &HeaderMap) -> Option<String> {
    let agent = headers.get(header::USER_AGENT)?.to_str().ok()?;
    Some(agent.chars().take(USER_AGENT_MAX).collect())
}

/// HEAD is answered as GET, whose body hyper then leaves out; a trailing slash is optional.
fn normalise(request: &mut Request) {
    if request.method() == Method::HEAD {
        request.set_method(Method::GET);
    }
    let path = request.uri().path();
    let Some(shorter) = path.strip_suffix('/').filter(|path| !path.is_empty()) else { return };
    let shorter = shorter.to_owned();
    set_path(request, &shorter);
}

/// 304 where the client has the answer already.
fn fresh(response: Response, if_none_match: Option<&HeaderValue>) -> Response {
    let tag = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok());
    let known = if_none_match.and_then(|tags| tags.to_str().ok());
    let (Some(tag), Some(known)) = (tag, known) else { return response };
    let plain = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    if !known.split(',').any(|known| known.trim() == "*" || plain(known) == plain(tag)) {
        return response;
    }
    let mut unchanged = Response::builder().status(StatusCode::NOT_MODIFIED).finish();
    for name in [header::ETAG, header::CACHE_CONTROL, header::VARY] {
        if let Some(value) = response.headers().get(&name) {
            unchanged.headers_mut().insert(name, value.clone());
        }
    }
    unchanged
}

/// What every answer carries.
fn decorate(headers: &mut HeaderMap, request_id: &str) {
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, id);
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
