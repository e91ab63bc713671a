//! API tokens for unattended programs. A token has at most the rights of its user.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{
    Expected, FieldError,
    id::ApiTokenId,
    moment::{MOMENT_MAX, Moment},
    query, read,
};

/// The longest name of a token.
pub const TOKEN_NAME_MAX: usize = 100;
/// The longest lifetime of a token that expires, in days.
pub const TOKEN_DAYS_MAX: i64 = 5 * 366;
/// The maximum number of tokens per user.
pub const TOKENS_MAX: i64 = 50;

choice! {
    /// A permission of a token. Neither includes the other.
    TokenScope {
        /// GET and HEAD.
        Read = "read",
        /// Every other method.
        Write = "write",
    }
}

record! {
    /// An API token, without its secret.
    ApiToken {
        /// The token's id.
        id: ApiTokenId,
        /// Its purpose, in the user's words.
        name: String => [max_length(TOKEN_NAME_MAX), example("Nightly export")],
        /// The granted scopes.
        scopes: Vec<TokenScope> => [max_items(2)],
        /// The time of creation.
        created_at: DateTime<Utc>,
        /// The time of the last use, to the minute.
        last_used_at: Option<DateTime<Utc>>,
        /// The time at which it expires, or null if it is valid until it is revoked.
        expires_at: Option<DateTime<Utc>>,
    }
}

#[cfg(feature = "openapi")]
impl crate::page::Listed for ApiToken {
    const PAGE: &'static str = "ApiTokenPage";
}

record! {
    /// A new API token. No other answer shows its secret.
    CreatedApiToken {
        /// The token's id.
        id: ApiTokenId,
        /// Its purpose, in the user's words.
        name: String => [max_length(TOKEN_NAME_MAX), example("Nightly export")],
        /// The granted scopes.
        scopes: Vec<TokenScope> => [max_items(2)],
        /// The time of creation.
        created_at: DateTime<Utc>,
        /// The time of the last use, to the minute.
        last_used_at: Option<DateTime<Utc>>,
        /// The time at which it expires, or null if it is valid until it is revoked.
        expires_at: Option<DateTime<Utc>>,
        /// The secret, for `Authorization: Bearer …`. It is not stored and never shown again.
        token: String => [max_length(100), example("fdt_uI7Wm0nSx5Tg0kq1yZ2C6b3R8v9D4eF7hJ1LpQwXsYo")],
    }
}

body! {
    /// A new API token.
    #[derive(Clone, Debug, PartialEq)]
    NewApiToken, example {"name": "Nightly export", "scopes": ["read"]} {
        /// Its purpose, in the user's words.
        name: String = required(read::line(TOKEN_NAME_MAX))
            => [min_length(1), max_length(TOKEN_NAME_MAX), example("Nightly export")],
        /// The time at which it expires, in the future and within five years. Without it, the
        /// token is valid until it is revoked.
        expires_at: Option<DateTime<Utc>> = optional(query::parsed(MOMENT_MAX, moment)),
        /// The granted scopes: `read` for GET and HEAD, `write` for every other method. Neither
        /// includes the other.
        scopes: Vec<TokenScope> = required(scopes)
            => [min_items(1), max_items(2), unique_items()],
    }
}

fn moment(text: &str) -> Result<DateTime<Utc>, FieldError> {
    text.parse().map(|moment: Moment| moment.0)
}

/// Reads a list of scopes without repetitions.
fn scopes(value: Value) -> Result<Option<Vec<TokenScope>>, FieldError> {
    let Value::Array(items) = value else { return Err(FieldError::wrong_type(Expected::Array)) };
    let mut scopes = Vec::new();
    for item in items {
        let scope = item
            .as_str()
            .and_then(|text| TokenScope::ALL.iter().find(|scope| scope.as_str() == text).copied());
        let scope = scope.ok_or_else(|| FieldError::not_one_of(TokenScope::TEXTS))?;
        if scopes.contains(&scope) {
            return Err(FieldError::new("repeated", format!("has {scope} twice")));
        }
        scopes.push(scope);
    }
    Ok(Some(scopes).filter(|scopes| !scopes.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_known_and_given_once() {
        let code = |json: Value| match scopes(json) {
            Ok(scopes) => scopes.map_or("none".to_owned(), |it| format!("{it:?}")),
            Err(error) => error.code.to_owned(),
        };
        assert_eq!(code(serde_json::json!(["write", "read"])), "[Write, Read]");
        assert_eq!(code(serde_json::json!([])), "none");
        assert_eq!(code(serde_json::json!("read")), "wrong_type");
        assert_eq!(code(serde_json::json!(["read", "admin"])), "not_one_of");
        assert_eq!(code(serde_json::json!(["read", 1])), "not_one_of");
        assert_eq!(code(serde_json::json!(["read", "read"])), "repeated");
    }
}
