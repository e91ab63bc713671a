//! Tokens in the form of OAuth 2.0.

use super::{Refreshed, Session, TOKEN_MAX};

record! {
    /// Tokens, as OAuth 2.0 answers them (RFC 6749, section 5.1).
    OAuthTokens {
        /// The access token: goes into `Authorization: Bearer …`.
        access_token: String => [max_length(TOKEN_MAX)],
        /// Always `Bearer`.
        token_type: String => [max_length(10), example("Bearer")],
        /// Seconds until the access token expires.
        expires_in: i64 => [range(1, i64::MAX), example(3600)],
        /// The refresh token: gets the next tokens, once.
        refresh_token: String => [max_length(TOKEN_MAX)],
        /// The device token, as `POST /api/auth/login` answers it; only with `grant_type=password`.
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
