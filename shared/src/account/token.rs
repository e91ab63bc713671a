//! API tokens: for unattended programs, with no more rights than their user.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{
    Expected, FieldError,
    id::ApiTokenId,
    moment::{MOMENT_MAX, Moment},
    query, read,
};

/// Longest name of a token.
pub const TOKEN_NAME_MAX: usize = 100;
/// Longest life of a token that ends, in days.
pub const TOKEN_DAYS_MAX: i64 = 5 * 366;
/// Most tokens of one user.
pub const TOKENS_MAX: i64 = 50;

choice! {
    /// What a token may be used for. Neither includes the other.
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
        /// What it is for, in its user's words.
        name: String => [max_length(TOKEN_NAME_MAX), example("Nightly export")],
        /// What it may be used for.
        scopes: Vec<TokenScope> => [max_items(2)],
        /// When it was made.
        created_at: DateTime<Utc>,
        /// When it was last used, to the minute.
        last_used_at: Option<DateTime<Utc>>,
        /// When it ends; null where it lasts until it is revoked.
        expires_at: Option<DateTime<Utc>>,
    }
}

#[cfg(feature = "openapi")]
impl crate::page::Listed for ApiToken {
    const PAGE: &'static str = "ApiTokenPage";
}

record! {
    /// A new API token, in the only answer that shows its secret.
    CreatedApiToken {
        /// The token's id.
        id: ApiTokenId,
        /// What it is for, in its user's words.
        name: String => [max_length(TOKEN_NAME_MAX), example("Nightly export")],
        /// What it may be used for.
        scopes: Vec<TokenScope> => [max_items(2)],
        /// When it was made.
        created_at: DateTime<Utc>,
        /// When it was last used, to the minute.
        last_used_at: Option<DateTime<Utc>>,
        /// When it ends; null where it lasts until it is revoked.
        expires_at: Option<DateTime<Utc>>,
        /// The secret: goes into `Authorization: Bearer …`. It is not kept and never shown again.
        token: String => [max_length(100), example("fdt_uI7Wm0nSx5Tg0kq1yZ2C6b3R8v9D4eF7hJ1LpQwXsYo")],
    }
}

body! {
    /// An API token to be made.
    #[derive(Clone, Debug, PartialEq)]
    NewApiToken, example {"name": "Nightly export", "scopes": ["read"]} {
        /// What it is for.
        name: String = required(read::line(TOKEN_NAME_MAX))
            => [min_length(1), max_length(TOKEN_NAME_MAX), example("Nightly export")],
        /// When it ends: later than now, within five years. Without it the token lasts until it is
        /// revoked.
        expires_at: Option<DateTime<Utc>> = optional(query::parsed(MOMENT_MAX, moment)),
        /// What it may be used for: `read` for GET and HEAD, `write` for every other method. Neither
        /// includes the other.
        scopes: Vec<TokenScope> = required(scopes)
            => [min_items(1), max_items(2), unique_items()],
    }
}

fn moment(text: &str) -> Result<DateTime<Utc>, FieldError> {
    text.parse().map(|moment: Moment| moment.0)
}

/// A rule for a list of scopes, each at most once.
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
            Err(complaint) => complaint.code.to_owned(),
        };
        assert_eq!(code(serde_json::json!(["write", "read"])), "[Write, Read]");
        assert_eq!(code(serde_json::json!([])), "none");
        assert_eq!(code(serde_json::json!("read")), "wrong_type");
        assert_eq!(code(serde_json::json!(["read", "admin"])), "not_one_of");
        assert_eq!(code(serde_json::json!(["read", 1])), "not_one_of");
        assert_eq!(code(serde_json::json!(["read", "read"])), "repeated");
    }
}
