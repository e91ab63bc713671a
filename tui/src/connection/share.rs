//! What other machines need to know of the server in use.

use std::sync::PoisonError;

use tui_core::share::{Certificate, Server, Share};

use super::{Connection, Link, With, address::plain};
use crate::client::is_loopback;

/// Stands for a machine whose system does not say what it is called.
const UNNAMED: &str = "THIS-MACHINE";

impl Connection {
    /// What is known of the server in use for other machines.
    pub(crate) fn share(&self) -> Option<Share> {
        let Link { client, with } = self.link()?;
        let url = client.url();
        let is_registration_open = {
            let settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
            settings.is_registration_open
        };
        let server = match with {
            With::Sample => Server::Sample,
            With::Local => Server::Local {
                database_url: self
                    .data
                    .as_ref()
                    .map(|data| format!("sqlite:{data}/frontdesk.sqlite")),
                is_registration_open,
            },
            With::Server if is_loopback(&url) => Server::Closed,
            With::Server => Server::Open,
        };
        let named = self.certificate.as_ref().filter(|_| url.scheme() == "https");
        let certificate = match named {
            Some(named) => named.fingerprint().map(|fingerprint| Certificate {
                fingerprint,
                file: Some(named.file().display().to_string()),
            }),
            None => client.fingerprint().map(|fingerprint| Certificate { fingerprint, file: None }),
        };
        let machine = hostname::get()
            .map_or_else(|_| UNNAMED.to_owned(), |name| name.to_string_lossy().into_owned());
        Some(Share { server, address: plain(&url), certificate, machine })
    }
}
