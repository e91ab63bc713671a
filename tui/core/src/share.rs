//! What is known of the server in use for other machines.

/// Who serves.
#[derive(Clone, Debug, PartialEq)]
pub enum Server {
    /// A server whose address other machines reach.
    Open,
    /// A server at an address of its own machine only.
    Closed,
    /// The local desk, which is at such an address, too.
    Local {
        /// What a server needs to know to serve the same data; nothing for the usual folder.
        database_url: Option<String>,
        /// Whether others may open accounts themselves.
        is_registration_open: bool,
    },
    /// A throw-away desk.
    Sample,
}

/// A certificate, as people compare it.
#[derive(Clone, Debug, PartialEq)]
pub struct Certificate {
    /// The SHA-256 of its DER form: pairs of digits with colons between them.
    pub fingerprint: String,
    /// The file that names it as trusted, where one does. None: it is the server's own.
    pub file: Option<String>,
}

/// What is known of the server in use.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// Who serves.
    pub server: Server,
    /// Its address, without a slash at its end.
    pub address: String,
    /// The certificate that another machine has to trust, where there is one.
    pub certificate: Option<Certificate>,
    /// What the network calls this machine.
    pub machine: String,
}
