//! Which certificates of servers are trusted: those of known authorities, of the authorities that
//! are named, and the named certificates themselves.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use ::aws_lc_rs::digest;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_cert_signed_by_trust_anchor, verify_server_name,
    },
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
    server::ParsedCertificate,
};
use rustls_platform_verifier::Verifier;

/// Certificates to trust besides the usual ones.
#[derive(Clone)]
pub(crate) struct Certificate {
    /// The file that names them, with its whole path.
    file: PathBuf,
    named: Vec<CertificateDer<'static>>,
}

impl Certificate {
    /// Reads a PEM file, which may hold several.
    ///
    /// Fails with one plain sentence.
    pub(crate) fn read(file: &Path) -> Result<Self, String> {
        let text = std::fs::read(file)
            .map_err(|e| format!("the certificate {} can't be read: {e}", file.display()))?;
        match CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>() {
            Ok(named) if !named.is_empty() => {
                let whole = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
                Ok(Self { file: whole, named })
            }
            _ => Err(format!("{} holds no certificate in PEM form", file.display())),
        }
    }

    /// The file that names them, with its whole path.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// The fingerprint of the first certificate.
    pub(crate) fn fingerprint(&self) -> Option<String> {
        self.named.first().map(|der| fingerprint(der))
    }

    /// How connections are encrypted where these are trusted.
    ///
    /// Fails where the system's certificates can't be read.
    pub(super) fn config(&self) -> Result<ClientConfig, Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = TrustNamed::new(self.named.clone(), Arc::clone(&provider))?;
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}

/// The SHA-256 of a certificate in DER form, as `openssl x509 -fingerprint -sha256` prints it.
pub(super) fn fingerprint(der: &[u8]) -> String {
    let digest = digest::digest(&digest::SHA256, der);
    let pairs: Vec<String> = digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

/// Trusts the named certificates for the names that they state and as long as they say, also where
/// one is a server's own and calls itself an authority (`CA:TRUE`, as `openssl req -x509` makes it),
/// which WebPKI refuses. All others are judged as usual, with the named ones as further
/// authorities.
#[derive(Debug)]
struct TrustNamed {
    named: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
    usual: Verifier,
}

impl TrustNamed {
    fn new(
        named: Vec<CertificateDer<'static>>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, Error> {
        let usual = Verifier::new_with_extra_roots(named.clone(), Arc::clone(&provider))?;
        Ok(Self { named, provider, usual })
    }

    /// Checks what a named certificate says of itself: name, lifetime, purpose.
    fn verify_named(
        &self,
        certificate: &CertificateDer<'_>,
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let parsed = ParsedCertificate::try_from(certificate)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        let nobody = RootCertStore::empty();
        match verify_server_cert_signed_by_trust_anchor(&parsed, &nobody, &[], now, algorithms) {
            // Nobody else vouches for it, or it is an authority: these two don't matter here.
            Ok(())
            | Err(Error::InvalidCertificate(
                CertificateError::UnknownIssuer | CertificateError::Other(_),
            )) => {}
            Err(refusal) => return Err(refusal),
        }
        verify_server_name(&parsed, name)?;
        Ok(ServerCertVerified::assertion())
    }
}

impl ServerCertVerifier for TrustNamed {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.named.contains(end_entity) {
            return self.verify_named(end_entity, server_name, now);
        }
        self.usual.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.usual.supported_verify_schemes()
    }
}
