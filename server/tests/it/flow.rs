//! HTTP/2 clients that request much and read little.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use h2::client::{Connection, ResponseFuture, SendRequest};
use reqwest::Method;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use serde_json::json;
use server::{api::http::connections::Limits, config::Settings};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::oneshot,
};

use crate::{
    connections::begin_request,
    harness::{Backend, Client, Place, Server},
    tls::write_certificate,
};

/// Longer than any step of these tests takes.
const HANG: Duration = Duration::from_secs(60);
const SCRIPT: &str = "/docs/swagger-ui.js";

/// A server with this deadline for reading an answer.
async fn server(unread: Duration, set: impl FnOnce(&mut Settings)) -> Server {
    let place = Arc::new(Place::migrated(Backend::Sqlite).await);
    let mut settings = place.settings();
    set(&mut settings);
    let ever = Duration::from_secs(3_600);
    Server::start_within(place, settings, Limits { unread, idle: ever, ..Limits::default() }).await
}

/// A connection whose client reads `window` bytes of each answer before it asks for more.
async fn connect<S>(stream: S, window: u32) -> (SendRequest<Bytes>, Connection<S, Bytes>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    h2::client::Builder::new().initial_window_size(window).handshake(stream).await.unwrap()
}

/// Sends the same request several times.
async fn ask(
    requests: &mut SendRequest<Bytes>,
    client: &Client,
    path: &str,
    times: usize,
) -> Vec<ResponseFuture> {
    let made = client.request(Method::GET, path).build().unwrap();
    let mut answers = Vec::new();
    for _ in 0..times {
        let mut request = hyper::http::Request::get(made.url().as_str());
        for (name, value) in made.headers() {
            request = request.header(name, value);
        }
        std::future::poll_fn(|context| requests.poll_ready(context)).await.unwrap();
        answers.push(requests.send_request(request.body(()).unwrap(), true).unwrap().0);
    }
    answers
}

fn unsent(server: &Server) -> i64 {
    server.app.metrics().unsent().get()
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(HANG, wait).await.expect(what);
}

async fn takes_nothing<S>(server: &Server, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut requests, mut connection) = connect(stream, 0).await;
    // The connection answers pings all the time.
    let mut pings = connection.ping_pong().unwrap();
    let ended = tokio::spawn(connection);
    tokio::spawn(async move { while pings.ping(h2::Ping::opaque()).await.is_ok() {} });
    let answers = ask(&mut requests, &server.nobody(), SCRIPT, 100).await;
    until("nothing waits", || unsent(server) > 0).await;
    let length = server.nobody().get(SCRIPT).await.text.len() as i64;
    let mut most = 0;
    while !ended.is_finished() {
        most = most.max(unsent(server));
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(most <= 9 * length, "{most} bytes wait for one connection");
    }
    drop((answers, requests));
    until("what nobody waits for is kept", || unsent(server) == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_reads_nothing_is_disconnected_despite_pings() {
    let server = server(Duration::from_millis(200), |_| {}).await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let closed = takes_nothing(&server, stream);
    tokio::time::timeout(HANG, closed).await.expect("the connection is kept");
    let metrics = server.app.metrics().text(&server.app.levels()).unwrap();
    assert!(metrics.contains("frontdesk_connections_cut_total{reason=\"unread\"} 1"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_reads_nothing_is_disconnected_with_tls_too() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = write_certificate(folder.path());
    let server = server(Duration::from_millis(200), |settings| {
        settings.tls_cert = Some(folder.path().join("cert.pem"));
        settings.tls_key = Some(folder.path().join("key.pem"));
    })
    .await;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&certificate).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let stream = TcpStream::connect(server.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let (mut requests, connection) =
        connect(connector.connect(name, stream).await.unwrap(), 0).await;
    let ended = tokio::spawn(connection);
    let answers = ask(&mut requests, &server.nobody(), SCRIPT, 100).await;
    tokio::time::timeout(HANG, ended).await.expect("the connection is kept").unwrap().unwrap_err();
    drop(answers);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_reads_a_byte_at_a_time_is_disconnected() {
    let server = server(Duration::from_millis(400), |_| {}).await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (mut requests, connection) = connect(stream, 1).await;
    let ended = tokio::spawn(connection);
    let mut answers = ask(&mut requests, &server.nobody(), SCRIPT, 1).await;
    let mut body = answers.remove(0).await.unwrap().into_body();
    let mut taken = 0;
    let sipping = async {
        while let Some(Ok(piece)) = body.data().await {
            taken += piece.len();
            tokio::time::sleep(Duration::from_millis(20)).await;
            if body.flow_control().release_capacity(piece.len()).is_err() {
                break;
            }
        }
    };
    tokio::time::timeout(HANG, sipping).await.expect("the connection is kept");
    assert!((5..8_192).contains(&taken), "{taken} bytes were taken");
    drop(ended.await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn buffered_answers_are_bounded_and_delivered() {
    let server = server(HANG, |_| {}).await;
    let staff = server.staff().await;
    for i in 0..20 {
        let (allergies, medical_history) = ("a".repeat(10_000), "h".repeat(10_000));
        let name = format!("P{i}");
        let body = json!({"first_name": name, "allergies": allergies,
                          "medical_history": medical_history});
        staff.patient(body).await;
    }
    let length = staff.get("/api/patients").await.expect_status(200).text.len();
    assert!(length > 400_000);
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (mut requests, mut connection) = connect(stream, 0).await;
    let (open, opened) = oneshot::channel::<()>();
    let driving = tokio::spawn(async move {
        tokio::select! {
            ended = &mut connection => return ended,
            _ = opened => connection.set_initial_window_size(1 << 20).unwrap(),
        }
        connection.await
    });
    let answers = ask(&mut requests, &staff, "/api/patients", 100).await;
    let bound = (1_048_576 + 8 * length) as i64;
    until("less waits than may", || unsent(&server) >= 1_048_576).await;
    for _ in 0..10 {
        assert!(unsent(&server) <= bound, "{} bytes wait", unsent(&server));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Other clients are served in the meantime.
    staff.get("/api/patients/1").await.expect_status(200);
    open.send(()).unwrap();
    let reading = answers.into_iter().map(|answer| {
        tokio::spawn(async move {
            let mut body = answer.await.unwrap().into_body();
            let mut taken = 0;
            while let Some(piece) = body.data().await {
                let piece = piece.unwrap().len();
                taken += piece;
                body.flow_control().release_capacity(piece).unwrap();
            }
            taken
        })
    });
    for answer in reading.collect::<Vec<_>>() {
        let taken = tokio::time::timeout(HANG, answer).await.expect("an answer never comes");
        assert_eq!(taken.unwrap(), length);
    }
    until("something waits still", || unsent(&server) == 0).await;
    drop(requests);
    driving.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_streams_and_slow_requests_are_not_left_unread() {
    let server = server(Duration::from_millis(100), |_| {}).await;
    let staff = server.staff().await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (mut requests, connection) = connect(stream, 65_535).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let noticed = Arc::clone(&is_over);
    tokio::spawn(async move {
        drop(connection.await);
        noticed.store(true, Ordering::SeqCst);
    });
    let mut events = ask(&mut requests, &staff, "/api/events", 1).await;
    let mut body = events.remove(0).await.unwrap().into_body();
    assert!(body.data().await.unwrap().unwrap().starts_with(b"retry: "));
    let slow = begin_request(server.address);
    slow.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let still_open = tokio::task::spawn_blocking(move || {
        let error = std::io::Read::read(&mut &slow, &mut [0; 1]).unwrap_err();
        error.kind() == std::io::ErrorKind::WouldBlock
    });
    assert!(still_open.await.unwrap(), "a request that is still being sent was cut");
    assert!(!is_over.load(Ordering::SeqCst), "a silent stream was cut");
    staff.patient(json!({"first_name": "Ana"})).await;
    let news = tokio::time::timeout(HANG, body.data()).await.unwrap().unwrap().unwrap();
    assert!(std::str::from_utf8(&news).unwrap().contains("patient.created"));
}
