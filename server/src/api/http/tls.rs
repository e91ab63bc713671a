//! TLS. The certificate's files are checked for changes while the server runs, so that a renewed
//! certificate needs no restart.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aws_lc_rs::digest;
use chrono::{DateTime, TimeDelta, Utc};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio_rustls::TlsAcceptor;

use super::certificate;
use crate::{clock::Clock, config::Settings, finding::Finding};

/// How long a certificate is used before its files are checked again.
const CHECK_AFTER: TimeDelta = TimeDelta::seconds(10);

/// The TLS configuration of a listener, with the files it comes from.
pub(crate) struct Tls {
    cert: PathBuf,
    key: PathBuf,
    clock: Clock,
    held: Mutex<Held>,
}

struct Held {
    config: Arc<ServerConfig>,
    /// The hash of the files' contents at the last check; `None` where they could not be read.
    seen: Option<Vec<u8>>,
    looked_at: DateTime<Utc>,
}

impl Tls {
    /// Reads the certificate and the key, if the settings name them.
    ///
    /// Fails with a sentence for the operator where they can't be used.
    pub(crate) fn open(settings: &Settings, clock: &Clock) -> Result<Option<Self>, String> {
        let Some((cert, key)) = settings.tls()? else { return Ok(None) };
        let pems = Pems::read(cert, key)?;
        let held = Held { config: pems.config()?, seen: Some(pems.hash()), looked_at: clock.now() };
        let (cert, key) = (cert.to_owned(), key.to_owned());
        Ok(Some(Self { cert, key, clock: clock.clone(), held: Mutex::new(held) }))
    }

    /// The acceptor for the next connection. If the files have changed but can't be used, the
    /// certificate in use stays, and the log says why, once.
    pub(crate) async fn acceptor(&self) -> TlsAcceptor {
        if self.is_due() {
            let (cert, key) = (self.cert.clone(), self.key.clone());
            // The files may be on slow storage. Only this connection waits for them.
            let read = tokio::task::spawn_blocking(move || Pems::read(&cert, &key)).await;
            self.take(read.map_err(|error| error.to_string()).flatten());
        }
        TlsAcceptor::from(Arc::clone(&self.held().config))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the files are due for a check. The first caller gets `true`; the next ones get
    /// `false` until [`CHECK_AFTER`] has passed again.
    fn is_due(&self) -> bool {
        let now = self.clock.now();
        let mut held = self.held();
        let is_due = (now - held.looked_at).abs() >= CHECK_AFTER;
        if is_due {
            held.looked_at = now;
        }
        is_due
    }

    fn take(&self, pems: Result<Pems, String>) {
        let seen = pems.as_ref().ok().map(Pems::hash);
        let mut held = self.held();
        if seen == held.seen {
            return;
        }
        held.seen = seen;
        match pems.and_then(|pems| pems.config()) {
            Ok(config) => {
                held.config = config;
                tracing::info!("the TLS certificate was reloaded");
            }
            Err(sentence) => {
                tracing::error!(
                    "the TLS certificate was not reloaded, the one in use stays: {sentence}"
                );
            }
        }
    }
}

/// Checks that the certificate and the key can be used, if the settings name them. The finding names
/// the hosts of the certificate and its end.
///
/// Fails with a sentence for the operator.
pub fn check(settings: &Settings, now: DateTime<Utc>) -> Result<Option<Finding>, String> {
    let Some((cert, key)) = settings.tls()? else { return Ok(None) };
    let pems = Pems::read(cert, key)?;
    pems.config()?;
    let host = settings.public_url.as_ref().and_then(url::Url::host_str);
    let place = format!("the certificate {}", cert.display());
    let found = certificate::inspect(&pems.chain()?, host, now);
    let found = found.map_err(|why| format!("{place} {why}"))?;
    Ok(Some(Finding { detail: format!("{place} {}", found.detail), ..found }))
}

/// The paths and contents of both files.
struct Pems {
    cert: (PathBuf, Vec<u8>),
    key: (PathBuf, Vec<u8>),
}

impl Pems {
    fn read(cert: &Path, key: &Path) -> Result<Self, String> {
        let read = |path: &Path| {
            let text = std::fs::read(path);
            text.map(|text| (path.to_owned(), text))
                .map_err(|error| format!("the TLS file {} can't be read: {error}", path.display()))
        };
        Ok(Self { cert: read(cert)?, key: read(key)? })
    }

    fn hash(&self) -> Vec<u8> {
        let mut context = digest::Context::new(&digest::SHA256);
        for (_, text) in [&self.cert, &self.key] {
            context.update(&(text.len() as u64).to_be_bytes());
            context.update(text);
        }
        context.finish().as_ref().to_vec()
    }

    fn chain(&self) -> Result<Vec<CertificateDer<'static>>, String> {
        let (path, text) = &self.cert;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        chain.ok_or_else(|| format!("{} holds no certificate in PEM", path.display()))
    }

    fn config(&self) -> Result<Arc<ServerConfig>, String> {
        let chain = self.chain()?;
        let (path, text) = &self.key;
        let key = PrivateKeyDer::from_pem_slice(text)
            .map_err(|_| format!("{} holds no private key in PEM", path.display()))?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let unusable = |error| {
            let (cert, key) = (self.cert.0.display(), self.key.0.display());
            format!("the TLS files {cert} and {key} can't be used together: {error}")
        };
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(unusable)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}
