//! Believable people for trying things out.

use crate::{app::App, error::Error};

/// Fills an empty database; answers the administrator's e-mail address and password.
pub async fn furnish(_: &App) -> Result<(String, String), Error> {
    Err(Error::internal("no sample yet"))
}
