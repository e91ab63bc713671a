//! Bearer tokens: the access token of a session, or an API token.

use std::sync::Arc;

use shared::account::TokenScope;

use super::{api_tokens, sessions};
use crate::{
    app::App,
    error::Error,
    services::actor::{Actor, Origin},
};

/// Authenticates a Bearer token. An API token must have the scope `needed`; access tokens have no
/// scopes.
pub async fn authenticate(
    app: &App,
    token: &str,
    needed: TokenScope,
    origin: Arc<Origin>,
) -> Result<Actor, Error> {
    if api_tokens::is_one(token) {
        api_tokens::authenticate(app, token, needed, origin).await
    } else {
        sessions::authenticate(app, token, origin).await
    }
}
