//! Tokens in the format of OAuth 2.0.

use super::{PASSWORD_MAX, Refreshed, Session, TOKEN_MAX};
use crate::rules::EMAIL_MAX;

/// The supported grant types.
pub const GRANT_TYPES: &[&str] = &["password", "refresh_token"];

record! {
    /// Tokens in the format of OAuth 2.0 (RFC 6749, section 5.1).
    OAuthTokens {
        /// The access token, for `Authorization: Bearer …`.
        access_token: String => [max_length(TOKEN_MAX)],
        /// Always `Bearer`.
        token_type: String => [max_length(10), example("Bearer")],
        /// The seconds until the access token expires.
        expires_in: i64 => [range(1, i64::MAX), example(3600)],
        /// The refresh token. It can be exchanged for the next tokens once.
        refresh_token: String => [max_length(TOKEN_MAX)],
        /// The device token, as in the answer to `POST /api/auth/login`. Only with
        /// `grant_type=password`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        device: Option<String> => [max_length(TOKEN_MAX), optional()],
    }
}

impl From<Session> for OAuthTokens {
    fn from(session: Session) -> Self {
        Self {
            access_token: session.access,
            token_type: session.token_type,
            expires_in: session.expires_in,
            refresh_token: session.refresh,
            device: Some(session.device),
        }
    }
}

impl From<Refreshed> for OAuthTokens {
    fn from(next: Refreshed) -> Self {
        Self {
            access_token: next.access,
            token_type: next.token_type,
            expires_in: next.expires_in,
            refresh_token: next.refresh,
            device: None,
        }
    }
}

/// A request for tokens, sent as a form. Unknown parameters are ignored.
#[derive(Clone, Copy, Debug)]
pub struct TokenRequest;

#[cfg(feature = "openapi")]
impl crate::describe::Describe for TokenRequest {
    const NAME: Option<&'static str> = Some("TokenRequest");

    fn schema(
        registry: &mut poem_openapi::registry::Registry,
    ) -> poem_openapi::registry::MetaSchema {
        use poem_openapi::registry::MetaSchema;

        use crate::describe::{Members, Shape};
        let mut members = Members::new(registry);
        let doc = "The kind of credentials.";
        members.add::<String>("grant_type", doc, true, |shape| shape.only(GRANT_TYPES));
        for (name, doc, max) in [
            ("username", "E-mail address or username.", EMAIL_MAX),
            ("password", "The password.", PASSWORD_MAX),
            ("refresh_token", "The refresh token.", TOKEN_MAX),
            ("scope", "Absent or empty, because there are no scopes.", 0),
            ("device", "The device token from the last login to this account.", TOKEN_MAX),
        ] {
            members.add::<String>(name, doc, false, |shape| match name {
                "password" => shape.max_length(max).format("password"),
                _ => shape.max_length(max),
            });
        }
        let doc = "A request for tokens (RFC 6749, sections 4.3.2 and 6): with `username` and \
            `password`, or with `refresh_token`.";
        MetaSchema {
            additional_properties: Some(Box::new(Shape::of::<serde_json::Value>().finish())),
            example: Some(serde_json::json!({
                "grant_type": "password", "username": "ana@example.com",
                "password": "a long walk by the sea",
            })),
            ..members.finish(doc)
        }
    }
}
described!(TokenRequest);
