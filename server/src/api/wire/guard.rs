//! Authentication. The guard is the first argument of every operation that needs a login.
//! Arguments are read in order, so nothing else of an unauthenticated request is read.

use std::{ops::Deref, sync::Arc};

use poem::{
    FromRequest, Request, RequestBody, Result,
    http::{Method, header},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaOAuthFlow, MetaOAuthFlows, MetaSecurityScheme, Registry},
};
use shared::{account::TokenScope, paths};

use super::problem::raise;
use crate::{
    api::http::layers::LoggedUser,
    app::App,
    domain::accounts::bearer,
    error::Error,
    services::actor::{Actor, Origin},
};

/// The name of the security scheme in the description.
pub(crate) const SCHEME: &str = "bearer";
/// The name of the security scheme with which a documentation page gets an access token itself.
const PASSWORD_SCHEME: &str = "password";

/// A logged-in caller. The value can be obtained only by authenticating.
pub(crate) struct Guard(Actor);

impl Deref for Guard {
    type Target = Actor;

    fn deref(&self) -> &Actor {
        &self.0
    }
}

impl<'a> ApiExtractor<'a> for Guard {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        registry.create_security_scheme(
            SCHEME,
            MetaSecurityScheme {
                ty: "http",
                description: Some(
                    "The access token from a login, or an API token. An API token needs \
                     the scope `read` for GET and HEAD and `write` for every other method; without it the \
                     answer is 403. It can't change accounts, passwords, sessions or tokens. The answer to a write \
                     contains the record, even for a token without `read`.",
                ),
                name: None,
                key_in: None,
                scheme: Some("bearer"),
                bearer_format: None,
                flows: None,
                openid_connect_url: None,
            },
        );
        registry.create_security_scheme(
            PASSWORD_SCHEME,
            MetaSecurityScheme {
                ty: "oauth2",
                description: Some(
                    "Logs in with an e-mail address or a username, and a password. Leave the \
                     client id and secret empty.",
                ),
                name: None,
                key_in: None,
                scheme: None,
                bearer_format: None,
                flows: Some(MetaOAuthFlows {
                    implicit: None,
                    password: Some(MetaOAuthFlow {
                        authorization_url: None,
                        token_url: Some(paths::OAUTH_TOKEN),
                        refresh_url: Some(paths::OAUTH_TOKEN),
                        scopes: Vec::new(),
                    }),
                    client_credentials: None,
                    authorization_code: None,
                }),
                openid_connect_url: None,
            },
        );
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![PASSWORD_SCHEME, SCHEME]
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let token = token_of(request)?;
        let app = request
            .data::<App>()
            .ok_or_else(|| raise(Error::internal("the request has no application state")))?;
        let needed = match *request.method() {
            Method::GET | Method::HEAD => TokenScope::Read,
            // The body is only too long for an address.
            Method::POST if request.original_uri().path() == paths::PATIENT_MATCH => {
                TokenScope::Read
            }
            _ => TokenScope::Write,
        };
        let actor = bearer::authenticate(app, token, needed, origin(request)).await;
        let actor = actor.map_err(raise)?;
        if let Some(user) = request.data::<LoggedUser>() {
            user.set(actor.id());
        }
        Ok(Self(actor))
    }
}

/// The token of a request.
fn token_of(request: &Request) -> Result<&str> {
    let missing = || raise(Error::Unauthenticated("log in and send the token in Authorization"));
    let values: Vec<_> = request.headers().get_all(header::AUTHORIZATION).iter().collect();
    let [value] = values.as_slice() else { return Err(missing()) };
    let (scheme, token) =
        value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(missing());
    }
    Ok(token.trim())
}

/// The token itself, for operations that outlive the guard's check.
pub(crate) struct Bearer(pub(crate) String);

impl<'a> FromRequest<'a> for Bearer {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        token_of(request).map(|token| Self(token.to_owned()))
    }
}

/// The origin of a request, as the outermost layer found it.
pub(crate) fn origin(request: &Request) -> Arc<Origin> {
    request.extensions().get::<Arc<Origin>>().cloned().unwrap_or_default()
}

/// The origin of a request, for operations without a login.
pub(crate) struct ClientOrigin(pub(crate) Arc<Origin>);

impl<'a> FromRequest<'a> for ClientOrigin {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        Ok(Self(origin(request)))
    }
}
