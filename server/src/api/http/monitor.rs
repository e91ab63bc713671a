//! `/metrics`: on an address of its own, or on the main one behind a token; otherwise nowhere.

use std::sync::Arc;

use aws_lc_rs::{constant_time, digest};
use poem::{
    Endpoint, Request, Response, Result, RouteMethod,
    endpoint::make_sync,
    get,
    http::{HeaderMap, StatusCode, header},
};
use shared::paths;

use crate::{api::wire::problem::raise, app::App, error::Error, metrics};

/// What answers `/metrics`.
#[derive(Clone)]
pub(crate) struct Monitor {
    app: App,
    token: Option<Arc<str>>,
}

impl Monitor {
    /// Fails with one sentence where the token can't be used.
    pub(crate) fn new(app: &App) -> Result<Self, String> {
        let token = app.settings().metrics_token()?.map(Arc::from);
        Ok(Self { app: app.clone(), token })
    }

    /// Whether the main address has it.
    pub(crate) fn is_on_main_address(&self) -> bool {
        self.token.is_some() && self.app.settings().metrics_listen.is_none()
    }

    /// `/metrics` on the main address.
    pub(crate) fn route(&self) -> RouteMethod {
        let monitor = self.clone();
        get(make_sync(move |request: Request| -> Result<Response> {
            if !monitor.is_admitted(request.headers()) {
                return Err(raise(Error::Unauthenticated("send the metrics token")));
            }
            monitor.answer().map_err(raise)
        }))
    }

    fn is_admitted(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.token else { return true };
        let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let sent = sent.and_then(|value| value.split_once(' '));
        let Some((scheme, sent)) = sent else { return false };
        // Hashed, so that not even the length shows in the time.
        let hash = |text: &str| digest::digest(&digest::SHA256, text.as_bytes());
        let (sent, token) = (hash(sent.trim()), hash(token));
        let is_same = constant_time::verify_slices_are_equal(sent.as_ref(), token.as_ref());
        scheme.eq_ignore_ascii_case("bearer") && is_same.is_ok()
    }

    fn answer(&self) -> Result<Response, Error> {
        let text = self.app.metrics().text(&self.app.levels())?;
        Ok(Response::builder()
            .header(header::CONTENT_TYPE, metrics::CONTENT_TYPE)
            .header(header::CACHE_CONTROL, "no-store")
            .body(text))
    }
}

/// The whole of the address of its own.
impl Endpoint for Monitor {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let is_read = matches!(request.method().as_str(), "GET" | "HEAD");
        let plain = |status: StatusCode| Response::builder().status(status);
        if request.uri().path() != paths::METRICS {
            return Ok(plain(StatusCode::NOT_FOUND).body("only /metrics is here\n"));
        }
        if !is_read {
            let refused = plain(StatusCode::METHOD_NOT_ALLOWED).header(header::ALLOW, "GET, HEAD");
            return Ok(refused.finish());
        }
        if !self.is_admitted(request.headers()) {
            let refused = plain(StatusCode::UNAUTHORIZED);
            return Ok(refused.header(header::WWW_AUTHENTICATE, "Bearer").finish());
        }
        Ok(self.answer().unwrap_or_else(|error| {
            tracing::error!(%error, "the metrics can't be written");
            plain(StatusCode::INTERNAL_SERVER_ERROR).finish()
        }))
    }
}
