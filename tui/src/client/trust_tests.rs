//! The client against servers with certificates of all kinds.

use std::{
    io::{Read, Write},
    net::TcpListener,
    path::Path,
    sync::Arc,
    thread,
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tui_core::api::{Call, Failure};

use super::{Certificate, Client, Handles};
use crate::devices::DeviceFile;

/// What a certificate is made to say.
struct Made {
    pem: String,
    key: String,
}

fn params(name: &str, is_authority: bool) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    if is_authority {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    params
}

fn self_made(params: &CertificateParams) -> Made {
    let key = KeyPair::generate().unwrap();
    let made = params.self_signed(&key).unwrap();
    Made { pem: made.pem(), key: key.serialize_pem() }
}

/// Asks a server that has this certificate, trusting what another file names.
async fn ask(server: &Made, named: &str) -> Result<(), String> {
    ask_for_fingerprint(server, named).await.map(drop)
}

/// The same. Answers the fingerprint of the server's certificate, as the client has seen it.
async fn ask_for_fingerprint(server: &Made, named: &str) -> Result<Option<String>, String> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let chain: Vec<_> =
        CertificateDer::pem_slice_iter(server.pem.as_bytes()).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(server.key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let config = Arc::new(config);
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
        // A client that does not trust hangs up.
        if stream.read(&mut [0; 4096]).is_ok() {
            let _ = stream.write_all(b"HTTP/1.1 200 X\r\ncontent-length: 2\r\n\r\n{}");
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, named).unwrap();
    let certificate = Certificate::read(&file).unwrap();
    let url = format!("https://localhost:{port}").parse().unwrap();
    let devices = DeviceFile::default().at("");
    let client = Client::new(url, Some(&certificate), &Handles::default(), devices).unwrap();
    match client.send(&Call::Meta, None).await {
        Err(Failure::Offline(sentence)) => Err(sentence),
        // The server has answered something.
        _ => Ok(client.fingerprint()),
    }
}

#[tokio::test]
async fn a_self_made_certificate_that_is_named_is_trusted_for_what_it_says() {
    for is_authority in [false, true] {
        let good = self_made(&params("localhost", is_authority));
        assert_eq!(ask(&good, &good.pem).await, Ok(()), "{is_authority}");
        let other = self_made(&params("desk.example", is_authority));
        let refusal = ask(&other, &other.pem).await.unwrap_err();
        assert!(refusal.contains("another name"), "{refusal}");
        let mut old = params("localhost", is_authority);
        old.not_before = rcgen::date_time_ymd(2000, 1, 1);
        old.not_after = rcgen::date_time_ymd(2001, 1, 1);
        let old = self_made(&old);
        let refusal = ask(&old, &old.pem).await.unwrap_err();
        assert!(refusal.contains("it has expired"), "{refusal}");
        let mut early = params("localhost", is_authority);
        early.not_before = rcgen::date_time_ymd(4000, 1, 1);
        let early = self_made(&early);
        let refusal = ask(&early, &early.pem).await.unwrap_err();
        assert!(refusal.contains("not valid yet"), "{refusal}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_named_is_refused_whatever_it_says() {
    let named = self_made(&params("localhost", true));
    for is_authority in [false, true] {
        let stranger = self_made(&params("localhost", is_authority));
        let refusal = ask(&stranger, &named.pem).await.unwrap_err();
        assert!(refusal.contains("--ca-cert FILE trusts"), "{refusal}");
    }
}

#[tokio::test]
async fn a_named_authority_vouches_for_others() {
    let authority =
        CertifiedIssuer::self_signed(params("the clinic", true), KeyPair::generate().unwrap())
            .unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = params("localhost", false).signed_by(&key, &authority).unwrap();
    let server = Made { pem: leaf.pem(), key: key.serialize_pem() };
    assert_eq!(ask(&server, &authority.pem()).await, Ok(()));
    let leaf = params("desk.example", false).signed_by(&key, &authority).unwrap();
    let server = Made { pem: leaf.pem(), key: server.key };
    let refusal = ask(&server, &authority.pem()).await.unwrap_err();
    assert!(refusal.contains("another name"), "{refusal}");
}

#[tokio::test]
async fn the_fingerprint_is_the_one_of_the_servers_own_certificate() {
    let authority =
        CertifiedIssuer::self_signed(params("the clinic", true), KeyPair::generate().unwrap())
            .unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = params("localhost", false).signed_by(&key, &authority).unwrap();
    let server = Made { pem: leaf.pem(), key: key.serialize_pem() };
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, leaf.der());
    let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    let seen = ask_for_fingerprint(&server, &authority.pem()).await.unwrap().unwrap();
    assert_eq!(seen.replace(':', ""), hex);
    assert_eq!((seen.len(), seen.matches(':').count()), (95, 31));
}

#[test]
fn the_file_of_a_named_certificate_is_known_by_its_whole_path() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, self_made(&params("localhost", true)).pem).unwrap();
    let up =
        std::env::current_dir().unwrap().ancestors().skip(1).map(|_| "../").collect::<String>();
    let relative = Path::new(&up).join(file.strip_prefix("/").unwrap());
    let named = Certificate::read(&relative).unwrap();
    assert!(named.file().is_absolute(), "{}", named.file().display());
}
