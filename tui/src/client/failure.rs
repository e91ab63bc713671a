//! Why no answer came, in words for people.

use std::{error::Error, io};

use tui_core::api::Failure;
use url::Url;

/// What went wrong on the way.
pub(super) enum Broken {
    /// The transport says so.
    Transport(reqwest::Error),
    /// The answer is longer than anything that the server says.
    TooLong,
}

impl From<reqwest::Error> for Broken {
    fn from(error: reqwest::Error) -> Self {
        Self::Transport(error)
    }
}

/// The failure that the core gets to see.
///
/// Where no connection was made, nothing was sent. After that, a write may have been done.
pub(super) fn of(broken: &Broken, is_write: bool, host: &str) -> Failure {
    let error = match broken {
        Broken::TooLong => return Failure::Garbled("it is longer than it may be".to_owned()),
        Broken::Transport(error) => error,
    };
    if error.is_connect() || error.is_builder() {
        return Failure::Offline(cause(error, host));
    }
    let sentence = if error.is_timeout() {
        format!("{host} did not answer in time")
    } else {
        format!("the connection to {host} broke")
    };
    if is_write { Failure::Unknown(sentence) } else { Failure::Offline(sentence) }
}

/// The host and port as people know them.
pub(super) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Why there is no connection, without the address, which may hold what somebody searched for.
pub(super) fn cause(error: &reqwest::Error, host: &str) -> String {
    let mut deepest: &dyn Error = error;
    let mut kind = None;
    while let Some(source) = deepest.source() {
        deepest = source;
        kind = deepest.downcast_ref::<io::Error>().map(io::Error::kind).or(kind);
    }
    let text = deepest.to_string();
    match kind {
        Some(io::ErrorKind::ConnectionRefused) => format!("nothing answers at {host}"),
        _ if text.contains("certificate") => {
            format!("the certificate of {host} is not trusted: {}", distrust(&text))
        }
        _ if text.contains("corrupt message") => {
            format!("{host} does not speak https; http:// may be meant")
        }
        _ if text.contains("lookup") => format!("no machine called {host} is known"),
        Some(io::ErrorKind::TimedOut) => format!("{host} does not answer"),
        _ if error.is_timeout() => format!("{host} does not answer"),
        _ if std::ptr::eq(deepest, error as &dyn Error) => format!("{host} can't be asked"),
        _ => format!("{host}: {text}"),
    }
}

/// What is wrong with a certificate, for people who have never seen one.
fn distrust(text: &str) -> String {
    let known = [
        (
            "UnknownIssuer",
            "it comes from nobody known here; --ca-cert FILE trusts the clinic's own",
        ),
        ("SelfSigned", "it comes from nobody known here; --ca-cert FILE trusts the clinic's own"),
        (
            "CaUsedAsEndEntity",
            "it comes from nobody known here; --ca-cert FILE trusts the clinic's own",
        ),
        (
            "BadSignature",
            "it was not made by the authority that it names; --ca-cert FILE trusts the clinic's own",
        ),
        ("not valid for name", "it belongs to a server of another name"),
        ("NotValidForName", "it belongs to a server of another name"),
        ("not valid yet", "it is not valid yet; is this machine's clock right?"),
        ("NotValidYet", "it is not valid yet; is this machine's clock right?"),
        ("xpired", "it has expired"),
    ];
    let found = known.iter().find(|(mark, _)| text.contains(mark));
    found.map_or_else(|| format!("{text}; see --ca-cert"), |(_, words)| (*words).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_certificate_is_said_in_words() {
        for (text, words) in [
            ("invalid peer certificate: UnknownIssuer", "nobody known here"),
            ("invalid peer certificate: certificate expired: verified at …", "has expired"),
            ("invalid peer certificate: certificate not valid for name \"x\"", "another name"),
            ("invalid peer certificate: BadSignature", "--ca-cert FILE trusts"),
            ("invalid peer certificate: BadEncoding", "BadEncoding; see --ca-cert"),
        ] {
            assert!(distrust(text).contains(words), "{text}");
        }
    }
}
