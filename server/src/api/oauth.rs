//! Logging in with OAuth 2.0 (RFC 6749), for programs that support only that, such as *Authorize*
//! in Swagger UI.

use poem::{Request, RequestBody, Result};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions, OpenApi,
    registry::{MetaMediaType, MetaRequest, Registry},
    types::Type as _,
};
use serde_json::Value;
use shared::{
    FieldError, FieldErrors,
    account::{GRANT_TYPES, Login, OAuthTokens, PASSWORD_MAX, TOKEN_MAX, TokenRequest},
    query::NoQuery,
    read::{self, Reader},
    rules::EMAIL_MAX,
};

use super::{
    Tag,
    wire::{
        body::{bytes, has_media_type},
        failure::{Failure, Granting},
        guard::ClientOrigin,
        params::QueryParams,
        problem::{Refusal, raise},
        reply::Reply,
    },
};
use crate::{
    app::App,
    domain::accounts::{login, sessions},
    error::{Error, TokenRefusal},
};

const FORM: &str = "application/x-www-form-urlencoded";
const PASSWORD: &str = "password";
const REFRESH_TOKEN: &str = "refresh_token";

pub(super) struct OAuthApi(pub(super) App);

#[OpenApi(prefix_path = "/api/auth/oauth", tag = "Tag::Auth")]
impl OAuthApi {
    /// Log in with OAuth 2.0
    ///
    /// Equivalent to `POST /api/auth/login` and `POST /api/auth/token/refresh`, in the form of RFC
    /// 6749 (sections 4.3 and 6). `username` is an e-mail address or a username. There are no
    /// registered clients and no scopes: client credentials and unknown parameters are ignored.
    /// `error` holds the code of RFC 6749 (section 5.2).
    #[oai(path = "/token", method = "post", operation_id = "request_tokens")]
    async fn request_tokens(
        &self,
        ClientOrigin(origin): ClientOrigin,
        _query: QueryParams<NoQuery>,
        grant: Grant,
    ) -> Result<Reply<OAuthTokens>, Failure<Granting>> {
        let tokens = match grant {
            Grant::Password(login) => {
                login::log_in(&self.0, &origin, login).await.map(OAuthTokens::from)
            }
            Grant::RefreshToken(token) => {
                sessions::refresh(&self.0, &token, &origin).await.map(OAuthTokens::from)
            }
        };
        Ok(Reply::secret(tokens.map_err(TokenRefusal::of)?))
    }
}

/// The credentials in a token request.
pub(super) enum Grant {
    Password(Login),
    RefreshToken(String),
}

impl Grant {
    /// Reads the parameters of a form. Unknown ones are ignored, and one without a value counts as
    /// absent (RFC 6749, section 3.2).
    fn read(form: &[u8]) -> Result<Self, TokenRefusal> {
        if percent_encoding::percent_decode(form).decode_utf8().is_err() {
            let error = FieldError::new("not_utf8", "is not UTF-8");
            return Err(TokenRefusal::InvalidRequest(FieldErrors::one("body", error)));
        }
        let pairs = url::form_urlencoded::parse(form).into_owned();
        let members = pairs.map(|(name, value)| (name, Value::String(value)));
        let mut reader = Reader::from_members(members.collect());
        let grant_type = reader.required("grant_type", read::line(TOKEN_MAX));
        if reader.member("scope", read::line(TOKEN_MAX)).into_value().is_some() {
            let error = FieldError::new("unknown", "must be left out: there are no scopes");
            return Err(TokenRefusal::InvalidScope(FieldErrors::one("scope", error)));
        }
        if grant_type.as_deref().is_some_and(|it| !GRANT_TYPES.contains(&it)) {
            let error = FieldError::not_one_of(GRANT_TYPES);
            let errors = FieldErrors::one("grant_type", error);
            return Err(TokenRefusal::UnsupportedGrantType(errors));
        }
        let is_login = grant_type.as_deref() == Some(PASSWORD);
        let is_refresh = grant_type.as_deref() == Some(REFRESH_TOKEN);
        // Each parameter has its own limit, whether or not the grant type uses it.
        let identifier = take(&mut reader, "username", is_login, read::line(EMAIL_MAX));
        let password = take(&mut reader, "password", is_login, read::secret(PASSWORD_MAX));
        let refresh = take(&mut reader, REFRESH_TOKEN, is_refresh, read::secret(TOKEN_MAX));
        let device = take(&mut reader, "device", false, read::secret(TOKEN_MAX));
        let grant = match is_refresh {
            true => refresh.map(Self::RefreshToken),
            false => identifier.zip(password).map(|(identifier, password)| {
                Self::Password(Login { identifier, password, device })
            }),
        };
        match grant {
            Some(grant) if reader.errors.is_empty() => Ok(grant),
            _ => Err(TokenRefusal::InvalidRequest(reader.errors)),
        }
    }
}

/// Reads a parameter of a form. Only a required parameter must be present.
fn take(
    reader: &mut Reader,
    name: &'static str,
    is_needed: bool,
    rule: impl Fn(Value) -> Result<Option<String>, FieldError>,
) -> Option<String> {
    match is_needed {
        true => reader.required(name, rule),
        false => reader.member(name, rule).into_value(),
    }
}

impl<'a> ApiExtractor<'a> for Grant {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        TokenRequest::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content =
            vec![MetaMediaType { content_type: FORM, schema: TokenRequest::schema_ref() }];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let form = bytes(request, body).await?;
        if !has_media_type(request, |essence| essence.eq_ignore_ascii_case(FORM)) {
            return Err(Refusal::UnsupportedMediaType(FORM).raise());
        }
        Self::read(&form).map_err(|refusal| raise(Error::TokenRequest(refusal)))
    }
}
