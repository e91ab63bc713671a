//! What another machine has to type to use the server in use, or what has to be started before it can.

use super::{
    Intent,
    choose::{self, Choice},
};
use crate::share::{Certificate, Server, Share};

/// The port at which a server for other machines is proposed.
const PORT: u16 = 8443;
/// The files of the proposed certificate and of its key.
const CERTIFICATE: &str = "--tls-cert cert.pem --tls-key key.pem";

/// The layer that says it.
pub fn init(share: &Share) -> choose::State {
    let (words, choices) = match &share.server {
        Server::Open => open(share),
        Server::Sample => {
            let words =
                "Invented people are shared with nobody. Share a desk that you have set up.";
            (words.to_owned(), Vec::new())
        }
        Server::Closed => {
            let words = "Only its own machine reaches this server. Start it with these settings, beside \
                         those that it has. Enter copies a command.";
            (words.to_owned(), closed(share, ""))
        }
        Server::Local { database_url, is_registration_open } => {
            let words = "Only this machine reaches the local desk. To share it, close all its windows \
                         and start a server on its data. Enter copies a command.";
            let mut more = String::new();
            if !is_registration_open {
                more.push_str(" --registration closed");
            }
            if let Some(url) = database_url {
                more.push_str(&format!(" --database-url {}", quoted(url)));
            }
            (words.to_owned(), closed(share, &more))
        }
    };
    choose::init("Share this desk", choices).saying(words)
}

/// A server that others reach: what they type, and the certificate that they find there.
fn open(share: &Share) -> (String, Vec<Choice>) {
    let mut command = format!("frontdesk --server {}", quoted(&share.address));
    let mut words =
        "On the other machine type what is selected, and log in with an account of your \
                     own. Enter copies it."
            .to_owned();
    if share.address.starts_with("http://") {
        words.push_str(" The connection is not encrypted: the network can read everything.");
    }
    let mut choices = Vec::new();
    if let Some(Certificate { fingerprint, file }) = &share.certificate {
        let label = match file {
            Some(file) => {
                command.push_str(" --ca-cert cert.pem");
                words.push_str(&format!(" cert.pem is a copy of {file}."));
                "SHA-256 fingerprint of cert.pem, to compare"
            }
            None => "SHA-256 fingerprint of the server's certificate, to compare",
        };
        let mut choice = copied(label, fingerprint);
        // Both halves have to be compared: one in each line.
        let half = fingerprint.len().div_ceil(2);
        let (first, second) = fingerprint.split_at_checked(half).unwrap_or((fingerprint, ""));
        choice.lines.truncate(1);
        choice.lines.extend([first, second].map(str::to_owned));
        choices.push(choice);
    }
    choices.insert(0, copied("On the other machine", &command));
    (words, choices)
}

/// A server that others do not reach yet: what has to be started, and what they type then.
fn closed(share: &Share, more: &str) -> Vec<Choice> {
    let name = quoted(&share.machine);
    let certificate = format!(
        "openssl req -x509 -newkey rsa:3072 -nodes -days 825 -subj /CN={name} -addext \
         subjectAltName=DNS:{name} -keyout key.pem -out cert.pem"
    );
    let server = format!(
        "frontdesk-server --listen 0.0.0.0:{PORT} {CERTIFICATE} --allowed-hosts {name}{more}"
    );
    let client = format!("frontdesk --server https://{name}:{PORT} --ca-cert cert.pem");
    vec![
        copied("1. A certificate, unless the clinic has one", &certificate),
        copied("2. The server", &server),
        copied("3. On every machine, with a copy of cert.pem", &client),
    ]
}

/// A text that is copied by choosing it.
fn copied(label: &str, text: &str) -> Choice {
    Choice {
        lines: vec![label.to_owned(), text.to_owned()],
        intents: Intent::copy(text.to_owned(), "It"),
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+[]".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}
