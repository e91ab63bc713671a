//! Who sends a token: the one of a session, or one of a program.

use shared::account::TokenScope;

use super::{api_tokens, sessions};
use crate::{
    app::App,
    error::Error,
    services::actor::{Actor, Origin},
};

/// Finds out who sends a token. Only those of programs have scopes.
pub async fn authenticate(
    app: &App,
    token: &str,
    needed: TokenScope,
    origin: Origin,
) -> Result<Actor, Error> {
    if api_tokens::is_one(token) {
        api_tokens::authenticate(app, token, needed, origin).await
    } else {
        sessions::authenticate(app, token, origin).await
    }
}
