//! TLS in the server itself.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    time::Duration,
};

use chrono::TimeDelta;
use serde_json::json;

use crate::{
    crash::program,
    harness::{Backend, Place, Server},
};

/// Writes a new certificate for this machine and its key into a folder. Returns the certificate.
pub(crate) fn write_certificate(folder: &Path) -> Vec<u8> {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    std::fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    made.cert.pem().into_bytes()
}

/// A server with TLS, and its certificate.
async fn server(folder: &Path) -> (Server, Vec<u8>) {
    let certificate = write_certificate(folder);
    let server = Server::start_with(Backend::Sqlite, |settings| {
        settings.tls_cert = Some(folder.join("cert.pem"));
        settings.tls_key = Some(folder.join("key.pem"));
    })
    .await;
    (server, certificate)
}

/// A client that trusts only this certificate.
fn client(certificate: &[u8]) -> reqwest::ClientBuilder {
    let certificate = reqwest::Certificate::from_pem(certificate).unwrap();
    reqwest::Client::builder().no_proxy().tls_certs_only([certificate])
}

async fn status(client: &reqwest::Client, address: SocketAddr) -> Option<u16> {
    let url = format!("https://localhost:{}/api/meta", address.port());
    client.get(url).send().await.ok().map(|answer| answer.status().as_u16())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_versions_of_http_work_over_tls_with_https_links() {
    let folder = tempfile::tempdir().unwrap();
    let (server, certificate) = server(folder.path()).await;
    let base = format!("https://localhost:{}", server.address.port());
    let account = json!({"email": "ana@example.com", "password": "a long walk by the sea"});
    for (http, version) in [
        (client(&certificate).build().unwrap(), reqwest::Version::HTTP_2),
        (client(&certificate).http1_only().build().unwrap(), reqwest::Version::HTTP_11),
    ] {
        let call = if version == reqwest::Version::HTTP_2 { "register" } else { "login" };
        let request = http.post(format!("{base}/api/auth/{call}")).json(&account);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.version(), version);
        assert!(answer.headers().contains_key("x-request-id"));
        assert!(!answer.headers().contains_key("strict-transport-security"));
        let session: serde_json::Value = answer.json().await.unwrap();
        let token = session["access"].as_str().unwrap();
        for _ in 0..2 {
            let request = http.post(format!("{base}/api/patients")).bearer_auth(token);
            let answer = request.json(&json!({"first_name": "Ana"})).send().await.unwrap();
            assert_eq!(answer.status(), 201);
        }
        let request = http.get(format!("{base}/api/patients?page_size=1")).bearer_auth(token);
        let list: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
        assert!(list["next"].as_str().unwrap().starts_with(&format!("{base}/api/")), "{list}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_those_who_trust_the_certificate_connect_and_not_with_an_old_version() {
    let folder = tempfile::tempdir().unwrap();
    let (server, certificate) = server(folder.path()).await;
    let other = write_certificate(tempfile::tempdir().unwrap().path());
    assert_eq!(status(&client(&other).build().unwrap(), server.address).await, None);
    for version in [reqwest::tls::Version::TLS_1_2, reqwest::tls::Version::TLS_1_3] {
        let only = client(&certificate).tls_version_min(version).tls_version_max(version);
        assert_eq!(status(&only.build().unwrap(), server.address).await, Some(200), "{version:?}");
    }
}

/// The bytes that a raw socket receives until the server closes it.
fn conversation(address: SocketAddr, says: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(says).unwrap();
    // Far beyond the server's deadline: a socket that stays open fails the test.
    stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
    let mut heard = Vec::new();
    match stream.read_to_end(&mut heard) {
        Ok(_) => heard,
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => heard,
        Err(error) => panic!("the socket was kept open: {error}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn plain_http_and_slow_handshakes_are_closed() {
    let folder = tempfile::tempdir().unwrap();
    let (server, certificate) = server(folder.path()).await;
    let address = server.address;
    // TLS 1.1 at most, then a record that announces more than is sent, then nothing.
    let old = b"\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x02\
        01234567890123456789012345678901\x00\x00\x04\x00\x2f\x00\x35\x01\x00";
    let plain = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let talks = [&plain[..], old, b"\x16\x03\x01\x02\x00\x01", b""]
        .map(|says| tokio::task::spawn_blocking(move || conversation(address, says)));
    let http = client(&certificate).build().unwrap();
    assert_eq!(status(&http, address).await, Some(200), "others have to wait");
    for talk in talks {
        let heard = talk.await.unwrap();
        assert!(!String::from_utf8_lossy(&heard).contains("HTTP"), "{heard:?}");
        // At most an alert, which is a record of 7 bytes.
        assert!(heard.len() <= 7, "{heard:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewed_certificate_is_used_without_a_restart_and_a_bad_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (server, first) = server(folder.path()).await;
    let is_served = async |certificate: &[u8]| {
        status(&client(certificate).build().unwrap(), server.address).await == Some(200)
    };
    let later = || server.app.clock().advance(TimeDelta::minutes(1));
    assert!(is_served(&first).await);
    std::fs::write(folder.path().join("cert.pem"), "half of it").unwrap();
    later();
    assert!(is_served(&first).await, "a file without a certificate was taken");
    let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
    std::fs::write(folder.path().join("cert.pem"), &first).unwrap();
    std::fs::write(folder.path().join("key.pem"), key).unwrap();
    later();
    assert!(is_served(&first).await, "a key of another certificate was taken");
    std::fs::remove_file(folder.path().join("key.pem")).unwrap();
    later();
    assert!(is_served(&first).await);
    let second = write_certificate(folder.path());
    later();
    assert!(is_served(&second).await);
    assert!(!is_served(&first).await);
}

#[tokio::test]
async fn tls_that_can_not_work_is_one_plain_sentence() {
    let place = Place::new(Backend::Sqlite).await;
    let folder = place.folder.path();
    write_certificate(folder);
    std::fs::write(folder.join("other.pem"), rcgen::KeyPair::generate().unwrap().serialize_pem())
        .unwrap();
    for (args, sentence) in [
        (&["--tls-cert", "cert.pem"][..], "belong together"),
        (&["--tls-key", "key.pem"], "belong together"),
        (&["--tls-cert", "none.pem", "--tls-key", "key.pem"], "none.pem can't be read"),
        (&["--tls-cert", "key.pem", "--tls-key", "key.pem"], "holds no certificate"),
        (&["--tls-cert", "cert.pem", "--tls-key", "cert.pem"], "holds no private key"),
        (&["--tls-cert", "cert.pem", "--tls-key", "other.pem"], "can't be used together"),
    ] {
        let status = if args.len() == 2 { 2 } else { 1 };
        let mut command = program(&place);
        let output = command.args(["--listen", "127.0.0.1:0"]).args(args).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{args:?}: {error}");
        assert!(error.contains(sentence), "{args:?}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}
