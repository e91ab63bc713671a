//! HTTP below the operations: connections, TLS, and what happens around every request.

pub(crate) mod caller;
pub(crate) mod certificate;
pub mod connections;
pub(crate) mod cors;
pub(crate) mod layers;
pub(crate) mod monitor;
pub mod tls;
