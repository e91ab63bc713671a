//! The HTTP client of one server. Tokens live here, by session and in memory only; a request is
//! sent with those of the session that it names, or not at all.

mod answer;
mod failure;
mod live;
mod request;
mod session;
mod trust;

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod operation_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod trust_tests;
#[cfg(test)]
mod verbs_tests;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use reqwest::{Response, StatusCode, header, tls::TlsInfo};
use shared::{
    Kind, Problem,
    account::{Logout, Refresh, Refreshed, Registered},
    paths,
};
use tui_core::{
    api::{Call, Failure, Reply},
    session::{Session, SessionHandle},
};
use url::Url;

use self::{
    answer::{Answer, Expected},
    request::{Request, Target},
    session::{Sessions, Tokens},
};
pub(crate) use self::{session::Handles, trust::Certificate};
use crate::devices::Devices;

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(3);
/// How long to wait for a whole answer.
const WHOLE: Duration = Duration::from_secs(15);
/// How long an unused connection is kept.
const IDLE: Duration = Duration::from_secs(5);

/// Talks to one server, for whoever has logged in there.
pub(crate) struct Client {
    http: reqwest::Client,
    place: Mutex<Place>,
    sessions: Sessions,
    devices: Devices,
    /// The fingerprint of the server's certificate, as the last answer over TLS came with it.
    fingerprint: Mutex<Option<String>>,
    refreshing: tokio::sync::Mutex<()>,
}

/// Where the server is, and where it was before a local desk moved to another window.
#[derive(Clone)]
struct Place {
    url: Url,
    former: Vec<Url>,
}

impl Client {
    /// A client for the server at `url`, without a session. Those that begin there get their
    /// handles from `handles`, and their device tokens are kept in `devices`.
    ///
    /// Fails with one plain sentence where the system's certificates can't be read.
    pub(crate) fn new(
        url: Url,
        certificate: Option<&Certificate>,
        handles: &Handles,
        devices: Devices,
    ) -> Result<Arc<Self>, String> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("frontdesk/", env!("CARGO_PKG_VERSION")))
            .tls_info(true)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT)
            .timeout(WHOLE)
            .pool_idle_timeout(IDLE);
        if is_loopback(&url) {
            builder = builder.no_proxy();
        }
        if let Some(certificate) = certificate {
            let config = certificate
                .config()
                .map_err(|error| format!("no secure connection can be made: {error}"))?;
            builder = builder.tls_backend_preconfigured(config);
        } else if url.scheme() == "http" {
            // Spares reading the system's certificates, and needing any.
            builder = builder.tls_certs_only([]);
        }
        let http = builder.build().map_err(|e| {
            let cause = failure::cause(&e, &failure::host(&url));
            format!("no secure connection can be made: {cause}")
        })?;
        Ok(Arc::new(Self {
            http,
            place: Mutex::new(Place { url, former: Vec::new() }),
            sessions: Sessions::new(handles.clone()),
            devices,
            fingerprint: Mutex::default(),
            refreshing: tokio::sync::Mutex::new(()),
        }))
    }

    /// Where the server is.
    pub(crate) fn url(&self) -> Url {
        self.place.lock().unwrap_or_else(PoisonError::into_inner).url.clone()
    }

    /// The server has moved: the same desk, served by another window.
    pub(crate) fn follow_to(&self, url: Url) {
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        if place.url != url {
            let former = std::mem::replace(&mut place.url, url);
            place.former.push(former);
        }
    }

    /// Sends a request in this session and reads its answer. Refreshes the session's tokens once
    /// where they have ended.
    ///
    /// Nothing is sent, and the session is over, where it has no tokens here.
    pub(crate) async fn send(
        self: &Arc<Self>,
        call: &Call,
        session: Option<SessionHandle>,
    ) -> Result<Reply, Failure> {
        if matches!(call, Call::Login(_) | Call::Register(_)) {
            return self.sign_in(call).await;
        }
        if let Call::Run { operation, kind, ids, version } = call {
            let (operation, kind, version) = (*operation, *kind, *version);
            let mut reply = Reply::Done;
            for id in ids {
                let one = Call::Run { operation, kind, ids: vec![*id], version };
                reply = self.send_one(&one, session).await?;
            }
            return Ok(reply);
        }
        self.send_one(call, session).await
    }

    async fn send_one(
        self: &Arc<Self>,
        call: &Call,
        session: Option<SessionHandle>,
    ) -> Result<Reply, Failure> {
        let request = Request::new(call)?;
        if !call.needs_session() {
            return self.exchange(&request, None).await?.into_reply(&request);
        }
        let handle = session.ok_or(Failure::Expired)?;
        let old = self.sessions.tokens(handle).ok_or(Failure::Expired)?;
        let mut answer = self.exchange(&request, Some(&old)).await?;
        if answer.status == StatusCode::UNAUTHORIZED {
            // In a task of its own: a caller that is no longer waited for must not lose the pair.
            let client = Arc::clone(self);
            let refreshed = tokio::spawn(async move { client.refresh(handle, &old).await }).await;
            let new = refreshed.map_err(|_| Failure::Expired)??;
            answer = self.exchange(&request, Some(&new)).await?;
            if answer.status == StatusCode::UNAUTHORIZED {
                self.sessions.forget(handle, &new);
                return Err(Failure::Expired);
            }
        }
        answer.into_reply(&request)
    }

    /// Forgets a session's tokens, and tells the server that it is over.
    pub(crate) async fn end_session(&self, handle: SessionHandle) {
        let Some(tokens) = self.sessions.take(handle) else { return };
        let body = Logout { refresh: Some(tokens.refresh().to_owned()) };
        if let Ok(request) = Request::post(paths::LOGOUT, Expected::Nothing).with_body(&body) {
            // Over is over: here, even where the server can't be told.
            let _ = self.exchange(&request, Some(&tokens)).await;
        }
    }

    /// Logs in or opens an account, as a client that the server may know from its device token.
    async fn sign_in(&self, call: &Call) -> Result<Reply, Failure> {
        let request = Request::new(&self.devices.attach(call))?;
        let answer = self.exchange(&request, None).await?;
        if !answer.status.is_success() {
            return answer.into_reply(&request);
        }
        let begun: Registered = answer.json()?;
        let (Some(access), Some(refresh)) = (begun.access, begun.refresh) else {
            // The account is open, and its e-mail address has to be confirmed first.
            let problem = Problem::new(Kind::EmailUnverified, begun.message);
            return Err(Failure::Problem(Box::new(problem)));
        };
        if let Some(token) = begun.device {
            self.devices.keep(call, &begun.user, token);
        }
        let handle = self.sessions.begin(Tokens::new(access, refresh));
        Ok(Reply::SignedIn(Box::new(Session::new(handle, begun.user))))
    }

    /// The next pair of a session's tokens, or the one that another request has got in the
    /// meantime.
    async fn refresh(&self, handle: SessionHandle, old: &Tokens) -> Result<Tokens, Failure> {
        let _alone = self.refreshing.lock().await;
        let current = self.sessions.tokens(handle).ok_or(Failure::Expired)?;
        if !current.is_same(old) {
            return Ok(current);
        }
        let body = Refresh { refresh: old.refresh().to_owned() };
        let request = Request::post(paths::REFRESH, Expected::Refreshed).with_body(&body)?;
        let answer = self.exchange(&request, None).await?;
        if answer.status.is_success() {
            let pair: Refreshed = answer.json()?;
            let new = Tokens::new(pair.access, pair.refresh);
            self.sessions.replace(handle, old, new.clone());
            return Ok(new);
        }
        if answer.status.is_server_error() || answer.status == StatusCode::TOO_MANY_REQUESTS {
            return Err(answer.into_failure(false));
        }
        self.sessions.forget(handle, old);
        Err(Failure::Expired)
    }

    async fn exchange(
        &self,
        request: &Request,
        session: Option<&Tokens>,
    ) -> Result<Answer, Failure> {
        let url = self.address(&request.target)?;
        let host = failure::host(&url);
        let mut builder = self
            .http
            .request(request.method.clone(), url)
            .header(header::ACCEPT, "application/json, application/problem+json");
        if let Some(tokens) = session {
            builder = builder.bearer_auth(tokens.access());
        }
        if let Some(version) = request.version {
            builder = builder.header(header::IF_MATCH, format!("\"{version}\""));
        }
        if let Some(key) = &request.key {
            builder = builder.header("idempotency-key", key.as_str());
        }
        if let Some(body) = &request.body {
            builder = builder.header(header::CONTENT_TYPE, "application/json").body(body.clone());
        }
        let read = async {
            let response = builder.send().await?;
            self.look_at_certificate(&response);
            Answer::read(response).await
        };
        read.await.map_err(|e| failure::of(&e, request.is_write, &host))
    }

    /// The SHA-256 of the server's certificate as people compare it, where it has one and has answered.
    pub(crate) fn fingerprint(&self) -> Option<String> {
        self.fingerprint.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn look_at_certificate(&self, response: &Response) {
        let info = response.extensions().get::<TlsInfo>();
        if let Some(der) = info.and_then(TlsInfo::peer_certificate) {
            let shown = Some(trust::fingerprint(der));
            *self.fingerprint.lock().unwrap_or_else(PoisonError::into_inner) = shown;
        }
    }

    fn address(&self, target: &Target) -> Result<Url, Failure> {
        let place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        let mut url = place.url.clone();
        match target {
            Target::Path { path, query } => {
                let prefix = url.path().trim_end_matches('/').to_owned();
                url.set_path(&format!("{prefix}{path}"));
                if !query.is_empty() {
                    url.query_pairs_mut().extend_pairs(query);
                }
            }
            Target::Given(address) => {
                let foreign = || {
                    let sentence = "the page that it names is not its own";
                    Failure::Garbled(sentence.to_owned())
                };
                let given = Url::parse(address).map_err(|_| foreign())?;
                let mut own = std::iter::once(&place.url).chain(&place.former);
                if !own.any(|own| own.origin() == given.origin()) {
                    return Err(foreign());
                }
                url.set_path(given.path());
                url.set_query(given.query());
            }
        }
        Ok(url)
    }
}

/// Whether an address is one of this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}
